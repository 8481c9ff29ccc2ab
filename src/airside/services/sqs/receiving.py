"""ReceiveMessage: short and long polling, dead letters."""

from typing import Any

import msgspec

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.sqs import attempts, fifo, limits, standard, store
from airside.services.sqs.address import charge, load_queue, queue_arn
from airside.services.sqs.errors import (
    InvalidAttributeName,
    InvalidParameterValueException,
    OverLimit,
)
from airside.services.sqs.live import LiveQueue, LiveQueues
from airside.services.sqs.message_attributes import byte_length, checksum
from airside.services.sqs.queue import Delivery, Demand, Ledger, Message, Queue, Wanted
from airside.services.sqs.queue_attributes import parse_queue_arn
from airside.services.sqs.standard import Disposal

_SYSTEM = frozenset(
    {"All", "SenderId", "SentTimestamp", "ApproximateReceiveCount", "SequenceNumber",
     "ApproximateFirstReceiveTimestamp", "MessageDeduplicationId", "MessageGroupId",
     "AWSTraceHeader", "DeadLetterQueueSourceArn"}
)  # fmt: skip


@operation("ReceiveMessage", resource=queue_arn)
async def receive_message(ctx: Context, request: Request) -> Result:
    """Hand out up to ten visible messages; wait for one when asked to."""
    url = request["QueueUrl"]
    queues = ctx.component(LiveQueues)

    def look(snapshot: Snapshot) -> tuple[Queue, int | None]:
        queue = load_queue(snapshot, ctx, url)
        known = queues.find(queue)
        if known is not None and known.flowing:
            return queue, 0
        return queue, standard.next_visible_at(snapshot, queue)

    queue, soonest = await ctx.store.read(look)
    asked = _asked(queue, request)
    live = queues.find(queue) or await queues.of(queue)
    deadline = ctx.clock.monotonic() + asked.seconds
    deliveries: list[Delivery] = []
    waited = False
    while True:
        now_ms = int(ctx.clock.now() * 1000)
        repeated = asked.attempt_id is not None and not waited
        if repeated or (soonest is not None and soonest <= now_ms):
            _check_in_flight(queue, live, now_ms)
            deliveries = await _receive(ctx, queues, live, queue, asked)
            live.flowing = len(deliveries) == asked.count
            if deliveries:
                break
            soonest = await _next_visible_at(ctx, queue)
        left = deadline - ctx.clock.monotonic()
        if left <= 0 or queues.stopped:
            break
        await live.wait(left, soonest, now_ms, again=waited)
        waited = True
        queue, soonest = await ctx.store.read(look)
        live = await queues.of(queue)
    if deliveries and live.waiting:
        soonest = await _next_visible_at(ctx, queue)
        live.settle(soonest, int(ctx.clock.now() * 1000))
    length = sum(_byte_length(delivery.message) for delivery in deliveries)
    charge(ctx, queue, length)
    return {"Messages": [_shown(delivery, asked.wanted) for delivery in deliveries] or None}


def _byte_length(message: Message) -> int:
    return len(message.body.encode()) + byte_length(message.attributes)


class Asked(msgspec.Struct, frozen=True):
    """A receiver's request, checked."""

    wanted: Wanted
    count: int
    timeout_ms: int
    seconds: float
    attempt_id: str | None


async def _next_visible_at(ctx: Context, queue: Queue) -> int | None:
    return await ctx.store.read(lambda snapshot: standard.next_visible_at(snapshot, queue))


def _asked(queue: Queue, request: Request) -> Asked:
    """What is wanted of a message, how many, hidden for how long, waiting for how long."""
    names = [*request.get("AttributeNames", ()), *request.get("MessageSystemAttributeNames", ())]
    for name in names:
        if name not in _SYSTEM:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    count = request.get("MaxNumberOfMessages", 1)
    if not 1 <= count <= limits.RECEIVE_MAX:
        raise InvalidParameterValueException(
            f"Value {count} for parameter MaxNumberOfMessages is invalid. Reason: Must be between "
            f"1 and {limits.RECEIVE_MAX}, if provided."
        )
    seconds = request.get("WaitTimeSeconds", queue.wait_seconds)
    if not 0 <= seconds <= limits.WAIT_SECONDS_MAX:
        raise InvalidParameterValueException(
            f"Value {seconds} for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and "
            f"<= {limits.WAIT_SECONDS_MAX}, if provided."
        )
    attempt = request.get("ReceiveRequestAttemptId")
    if attempt is not None and not queue.fifo:
        raise InvalidParameterValueException(
            f"Value {attempt} for parameter ReceiveRequestAttemptId is invalid. Reason: The "
            "request include parameter that is not valid for this queue type."
        )
    timeout = request.get("VisibilityTimeout")
    check_timeout(timeout)
    timeout_ms = queue.visibility_ms if timeout is None else timeout * 1000
    wanted = Wanted(frozenset(names), tuple(request.get("MessageAttributeNames", ())))
    return Asked(wanted, count, timeout_ms, seconds, attempt)


def check_timeout(seconds: int | None) -> None:
    """Raise for a visibility timeout out of range."""
    if seconds is not None and not 0 <= seconds <= limits.VISIBILITY_TIMEOUT_SECONDS_MAX:
        raise InvalidParameterValueException(
            f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and "
            f"<= {limits.VISIBILITY_TIMEOUT_SECONDS_MAX}, if provided."
        )


def _check_in_flight(queue: Queue, live: LiveQueue, now_ms: int) -> None:
    if live.in_flight.count(now_ms) >= limits.IN_FLIGHT_MAX:
        raise OverLimit(
            f"The maximum number of in flight messages for queue {queue.name} is reached: "
            f"{limits.IN_FLIGHT_MAX}."
        )


async def _receive(
    ctx: Context, queues: LiveQueues, live: LiveQueue, queue: Queue, asked: Asked
) -> list[Delivery]:
    """One transaction: take messages in flight, move dead letters."""
    now_ms = int(ctx.clock.now() * 1000)
    sequence = queues.sequence()
    shelf = fifo if queue.fifo else standard
    noisy = live.noisy(now_ms)

    def body(tx: Transaction) -> tuple[list[Delivery], Ledger, Queue | None, Ledger]:
        ledger, buried = Ledger(), Ledger()
        graveyard = _dead_letter_queue(tx, queue)
        demand = Demand(now_ms, asked.count, asked.timeout_ms, graveyard is not None, noisy)
        if asked.attempt_id is not None:
            again = attempts.repeat(tx, queue, asked.attempt_id, demand, ledger)
            if again:
                return again, ledger, None, buried
        disposal = Disposal()
        taken = shelf.receive(tx, queue, demand, ledger, disposal)
        if asked.attempt_id is not None and taken:
            attempts.remember(tx, queue, asked.attempt_id, now_ms, taken)
        if graveyard is not None and disposal.dead:
            _bury(tx, queue, graveyard, disposal.dead, sequence, now_ms, buried)
            if graveyard.contents == queue.contents:
                ledger.total += buried.total
            else:
                store.add_to_total(tx, graveyard, buried.total)
        store.add_to_total(tx, queue, ledger.total)
        return taken, ledger, graveyard, buried

    taken, ledger, graveyard, buried = await ctx.store.transact(body)
    queues.after(queue, ledger)
    if graveyard is not None:
        queues.after(graveyard, buried)
    return taken


def _bury(
    tx: Transaction, queue: Queue, graveyard: Queue, dead: list[Message], sequence: int,
    now_ms: int, buried: Ledger,
) -> None:  # fmt: skip
    """Put dead letters into the dead-letter queue, where they are visible at once."""
    home = fifo if graveyard.fifo else standard
    for message in dead:
        # The age of a message goes on in a standard queue and starts anew in a FIFO queue.
        enqueued_ms = now_ms if graveyard.fifo else message.enqueued_ms
        moved = message.transferred(message.source_arn or queue.arn, enqueued_ms)
        moved.sequence = sequence if graveyard.fifo else message.sequence
        home.accept(tx, graveyard, moved, now_ms, now_ms, buried)


def _dead_letter_queue(snapshot: Snapshot, queue: Queue) -> Queue | None:
    if queue.redrive is None:
        return None
    target = parse_queue_arn(queue.redrive.dead_letter_target_arn)
    if target is None:
        return None
    region, account_id, name = target
    return store.find_queue(snapshot, account_id, region, name)


def _shown(delivery: Delivery, wanted: Wanted) -> dict[str, Any]:
    message = delivery.message
    attributes = wanted.message_attributes(message)
    return {
        "MessageId": message.id,
        "ReceiptHandle": delivery.receipt.handle(),
        "MD5OfBody": message.body_md5,
        "Body": message.body,
        "Attributes": wanted.system_attributes(message),
        "MD5OfMessageAttributes": checksum(attributes) if attributes else None,
        "MessageAttributes": attributes,
    }
