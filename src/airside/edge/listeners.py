"""Listening sockets: one for every AWS API, and one for each deployed site."""

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airside.edge.hosts import Front
from airside.edge.http import Handler, Listener
from airside.edge.parts import Parts

if TYPE_CHECKING:
    from airside.edge.authority import Authority
    from airside.edge.door import Door

log = logging.getLogger("airside.edge")

_PORTS_TRIED = 200


class PortTaken(OSError):
    """Somebody else listens there."""


@dataclass(slots=True)
class Listeners:
    """Everything the server listens on."""

    parts: Parts
    handler: Handler
    authority: "Authority | None" = None
    """With `--tls`: every port speaks HTTPS, too."""
    _servers: "dict[int, asyncio.Server | Door]" = field(default_factory=dict)
    _context: ssl.SSLContext | None = None
    _shared: Listener | None = None
    _ticker: asyncio.Task[None] | None = None

    async def open(self, host: str, port: int) -> int:
        """Listen; the port that was bound. Raises PortTaken."""
        loop = asyncio.get_running_loop()
        if self._shared is None:
            self._shared = Listener(self.handler, self.parts.clock, loop)
            self._ticker = loop.create_task(self._tick())
        try:
            bound = _bind(host, port)
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                raise PortTaken(error.errno, f"port {port} on {host} is taken") from None
            raise
        actual: int = bound.getsockname()[1]
        if self.authority is None:
            server = await loop.create_server(self._shared.connection, sock=bound, backlog=2048)
            self._servers[actual] = server
        else:
            self._servers[actual] = self._door(bound, self._shared)
        return actual

    def _door(self, bound: socket.socket, shared: Listener) -> "Door":
        from airside.edge.door import Door  # with h2, which most servers never need

        assert self.authority is not None
        if self._context is None:
            self._context = self.authority.context()
        return Door(bound, self._context, shared)

    async def open_sites(self, fronts: Iterable[Front]) -> None:
        """Give every front a port of its own, counting up from the site port; drop stale ones."""
        wanted = {front._replace(path=""): None for front in fronts}
        for port, front in list(self.parts.sites.items()):
            if front not in wanted:
                del self.parts.sites[port]
                self._servers.pop(port).close()
        missing = [front for front in wanted if front not in self.parts.sites.values()]
        for front in missing:
            free = await self._open_next()
            if free is None:
                log.warning("no free port for the site %s", front.label)
            else:
                self.parts.sites[free] = front

    async def _open_next(self) -> int | None:
        settings = self.parts.settings
        if settings.site_port == 0:
            return await self.open(settings.host, 0)
        for port in range(settings.site_port, settings.site_port + _PORTS_TRIED):
            if port in self._servers:
                continue
            with contextlib.suppress(PortTaken):
                return await self.open(settings.host, port)
        return None

    async def close(self) -> None:
        """Stop listening and cut what is still connected."""
        for server in self._servers.values():
            server.close()
        self._servers.clear()
        if self._ticker is not None:
            self._ticker.cancel()
        if self._shared is not None:
            for connection in list(self._shared.connections):
                connection.abort()

    async def _tick(self) -> None:
        assert self._shared is not None
        while True:
            await asyncio.sleep(1.0)
            self._shared.refresh()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound
