"""One page of a listing: keys below a prefix, rolled up at a delimiter. Pure but for its source.

The walk jumps over what a common prefix covers: a listing of a folder with a million objects in
each of ten subfolders reads ten rows.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar
from urllib.parse import quote

V = TypeVar("V")
_PLAIN = re.compile(r"[A-Za-z0-9/*._-]*").fullmatch
"""What needs no encoding: nearly every key."""

Source = Callable[[str, bytes | None], Iterator[tuple[str, V]]]
"""(prefix, first row or None) -> (key, value) in order."""


@dataclass(slots=True)
class Page(Generic[V]):
    """What one answer shows."""

    entries: list[tuple[str, V]] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    truncated: bool = False
    last: str = ""
    """The last key or common prefix shown: where the next page starts after."""
    last_value: V | None = None
    """The last entry's value; None after a common prefix."""

    @property
    def count(self) -> int:
        """Entries and common prefixes."""
        return len(self.entries) + len(self.prefixes)


def walk(
    source: Source[V],
    past_prefix: Callable[[str], bytes],
    *,
    prefix: str,
    delimiter: str,
    start: bytes | None,
    marker: str,
    limit: int,
) -> Page[V]:
    """Fill a page. `past_prefix` gives the row where keys after a common prefix begin.

    A common prefix that does not sort after `marker` has been shown before.
    """
    page: Page[V] = Page()
    row = start
    if delimiter and marker.startswith(prefix):
        common = common_prefix(marker, prefix, delimiter)
        if common is not None:
            row = max(row or b"", past_prefix(common))
    if not delimiter:
        _fill(page, source(prefix, row), limit)
        return page
    while True:
        for key, value in source(prefix, row):
            common = common_prefix(key, prefix, delimiter)
            if page.count >= limit:
                page.truncated = limit > 0
                return page
            if common is None:
                page.entries.append((key, value))
                page.last, page.last_value = key, value
                continue
            page.prefixes.append(common)
            page.last, page.last_value = common, None
            row = past_prefix(common)
            break
        else:
            return page


def _fill(page: Page[V], pairs: Iterator[tuple[str, V]], limit: int) -> None:
    """Take what there is, nothing rolled up."""
    page.entries = list(islice(pairs, limit))
    if page.entries:
        page.last, page.last_value = page.entries[-1]
        page.truncated = next(pairs, None) is not None


def common_prefix(key: str, prefix: str, delimiter: str) -> str | None:
    """`key` up to the first delimiter after the prefix."""
    end = key.find(delimiter, len(prefix))
    return None if end < 0 else key[: end + len(delimiter)]


def encoder(encoding_type: str | None) -> Callable[[str], str]:
    """How keys are written in an answer: as they are, or URL-encoded."""
    if encoding_type == "url":
        return lambda text: text if _PLAIN(text) else quote(text, safe="/*-._")
    return lambda text: text
