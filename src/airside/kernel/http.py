"""HTTP messages as plain values: what the edge hands in and what it is handed back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol, runtime_checkable

from msgspec import Struct, field  # made in a tenth of a dataclass's time, once per request


class Body(Protocol):
    """A request body that may still be arriving. Iterate it once, or read it whole."""

    @property
    def length(self) -> int | None:
        """Bytes announced by Content-Length; None when chunked."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Chunks as they come, with back-pressure on the sender."""
        ...

    async def read(self, limit: int | None = None) -> bytes:
        """The whole body. Raises BodyTooLarge past `limit` bytes."""
        ...


@runtime_checkable
class SealedBody(Protocol):
    """A Body that is only good if its bytes are the signed ones; iterating it finds that out.

    Who reads `inner` instead, shows each chunk to `update` (in any thread) and then calls `check`,
    which raises the ServiceError.
    """

    inner: Body

    def update(self, chunk: bytes) -> None:
        """The next chunk."""
        ...

    def check(self) -> None:
        """That was all."""
        ...


class BodyTooLarge(Exception):
    """More bytes than the reader accepts."""


class BytesBody(Struct, eq=False):
    """A body that is already here."""

    data: bytes = b""

    @property
    def length(self) -> int:
        """All of it was announced."""
        return len(self.data)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.data:
            yield self.data

    async def read(self, limit: int | None = None) -> bytes:
        """The whole body."""
        if limit is not None and len(self.data) > limit:
            raise BodyTooLarge
        return self.data


@lru_cache(maxsize=256)
def _host(header: str) -> str:
    host = header.lower()
    if host.startswith("["):
        return host[: host.find("]") + 1]
    return host.partition(":")[0]


class HttpRequest(Struct):
    """One request. `path` and `query` are as on the wire, still percent-encoded."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    """Lower-case names; repeated headers are joined with a comma; values are latin-1 text."""
    body: Body = field(default_factory=BytesBody)
    client: str = "127.0.0.1"
    scheme: str = "http"
    port: int = 0
    """The local port the request came in by: each site has one of its own."""
    prefix: str = ""
    """What stood before `path` in the address, where a path said whose front door is meant."""
    lines: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Headers as they stood, one by one; empty where names have no spelling (HTTP/2)."""

    @property
    def host(self) -> str:
        """The Host header without its port, in lower case."""
        header = self.headers.get("host", "")
        return _host(header) if len(header) <= 255 else _host.__wrapped__(header)

    @property
    def target(self) -> str:
        """Path and query as on the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class FileSlice:
    """Part of a file, sent without passing through memory."""

    path: Path
    offset: int
    length: int

    def read(self) -> bytes:
        """All of it."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.length)


BodyOut = bytes | FileSlice | AsyncIterator[bytes]
"""A body on its way out."""
_PIECE_BYTES = 1 << 20


async def pieces(body: BodyOut) -> AsyncIterator[bytes]:
    """The bytes of a response's or result's body as they come, of a file a megabyte at a time."""
    if isinstance(body, bytes):
        yield body
    elif isinstance(body, FileSlice):
        offset, left = body.offset, body.length
        while left:
            read = FileSlice(body.path, offset, min(left, _PIECE_BYTES)).read
            piece = await asyncio.to_thread(read)
            if not piece:
                return
            yield piece
            offset += len(piece)
            left -= len(piece)
    else:
        async for piece in body:
            yield bytes(piece)


async def whole(body: BodyOut) -> bytes:
    """All of a response's or result's body."""
    if isinstance(body, bytes):
        return body
    if isinstance(body, FileSlice):
        return await asyncio.to_thread(body.read)
    return b"".join([piece async for piece in pieces(body)])


class HttpResponse(Struct):
    """One response. The edge adds Content-Length (or chunking), Date and Connection."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: BodyOut = b""
    head: bytes = b""
    """Status line and headers, written already: they go out instead. Over HTTP/1.1 only."""

    def header(self, name: str) -> str | None:
        """The first value of `name`, whatever its case."""
        lowered = name.lower()
        return next((value for key, value in self.headers if key.lower() == lowered), None)
