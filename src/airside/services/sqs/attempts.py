"""Receive request attempts of FIFO queues: the same attempt again gives the same messages.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
"""

from collections.abc import Sequence

import msgspec

from airside.kernel import Transaction
from airside.services.sqs import fifo, store
from airside.services.sqs.limits import DEDUPLICATION_SECONDS
from airside.services.sqs.queue import Delivery, Demand, Ledger, Queue, Receipt
from airside.storage import pack, unpack

_FORGOTTEN_AT_ONCE = 8


class Attempt(msgspec.Struct, frozen=True, array_like=True):
    """What a receive handed out."""

    contents: str
    at_ms: int
    messages: list[tuple[str, int, int]]
    """(group, sequence, receive count)"""


def repeat(
    tx: Transaction, queue: Queue, attempt_id: str, demand: Demand, ledger: Ledger
) -> list[Delivery]:
    """The messages of an earlier attempt, hidden anew; none unless all are still in flight."""
    raw = tx.get(store.identity(queue) + pack(("r", attempt_id)))
    if raw is None:
        return []
    attempt = msgspec.msgpack.decode(raw, type=Attempt)
    fresh = demand.now_ms < attempt.at_ms + DEDUPLICATION_SECONDS * 1000
    if not fresh or attempt.contents != queue.contents:
        return []
    receipts = [Receipt(queue.contents, sequence, 0, count, group)
                for group, sequence, count in attempt.messages]  # fmt: skip
    return fifo.hide_again(tx, queue, receipts, demand, ledger)


def remember(
    tx: Transaction, queue: Queue, attempt_id: str, now_ms: int, deliveries: Sequence[Delivery]
) -> None:
    """Keep what an attempt handed out for five minutes, and forget some that are past that."""
    identity = store.identity(queue)
    messages = [(each.receipt.group or "", each.receipt.sequence, each.receipt.receive_count)
                for each in deliveries]  # fmt: skip
    kept = Attempt(queue.contents, now_ms, messages)
    tx.put(identity + pack(("r", attempt_id)), msgspec.msgpack.encode(kept))
    expiries = identity + pack(("x",))
    tx.put(expiries + pack((now_ms + DEDUPLICATION_SECONDS * 1000, attempt_id)), b"")
    for key, _ in list(tx.scan(expiries, expiries + pack((now_ms,)), limit=_FORGOTTEN_AT_ONCE)):
        expired_at, past_id = unpack(key[len(expiries) :])
        raw = tx.get(identity + pack(("r", past_id)))
        if raw is not None:
            at_ms = msgspec.msgpack.decode(raw, type=Attempt).at_ms
            if at_ms + DEDUPLICATION_SECONDS * 1000 == expired_at:
                tx.delete(identity + pack(("r", past_id)))
        tx.delete(key)
