"""Folding layers, so that reads do not get slower with every branch that was ever made.

Two neighbours that every branch shares alike become one *in place*: the upper one's rows are
written into the lower one, where the upper one hides them until the manifest drops it. This costs
as much as the upper one is large, however large the base is. Neighbours that some branch shares
only in part are *merged* into a new layer, when a stack gets too deep. Finally a small top goes
into the layer below it, if that is the branch's own, so that a branch that is alone again ends as
a single layer.

A crash at any moment leaves rows that are hidden, or layers that nobody uses.
"""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import apsw

from airside.storage.keys import after
from airside.storage.layer import Layer
from airside.storage.manifest import Branches

if TYPE_CHECKING:
    from airside.storage.family import StoreFamily

DEPTH_MAX = 6
"""Layers in a stack before neighbours are merged at the price of space."""
CHUNK_ROWS = 500
CHUNK_BYTES = 1 << 20
TOP_ROWS_MAX = 1000
"""Rows of a top that may be written while transactions wait."""
TOP_ATTEMPTS = 3


def foldable(branches: Branches, name: str) -> tuple[int, int] | None:
    """Find two frozen neighbours, the lowest ones, that the same branches have as neighbours."""
    for upper, lower in reversed(list(pairwise(branches[name][1:]))):
        if _users(branches, upper) == _users(branches, lower):
            return upper, lower
    return None


def mergeable(branches: Branches, name: str, size: Callable[[int], int]) -> tuple[int, int] | None:
    """Find the two frozen neighbours that are cheapest to merge, the bottom left alone."""
    pairs = list(pairwise(branches[name][1:-1]))
    return min(pairs, key=lambda pair: size(pair[0]) + size(pair[1]), default=None)


def _users(branches: Branches, number: int) -> set[str]:
    return {name for name, stack in branches.items() if number in stack}


class Stopped(Exception):
    """The family is being closed; what was copied so far does no harm."""


class Compaction:
    """Folds layers of a family, one pair at a time."""

    def __init__(self, family: "StoreFamily") -> None:
        self._family = family
        self._running = asyncio.Lock()
        self._stopping = False

    def stop(self) -> None:
        """Make what runs end soon, with Stopped."""
        self._stopping = True

    async def compact(self, name: str) -> None:
        """Fold what can be folded in the stack of a branch. Returns early when it is deleted."""
        family = self._family
        async with self._running:
            while name in family.branches and (pair := foldable(family.branches, name)):
                await self._fold(*pair)
            while len(family.branches.get(name, ())) > DEPTH_MAX:
                cheapest = mergeable(family.branches, name, family.layers.size)
                if cheapest is None:
                    break
                await self._merge(*cheapest)
            await self._fold_top(name)

    async def _fold(self, upper: int, lower: int) -> None:
        """Put a frozen layer into the frozen one below it."""
        family, layers = self._family, self._family.layers
        with layers.pinned(upper, lower):
            await self._copy(upper, lower)
            async with family.changing:
                await family.change({
                    name: tuple(number for number in stack if number != upper)
                    for name, stack in family.branches.items()
                })  # fmt: skip
            layers.freeze_later(lower)
        await family.remove_unused((upper, lower))

    async def _merge(self, upper: int, lower: int) -> None:
        """Make one new layer of two frozen ones, for every branch that has both."""
        family, layers = self._family, self._family.layers
        (merged,) = await layers.create(1)
        try:
            with layers.pinned(upper, lower):
                await self._copy(lower, merged)
                await self._copy(upper, merged)
                async with family.changing:
                    await family.change({
                        name: _replaced(stack, upper, lower, merged)
                        for name, stack in family.branches.items()
                    })  # fmt: skip
                layers.freeze_later(merged)
        finally:
            await family.remove_unused((upper, lower, merged))

    async def _fold_top(self, name: str) -> None:
        """Put the top of a branch into the layer below it, if that is the branch's own."""
        family = self._family
        for _ in range(TOP_ATTEMPTS):
            stack = family.branches.get(name, ())
            if len(stack) < 2 or _users(family.branches, stack[1]) != {name}:
                return
            if not family.get(name).layers[0].has_more_rows_than(TOP_ROWS_MAX):
                await self._fold_small_top(name, stack)
                return
            if await family.push(name, stack):
                await self._fold(*stack[:2])

    async def _fold_small_top(self, name: str, stack: tuple[int, ...]) -> None:
        family = self._family
        async with family.changing:
            if family.branches.get(name) != stack:
                return
            store = family.get(name)
            async with store.paused():
                if store.layers[0].has_more_rows_than(TOP_ROWS_MAX * 2):
                    return
                await self._copy(*stack[:2])
                await family.change({**family.branches, name: stack[1:]})
            await family.remove_unused(stack)

    async def _copy(self, source: int, target: int) -> None:
        """Write every row of one layer into another, in chunks."""
        layers = self._family.layers
        bottom = any(stack[-1] == target for stack in self._family.branches.values())
        into = layers.get(target)
        reader = await layers.keep(layers.get(source).second_reader)
        try:
            start: bytes | None = b""
            while start is not None:
                if self._stopping:
                    raise Stopped
                start = await layers.keep(_copy_chunk, reader, into, start, bottom=bottom)
        finally:
            await layers.keep(reader.close)


def _copy_chunk(
    reader: apsw.Connection, into: Layer, start: bytes, *, bottom: bool
) -> bytes | None:
    """Copy rows from `start` on; where to go on, None at the end. Blocks."""
    rows: dict[bytes, bytes | None] = {}
    size = 0
    for key, value in reader.execute(
        "SELECT k, v FROM kv WHERE k >= ? ORDER BY k LIMIT ?", (start, CHUNK_ROWS)
    ):
        rows[key] = value if isinstance(value, bytes) else None
        size += len(value) if isinstance(value, bytes) else 0
        if size > CHUNK_BYTES:
            break
    if not rows:
        return None
    into.write(rows, bottom=bottom)
    into.commit()
    return after(next(reversed(rows)))


def _replaced(stack: tuple[int, ...], upper: int, lower: int, merged: int) -> tuple[int, ...]:
    if upper not in stack:
        return stack
    at = stack.index(upper)
    assert stack[at + 1] == lower
    return (*stack[:at], merged, *stack[at + 2 :])
