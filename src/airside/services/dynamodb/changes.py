"""How long tables are being made, changed and deleted.

No longer than it takes, which is less than a call: answers say CREATING, UPDATING and DELETING, and
by the next call it is done. `dynamodb_change_seconds` makes them stay so, for who wants to see how
a program waits: until then the data of a table that is being made or deleted is not found, and
nobody may change or delete it.
"""

import asyncio
from functools import partial
from typing import Any

from airside.kernel.context import Context
from airside.kernel.store import Transaction
from airside.services.dynamodb import backup, store, streaming
from airside.services.dynamodb.errors import ResourceInUseException
from airside.services.dynamodb.store import Tables
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.upkeep import Upkeep
from airside.storage import Worker

_DOING = {"CREATING": "created", "UPDATING": "updated", "DELETING": "deleted"}

Name = tuple[Any, ...]
"""Of a document in the store."""


def check_changeable(table: Table) -> None:
    """Raises ResourceInUseException while a table is being made, changed or deleted."""
    doing = _DOING.get(table.status)
    if doing is not None:
        raise ResourceInUseException(
            f"Attempt to change a resource which is still in use: Table is being {doing}: "
            f"{table.name}"
        )


def begin(ctx: Context, tx: Transaction, table: Table, status: str, now: float) -> bool:
    """Set the status of a table that is about to be saved; False when that takes no time."""
    seconds = ctx.cloud.settings.dynamodb_change_seconds
    if seconds <= 0:
        return False
    table.status = status
    if status == "CREATING":
        for index in table.indexes:
            index.status = "CREATING"
    document = {
        "table": [table.account_id, table.region, table.name],
        "until": now + seconds,
        "label": backup.label_of(ctx, now),
    }
    store.put_document(tx, document, "changing", table.number)
    return True


def drop(tx: Transaction, table: Table, label: str, now: float) -> None:
    """Delete a table with its items; `label` is for the backup that recovery leaves."""
    streaming.close(tx, table, now)
    table.status = "ACTIVE"
    if table.recovery is not None:
        backup.keep_deleted(tx, table, label, now)
    store.drop_table(tx, table, keep_items=table.recovery is not None)


def _finish(tx: Transaction, name: Name, now: float) -> None:
    document = store.get_document(tx, *name)
    assert document is not None
    store.delete_document(tx, *name)
    table = store.load_table(tx, store.table_id_of(document["table"]))
    if table is None or table.number != name[1]:
        return
    if table.status == "DELETING":
        drop(tx, table, document["label"], now)
        return
    table.status = "ACTIVE"
    for index in table.indexes:
        if not index.backfilling:
            index.status = "ACTIVE"
    store.save_table(tx, table)


class Changes(Worker):
    """Finishes what `begin` began, when its time has come."""

    async def work(self) -> None:
        """Finish all, waiting for those whose time has not come."""
        while True:
            found = await self.cloud.store.read(
                lambda view: list(store.scan_documents(view, "changing"))
            )
            if not found:
                return
            now = self.cloud.clock.now()
            due = [(name, document) for name, document in found if document["until"] <= now]
            if not due:
                await asyncio.sleep(min(document["until"] for _, document in found) - now)
            for name, document in due:
                with self.cloud.component(Tables).changing(store.table_id_of(document["table"])):
                    await self.cloud.store.transact(partial(_finish, name=name, now=now))
                self.cloud.component(Upkeep).wake()
