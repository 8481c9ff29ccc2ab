"""Create, open, reset and delete environments."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping

from airside.identity.keys import MAIN, AccessKey, KeyRegistry
from airside.kernel import (
    Blobs,
    Clock,
    Cloud,
    Context,
    HttpRequest,
    HttpResponse,
    Ids,
    Request,
    Result,
    Service,
)
from airside.metering.meter import Meter
from airside.settings import Settings
from airside.storage import StoreFamily

_NAME = re.compile(r"[a-z][a-z0-9-]{0,38}[a-z0-9]|[a-z]")


class EnvironmentRefused(ValueError):
    """What a person asked of an environment cannot be done; the message says why."""


class Environments:
    """All environments of a server. `main` always exists."""

    def __init__(
        self,
        *,
        stores: StoreFamily,
        blobs: Blobs,
        clock: Clock,
        ids: Ids,
        settings: Settings,
        services: Mapping[str, Service],
        keys: KeyRegistry,
        resources: Mapping[type, object],
        dispatch: Callable[[Context, Request], Awaitable[Result]],
        fetch: Callable[[Context, HttpRequest], Awaitable[HttpResponse]],
    ) -> None:
        self._stores = stores
        self._blobs = blobs
        self._clock = clock
        self._ids = ids
        self._settings = settings
        self._services = services
        self._keys = keys
        self._resources = resources
        self._dispatch = dispatch
        self._fetch = fetch
        self._open: dict[str, Cloud] = {}
        self._lock = asyncio.Lock()

    def names(self) -> list[str]:
        """Every environment, `main` first."""
        return sorted(self._stores.names(), key=lambda name: (name != MAIN, name))

    def find(self, name: str) -> Cloud | None:
        """The cloud of an environment that is open already."""
        return self._open.get(name)

    async def open(self, name: str) -> Cloud:
        """The open cloud of an environment. Raises KeyError when there is no such environment."""
        found = self._open.get(name)
        if found is not None:
            return found
        if name not in self._stores.names():
            raise KeyError(name)
        async with self._lock:
            return self._open.get(name) or await self._start(name)

    async def create(self, name: str, parent: str = MAIN) -> AccessKey:
        """Branch `parent` under a new name; the key of its owner.

        Raises EnvironmentRefused for a name that is taken or malformed, or an unknown parent.
        """
        if not _NAME.fullmatch(name):
            raise EnvironmentRefused(
                f"'{name}' is not a name for an environment: use a-z, 0-9 and '-', at most 40."
            )
        async with self._lock:
            if name in self._stores.names():
                raise EnvironmentRefused(f"There is an environment '{name}' already.")
            if parent not in self._stores.names():
                raise EnvironmentRefused(f"There is no environment '{parent}' to branch from.")
            if parent in self._open:
                await self._meter(self._open[parent]).flush()
            await self._stores.branch(parent, name)
            return await self._keys.create_owner(name)

    async def delete(self, name: str) -> None:
        """Remove an environment with its keys. Raises EnvironmentRefused when it can't be."""
        if name == MAIN:
            raise EnvironmentRefused("'main' cannot be deleted; `airside reset` empties it.")
        async with self._lock:
            if name not in self._stores.names():
                raise EnvironmentRefused(f"There is no environment '{name}'.")
            await self._stop(name)
            for key in self._keys.of(name):
                await self._keys.delete(key.access_key_id)
            await self._stores.delete(name)

    async def reset(self, name: str) -> Cloud:
        """Empty an environment; its keys stay."""
        async with self._lock:
            await self._stop(name)
            await self._stores.clear(name)
            return await self._start(name)

    async def close(self) -> None:
        """Close every open environment."""
        async with self._lock:
            for name in list(self._open):
                await self._stop(name)

    async def _start(self, name: str) -> Cloud:
        store = self._stores.get(name)
        meter = Meter(name, store, self._clock)
        store.attach(meter.before_commit)
        cloud = Cloud(
            name=name, store=store, blobs=self._blobs, clock=self._clock, ids=self._ids,
            meter=meter, settings=self._settings, services=self._services,
            resources=self._resources, dispatch=self._dispatch, fetch=self._fetch,
            region=self._settings.region,
        )  # fmt: skip
        self._open[name] = cloud
        meter.start()
        await cloud.open()
        return cloud

    async def _stop(self, name: str) -> None:
        cloud = self._open.pop(name, None)
        if cloud is not None:
            await cloud.close()
            await self._meter(cloud).stop()

    @staticmethod
    def _meter(cloud: Cloud) -> Meter:
        assert isinstance(cloud.meter, Meter)
        return cloud.meter
