"""Work that goes on behind the requests, and whose state lies in the store."""

import asyncio
import logging

from airside.kernel.cloud import Cloud
from airside.kernel.component import Component
from airside.storage.errors import StoreClosed

log = logging.getLogger("airside.worker")


class Worker(Component):
    """A task of the environment that works when it starts, when it is woken, and in between.

    Works in small steps; what it has to do lies in the store, so that it survives a crash.
    """

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Finish what was begun before the last stop."""
        self._awake.set()
        name = type(self).__name__.lower()
        self._task = asyncio.get_running_loop().create_task(self._run(), name=name)

    async def stop(self) -> None:
        """Stop between two transactions."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None

    def wake(self) -> None:
        """There is something to do."""
        self._awake.set()

    async def _run(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            try:
                await self.work()
            except StoreClosed:
                return
            except Exception:  # a failure ends this round, not the worker
                log.exception("%s: what is left is done at the next occasion", type(self).__name__)
            if self.period_seconds is not None:
                await self._sleep(self.period_seconds)

    async def _sleep(self, seconds: float) -> None:
        timer = asyncio.get_running_loop().call_later(seconds, self._awake.set)
        try:
            await self._awake.wait()
        finally:
            timer.cancel()

    @property
    def period_seconds(self) -> float | None:
        """How long it sleeps at most; None when only `wake` ends that."""
        return None

    async def work(self) -> None:
        """Do all there is to do."""
        raise NotImplementedError
