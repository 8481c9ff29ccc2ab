"""Throughput, enforced when the setting says so: of tables and of global indexes.

Each has two buckets, one for reads and one for writes. They fill by the provisioned units every
second (or by what OnDemandThroughput allows at most), up to what five minutes bring, and an
operation is admitted while there is anything in its bucket; what it costs is taken out afterwards,
so a bucket may be overdrawn. A query of an index draws on the index alone; a write draws on the
table and on every index that holds the item, and is refused when one of them has nothing left.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/throttling-diagnosing.html
"""

from typing import TYPE_CHECKING

from msgspec import Struct

from airside.kernel.cloud import Cloud
from airside.kernel.component import Component
from airside.kernel.errors import ServiceError
from airside.services.dynamodb.capacity import Cost
from airside.services.dynamodb.errors import (
    ProvisionedThroughputExceededException,
    ThrottlingException,
)

if TYPE_CHECKING:
    from airside.services.dynamodb.table import Index, Table

_BURST_SECONDS = 300.0
THROTTLED = (ProvisionedThroughputExceededException, ThrottlingException)


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
    """The buckets of an environment. They begin with what one second brings."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def gate(self, table: "Table") -> "Gate | None":
        """What admits operations on a table as it is now; None when nothing limits them."""
        gate = Gate(self, table)
        return gate if gate.limits else None

    def admit(self, arn: str, kind: str, rate: int) -> bool:
        """Whether there is anything in a bucket."""
        now = self.cloud.clock.monotonic()
        bucket = self._buckets.get((arn, kind))
        if bucket is None:
            bucket = self._buckets[arn, kind] = _Bucket(rate, float(rate), now)
        bucket.fill(rate, now)
        return bucket.left > 0

    def charge(self, kind: str, cost: Cost, arn: str) -> None:
        """Take out what an operation cost."""
        self._take(kind, arn, cost.table + sum(cost.local_indexes.values()))
        for name, units in cost.global_indexes.items():
            self._take(kind, f"{arn}/index/{name}", units)

    def _take(self, kind: str, arn: str, units: float) -> None:
        bucket = self._buckets.get((arn, kind))
        if bucket is not None:
            bucket.left -= units


class Gate:
    """Lets operations on one table in."""

    def __init__(self, throttling: Throttling, table: "Table") -> None:
        self._throttling = throttling
        self._arn = table.arn
        self._on_demand = table.on_demand
        self.limits: dict[tuple[str | None, str], int] = {}
        """Units a second by index (None for the table) and kind."""
        owners: list[tuple[str | None, Table | Index, dict[str, int] | None]]
        owners = [(None, table, table.throughput_max)]
        owners += [(each.name, each, each.on_demand) for each in table.indexes if each.is_global]
        for name, owner, highest in owners:
            for kind in ("Read", "Write"):
                rate = getattr(owner.throughput, kind.lower())
                if table.on_demand:
                    rate = (highest or {}).get(f"Max{kind}RequestUnits", -1)
                if rate > 0:
                    self.limits[name, kind] = rate

    def read(self, index: str | None = None) -> None:
        """A read may begin. Raises one of `THROTTLED`."""
        self._pass(index, "Read")

    def write(self, index: str | None = None) -> None:
        """A write may begin. Raises one of `THROTTLED`."""
        self._pass(index, "Write")

    def _pass(self, index: str | None, kind: str) -> None:
        rate = self.limits.get((index, kind))
        arn = self._arn if index is None else f"{self._arn}/index/{index}"
        if rate is not None and not self._throttling.admit(arn, kind, rate):
            raise self._refusal(index, kind, arn)

    def _refusal(self, index: str | None, kind: str, arn: str) -> ServiceError:
        noun = "Table" if index is None else "Index"
        if self._on_demand:
            reason = {"reason": f"{noun}{kind}MaxOnDemandThroughputExceeded", "resource": arn}
            return ThrottlingException(
                "Throughput exceeds the maximum OnDemandThroughput configured on table or index",
                throttlingReasons=[reason],
            )
        reason = {"reason": f"{noun}{kind}ProvisionedThroughputExceeded", "resource": arn}
        return ProvisionedThroughputExceededException(
            "The level of configured provisioned throughput for the table was exceeded. Consider "
            "increasing your provisioning level with the UpdateTable API."
            if index is None
            else "The level of configured provisioned throughput for one or more global secondary "
            "indexes of the table was exceeded. Consider increasing your provisioning level for "
            "the under-provisioned global secondary indexes with the UpdateTable API",
            ThrottlingReasons=[reason],
        )
