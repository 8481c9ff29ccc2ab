"""ReceiveMessage: short and long polling, dead letters."""

from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.sqs import fifo, limits, standard, store
from airside.services.sqs.address import load_queue, queue_arn
from airside.services.sqs.errors import (
    InvalidAttributeName,
    InvalidParameterValueException,
    OverLimit,
)
from airside.services.sqs.live import LiveQueue, LiveQueues
from airside.services.sqs.message_attributes import byte_length, checksum
from airside.services.sqs.queue import Delivery, Ledger, Queue, Wanted
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
    queue = await ctx.store.read(lambda snapshot: load_queue(snapshot, ctx, url))
    wanted, count, timeout_ms, seconds = _parameters(queue, request)
    queues = ctx.component(LiveQueues)
    live = await queues.of(queue)
    _check_in_flight(ctx, queue, live)
    deadline = ctx.clock.monotonic() + seconds
    deliveries: list[Delivery] = []
    waited = False
    while True:
        soonest = await _next_visible_at(ctx, queue)
        now_ms = int(ctx.clock.now() * 1000)
        if soonest is not None and soonest <= now_ms:
            deliveries = await _receive(ctx, queues, queue, count, timeout_ms)
            if deliveries:
                break
            soonest = await _next_visible_at(ctx, queue)
        left = deadline - ctx.clock.monotonic()
        if left <= 0 or queues.stopped:
            break
        await live.wait(left, soonest, now_ms, again=waited)
        waited = True
        queue = await ctx.store.read(lambda snapshot: load_queue(snapshot, ctx, url))
        live = await queues.of(queue)
    if deliveries and live.waiting:
        soonest = await _next_visible_at(ctx, queue)
        live.settle(soonest, int(ctx.clock.now() * 1000))
    messages = [_shown(delivery, wanted) for delivery in deliveries]
    length = sum(
        len(delivery.message.body.encode()) + byte_length(delivery.message.attributes)
        for delivery in deliveries
    )
    ctx.use("Requests", max(1, -(-length // limits.BILLED_CHUNK_BYTES)), queue.arn)
    return {"Messages": messages or None}


async def _next_visible_at(ctx: Context, queue: Queue) -> int | None:
    return await ctx.store.read(lambda snapshot: standard.next_visible_at(snapshot, queue))


def _parameters(queue: Queue, request: Request) -> tuple[Wanted, int, int, float]:
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
    return wanted, count, timeout_ms, seconds


def check_timeout(seconds: int | None) -> None:
    """Raise for a visibility timeout out of range."""
    if seconds is not None and not 0 <= seconds <= limits.VISIBILITY_TIMEOUT_SECONDS_MAX:
        raise InvalidParameterValueException(
            f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and "
            f"<= {limits.VISIBILITY_TIMEOUT_SECONDS_MAX}, if provided."
        )


def _check_in_flight(ctx: Context, queue: Queue, live: LiveQueue) -> None:
    if live.in_flight.count(int(ctx.clock.now() * 1000)) >= limits.IN_FLIGHT_MAX:
        raise OverLimit(
            f"The maximum number of in flight messages for queue {queue.name} is reached: "
            f"{limits.IN_FLIGHT_MAX}."
        )


async def _receive(
    ctx: Context, queues: LiveQueues, queue: Queue, count: int, timeout_ms: int
) -> list[Delivery]:
    """One transaction: take messages in flight, move dead letters."""
    now_ms = int(ctx.clock.now() * 1000)
    sequence = queues.sequence()
    shelf = fifo if queue.fifo else standard

    def body(tx: Transaction) -> tuple[list[Delivery], Ledger, Queue | None, Ledger]:
        ledger, buried = Ledger(), Ledger()
        graveyard = _dead_letter_queue(tx, queue)
        disposal = Disposal()
        taken = shelf.receive(
            tx, queue, now_ms, count, timeout_ms, ledger, disposal, redrive=graveyard is not None
        )
        store.add_to_total(tx, queue, ledger.total)
        if graveyard is not None and disposal.dead:
            for message in disposal.dead:
                source = message.source_arn or queue.arn
                enqueued = now_ms if graveyard.fifo else message.enqueued_ms
                moved = message.transferred(source, enqueued)
                moved.sequence = sequence if graveyard.fifo else message.sequence
                home = fifo if graveyard.fifo else standard
                home.accept(tx, graveyard, moved, now_ms, now_ms, buried)
            store.add_to_total(tx, graveyard, buried.total)
        return taken, ledger, graveyard, buried

    taken, ledger, graveyard, buried = await ctx.store.transact(body)
    queues.after(queue, ledger)
    if graveyard is not None:
        queues.after(graveyard, buried)
    return taken


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
