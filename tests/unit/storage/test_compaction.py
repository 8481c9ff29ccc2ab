"""Folding layers: which ones, and that nobody sees a difference but in speed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from airside.storage import StoreFamily, compaction
from airside.storage.compaction import foldable, mergeable


@pytest.fixture
async def family(tmp_path: Path) -> AsyncIterator[StoreFamily]:
    family = StoreFamily.open(tmp_path, synchronous="NORMAL")
    yield family
    await family.close()


def put_many(start: int, end: int, value: bytes) -> Callable[[Any], None]:
    def body(tx: Any) -> None:
        for number in range(start, end):
            tx.put(b"%06d" % number, value)

    return body


async def content(family: StoreFamily, name: str) -> dict[bytes, bytes]:
    return await family.get(name).read(lambda view: dict(view.scan(b"", b"\xff")))


def test_neighbours_fold_when_the_same_branches_have_them() -> None:
    alone = {"main": (4, 3, 2, 1)}
    assert foldable(alone, "main") == (2, 1)
    shared_alike = {"main": (5, 3, 2, 1), "child": (6, 3, 2, 1)}
    assert foldable(shared_alike, "main") == (2, 1)
    shared_in_part = {"main": (5, 3, 2, 1), "child": (6, 2, 1), "old": (7, 1)}
    assert foldable(shared_in_part, "main") is None
    assert foldable(shared_in_part, "old") is None
    own_part = {"main": (6, 5, 4, 1), "old": (7, 1)}
    assert foldable(own_part, "main") == (5, 4)


def test_the_cheapest_neighbours_are_merged_and_never_the_bottom_or_the_top() -> None:
    sizes = {5: 1, 4: 100, 3: 10, 2: 20, 1: 0}
    assert mergeable({"main": (5, 4, 3, 2, 1)}, "main", sizes.__getitem__) == (3, 2)
    assert mergeable({"main": (5, 4, 1)}, "main", sizes.__getitem__) is None


async def test_a_branch_that_is_alone_again_ends_as_one_layer(
    family: StoreFamily, tmp_path: Path
) -> None:
    await family.main.transact(put_many(0, 3000, b"base"))
    await family.branch("main", "child")
    await family.main.transact(put_many(1000, 1500, b"changed"))
    await family.main.transact(lambda tx: [tx.delete(b"%06d" % n) for n in range(900)])
    before = await content(family, "main")
    assert len(before) == 2100
    await family.delete("child")
    await family.settle()
    assert len(family.main.layers) == 1
    assert await content(family, "main") == before
    await family.main.transact(put_many(0, 1, b"new"))
    await family.close()
    assert len(list((tmp_path / "layers").iterdir())) == 1
    again = StoreFamily.open(tmp_path)
    assert await content(again, "main") == {**before, b"000000": b"new"}
    await again.close()


async def test_a_top_with_many_rows_is_folded_while_writes_go_on(
    family: StoreFamily, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "TOP_ROWS_MAX", 50)
    await family.main.transact(put_many(0, 100, b"base"))
    await family.branch("main", "child")
    await family.main.transact(put_many(50, 1000, b"top"))
    deleting = asyncio.create_task(family.delete("child"))
    written = 0
    while not deleting.done() or family._tasks:
        await family.main.transact(put_many(2000 + written, 2001 + written, b"meanwhile"))
        written += 1
    await deleting
    await family.settle()
    await family.compact("main")
    found = await content(family, "main")
    assert len(found) == 1000 + written
    assert found[b"000049"] == b"base"
    assert found[b"000050"] == b"top"
    assert len(family.main.layers) == 1


async def test_what_other_branches_see_does_not_change(family: StoreFamily) -> None:
    await family.main.transact(put_many(0, 10, b"0"))
    contents = {}
    for number in range(1, 4):
        name = f"branch-{number}"
        await family.branch("main", name)
        contents[name] = await content(family, name)
        await family.main.transact(put_many(number, 10, b"%d" % number))
        await family.main.transact(lambda tx, number=number: tx.delete(b"%06d" % (9 - number)))
    contents["main"] = await content(family, "main")
    for name in ("branch-2", "main", "branch-1", "branch-3"):
        await family.compact(name)
        assert {each: await content(family, each) for each in contents} == contents
    del contents["branch-2"]
    await family.delete("branch-2")
    await family.settle()
    assert {each: await content(family, each) for each in contents} == contents


async def test_stacks_stay_shallow_however_many_branches_live(family: StoreFamily) -> None:
    expected = {}
    for number in range(20):
        await family.main.transact(put_many(number, number + 3, b"%d" % number))
        await family.main.transact(lambda tx, number=number: tx.delete(b"%06d" % (number // 2)))
        await family.branch("main", f"branch-{number}")
        expected[f"branch-{number}"] = await content(family, f"branch-{number}")
    await family.settle()
    for name, seen in expected.items():
        assert await content(family, name) == seen
        assert len(family.get(name).layers) <= compaction.DEPTH_MAX
    used = {layer.path for name in family.names() for layer in family.get(name).layers}
    assert set(used) == set(used.pop().parent.glob("*.db"))


async def test_closing_does_not_wait_for_folding_to_end(
    family: StoreFamily, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(compaction, "CHUNK_ROWS", 1)
    await family.main.transact(put_many(0, 2, b"base"))
    await family.branch("main", "child")
    await family.main.transact(put_many(0, 1000, b"top"))
    await family.branch("main", "other")
    await family.delete("child")
    await asyncio.sleep(0.01)
    await family.close()
    again = StoreFamily.open(tmp_path)
    assert len(again.main.layers) == 3
    assert set((await content(again, "main")).values()) == {b"top"}
    await again.compact("main")
    assert len(again.main.layers) == 2
    assert len(await content(again, "main")) == len(await content(again, "other")) == 1000
    await again.close()
