"""Capacity units: what operations consume, by AWS's arithmetic, exact.

Reads count by 4 KB, half as much when eventually consistent, double in transactions; writes count
by 1 KB, double in transactions on the table (not on its indexes). All figures are multiples of
one half.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

READ_BYTES = 4096
WRITE_BYTES = 1024


def read_units(size: int, *, consistent: bool) -> float:
    """Units of one read of `size` bytes; nothing found counts as one unit's worth."""
    units = -(-size // READ_BYTES) or 1
    return float(units) if consistent else units / 2


def write_units(old_size: int, new_size: int) -> int:
    """Units of one write: the larger of the item before and after."""
    return -(-max(old_size, new_size) // WRITE_BYTES) or 1


def entry_units(size: int) -> int:
    """Units of writing or deleting an index entry of `size` bytes."""
    return -(-size // WRITE_BYTES) or 1


@dataclass
class Cost:
    """Units by table and index. `is_global` of an index tells the two kinds apart."""

    table: float = 0.0
    global_indexes: dict[str, float] = field(default_factory=dict)
    local_indexes: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """All of it."""
        if not self.global_indexes and not self.local_indexes:
            return self.table
        return self.table + sum(self.global_indexes.values()) + sum(self.local_indexes.values())

    def add_index(self, name: str, units: float, *, is_global: bool) -> None:
        """Charge an index."""
        arm = self.global_indexes if is_global else self.local_indexes
        arm[name] = arm.get(name, 0.0) + units

    def add(self, other: "Cost") -> None:
        """Charge what another operation cost."""
        self.table += other.table
        for name, units in other.global_indexes.items():
            self.add_index(name, units, is_global=True)
        for name, units in other.local_indexes.items():
            self.add_index(name, units, is_global=False)


def consumed(
    mode: str | None, table: str, cost: Cost, *, mirror: str | None = None
) -> dict[str, Any] | None:
    """The ConsumedCapacity structure, or None when it was not asked for.

    `mirror` is ReadCapacityUnits or WriteCapacityUnits in transactions, which repeat the figures
    under that name at every level.
    """
    if mode not in ("TOTAL", "INDEXES"):
        return None
    result: dict[str, Any] = {"TableName": table, **_units(cost.total, mirror)}
    if mode == "INDEXES":
        result["Table"] = _units(cost.table, mirror)
        for name, arm in (
            ("LocalSecondaryIndexes", cost.local_indexes),
            ("GlobalSecondaryIndexes", cost.global_indexes),
        ):
            if arm:
                result[name] = {index: _units(units, mirror) for index, units in arm.items()}
    return result


def _units(units: float, mirror: str | None) -> dict[str, float]:
    found = {"CapacityUnits": float(units)}
    if mirror is not None:
        found[mirror] = float(units)
    return found


def consumed_list(
    mode: str | None, costs: Iterable[tuple[str, Cost]], *, mirror: str | None = None
) -> list[dict[str, Any]] | None:
    """One structure per table, by name."""
    if mode not in ("TOTAL", "INDEXES"):
        return None
    return [
        found
        for table, cost in sorted(costs, key=lambda pair: pair[0])
        if (found := consumed(mode, table, cost, mirror=mirror)) is not None
    ]
