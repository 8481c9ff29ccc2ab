"""A data folder: branches of a store, each a stack of layers, of which they share the lower ones.

    lock             held while a process has the folder open
    manifest.json    the layers of each branch
    layers/N.db      one SQLite file per layer

Every change makes new files first, then replaces the manifest, then removes what it no longer
names; whatever a crash leaves behind is removed at the next opening.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from airside.storage import manifest
from airside.storage.errors import BranchExists, DataDirDamaged, DataDirInUse, UnknownBranch
from airside.storage.layer import Layer, empty_layer, files_of
from airside.storage.sqlite import SqliteStore

T = TypeVar("T")

MAIN = "main"
COMMIT_THREADS = 8
"""At most one commit runs per branch; this many branches commit side by side."""


class StoreFamily:
    """The branches of one data folder. `main` always exists."""

    def __init__(self, folder: Path, lock: int, synchronous: str) -> None:
        self._folder = folder
        self._lock = lock
        self._synchronous = synchronous
        self._durable = synchronous != "NORMAL"
        self._empty_layer = empty_layer()
        self._branches: manifest.Branches = {}
        self._layers: dict[int, Layer] = {}
        self._stores: dict[str, SqliteStore] = {}
        self._number = 0
        self._committers = ThreadPoolExecutor(COMMIT_THREADS, "airside-commit")
        self._keeper = ThreadPoolExecutor(1, "airside-layers")
        """Runs what changes layers other than tops, one thing at a time."""
        self._changing = asyncio.Lock()

    @classmethod
    def open(cls, path: Path | str, *, synchronous: str = "FULL") -> "StoreFamily":
        """Open a data folder, or make one. Blocks.

        `synchronous` is FULL, or NORMAL: then the machine (not the process) going down may lose
        the latest transactions. Raises DataDirInUse, DataDirDamaged.
        """
        if synchronous not in {"FULL", "NORMAL"}:
            raise ValueError(f"synchronous is FULL or NORMAL, not {synchronous!r}")
        folder = Path(path)
        (folder / "layers").mkdir(parents=True, exist_ok=True)
        lock = _lock(folder / "lock")
        try:
            family = cls(folder, lock, synchronous)
            family._load()
        except BaseException:
            os.close(lock)
            raise
        return family

    @property
    def main(self) -> SqliteStore:
        """The store of `main`."""
        return self.get(MAIN)

    def names(self) -> list[str]:
        """Every branch, sorted."""
        return sorted(self._branches)

    def get(self, name: str) -> SqliteStore:
        """The store of a branch. Raises UnknownBranch."""
        store = self._stores.get(name)
        if store is None:
            store = self._stores[name] = SqliteStore(
                [self._layer(number) for number in self._stack(name)], self._committers
            )
        return store

    async def branch(self, parent: str, child: str) -> SqliteStore:
        """Make `child` with the present content of `parent`, in constant time.

        Raises UnknownBranch, BranchExists.
        """
        async with self._changing:
            if child in self._branches:
                raise BranchExists(f"there is a branch {child!r} already")
            self._stack(parent)
            tops = await self._create_layers(2)
            try:
                async with self.get(parent).paused():
                    below = self._stack(parent)
                    await self._save({
                        **self._branches,
                        parent: (tops[0], *below),
                        child: (tops[1], *below),
                    })  # fmt: skip
                    self._restack(parent)
            except BaseException:
                await self._remove(number for number in tops if not self._is_used(number))
                raise
            self._keeper.submit(self._layers[below[0]].freeze)
            return self.get(child)

    async def delete(self, name: str) -> None:
        """Remove a branch and the layers that no other one shares. Raises UnknownBranch."""
        if name == MAIN:
            raise ValueError("the main branch cannot be deleted")
        async with self._changing:
            stack = self._stack(name)
            await self._close_store(name)
            await self._save({key: self._branches[key] for key in self._branches if key != name})
            await self._remove(number for number in stack if not self._is_used(number))

    async def clear(self, name: str) -> None:
        """Empty a branch. Its store is closed; `get` it again. Raises UnknownBranch."""
        async with self._changing:
            stack = self._stack(name)
            fresh = await self._create_layers(1)
            await self._close_store(name)
            await self._save({**self._branches, name: fresh})
            await self._remove(number for number in stack if not self._is_used(number))

    async def close(self) -> None:
        """Close every store and give the folder free."""
        async with self._changing:
            for name in list(self._stores):
                await self._close_store(name)
            layers, self._layers = list(self._layers.values()), {}
            for layer in layers:
                await self._in_keeper(layer.close)
            self._committers.shutdown()
            self._keeper.shutdown()
            if self._lock >= 0:
                os.close(self._lock)
                self._lock = -1

    def _load(self) -> None:
        found = manifest.load(self._folder)
        self._branches = found or {}
        used = {number for stack in self._branches.values() for number in stack}
        self._number = max(used, default=0)
        _remove_leftovers(self._folder / "layers", {self._path(number) for number in used})
        if found is None:
            self._number = 1
            manifest.write_file(self._path(1), self._empty_layer, durable=self._durable)
            manifest.sync_folder(self._folder / "layers")
            self._branches = {MAIN: (1,)}
            manifest.save(self._folder, self._branches, durable=self._durable)

    def _path(self, number: int) -> Path:
        return self._folder / "layers" / f"{number}.db"

    def _stack(self, name: str) -> tuple[int, ...]:
        try:
            return self._branches[name]
        except KeyError:
            raise UnknownBranch(f"there is no branch {name!r}") from None

    def _is_used(self, number: int) -> bool:
        return any(number in stack for stack in self._branches.values())

    def _layer(self, number: int) -> Layer:
        layer = self._layers.get(number)
        if layer is None:
            layer = self._layers[number] = Layer(self._path(number), synchronous=self._synchronous)
        return layer

    def _restack(self, name: str) -> None:
        store = self._stores.get(name)
        if store is not None:
            store.restack([self._layer(number) for number in self._stack(name)])

    async def _create_layers(self, count: int) -> tuple[int, ...]:
        """Make empty layers that no branch uses yet; their numbers."""
        numbers = tuple(range(self._number + 1, self._number + 1 + count))
        self._number += count

        def create() -> None:
            for number in numbers:
                manifest.write_file(self._path(number), self._empty_layer, durable=self._durable)
            if self._durable:
                manifest.sync_folder(self._folder / "layers")

        await self._in_keeper(create)
        return numbers

    async def _save(self, branches: manifest.Branches) -> None:
        """Make `branches` the truth, on disk and here, or neither."""
        try:
            await self._in_keeper(manifest.save, self._folder, branches, durable=self._durable)
        except OSError:
            # The new manifest may be in place already: its durability is what failed.
            await self._in_keeper(
                manifest.save, self._folder, self._branches, durable=self._durable
            )
            raise
        self._branches = branches

    async def _close_store(self, name: str) -> None:
        store = self._stores.pop(name, None)
        if store is not None:
            await store.close()

    async def _remove(self, numbers: Iterable[int]) -> None:
        """Remove layers that no branch uses any more."""
        for number in list(numbers):
            layer = self._layers.pop(number, None)
            if layer is not None:
                await self._in_keeper(layer.close)
            for path in files_of(self._path(number)):
                await self._in_keeper(path.unlink, missing_ok=True)

    async def _in_keeper(self, work: Callable[..., T], *args: Any, **named: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._keeper, lambda: work(*args, **named))


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


def _remove_leftovers(folder: Path, used: set[Path]) -> None:
    """Delete layers that the manifest doesn't name, and see that those it names are there."""
    for path in used:
        if not path.exists():
            raise DataDirDamaged(f"{path} is missing.")
    kept = {path for layer in used for path in files_of(layer)}
    for path in folder.iterdir():
        if path not in kept:
            path.unlink()
