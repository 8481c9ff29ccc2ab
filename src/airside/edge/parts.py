"""What the stages of the pipeline share: the server's own parts, made once at start."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from airside.edge.hosts import Front
from airside.identity.keys import KeyRegistry
from airside.identity.sessions import SessionTokens
from airside.kernel import Clock, Cloud, HttpRequest, HttpResponse, Ids, Service
from airside.protocol.codec import Codec
from airside.protocol.models import OperationModel, ServiceModel
from airside.settings import Settings


class CloudDirectory(Protocol):
    """Finds an environment's cloud."""

    def find(self, name: str) -> Cloud | None:
        """The cloud of an environment that is open already."""
        ...

    async def open(self, name: str) -> Cloud:
        """The open cloud of an environment. Raises KeyError when there is no such environment."""
        ...


class Destination(NamedTuple):
    """Where a request goes."""

    service: Service
    model: ServiceModel
    codec: Codec
    shape: OperationModel


Internal = Callable[[HttpRequest], Awaitable[HttpResponse]]


@dataclass(slots=True)
class Parts:
    """The server, as the pipeline sees it."""

    settings: Settings
    clock: Clock
    ids: Ids
    services: Mapping[str, Service]
    keys: KeyRegistry
    sessions: SessionTokens
    clouds: CloudDirectory
    by_signing_name: Mapping[str, tuple[str, ...]]
    by_target_prefix: Mapping[str, str]
    zones: Mapping[str, tuple[str, ...]]
    """Front-door zone -> the services in it, in the order in which they are asked."""
    targets: dict[str, "Destination"] = field(default_factory=dict)
    """`X-Amz-Target` of requests seen -> where they go; only what names an operation is kept."""
    sites: dict[int, Front] = field(default_factory=dict)
    """Local port -> the site that has it for itself."""
    names: Mapping[str, Front] = field(default_factory=dict)
    """Host names that sites have of their own."""
    internal: Mapping[str, Any] = field(default_factory=dict)
    """Paths below /_airside/ -> handler."""
