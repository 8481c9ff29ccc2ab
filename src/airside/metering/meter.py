"""Usage totals of one environment: in memory at once, on disk with the group commit.

A total is kept per hour, account, service, usage type, operation, resource and principal. Totals
are absolute, so writing one twice does no harm. At most the last second is lost with the process.
"""

import asyncio
import struct
from collections.abc import Iterator
from typing import NamedTuple

from airside.kernel import Clock, Context, Snapshot, Store, Transaction
from airside.storage import pack, prefix_range, unpack

CALLS = "Calls"
"""The usage type under which every call of an operation is counted. It has no price."""
FLUSH_SECONDS = 1.0
_PREFIX = "meter"
_HOUR = 3600
_DOUBLE = struct.Struct(">d")


class UsageKey(NamedTuple):
    """What a total is about. `hour` is the epoch second at which the hour began."""

    hour: int
    account_id: str
    service: str
    usage_type: str
    operation: str
    resource: str
    principal: str


class _Total:
    __slots__ = ("dirty", "key", "known", "quantity")

    def __init__(self, key: UsageKey) -> None:
        self.key = key
        self.quantity = 0.0
        self.known = False
        """Whether `quantity` includes what the store already had."""
        self.dirty = False


class Meter:
    """The meter of one environment."""

    def __init__(self, environment: str, store: Store, clock: Clock) -> None:
        self._environment = environment
        self._store = store
        self._clock = clock
        self._hour = 0
        self._totals: dict[tuple[str, ...], _Total] = {}
        """This hour's, by the rest of their keys."""
        self._dirty: list[_Total] = []
        self._flushed_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def record(self, ctx: Context, usage_type: str, quantity: float, resource: str) -> None:
        """Add to this hour's total."""
        if not 0 <= self._clock.now() - self._hour < _HOUR:
            self._hour = int(self._clock.now()) // _HOUR * _HOUR
            self._totals = {}
        key = (
            ctx.account_id, ctx.service, usage_type, ctx.operation, resource, ctx.principal.arn
        )  # fmt: skip
        total = self._totals.get(key)
        if total is None:
            total = self._totals[key] = _Total(UsageKey(self._hour, *key))
        total.quantity += quantity
        if not total.dirty:
            total.dirty = True
            self._dirty.append(total)

    def count(self, ctx: Context) -> None:
        """Count one call of an operation."""
        self.record(ctx, CALLS, 1, "")

    def start(self) -> None:
        """Write totals at least once a second from now on, while there is something to write."""
        self._task = asyncio.get_running_loop().create_task(self._flush_regularly())

    async def stop(self) -> None:
        """Write the rest."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        await self.flush()

    async def flush(self) -> None:
        """Make all totals durable."""
        if self._dirty:
            await self._store.transact(self.write)

    def before_commit(self, tx: Transaction) -> None:
        """Ride along with a group commit, at most once a second."""
        now = self._clock.monotonic()
        if self._dirty and now - self._flushed_at >= FLUSH_SECONDS:
            self.write(tx)

    def write(self, tx: Transaction) -> None:
        """Put the totals that changed."""
        self._flushed_at = self._clock.monotonic()
        dirty, self._dirty = self._dirty, []
        for total in dirty:
            total.dirty = False
            packed = pack((_PREFIX, self._environment, *total.key))
            if not total.known:
                stored = tx.get(packed)
                total.quantity += _DOUBLE.unpack(stored)[0] if stored else 0.0
                total.known = True
            tx.put(packed, _DOUBLE.pack(total.quantity))

    async def totals(self, since: float = 0.0, until: float = 1e12) -> list[tuple[UsageKey, float]]:
        """All totals of hours in `since <= hour < until`, in key order."""
        # Also when nothing is dirty: what rode along with a commit that is under way is waited for.
        await self._store.transact(self.write)

        def body(snapshot: Snapshot) -> list[tuple[UsageKey, float]]:
            return list(self._scan(snapshot, int(since), int(until)))

        return await self._store.read(body)

    def _scan(self, snapshot: Snapshot, since: int, until: int) -> Iterator[tuple[UsageKey, float]]:
        _, end = prefix_range((_PREFIX, self._environment))
        start = pack((_PREFIX, self._environment, since))
        for packed, value in snapshot.scan(start, end):
            key = UsageKey(*unpack(packed)[2:])
            if key.hour < until:
                yield key, _DOUBLE.unpack(value)[0]

    async def _flush_regularly(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()
