"""What is written a little later than it happens, so that no request waits for it."""

import asyncio

from airside.kernel.cloud import Cloud
from airside.kernel.component import Component


class WrittenBehind(Component):
    """Collects, and writes all at once. A crash loses what was not written yet."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._waiting = False
        self._stopping = False
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def delay_seconds(self) -> float:
        """How long the first that came waits at most."""
        raise NotImplementedError

    async def write(self) -> None:
        """Write what was collected so far."""
        raise NotImplementedError

    def soon(self) -> None:
        """There is something to write."""
        self._waiting = True
        if self._task is None or self._task.done():
            self._hurry.clear()
            name = type(self).__name__.lower()
            self._task = asyncio.get_running_loop().create_task(self._later(), name=name)

    def now(self) -> None:
        """There is enough to write."""
        self._hurry.set()

    async def stop(self) -> None:
        """Write what there is."""
        self._stopping = True
        self._hurry.set()
        if self._task is not None:
            await asyncio.wait((self._task,))
        await self.write()

    async def _later(self) -> None:
        while self._waiting and not self._stopping:  # more may come while it writes
            timer = asyncio.get_running_loop().call_later(self.delay_seconds, self._hurry.set)
            try:
                await self._hurry.wait()
            finally:
                timer.cancel()
            self._hurry.clear()
            self._waiting = False
            await self.write()
