"""Clears away events past their retention and what deletions have left behind.

What has expired is never shown, cleared away or not; this only frees the room.
"""

from airside.kernel import Cloud, Transaction
from airside.services.logs import store
from airside.services.logs.group import Group
from airside.storage import Worker

_AT_ONCE = 500
_PERIOD_SECONDS = 3600.0


class Housekeeping(Worker):
    """Works when there may be something to clear away, and once an hour."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._last = 0

    @property
    def period_seconds(self) -> float:
        """An hour."""
        return _PERIOD_SECONDS

    def number(self) -> int:
        """A number greater than all before, also those drawn before a restart."""
        self._last = max(self._last + 1, int(self.cloud.clock.now() * 1_000_000))
        return self._last

    async def work(self) -> None:
        """Clear everything away."""
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
