"""What goes on behind the tables: erasing what was dropped, filling new indexes, counting."""

import asyncio

from airside.kernel.cloud import Cloud, Component
from airside.kernel.store import Snapshot
from airside.services.dynamodb import keys, store
from airside.services.dynamodb.table import Table

_STEP = 200
"""Entries per transaction: short enough that nobody waits for it."""
_COUNT_STEP = 5000


class Upkeep(Component):
    """One task that wakes when there is something to do, and works in small transactions."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Finish what was begun before the last stop."""
        self._awake.set()
        self._task = asyncio.get_running_loop().create_task(self._run(), name="dynamodb-upkeep")

    async def stop(self) -> None:
        """Stop between two transactions."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def wake(self) -> None:
        """There is something to do."""
        self._awake.set()

    async def _run(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            await self.work()

    async def work(self) -> None:
        """Do all there is to do."""
        while await self.cloud.store.transact(lambda tx: store.erase_some(tx, _STEP)):
            await asyncio.sleep(0)

    async def count(self, table: Table, index_number: int) -> tuple[int, int]:
        """The number of entries and their bytes."""
        prefix = table.entries(index_number)
        start, end = prefix, keys.following(prefix)
        items = size = 0
        while True:

            def body(view: Snapshot, start: bytes = start) -> tuple[int, int, bytes]:
                found = total = 0
                last = b""
                for record in store.scan(view, start, end, limit=_COUNT_STEP):
                    found += 1
                    total += record.size
                    last = record.key
                return found, total, last

            found, total, last = await self.cloud.store.read(body)
            items, size = items + found, size + total
            if found < _COUNT_STEP:
                return items, size
            start = last + b"\0"
            await asyncio.sleep(0)
