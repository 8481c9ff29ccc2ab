"""The SQLite store behaves as the store in memory does, whatever is done to both."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from airside.storage import MemoryStore, StoreFamily, compaction, sqlite

T = TypeVar("T")

MEMORY = Path("/dev/shm")
"""Durability is tested elsewhere; here a folder in memory saves most of the time."""

keys = st.sampled_from([b"", b"\0", b"a", b"a\0", b"aa", b"b", b"c", b"d", b"\xff", b"\xff\xff"])
values = st.sampled_from([b"", b"\0", b"one", b"two", b"x" * 5000])
puts = st.tuples(st.just("put"), keys, values)
deletes = st.tuples(st.just("delete"), keys)
gets = st.tuples(st.just("get"), keys)
limits = st.none() | st.integers(0, 4)
scans = st.tuples(st.just("scan"), keys, keys | st.just(b"\xff\xff\xff"), st.booleans(), limits)
clears = st.tuples(st.just("clear"), keys, keys)
steps = st.lists(puts | puts | deletes | deletes | gets | scans | clears, max_size=6)
bodies = st.tuples(steps, st.booleans())


class Refused(Exception):
    """A body's own error, with what the body had seen."""


def body_of(script: tuple[list[Any], bool]) -> Callable[[Any], list[Any]]:
    """A transaction body that does the steps and returns (or raises) all it saw."""

    def body(tx: Any) -> list[Any]:
        seen: list[Any] = []
        for verb, *arguments in script[0]:
            if verb == "scan":
                start, end, reverse, limit = arguments
                seen.append(list(tx.scan(start, end, reverse=reverse, limit=limit)))
            elif verb == "clear":
                # Deletes under the scan that finds what to delete.
                for key, value in tx.scan(*arguments):
                    seen.append((key, value))
                    tx.delete(key)
            else:
                seen.append(getattr(tx, verb)(*arguments))
        if script[1]:
            raise Refused(seen)
        return seen

    return body


async def outcome(store: Any, script: tuple[list[Any], bool]) -> list[Any]:
    try:
        return await store.transact(body_of(script))
    except Refused as refused:
        return ["refused", *refused.args]


class StoreMachine(RuleBasedStateMachine):
    """Branches of a family on disk beside branches in memory."""

    branches: Bundle[str] = Bundle("branches")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(
            tempfile.mkdtemp(prefix="airside-", dir=MEMORY if MEMORY.is_dir() else None)
        )
        self.family = StoreFamily.open(self.folder, synchronous="NORMAL")
        self.model = {"main": MemoryStore()}
        self.count = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.family.close())
        self.loop.close()
        shutil.rmtree(self.folder)

    @initialize(target=branches)
    def main(self) -> str:
        return "main"

    @rule(name=branches, scripts=st.lists(bodies, min_size=1, max_size=4))
    def transact(self, name: str, scripts: list[Any]) -> None:
        """Transactions started together run in the order of their start."""

        async def all_of(store: Any) -> list[Any]:
            return await asyncio.gather(*(outcome(store, script) for script in scripts))

        assert self.run(all_of(self.family.get(name))) == self.run(all_of(self.model[name]))

    @rule(names=st.lists(branches, min_size=1, max_size=4), script=bodies)
    def transact_here_and_there(self, names: list[str], script: Any) -> None:
        """Transactions on different branches do not disturb each other."""

        async def all_of(get: Callable[[str], Any]) -> list[Any]:
            return await asyncio.gather(*(outcome(get(name), script) for name in names))

        assert self.run(all_of(self.family.get)) == self.run(all_of(self.model.__getitem__))

    @rule(
        name=branches,
        waves=st.lists(st.tuples(bodies, st.integers(0, 6)), min_size=2, max_size=6),
    )
    def transact_in_waves(self, name: str, waves: list[Any]) -> None:
        """Transactions that start while others are being committed run over those."""

        async def all_of(store: Any) -> list[Any]:
            tasks = []
            for script, turns in waves:
                tasks.append(asyncio.ensure_future(outcome(store, script)))
                for _ in range(turns + 1):
                    await asyncio.sleep(0)
            return await asyncio.gather(*tasks)

        assert self.run(all_of(self.family.get(name))) == self.run(all_of(self.model[name]))

    @rule(name=branches, script=st.lists(gets | scans, max_size=4))
    def read(self, name: str, script: list[Any]) -> None:
        body = body_of((script, False))
        assert self.run(self.family.get(name).read(body)) == self.run(self.model[name].read(body))

    @rule(name=branches, target=branches)
    def branch(self, name: str) -> str:
        self.count += 1
        child = f"branch-{self.count}"
        self.run(self.family.branch(name, child))
        self.model[child] = self.run(self.model[name].branch())
        return child

    @rule(name=branches, script=bodies, target=branches)
    def branch_while_writing(self, name: str, script: Any) -> str:
        """What was not acknowledged may be in the child or not; the parent has it all."""
        self.count += 1
        child = f"branch-{self.count}"
        before = self.run(self.model[name].branch())

        async def both() -> list[Any]:
            store = self.family.get(name)
            seen, _ = await asyncio.gather(outcome(store, script), self.family.branch(name, child))
            return seen

        assert self.run(both()) == self.run(outcome(self.model[name], script))
        content = self.run(self.family.get(child).read(everything))
        after = self.run(self.model[name].branch())
        assert content in (self.run(before.read(everything)), self.run(after.read(everything)))
        self.model[child] = before if content == self.run(before.read(everything)) else after
        return child

    @rule(name=consumes(branches), target=branches)
    def delete(self, name: str) -> Any:
        if name == "main":
            return "main"
        self.run(self.family.delete(name))
        del self.model[name]
        return multiple()

    @rule(name=branches)
    def clear(self, name: str) -> None:
        self.run(self.family.clear(name))
        self.model[name] = MemoryStore()

    @rule(name=branches)
    def compact(self, name: str) -> None:
        self.run(self.family.compact(name))

    @rule(name=branches, other=branches, waves=st.lists(bodies, min_size=1, max_size=4))
    def compact_while_writing(self, name: str, other: str, waves: list[Any]) -> None:
        async def all_of() -> list[Any]:
            folding = asyncio.ensure_future(self.family.compact(name))
            store, seen = self.family.get(other), []
            for script in waves:
                seen.append(await outcome(store, script))
                assert await store.read(everything) == await store.transact(everything)
            await folding
            return seen

        async def expected() -> list[Any]:
            return [await outcome(self.model[other], script) for script in waves]

        assert self.run(all_of()) == self.run(expected())

    @rule()
    def reopen(self) -> None:
        self.run(self.family.close())
        self.family = StoreFamily.open(self.folder, synchronous="NORMAL")

    @invariant()
    def same_content(self) -> None:
        assert self.family.names() == sorted(self.model)
        for name, model in self.model.items():
            store = self.family.get(name)
            assert self.run(store.read(everything)) == self.run(model.read(everything))

    @invariant()
    def only_the_layers_in_use_are_on_disk(self) -> None:
        self.run(self.family.settle())
        used = {layer.path.name for name in self.model for layer in self.family.get(name).layers}
        assert {path.name for path in (self.folder / "layers").glob("*.db")} == used


def everything(view: Any) -> list[tuple[bytes, bytes]]:
    return list(view.scan(b"", b"\xff" * 8))


class BusyStoreMachine(StoreMachine):
    """The same with every limit so low that checkpoints and large groups happen all the time."""

    def __init__(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(sqlite, "LOG_PAGES_MAX", 1)
        self.patch.setattr(sqlite, "WRITES_IN_PLACE_MAX", 1)
        self.patch.setattr(compaction, "CHUNK_ROWS", 1)
        self.patch.setattr(compaction, "DEPTH_MAX", 3)
        self.patch.setattr(compaction, "TOP_ROWS_MAX", 1)
        super().__init__()

    def teardown(self) -> None:
        super().teardown()
        self.patch.undo()


quick = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestStore = StoreMachine.TestCase
TestStore.settings = quick
TestBusyStore = BusyStoreMachine.TestCase
TestBusyStore.settings = quick
