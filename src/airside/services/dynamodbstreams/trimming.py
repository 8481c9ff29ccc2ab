"""Records are kept for 24 hours; then they go, and with them shards and streams that are empty."""

import asyncio
from functools import partial

from airside.kernel.store import Transaction
from airside.services.dynamodbstreams import store
from airside.services.dynamodbstreams.store import RETENTION_SECONDS, StreamId
from airside.storage import Worker

_EVERY_SECONDS = 600.0
_STEP = 200


class Trimming(Worker):
    """Looks every ten minutes."""

    @property
    def period_seconds(self) -> float:
        """Ten minutes."""
        return _EVERY_SECONDS

    async def work(self) -> None:
        """Trim everything that is old enough."""
        before = self.cloud.clock.now() - RETENTION_SECONDS
        streams = await self.cloud.store.read(lambda view: list(store.all_streams(view)))
        for stream, document in streams:
            shards = await self.cloud.store.read(partial(store.shards, number=document["number"]))
            for index, _ in shards:
                trim = partial(
                    store.trim, number=document["number"], index=index, before=before, limit=_STEP
                )
                while await self.cloud.store.transact(trim) == _STEP:
                    await asyncio.sleep(0)
            await self.cloud.store.transact(
                partial(_drop_empty, stream=stream, number=document["number"], before=before)
            )


def _drop_empty(tx: Transaction, stream: StreamId, number: int, before: float) -> None:
    left = 0
    for index, shard in store.shards(tx, number):
        closed_at = shard["closed_at"]
        if closed_at is not None and closed_at < before:
            store.drop_shard(tx, number, index)
        else:
            left += 1
    if not left:
        store.drop_stream(tx, stream)
