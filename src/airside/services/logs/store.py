"""How groups, streams and events lie in the store.

    ("logs", account, region, "group", group)                           -> Group
    ("logs", account, region, "stream", group id, stream)               -> Stream
    ("logs", account, region, "event", group id, timestamp, sequence, stream)   -> message
    ("logs", account, region, "of", group id, stream, timestamp, sequence)      -> nothing
    ("logs", account, region, "dead", group id)                         -> a group being swept

Events lie in the order of time within their group; `of` finds a stream's own. A deleted group
leaves its id behind, and the sweeper removes what lies under it, piece by piece.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from airside.kernel import Context, Snapshot, Transaction
from airside.storage import after, pack, prefix_range, starting_with, unpack

SERVICE = "logs"


class Group(msgspec.Struct):
    """A log group. Instants in milliseconds."""

    id: str
    name: str
    created_at: int
    retention_days: int | None = None
    stored_bytes: int = 0
    tags: dict[str, str] = {}
    kms_key_id: str | None = None
    log_class: str = "STANDARD"


class Stream(msgspec.Struct):
    """A log stream. Instants in milliseconds."""

    name: str
    created_at: int
    first_event_at: int | None = None
    last_event_at: int | None = None
    last_ingested_at: int | None = None


class Event(NamedTuple):
    """One event. Sorts by time, then by arrival."""

    timestamp: int
    sequence: int
    """When it was ingested, in microseconds, times 16384, plus its place in the batch."""
    stream: str
    message: str

    @property
    def id(self) -> str:
        """The 56 digits by which clients tell events apart."""
        return f"{self.timestamp:020d}{self.sequence:036d}"

    @property
    def ingested_at(self) -> int:
        """Milliseconds."""
        return (self.sequence >> 14) // 1000


class Space:
    """The part of the store that belongs to one account and region."""

    def __init__(self, account_id: str, region: str) -> None:
        self._prefix = (SERVICE, account_id, region)

    @classmethod
    def of(cls, ctx: Context) -> "Space":
        """The caller's part."""
        return cls(ctx.account_id, ctx.region)

    def group(self, view: Snapshot, name: str) -> Group | None:
        """A group, or None."""
        found = view.get(pack((*self._prefix, "group", name)))
        return msgspec.msgpack.decode(found, type=Group) if found else None

    def put_group(self, tx: Transaction, group: Group) -> None:
        """Insert or replace a group."""
        tx.put(pack((*self._prefix, "group", group.name)), msgspec.msgpack.encode(group))

    def bury_group(self, tx: Transaction, group: Group) -> None:
        """Delete a group; what lies under it is left to the sweeper."""
        tx.delete(pack((*self._prefix, "group", group.name)))
        tx.put(pack((*self._prefix, "dead", group.id)), b"")

    def groups(self, view: Snapshot, prefix: str, past: str | None) -> Iterator[Group]:
        """Groups whose names start with `prefix`, in order, after the one named `past`."""
        start, end = starting_with((*self._prefix, "group"), prefix)
        if past is not None:
            start = max(start, after(pack((*self._prefix, "group", past))))
        for _, value in view.scan(start, end):
            yield msgspec.msgpack.decode(value, type=Group)

    def stream(self, view: Snapshot, group: Group, name: str) -> Stream | None:
        """A stream, or None."""
        found = view.get(pack((*self._prefix, "stream", group.id, name)))
        return msgspec.msgpack.decode(found, type=Stream) if found else None

    def put_stream(self, tx: Transaction, group: Group, stream: Stream) -> None:
        """Insert or replace a stream."""
        key = pack((*self._prefix, "stream", group.id, stream.name))
        tx.put(key, msgspec.msgpack.encode(stream))

    def streams(self, view: Snapshot, group: Group, prefix: str = "") -> Iterator[Stream]:
        """Streams whose names start with `prefix`, in order."""
        start, end = starting_with((*self._prefix, "stream", group.id), prefix)
        for _, value in view.scan(start, end):
            yield msgspec.msgpack.decode(value, type=Stream)

    def delete_stream(self, tx: Transaction, group: Group, name: str) -> None:
        """Delete a stream with its events."""
        tx.delete(pack((*self._prefix, "stream", group.id, name)))
        start, end = prefix_range((*self._prefix, "of", group.id, name))
        for key in [key for key, _ in tx.scan(start, end)]:
            timestamp, sequence = unpack(key)[-2:]
            tx.delete(key)
            tx.delete(self._event_key(group.id, timestamp, sequence, name))

    def put_event(self, tx: Transaction, group: Group, event: Event) -> None:
        """Append an event."""
        key = self._event_key(group.id, event.timestamp, event.sequence, event.stream)
        tx.put(key, event.message.encode())
        tx.put(
            pack((*self._prefix, "of", group.id, event.stream, event.timestamp, event.sequence)),
            b"",
        )

    def events(
        self, view: Snapshot, group: Group, start_ms: int, end_ms: int, past: Event | None
    ) -> Iterator[Event]:
        """A group's events with `start_ms <= timestamp < end_ms`, in order, after `past`."""
        start = pack((*self._prefix, "event", group.id, start_ms))
        end = pack((*self._prefix, "event", group.id, end_ms))
        if past is not None:
            start = after(self._event_key(group.id, past.timestamp, past.sequence, past.stream))
        for key, value in view.scan(start, end):
            timestamp, sequence, stream = unpack(key)[-3:]
            yield Event(timestamp, sequence, stream, value.decode())

    def events_of(
        self,
        view: Snapshot,
        group: Group,
        stream: str,
        start: tuple[int, int],
        end: tuple[int, int],
        *,
        reverse: bool,
    ) -> Iterator[Event]:
        """A stream's events with `start <= (timestamp, sequence) < end`."""
        prefix = (*self._prefix, "of", group.id, stream)
        for key, _ in view.scan(pack((*prefix, *start)), pack((*prefix, *end)), reverse=reverse):
            timestamp, sequence = unpack(key)[-2:]
            message = view.get(self._event_key(group.id, timestamp, sequence, stream))
            if message is not None:
                yield Event(timestamp, sequence, stream, message.decode())

    def drop_before(self, tx: Transaction, group_id: str, before_ms: int, limit: int) -> int:
        """Delete up to `limit` events older than `before_ms`; how many there were."""
        start, _ = prefix_range((*self._prefix, "event", group_id))
        end = pack((*self._prefix, "event", group_id, before_ms))
        keys = [key for key, _ in tx.scan(start, end, limit=limit)]
        for key in keys:
            timestamp, sequence, stream = unpack(key)[-3:]
            tx.delete(key)
            tx.delete(pack((*self._prefix, "of", group_id, stream, timestamp, sequence)))
        return len(keys)

    def sweep_dead(self, tx: Transaction, group_id: str, limit: int) -> bool:
        """Remove up to `limit` keys of a deleted group; whether nothing is left."""
        for kind in ("event", "of", "stream"):
            start, end = prefix_range((*self._prefix, kind, group_id))
            keys = [key for key, _ in tx.scan(start, end, limit=limit)]
            for key in keys:
                tx.delete(key)
            if keys:
                return False
        tx.delete(pack((*self._prefix, "dead", group_id)))
        return True

    def dead(self, view: Snapshot) -> list[str]:
        """The ids of deleted groups that still have something lying under them."""
        start, end = prefix_range((*self._prefix, "dead"))
        return [unpack(key)[-1] for key, _ in view.scan(start, end)]

    def _event_key(self, group_id: str, timestamp: int, sequence: int, stream: str) -> bytes:
        return pack((*self._prefix, "event", group_id, timestamp, sequence, stream))


def spaces(view: Snapshot) -> list[Space]:
    """Every account and region that has anything here. Seeks, does not scan."""
    found: list[Space] = []
    start, end = prefix_range((SERVICE,))
    while True:
        first = next(iter(view.scan(start, end, limit=1)), None)
        if first is None:
            return found
        account_id, region = unpack(first[0])[1:3]
        found.append(Space(account_id, region))
        start = prefix_range((SERVICE, account_id, region))[1]
