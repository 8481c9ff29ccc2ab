"""Asking origins outside this cloud, by HTTP/1.1: connections kept for the next request.

Names of AWS itself are never asked: what is not in this cloud is not there.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import httptools

from airside.kernel import Body, Cloud, Component
from airside.services.cloudfront.headers import Headers

_HEAD_BYTES_MAX: Final = 64 * 1024
_IDLE_MAX: Final = 32
_CHUNK_BYTES: Final = 64 * 1024


class OriginDown(Exception):
    """Nobody answers there, or not in HTTP."""


class OriginSlow(Exception):
    """The answer does not come in time."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an origin listens, and how long it may take."""

    host: str
    port: int
    tls: bool
    attempts: int = 3
    connect_seconds: float = 10.0
    read_seconds: float = 30.0
    idle_seconds: float = 5.0


@dataclass(slots=True)
class Reply:
    """An answer whose body is still coming."""

    status: int
    headers: Headers
    body: bytes | AsyncIterator[bytes]


class _Head:
    """What the parser has found of one answer."""

    def __init__(self) -> None:
        self.headers: Headers = []
        self.chunks: list[bytes] = []
        self.begun = self.ended = False

    def on_message_begin(self) -> None:
        """An answer starts; what came before was 100 Continue."""
        self.headers = []
        self.begun = self.ended = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """All of them."""
        self.begun = True

    def on_body(self, data: bytes) -> None:
        """(Part of) the body."""
        self.chunks.append(data)

    def on_message_complete(self) -> None:
        """The end, where the answer says itself where it is."""
        self.ended = True


@dataclass(slots=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    idle_until: float = 0.0


class Dialer(Component):
    """Idle connections by place."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._idle: dict[tuple[str, int, bool], list[_Connection]] = {}
        self._tls: ssl.SSLContext | None = None

    async def ask(
        self, place: Place, method: str, target: str, headers: dict[str, str], body: Body
    ) -> Reply:
        """One request. Runs in a task. Raises OriginDown, OriginSlow."""
        head = _request_head(method, target, headers, body)
        connection = self._kept(place)
        if connection is not None and (body.length or 0) == 0 and body.length is not None:
            with contextlib.suppress(OriginDown):  # it may have been closed meanwhile
                return await self._exchange(place, connection, method, head, body)
        elif connection is not None:
            connection.writer.close()
        connection = await self._connect(place)
        return await self._exchange(place, connection, method, head, body)

    def _kept(self, place: Place) -> _Connection | None:
        waiting = self._idle.get((place.host, place.port, place.tls), [])
        now = asyncio.get_running_loop().time()
        while waiting:
            connection = waiting.pop()
            if connection.idle_until > now and not connection.reader.at_eof():
                return connection
            connection.writer.close()
        return None

    def _keep(self, place: Place, connection: _Connection) -> None:
        waiting = self._idle.setdefault((place.host, place.port, place.tls), [])
        if len(waiting) >= _IDLE_MAX:
            connection.writer.close()
            return
        connection.idle_until = asyncio.get_running_loop().time() + place.idle_seconds
        waiting.append(connection)

    async def _exchange(
        self, place: Place, connection: _Connection, method: str, head: bytes, body: Body
    ) -> Reply:
        found = _Head()
        parser = httptools.HttpResponseParser(found)
        try:
            async with asyncio.timeout(place.read_seconds):
                await _send(connection, head, body)
                await _read_head(connection, parser, found)
        except TimeoutError:
            connection.writer.close()
            raise OriginSlow from None
        except (OSError, httptools.HttpParserError, EOFError) as error:
            connection.writer.close()
            raise OriginDown(str(error)) from None
        except BaseException:
            connection.writer.close()
            raise
        status = parser.get_status_code()
        if found.ended:
            if parser.should_keep_alive():
                self._keep(place, connection)
            else:
                connection.writer.close()
            return Reply(status, found.headers, b"".join(found.chunks))
        if method == "HEAD":
            connection.writer.close()  # the parser waits for a body that never comes
            return Reply(status, found.headers, b"")
        return Reply(status, found.headers, self._body(place, connection, parser, found))

    async def _body(
        self, place: Place, connection: _Connection, parser: httptools.HttpResponseParser,
        found: _Head,
    ) -> AsyncIterator[bytes]:  # fmt: skip
        """Chunks as they come. Raises OriginDown when they stop too early."""
        named = {name.lower() for name, _ in found.headers}
        until_closed = not named & {"content-length", "transfer-encoding"}
        reusable = False
        try:
            while True:
                while found.chunks:
                    yield found.chunks.pop(0)
                if found.ended:
                    reusable = parser.should_keep_alive()
                    return
                data = await asyncio.wait_for(connection.reader.read(_CHUNK_BYTES),
                                              place.read_seconds)  # fmt: skip
                if not data:
                    if until_closed:
                        return
                    raise OriginDown("The origin closed the connection in the middle.")
                parser.feed_data(data)
        except (OSError, TimeoutError, httptools.HttpParserError) as error:
            raise OriginDown(str(error)) from None
        finally:
            if reusable:
                self._keep(place, connection)
            else:
                connection.writer.close()

    async def _connect(self, place: Place) -> _Connection:
        slow = False
        reason = ""
        for _ in range(place.attempts):
            try:
                async with asyncio.timeout(place.connect_seconds):
                    reader, writer = await asyncio.open_connection(
                        place.host, place.port, ssl=self._context(place), limit=1 << 20
                    )
                    return _Connection(reader, writer)
            except TimeoutError:
                slow = True
            except (OSError, ValueError) as error:  # refused, unknown, a certificate nobody knows
                slow, reason = False, str(error)
        if slow:
            raise OriginSlow
        raise OriginDown(reason)

    def _context(self, place: Place) -> ssl.SSLContext | None:
        if place.tls and self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls if place.tls else None

    async def stop(self) -> None:
        """Close what is idle."""
        for waiting in self._idle.values():
            for connection in waiting:
                connection.writer.close()
        self._idle.clear()


def _request_head(method: str, target: str, headers: dict[str, str], body: Body) -> bytes:
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if any("\r" in line or "\n" in line for line in lines) or lines[0].count(" ") != 2:
        raise OriginDown("The request cannot be written.")
    if body.length is None and method not in ("GET", "HEAD"):
        lines.append("transfer-encoding: chunked")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


async def _send(connection: _Connection, head: bytes, body: Body) -> None:
    connection.writer.write(head)
    if body.length != 0:
        chunked = body.length is None
        async for chunk in body:
            connection.writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
            await connection.writer.drain()
        if chunked:
            connection.writer.write(b"0\r\n\r\n")
    await connection.writer.drain()


async def _read_head(
    connection: _Connection, parser: httptools.HttpResponseParser, found: _Head
) -> None:
    size = 0
    while not found.begun or parser.get_status_code() < 200:
        data = await connection.reader.read(_CHUNK_BYTES)
        if not data:
            raise EOFError("The origin closed the connection without an answer.")
        size += len(data)
        if size > _HEAD_BYTES_MAX and not found.begun:
            raise EOFError("The origin's headers are too large.")
        parser.feed_data(data)
