"""A function's answer while it is being given: streamed responses."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

STREAM_BYTES_MAX = 200 * 1024 * 1024
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html"""
_BUFFER_BYTES = 256 * 1024


class ResponseStream:
    """Chunks from a function to one reader, who is never overrun.

    Whoever invokes with one reads it to its end, then awaits the outcome: a function that does not
    stream leaves it empty and answers there.
    """

    def __init__(self) -> None:
        self.content_type = ""
        """As the function gave it, once `begun`."""
        self.begun = asyncio.Event()
        """Set when the function begins to stream, and at the latest at the end."""
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self._ended = False
        self._more = asyncio.Event()
        self._on_room: Callable[[], None] | None = None
        self._abandoned = False

    def begin(self, content_type: str, on_room: Callable[[], None]) -> None:
        """The first byte is about to come; `on_room` is called when more may, after a full."""
        self.content_type = content_type
        self._on_room = on_room
        self.begun.set()

    def feed(self, chunk: bytes) -> bool:
        """Add a chunk; whether more may follow at once."""
        if self._abandoned:
            return True
        self._chunks.append(chunk)
        self._buffered += len(chunk)
        self._more.set()
        return self._buffered < _BUFFER_BYTES

    def end(self) -> None:
        """There is no more."""
        self._ended = True
        self._more.set()
        self.begun.set()

    def abandon(self) -> None:
        """Nobody reads on; the function goes on all the same, as on AWS."""
        self._abandoned = True
        self._chunks.clear()
        if self._on_room and self._buffered >= _BUFFER_BYTES:
            self._on_room()
        self._buffered = 0

    async def chunks(self) -> AsyncIterator[bytes]:
        """Every chunk, as it comes. Whoever does not read to the end abandons it."""
        try:
            while True:
                while self._chunks:
                    yield self._take()
                if self._ended:
                    return
                self._more.clear()
                await self._more.wait()
        finally:
            self.abandon()

    def _take(self) -> bytes:
        chunk = self._chunks.popleft()
        full = self._buffered >= _BUFFER_BYTES
        self._buffered -= len(chunk)
        if full and self._buffered < _BUFFER_BYTES and self._on_room:
            self._on_room()
        return chunk
