"""The domain: groups, streams, chunks of events, positions among them. Pure.

Events are kept in chunks: what one request brought for one stream, cut so that no chunk spans more
than `CHUNK_SPAN_MS`. Times are epoch milliseconds.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from airside.services.logs import limits

CHUNK_SPAN_MS = 60_000


class Group(msgspec.Struct, kw_only=True):
    """A log group."""

    name: str
    id: str
    account_id: str
    region: str
    created_ms: int
    retention_days: int | None = None
    kms_key_id: str | None = None
    log_class: str = "STANDARD"
    protected: bool = False
    tags: dict[str, str] = {}

    @property
    def arn(self) -> str:
        """Its Amazon Resource Name, without the `:*` that stands for all of its streams."""
        return f"arn:aws:logs:{self.region}:{self.account_id}:log-group:{self.name}"

    def cutoff_ms(self, now_ms: int) -> int:
        """Events before this instant have expired."""
        if self.retention_days is None:
            return 0
        return now_ms - self.retention_days * limits.DAY_MS


class Stream(msgspec.Struct, kw_only=True):
    """A log stream."""

    name: str
    id: str
    created_ms: int
    first_ms: int | None = None
    last_ms: int | None = None
    ingested_ms: int | None = None

    def take_in(self, events: Sequence["Entry"], now_ms: int) -> None:
        """Note what came in."""
        first, last = events[0][0], events[-1][0]
        self.first_ms = first if self.first_ms is None else min(self.first_ms, first)
        self.last_ms = last if self.last_ms is None else max(self.last_ms, last)
        self.ingested_ms = now_ms


Entry = tuple[int, str]
"""Timestamp and message."""


class Chunk(msgspec.Struct, array_like=True):
    """Events of one stream in order of time."""

    stream: str
    ingested_ms: int
    events: list[Entry]


class Position(NamedTuple):
    """Where an event lies among all events of its group."""

    timestamp: int
    chunk: int
    place: int

    def token(self) -> str:
        """Text that sorts as positions do: 56 digits, as event ids have."""
        return f"{self.timestamp:016d}{self.chunk:020d}{self.place:020d}"

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """The position of a token; None when it never was one."""
        if len(text) != 56 or not text.isascii() or not text.isdigit():
            return None
        return cls(int(text[:16]), int(text[16:36]), int(text[36:]))


FIRST = Position(0, 0, 0)
LAST = Position(10**16 - 1, 0, 0)


class Event(NamedTuple):
    """One event, found."""

    position: Position
    stream: str
    message: str
    ingested_ms: int


def chunks_of(events: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Cut ordered events so that no piece spans too much time."""
    if events and events[-1][0] - events[0][0] < CHUNK_SPAN_MS:
        yield list(events)
        return
    piece: list[Entry] = []
    for event in events:
        if piece and event[0] - piece[0][0] >= CHUNK_SPAN_MS:
            yield piece
            piece = []
        piece.append(event)
    if piece:
        yield piece


def merge(chunks: Iterable[tuple[int, int, Chunk]], *, reverse: bool = False) -> Iterator[Event]:
    """Events in order of time from `(first timestamp, chunk number, chunk)` in order of key.

    Chunks overlap in time, by no more than their span, so an event is due once no later chunk
    can hold an earlier one.
    """
    sign = -1 if reverse else 1
    waiting: list[tuple[tuple[int, int, int], Event]] = []
    for first, number, chunk in chunks:
        horizon = sign * (first + CHUNK_SPAN_MS if reverse else first)
        while waiting and waiting[0][0][0] < horizon:
            yield heapq.heappop(waiting)[1]
        for index, (timestamp, message) in enumerate(chunk.events):
            position = Position(timestamp, number, index)
            order = (sign * timestamp, sign * number, sign * index)
            event = Event(position, chunk.stream, message, chunk.ingested_ms)
            heapq.heappush(waiting, (order, event))
    while waiting:
        yield heapq.heappop(waiting)[1]


class Screened(NamedTuple):
    """A batch after the rules about time: what is taken, and what AWS says about the rest."""

    events: list[Entry]
    rejected: Mapping[str, Any] | None


def screen(events: Sequence[Entry], group: Group, now_ms: int) -> Screened:
    """Leave out events that are too old, too new or past the group's retention."""
    oldest = now_ms - limits.TOO_OLD_MS
    expired = group.cutoff_ms(now_ms)
    newest = now_ms + limits.TOO_NEW_MS
    if events[0][0] >= max(oldest, expired) and events[-1][0] <= newest:
        return Screened(list(events), None)
    too_old = sum(1 for at, _ in events if at < oldest)
    expired_count = sum(1 for at, _ in events if at < expired)
    too_new = next((index for index, (at, _) in enumerate(events) if at > newest), None)
    start = max(too_old, expired_count)
    kept = list(events[start:too_new])
    rejected: dict[str, Any] = {}
    if too_old:
        rejected["tooOldLogEventEndIndex"] = too_old
    if expired_count > too_old:
        rejected["expiredLogEventEndIndex"] = expired_count
    if too_new is not None:
        rejected["tooNewLogEventStartIndex"] = too_new
    return Screened(kept, rejected or None)
