"""Deleting what is past its retention, and what deleted groups left behind."""

import asyncio
import contextlib

from airside.kernel import Cloud, Component, Snapshot, Transaction
from airside.services.logs.store import Group, Space, spaces

SWEEP_SECONDS = 60.0
CHUNK = 500
"""Events deleted in one transaction: the loop must not be held up."""
_DAY_MS = 24 * 3600 * 1000


class Sweeper(Component):
    """Looks over all groups once a minute."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await self.sweep()

    async def sweep(self) -> None:
        """Delete everything that is due."""
        now_ms = int(self.cloud.clock.now() * 1000)
        for space in await self.cloud.store.read(spaces):
            dead, expiring = await self.cloud.store.read(lambda view, of=space: _due(of, view))  # type: ignore[misc]
            for group_id in dead:
                while not await self._bury(space, group_id):
                    await asyncio.sleep(0)
            for group in expiring:
                before = now_ms - (group.retention_days or 0) * _DAY_MS
                while await self._expire(space, group.id, before) == CHUNK:
                    await asyncio.sleep(0)

    async def _bury(self, space: Space, group_id: str) -> bool:
        def body(tx: Transaction) -> bool:
            return space.sweep_dead(tx, group_id, CHUNK)

        return await self.cloud.store.transact(body)

    async def _expire(self, space: Space, group_id: str, before_ms: int) -> int:
        def body(tx: Transaction) -> int:
            return space.drop_before(tx, group_id, before_ms, CHUNK)

        return await self.cloud.store.transact(body)


def _due(space: Space, view: Snapshot) -> tuple[list[str], list[Group]]:
    expiring = [group for group in space.groups(view, "", None) if group.retention_days]
    return space.dead(view), expiring
