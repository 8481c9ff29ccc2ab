"""Clears away events past their retention and what deletions have left behind.

What has expired is never shown, cleared away or not; this only frees the room.
"""

import asyncio

from airside.kernel import Cloud, Component, Transaction
from airside.services.logs import store
from airside.services.logs.group import Group

_AT_ONCE = 500
_PERIOD_SECONDS = 3600.0


class Housekeeping(Component):
    """Works when nudged and once an hour."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0

    async def start(self) -> None:
        """Go on with what an earlier run has left."""
        self.nudge()

    async def stop(self) -> None:
        """Stop in between; the rest is done next time."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def nudge(self) -> None:
        """There may be something to clear away."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_PERIOD_SECONDS, self.nudge)
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._clean())

    def number(self) -> int:
        """A number greater than all before, also those drawn before a restart."""
        self._last = max(self._last + 1, int(self.cloud.clock.now() * 1_000_000))
        return self._last

    async def _clean(self) -> None:
        while await self.cloud.store.transact(lambda tx: store.sweep(tx, _AT_ONCE)):
            pass
        for group in await self.cloud.store.read(store.expiring):
            while await self._expire(group):
                pass

    async def _expire(self, group: Group) -> bool:
        cutoff_ms = group.cutoff_ms(int(self.cloud.clock.now() * 1000))

        def body(tx: Transaction) -> bool:
            return store.expire(tx, group, cutoff_ms, _AT_ONCE)

        return await self.cloud.store.transact(body)
