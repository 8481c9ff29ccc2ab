"""Builds the system in reading order, serves it, and takes it down again."""

import asyncio
import importlib
import json
import logging
import os
import pkgutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import airside.services
from airside import __version__
from airside.edge.admin import internal_routes
from airside.edge.hosts import Front
from airside.edge.listeners import Listeners
from airside.edge.parts import Parts
from airside.edge.pipeline import fetch, handle, invoke
from airside.environments import BlobCollection, Environments
from airside.identity.keys import DEFAULT_ACCOUNT, MAIN, KeyRegistry
from airside.identity.sessions import SessionTokens
from airside.kernel import (
    Cloud,
    Context,
    HttpRequest,
    HttpResponse,
    Service,
    SystemClock,
    SystemIds,
)
from airside.protocol.models import services_by_signing_name, services_by_target_prefix
from airside.runtime import Agent
from airside.settings import Settings
from airside.storage import FileBlobs, StoreFamily

if TYPE_CHECKING:
    from airside.edge.authority import Authority

log = logging.getLogger("airside.server")

STATE_FILE = "server.json"


def discover_services() -> dict[str, Service]:
    """Every package in `airside.services` that declares a SERVICE, by wire name.

    A package whose service speaks through further APIs lists those in SERVICES.
    """
    found: dict[str, Service] = {}
    for module in pkgutil.iter_modules(airside.services.__path__):
        package = importlib.import_module(f"airside.services.{module.name}")
        for service in (getattr(package, "SERVICE", None), *getattr(package, "SERVICES", ())):
            if service is not None:
                found[service.name] = service
    return found


class Server:
    """One Airside server: all environments of one data folder behind one port."""

    def __init__(self, settings: Settings, agent: Agent) -> None:
        self._settings = settings
        self._agent = agent
        self._clock = SystemClock()
        self._ids = SystemIds()
        self._refreshing_sites = asyncio.Lock()

    async def start(self) -> dict[str, object]:
        """Open the data folder and listen; what a client needs to know, as in `server.json`."""
        settings = self._settings
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self._services = discover_services()
        self._registry = StoreFamily.open(settings.data_dir / "registry")
        self._stores = StoreFamily.open(
            settings.data_dir / "store", synchronous=settings.synchronous
        )
        blobs = FileBlobs(
            settings.data_dir / "blobs", self._ids, durable=settings.synchronous != "NORMAL"
        )
        self._collection = BlobCollection(
            self._stores, blobs, self._clock, settings.blob_grace_seconds
        )
        self._keys = KeyRegistry(self._registry.main, self._ids, defaults=settings.is_loopback)
        await self._keys.load()
        sessions = SessionTokens(_session_key(settings.data_dir, self._ids), self._ids)
        parts = self._parts = Parts(
            settings, self._clock, self._ids, self._services, self._keys, sessions,
            clouds=self, by_signing_name=services_by_signing_name(self._services),
            by_target_prefix=services_by_target_prefix(self._services),
            zones=_zones(self._services),
        )  # fmt: skip
        parts.internal = internal_routes(parts, self)
        self.listeners = Listeners(parts, partial(handle, parts), _authority(settings, self._clock))
        port = await self.listeners.open(settings.host, settings.port)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        settings = parts.settings = settings.but(
            port=port, endpoint=settings.endpoint or f"http://{host}:{port}",
            data_dir=settings.data_dir.resolve(),
        )  # fmt: skip
        self.environments = Environments(
            stores=self._stores, blobs=blobs, clock=self._clock, ids=self._ids, settings=settings,
            services=self._services, keys=self._keys, dispatch=invoke, fetch=self._fetch,
            resources={
                Agent: self._agent, SessionTokens: sessions, KeyRegistry: self._keys,
            },
        )  # fmt: skip
        for name in self.environments.names():
            await self.open(name)
        self._collection.start()
        await self.refresh_sites()
        self.owner = await self._owner()
        state = self.state()
        _write_state(settings.data_dir, state)
        return state

    def find(self, name: str) -> Cloud | None:
        """The cloud of an environment that is open already."""
        return self.environments.find(name)

    async def open(self, name: str) -> Cloud:
        """The open cloud of an environment (the pipeline's view of us)."""
        cloud = await self.environments.open(name)
        cloud.sites_changed = self._sites_changed
        return cloud

    def _sites_changed(self) -> None:
        self._refreshing = asyncio.get_running_loop().create_task(self.refresh_sites())

    def state(self) -> dict[str, object]:
        """What `server.json` says."""
        return {
            "version": __version__,
            "endpoint": self._parts.settings.endpoint,
            "pid": os.getpid(),
            "region": self._parts.settings.region,
            "tls": self._tls(),
            "credentials": self.owner,
            "sites": [
                {"port": port, "zone": front.zone, "id": front.label,
                 "environment": front.environment or MAIN}
                for port, front in sorted(self._parts.sites.items())
            ],
        }  # fmt: skip

    def _tls(self) -> dict[str, str] | None:
        authority = self.listeners.authority
        if authority is None:
            return None
        endpoint = f"https://localhost:{self._parts.settings.port}"
        return {"endpoint": endpoint, "authority": str(authority.path.resolve())}

    async def refresh_sites(self) -> None:
        """Give each deployed site its port; called after whatever may have changed them."""
        async with self._refreshing_sites:
            fronts: list[Front] = []
            names: dict[str, Front] = {}
            for name in self.environments.names():
                cloud = await self.open(name)
                for service in self._services.values():
                    for site in await service.sites(cloud) if service.sites is not None else ():
                        front = Front(site.zone, site.label, "" if name == MAIN else name, "")
                        fronts.append(front)
                        for own in site.names:
                            names.setdefault(own.lower(), front)
            self._parts.names = names
            await self.listeners.open_sites(fronts)

    async def stop(self) -> None:
        """Stop listening, stop components, close the stores."""
        await self.listeners.close()
        await self._collection.stop()
        await self.environments.close()
        await self._stores.close()
        await self._registry.close()
        (self._settings.data_dir / STATE_FILE).unlink(missing_ok=True)

    async def _owner(self) -> dict[str, str]:
        if self._settings.is_loopback:
            return {"access_key_id": "test", "secret_access_key": "test"}
        owners = [key for key in self._keys.of(MAIN) if key.account_id == DEFAULT_ACCOUNT]
        key = owners[0] if owners else await self._keys.create_owner(MAIN)
        return {"access_key_id": key.access_key_id, "secret_access_key": key.secret_access_key}

    async def _fetch(self, ctx: Context, http: HttpRequest) -> HttpResponse:
        """A request from inside, to a host that this cloud serves."""
        return await fetch(self._parts, ctx, http)


def _authority(settings: Settings, clock: SystemClock) -> "Authority | None":
    if not settings.tls:
        return None
    from airside.edge.authority import Authority  # with cryptography, which takes a while

    return Authority(settings.data_dir / "tls", settings.host, clock)


def _zones(services: Mapping[str, Service]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for service in services.values():
        for zone in service.fronts:
            found[zone] = (*found.get(zone, ()), service.name)
    return found


def _session_key(data_dir: Path, ids: SystemIds) -> bytes:
    path = data_dir / "session.key"
    if not path.exists():
        temporary = path.with_suffix(".new")
        temporary.touch(mode=0o600)
        temporary.write_bytes(ids.random_bytes(32))
        temporary.replace(path)
    return path.read_bytes()


def _write_state(data_dir: Path, state: Mapping[str, object]) -> None:
    path = data_dir / STATE_FILE
    temporary = path.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(state, indent=1))
    temporary.replace(path)
