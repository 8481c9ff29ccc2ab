"""A data folder: branches of a store, each a stack of layers, of which they share the lower ones.

    lock             held while a process has the folder open
    manifest.json    the layers of each branch
    layers/N.db      one SQLite file per layer

Every change makes new files first, then replaces the manifest, then removes what it no longer
names; whatever a crash leaves behind is removed at the next opening.
"""

import asyncio
import fcntl
import logging
import os
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from airside.storage import manifest
from airside.storage.compaction import DEPTH_MAX, Compaction, Stopped
from airside.storage.errors import BranchExists, DataDirInUse, StoreClosed, UnknownBranch
from airside.storage.layers import Layers
from airside.storage.manifest import Branches
from airside.storage.sqlite import SqliteStore

T = TypeVar("T")

MAIN = "main"
COMMIT_THREADS = 8
"""At most one commit runs per branch; this many branches commit side by side."""

log = logging.getLogger("airside.storage")


class StoreFamily:
    """The branches of one data folder. `main` always exists."""

    def __init__(self, folder: Path, lock: int, synchronous: str) -> None:
        self._folder = folder
        self._lock = lock
        self._durable = synchronous != "NORMAL"
        self._stores: dict[str, SqliteStore] = {}
        self._committers = ThreadPoolExecutor(COMMIT_THREADS, "airside-commit")
        self._compaction = Compaction(self)
        self._tasks: set[asyncio.Task[Any]] = set()
        self.layers = Layers(folder / "layers", synchronous=synchronous)
        self.changing = asyncio.Lock()
        """Held while the manifest changes."""
        self.branches = self._load()

    @classmethod
    def open(cls, path: Path | str, *, synchronous: str = "FULL") -> "StoreFamily":
        """Open a data folder, or make one. Blocks.

        `synchronous` is FULL, or NORMAL: then the machine (not the process) going down may lose
        the latest transactions. Raises DataDirInUse, DataDirDamaged.
        """
        if synchronous not in {"FULL", "NORMAL"}:
            raise ValueError(f"synchronous is FULL or NORMAL, not {synchronous!r}")
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        lock = _lock(folder / "lock")
        try:
            return cls(folder, lock, synchronous)
        except BaseException:
            os.close(lock)
            raise

    @property
    def main(self) -> SqliteStore:
        """The store of `main`."""
        return self.get(MAIN)

    def names(self) -> list[str]:
        """Every branch, sorted."""
        return sorted(self.branches)

    def get(self, name: str) -> SqliteStore:
        """The store of a branch. Raises UnknownBranch, StoreClosed."""
        if self._lock < 0:
            raise StoreClosed(f"{self._folder} is closed")
        store = self._stores.get(name)
        if store is None:
            stack = [self.layers.get(number) for number in self._stack(name)]
            store = self._stores[name] = SqliteStore(stack, self._committers)
        return store

    async def branch(self, parent: str, child: str) -> SqliteStore:
        """Make `child` with the present content of `parent`, in constant time.

        Raises UnknownBranch, BranchExists.
        """
        await self._through(self._branch(parent, child))
        for name in (parent, child):
            if len(self.branches.get(name, ())) > DEPTH_MAX:
                self._compact_later(name)
        return self.get(child)

    async def delete(self, name: str) -> None:
        """Remove a branch and the layers that no other one shares. Raises UnknownBranch."""
        if name == MAIN:
            raise ValueError("the main branch cannot be deleted")
        stack = self._stack(name)
        await self._through(self._delete(name))
        for other, shared in self.branches.items():
            if set(stack) & set(shared):
                self._compact_later(other)

    async def clear(self, name: str) -> None:
        """Empty a branch. Its store is closed; `get` it again. Raises UnknownBranch."""
        await self._through(self._clear(name))

    async def compact(self, name: str) -> None:
        """Fold layers of a branch into each other where that can be done; reads get faster.

        Everything goes on meanwhile. Happens by itself when it is needed. Raises UnknownBranch.
        """
        self._stack(name)
        await self._through(self._compact(name))

    async def push(self, name: str, stack: tuple[int, ...]) -> bool:
        """Freeze the top of a branch and put a fresh one on it, if its stack is still `stack`."""
        async with self.changing:
            if self.branches.get(name) != stack:
                return False
            fresh = await self.layers.create(1)
            try:
                async with self.get(name).paused():
                    await self.change({**self.branches, name: (*fresh, *stack)})
            finally:
                await self.remove_unused(fresh)
            self.layers.freeze_later(stack[0])
            return True

    async def settle(self) -> None:
        """Wait for whatever is being changed, in the background too."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Close every store and give the folder free. What was started is finished first."""
        self._compaction.stop()
        await self.settle()
        for name in list(self._stores):
            await self._close_store(name)
        await self.layers.close()
        self._committers.shutdown()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    async def change(self, branches: Branches) -> None:
        """Make `branches` the truth on disk and here, or neither. For holders of `changing`.

        Stores whose top changes must be paused.
        """
        before = self.branches
        try:
            await self._save(branches)
        except OSError:
            # The new manifest may be in place already: its durability is what failed.
            try:
                await self._save(before)
            except OSError:
                if manifest.load(self._folder) == branches:
                    self._adopt(branches)
                raise
            raise
        self._adopt(branches)

    async def remove_unused(self, numbers: tuple[int, ...]) -> None:
        """Remove those of the layers that no branch uses."""
        used = {number for stack in self.branches.values() for number in stack}
        await self.layers.remove(number for number in numbers if number not in used)

    def _load(self) -> Branches:
        found = manifest.load(self._folder)
        used = {number for stack in (found or {}).values() for number in stack}
        self.layers.tidy(used)
        if found is not None:
            return found
        made: Branches = {MAIN: self.layers.create_now(1)}
        manifest.save(self._folder, made, durable=self._durable)
        return made

    async def _save(self, branches: Branches) -> None:
        await self.layers.file(manifest.save, self._folder, branches, durable=self._durable)

    def _adopt(self, branches: Branches) -> None:
        before, self.branches = self.branches, branches
        for name, store in self._stores.items():
            if branches[name] != before[name]:
                store.restack([self.layers.get(number) for number in branches[name]])

    def _stack(self, name: str) -> tuple[int, ...]:
        try:
            return self.branches[name]
        except KeyError:
            raise UnknownBranch(f"there is no branch {name!r}") from None

    async def _branch(self, parent: str, child: str) -> None:
        async with self.changing:
            if child in self.branches:
                raise BranchExists(f"there is a branch {child!r} already")
            store = self.get(parent)
            stack = self._stack(parent)
            # An empty top need not be frozen, and reads have one layer less to look at.
            tops = await self.layers.create(1 if store.layers[0].is_empty() else 2)
            try:
                async with store.paused():
                    if store.layers[0].is_empty():
                        changed = {child: (tops[0], *stack[1:])}
                    else:
                        if len(tops) == 1:
                            tops += await self.layers.create(1)
                        changed = {child: (tops[0], *stack), parent: (tops[1], *stack)}
                    await self.change({**self.branches, **changed})
            finally:
                await self.remove_unused(tops)
            if parent in changed:
                self.layers.freeze_later(stack[0])

    async def _delete(self, name: str) -> None:
        async with self.changing:
            stack = self._stack(name)
            await self._close_store(name)
            await self.change({key: self.branches[key] for key in self.branches if key != name})
            await self.remove_unused(stack)

    async def _clear(self, name: str) -> None:
        async with self.changing:
            stack = self._stack(name)
            fresh = await self.layers.create(1)
            try:
                await self._close_store(name)
                await self.change({**self.branches, name: fresh})
            finally:
                await self.remove_unused((*stack, *fresh))

    async def _compact(self, name: str) -> None:
        try:
            await self._compaction.compact(name)
        except Stopped:
            log.debug("folding the layers of %s goes on at another time", name)

    def _compact_later(self, name: str) -> None:
        self._start(self._compact(name)).set_name(f"compact {name}")

    async def _close_store(self, name: str) -> None:
        store = self._stores.pop(name, None)
        if store is not None:
            await store.close()

    async def _through(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a change to its end even when its caller is cancelled: half of one is none."""
        return await asyncio.shield(self._start(work))

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _lock(path: Path) -> int:
    """Lock a file for as long as the descriptor returned is open."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.read(descriptor, 20).decode(errors="replace").strip()
        os.close(descriptor)
        raise DataDirInUse(
            f"{path.parent} is in use by another process ({owner or 'just starting'})."
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"pid {os.getpid()}\n".encode(), 0)
    return descriptor
