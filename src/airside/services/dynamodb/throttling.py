"""Provisioned throughput, enforced when the setting says so.

A table has two buckets, one for reads and one for writes. They fill by the provisioned units every
second, up to what five minutes bring, and an operation is admitted while there is anything in its
bucket; what it costs is taken out afterwards, so a bucket may be overdrawn. Indexes draw on their
table's buckets.
"""

from msgspec import Struct

from airside.kernel.cloud import Cloud, Component
from airside.kernel.context import Context
from airside.services.dynamodb.errors import ProvisionedThroughputExceededException
from airside.services.dynamodb.table import Table

_BURST_SECONDS = 300.0
_READS = frozenset({"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"})
_KINDS = {"ReadRequestUnits": "reads", "WriteRequestUnits": "writes"}


class _Bucket(Struct):
    rate: int
    left: float
    filled_at: float

    def fill(self, rate: int, now: float) -> None:
        """Add what the time since the last look brings."""
        gained = max(0.0, now - self.filled_at) * rate
        self.left = min(self.left + gained, rate * _BURST_SECONDS)
        self.rate, self.filled_at = rate, now


class Throttling(Component):
    """The buckets of an environment's tables. They begin with what one second brings."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def admit(self, ctx: Context, table: Table) -> None:
        """Raises ProvisionedThroughputExceededException when the bucket is empty."""
        if table.on_demand:
            return
        is_read = ctx.operation in _READS
        rate = table.throughput.read if is_read else table.throughput.write
        key = table.arn, "reads" if is_read else "writes"
        now = self.cloud.clock.monotonic()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(rate, float(rate), now)
        bucket.fill(rate, now)
        if bucket.left <= 0:
            raise ProvisionedThroughputExceededException(
                "The level of configured provisioned throughput for the table was exceeded. "
                "Consider increasing your provisioning level with the UpdateTable API."
            )

    def charge(self, usage: str, units: float, arn: str) -> None:
        """Take out what an operation cost."""
        bucket = self._buckets.get((arn, _KINDS[usage]))
        if bucket is not None:
            bucket.left -= units


def charge(ctx: Context, usage: str, units: float, arn: str) -> None:
    """Leave the units that an operation consumed behind: for the bill, and for the buckets."""
    ctx.use(usage, units, arn)
    if ctx.cloud.settings.dynamodb_throttling:
        ctx.component(Throttling).charge(usage, units, arn)
