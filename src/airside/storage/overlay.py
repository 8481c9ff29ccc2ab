"""Writes that lie over something older, and the merging of the two in scans."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from typing import TypeAlias

Pair: TypeAlias = tuple[bytes, bytes]
Written: TypeAlias = tuple[bytes, bytes | int | None]
"""A key with its new value; a value that is not bytes marks a deletion (None in memory, the
integer 0 in a layer's file)."""


class Overlay:
    """Writes in memory: the value of each key written, None for deleted ones.

    The order of the keys is worked out at the first scan and kept up from then on.
    """

    __slots__ = ("_keys", "values")

    def __init__(self) -> None:
        self.values: dict[bytes, bytes | None] = {}
        self._keys: list[bytes] | None = None

    def set(self, key: bytes, value: bytes | None) -> None:
        """Record one write."""
        if self._keys is not None and key not in self.values:
            insort(self._keys, key)
        self.values[key] = value

    def update(self, writes: Mapping[bytes, bytes | None]) -> None:
        """Record many writes."""
        if self._keys is not None:
            for key in writes:
                if key not in self.values:
                    insort(self._keys, key)
        self.values.update(writes)

    def items(self, start: bytes, end: bytes, *, reverse: bool) -> list[Written]:
        """The writes in a range, as they are now."""
        if self._keys is None:
            self._keys = sorted(self.values)
        keys = self._keys[bisect_left(self._keys, start) : bisect_left(self._keys, end)]
        if reverse:
            keys.reverse()
        return [(key, self.values[key]) for key in keys]


def merge(upper: Iterator[Written], lower: Iterator[Pair], *, reverse: bool) -> Iterator[Pair]:
    """The pairs of `lower` with those of `upper` put over them, deletions left out.

    Both must be in key order, or both in reverse.
    """
    below = next(lower, None)
    for key, value in upper:
        while below is not None and (below[0] > key if reverse else below[0] < key):
            yield below
            below = next(lower, None)
        if below is not None and below[0] == key:
            below = next(lower, None)
        if isinstance(value, bytes):
            yield key, value
    if below is not None:
        yield below
        yield from lower
