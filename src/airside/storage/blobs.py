"""Blobs as files: large immutable byte strings beside the keys, shared by all branches.

    <id[:2]>/<id>    a committed blob
    new/<id>         one being written

A blob is durable before its id is told, so a key that names it never names nothing. Who needs a
blob is recorded in the store, under `("blob", id, owner)`; what nobody needs is collected.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from airside.kernel.ids import Ids
from airside.kernel.store import Snapshot, Store, Transaction
from airside.storage.keys import pack, prefix_range
from airside.storage.manifest import sync_folder

T = TypeVar("T")

THREADS = 8
GATHER_BYTES = 256 << 10
"""Small chunks are gathered to this size before a thread writes them."""
READ_BYTES = 256 << 10
ID_LENGTH = 26
COLLECT_BATCH = 50
"""Blobs looked at in one turn of the event loop."""


class FileBlobs:
    """The blobs of one folder."""

    def __init__(self, folder: Path, ids: Ids, *, durable: bool = True) -> None:
        self._folder = folder
        self._new = folder / "new"
        self._ids = ids
        self._durable = durable
        self._threads = ThreadPoolExecutor(THREADS, "airside-blobs")
        self._unneeded_since: dict[str, float] = {}
        self._new.mkdir(parents=True, exist_ok=True)
        for leftover in self._new.iterdir():
            leftover.unlink()
        if durable:
            sync_folder(folder)
        self._shards = {path.name for path in folder.iterdir()}
        self._making_shard = threading.Lock()

    def create(self) -> "FileBlobWriter":
        """Start writing a blob."""
        blob_id = self._ids.lower(ID_LENGTH)
        return FileBlobWriter(self, blob_id, self._new / blob_id, self.path(blob_id))

    def path(self, blob_id: str) -> Path:
        """The file that holds a committed blob."""
        return self._folder / blob_id[:2] / blob_id

    def hold(self, tx: Transaction, blob_id: str, owner: bytes) -> None:
        """Record, in the transaction that names a blob, that `owner` needs it."""
        tx.put(pack(("blob", blob_id, owner)), b"")

    def release(self, tx: Transaction, blob_id: str, owner: bytes) -> None:
        """Record that `owner` no longer needs the blob."""
        tx.delete(pack(("blob", blob_id, owner)))

    async def read(
        self, blob_id: str, offset: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Chunks of a committed blob. Raises FileNotFoundError for an unknown one."""
        file = await self.in_thread(_open, self.path(blob_id))
        try:
            if offset:
                file.seek(offset)
            left = length
            while left is None or left > 0:
                size = READ_BYTES if left is None else min(READ_BYTES, left)
                chunk = await self.in_thread(file.read, size)
                if not chunk:
                    return
                if left is not None:
                    left -= len(chunk)
                yield chunk
        finally:
            file.close()

    async def collect(self, stores: Sequence[Store], now: float, grace_seconds: float) -> int:
        """Delete blobs that no branch needs, and has not needed for the grace period; how many.

        `stores` are all branches. The period lets uploads name their blobs and readers finish.
        """
        count = 0
        unneeded: dict[str, float] = {}
        for batch in _batches(await self.in_thread(self._older_than, now - grace_seconds)):
            for blob_id in await _unneeded(stores, batch):
                since = unneeded[blob_id] = self._unneeded_since.get(blob_id, now)
                if now - since >= grace_seconds:
                    await self.in_thread(self.path(blob_id).unlink, missing_ok=True)
                    del unneeded[blob_id]
                    count += 1
        self._unneeded_since = unneeded
        return count

    def close(self) -> None:
        """Wait for the threads. What was not committed is gone."""
        self._threads.shutdown()

    async def in_thread(self, work: Callable[..., T], *args: Any, **named: Any) -> T:
        """Run blocking work."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: work(*args, **named))

    def keep(self, file: BinaryIO, tail: bytes, written: Path, kept: Path) -> None:
        """Finish a file and give it its name, durably. Blocks."""
        file.write(tail)
        file.flush()
        if self._durable:
            os.fsync(file.fileno())
        file.close()
        self._make_shard(kept.parent)
        written.rename(kept)
        if self._durable:
            sync_folder(kept.parent)

    def _make_shard(self, shard: Path) -> None:
        with self._making_shard:
            if shard.name not in self._shards:
                shard.mkdir(exist_ok=True)
                if self._durable:
                    sync_folder(self._folder)
                self._shards.add(shard.name)

    def _older_than(self, instant: float) -> list[str]:
        return [
            entry.name
            for shard in self._folder.iterdir()
            if shard != self._new
            for entry in os.scandir(shard)
            if entry.stat().st_mtime <= instant
        ]


class FileBlobWriter:
    """A blob being written."""

    def __init__(self, blobs: FileBlobs, blob_id: str, written: Path, kept: Path) -> None:
        self._blobs = blobs
        self._blob_id = blob_id
        self._written = written
        self._kept = kept
        self._file: BinaryIO | None = None
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0

    async def write(self, chunk: bytes) -> None:
        """Append."""
        self._gathered.append(bytes(chunk))
        self._gathered_bytes += len(chunk)
        if self._gathered_bytes >= GATHER_BYTES:
            await self._blobs.in_thread(self._open().write, self._take())

    async def commit(self) -> str:
        """Make it durable; its id."""
        await self._blobs.in_thread(self._keep, self._take())
        return self._blob_id

    async def abort(self) -> None:
        """Throw it away."""
        self._take()
        if self._file is not None:
            self._file.close()
            await self._blobs.in_thread(self._written.unlink, missing_ok=True)

    def _take(self) -> bytes:
        tail = b"".join(self._gathered)
        self._gathered, self._gathered_bytes = [], 0
        return tail

    def _open(self) -> BinaryIO:
        if self._file is None:
            self._file = self._written.open("wb")
        return self._file

    def _keep(self, tail: bytes) -> None:
        self._blobs.keep(self._open(), tail, self._written, self._kept)


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


async def _unneeded(stores: Sequence[Store], blob_ids: Sequence[str]) -> list[str]:
    """Those that no store has a reference to, durable or about to be."""

    def without_owner(snapshot: Snapshot) -> list[str]:
        return [blob_id for blob_id in left if not _is_needed(snapshot, blob_id)]

    left = list(blob_ids)
    for store in stores:
        left = await store.transact(without_owner)
    return left


def _is_needed(snapshot: Snapshot, blob_id: str) -> bool:
    start, end = prefix_range(("blob", blob_id))
    return next(iter(snapshot.scan(start, end, limit=1)), None) is not None


def _batches(blob_ids: list[str]) -> Iterable[list[str]]:
    return (blob_ids[at : at + COLLECT_BATCH] for at in range(0, len(blob_ids), COLLECT_BATCH))
