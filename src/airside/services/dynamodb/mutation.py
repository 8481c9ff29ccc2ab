"""Changing one item: the item, the indexes that hold it and the stream that tells of it."""

from dataclasses import dataclass

from airside.kernel.store import Transaction
from airside.services.dynamodb import store
from airside.services.dynamodb.capacity import Cost, entry_units, write_units
from airside.services.dynamodb.store import Record
from airside.services.dynamodb.table import Layout, Table
from airside.services.dynamodb.values import Item, item_size


@dataclass
class Mutation:
    """What a change did."""

    cost: Cost
    items: int
    """By how much the number of items grew."""
    size: int
    """By how much their bytes grew."""


def write(
    tx: Transaction, table: Table, key: bytes, old: Record | None, new: Item, new_size: int
) -> Mutation:
    """Put `new` where `old` is."""
    if table.gate is not None:
        _admit(table, old, new)
    old_size = old.size if old is not None else 0
    cost = Cost(write_units(old_size, new_size))
    raw = store.encode(new, new_size)
    store.put(tx, key, raw)
    if table.indexes:
        _maintain(tx, table, old.item if old is not None else None, new, raw, cost)
    if table.journal is not None:
        table.journal.note(tx, key, old, new, raw)
    return Mutation(cost, 0 if old is not None else 1, new_size - old_size)


def remove(
    tx: Transaction, table: Table, key: bytes, old: Record | None, *, expired: bool = False
) -> Mutation:
    """Delete what is there, if anything is; `expired` says that the service does it by itself."""
    if table.gate is not None:
        _admit(table, old, None)
    if old is None:
        return Mutation(Cost(1), 0, 0)
    store.delete(tx, key)
    cost = Cost(write_units(old.size, 0))
    if table.indexes:
        _maintain(tx, table, old.item, None, b"", cost)
    if table.journal is not None:
        table.journal.note(tx, key, old, None, b"", expired=expired)
    return Mutation(cost, -1, -old.size)


def _admit(table: Table, old: Record | None, new: Item | None) -> None:
    """Whether the throughput of the table and of the indexes that hold the item lasts."""
    assert table.gate is not None
    table.gate.write()
    images = [image for image in (old.item if old is not None else None, new) if image is not None]
    for layout in table.layouts:
        if layout.index.is_global and any(layout.holds(image) for image in images):
            table.gate.write(layout.index.name)


def _maintain(
    tx: Transaction, table: Table, old: Item | None, new: Item | None, raw: bytes, cost: Cost
) -> None:
    for layout in table.layouts:
        units = _move(tx, layout, old, new, raw)
        if units:
            cost.add_index(layout.index.name, units, is_global=layout.index.is_global)


def _move(tx: Transaction, layout: Layout, old: Item | None, new: Item | None, raw: bytes) -> int:
    """Bring one index up to date; the units it costs, which go by what the index carries."""
    before = layout.project(old) if old is not None and layout.holds(old) else None
    after = layout.project(new) if new is not None and layout.holds(new) else None
    if before == after:
        return 0
    old_key = layout.key_of(before) if before is not None else None
    new_key = layout.key_of(after) if after is not None else None
    units = 0
    new_size = 0
    if after is not None:
        new_size = int.from_bytes(raw[:4], "big") if after is new else item_size(after)
        units = entry_units(new_size)
        assert new_key is not None
        store.put(tx, new_key, raw if after is new else store.encode(after, new_size))
    if before is not None:
        old_units = entry_units(item_size(before))
        if old_key == new_key:
            return max(old_units, units)
        assert old_key is not None
        store.delete(tx, old_key)
        units += old_units
    return units


def fill(tx: Transaction, layout: Layout, record: Record) -> int:
    """Enter an item into an index that is being built; its size there, 0 when it is not in it."""
    item = record.item
    if not layout.holds(item):
        return 0
    entry = layout.project(item)
    size = record.size if entry is item else item_size(entry)
    store.put(tx, layout.key_of(entry), record.raw if entry is item else store.encode(entry, size))
    return size
