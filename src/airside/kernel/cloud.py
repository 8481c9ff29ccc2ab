"""One environment: a whole cloud with its own data, components, keys and bill."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, cast

from airside.kernel.bells import Bells
from airside.kernel.clock import Clock
from airside.kernel.context import Context
from airside.kernel.http import HttpRequest, HttpResponse
from airside.kernel.ids import Ids
from airside.kernel.journal import Journal
from airside.kernel.operation import Request, Result
from airside.kernel.principal import Principal
from airside.kernel.store import Blobs, Store

if TYPE_CHECKING:
    from airside.kernel.component import Component
    from airside.kernel.service import Service
    from airside.settings import Settings

C = TypeVar("C")

FrontDoor = Callable[[Context, HttpRequest, str], Awaitable[HttpResponse | None]]
"""Serves one host name of a service: (context, request, the label before the zone) -> response.
E.g. the front door of `execute-api` gets the API's id. A plain web address, no AWS protocol.
`request.path` is the path below the host, whether it was addressed by host name or by path.
None means that the label is not one of this service's: the next one in the zone is asked."""


AtHand = Callable[["Cloud", HttpRequest, str, str], HttpResponse | None]
"""What a front door can answer at once, without a Context: (cloud, request, label, the path below
the host) -> response; None when it has to look."""


class Site(NamedTuple):
    """A front door that a person opens in a browser."""

    zone: str
    label: str
    names: tuple[str, ...] = ()
    """Host names of its own; `*.` in front stands for any label."""


class Meter(Protocol):
    """Where usage goes."""

    def record(self, ctx: Context, usage_type: str, quantity: float, resource: str) -> None:
        """Add `quantity` to this hour's total. Must not fail and must not be slow."""
        ...

    def count(self, ctx: Context) -> None:
        """Count one call of `ctx.operation`."""
        ...


class Cloud:
    """The parts that all requests of one environment share."""

    def __init__(
        self,
        *,
        name: str,
        store: Store,
        blobs: Blobs,
        clock: Clock,
        ids: Ids,
        meter: Meter,
        settings: "Settings",
        services: Mapping[str, "Service"],
        resources: Mapping[type, object],
        dispatch: Callable[[Context, Request], Awaitable[Result]],
        fetch: Callable[[Context, HttpRequest], Awaitable[HttpResponse]],
        region: str = "us-east-1",
    ) -> None:
        self.name = name
        self.store = store
        self.blobs = blobs
        self.clock = clock
        self.ids = ids
        self.meter = meter
        self.settings = settings
        self.services = services
        self.dispatch = dispatch
        self.fetch = fetch
        self.region = region
        self.journal = Journal(clock)
        self.reports: dict[str, Callable[[], object]] = {}
        """What components tell those who watch, by name; each a document."""
        self.bells = Bells()
        self.sites_changed: Callable[[], None] = lambda: None
        """Tell the edge that a site was deployed or removed."""
        self._resources = dict(resources)
        self._components: dict[type, Component] = {}

    def component(self, kind: type[C]) -> C:
        """The environment's instance of `kind`, made on first use."""
        found = self._components.get(kind)
        if found is None:
            found = self._components[kind] = cast("Any", kind)(self)
        return cast("C", found)

    def resource(self, kind: type[C]) -> C:
        """Something the whole server shares, put in at start: the runtime's agent, the mint."""
        return cast("C", self._resources[kind])

    def context(self, principal: Principal, service: str, trace_id: str = "") -> Context:
        """A context for work that no request started (pollers, sweepers, pumps)."""
        return Context(self, principal, self.region, self.ids.uuid(), service, trace_id=trace_id)

    async def open(self) -> None:
        """Start what services declared."""
        for service in self.services.values():
            for kind in service.components:
                await self.component(kind).start()

    async def close(self) -> None:
        """Stop it again, last first."""
        for component in reversed(list(self._components.values())):
            await component.stop()
        self._components.clear()
