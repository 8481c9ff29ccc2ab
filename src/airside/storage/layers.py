"""The folder of layers: makes files, opens them once for all branches, removes them.

Whatever changes or closes a layer that no branch writes runs in one thread, the keeper, one thing
after the other. What makes new files runs in another, the clerk, so that a branch can be made
while layers are being folded.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from airside.storage.errors import DataDirDamaged
from airside.storage.layer import Layer, empty_layer, files_of
from airside.storage.manifest import sync_folder, write_file

T = TypeVar("T")


class Layers:
    """The layers of a family, by number."""

    def __init__(self, folder: Path, *, synchronous: str) -> None:
        self._folder = folder
        self._synchronous = synchronous
        self._durable = synchronous != "NORMAL"
        self._empty = empty_layer()
        self._open: dict[int, Layer] = {}
        self._pinned: list[int] = []
        self._number = 0
        self._keeper = ThreadPoolExecutor(1, "airside-layers")
        self._clerk = ThreadPoolExecutor(1, "airside-clerk")
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, number: int) -> Path:
        """The file of a layer."""
        return self._folder / f"{number}.db"

    def tidy(self, used: set[int]) -> None:
        """Remove what a crash left behind. Raises DataDirDamaged when a used layer is missing."""
        self._number = max(used, default=0)
        kept = {path for number in used for path in files_of(self.path(number))}
        for number in used:
            if not self.path(number).exists():
                raise DataDirDamaged(f"{self.path(number)} is missing.")
        for path in self._folder.iterdir():
            if path not in kept:
                path.unlink()

    def create_now(self, count: int) -> tuple[int, ...]:
        """Make empty layers, durably; their numbers. Blocks."""
        numbers = tuple(range(self._number + 1, self._number + 1 + count))
        self._number += count
        for number in numbers:
            write_file(self.path(number), self._empty, durable=self._durable)
        if self._durable:
            sync_folder(self._folder)
        return numbers

    async def create(self, count: int) -> tuple[int, ...]:
        """Make empty layers, durably; their numbers."""
        return await self.file(self.create_now, count)

    def get(self, number: int) -> Layer:
        """The layer, opened at the first call."""
        layer = self._open.get(number)
        if layer is None:
            layer = Layer(self.path(number), synchronous=self._synchronous)
            self._open[number] = layer
        return layer

    def size(self, number: int) -> int:
        """Bytes on disk, about."""
        return sum(path.stat().st_size for path in files_of(self.path(number))[:2] if path.exists())

    @contextmanager
    def pinned(self, *numbers: int) -> Iterator[None]:
        """Inside, `remove` leaves these layers alone."""
        self._pinned += numbers
        try:
            yield
        finally:
            for number in numbers:
                self._pinned.remove(number)

    async def remove(self, numbers: Iterable[int]) -> None:
        """Close layers and delete their files."""
        for number in [number for number in numbers if number not in self._pinned]:
            layer = self._open.pop(number, None)
            await self.keep(_remove, layer, self.path(number))

    def freeze_later(self, number: int) -> None:
        """Give up the means to write a layer, in the background."""
        self._keeper.submit(self.get(number).freeze)

    async def keep(self, work: Callable[..., T], *args: Any, **named: Any) -> T:
        """Run blocking work in the keeper."""
        return await _run(self._keeper, work, *args, **named)

    async def file(self, work: Callable[..., T], *args: Any, **named: Any) -> T:
        """Run blocking work in the clerk."""
        return await _run(self._clerk, work, *args, **named)

    async def close(self) -> None:
        """Close every layer."""
        layers, self._open = list(self._open.values()), {}
        for layer in layers:
            await self.keep(layer.close)
        self._keeper.shutdown()
        self._clerk.shutdown()


async def _run(thread: Executor, work: Callable[..., T], *args: Any, **named: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, partial(work, *args, **named))


def _remove(layer: Layer | None, path: Path) -> None:
    if layer is not None:
        layer.close()
    for file in files_of(path):
        file.unlink(missing_ok=True)
