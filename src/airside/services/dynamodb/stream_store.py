"""How streams lie in the store. DynamoDB writes them, DynamoDB Streams reads the same keys.

    ("dynamodbstreams", "counter")                                 streams made so far
    ("dynamodbstreams", account, region, "stream", table, label)   what DescribeStream tells
    ("dynamodbstreams", "head", number)                            the open shard, the last record
    ("dynamodbstreams", "shard", number, index)                    a shard's bounds
    ("dynamodbstreams", "record", number, index, sequence)         eight bytes of time, then JSON

Records are numbered through the stream without gaps, whatever shard they are in; opening a shard
takes a number too, so that a shard's first number comes before its first record, as on AWS.
"""

import struct
from typing import Any

import msgspec

from airside.kernel.store import Transaction
from airside.storage.keys import pack

SHARD_SECONDS = 4 * 3600.0
"""After this a shard is closed and another one follows it, as on AWS."""
SEQUENCE_BASE = 10**20
"""Sequence numbers have at least 21 digits: this is added to those that clients see."""

_decode = msgspec.msgpack.decode
_encode = msgspec.msgpack.encode
_TIME = struct.Struct(">d")


def _key(*parts: Any) -> bytes:
    return pack(("dynamodbstreams", *parts))


StreamId = tuple[str, str, str, str]
"""Account, region, table, label."""


class Head(msgspec.Struct, array_like=True):
    """The open shard of a stream and the last number given out."""

    index: int
    sequence: int
    opened_at: float


_decode_head = msgspec.msgpack.Decoder(Head).decode


def next_number(tx: Transaction) -> int:
    """A number for a new stream."""
    key = _key("counter")
    number = int(tx.get(key) or b"0") + 1
    tx.put(key, b"%d" % number)
    return number


def open_stream(tx: Transaction, where: StreamId, document: dict[str, Any]) -> None:
    """Create a stream. `document`: number, view, keys as (name, kind), created_at, closed_at."""
    account_id, region, table, label = where
    tx.put(_key(account_id, region, "stream", table, label), _encode(document))
    number, at = document["number"], document["created_at"]
    _open_shard(tx, number, Head(0, 0, at), None, at)


def close_stream(tx: Transaction, where: StreamId, at: float) -> None:
    """Close a stream and its open shard."""
    account_id, region, table, label = where
    key = _key(account_id, region, "stream", table, label)
    raw = tx.get(key)
    if raw is None:
        return
    document = _decode(raw)
    document["closed_at"] = at
    tx.put(key, _encode(document))
    number = document["number"]
    head = tx.get(_key("head", number))
    if head is not None:
        _close_shard(tx, number, _decode_head(head), at)
        tx.delete(_key("head", number))


def _open_shard(tx: Transaction, number: int, head: Head, parent: str | None, at: float) -> None:
    mark = (number % (1 << 16) << 16) + head.index % (1 << 16)
    head.sequence += 1
    shard = {
        "id": f"shardId-{int(at * 1000):020d}-{mark:08x}",
        "parent": parent,
        "first": head.sequence,
        "last": None,
        "opened_at": at,
        "closed_at": None,
    }
    tx.put(_key("shard", number, head.index), _encode(shard))
    tx.put(_key("head", number), _encode(head))


def _close_shard(tx: Transaction, number: int, head: Head, at: float) -> str:
    key = _key("shard", number, head.index)
    shard = _decode(tx.get(key) or b"\x80")
    shard["last"], shard["closed_at"] = head.sequence, at
    tx.put(key, _encode(shard))
    return str(shard["id"])


def next_sequence(tx: Transaction, number: int, at: float) -> tuple[int, int] | None:
    """Take the next sequence number: (shard index, number); None when the stream is closed."""
    key = _key("head", number)
    raw = tx.get(key)
    if raw is None:
        return None
    head = _decode_head(raw)
    if at - head.opened_at >= SHARD_SECONDS:
        _follow(tx, number, head, at)
    head.sequence += 1
    tx.put(key, _encode(head))
    return head.index, head.sequence


def _follow(tx: Transaction, number: int, head: Head, at: float) -> None:
    """Close the open shard and open its child."""
    parent = _close_shard(tx, number, head, at)
    head.index += 1
    head.opened_at = at
    _open_shard(tx, number, head, parent, at)


def roll_over(tx: Transaction, number: int, at: float) -> None:
    """Close a shard that nobody writes to when its time is over."""
    raw = tx.get(_key("head", number))
    if raw is not None and at - (head := _decode_head(raw)).opened_at >= SHARD_SECONDS:
        _follow(tx, number, head, at)


def put_record(
    tx: Transaction, number: int, index: int, sequence: int, at: float, record: bytes
) -> None:
    """Append a record."""
    tx.put(_key("record", number, index, sequence), _TIME.pack(at) + record)
