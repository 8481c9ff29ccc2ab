"""Branches of a data folder: what they share, what they don't, and what the folder looks like."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airside.storage import (
    BranchExists,
    DataDirDamaged,
    DataDirInUse,
    SqliteStore,
    StoreClosed,
    StoreFamily,
    UnknownBranch,
    manifest,
)


@pytest.fixture
async def family(tmp_path: Path) -> AsyncIterator[StoreFamily]:
    family = StoreFamily.open(tmp_path, synchronous="NORMAL")
    yield family
    await family.close()


def put(key: bytes, value: bytes = b"") -> Callable[[Any], None]:
    return lambda tx: tx.put(key, value)


async def content(store: SqliteStore) -> dict[bytes, bytes]:
    return await store.read(lambda view: dict(view.scan(b"", b"\xff")))


def layer_files(folder: Path) -> list[Path]:
    return list((folder / "layers").iterdir())


def files(folder: Path) -> set[str]:
    return {path.name for path in layer_files(folder) if path.suffix == ".db"}


async def test_a_branch_starts_with_its_parents_content_and_goes_its_own_way(
    family: StoreFamily,
) -> None:
    await family.main.transact(put(b"a", b"1"))
    await family.main.transact(put(b"b", b"1"))
    child = await family.branch("main", "child")
    await child.transact(put(b"a", b"child"))
    await family.main.transact(lambda tx: tx.delete(b"b"))
    await family.main.transact(put(b"c", b"main"))
    grandchild = await family.branch("child", "grandchild")
    await grandchild.transact(lambda tx: tx.delete(b"a"))
    assert await content(family.main) == {b"a": b"1", b"c": b"main"}
    assert await content(child) == {b"a": b"child", b"b": b"1"}
    assert await content(grandchild) == {b"b": b"1"}
    assert family.names() == ["child", "grandchild", "main"]


async def test_a_key_deleted_in_a_branch_can_be_written_again(family: StoreFamily) -> None:
    await family.main.transact(put(b"a", b"old"))
    child = await family.branch("main", "child")
    await child.transact(lambda tx: tx.delete(b"a"))
    assert await child.read(lambda view: (view.get(b"a"), list(view.scan(b"", b"z")))) == (None, [])
    await child.transact(put(b"a", b"new"))
    assert await content(child) == {b"a": b"new"}


async def test_branching_an_unchanged_store_adds_no_layers_to_it(family: StoreFamily) -> None:
    await family.main.transact(put(b"a"))
    for number in range(10):
        await family.branch("main", f"child-{number}")
    assert len(family.main.layers) == 2
    assert {len(family.get(name).layers) for name in family.names()} == {2}


@pytest.fixture
def slow_manifest(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, ...]]:
    """Saving the manifest waits; events for having come there and for going on."""
    reached, opened = threading.Event(), threading.Event()
    save = manifest.save

    def slow(*arguments: Any, **named: Any) -> None:
        reached.set()
        assert opened.wait(5)
        save(*arguments, **named)

    monkeypatch.setattr(manifest, "save", slow)
    yield reached, opened
    opened.set()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_writes_while_a_branch_is_made_wait_and_belong_to_the_parent(
    family: StoreFamily, slow_manifest: tuple[threading.Event, ...]
) -> None:
    reached, opened = slow_manifest
    await family.main.transact(put(b"before"))
    branching = asyncio.create_task(family.branch("main", "child"))
    await until(reached.is_set)
    writing = asyncio.create_task(family.main.transact(put(b"after")))
    await asyncio.sleep(0.02)
    assert not writing.done()
    assert await content(family.main) == {b"before": b""}
    opened.set()
    child = await branching
    await writing
    assert await content(child) == {b"before": b""}
    assert await content(family.main) == {b"before": b"", b"after": b""}


async def test_a_branch_is_made_whole_though_its_caller_gives_up(
    family: StoreFamily, slow_manifest: tuple[threading.Event, ...], tmp_path: Path
) -> None:
    reached, opened = slow_manifest
    await family.main.transact(put(b"a"))
    branching = asyncio.create_task(family.branch("main", "child"))
    await until(reached.is_set)
    branching.cancel()
    await asyncio.sleep(0)
    opened.set()
    await family.settle()
    assert branching.cancelled()
    await family.main.transact(put(b"b"))
    assert await content(family.get("child")) == {b"a": b""}
    assert files(tmp_path) == {"1.db", "2.db", "3.db"}


async def test_a_branch_that_cannot_be_recorded_is_not_made(
    family: StoreFamily, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    save, calls = manifest.save, []

    def fails_once(*arguments: Any, **named: Any) -> None:
        save(*arguments, **named)
        calls.append(arguments)
        if len(calls) == 1:
            raise OSError("no space left")

    await family.main.transact(put(b"a"))
    monkeypatch.setattr(manifest, "save", fails_once)
    with pytest.raises(OSError, match="no space left"):
        await family.branch("main", "child")
    assert family.names() == ["main"]
    assert files(tmp_path) == {"1.db"}
    await family.main.transact(put(b"b"))
    await family.close()
    again = StoreFamily.open(tmp_path)
    assert again.names() == ["main"]
    assert await content(again.main) == {b"a": b"", b"b": b""}
    await again.close()


async def test_a_branch_that_can_be_recorded_only_by_half_is_one_that_the_folder_has(
    family: StoreFamily, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    save, calls = manifest.save, []

    def fails(*arguments: Any, **named: Any) -> None:
        calls.append(arguments)
        if len(calls) == 1:
            save(*arguments, **named)
        raise OSError("the disk is gone")

    await family.main.transact(put(b"a"))
    with monkeypatch.context() as patch:
        patch.setattr(manifest, "save", fails)
        with pytest.raises(OSError, match="the disk is gone"):
            await family.branch("main", "child")
    await family.main.transact(put(b"b"))
    await family.close()
    again = StoreFamily.open(tmp_path)
    assert await content(again.main) == {b"a": b"", b"b": b""}
    assert await content(again.get("child")) == {b"a": b""}
    await again.close()


async def test_deleting_a_branch_keeps_the_layers_that_others_share(
    family: StoreFamily, tmp_path: Path
) -> None:
    await family.main.transact(put(b"a"))
    child = await family.branch("main", "child")
    await child.transact(put(b"b"))
    grandchild = await family.branch("child", "grandchild")
    await family.delete("child")
    await family.settle()
    assert await content(grandchild) == {b"a": b"", b"b": b""}
    assert await content(family.main) == {b"a": b""}
    await family.delete("grandchild")
    await family.settle()
    assert await content(family.main) == {b"a": b""}
    assert len(files(tmp_path)) == 1
    with pytest.raises(StoreClosed):
        await content(child)


async def test_clearing_empties_one_branch_only(family: StoreFamily) -> None:
    await family.main.transact(put(b"a"))
    child = await family.branch("main", "child")
    await family.clear("main")
    assert await content(family.main) == {}
    assert await content(child) == {b"a": b""}


async def test_everything_is_there_after_opening_again(family: StoreFamily, tmp_path: Path) -> None:
    await family.main.transact(put(b"a", b"main"))
    child = await family.branch("main", "child")
    await child.transact(put(b"a", b"child"))
    await family.close()
    again = StoreFamily.open(tmp_path)
    assert await content(again.main) == {b"a": b"main"}
    assert await content(again.get("child")) == {b"a": b"child"}
    await again.close()


async def test_names_that_are_wrong_are_refused(family: StoreFamily) -> None:
    await family.branch("main", "child")
    with pytest.raises(BranchExists, match="child"):
        await family.branch("main", "child")
    with pytest.raises(UnknownBranch, match="nowhere"):
        await family.branch("nowhere", "other")
    with pytest.raises(KeyError):
        family.get("nowhere")
    with pytest.raises(UnknownBranch):
        await family.delete("nowhere")
    with pytest.raises(UnknownBranch):
        await family.compact("nowhere")
    with pytest.raises(ValueError, match="main"):
        await family.delete("main")
    assert family.names() == ["child", "main"]


async def test_two_branches_of_one_name_asked_for_at_once_make_one(family: StoreFamily) -> None:
    outcomes = await asyncio.gather(
        *(family.branch("main", "child") for _ in range(3)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes].count(BranchExists) == 2


async def test_a_second_process_is_refused(family: StoreFamily, tmp_path: Path) -> None:
    script = f"from airside.storage import StoreFamily; StoreFamily.open({str(tmp_path)!r})"
    second = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, env={"PYTHONPATH": "src"}, stderr=subprocess.PIPE
    )
    _, complaint = await second.communicate()
    assert second.returncode == 1
    assert b"DataDirInUse: " in complaint
    assert b"is in use by another process (pid %d)" % os.getpid() in complaint
    with pytest.raises(DataDirInUse):
        StoreFamily.open(tmp_path)
    await family.close()
    again = StoreFamily.open(tmp_path)
    await again.close()


async def test_a_closed_family_gives_no_stores(family: StoreFamily) -> None:
    await family.close()
    with pytest.raises(StoreClosed):
        family.get("main")
    await family.close()


async def test_leftovers_of_a_crash_are_removed(family: StoreFamily, tmp_path: Path) -> None:
    await family.close()
    for name in ("layers/77.db", "layers/77.db-wal", "manifest.json.new"):
        (tmp_path / name).write_bytes(b"half")
    again = StoreFamily.open(tmp_path)
    assert not (tmp_path / "manifest.json.new").exists()
    assert {path.name for path in layer_files(tmp_path)} == {"1.db"}
    await again.close()


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("manifest.json", "{", "is not a manifest"),
        ("manifest.json", "[]", "is not a manifest"),
        ("manifest.json", json.dumps({"format": 2}), "has format 2, not 1"),
        ("manifest.json", '{"format": 1, "branches": {"main": [1, 5]}}', "5.db is missing"),
        ("layers/1.db", "", "was not made by Airside"),
        ("layers/1.db", "x" * 20_000, "cannot be opened"),
    ],
)
async def test_a_damaged_folder_is_refused_and_left_alone(
    family: StoreFamily, tmp_path: Path, path: str, text: str, message: str
) -> None:
    await family.close()
    (tmp_path / path).write_text(text)
    with pytest.raises(DataDirDamaged, match=message):  # noqa: PT012
        again = StoreFamily.open(tmp_path)
        try:
            again.get("main")
        finally:
            await again.close()
    assert files(tmp_path) == {"1.db"}
    assert (tmp_path / path).read_text() == text


async def test_only_known_durabilities_are_taken(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="OFF"):
        StoreFamily.open(tmp_path, synchronous="OFF")
