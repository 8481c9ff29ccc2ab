"""A port that speaks TLS and plain HTTP: the first byte says which.

So one address serves both, and a site can send browsers from `http://` to `https://` at the port
that they know. Only used with `--tls`; without it asyncio's own servers listen.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final, cast

from airside.edge.http import Connection, Listener
from airside.edge.http2 import Http2Connection

_TLS_HANDSHAKE: Final = 0x16
_FIRST_BYTE_SECONDS: Final = 60.0
_HANDSHAKE_SECONDS: Final = 30.0
_GREETING_MAX: Final = 4096
"""Connections that have not said anything yet."""


class Door:
    """One listening socket."""

    def __init__(self, bound: socket.socket, context: ssl.SSLContext, listener: Listener) -> None:
        self._socket = bound
        self._context = context
        self._listener = listener
        self._loop = listener.loop
        self._greeting: set[asyncio.Task[None]] = set()
        bound.listen(2048)
        self._accepting = self._loop.create_task(self._accept())

    def close(self) -> None:
        """Stop listening."""
        self._accepting.cancel()
        for task in self._greeting:
            task.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    async def _accept(self) -> None:
        while True:
            try:
                accepted, _ = await self._loop.sock_accept(self._socket)
            except OSError:  # too many open files, or a client that left: the next may do better
                await asyncio.sleep(0.05)
                continue
            if len(self._greeting) >= _GREETING_MAX:
                accepted.close()
                continue
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = self._loop.create_task(self._greet(accepted))
            self._greeting.add(task)
            task.add_done_callback(self._greeting.discard)

    async def _greet(self, accepted: socket.socket) -> None:
        """Find out what a client speaks, and hand it on."""
        try:
            first = await asyncio.wait_for(self._first_byte(accepted), _FIRST_BYTE_SECONDS)
            if not first:
                accepted.close()
            elif first[0] == _TLS_HANDSHAKE:
                await self._loop.connect_accepted_socket(
                    lambda: Chosen(self._listener), accepted, ssl=self._context,
                    ssl_handshake_timeout=_HANDSHAKE_SECONDS,
                )  # fmt: skip
            else:
                await self._loop.connect_accepted_socket(self._listener.connection, accepted)
        except (OSError, TimeoutError):  # a handshake that failed, a client that left
            accepted.close()
        except asyncio.CancelledError:
            accepted.close()
            raise

    async def _first_byte(self, accepted: socket.socket) -> bytes:
        readable = self._loop.create_future()

        def ready() -> None:
            if not readable.done():
                readable.set_result(None)

        self._loop.add_reader(accepted.fileno(), ready)
        try:
            await readable
        finally:
            self._loop.remove_reader(accepted.fileno())
        return accepted.recv(1, socket.MSG_PEEK)


class Chosen(asyncio.Protocol):
    """A TLS connection until it is known which HTTP was agreed on."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand over to the protocol that was chosen."""
        secured = transport.get_extra_info("ssl_object")
        agreed = secured.selected_alpn_protocol() if secured is not None else None
        made: Callable[[Listener], asyncio.Protocol] = (
            Http2Connection if agreed == "h2" else Connection
        )
        protocol = made(self._listener)
        cast("asyncio.Transport", transport).set_protocol(protocol)
        protocol.connection_made(transport)
