"""Compiled APIs: what the data plane serves from, kept as long as it is what is stored."""

from collections.abc import Mapping
from typing import ClassVar, Generic, Protocol, TypeVar

from airside.gateway.stored import A, F, StoredApis
from airside.kernel import Cloud, Component, Snapshot

_FRESH_SECONDS = 1.0
"""How long a compiled API is used before its stamp is compared with the stored one. Changes made
by this process are seen at once; the comparison is for those of others."""
_KEPT_MAX = 10_000


class Stamped(Protocol):
    """What changes its stamp whenever it changes."""

    @property
    def stamp(self) -> str:
        """Changes with every change."""
        ...


S = TypeVar("S", bound=Stamped)


class CompiledApis(Component, Generic[S]):
    """The compiled APIs of an environment by id; also which ids are nobody's here."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._held: dict[str, tuple[S | None, float]] = {}

    def forget(self, api_id: str) -> None:
        """Compile an API anew when it is next asked for."""
        self._held.pop(api_id, None)

    async def find(self, api_id: str) -> S | None:
        """The compiled API."""
        now = self.cloud.clock.monotonic()
        held = self._held.get(api_id)
        if held is not None and now - held[1] < _FRESH_SECONDS:
            return held[0]
        known = held[0] if held is not None else None
        live = await self.cloud.store.read(lambda view: self.load(view, api_id, known))
        if len(self._held) >= _KEPT_MAX:
            self._held.clear()
        self._held[api_id] = (live, now)
        return live

    def load(self, view: Snapshot, api_id: str, known: S | None) -> S | None:
        """Compile what is stored; `known` itself where its stamp is the stored one."""
        raise NotImplementedError


class DeployedApis(CompiledApis[S], Generic[A, F, S]):
    """Compiled APIs with what their stages serve."""

    apis: ClassVar[StoredApis[A, F]]

    def load(self, view: Snapshot, api_id: str, known: S | None) -> S | None:
        """Compile an API with what its deployments froze."""
        api = self.apis.find(view, api_id)
        if api is None:
            return None
        if known is not None and known.stamp == api.stamp:
            return known
        return self.compile(api, self.apis.live_snapshots(view, api))

    def compile(self, api: A, snapshots: Mapping[str, F]) -> S:
        """`snapshots` holds those of the deployments that stages serve."""
        raise NotImplementedError
