"""Pages of items: what Query, Scan and PartiQL's SELECT read from a table or an index."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from msgspec import Raw

from airside.kernel.store import Snapshot
from airside.services.dynamodb import capacity, store
from airside.services.dynamodb.capacity import Cost
from airside.services.dynamodb.expressions.condition import Predicate
from airside.services.dynamodb.expressions.projection import Projection
from airside.services.dynamodb.limits import PAGE_BYTES_MAX
from airside.services.dynamodb.records import json_of, size_of
from airside.services.dynamodb.store import Record
from airside.services.dynamodb.table import Layout, Table
from airside.services.dynamodb.values import Item


@dataclass
class Plan:
    """Which entries to read, and what to do with them."""

    table: Table
    layout: Layout | None
    """The index, None for the table itself."""
    start: bytes
    end: bytes
    reverse: bool = False
    limit: int | None = None
    consistent: bool = False
    predicate: Predicate | None = None
    projection: Projection | None = None
    counting: bool = False
    """Whether only the number of items is wanted."""
    fetching: bool = False
    """Whether the items themselves are read: a local index that lacks attributes."""


@dataclass
class Page:
    """What one request read."""

    items: list[Any]
    count: int
    scanned: int
    last: Item | None
    """The entry after which the next page starts."""
    cost: Cost


def read_page(view: Snapshot, plan: Plan) -> Page:
    """Read up to 1 MB or the limit, filter, and shape what is left."""
    if plan.table.gate is not None:
        layout = plan.layout
        is_global = layout is not None and layout.index.is_global
        plan.table.gate.read(layout.index.name if layout is not None and is_global else None)
    if plan.predicate is None and not (plan.fetching or plan.counting or plan.projection):
        return _read_whole(view, plan)
    size = scanned = count = 0
    kept: list[Record] = []
    last: Record | None = None
    fetched: list[int] = []
    limit, predicate = plan.limit, plan.predicate
    more = False
    for record in store.scan(view, plan.start, plan.end, reverse=plan.reverse):
        if size + record.size > PAGE_BYTES_MAX and scanned:
            more = True
            break
        scanned += 1
        size += record.size
        last = record
        found: Record = record
        if plan.fetching:
            found = _fetch(view, plan.table, record)
            fetched.append(found.size)
        if predicate is None or predicate(found.item):
            count += 1
            if not plan.counting:
                kept.append(found)
        if scanned == limit:
            more = True
            break
    return Page(
        _shaped(plan, kept),
        count,
        scanned,
        last.item if more and last is not None else None,
        _cost(plan, size, fetched),
    )


def _read_whole(view: Snapshot, plan: Plan) -> Page:
    """Read entries that are answered as they are stored."""
    size = 0
    items: list[Raw] = []
    limit = plan.limit
    last = b""
    more = False
    for _, raw in store.scan_raw(view, plan.start, plan.end, reverse=plan.reverse):
        item_size = size_of(raw)
        if size + item_size > PAGE_BYTES_MAX and items:
            more = True
            break
        size += item_size
        last = raw
        items.append(json_of(raw))
        if len(items) == limit:
            more = True
            break
    count = len(items)
    after = store.record_of(b"", last).item if more else None
    return Page(items, count, count, after, _cost(plan, size, ()))


def _shaped(plan: Plan, records: list[Record]) -> list[Any]:
    projection = plan.projection
    if projection is None:
        return [record.json for record in records]
    return [projection.apply(record.item) for record in records]


def _fetch(view: Snapshot, table: Table, entry: Record) -> Record:
    found = store.get(view, table.key_of(entry.item))
    assert found is not None, "an index entry without its item"
    return found


def _cost(plan: Plan, size: int, fetched: Iterable[int]) -> Cost:
    units = capacity.read_units(size, consistent=plan.consistent)
    if plan.layout is None:
        return Cost(units)
    cost = Cost()
    cost.add_index(plan.layout.index.name, units, is_global=plan.layout.index.is_global)
    cost.table = float(sum(capacity.read_units(s, consistent=plan.consistent) for s in fetched))
    return cost


def key_after(plan: Plan, last: Item) -> Item:
    """LastEvaluatedKey: the keys of the entry in its index and in the table."""
    names = plan.table.schema.names
    if plan.layout is not None:
        names = (*plan.layout.index.schema.names, *names)
    return {name: last[name] for name in names}
