"""Snapshots: what a body sees of a stack of layers, and of writes that are not in them yet."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import cast

from airside.kernel.store import Snapshot
from airside.storage.layer import Layer
from airside.storage.overlay import Overlay, Pair, Written, merge


def view_of(layers: Sequence[Layer]) -> Snapshot:
    """Show a stack of layers, the top one first."""
    if len(layers) == 1:
        return cast("Snapshot", layers[0])  # a bottom has no marks of deletion to look for
    return StackedView(layers)


class StackedView:
    """Layers over layers; the first that knows a key decides."""

    __slots__ = ("_gets", "_layers")

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = tuple(layers)
        self._gets = tuple(layer.get for layer in layers)

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        for get in self._gets:
            found = get(key)
            if found is not None:
                return found if isinstance(found, bytes) else None
        return None

    def scan(
        self, start: bytes, end: bytes, *, reverse: bool = False, limit: int | None = None
    ) -> Iterator[Pair]:
        """Pairs with `start <= key < end`."""
        bottom = self._layers[-1].scan(start, end, reverse=reverse)
        pairs = cast("Iterator[Pair]", bottom)
        for layer in self._layers[-2::-1]:
            upper = layer.scan(start, end, reverse=reverse)
            first = next(upper, None)
            if first is not None:
                pairs = merge(chain((first,), upper), pairs, reverse=reverse)
        return pairs if limit is None else islice(pairs, limit)


class Draft:
    """A transaction while its body runs.

    Its own writes lie over those of groups still to be committed (the newest first), and these
    over a view of what is durable.
    """

    __slots__ = ("_overlays", "_view", "own")

    def __init__(self, view: Snapshot, overlays: Sequence[Overlay]) -> None:
        self.own = Overlay()
        self._view = view
        self._overlays = overlays

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        own = self.own.values
        if key in own:
            return own[key]
        for overlay in self._overlays:
            values = overlay.values
            if key in values:
                return values[key]
        return self._view.get(key)

    def scan(
        self, start: bytes, end: bytes, *, reverse: bool = False, limit: int | None = None
    ) -> Iterator[Pair]:
        """Pairs with `start <= key < end`, as they are now: later writes do not disturb it."""
        above = [
            items
            for overlay in (self.own, *self._overlays)
            if overlay.values and (items := overlay.items(start, end, reverse=reverse))
        ]
        if not above:
            return self._view.scan(start, end, reverse=reverse, limit=limit)
        if limit is not None:
            return iter(self._first(start, end, above, limit, reverse=reverse))
        pairs = self._view.scan(start, end, reverse=reverse)
        for items in reversed(above):
            pairs = merge(iter(items), pairs, reverse=reverse)
        return pairs

    def _first(
        self, start: bytes, end: bytes, above: list[list[Written]], limit: int, *, reverse: bool
    ) -> list[Pair]:
        """The first `limit` pairs. All at once, which for a few is quicker than one by one."""
        writes: dict[bytes, bytes | int | None] = {}
        for items in reversed(above):
            writes.update(items)
        # Each write hides at most one pair, so this many are enough.
        below = self._view.scan(start, end, reverse=reverse, limit=limit + len(writes))
        pairs = [pair for pair in below if pair[0] not in writes]
        pairs += [(key, value) for key, value in writes.items() if isinstance(value, bytes)]
        pairs.sort(reverse=reverse)
        return pairs[:limit]

    def put(self, key: bytes, value: bytes) -> None:
        """Insert or replace."""
        assert isinstance(key, bytes), "a key is bytes"
        assert isinstance(value, bytes), "a value is bytes"
        self.own.set(key, value)

    def delete(self, key: bytes) -> None:
        """Remove, whether it is there or not."""
        assert isinstance(key, bytes), "a key is bytes"
        self.own.set(key, None)
