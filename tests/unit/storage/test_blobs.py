"""Blobs: written once, whole or not at all, and kept as long as some branch needs them."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from airside.kernel import Blobs, SeededIds
from airside.storage import FileBlobs, MemoryBlobs, MemoryStore, StoreFamily, direct
from airside.storage import blobs as blobs_module
from airside.storage.direct import BUFFER_BYTES

NOW = 2_000_000_000.0
DIRECT = 10 << 20
"""A length that makes writers go past the cache."""


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[FileBlobs]:
    blobs = FileBlobs(tmp_path / "blobs", SeededIds(1))
    yield blobs
    blobs.close()


@pytest.fixture(params=["files", "memory"])
async def blobs(request: pytest.FixtureRequest, files: FileBlobs) -> Blobs:
    return files if request.param == "files" else MemoryBlobs(SeededIds(1))


async def store_blob(blobs: Blobs, *chunks: bytes, length: int | None = None) -> str:
    writer = blobs.create(length=length)
    for chunk in chunks:
        await writer.write(chunk)
    return await writer.commit()


async def content(blobs: Blobs, blob_id: str, *where: int) -> bytes:
    return b"".join([chunk async for chunk in blobs.read(blob_id, *where)])


async def test_a_blob_reads_as_it_was_written(blobs: Blobs) -> None:
    chunks = [b"one", b"", b"two", b"x" * 1_700_000, b"three"]
    blob_id = await store_blob(blobs, *chunks)
    whole = b"".join(chunks)
    assert await content(blobs, blob_id) == whole
    assert blobs.path(blob_id).read_bytes() == whole
    assert await content(blobs, blob_id, 3, 3) == b"two"
    assert await content(blobs, blob_id, 5, 300_000) == whole[5:300_005]
    assert await content(blobs, blob_id, len(whole) - 5) == b"three"
    assert await content(blobs, blob_id, 0, 0) == b""
    assert await content(blobs, blob_id, len(whole), 9) == b""


@pytest.mark.parametrize("size", [0, 1, 4096, BUFFER_BYTES, BUFFER_BYTES + 1, 5_000_000])
async def test_a_large_blob_goes_past_the_cache_and_reads_the_same(
    files: FileBlobs, size: int
) -> None:
    whole = os.urandom(size)
    chunks = [whole[at : at + 199_999] for at in range(0, size, 199_999)]
    blob_id = await store_blob(files, *chunks, length=DIRECT)  # whatever was announced
    assert files.path(blob_id).read_bytes() == whole


@pytest.mark.parametrize("refused", ["at once", "the first write", "later"])
async def test_a_file_system_without_direct_writes_does_as_well(
    files: FileBlobs, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    whole = os.urandom(3_000_001)
    if refused == "at once":
        monkeypatch.setattr(direct, "_DIRECT", 0)
    real, calls = os.write, []

    def write(file: int, data: bytes) -> int:
        calls.append(len(data))
        if refused == "the first write" and len(calls) == 1:
            raise OSError(errno.EINVAL, "not so")
        return real(file, data[:1000] if refused == "later" and len(calls) == 2 else data)

    monkeypatch.setattr(direct.os, "write", write)
    blob_id = await store_blob(files, whole, length=DIRECT)
    assert files.path(blob_id).read_bytes() == whole


async def test_an_empty_blob_is_a_blob(blobs: Blobs) -> None:
    blob_id = await store_blob(blobs)
    assert await content(blobs, blob_id) == b""
    assert blobs.path(blob_id).stat().st_size == 0


async def test_every_blob_has_an_id_of_its_own(blobs: Blobs) -> None:
    ids = await asyncio.gather(*(store_blob(blobs, b"same") for _ in range(50)))
    assert len(set(ids)) == 50


async def test_an_unknown_blob_is_an_error(blobs: Blobs) -> None:
    with pytest.raises((FileNotFoundError, KeyError)):
        await content(blobs, "0" * 26)


async def test_large_blobs_come_in_chunks_and_never_whole(files: FileBlobs) -> None:
    writer = files.create()
    for _ in range(40):
        await writer.write(b"x" * 50_000)
        assert writer._gathered_bytes < blobs_module.GATHER_BYTES
    blob_id = await writer.commit()
    sizes = [len(chunk) async for chunk in files.read(blob_id)]
    assert sum(sizes) == 2_000_000
    assert max(sizes) <= blobs_module.READ_BYTES


def paths(files: FileBlobs) -> list[Path]:
    return [path for path in files._folder.rglob("*") if path.is_file()]


async def test_what_is_aborted_or_never_committed_leaves_nothing(files: FileBlobs) -> None:
    for size in (10, 2_000_000):
        writer = files.create()
        await writer.write(b"x" * size)
        await writer.abort()
    assert paths(files) == []
    abandoned = files.create()
    await abandoned.write(b"x" * 2_000_000)
    assert len(paths(files)) == 1
    files.close()
    again = FileBlobs(files._folder, SeededIds(2))
    assert paths(again) == []
    again.close()


async def test_a_blob_is_durable_before_its_id_is_told(
    files: FileBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def seen_fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        steps.append("sync folder" if path.is_dir() else f"sync {path.stat().st_size} bytes")
        fsync(descriptor)

    def seen_rename(path: Path, target: Path) -> Path:
        renamed = rename(path, target)
        steps.append("rename")
        return renamed

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(Path, "rename", seen_rename)
    blob_id = await store_blob(files, b"x" * 300_000, b"y" * 5)
    assert files.path(blob_id).exists()
    assert steps == ["sync 300005 bytes", "sync folder", "rename", "sync folder"]


async def test_reads_go_on_though_the_blob_is_deleted(files: FileBlobs) -> None:
    blob_id = await store_blob(files, b"x" * 1_000_000)
    reading = files.read(blob_id)
    first = await anext(reading)
    files.path(blob_id).unlink()
    rest = [chunk async for chunk in reading]
    assert len(first) + sum(map(len, rest)) == 1_000_000


async def test_blobs_that_no_branch_needs_are_collected(files: FileBlobs, tmp_path: Path) -> None:
    family = StoreFamily.open(tmp_path / "store", synchronous="NORMAL")
    held, branched, released, shared, unnamed = [await store_blob(files, b"x") for _ in range(5)]

    def hold(tx: Any) -> None:
        for blob_id in (held, branched, released, shared):
            files.hold(tx, blob_id, b"object")
        files.hold(tx, shared, b"copy")

    def release(tx: Any) -> None:
        for blob_id in (branched, released, shared):
            files.release(tx, blob_id, b"object")

    await family.main.transact(hold)
    child = await family.branch("main", "child")
    await family.main.transact(release)
    await child.transact(lambda tx: files.release(tx, released, b"object"))
    assert await files.collect([family.main, child], NOW, 0) == 2
    assert {path.name for path in paths(files)} == {held, branched, shared}
    assert await files.collect([family.main], NOW, 0) == 1
    assert {path.name for path in paths(files)} == {held, shared}
    assert unnamed not in {held, shared}
    await family.close()


async def test_collection_waits_for_the_grace_period(files: FileBlobs) -> None:
    store = MemoryStore()
    blob_id = await store_blob(files, b"x")
    written_at = files.path(blob_id).stat().st_mtime
    assert await files.collect([store], written_at + 30, 60) == 0
    assert await files.collect([store], written_at + 90, 60) == 0
    assert await files.collect([store], written_at + 120, 60) == 0
    assert await files.collect([store], written_at + 151, 60) == 1


async def test_a_blob_needed_again_starts_its_grace_period_anew(files: FileBlobs) -> None:
    store = MemoryStore()
    blob_id = await store_blob(files, b"x")
    assert await files.collect([store], NOW, 60) == 0
    await store.transact(lambda tx: files.hold(tx, blob_id, b"object"))
    assert await files.collect([store], NOW + 50, 60) == 0
    await store.transact(lambda tx: files.release(tx, blob_id, b"object"))
    assert await files.collect([store], NOW + 100, 60) == 0
    assert await files.collect([store], NOW + 159, 60) == 0
    assert await files.collect([store], NOW + 160, 60) == 1
