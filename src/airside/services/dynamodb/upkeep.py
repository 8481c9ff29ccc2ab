"""What goes on behind the tables: erasing what was dropped, filling new indexes, counting."""

import asyncio
from functools import partial
from typing import Any

from airside.kernel.store import Snapshot, Transaction
from airside.services.dynamodb import keys, mutation, store
from airside.services.dynamodb.expiry import Expiry
from airside.services.dynamodb.store import Tables
from airside.services.dynamodb.table import Layout, Table
from airside.storage import Worker

_STEP = 200
"""Entries per transaction: short enough that nobody waits for it."""
_FILL_STEP = 500
"""Items per transaction when an index is filled: some 10 ms of work for each wait for the disk."""
_COUNT_STEP = 5000

Name = tuple[Any, ...]
"""Of a document in the store."""


def _target(tx: Transaction, name: Name) -> tuple[dict[str, Any], Table, Layout] | None:
    """A backfill, its table and its index; None when one of them is gone."""
    document = store.get_document(tx, *name)
    if document is None:
        return None
    table = store.load_table(tx, store.table_id_of(document["table"]))
    if table is None or table.number != name[1]:
        return None
    for layout in table.layouts:
        if layout.index.number == name[2]:
            return document, table, layout
    return None


def _fill_some(tx: Transaction, name: Name) -> bool:
    """Enter the next items into an index that is being built; whether there may be more.

    Writes keep the index up to date from the moment it exists, so an item that changes meanwhile
    is right whether it was filled in before or after.
    """
    found = _target(tx, name)
    if found is None:
        return False
    document, table, layout = found
    last = None
    entered = 0
    end = keys.following(table.prefix)
    for record in list(store.scan(tx, document["cursor"], end, limit=_FILL_STEP)):
        mutation.fill(tx, layout, record)
        last = record.key
        entered += 1
    if last is None:
        return False
    store.put_document(tx, {**document, "cursor": last + b"\0"}, *name)
    return entered == _FILL_STEP


def _enter_some(tx: Transaction, name: Name) -> bool:
    """Enter the next items into the order of expiry; whether there may be more."""
    document = store.get_document(tx, *name)
    assert document is not None
    table = store.load_table(tx, store.table_id_of(document["table"]))
    if table is None or table.number != name[1] or table.ttl is None or table.ttl.arm != name[2]:
        return False
    if not table.ttl.enabled:
        return False
    expiry = Expiry(table)
    last, entered = b"", 0
    for record in list(
        store.scan(tx, document["cursor"], keys.following(table.prefix), limit=_STEP)
    ):
        expiry.enter(tx, record.key, record.item)
        last = record.key
        entered += 1
    store.put_document(tx, {**document, "cursor": last + b"\0"}, *name)
    return entered == _STEP


def _finish_backfill(tx: Transaction, name: Name) -> None:
    found = _target(tx, name)
    if found is not None:
        _, table, layout = found
        layout.index.backfilling = False
        layout.index.status = "ACTIVE"
        store.save_table(tx, table)
    store.delete_document(tx, *name)


def _forget(tx: Transaction, name: Name) -> None:
    store.delete_document(tx, *name)


class Upkeep(Worker):
    """Erases, fills and counts, in small transactions."""

    async def work(self) -> None:
        """Do all there is to do."""
        transact = self.cloud.store.transact
        while await transact(lambda tx: store.erase_some(tx, _STEP)):
            await asyncio.sleep(0)
        for name, document in await self.cloud.store.read(
            lambda view: list(store.scan_documents(view, "backfill"))
        ):
            while await transact(partial(_fill_some, name=name)):
                await asyncio.sleep(0)
            where = store.table_id_of(document["table"])
            with self.cloud.component(Tables).changing(where):
                await transact(partial(_finish_backfill, name=name))
        await self._enter()

    async def _enter(self) -> None:
        transact = self.cloud.store.transact
        for name, _ in await self.cloud.store.read(
            lambda view: list(store.scan_documents(view, "entering"))
        ):
            while await transact(partial(_enter_some, name=name)):
                await asyncio.sleep(0)
            await transact(partial(_forget, name=name))

    async def count(self, table: Table, index_number: int) -> tuple[int, int]:
        """The number of entries and their bytes."""
        prefix = table.entries(index_number)
        start, end = prefix, keys.following(prefix)
        items = size = 0
        while True:

            def body(view: Snapshot, start: bytes = start) -> tuple[int, int, bytes]:
                found = total = 0
                last = b""
                for record in store.scan(view, start, end, limit=_COUNT_STEP):
                    found += 1
                    total += record.size
                    last = record.key
                return found, total, last

            found, total, last = await self.cloud.store.read(body)
            items, size = items + found, size + total
            if found < _COUNT_STEP:
                return items, size
            start = last + b"\0"
            await asyncio.sleep(0)
