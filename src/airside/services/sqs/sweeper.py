"""Clears away what purged and deleted queues left behind, a little at a time."""

from airside.kernel import Transaction
from airside.services.sqs import store
from airside.storage import Worker

_AT_ONCE = 500


class Sweeper(Worker):
    """Works while there is garbage."""

    async def work(self) -> None:
        """Clear everything away."""
        while (found := await self.cloud.store.read(store.garbage)) is not None:
            account_id, region, what = found

            def body(
                tx: Transaction, account_id: str = account_id, region: str = region,
                what: str = what,
            ) -> None:  # fmt: skip
                store.sweep(tx, account_id, region, what, _AT_ONCE)

            await self.cloud.store.transact(body)
