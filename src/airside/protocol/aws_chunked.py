"""The aws-chunked encoding of uploads: chunks with signatures, trailing checksums.

    400;chunk-signature=<hex>\\r\\n<data>\\r\\n0;chunk-signature=<hex>\\r\\n
    x-amz-checksum-crc32:<base64>\\r\\nx-amz-trailer-signature:<hex>\\r\\n\\r\\n

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
"""

import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from airside.kernel import Body
from airside.kernel.http import BodyTooLarge
from airside.protocol.errors import (
    IncompleteBody,
    InvalidChunkSizeError,
    InvalidRequest,
    MalformedTrailerError,
    MissingContentLength,
)
from airside.protocol.scalars import is_size, read_size

CHUNK_MIN = 8192
"""Only the last chunk may be shorter."""
LINE_MAX = 4096
_SIZE = re.compile("[0-9a-fA-F]{1,16}")
TRAILERS_MAX = 16
_ENDED = "The request body terminated unexpectedly"
_TRAILER = (
    "The request contained trailing data that was not well-formed or did not conform to our "
    "published schema."
)
_LENGTH = "You did not provide the number of bytes specified by the x-amz-decoded-content-length"


class Verifier(Protocol):
    """Checks the chain of chunk signatures; each method raises ServiceError when one is wrong."""

    def chunk(self, signature: str, sha256_hex: str) -> None:
        """The next chunk's data has this digest."""
        ...

    def trailer(self, signature: str, sha256_hex: str) -> None:
        """The trailing headers, one `name:value\\n` each, have this digest."""
        ...


def decode(body: Body, headers: Mapping[str, str], verifier: Verifier | None) -> "ChunkedBody":
    """The data inside `body`. Raises ServiceError here or while it is read.

    `headers` are the request's: the decoded length and the names of the trailers stand there.
    With a `verifier`, every chunk (and the trailer, if there is one) must be signed.
    """
    announced = headers.get("x-amz-decoded-content-length", "")
    if not announced:
        raise MissingContentLength("You must provide the Content-Length HTTP header.")
    if not is_size(announced):
        raise InvalidRequest("The value of x-amz-decoded-content-length is not a number")
    names = headers.get("x-amz-trailer", "").lower().split(",")
    trailers = tuple(name.strip() for name in names if name.strip())
    return ChunkedBody(body, read_size(announced), trailers, verifier)


class ChunkedBody:
    """A Body that decodes another. `trailers` are there once it has been read to its end."""

    def __init__(
        self, body: Body, length: int, announced: tuple[str, ...], verifier: Verifier | None
    ) -> None:
        self.length: int | None = length
        self.trailers: dict[str, str] = {}
        """Trailing headers, lower-case names."""
        self._expected = length
        self._source = _Source(body)
        self.announced = announced
        """Names of the trailing headers to come."""
        self._verifier = verifier

    async def read(self, limit: int | None = None) -> bytes:
        """The whole data. Raises BodyTooLarge past `limit` bytes."""
        if limit is not None and self._expected > limit:
            raise BodyTooLarge
        return b"".join([chunk async for chunk in self])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received, short = 0, False
        while True:
            size, signature = await self._header()
            if size and short:
                raise InvalidChunkSizeError(
                    "Only the last chunk is allowed to have a size less than 8192 bytes"
                )
            short = size < CHUNK_MIN
            received += size
            if received > self._expected:
                raise IncompleteBody(_LENGTH)
            digest = hashlib.sha256() if self._verifier else None
            async for piece in self._source.take(size):
                if digest is not None:
                    digest.update(piece)
                yield piece
            if self._verifier is not None and digest is not None:
                self._verifier.chunk(signature, digest.hexdigest())
            if size == 0:
                break
            if await self._source.line() != b"":
                raise InvalidRequest("A chunk is longer than it says")
        if received != self._expected:
            raise IncompleteBody(_LENGTH)
        await self._read_trailers()

    async def _header(self) -> tuple[int, str]:
        line = (await self._source.line()).decode("latin-1")
        size, _, extension = line.partition(";")
        if not _SIZE.fullmatch(size):
            raise InvalidRequest("A chunk's header is malformed")
        name, _, signature = extension.partition("=")
        if self._verifier is not None and name.strip() != "chunk-signature":
            raise InvalidRequest("A chunk has no signature")
        return int(size, 16), signature.strip()

    async def _read_trailers(self) -> None:
        signature = None
        canonical = hashlib.sha256()
        while line := await self._source.line(optional=True):
            name, colon, value = line.decode("latin-1").partition(":")
            name, value = name.strip().lower(), value.strip()
            if not colon or len(self.trailers) >= TRAILERS_MAX:
                raise MalformedTrailerError(_TRAILER)
            if name == "x-amz-trailer-signature":
                signature = value
                continue
            canonical.update(f"{name}:{value}\n".encode("latin-1"))
            self.trailers[name] = value
        if set(self.announced) != set(self.trailers):
            raise MalformedTrailerError(_TRAILER)
        if self._verifier is not None and self.announced:
            if signature is None:
                raise MalformedTrailerError(_TRAILER)
            self._verifier.trailer(signature, canonical.hexdigest())
        await self._source.end()


class _Source:
    """Lines and counted bytes out of a body, holding no more than it was handed at once."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._chunks: AsyncIterator[bytes] | None = None
        self._held = b""

    async def _more(self) -> bytes:
        if self._chunks is None:
            self._chunks = aiter(self._body)
        async for chunk in self._chunks:
            if chunk:
                return chunk
        return b""

    async def line(self, *, optional: bool = False) -> bytes:
        """Up to the next CRLF, which is left out. `optional`: the body may end instead."""
        while (end := self._held.find(b"\r\n")) < 0:
            if len(self._held) > LINE_MAX:
                raise InvalidRequest("A chunk's header is too long")
            more = await self._more()
            if not more:
                if optional and not self._held:
                    return b""
                raise IncompleteBody(_ENDED)
            self._held += more
        if end > LINE_MAX:
            raise InvalidRequest("A chunk's header is too long")
        line, self._held = self._held[:end], self._held[end + 2 :]
        return line

    async def take(self, count: int) -> AsyncIterator[bytes]:
        """Exactly `count` bytes, in the pieces they came in."""
        while count:
            piece = self._held or await self._more()
            if not piece:
                raise IncompleteBody(_ENDED)
            self._held = piece[count:]
            piece = piece[:count]
            count -= len(piece)
            yield piece

    async def end(self) -> None:
        """Nothing may follow."""
        if self._held or await self._more():
            raise InvalidRequest("Data follows the last chunk")
