"""Clears away what purged and deleted queues left behind, a little at a time."""

import asyncio

from airside.kernel import Cloud, Component, Transaction
from airside.services.sqs import store

_AT_ONCE = 500


class Sweeper(Component):
    """Works while there is garbage, then ends; takes nothing while idle."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Go on with what an earlier run has left."""
        self.nudge()

    async def stop(self) -> None:
        """Stop in between; the rest is done next time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def nudge(self) -> None:
        """There may be garbage."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._sweep())

    async def _sweep(self) -> None:
        while (found := await self.cloud.store.read(store.garbage)) is not None:
            account_id, region, what = found

            def body(
                tx: Transaction, account_id: str = account_id, region: str = region,
                what: str = what,
            ) -> None:  # fmt: skip
                store.sweep(tx, account_id, region, what, _AT_ONCE)

            await self.cloud.store.transact(body)
