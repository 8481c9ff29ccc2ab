"""What a change of an item leaves behind besides the item and its index entries.

A table that nobody follows has no journal, and its writes pay nothing.
"""

from typing import TYPE_CHECKING

from airside.kernel.cloud import Cloud
from airside.kernel.store import Transaction
from airside.services.dynamodb.streaming import Announcer, Feed
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.values import Item

if TYPE_CHECKING:
    from airside.services.dynamodb.store import Record


class Journal:
    """The stream of one table."""

    __slots__ = ("_clock", "_feed")

    def __init__(self, table: Table, cloud: Cloud) -> None:
        self._clock = cloud.clock
        self._feed: Feed | None = None
        if table.stream is not None and table.stream.enabled:
            self._feed = Feed(table, table.stream, cloud.component(Announcer))

    @classmethod
    def of(cls, table: Table, cloud: Cloud) -> "Journal | None":
        """The journal of a table, if it needs one."""
        if table.stream is not None and table.stream.enabled:
            return cls(table, cloud)
        return None

    def note(
        self, tx: Transaction, old: "Record | None", new: Item | None, raw: bytes,
        *, expired: bool = False,
    ) -> None:  # fmt: skip
        """A write took place; `raw` is the new item as stored. One that changes nothing is none."""
        if old is not None and new is not None and (old.raw == raw or old.item == new):
            return
        if self._feed is not None:
            self._feed.note(tx, old, new, raw, self._clock.now(), expired=expired)
