"""How SQS lies in storage.

Everything is under `("sqs", account, region, ...)`:

    ("queue", name)                              -> Definition
    ("gone", name)                               -> when it was deleted, until that matters no more
    (contents, "n")                              -> how many messages there are
    (contents, "v", visible at, sequence)        -> Message             standard queues
    (contents, "a", sequence)                    -> visible at, when a receipt may say otherwise
    (contents, "v", ready at, sequence, group)   -> nothing             FIFO queues: groups in line
    (contents, "g", group)                       -> Group
    (contents, "m", group, sequence)             -> Message
    (contents, "b", sequence)                    -> a long body
    (contents, "t", group, visible at, sequence) -> nothing             fair queues: tenants
    ("id", queue id, "d", scope, deduplication id) -> Deduplication
    ("id", queue id, "e", expires at, scope, deduplication id) -> nothing
    ("id", queue id, "s")                        -> the last sequence of a FIFO queue
    ("id", queue id, "r", attempt id)            -> Attempt
    ("id", queue id, "x", expires at, attempt id) -> nothing

and, so that a start finds them, under `("sqs", ...)`:

    ("garbage", account, region, contents or queue id) -> left behind by a purge or a deletion
    ("task", account, region, source name, handle)     -> MoveTask

So the head of the line of visible messages is the start of one range, and messages in flight or
delayed lie behind everything visible, never in the way.
"""

from collections.abc import Iterator
from functools import lru_cache

import msgspec

from airside.kernel import Snapshot, Transaction
from airside.services.sqs.queue import Definition, Message, Queue
from airside.storage import after, pack, prefix_range, unpack

INLINE_BYTES_MAX = 4096
"""Longer bodies are written once, under a key of their own, not again with every receive."""

_FORGOTTEN_AT_ONCE = 100

_encode = msgspec.msgpack.Encoder().encode
_decode_message = msgspec.msgpack.Decoder(Message).decode


class Place:
    """Where a queue's messages lie: prefixes of keys, packed once."""

    __slots__ = ("aliases", "bodies", "groups", "messages", "tenants", "total", "visible")

    def __init__(self, account_id: str, region: str, contents: str) -> None:
        here = pack(("sqs", account_id, region, contents))
        self.total = here + pack(("n",))
        self.visible = here + pack(("v",))
        self.aliases = here + pack(("a",))
        self.groups = here + pack(("g",))
        self.messages = here + pack(("m",))
        self.bodies = here + pack(("b",))
        self.tenants = here + pack(("t",))


@lru_cache(maxsize=1024)
def place(account_id: str, region: str, contents: str) -> Place:
    """The prefixes for one queue's contents."""
    return Place(account_id, region, contents)


def place_of(queue: Queue) -> Place:
    """The prefixes for a queue."""
    definition = queue.definition
    return place(definition.account_id, definition.region, definition.contents)


def identity(queue: Queue) -> bytes:
    """The prefix of what outlives a purge: deduplication, attempts, the last sequence."""
    definition = queue.definition
    return pack(("sqs", definition.account_id, definition.region, "id", definition.id))


@lru_cache(maxsize=1024)
def _queue(raw: bytes) -> Queue:
    return Queue(msgspec.msgpack.decode(raw, type=Definition))


@lru_cache(maxsize=1024)
def _queue_key(account_id: str, region: str, name: str) -> bytes:
    return pack(("sqs", account_id, region, "queue", name))


def find_queue(snapshot: Snapshot, account_id: str, region: str, name: str) -> Queue | None:
    """The queue of that name, or None."""
    raw = snapshot.get(_queue_key(account_id, region, name))
    return None if raw is None else _queue(raw)


def save_queue(tx: Transaction, definition: Definition) -> Queue:
    """Insert or replace a queue's definition."""
    raw = _encode(definition)
    tx.put(pack(("sqs", definition.account_id, definition.region, "queue", definition.name)), raw)
    return _queue(raw)


def queues(
    snapshot: Snapshot, account_id: str, region: str, prefix: str = "", start: str = ""
) -> Iterator[Queue]:
    """Queues in the order of their names, those after `start` that begin with `prefix`."""
    first, last = prefix_range(("sqs", account_id, region, "queue"))
    if start or prefix:
        first = max(
            after(pack(("sqs", account_id, region, "queue", start))) if start else first,
            pack(("sqs", account_id, region, "queue", prefix)) if prefix else first,
        )
    for _, raw in snapshot.scan(first, last):
        queue = _queue(raw)
        if not queue.name.startswith(prefix):
            break
        yield queue


def remove_queue(tx: Transaction, queue: Queue, now_ms: int) -> None:
    """Delete a queue; what it held is garbage from now on."""
    definition = queue.definition
    tx.put(
        pack(("sqs", definition.account_id, definition.region, "gone", definition.name)),
        pack((now_ms,)),
    )
    tx.delete(pack(("sqs", definition.account_id, definition.region, "queue", definition.name)))
    leave_behind(tx, queue, definition.contents)
    leave_behind(tx, queue, definition.id)


def was_deleted_since(
    tx: Transaction, account_id: str, region: str, name: str, since_ms: int
) -> bool:
    """Whether a queue of that name was deleted since. Forgets some that were deleted before."""
    start, end = prefix_range(("sqs", account_id, region, "gone"))
    for key, raw in list(tx.scan(start, end, limit=_FORGOTTEN_AT_ONCE)):
        if unpack(raw)[0] <= since_ms:
            tx.delete(key)
    found = tx.get(pack(("sqs", account_id, region, "gone", name)))
    return found is not None and int(unpack(found)[0]) > since_ms


def leave_behind(tx: Transaction, queue: Queue, what: str) -> None:
    """Mark contents (or all of an incarnation) as garbage."""
    definition = queue.definition
    tx.put(pack(("sqs", "garbage", definition.account_id, definition.region, what)), b"")


def garbage(snapshot: Snapshot) -> tuple[str, str, str] | None:
    """Account, region and name of something left behind; None when all is clean."""
    start, end = prefix_range(("sqs", "garbage"))
    for key, _ in snapshot.scan(start, end, limit=1):
        _, _, account_id, region, what = unpack(key)
        return account_id, region, what
    return None


def sweep(tx: Transaction, account_id: str, region: str, what: str, limit: int) -> None:
    """Delete some of what was left behind; the mark goes last."""
    count = 0
    for middle in ((what,), ("id", what)):
        start, end = prefix_range(("sqs", account_id, region, *middle))
        for key, _ in list(tx.scan(start, end, limit=limit - count)):
            tx.delete(key)
            count += 1
    if count < limit:
        tx.delete(pack(("sqs", "garbage", account_id, region, what)))


def total(snapshot: Snapshot, queue: Queue) -> int:
    """How many messages a queue holds."""
    raw = snapshot.get(place_of(queue).total)
    return 0 if raw is None else int.from_bytes(raw, "big")


def add_to_total(tx: Transaction, queue: Queue, amount: int) -> None:
    """Count messages in or out."""
    if amount:
        counted = max(0, total(tx, queue) + amount)
        tx.put(place_of(queue).total, counted.to_bytes(8, "big"))


def encode(tx: Transaction, at: Place, message: Message) -> bytes:
    """A message as it is kept; a long body is put apart the first time."""
    if message.apart:
        return _encode(msgspec.structs.replace(message, body=""))
    if len(message.body) > INLINE_BYTES_MAX:
        tx.put(at.bodies + pack((message.sequence,)), message.body.encode())
        message.apart = True
        return _encode(msgspec.structs.replace(message, body=""))
    return _encode(message)


def decode(raw: bytes) -> Message:
    """A message without a body that lies apart."""
    return _decode_message(raw)


def load_body(snapshot: Snapshot, at: Place, message: Message) -> Message:
    """Bring the body in when it lies apart."""
    if message.apart and not message.body:
        body = snapshot.get(at.bodies + pack((message.sequence,)))
        assert body is not None, "a body apart lives as long as its message"
        message.body = body.decode()
    return message


def drop_body(tx: Transaction, at: Place, message: Message) -> None:
    """Delete a body that lies apart."""
    if message.apart:
        tx.delete(at.bodies + pack((message.sequence,)))
