"""After kill -9 everything acknowledged is there, and nothing is there by half."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from airside.storage import StoreFamily, compaction, layers, manifest, pack, unpack
from airside.storage.layer import Layer

WRITER = """
import asyncio, itertools, os, sys
from airside.storage import StoreFamily, pack

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

async def write(family, numbers):
    for number in numbers:
        def body(tx):
            for half in ("left", "right"):
                tx.put(pack((half, number)), b"%d" % number * 50)
            tx.put(pack(("counter",)), b"%d" % (int(tx.get(pack(("counter",))) or 0) + 1))
        await family.main.transact(body)
        say("wrote", number)

async def branch(family, numbers):
    for number in numbers:
        say("branching", number)
        await family.branch("main", f"branch-{number}")
        say("branched", number)
        await family.get(f"branch-{number}").transact(lambda tx: tx.put(pack(("own",)), b""))
        say("marked", number)
        await asyncio.sleep(0.01)
        if number % 3:
            say("deleting", number)
            await family.delete(f"branch-{number}")
            say("deleted", number)
        if number % 5 == 0:
            await family.compact("main")

async def main(folder, first):
    family = StoreFamily.open(folder)
    numbers = itertools.count(first)
    say("open")
    await asyncio.gather(branch(family, itertools.count(first)),
                         *(write(family, numbers) for _ in range(16)))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""
LIVES = 6


async def live_and_die(
    folder: Path, first: int, seconds: float, awaited: str = ""
) -> list[tuple[str, int]]:
    """Let a process write until it said a word, and a little longer; kill it; what it said."""
    source = Path(__file__).parents[3] / "src"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(folder), str(first),
        stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(source)},
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"open\n"
    said = [await process.stdout.readline()]
    while not said[-1].startswith(awaited.encode()):
        said.append(await process.stdout.readline())
    reading = asyncio.create_task(process.stdout.read())
    await asyncio.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    lines = (b"".join(said) + await reading).decode().splitlines()
    assert await process.wait() == -signal.SIGKILL
    return [(verb, int(number)) for verb, number in map(str.split, lines)]


async def items(family: StoreFamily, name: str) -> dict[tuple[Any, ...], bytes]:
    return await family.get(name).read(
        lambda view: {unpack(key): value for key, value in view.scan(b"", b"\xff")}
    )


def numbers_of(found: dict[tuple[Any, ...], bytes]) -> set[int]:
    """The numbers written, each by both halves, by as many transactions as were counted."""
    left = {key[1] for key in found if key[0] == "left"}
    assert left == {key[1] for key in found if key[0] == "right"}
    assert all(found["left", number] == b"%d" % number * 50 for number in left)
    assert int(found.get(("counter",), b"0")) == len(left)
    return left


async def test_kill_9_loses_nothing_acknowledged_and_tears_nothing(tmp_path: Path) -> None:
    chance = random.Random()
    written: set[int] = set()
    states: dict[int, str] = {}
    branched_from: dict[int, set[int]] = {}
    for life in range(LIVES):
        awaited = ("", "deleted", "branching", "marked", "deleting")[life % 5]
        said = await live_and_die(tmp_path, life * 100_000, chance.uniform(0, 0.1), awaited)
        for verb, number in said:
            if verb == "wrote":
                written.add(number)
            else:
                states[number] = verb
                if verb == "branching":
                    branched_from[number] = set(written)
        family = StoreFamily.open(tmp_path)
        assert written <= numbers_of(await items(family, "main"))
        for number, state in states.items():
            name = f"branch-{number}"
            if state in {"branched", "marked"}:
                assert name in family.names()
            if state == "deleted":
                assert name not in family.names()
            if name in family.names():
                found = await items(family, name)
                assert branched_from[number] <= numbers_of(found)
                assert ("own",) in found or state in {"branching", "branched"}
        await family.close()
    assert len(written) > LIVES
    assert "deleted" in states.values()


class Snapshots:
    """Copies of a folder, taken before and after each step that changes it."""

    def __init__(self, folder: Path, copies: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.copies = copies
        self.taken: list[Path] = []
        for owner, name in ((manifest, "write_file"), (layers, "write_file"),
                            (layers, "sync_folder"), (manifest, "sync_folder"),
                            (Path, "replace"), (Path, "unlink"), (Layer, "commit"),
                            (Layer, "freeze"), (Layer, "close")):  # fmt: skip
            patch.setattr(owner, name, self.around(getattr(owner, name)))

    def around(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **named: Any) -> Any:
            self.take()
            result = step(*arguments, **named)
            self.take()
            return result

        return stepped

    def take(self) -> None:
        copy = self.copies / str(len(self.taken))
        shutil.copytree(self.folder, copy)
        self.taken.append(copy)


async def prepare(family: StoreFamily) -> None:
    """A small past: branches with layers of their own and in common."""
    for number in range(20):
        await family.main.transact(lambda tx, n=number: tx.put(pack(("main", n)), b"old"))
    await family.branch("main", "old")
    await family.main.transact(lambda tx: tx.put(pack(("main", 3)), b"new"))
    await family.branch("main", "mid")
    await family.main.transact(lambda tx: tx.delete(pack(("main", 4))))
    await family.get("mid").transact(lambda tx: tx.put(pack(("main", 5)), b"mid"))
    await family.branch("main", "late")
    await family.main.transact(lambda tx: tx.delete(pack(("main", 6))))
    await family.branch("main", "last")


async def contents(family: StoreFamily) -> dict[str, Any]:
    return {name: await items(family, name) for name in family.names()}


@pytest.mark.parametrize(
    "change",
    [
        lambda family: family.branch("main", "new"),
        lambda family: family.branch("old", "new"),
        lambda family: family.delete("mid"),
        lambda family: family.delete("old"),
        lambda family: family.clear("main"),
        lambda family: family.compact("main"),
    ],
    ids=["branch", "branch-unchanged", "delete", "delete-base-user", "clear", "compact"],
)
async def test_a_crash_at_any_step_leaves_the_old_or_the_new_state(
    quick_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], Awaitable[Any]]
) -> None:
    monkeypatch.setattr(compaction, "CHUNK_ROWS", 8)
    monkeypatch.setattr(compaction, "DEPTH_MAX", 2)
    family = StoreFamily.open(quick_path / "data")
    await prepare(family)
    await family.settle()
    old = await contents(family)
    with monkeypatch.context() as patch:
        snapshots = Snapshots(quick_path / "data", quick_path / "copies", patch)
        await change(family)
        await family.settle()
    new = await contents(family)
    await family.close()
    assert len(snapshots.taken) >= 4
    seen = []
    for copy in snapshots.taken:
        crashed = StoreFamily.open(copy, synchronous="NORMAL")
        seen.append(await contents(crashed))
        used = {number for stack in crashed.branches.values() for number in stack}
        await crashed.close()
        left = {int(path.stem) for path in (copy / "layers").glob("*.db")}
        assert left == used
    switch = seen.index(new)
    assert all(state == old for state in seen[:switch])
    assert all(state == new for state in seen[switch:])
