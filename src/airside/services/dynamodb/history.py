"""What writes replaced, kept for a while, so that a table can be read as it was at any moment.

    entries(arm) + the item's key without its table's prefix + eight bytes of microseconds

holds what lay under the key before the write of that moment: a stored item, or nothing. A table
as it was at a moment is what lies there now, except where something was written later: there it
is what the first later write replaced. Nothing has to be copied when history begins.
"""

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from airside.kernel.store import Snapshot, Transaction
from airside.services.dynamodb import keys
from airside.services.dynamodb.table import Table, entries

if TYPE_CHECKING:
    from airside.services.dynamodb.store import Record

_MICROSECONDS = struct.Struct(">Q")
_WIDTH = _MICROSECONDS.size
_LAST = b"\xff" * _WIDTH
_PAST = _LAST + b"\0"
"""Behind all versions of a key, and before the next key: no key begins with another one."""


class History:
    """Notes what the writes of one table replace."""

    __slots__ = ("_last", "_prefix", "_skip")

    def __init__(self, table: Table, arm: int) -> None:
        self._prefix = table.entries(arm)
        self._skip = len(table.prefix)
        self._last = 0

    def note(self, tx: Transaction, key: bytes, old: "Record | None", at: float) -> None:
        """What lies under `key` is being replaced."""
        self._last = max(int(at * 1e6), self._last + 1)
        entry = self._prefix + key[self._skip :] + _MICROSECONDS.pack(self._last)
        tx.put(entry, b"" if old is None else old.raw)


class Source(Struct):
    """Items to be read as they were: of which table (by number), and at which moment."""

    number: int
    arm: int = 0
    """Where its history lies; 0 when nothing changes it any more."""
    moment: float = 0.0


class Page(NamedTuple):
    """Items in the order of their keys, and where to go on."""

    items: list[tuple[bytes, bytes]]
    """(key without the table's prefix, stored item)"""
    following: bytes | None


def read(view: Snapshot, source: Source, start: bytes, limit: int) -> Page:
    """About `limit` items from a key on (without the table's prefix) as they were."""
    prefix = entries(source.number, 0)
    found: dict[bytes, bytes] = {}
    for key, raw in view.scan(prefix + start, keys.following(prefix), limit=limit):
        found[key[len(prefix) :]] = raw
    bound = max(found) if len(found) == limit else None
    if source.arm:
        for seen, (suffix, replaced) in enumerate(_replaced(view, source, start, bound), 1):
            if replaced is not None:
                found[suffix] = replaced
            if seen == limit:
                bound = suffix
                break
    items = sorted((s, raw) for s, raw in found.items() if raw and (bound is None or s <= bound))
    return Page(items, None if bound is None else bound + _PAST)


def _replaced(
    view: Snapshot, source: Source, start: bytes, bound: bytes | None
) -> Iterator[tuple[bytes, bytes | None]]:
    """Keys with a history, and what the first write after the moment replaced (None: none was)."""
    prefix = entries(source.number, source.arm)
    end = keys.following(prefix) if bound is None else prefix + bound + _PAST
    after = _MICROSECONDS.pack(int(source.moment * 1e6) + 1)
    cursor = prefix + start
    while True:
        first = next(iter(list(view.scan(cursor, end, limit=1))), None)
        if first is None:
            return
        suffix = first[0][len(prefix) : -_WIDTH]
        versions = prefix + suffix
        later = list(view.scan(versions + after, versions + _PAST, limit=1))
        yield suffix, later[0][1] if later else None
        cursor = versions + _PAST


class Changed(NamedTuple):
    """What became of an item over a while; an image is empty where there was no item."""

    old: bytes
    new: bytes
    written_at: int
    """The last write, in microseconds."""


def changes(
    view: Snapshot, source: Source, since: float, start: bytes, limit: int
) -> tuple[list[Changed], bytes | None]:
    """What was written from `since` until before the source's moment, and where to go on.

    Looks at about `limit` keys from `start` on (without the table's prefix). An item that was
    made and removed meanwhile is left out.
    """
    prefix = entries(source.number, source.arm)
    cursor, end = prefix + start, keys.following(prefix)
    first_at, last_at = (_MICROSECONDS.pack(int(at * 1e6)) for at in (since, source.moment))
    found: list[Changed] = []
    for _ in range(limit):
        entry = next(iter(view.scan(cursor, end, limit=1)), None)
        if entry is None:
            return found, None
        suffix = entry[0][len(prefix) : -_WIDTH]
        versions = prefix + suffix
        first = next(iter(view.scan(versions + first_at, versions + last_at, limit=1)), None)
        if first is not None:
            last = next(iter(view.scan(first[0], versions + last_at, reverse=True, limit=1)))
            later = next(iter(view.scan(versions + last_at, versions + _PAST, limit=1)), None)
            new = later[1] if later else view.get(entries(source.number, 0) + suffix) or b""
            if first[1] or new:
                found.append(Changed(first[1], new, _MICROSECONDS.unpack(last[0][-_WIDTH:])[0]))
        cursor = versions + _PAST
    return found, cursor[len(prefix) :]


def forget_some(tx: Transaction, table: Table, arm: int, before: float, start: bytes,
                limit: int) -> bytes | None:  # fmt: skip
    """Look through up to `limit` entries and drop those from before a moment; where to go on."""
    prefix = table.entries(arm)
    oldest = int(before * 1e6)
    looked = list(tx.scan(max(start, prefix), keys.following(prefix), limit=limit))
    for key, _ in looked:
        if _MICROSECONDS.unpack(key[-_WIDTH:])[0] < oldest:
            tx.delete(key)
    return looked[-1][0] + b"\0" if len(looked) == limit else None
