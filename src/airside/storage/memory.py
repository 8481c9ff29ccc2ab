"""Storage in memory: the plain model that the real engine is tested against."""

import tempfile
from bisect import bisect_left, insort
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TypeVar

from airside.kernel.ids import Ids, SystemIds
from airside.kernel.store import Snapshot, Transaction
from airside.storage.keys import pack

T = TypeVar("T")


class _Table:
    """A sorted map of keys to values that can be put back as it was."""

    def __init__(self, values: dict[bytes, bytes], keys: list[bytes]) -> None:
        self.values = values
        self.keys = keys
        self.undo: list[tuple[bytes, bytes | None]] | None = None

    def get(self, key: bytes) -> bytes | None:
        return self.values.get(key)

    def scan(
        self, start: bytes, end: bytes, *, reverse: bool = False, limit: int | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        first, last = bisect_left(self.keys, start), bisect_left(self.keys, end)
        last = max(first, last)
        if limit is not None and last - first > limit:
            first, last = (last - limit, last) if reverse else (first, first + limit)
        found = [(key, self.values[key]) for key in self.keys[first:last]]
        return reversed(found) if reverse else iter(found)

    def put(self, key: bytes, value: bytes) -> None:
        old = self.values.get(key)
        if self.undo is not None:
            self.undo.append((key, old))
        if old is None:
            insort(self.keys, key)
        self.values[key] = value

    def delete(self, key: bytes) -> None:
        old = self.values.pop(key, None)
        if old is None:
            return
        if self.undo is not None:
            self.undo.append((key, old))
        del self.keys[bisect_left(self.keys, key)]

    def roll_back(self) -> None:
        undo, self.undo = self.undo or [], None
        for key, old in reversed(undo):
            if old is None:
                self.delete(key)
            else:
                self.put(key, old)


class MemoryStore:
    """A Store that forgets everything."""

    def __init__(self) -> None:
        self._table = _Table({}, [])
        self._hook: Callable[[Transaction], None] | None = None
        self.state = 0

    def attach(self, before_commit: Callable[[Transaction], None]) -> None:
        """Call `before_commit` at the end of each transaction; its writes belong to it."""
        self._hook = before_commit

    async def read(self, body: Callable[[Snapshot], T]) -> T:
        """Run `body` on the present state."""
        return body(self._table)

    async def transact(self, body: Callable[[Transaction], T]) -> T:
        """Run `body`; all of its writes stay, or none when it raises."""
        self._table.undo = []
        try:
            result = body(self._table)
            if self._hook:
                self._hook(self._table)
        except BaseException:
            self._table.roll_back()
            raise
        self._table.undo = None
        self.state += 1
        return result

    async def branch(self) -> "MemoryStore":
        """A copy that goes its own way."""
        twin = MemoryStore()
        twin._table = _Table(dict(self._table.values), list(self._table.keys))
        return twin

    async def close(self) -> None:
        """Nothing to do."""


class MemoryBlobs:
    """Blobs in memory; only those asked for by path are written to a file."""

    def __init__(self, ids: Ids | None = None) -> None:
        self._ids = ids or SystemIds()
        self._blobs: dict[str, bytes] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def create(
        self, through: Callable[[bytes], bytes] | None = None, *, length: int | None = None
    ) -> "MemoryBlobWriter":
        """Start writing a blob."""
        return MemoryBlobWriter(self._blobs, self._ids.lower(26), through)

    def path(self, blob_id: str) -> Path:
        """A file with the blob's content, gone with this object. KeyError for an unknown blob."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="airside-blobs-")
        path = Path(self._folder.name, blob_id)
        if not path.exists():
            path.write_bytes(self._blobs[blob_id])
        return path

    def hold(self, tx: Transaction, blob_id: str, owner: bytes) -> None:
        """Record that `owner` needs the blob."""
        tx.put(pack(("blob", blob_id, owner)), b"")

    def release(self, tx: Transaction, blob_id: str, owner: bytes) -> None:
        """Record that `owner` no longer needs the blob."""
        tx.delete(pack(("blob", blob_id, owner)))

    async def read(
        self, blob_id: str, offset: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """The blob in one chunk. KeyError for an unknown blob."""
        end = None if length is None else offset + length
        chunk = self._blobs[blob_id][offset:end]
        if chunk:
            yield chunk


class MemoryBlobWriter:
    """A blob being written to memory."""

    def __init__(
        self, blobs: dict[str, bytes], blob_id: str, through: Callable[[bytes], bytes] | None
    ) -> None:
        self._blobs = blobs
        self._blob_id = blob_id
        self._through = through
        self._chunks: list[bytes] = []

    async def write(self, chunk: bytes) -> None:
        """Append."""
        self._chunks.append(chunk if self._through is None else self._through(chunk))

    async def flush(self) -> None:
        """Everything is there already."""

    async def commit(self) -> str:
        """Keep it; its id."""
        self._blobs[self._blob_id] = b"".join(self._chunks)
        return self._blob_id

    async def abort(self) -> None:
        """Throw it away."""
        self._chunks.clear()
