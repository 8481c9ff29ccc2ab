"""Requests that meet a transaction at work on the same item, where the setting has AWS refuse them.

Here transactions run one after another, each in one go, and their answers wait until what they
wrote is on the disk. As a rule nobody is refused for that: who comes in between finds what the
transaction wrote, as if it had come after the end. With `dynamodb_conflicts` it is refused, as AWS
refuses what comes before the end: single writes, reads and writes in transactions.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from collections.abc import Iterable

from airside.kernel.cloud import Cloud
from airside.kernel.component import Component
from airside.services.dynamodb.errors import TransactionConflictException

ONGOING = "Transaction is ongoing for the item"


class Conflicts(Component):
    """The items that transactions have written whose answers are still to come."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._held: set[bytes] = set()

    def check(self, key: bytes) -> None:
        """Raises TransactionConflictException when a transaction is at work on an item."""
        if key in self._held:
            raise TransactionConflictException(ONGOING)

    def hold(self, keys: Iterable[bytes]) -> None:
        """A transaction has written these items."""
        self._held.update(keys)

    def release(self, keys: Iterable[bytes]) -> None:
        """It is durable, or did not take place."""
        self._held.difference_update(keys)
