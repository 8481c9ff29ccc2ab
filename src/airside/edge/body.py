"""A request body that is still arriving."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from airside.kernel.http import BodyTooLarge

_HIGH_WATER_BYTES = 512 * 1024
_LOW_WATER_BYTES = 128 * 1024


class ClientGone(Exception):
    """The sender closed the connection in the middle of the body."""


class StreamBody:
    """Chunks between the parser that puts them in and the operation that takes them out.

    Asks the transport to stop reading while more than 512 KiB wait. `on_demand` is called when
    somebody first wants the body, which is when `100 Continue` is due.
    """

    def __init__(
        self, length: int | None, on_demand: Callable[[], None], pause: Callable[[bool], None]
    ) -> None:
        self.length = length
        self._on_demand: Callable[[], None] | None = on_demand
        self._pause = pause
        self._paused = False
        self._chunks: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._ended = False
        self._gone = False
        self._waiter: asyncio.Future[None] | None = None

    def feed(self, chunk: bytes) -> None:
        """Take a chunk from the parser."""
        self._chunks.append(chunk)
        self._waiting_bytes += len(chunk)
        if self._waiting_bytes > _HIGH_WATER_BYTES and not self._paused:
            self._paused = True
            self._pause(True)
        self._wake()

    def end(self) -> None:
        """The body is complete."""
        self._ended = True
        self._wake()

    def discard(self) -> None:
        """Nobody wants what has come and what still comes."""
        self._chunks.clear()
        self._waiting_bytes = 0
        if self._paused:
            self._paused = False
            self._pause(False)

    def lose(self) -> None:
        """The connection is gone; whoever reads gets ClientGone."""
        self._gone = True
        self._wake()

    @property
    def ended(self) -> bool:
        """Whether everything has arrived."""
        return self._ended

    @property
    def wanted(self) -> bool:
        """Whether somebody has begun to read."""
        return self._on_demand is None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._on_demand is not None:
            demand, self._on_demand = self._on_demand, None
            demand()
        while True:
            while self._chunks:
                chunk = self._chunks.popleft()
                self._waiting_bytes -= len(chunk)
                if self._paused and self._waiting_bytes < _LOW_WATER_BYTES:
                    self._paused = False
                    self._pause(False)
                yield chunk
            if self._ended:
                return
            if self._gone:
                raise ClientGone
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    async def read(self, limit: int | None = None) -> bytes:
        """The whole body. Raises BodyTooLarge past `limit` bytes, ClientGone when cut off."""
        if limit is not None and self.length is not None and self.length > limit:
            raise BodyTooLarge
        chunks, size = [], 0
        async for chunk in self:
            chunks.append(chunk)
            size += len(chunk)
            if limit is not None and size > limit:
                raise BodyTooLarge
        return b"".join(chunks)
