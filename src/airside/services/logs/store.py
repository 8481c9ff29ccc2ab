"""How CloudWatch Logs lies in storage.

Everything is under `("logs", account, region, ...)`:

    ("group", name)                              -> Group
    ("stream", group id, name)                   -> Stream
    ("events", group id, first timestamp, chunk) -> Chunk       one key per request and stream
    ("places", stream id, first timestamp, chunk) -> nothing    the stream's own chunks
    ("bytes", group id)                          -> bytes stored

and, so that a start finds it, `("logs", "expiring", account, region, name)` for every group whose
events expire, `("logs", "garbage", account, region, group id or stream id, group id)` for what a
deletion has left behind.
"""

from collections.abc import Iterator

import msgspec

from airside.kernel import Snapshot, Transaction
from airside.services.logs.group import CHUNK_SPAN_MS, Chunk, Entry, Group, Stream
from airside.storage import after, pack, prefix_range, starting_with, unpack

_encode = msgspec.msgpack.Encoder().encode
_decode_chunk = msgspec.msgpack.Decoder(Chunk).decode
_decode_stream = msgspec.msgpack.Decoder(Stream).decode
_decode_group = msgspec.msgpack.Decoder(Group).decode

Chunks = Iterator[tuple[int, int, Chunk]]


def find_group(snapshot: Snapshot, account_id: str, region: str, name: str) -> Group | None:
    """The group, or None."""
    raw = snapshot.get(pack(("logs", account_id, region, "group", name)))
    return None if raw is None else _decode_group(raw)


def save_group(tx: Transaction, group: Group) -> None:
    """Insert or replace."""
    here = (group.account_id, group.region)
    tx.put(pack(("logs", *here, "group", group.name)), _encode(group))
    expiring = pack(("logs", "expiring", *here, group.name))
    if group.retention_days is None:
        tx.delete(expiring)
    else:
        tx.put(expiring, b"")


def remove_group(tx: Transaction, group: Group) -> None:
    """Delete a group; its streams and events are garbage from now on."""
    here = (group.account_id, group.region)
    tx.delete(pack(("logs", *here, "group", group.name)))
    tx.delete(pack(("logs", "expiring", *here, group.name)))
    tx.put(pack(("logs", "garbage", *here, group.id, group.id)), b"")


def groups(
    snapshot: Snapshot, account_id: str, region: str, prefix: str = "", start: str = ""
) -> Iterator[Group]:
    """Groups in the order of their names, those after `start` that begin with `prefix`."""
    first, last = starting_with(("logs", account_id, region, "group"), prefix)
    if start:
        first = max(first, after(pack(("logs", account_id, region, "group", start))))
    for _, raw in snapshot.scan(first, last):
        yield _decode_group(raw)


def expiring(snapshot: Snapshot) -> list[Group]:
    """Every group of every account whose events expire."""
    found = []
    for key, _ in snapshot.scan(*prefix_range(("logs", "expiring"))):
        group = find_group(snapshot, *unpack(key)[2:])
        if group is not None:
            found.append(group)
    return found


def find_stream(snapshot: Snapshot, group: Group, name: str) -> Stream | None:
    """The stream, or None."""
    here = (group.account_id, group.region)
    raw = snapshot.get(pack(("logs", *here, "stream", group.id, name)))
    return None if raw is None else _decode_stream(raw)


def save_stream(tx: Transaction, group: Group, stream: Stream) -> None:
    """Insert or replace."""
    here = (group.account_id, group.region)
    tx.put(pack(("logs", *here, "stream", group.id, stream.name)), _encode(stream))


def remove_stream(tx: Transaction, group: Group, stream: Stream) -> None:
    """Delete a stream; its events are garbage from now on."""
    here = (group.account_id, group.region)
    tx.delete(pack(("logs", *here, "stream", group.id, stream.name)))
    tx.put(pack(("logs", "garbage", *here, stream.id, group.id)), b"")


def streams(
    snapshot: Snapshot, group: Group, prefix: str = "", start: str = ""
) -> Iterator[Stream]:
    """Streams in the order of their names, those after `start` that begin with `prefix`."""
    here = ("logs", group.account_id, group.region, "stream", group.id)
    first, last = starting_with(here, prefix)
    if start:
        first = max(first, after(pack((*here, start))))
    for _, raw in snapshot.scan(first, last):
        yield _decode_stream(raw)


def append(
    tx: Transaction, group: Group, stream: Stream, number: int, ingested_ms: int,
    events: list[Entry], byte_count: int,
) -> None:  # fmt: skip
    """Put a chunk of a stream."""
    here = ("logs", group.account_id, group.region)
    place = (events[0][0], number)
    chunk = Chunk(stream.name, ingested_ms, events)
    tx.put(pack((*here, "events", group.id, *place)), _encode(chunk))
    tx.put(pack((*here, "places", stream.id, *place)), b"")
    add_bytes(tx, group, byte_count)


def add_bytes(tx: Transaction, group: Group, count: int) -> None:
    """Count what a group stores."""
    key = pack(("logs", group.account_id, group.region, "bytes", group.id))
    tx.put(key, max(0, stored_bytes(tx, group) + count).to_bytes(8, "big"))


def stored_bytes(snapshot: Snapshot, group: Group) -> int:
    """How much a group stores: messages and what is added to each."""
    raw = snapshot.get(pack(("logs", group.account_id, group.region, "bytes", group.id)))
    return int.from_bytes(raw, "big") if raw else 0


def _bounds(here: tuple[str, ...], start_ms: int, end_ms: int) -> tuple[bytes, bytes]:
    return pack((*here, max(0, start_ms - CHUNK_SPAN_MS))), pack((*here, end_ms))


def group_chunks(
    snapshot: Snapshot, group: Group, start_ms: int, end_ms: int, *, reverse: bool = False
) -> Chunks:
    """Chunks of a group that may hold events with `start_ms <= timestamp < end_ms`."""
    here = ("logs", group.account_id, group.region, "events", group.id)
    for key, raw in snapshot.scan(*_bounds(here, start_ms, end_ms), reverse=reverse):
        first, number = unpack(key)[-2:]
        yield first, number, _decode_chunk(raw)


def stream_chunks(
    snapshot: Snapshot, group: Group, stream: Stream, start_ms: int, end_ms: int, *,
    reverse: bool = False,
) -> Chunks:  # fmt: skip
    """The same of one stream."""
    here = ("logs", group.account_id, group.region)
    places = (*here, "places", stream.id)
    for key, _ in snapshot.scan(*_bounds(places, start_ms, end_ms), reverse=reverse):
        first, number = unpack(key)[-2:]
        raw = snapshot.get(pack((*here, "events", group.id, first, number)))
        if raw is not None:
            yield first, number, _decode_chunk(raw)


def expire(tx: Transaction, group: Group, cutoff_ms: int, limit: int) -> bool:
    """Delete chunks all of whose events are before the cut-off; whether any may be left."""
    here = ("logs", group.account_id, group.region)
    start, _ = prefix_range((*here, "events", group.id))
    end = pack((*here, "events", group.id, max(0, cutoff_ms - CHUNK_SPAN_MS)))
    found = list(tx.scan(start, end, limit=limit))
    ids: dict[str, str] = {}
    freed = 0
    for key, raw in found:
        chunk = _decode_chunk(raw)
        if chunk.stream not in ids:
            stream = find_stream(tx, group, chunk.stream)
            ids[chunk.stream] = stream.id if stream else ""
        tx.delete(key)
        tx.delete(pack((*here, "places", ids[chunk.stream], *unpack(key)[-2:])))
        freed += byte_length(chunk.events)
    if freed:
        add_bytes(tx, group, -freed)
    return len(found) == limit


def byte_length(events: list[Entry]) -> int:
    """What events count for: their messages in UTF-8 and 26 bytes each."""
    text = "".join([message for _, message in events])
    return (len(text) if text.isascii() else len(text.encode())) + 26 * len(events)


def sweep(tx: Transaction, limit: int) -> bool:
    """Delete some of what deletions have left behind; whether any may be left."""
    mark = next(iter(tx.scan(*prefix_range(("logs", "garbage")), limit=1)), None)
    if mark is None:
        return False
    _, _, account_id, region, what, group_id = unpack(mark[0])
    here = ("logs", account_id, region)
    count = _sweep_stream(tx, here, what, group_id, limit) if what != group_id else 0
    if what == group_id:
        for kind in ("events", "bytes"):
            start, end = prefix_range((*here, kind, group_id))
            for key, _ in list(tx.scan(start, end, limit=limit - count)):
                tx.delete(key)
                count += 1
        tx.delete(pack((*here, "bytes", group_id)))
        start, end = prefix_range((*here, "stream", group_id))
        for key, raw in list(tx.scan(start, end, limit=limit - count)):
            stream_id = _decode_stream(raw).id
            places = _delete_range(tx, (*here, "places", stream_id), limit)
            count += places
            if places < limit:
                tx.delete(key)
                count += 1
    if count < limit:
        tx.delete(mark[0])
    return True


def _sweep_stream(
    tx: Transaction, here: tuple[str, str, str], stream_id: str, group_id: str, limit: int
) -> int:
    start, end = prefix_range((*here, "places", stream_id))
    found = list(tx.scan(start, end, limit=limit))
    for key, _ in found:
        tx.delete(key)
        tx.delete(pack((*here, "events", group_id, *unpack(key)[-2:])))
    return len(found)


def _delete_range(tx: Transaction, parts: tuple[str, ...], limit: int) -> int:
    found = list(tx.scan(*prefix_range(parts), limit=limit))
    for key, _ in found:
        tx.delete(key)
    return len(found)
