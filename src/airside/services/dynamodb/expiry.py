"""The order in which items expire, kept beside the table by every write.

    entries(arm) + eight bytes of seconds + the item's key without its table's prefix

Kept from the moment that time to live is switched on; what was there before is entered in the
background, like the items of a new index. Every time it is switched on it gets an arm of its own.
"""

import struct
from collections.abc import Iterator

from airside.kernel.store import Snapshot, Transaction
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.values import Item

_SECONDS = struct.Struct(">Q")
OLDEST_SECONDS = 5 * 365.25 * 86400
"""Times further back are taken for mistakes and left alone, as AWS does."""


def seconds_of(item: Item, attribute: str) -> int | None:
    """The second at which an item expires; None when it does not."""
    value = item.get(attribute)
    text = value.get("N") if value is not None else None
    if text is None:
        return None
    whole = text.partition(".")[0]
    return int(whole) if len(whole) <= 12 and whole.isdigit() else None


class Expiry:
    """Keeps the order of one table."""

    __slots__ = ("_attribute", "_prefix", "_table_prefix")

    def __init__(self, table: Table) -> None:
        assert table.ttl is not None
        self._attribute = table.ttl.attribute
        self._prefix = table.entries(table.ttl.arm)
        self._table_prefix = table.prefix

    def note(self, tx: Transaction, key: bytes, old: Item | None, new: Item | None) -> None:
        """The item under `key` changes."""
        before = seconds_of(old, self._attribute) if old is not None else None
        after = seconds_of(new, self._attribute) if new is not None else None
        if before == after:
            return
        if before is not None:
            tx.delete(self._entry(before, key))
        if after is not None:
            tx.put(self._entry(after, key), b"")

    def enter(self, tx: Transaction, key: bytes, item: Item) -> None:
        """Enter an item that was there before."""
        at = seconds_of(item, self._attribute)
        if at is not None:
            tx.put(self._entry(at, key), b"")

    def expires_at(self, item: Item) -> int | None:
        """The second at which an item expires."""
        return seconds_of(item, self._attribute)

    def due(self, view: Snapshot, now: float, limit: int) -> Iterator[tuple[bytes, bytes]]:
        """(entry, key of the item) of what has expired, the longest ago first."""
        start = self._prefix + _SECONDS.pack(max(0, int(now - OLDEST_SECONDS)))
        end = self._prefix + _SECONDS.pack(int(now) + 1)
        skip = len(self._prefix) + _SECONDS.size
        for entry, _ in view.scan(start, end, limit=limit):
            yield entry, self._table_prefix + entry[skip:]

    def _entry(self, at: int, key: bytes) -> bytes:
        return self._prefix + _SECONDS.pack(at) + key[len(self._table_prefix) :]
