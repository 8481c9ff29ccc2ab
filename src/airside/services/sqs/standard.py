"""The life of messages in standard queues, as transitions of one transaction.

One key per message, ordered by when it is visible, then by acceptance. A receive rewrites the
first few keys to where they will be visible again; nothing else is read.
"""

from airside.kernel import Snapshot, Transaction
from airside.services.sqs import fair, store
from airside.services.sqs.errors import InvalidParameterValueException
from airside.services.sqs.limits import VISIBILITY_TIMEOUT_SECONDS_MAX
from airside.services.sqs.queue import Delivery, Demand, Ledger, Message, Queue, Receipt
from airside.services.sqs.store import Place
from airside.storage import pack, unpack

DISPOSED_MAX = 200
"""How many expired or dead messages one receive clears away before it gives up."""


def accept(
    tx: Transaction, queue: Queue, message: Message, available_at_ms: int, now_ms: int,
    ledger: Ledger,
) -> None:  # fmt: skip
    """Put a new message in line."""
    _put(tx, store.place_of(queue), message, available_at_ms)
    ledger.arrive(available_at_ms, now_ms)


def next_visible_at(snapshot: Snapshot, queue: Queue) -> int | None:
    """When the first message is, was or will be visible; None when there is none."""
    prefix = store.place_of(queue).visible
    for key, _ in snapshot.scan(prefix, prefix + b"\xff", limit=1):
        at: int = unpack(key[len(prefix) :])[0]
        return at
    return None


class Disposal:
    """Messages that a receive came across and does not hand out: expired, or dead letters."""

    def __init__(self) -> None:
        self.dead: list[Message] = []
        self.count = 0


def receive(
    tx: Transaction, queue: Queue, demand: Demand, ledger: Ledger, disposal: Disposal
) -> list[Delivery]:
    """Take visible messages in flight."""
    at = store.place_of(queue)
    start, end = at.visible, at.visible + pack((demand.now_ms + 1,))
    taken: list[Delivery] = []
    seen: set[int] = set()
    while len(taken) < demand.count and disposal.count < DISPOSED_MAX:
        wanted = demand.count - len(taken)
        if demand.noisy:
            found = fair.choose(tx, queue, demand.now_ms, wanted, demand.noisy)
        else:
            found = list(tx.scan(start, end, limit=wanted))
        for key, raw in found:
            message = store.decode(raw)
            if message.sequence in seen:
                # Taken for no time at all, so it is visible again already.
                return taken
            seen.add(message.sequence)
            if message.expired(queue, demand.now_ms):
                _remove(tx, at, key, message, ledger)
                disposal.count += 1
            elif demand.redrive and message.dead(queue):
                disposal.dead.append(store.load_body(tx, at, message))
                _remove(tx, at, key, message, ledger)
                disposal.count += 1
            else:
                taken.append(_take(tx, queue, at, key, message, demand, ledger))
        if len(found) < wanted:
            break
        start = found[-1][0] + b"\0"
    return taken


def _take(
    tx: Transaction, queue: Queue, at: Place, key: bytes, message: Message, demand: Demand,
    ledger: Ledger,
) -> Delivery:  # fmt: skip
    if message.moved:
        tx.delete(at.aliases + pack((message.sequence,)))
    tx.delete(key)
    if message.group is not None:
        tx.delete(at.tenants + pack((message.group,)) + key[len(at.visible) :])
    until_ms = demand.until_ms
    again = message.receive_count > 0
    message.take(demand.now_ms)
    store.load_body(tx, at, message)
    if again:
        _leave_word(tx, at, message, until_ms)
    _put(tx, at, message, until_ms)
    ledger.hide(until_ms, message.group)
    receipt = Receipt(queue.contents, message.sequence, until_ms, message.receive_count)
    return Delivery(message, receipt)


def withdraw(
    tx: Transaction, queue: Queue, now_ms: int, count: int, ledger: Ledger
) -> list[Message]:
    """Take visible messages out for good, to put them elsewhere."""
    at = store.place_of(queue)
    withdrawn: list[Message] = []
    for key, raw in list(tx.scan(at.visible, at.visible + pack((now_ms + 1,)), limit=count)):
        message = store.load_body(tx, at, store.decode(raw))
        _remove(tx, at, key, message, ledger)
        if not message.expired(queue, now_ms):
            withdrawn.append(message)
    return withdrawn


def delete(tx: Transaction, queue: Queue, receipt: Receipt, now_ms: int, ledger: Ledger) -> None:
    """Delete a message by its latest receipt. With an older receipt nothing happens."""
    at = store.place_of(queue)
    found = _find(tx, at, receipt)
    if found is None:
        return
    key, message, visible_at_ms = found
    if message.receive_count != receipt.receive_count:
        return
    _remove(tx, at, key, message, ledger, visible_at_ms)


def change_visibility(
    tx: Transaction, queue: Queue, receipt: Receipt, handle: str, now_ms: int, timeout_ms: int,
    ledger: Ledger,
) -> None:  # fmt: skip
    """Let a message be visible `timeout_ms` from now. Any of its receipts will do."""
    at = store.place_of(queue)
    found = _find(tx, at, receipt)
    if found is None:
        raise InvalidParameterValueException(
            f"Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not "
            "exist or is not available for visibility timeout change."
        )
    key, message, visible_at_ms = found
    check_total_timeout(message, now_ms, timeout_ms)
    tx.delete(key)
    if message.group is not None:
        tx.delete(at.tenants + pack((message.group, visible_at_ms, message.sequence)))
    until_ms = now_ms + timeout_ms
    message.in_flight = True
    _leave_word(tx, at, message, until_ms)
    _put(tx, at, message, until_ms)
    ledger.show(visible_at_ms, message.group)
    ledger.hide(until_ms, message.group)


def _leave_word(tx: Transaction, at: Place, message: Message, visible_at_ms: int) -> None:
    """Let receipts that say otherwise find where a message lies now."""
    message.moved = True
    tx.put(at.aliases + pack((message.sequence,)), pack((visible_at_ms,)))


def check_total_timeout(message: Message, now_ms: int, timeout_ms: int) -> None:
    """Raise when a message would be in flight for longer than is allowed in all."""
    limit_ms = VISIBILITY_TIMEOUT_SECONDS_MAX * 1000
    if now_ms + timeout_ms - message.received_ms > limit_ms:
        raise InvalidParameterValueException(
            f"Value {timeout_ms // 1000} for parameter VisibilityTimeout is invalid. Reason: Total "
            "VisibilityTimeout for the message is beyond the limit "
            f"[{VISIBILITY_TIMEOUT_SECONDS_MAX} seconds]."
        )


def _find(tx: Transaction, at: Place, receipt: Receipt) -> tuple[bytes, Message, int] | None:
    """The message of a receipt, where it lies now; None when it is gone."""
    visible_at_ms = receipt.visible_at_ms
    key = at.visible + pack((visible_at_ms, receipt.sequence))
    raw = tx.get(key)
    if raw is None:
        alias = tx.get(at.aliases + pack((receipt.sequence,)))
        if alias is None:
            return None
        visible_at_ms = unpack(alias)[0]
        key = at.visible + pack((visible_at_ms, receipt.sequence))
        raw = tx.get(key)
    if raw is None:
        return None
    return key, store.decode(raw), visible_at_ms


def _put(tx: Transaction, at: Place, message: Message, visible_at_ms: int) -> None:
    tx.put(at.visible + pack((visible_at_ms, message.sequence)), store.encode(tx, at, message))
    if message.group is not None:
        tx.put(at.tenants + pack((message.group, visible_at_ms, message.sequence)), b"")


def _remove(
    tx: Transaction, at: Place, key: bytes, message: Message, ledger: Ledger,
    visible_at_ms: int | None = None,
) -> None:  # fmt: skip
    tx.delete(key)
    store.drop_body(tx, at, message)
    if message.moved:
        tx.delete(at.aliases + pack((message.sequence,)))
    if message.group is not None:
        tx.delete(at.tenants + pack((message.group,)) + key[len(at.visible) :])
    if message.in_flight and visible_at_ms is not None:
        ledger.show(visible_at_ms, message.group)
    ledger.total -= 1


def hidden(snapshot: Snapshot, queue: Queue, now_ms: int, limit: int) -> Ledger:
    """What is in flight or delayed at this moment, for gauges."""
    ledger = Ledger()
    prefix = store.place_of(queue).visible
    start = prefix + pack((now_ms + 1,))
    for key, raw in snapshot.scan(start, prefix + b"\xff", limit=limit):
        visible_at_ms = unpack(key[len(prefix) :])[0]
        message = store.decode(raw)
        if message.in_flight:
            ledger.hide(visible_at_ms, message.group)
        else:
            ledger.delayed.append((visible_at_ms, 1))
    return ledger
