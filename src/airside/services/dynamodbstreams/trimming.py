"""Records are kept for 24 hours; then they go, and with them shards and streams that are empty."""

import asyncio
from contextlib import suppress
from functools import partial

from airside.kernel.cloud import Cloud, Component
from airside.kernel.store import Transaction
from airside.services.dynamodbstreams import store
from airside.services.dynamodbstreams.store import RETENTION_SECONDS, StreamId

_EVERY_SECONDS = 600.0
_STEP = 200


class Trimming(Component):
    """A task that looks every ten minutes."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="streams-trimming")

    async def stop(self) -> None:
        """Stop between two transactions."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while True:
            await self.work()
            await asyncio.sleep(_EVERY_SECONDS)

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
