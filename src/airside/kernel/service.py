"""One service: the operations its modules declare and what else it brings."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from airside.kernel.cloud import AtHand, Cloud, FrontDoor, Site
from airside.kernel.component import Component
from airside.kernel.errors import ServiceError
from airside.kernel.http import HttpRequest, HttpResponse
from airside.kernel.operation import Operation
from airside.kernel.resource import ResourceType

if TYPE_CHECKING:
    from airside.kernel.context import Context

ResourcePolicy = Callable[["Context", str], Awaitable["Mapping[str, object] | None"]]
"""Finds the policy document attached to a resource ARN (a bucket's, a queue's, a function's)."""

Finish = Callable[["Context", HttpRequest, HttpResponse], Awaitable[None] | None]
"""Adds what a response of the service lacks; gets the request with the bucket in its path. It gives
what to wait for, or None when there is nothing."""


class Service:
    """A service under its wire name, e.g. `Service("sqs", modules=[queues], errors=errors)`.

    `fronts` maps a host zone (`execute-api`, `s3-website`, `cloudfront`, `lambda-url`) to the
    front door that answers there. `operations` are those that no module spells out, because many
    have one shape. Checks itself: no operation twice.
    """

    def __init__(
        self,
        name: str,
        *,
        modules: Iterable[ModuleType],
        operations: Iterable[Operation] = (),
        errors: ModuleType | None = None,
        components: Iterable[type[Component]] = (),
        resources: Iterable[type[ResourceType]] = (),
        fronts: Mapping[str, FrontDoor] | None = None,
        at_hand: Mapping[str, AtHand] | None = None,
        policy: ResourcePolicy | None = None,
        sites: Callable[[Cloud], Awaitable[list[Site]]] | None = None,
        anonymous: bool = False,
        finish: "Finish | None" = None,
    ) -> None:
        self.name = name
        self.components = tuple(components)
        self.resources = {kind.name: kind() for kind in resources}
        self.resource_prefix = ""
        """How the names of all its resource types begin."""
        self.fronts = dict(fronts or {})
        self.at_hand = dict(at_hand or {})
        """By zone: what a front door has ready, asked for first and without waiting."""
        self.policy = policy
        self.sites = sites
        """Lists what deserves a local port of its own; say `cloud.sites_changed()` on a change."""
        self.anonymous = anonymous
        """Whether unsigned requests reach `authorize` (S3) or are refused at once (all others)."""
        self.finish = finish
        """Sees every response before it goes out (CORS of buckets)."""
        self.operations: dict[str, Operation] = {}
        found = (value for module in modules for value in vars(module).values())
        written = (value for value in found if isinstance(value, Operation))
        for declared in (*written, *operations):
            known = self.operations.setdefault(declared.name, declared)
            assert known is declared, f"{name}:{declared.name} twice"
        self.errors = _error_classes(errors) if errors else {}


class LateService(Service):
    """A service that is imported when something of it is first asked for: most clouds never do.

    `load` imports it. `fronts` and `resource_prefix` are what others need to know before; its
    components are made on first use.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[], Service],
        *,
        resource_prefix: str,
        fronts: Mapping[str, FrontDoor] | None = None,
    ) -> None:
        super().__init__(name, modules=(), fronts=fronts)
        self._load = load
        self.resource_prefix = resource_prefix
        del self.operations, self.errors, self.resources

    def __getattr__(self, name: str) -> Any:
        if name not in {"operations", "errors", "resources"}:
            raise AttributeError(name)
        loaded = self._load()
        self.operations, self.errors = loaded.operations, loaded.errors
        self.resources = loaded.resources
        return getattr(self, name)


def _error_classes(module: ModuleType) -> dict[str, type[ServiceError]]:
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, ServiceError) and value is not ServiceError
    }
