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
from functools import partial
from mmap import mmap
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from airside.kernel.ids import Ids
from airside.kernel.store import Snapshot, Store, Transaction
from airside.storage.direct import BUFFER_BYTES, DirectWriter, create
from airside.storage.errors import full_disk_told
from airside.storage.keys import pack, prefix_range
from airside.storage.manifest import sync_folder

T = TypeVar("T")

THREADS = 8
GATHER_BYTES = 1 << 20
"""Chunks are gathered to this size before a thread writes them, while the next ones gather."""
DIRECT_BYTES_MIN = 4 << 20
"""Blobs of so many bytes are written past the page cache."""
BUFFERS_KEPT = 16
READ_BYTES = 256 << 10
ID_LENGTH = 26
_CHUNKS_AT_ONCE = 512
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
        self._writers = ThreadPoolExecutor((os.cpu_count() or 1) + 1, "airside-writers")
        """They hash what they write: more of them than cores only take turns."""
        self._unneeded_since: dict[str, float] = {}
        self._new.mkdir(parents=True, exist_ok=True)
        for leftover in self._new.iterdir():
            leftover.unlink()
        if durable:
            sync_folder(folder)
        self._shards = {path.name for path in folder.iterdir()}
        self._making_shard = threading.Lock()
        self._buffers: list[mmap] = []

    def create(
        self, through: Callable[[bytes], bytes] | None = None, *, length: int | None = None
    ) -> "FileBlobWriter":
        """Start writing a blob. Each chunk goes `through` this, in the thread that writes it."""
        direct = self._durable and length is not None and length >= DIRECT_BYTES_MIN
        return FileBlobWriter(self, self._ids.lower(ID_LENGTH), through, direct=direct)

    def written(self, blob_id: str) -> Path:
        """The file of a blob that is being written."""
        return self._new / blob_id

    def lend(self) -> mmap:
        """Aligned memory for one writer. Any thread."""
        try:
            return self._buffers.pop()
        except IndexError:
            return mmap(-1, BUFFER_BYTES)

    def take_back(self, buffer: mmap) -> None:
        """It is not used any more."""
        if len(self._buffers) < BUFFERS_KEPT:
            self._buffers.append(buffer)

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
        self._writers.shutdown()
        self._threads.shutdown()

    def begin(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        """Have something hashed and written; its end."""
        return asyncio.get_running_loop().run_in_executor(self._writers, work)

    async def in_thread(self, work: Callable[..., T], *args: Any, **named: Any) -> T:
        """Run blocking work."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: work(*args, **named))

    def keep(self, file: int, written: Path, kept: Path) -> None:
        """Give a file its name, durably. Blocks."""
        if self._durable:
            os.fsync(file)
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
    """A blob being written. One batch of chunks is with a thread while the next gathers."""

    def __init__(
        self,
        blobs: FileBlobs,
        blob_id: str,
        through: Callable[[bytes], bytes] | None,
        *,
        direct: bool,
    ) -> None:
        self._blobs = blobs
        self._blob_id = blob_id
        self._written = blobs.written(blob_id)
        self._through = through
        self._direct = direct
        self._past_cache: DirectWriter | None = None
        self._file = -1
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0
        self._writing: asyncio.Future[None] | None = None

    async def write(self, chunk: bytes) -> None:
        """Append. Raises DiskFull."""
        self._gathered.append(chunk)
        self._gathered_bytes += len(chunk)
        if self._gathered_bytes >= GATHER_BYTES:
            await self._hand_over()

    async def flush(self) -> None:
        """Return when all that was written has gone through a thread. Raises DiskFull."""
        await self._hand_over()
        await self._written_so_far()

    async def commit(self) -> str:
        """Make it durable; its id. Raises DiskFull."""
        await self.flush()
        await self._blobs.in_thread(self._keep)
        return self._blob_id

    async def abort(self) -> None:
        """Throw it away."""
        self._gathered, self._gathered_bytes = [], 0
        if self._writing is not None:
            await asyncio.wait([self._writing])
        if self._file >= 0:
            self._close()
            await self._blobs.in_thread(self._written.unlink, missing_ok=True)

    async def _hand_over(self) -> None:
        await self._written_so_far()
        chunks, self._gathered, self._gathered_bytes = self._gathered, [], 0
        fresh = self._file < 0
        if not chunks and not fresh:
            return
        self._writing = self._blobs.begin(partial(self._append, chunks))
        if fresh:
            await self._written_so_far()

    async def _written_so_far(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            await writing

    def _append(self, chunks: list[bytes]) -> None:
        if self._file < 0:
            self._file, direct = create(self._written, direct=self._direct)
            if direct:
                self._past_cache = DirectWriter(self._file, self._blobs.lend())
        if self._through is not None:
            chunks = [self._through(chunk) for chunk in chunks]
        with full_disk_told():
            if self._past_cache is not None:
                self._past_cache.write(chunks)
            else:
                _write_all(self._file, chunks)

    def _keep(self) -> None:
        with full_disk_told():
            if self._past_cache is not None:
                self._past_cache.finish()
            self._blobs.keep(self._file, self._written, self._blobs.path(self._blob_id))
        self._close()

    def _close(self) -> None:
        os.close(self._file)
        self._file = -1
        if self._past_cache is not None:
            self._blobs.take_back(self._past_cache.buffer)
            self._past_cache = None


def _write_all(file: int, chunks: list[bytes]) -> None:
    """Append chunks without joining them first."""
    at = 0
    while at < len(chunks):
        some = chunks[at : at + _CHUNKS_AT_ONCE]
        size = sum(map(len, some))
        sent = os.writev(file, some)
        if sent < size:  # the disk filled up, or a signal came: rare, so it may be slow
            rest = memoryview(b"".join(some))[sent:]
            while rest:
                rest = rest[os.write(file, rest) :]
        at += len(some)


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
