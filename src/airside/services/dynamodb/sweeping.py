"""Deleting what has expired. It costs nobody write units, and streams say who did it."""

import asyncio
from functools import partial

from airside.kernel.cloud import Cloud
from airside.kernel.store import Snapshot, Transaction
from airside.services.dynamodb import mutation, store
from airside.services.dynamodb.store import TableId, Tables
from airside.storage import Worker

_STEP = 25


class Sweeping(Worker):
    """Looks again and again whether something has expired, if anything can."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._tables: set[TableId] = set()

    async def start(self) -> None:
        """Find the tables whose items may expire."""
        self._tables.update(await self.cloud.store.read(_with_lifetimes))
        await super().start()

    def watch(self, table_id: TableId) -> None:
        """Items of this table may expire from now on."""
        self._tables.add(table_id)
        self.wake()

    @property
    def period_seconds(self) -> float | None:
        """As set, while there is a table whose items may expire."""
        return self.cloud.settings.dynamodb_expiry_seconds if self._tables else None

    async def work(self) -> None:
        """Delete everything that has expired."""
        for table_id in list(self._tables):
            now = self.cloud.clock.now()
            due = await self.cloud.store.read(partial(self._due, table_id=table_id, now=now))
            if due is None:
                self._tables.discard(table_id)
            elif due:
                step = partial(self._sweep, table_id=table_id, now=now)
                while await self.cloud.store.transact(step) == _STEP:
                    await asyncio.sleep(0)

    def _due(self, view: Snapshot, table_id: TableId, now: float) -> bool | None:
        """Whether something has expired; None when nothing of the table can."""
        table = self.cloud.component(Tables).find(view, table_id)
        if table is None or table.journal is None or table.journal.expiry is None:
            return None
        return any(True for _ in table.journal.expiry.due(view, now, 1))

    def _sweep(self, tx: Transaction, table_id: TableId, now: float) -> int:
        """Delete up to 25 items that have expired; how many were due."""
        table = self.cloud.component(Tables).find(tx, table_id)
        if table is None or table.journal is None or table.journal.expiry is None:
            return 0
        expiry = table.journal.expiry
        due = list(expiry.due(tx, now, _STEP))
        for entry, key in due:
            record = store.get(tx, key)
            at = expiry.expires_at(record.item) if record is not None else None
            if record is not None and at is not None and at <= now:
                mutation.remove(tx, table, key, record, expired=True)
            store.delete(tx, entry)
        return len(due)


def _with_lifetimes(view: Snapshot) -> list[TableId]:
    return [
        (table.account_id, table.region, table.name)
        for table in store.all_tables(view)
        if table.ttl is not None and table.ttl.enabled
    ]
