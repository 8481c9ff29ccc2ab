"""The storage interface: ordered keys, consistent reads, re-runnable transactions.

Keys and values are bytes. Keys sort as bytes; `airside.storage.keys.pack` makes order-preserving
keys from tuples. A service keeps everything under keys that begin with its own name and touches
the store in its `store.py` only.

Bodies are synchronous, free of side effects outside the transaction, and may be run more than
once. They run on the event loop, so they must be short: bound every scan.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from airside.kernel.waits import Wait

T = TypeVar("T")


class Commit(Wait[None]):
    """What transactions wait for: the moment at which they are durable. A group shares one.

    Nobody can cancel it: a task that is cancelled meanwhile ends when it has come.
    """

    def cancel(self, msg: Any = None) -> bool:
        """Others wait for it too."""
        return False


class Snapshot(Protocol):
    """One consistent view."""

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        ...

    def scan(
        self, start: bytes, end: bytes, *, reverse: bool = False, limit: int | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Pairs with `start <= key < end`, in key order (or its reverse), at most `limit`."""
        ...


class Transaction(Snapshot, Protocol):
    """A view that sees its own writes. All of them become visible and durable at once, or none."""

    def put(self, key: bytes, value: bytes) -> None:
        """Insert or replace."""
        ...

    def delete(self, key: bytes) -> None:
        """Remove, whether it is there or not."""
        ...


class Store(Protocol):
    """One environment's data."""

    @property
    def state(self) -> int:
        """Names the state that reads see now: as long as it is the same, so is all they find."""
        ...

    async def read(self, body: Callable[[Snapshot], T]) -> T:
        """Run `body` on the latest committed state. Embedded: in place, without suspending."""
        ...

    async def transact(self, body: Callable[[Transaction], T]) -> T:
        """Run `body`; return its result once its writes are durable.

        An exception from `body` writes nothing and is raised here. Concurrent transactions are
        serializable and share one fsync (group commit).
        """
        ...


class BlobWriter(Protocol):
    """A blob being written. Abort it unless it was committed."""

    async def write(self, chunk: bytes) -> None:
        """Append."""
        ...

    async def flush(self) -> None:
        """Return when every chunk has gone through what `create` was given."""
        ...

    async def commit(self) -> str:
        """Make it durable; its id. Name it in a transaction soon, or it is collected."""
        ...

    async def abort(self) -> None:
        """Throw it away."""
        ...


class Blobs(Protocol):
    """Large immutable byte strings beside the keys, shared by all branches."""

    def create(
        self, through: Callable[[bytes], bytes] | None = None, *, length: int | None = None
    ) -> BlobWriter:
        """Start writing a blob, of about `length` bytes if that is known."""
        ...

    def path(self, blob_id: str) -> Path:
        """The file that holds a committed blob; never write to it."""
        ...

    def hold(self, tx: Transaction, blob_id: str, owner: bytes) -> None:
        """Record, in the transaction that names a blob, that `owner` (any key) needs it."""
        ...

    def release(self, tx: Transaction, blob_id: str, owner: bytes) -> None:
        """Record that `owner` no longer needs the blob; unneeded blobs are collected later."""
        ...

    def read(
        self, blob_id: str, offset: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Chunks of a committed blob."""
        ...
