"""The life of messages in FIFO queues, as transitions of one transaction.

Messages lie under their group, in order. Groups stand in line by when their first message can be
received; a group whose first message is in flight stands where that one becomes visible again, and
whoever receives from a group stops at a message in flight. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
"""

from collections.abc import Sequence

import msgspec

from airside.kernel import Snapshot, Transaction
from airside.services.sqs import store
from airside.services.sqs.errors import InvalidParameterValueException
from airside.services.sqs.limits import DEDUPLICATION_SECONDS
from airside.services.sqs.queue import Delivery, Demand, Ledger, Message, Queue, Receipt
from airside.services.sqs.standard import DISPOSED_MAX, Disposal, check_total_timeout
from airside.services.sqs.store import Place
from airside.storage import pack, unpack

_FORGOTTEN_AT_ONCE = 8
"""How many old deduplication ids one send forgets; more than it adds."""


class Group(msgspec.Struct, array_like=True):
    """A message group that has messages. `(ready_ms, head)` is its place in line."""

    ready_ms: int
    head: int
    in_flight: dict[int, int] = {}
    """Sequence -> in flight until."""


class Deduplication(msgspec.Struct, frozen=True, array_like=True):
    """A message accepted within the last five minutes."""

    message_id: str
    sequence: int
    accepted_ms: int
    body_md5: str
    attributes_md5: str | None


def find_duplicate(
    tx: Transaction, queue: Queue, message: Message, now_ms: int
) -> Deduplication | None:
    """The message accepted earlier under the same deduplication id, if that still counts."""
    scope = message.group if queue.deduplicates_by_group else ""
    key = store.identity(queue) + pack(("d", scope, message.deduplication_id))
    raw = tx.get(key)
    if raw is None:
        return None
    found = msgspec.msgpack.decode(raw, type=Deduplication)
    if found.accepted_ms <= queue.definition.purged_ms:
        return None
    return found if now_ms < found.accepted_ms + DEDUPLICATION_SECONDS * 1000 else None


def remember(tx: Transaction, queue: Queue, message: Message, now_ms: int) -> None:
    """Keep a deduplication id for five minutes, and forget some that are past that."""
    identity = store.identity(queue)
    scope = message.group if queue.deduplicates_by_group else ""
    kept = Deduplication(
        message.id, message.sequence, now_ms, message.body_md5, message.attributes_md5
    )
    tail = pack((scope, message.deduplication_id))
    tx.put(identity + pack(("d",)) + tail, msgspec.msgpack.encode(kept))
    expiries = identity + pack(("e",))
    expires_at = now_ms + DEDUPLICATION_SECONDS * 1000
    tx.put(expiries + pack((expires_at,)) + tail, b"")
    past = list(tx.scan(expiries, expiries + pack((now_ms,)), limit=_FORGOTTEN_AT_ONCE))
    for key, _ in past:
        expired_at, *rest = unpack(key[len(expiries) :])
        entry = identity + pack(("d", *rest))
        raw = tx.get(entry)
        accepted = msgspec.msgpack.decode(raw, type=Deduplication).accepted_ms if raw else None
        if accepted is not None and accepted + DEDUPLICATION_SECONDS * 1000 == expired_at:
            tx.delete(entry)
        tx.delete(key)


def accept(
    tx: Transaction, queue: Queue, message: Message, available_at_ms: int, now_ms: int,
    ledger: Ledger,
) -> None:  # fmt: skip
    """Put a new message at the end of its group. Settles its sequence."""
    assert message.group is not None
    at = store.place_of(queue)
    message.sequence = _next_sequence(tx, queue, message.sequence)
    message.available_ms = available_at_ms
    tx.put(at.messages + pack((message.group, message.sequence)), store.encode(tx, at, message))
    group = _load(tx, at, message.group)
    if group is None:
        group = Group(available_at_ms, message.sequence)
        _save(tx, at, message.group, group)
        tx.put(at.visible + pack((group.ready_ms, group.head, message.group)), b"")
        ledger.announce(available_at_ms)
    ledger.total += 1
    if available_at_ms > now_ms:
        ledger.delayed.append((available_at_ms, 1))


def _next_sequence(tx: Transaction, queue: Queue, drawn: int) -> int:
    key = store.identity(queue) + pack(("s",))
    raw = tx.get(key)
    sequence = max(drawn, int.from_bytes(raw, "big") + 1) if raw else drawn
    tx.put(key, sequence.to_bytes(8, "big"))
    return sequence


def receive(
    tx: Transaction, queue: Queue, demand: Demand, ledger: Ledger, disposal: Disposal
) -> list[Delivery]:
    """Take messages in flight, as many of one group as there are before the next."""
    at = store.place_of(queue)
    start, end = at.visible, at.visible + pack((demand.now_ms + 1,))
    taken: list[Delivery] = []
    seen: set[str] = set()
    while len(taken) < demand.count and disposal.count < DISPOSED_MAX:
        found = list(tx.scan(start, end, limit=demand.count - len(taken)))
        if not found:
            break
        for key, _ in found:
            name = unpack(key[len(at.visible) :])[2]
            if name in seen:
                # Taken for no time at all, so it is in line again already.
                return taken
            seen.add(name)
            rest = msgspec.structs.replace(demand, count=demand.count - len(taken))
            taken += _receive_group(tx, queue, name, rest, ledger, disposal)
            if len(taken) >= demand.count or disposal.count >= DISPOSED_MAX:
                break
        start = found[-1][0] + b"\0"
    return taken


def _receive_group(
    tx: Transaction, queue: Queue, name: str, demand: Demand, ledger: Ledger, disposal: Disposal
) -> list[Delivery]:
    """Take messages from the head of one group; move the group in line."""
    at = store.place_of(queue)
    group = _load(tx, at, name)
    assert group is not None, "a group in line exists"
    group.in_flight = still = _still_in_flight(group, demand.now_ms)
    prefix = at.messages + pack((name,))
    taken: list[Delivery] = []
    start = prefix
    while len(taken) < demand.count and disposal.count < DISPOSED_MAX:
        wanted = demand.count - len(taken)
        found = list(tx.scan(start, prefix + b"\xff", limit=wanted))
        for key, raw in found:
            message = store.decode(raw)
            if message.sequence in still or message.is_delayed(demand.now_ms):
                _line_up(tx, at, name, group, ledger)
                return taken
            if message.expired(queue, demand.now_ms):
                _drop(tx, at, key, message, ledger)
                disposal.count += 1
            elif demand.redrive and message.dead(queue):
                disposal.dead.append(store.load_body(tx, at, message))
                _drop(tx, at, key, message, ledger)
                disposal.count += 1
            else:
                taken.append(_take(tx, queue, at, key, message, demand, ledger))
                group.in_flight = {**group.in_flight, message.sequence: demand.until_ms}
        if len(found) < wanted:
            break
        start = found[-1][0] + b"\0"
    _line_up(tx, at, name, group, ledger)
    return taken


def _still_in_flight(group: Group, now_ms: int) -> dict[int, int]:
    return {sequence: until for sequence, until in group.in_flight.items() if until > now_ms}


def _take(
    tx: Transaction, queue: Queue, at: Place, key: bytes, message: Message, demand: Demand,
    ledger: Ledger,
) -> Delivery:  # fmt: skip
    message.take(demand.now_ms)
    store.load_body(tx, at, message)
    tx.put(key, store.encode(tx, at, message))
    ledger.hide(demand.until_ms, message.group)
    return Delivery(message, _receipt(queue, message, demand.until_ms))


def _receipt(queue: Queue, message: Message, until_ms: int) -> Receipt:
    return Receipt(queue.contents, message.sequence, until_ms, message.receive_count, message.group)


def hide_again(
    tx: Transaction, queue: Queue, receipts: Sequence[Receipt], demand: Demand, ledger: Ledger
) -> list[Delivery]:
    """Hand out messages in flight once more, hidden anew; none unless all still are in flight."""
    at = store.place_of(queue)
    found = [_find(tx, at, receipt) for receipt in receipts]
    current: list[tuple[Message, Group]] = []
    for entry, receipt in zip(found, receipts, strict=True):
        if entry is None:
            return []
        _, message, group = entry
        hidden_until = group.in_flight.get(message.sequence, 0)
        if message.receive_count != receipt.receive_count or hidden_until <= demand.now_ms:
            return []
        current.append((message, group))
    again: list[Delivery] = []
    for message, _ in current:
        assert message.group is not None
        group_now = _load(tx, at, message.group)
        assert group_now is not None
        ledger.show(group_now.in_flight[message.sequence], message.group)
        ledger.hide(demand.until_ms, message.group)
        group_now.in_flight = {**group_now.in_flight, message.sequence: demand.until_ms}
        _line_up(tx, at, message.group, group_now, ledger)
        store.load_body(tx, at, message)
        again.append(Delivery(message, _receipt(queue, message, demand.until_ms)))
    return again


def withdraw(
    tx: Transaction, queue: Queue, now_ms: int, count: int, ledger: Ledger
) -> list[Message]:
    """Take visible messages out for good, each group in order, to put them elsewhere."""
    at = store.place_of(queue)
    withdrawn: list[Message] = []
    dropped = 0
    end = at.visible + pack((now_ms + 1,))
    for line, _ in list(tx.scan(at.visible, end, limit=count)):
        name = unpack(line[len(at.visible) :])[2]
        prefix = at.messages + pack((name,))
        group = _load(tx, at, name)
        assert group is not None, "a group in line exists"
        group.in_flight = _still_in_flight(group, now_ms)
        for key, raw in list(tx.scan(prefix, prefix + b"\xff", limit=count - dropped)):
            message = store.load_body(tx, at, store.decode(raw))
            if message.sequence in group.in_flight or message.is_delayed(now_ms):
                break
            _drop(tx, at, key, message, ledger)
            dropped += 1
            if not message.expired(queue, now_ms):
                withdrawn.append(message)
        _line_up(tx, at, name, group, ledger)
        if dropped >= count:
            break
    return withdrawn


def _drop(tx: Transaction, at: Place, key: bytes, message: Message, ledger: Ledger) -> None:
    tx.delete(key)
    store.drop_body(tx, at, message)
    ledger.total -= 1


def _line_up(tx: Transaction, at: Place, name: str, group: Group, ledger: Ledger) -> None:
    """Put a group where it belongs in line after its messages changed, or away when empty."""
    tx.delete(at.visible + pack((group.ready_ms, group.head, name)))
    prefix = at.messages + pack((name,))
    first = next(iter(tx.scan(prefix, prefix + b"\xff", limit=1)), None)
    if first is None:
        tx.delete(at.groups + pack((name,)))
        return
    message = store.decode(first[1])
    group.head = message.sequence
    if message.sequence in group.in_flight:
        group.ready_ms = group.in_flight[message.sequence]
    elif message.receive_count == 0:
        group.ready_ms = message.available_ms
    else:
        group.ready_ms = message.sent_ms
    _save(tx, at, name, group)
    tx.put(at.visible + pack((group.ready_ms, group.head, name)), b"")
    ledger.announce(group.ready_ms)


def delete(
    tx: Transaction, queue: Queue, receipt: Receipt, handle: str, now_ms: int, ledger: Ledger
) -> None:
    """Delete a message that is in flight under this receipt, or is gone already."""
    at = store.place_of(queue)
    found = _find(tx, at, receipt)
    if found is None:
        return
    key, message, group = found
    until_ms = group.in_flight.get(message.sequence, 0)
    if message.receive_count != receipt.receive_count or until_ms <= now_ms:
        raise InvalidParameterValueException(
            f"Value {handle} for parameter ReceiptHandle is invalid. "
            "Reason: The receipt handle has expired."
        )
    _drop(tx, at, key, message, ledger)
    ledger.show(until_ms, message.group)
    group.in_flight = {s: until for s, until in group.in_flight.items() if s != message.sequence}
    assert receipt.group is not None
    _line_up(tx, at, receipt.group, group, ledger)


def change_visibility(
    tx: Transaction, queue: Queue, receipt: Receipt, handle: str, now_ms: int, timeout_ms: int,
    ledger: Ledger,
) -> None:  # fmt: skip
    """Let a message in flight be visible `timeout_ms` from now."""
    at = store.place_of(queue)
    found = _find(tx, at, receipt)
    if found is not None:
        _, message, group = found
        until_ms = group.in_flight.get(message.sequence, 0)
        if message.receive_count == receipt.receive_count and until_ms > now_ms:
            check_total_timeout(message, now_ms, timeout_ms)
            group.in_flight = {**group.in_flight, message.sequence: now_ms + timeout_ms}
            ledger.show(until_ms, message.group)
            ledger.hide(now_ms + timeout_ms, message.group)
            assert receipt.group is not None
            _line_up(tx, at, receipt.group, group, ledger)
            return
    raise InvalidParameterValueException(
        f"Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or "
        "is not available for visibility timeout change."
    )


def _find(tx: Transaction, at: Place, receipt: Receipt) -> tuple[bytes, Message, Group] | None:
    key = at.messages + pack((receipt.group, receipt.sequence))
    raw = tx.get(key)
    group = _load(tx, at, receipt.group) if receipt.group is not None else None
    if raw is None or group is None:
        return None
    return key, store.decode(raw), group


def _load(snapshot: Snapshot, at: Place, name: str) -> Group | None:
    raw = snapshot.get(at.groups + pack((name,)))
    return None if raw is None else msgspec.msgpack.decode(raw, type=Group)


def _save(tx: Transaction, at: Place, name: str, group: Group) -> None:
    tx.put(at.groups + pack((name,)), msgspec.msgpack.encode(group))


def hidden(snapshot: Snapshot, queue: Queue, now_ms: int, limit: int) -> Ledger:
    """What is in flight or delayed at this moment, for gauges."""
    ledger = Ledger()
    at = store.place_of(queue)
    start = at.visible + pack((now_ms + 1,))
    for key, _ in snapshot.scan(start, at.visible + b"\xff", limit=limit):
        name = unpack(key[len(at.visible) :])[2]
        group = _load(snapshot, at, name)
        assert group is not None, "a group in line exists"
        for until_ms in group.in_flight.values():
            ledger.hide(until_ms, name)
        if not group.in_flight:
            prefix = at.messages + pack((name,))
            for _, raw in snapshot.scan(prefix, prefix + b"\xff", limit=limit):
                ledger.delayed.append((store.decode(raw).available_ms, 1))
    return ledger
