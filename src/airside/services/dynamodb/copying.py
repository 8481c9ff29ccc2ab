"""Copying a table's items as they were at a moment: into a backup, or into a new table.

    ("dynamodb", "copy", number)     a copy that is being made; `number` is where it goes

A copy is made in small transactions while writes go on. It reads the table's history, so all of it
shows one moment. What it reads is not erased before it is done, even when the table is deleted.
"""

import asyncio
from functools import partial
from typing import Any

import msgspec

from airside.kernel.store import Transaction
from airside.services.dynamodb import history, mutation, store
from airside.services.dynamodb.history import Source
from airside.services.dynamodb.store import TableId, Tables, record_of
from airside.services.dynamodb.table import Table, entries
from airside.services.dynamodb.upkeep import Upkeep
from airside.storage import Worker

_STEP = 100
"""Items per transaction: short enough that nobody waits for it."""

Name = tuple[Any, ...]


def begin(
    tx: Transaction, number: int, source: Source, *, table: TableId | None = None,
    backup: Name | None = None, release: TableId | None = None,
) -> None:  # fmt: skip
    """Note a copy into a new table or a backup. `release`: whose history is for this copy alone."""
    document = {
        "source": msgspec.to_builtins(source),
        "cursor": b"",
        "table": table,
        "backup": backup,
        "release": release,
        "items": 0,
        "bytes": 0,
    }
    store.put_document(tx, document, "copy", number)


def snapshot(tx: Transaction, table: Table, now: float) -> tuple[Source, bool]:
    """A table (changed, to be saved) as it is now; whether it got a history for that alone."""
    if table.recovery is not None:
        return Source(table.number, table.recovery.arm, now), False
    arm = table.new_arm()
    table.histories.append(arm)
    return Source(table.number, arm, now), True


def keep_for_copies(tx: Transaction, table: Table, arm: int) -> bool:
    """Recovery ends: whether a copy still reads its history, and will be the one to drop it."""
    kept = False
    for kind in store.READERS:
        for name, document in list(store.scan_documents(tx, kind)):
            source = document["source"]
            if (source["number"], source["arm"]) == (table.number, arm):
                where = [table.account_id, table.region, table.name]
                store.put_document(tx, {**document, "release": where}, *name)
                kept = True
    return kept


def release(tx: Transaction, document: dict[str, Any]) -> None:
    """A reader is done: end the history that was kept for it alone."""
    if document.get("release") is None:
        return
    table = store.load_table(tx, store.table_id_of(document["release"]))
    source = document["source"]
    if table is None or table.number != source["number"] or source["arm"] not in table.histories:
        return
    table.histories.remove(source["arm"])
    store.drop_entries(tx, table.number, source["arm"])
    store.save_table(tx, table)


def _copy_some(tx: Transaction, name: Name) -> bool:
    """Copy the next items; whether there may be more."""
    document = store.get_document(tx, *name)
    if document is None:
        return False
    target = None
    if document["table"] is not None:
        target = store.load_table(tx, store.table_id_of(document["table"]))
        if target is None or target.number != name[1]:
            return False
    elif store.get_document(tx, *document["backup"]) is None:
        return False
    source = msgspec.convert(document["source"], Source)
    page = history.read(tx, source, document["cursor"], _STEP)
    prefix = entries(name[1], 0)
    for suffix, raw in page.items:
        store.put(tx, prefix + suffix, raw)
        record = record_of(prefix + suffix, raw)
        document["items"] += 1
        document["bytes"] += record.size
        for layout in target.layouts if target is not None else ():
            mutation.fill(tx, layout, record)
    document["cursor"] = page.following or b""
    store.put_document(tx, document, *name)
    return page.following is not None


def _finish(tx: Transaction, name: Name) -> None:
    document = store.get_document(tx, *name)
    if document is None:
        return
    if document["table"] is not None:
        table = store.load_table(tx, store.table_id_of(document["table"]))
        if table is not None and table.number == name[1]:
            table.status = "ACTIVE"
            for index in table.indexes:
                index.status = "ACTIVE"
            if table.restored is not None:
                table.restored["RestoreInProgress"] = False
            store.save_table(tx, table)
    else:
        backup = store.get_document(tx, *document["backup"])
        if backup is not None:
            done = {"status": "AVAILABLE", "items": document["items"], "bytes": document["bytes"]}
            store.put_document(tx, {**backup, **done}, *document["backup"])
    release(tx, document)
    store.delete_document(tx, *name)


class Copying(Worker):
    """Makes copies, one after another."""

    async def work(self) -> None:
        """Make all copies that were begun."""
        transact = self.cloud.store.transact
        while True:
            found = await self.cloud.store.read(
                lambda view: list(store.scan_documents(view, "copy", limit=1))
            )
            if not found:
                return
            ((name, document),) = found
            while await transact(partial(_copy_some, name=name)):
                await asyncio.sleep(0)
            tables = self.cloud.component(Tables)
            with tables.changing_all(document["table"], document["release"]):
                await transact(partial(_finish, name=name))
            self.cloud.component(Upkeep).wake()
