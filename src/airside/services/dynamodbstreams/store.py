"""How streams lie in the store: what the database writes there, see its `stream_store`.

("dynamodbstreams", account, region, "stream", table, label)   what DescribeStream tells
("dynamodbstreams", "head", number)                            [open shard, last record, time]
("dynamodbstreams", "shard", number, index)                    a shard's bounds
("dynamodbstreams", "record", number, index, sequence)         eight bytes of time, then JSON
"""

import struct
from collections.abc import Iterator
from typing import Any

import msgspec

from airside.kernel.store import Snapshot, Transaction
from airside.storage.keys import pack, prefix_range, unpack

RETENTION_SECONDS = 24 * 3600.0
SEQUENCE_BASE = 10**20
"""What clients see is so much more than what is stored: AWS's have at least 21 digits."""

_decode = msgspec.msgpack.decode
_decode_json = msgspec.json.decode
_TIME = struct.Struct(">d")

StreamId = tuple[str, str, str, str]
"""Account, region, table, label."""


def _key(*parts: Any) -> bytes:
    return pack(("dynamodbstreams", *parts))


def get_stream(view: Snapshot, stream: StreamId) -> dict[str, Any] | None:
    """A stream's description."""
    account_id, region, table, label = stream
    raw = view.get(_key(account_id, region, "stream", table, label))
    return None if raw is None else _decode(raw)


def list_streams(
    view: Snapshot, account_id: str, region: str, table: str | None, after: StreamId | None,
    limit: int,
) -> list[StreamId]:  # fmt: skip
    """Streams of an account in order, of one table if one is named, after a given one."""
    scope = (table,) if table is not None else ()
    start, end = prefix_range(("dynamodbstreams", account_id, region, "stream", *scope))
    if after is not None:
        start = max(start, _key(account_id, region, "stream", *after[2:]) + b"\0")
    found = []
    for key, _ in view.scan(start, end, limit=limit):
        *_, name, label = unpack(key)
        found.append((account_id, region, name, label))
    return found


def all_streams(view: Snapshot) -> Iterator[tuple[StreamId, dict[str, Any]]]:
    """Every stream of the environment."""
    start, end = pack(("dynamodbstreams", "0")), pack(("dynamodbstreams", ":"))
    for key, raw in view.scan(start, end):
        _, account_id, region, _, name, label = unpack(key)
        yield (account_id, region, name, label), _decode(raw)


def shards(view: Snapshot, number: int) -> list[tuple[int, dict[str, Any]]]:
    """The shards of a stream, oldest first, by index."""
    return [
        (unpack(key)[3], _decode(raw))
        for key, raw in view.scan(*prefix_range(("dynamodbstreams", "shard", number)))
    ]


def get_shard(view: Snapshot, number: int, index: int) -> dict[str, Any] | None:
    """One shard: id, parent, first and last number, opened_at, closed_at."""
    raw = view.get(_key("shard", number, index))
    return None if raw is None else _decode(raw)


def newest(view: Snapshot, number: int, shard: dict[str, Any]) -> int:
    """The last number given out in a shard; its first one when it holds no record."""
    if shard["last"] is not None:
        return int(shard["last"])
    raw = view.get(_key("head", number))
    return int(shard["first"]) if raw is None else int(_decode(raw)[1])


def records(
    view: Snapshot, number: int, index: int, first: int, limit: int
) -> Iterator[tuple[int, float, bytes]]:
    """(sequence number, time, JSON) of records from a sequence number on."""
    start = _key("record", number, index, first)
    end = prefix_range(("dynamodbstreams", "record", number, index))[1]
    for key, raw in view.scan(start, end, limit=limit):
        yield unpack(key)[4], _TIME.unpack(raw[:8])[0], raw[8:]


def decode(record: bytes) -> dict[str, Any]:
    """A record as GetRecords answers it."""
    return _decode_json(record)  # type: ignore[no-any-return]


def trim(tx: Transaction, number: int, index: int, before: float, limit: int) -> int:
    """Erase up to `limit` records of a shard older than a moment; how many were."""
    erased = 0
    first = list(records(tx, number, index, 0, limit))
    for sequence, at, _ in first:
        if at >= before:
            break
        tx.delete(_key("record", number, index, sequence))
        erased += 1
    return erased


def drop_shard(tx: Transaction, number: int, index: int) -> None:
    """Forget a shard that holds nothing any more."""
    tx.delete(_key("shard", number, index))


def drop_stream(tx: Transaction, stream: StreamId) -> None:
    """Forget a stream without shards."""
    account_id, region, table, label = stream
    tx.delete(_key(account_id, region, "stream", table, label))
