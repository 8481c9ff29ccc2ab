"""A task of the environment that wakes when there is something to do."""

import asyncio
import logging
from contextlib import suppress

from airside.kernel.cloud import Cloud, Component
from airside.storage import StorageError, StoreClosed

log = logging.getLogger("airside.dynamodb")


class Worker(Component):
    """Works in small steps; what it has to do lies in the store, so that it survives a crash."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Finish what was begun before the last stop."""
        self._awake.set()
        name = f"dynamodb-{type(self).__name__.lower()}"
        self._task = asyncio.get_running_loop().create_task(self._run(), name=name)

    async def stop(self) -> None:
        """Stop between two transactions."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
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
            except StorageError:
                log.exception("the store failed; what is left is done at the next occasion")

    async def work(self) -> None:
        """Do all there is to do."""
        raise NotImplementedError
