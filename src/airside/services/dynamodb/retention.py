"""What lasts for a time and no longer: history, backups of deleted tables, shards of streams."""

import asyncio
from functools import partial
from typing import Any

from airside.kernel.store import Snapshot, Transaction
from airside.services.dynamodb import history, store, stream_store
from airside.services.dynamodb.recovery import DAY_SECONDS
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.upkeep import Upkeep
from airside.storage import Worker

_EVERY_SECONDS = 3600.0
_STEP = 500


class Retention(Worker):
    """Looks every hour."""

    @property
    def period_seconds(self) -> float:
        """An hour."""
        return _EVERY_SECONDS

    async def work(self) -> None:
        """Drop everything that is old enough."""
        now = self.cloud.clock.now()
        tables, backups = await self.cloud.store.read(partial(_find, now=now))
        for table in tables:
            if table.stream is not None and table.stream.enabled:
                roll = partial(stream_store.roll_over, number=table.stream.number, at=now)
                await self.cloud.store.transact(roll)
            if table.recovery is None:
                continue
            before = now - table.recovery.days * DAY_SECONDS
            start: bytes | None = b""
            while start is not None:
                step = partial(_forget_some, table=table, before=before, start=start)
                start = await self.cloud.store.transact(step)
                await asyncio.sleep(0)
        for name in backups:
            await self.cloud.store.transact(partial(_drop, name=name))
        self.cloud.component(Upkeep).wake()


def _find(view: Snapshot, now: float) -> tuple[list[Table], list[tuple[Any, ...]]]:
    """Tables with a history or a stream, and the names of backups whose time is over."""
    tables = [table for table in store.all_tables(view) if table.recovery or table.stream]
    backups = [
        name
        for name, document in store.all_backups(view)
        if document["expires_at"] is not None and document["expires_at"] < now
    ]
    return tables, backups


def _forget_some(tx: Transaction, table: Table, before: float, start: bytes) -> bytes | None:
    assert table.recovery is not None
    return history.forget_some(tx, table, table.recovery.arm, before, start, _STEP)


def _drop(tx: Transaction, name: tuple[Any, ...]) -> None:
    document = store.get_document(tx, *name)
    if document is not None:
        store.delete_document(tx, *name)
        store.drop_entries(tx, document["number"], 0)
