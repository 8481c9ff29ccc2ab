"""The cache at the edge: memory over disk, both bounded. It survives a restart.

A file holds one response: 4 bytes of length, its Entry as msgpack, its body. A large body is a file
of its own beside it, linked to the blob it came from where the file system allows, so that caching
a large object takes no time and no space. Nothing is fsynced: a torn file is a miss.
"""

import asyncio
import contextlib
import hashlib
import os
import shutil
from collections import OrderedDict
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from msgspec import Struct

from airside.kernel import FileSlice
from airside.services.cloudfront import limits

Headers = list[tuple[str, str]]


class Entry(Struct, kw_only=True, array_like=True):
    """One cached response. Instants are seconds since the epoch."""

    key: str
    distribution: str
    target: str
    status: int
    headers: list[tuple[str, str]]
    size: int
    requested_at: float
    """When the origin was asked: what was invalidated later than that is not used."""
    stored_at: float
    fresh_until: float
    etag: str = ""
    last_modified: str = ""
    stale_while_revalidate: float = 0.0
    stale_if_error: float | None = None
    is_error: bool = False
    """Whether the origin answered an error, whatever viewers are told."""
    apart: bool = False
    """Whether the body is a file of its own."""


class Kept:
    """An Entry with its body at hand, and the head of its last answer."""

    __slots__ = (
        "__weakref__",
        "body",
        "entry",
        "gone",
        "head",
        "head_age",
        "head_of",
        "lowered",
        "retry_at",
    )

    def __init__(self, entry: Entry, body: bytes | FileSlice) -> None:
        self.entry = entry
        self.body = body
        self.head: Headers = []
        self.head_age = -1
        self.head_of: object = None
        """The behaviour whose policy the head follows."""
        self.gone = False
        """Whether the cache holds it no longer."""
        self.retry_at = 0.0
        """The origin failed: it is not asked again before."""
        self.lowered = {name.lower(): value for name, value in entry.headers}

    @property
    def memory(self) -> int:
        """Bytes it takes, roughly."""
        return (len(self.body) if isinstance(self.body, bytes) else 0) + 1024


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


class Cache:
    """Responses by key."""

    def __init__(
        self,
        folder: Path,
        memory_bytes_max: int = limits.MEMORY_BYTES_MAX,
        disk_bytes_max: int = limits.DISK_BYTES_MAX,
    ) -> None:
        self._folder = folder
        self._memory_bytes_max = memory_bytes_max
        self._disk_bytes_max = disk_bytes_max
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._memory_bytes = 0
        self._disk_bytes: int | None = None

    # Memory

    def get(self, key: str) -> Kept | None:
        """What memory holds under a key."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def remember(self, kept: Kept) -> None:
        """Hold a response in memory; the least recently used ones give way."""
        former = self._kept.pop(kept.entry.key, None)
        if former is not None:
            self._leave(former)
        self._kept[kept.entry.key] = kept
        self._memory_bytes += kept.memory
        while self._memory_bytes > self._memory_bytes_max and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._leave(oldest)

    def _leave(self, kept: Kept) -> None:
        kept.gone = True
        self._memory_bytes -= kept.memory

    def drop(self, key: str) -> None:
        """Forget one response, on disk too."""
        former = self._kept.pop(key, None)
        if former is not None:
            self._leave(former)
        self._unlink(self._path(key))

    def in_memory(self, distribution: str) -> list[Kept]:
        """Everything of a distribution that memory holds."""
        return [kept for kept in self._kept.values() if kept.entry.distribution == distribution]

    # Disk

    def _path(self, key: str) -> Path:
        name = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
        return self._folder / name[:2] / name

    @staticmethod
    def _body_path(path: Path) -> Path:
        return path.with_suffix(".body")

    def _unlink(self, path: Path) -> None:
        for file in (path, self._body_path(path)):
            file.unlink(missing_ok=True)

    def load(self, key: str) -> Kept | None:
        """What the disk holds under a key; it is in memory afterwards."""
        path = self._path(key)
        try:
            raw = path.read_bytes()
            length = int.from_bytes(raw[:4], "big")
            entry = _decode(raw[4 : 4 + length])
            inside = raw[4 + length :]
            size = self._body_path(path).stat().st_size if entry.apart else len(inside)
        except (OSError, msgspec.DecodeError, msgspec.ValidationError):
            return None
        if entry.key != key or size != entry.size:
            return None
        apart = FileSlice(self._body_path(path), 0, size)
        kept = Kept(entry, apart if entry.apart else inside)
        self.remember(kept)
        return kept

    async def store(self, entry: Entry, body: bytes | Path) -> Kept:
        """Keep a response; a body given as a file is linked or copied."""
        path = self._path(entry.key)
        kept: Kept
        if isinstance(body, bytes):
            kept = Kept(entry, body)
            self.remember(kept)
            await asyncio.to_thread(self._write, path, entry, body)
        else:
            entry.apart = True
            try:
                await asyncio.to_thread(self._link, path, entry, body)
            except OSError:  # a full disk costs the cache, not the answer
                return Kept(entry, FileSlice(body, 0, entry.size))
            kept = Kept(entry, FileSlice(self._body_path(path), 0, entry.size))
            self.remember(kept)
        await self._make_room(entry.size + limits.DISK_BLOCK_BYTES)
        return kept

    async def spool(self, chunks: AsyncIterator[bytes], name: str) -> bytes | Path:
        """Take in a body of unknown size: bytes while it is small, else a file to be stored."""
        held: list[bytes] = []
        size = 0
        async for chunk in chunks:
            held.append(chunk)
            size += len(chunk)
            if size > limits.MEMORY_BODY_BYTES_MAX:
                break
        else:
            return b"".join(held)
        path = self._folder / f"{name}.spool"
        await asyncio.to_thread(_append, path, b"".join(held))
        async for chunk in chunks:
            await asyncio.to_thread(_append, path, chunk)
        return path

    async def refresh(self, kept: Kept) -> None:
        """Write an entry again whose body is still right."""
        path = self._path(kept.entry.key)
        body = kept.body if isinstance(kept.body, bytes) else b""
        kept.head_age = -1
        await asyncio.to_thread(self._write, path, kept.entry, body)

    def _write(self, path: Path, entry: Entry, body: bytes) -> None:
        head = _encode(entry)
        temporary = path.with_suffix(".new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(len(head).to_bytes(4, "big") + head + body)
            temporary.replace(path)
        except OSError:  # a full disk costs the cache, not the answer
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _link(self, path: Path, entry: Entry, body: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        target, temporary = self._body_path(path), path.with_suffix(".part")
        temporary.unlink(missing_ok=True)
        try:
            os.link(body, temporary)
        except OSError:
            shutil.copyfile(body, temporary)
        temporary.replace(target)
        if body.suffix == ".spool":
            body.unlink()
        self._write(path, entry, b"")

    async def _make_room(self, added: int) -> None:
        if self._disk_bytes is None:
            self._disk_bytes = await asyncio.to_thread(self._measure)
        else:
            self._disk_bytes += added
        if self._disk_bytes > self._disk_bytes_max:
            self._disk_bytes = await asyncio.to_thread(self._evict)

    def _files(self) -> list[tuple[float, int, Path]]:
        found = []
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(OSError):
                status = path.stat()
                size = status.st_size + limits.DISK_BLOCK_BYTES
                found.append((status.st_mtime, size, path))
        return found

    def _measure(self) -> int:
        return sum(size for _, size, _ in self._files())

    def _evict(self) -> int:
        """Remove the oldest files until a tenth is free."""
        files = sorted(self._files())
        total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if total <= self._disk_bytes_max * 0.9:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size
        return total


def _append(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(data)
