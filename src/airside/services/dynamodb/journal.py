"""What a change of an item leaves behind besides the item and its index entries.

A table that nobody follows has no journal, and its writes pay nothing.
"""

from typing import TYPE_CHECKING

from airside.kernel.cloud import Cloud
from airside.kernel.store import Transaction
from airside.services.dynamodb.expiry import Expiry
from airside.services.dynamodb.history import History
from airside.services.dynamodb.streaming import Announcer, Feed
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.values import Item

if TYPE_CHECKING:
    from airside.services.dynamodb.store import Record


class Journal:
    """Who follows one table: its stream, the order in which its items expire, its history."""

    __slots__ = ("_clock", "_feed", "_histories", "expiry")

    def __init__(self, table: Table, cloud: Cloud) -> None:
        self._clock = cloud.clock
        self._feed: Feed | None = None
        self.expiry: Expiry | None = None
        if table.stream is not None and table.stream.enabled:
            self._feed = Feed(table, table.stream, cloud.component(Announcer))
        if table.ttl is not None and table.ttl.enabled:
            self.expiry = Expiry(table)
        self._histories = [History(table, arm) for arm in table.histories]

    @classmethod
    def of(cls, table: Table, cloud: Cloud) -> "Journal | None":
        """The journal of a table, if it needs one."""
        streamed = table.stream is not None and table.stream.enabled
        if streamed or table.histories or (table.ttl is not None and table.ttl.enabled):
            return cls(table, cloud)
        return None

    def note(
        self, tx: Transaction, key: bytes, old: "Record | None", new: Item | None, raw: bytes,
        *, expired: bool = False,
    ) -> None:  # fmt: skip
        """A write took place; `raw` is the new item as stored. One that changes nothing is none."""
        if old is not None and new is not None and (old.raw == raw or old.item == new):
            return
        if self.expiry is not None:
            self.expiry.note(tx, key, old.item if old is not None else None, new)
        now = self._clock.now()
        for history in self._histories:
            history.note(tx, key, old, now)
        if self._feed is not None:
            self._feed.note(tx, old, new, raw, now, expired=expired)
