"""SendMessage and SendMessageBatch."""

import re
from hashlib import sha256
from typing import Any

import msgspec

from airside.kernel import Context, Request, Result, ServiceError, Transaction, operation
from airside.services.sqs import fifo, standard, store
from airside.services.sqs.address import charge, load_queue, queue_arn
from airside.services.sqs.batches import Entry, check_entries, failure, failures_of
from airside.services.sqs.errors import (
    BatchRequestTooLong,
    InvalidMessageContents,
    InvalidParameterValueException,
    MissingRequiredParameterException,
)
from airside.services.sqs.limits import DELAY_SECONDS_MAX, MESSAGE_BYTES_MAX
from airside.services.sqs.live import LiveQueues
from airside.services.sqs.message_attributes import (
    FORBIDDEN,
    INVALID_CHARACTERS,
    byte_length,
    check_attributes,
    checksum,
)
from airside.services.sqs.queue import Ledger, Message, Queue, body_checksum, sequence_number

_ID = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")
_TRACE = "AWSTraceHeader"
_NO_GROUP = "The request must contain the parameter MessageGroupId."
_NO_DEDUPLICATION = (
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
    "provided explicitly"
)


class Draft(msgspec.Struct):
    """A message as its sender wrote it, before a queue accepts it."""

    message: Message
    delay_ms: int | None
    byte_length: int


class Accepted(msgspec.Struct, frozen=True):
    """What a sender is told."""

    message_id: str
    sequence: int | None
    body_md5: str
    attributes_md5: str | None
    trace_header: str | None

    def result(self) -> dict[str, Any]:
        """With modelled names."""
        trace = self.trace_header
        system = {_TRACE: {"DataType": "String", "StringValue": trace}} if trace else {}
        return {
            "MessageId": self.message_id,
            "MD5OfMessageBody": self.body_md5,
            "MD5OfMessageAttributes": self.attributes_md5,
            "MD5OfMessageSystemAttributes": checksum(system),
            "SequenceNumber": None if self.sequence is None else sequence_number(self.sequence),
        }


def draft(ctx: Context, entry: Request, now_ms: int, sequence: int) -> Draft:
    """Read one message from a request. Raises for what no queue would accept."""
    body = entry["MessageBody"]
    if not body:
        raise MissingRequiredParameterException(
            "The request must contain the parameter MessageBody."
        )
    if FORBIDDEN.search(body):
        raise InvalidMessageContents(INVALID_CHARACTERS)
    attributes = entry.get("MessageAttributes") or {}
    if attributes:
        check_attributes(attributes)
    for parameter in ("MessageGroupId", "MessageDeduplicationId"):
        value = entry.get(parameter)
        if value is not None and not _ID.fullmatch(value):
            raise InvalidParameterValueException(
                f"Value {value} for parameter {parameter} is invalid. Reason: {parameter} can only "
                "include alphanumeric and punctuation characters. 1 to 128 in length."
            )
    delay = entry.get("DelaySeconds")
    if delay is not None and not 0 <= delay <= DELAY_SECONDS_MAX:
        raise InvalidParameterValueException(
            f"Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be "
            f">= 0 and <= {DELAY_SECONDS_MAX}."
        )
    raw = body.encode()
    message = Message(
        sequence=sequence,
        id=ctx.ids.uuid(),
        body=body,
        body_md5=body_checksum(body),
        sender_id=ctx.principal.user_id,
        sent_ms=now_ms,
        enqueued_ms=now_ms,
        attributes=attributes,
        attributes_md5=checksum(attributes),
        trace_header=_trace_header(entry) or ctx.trace_id or None,
        group=entry.get("MessageGroupId"),
        deduplication_id=entry.get("MessageDeduplicationId"),
    )
    length = len(raw) + (byte_length(attributes) if attributes else 0)
    return Draft(message, None if delay is None else delay * 1000, length)


def _trace_header(entry: Request) -> str | None:
    attributes = entry.get("MessageSystemAttributes")
    if not attributes:
        return None
    if attributes.keys() != {_TRACE}:
        raise InvalidParameterValueException(
            f"Message system attribute name '{min(attributes.keys() - {_TRACE})}' is invalid."
        )
    value: str | None = attributes[_TRACE].get("StringValue")
    return value


def _check(queue: Queue, written: Draft) -> None:
    """Raise for what this queue does not accept; complete what a FIFO queue derives."""
    message = written.message
    if written.byte_length > queue.message_bytes_max:
        raise InvalidParameterValueException(
            "One or more parameters are invalid. Reason: Message must be shorter than "
            f"{queue.message_bytes_max} bytes."
        )
    if not queue.fifo:
        if message.deduplication_id is not None:
            raise _not_for_this_type(message.deduplication_id, "MessageDeduplicationId")
        return
    if written.delay_ms:
        raise _not_for_this_type(written.delay_ms // 1000, "DelaySeconds")
    if message.group is None:
        raise MissingRequiredParameterException(_NO_GROUP)
    if message.deduplication_id is None:
        if not queue.content_based_deduplication:
            raise InvalidParameterValueException(_NO_DEDUPLICATION)
        message.deduplication_id = sha256(message.body.encode()).hexdigest()


def _not_for_this_type(value: str | int, parameter: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(
        f"Value {value} for parameter {parameter} is invalid. Reason: The request include "
        "parameter that is not valid for this queue type."
    )


def accept(tx: Transaction, queue: Queue, written: Draft, now_ms: int, ledger: Ledger) -> Accepted:
    """Accept a message into a queue, within a transaction."""
    message = msgspec.structs.replace(written.message)
    if not queue.fifo:
        delay_ms = queue.delay_ms if written.delay_ms is None else written.delay_ms
        standard.accept(tx, queue, message, now_ms + delay_ms, now_ms, ledger)
        return _accepted(message, None)
    duplicate = fifo.find_duplicate(tx, queue, message, now_ms)
    if duplicate is not None:
        return Accepted(
            duplicate.message_id, duplicate.sequence, duplicate.body_md5,
            duplicate.attributes_md5, message.trace_header,
        )  # fmt: skip
    fifo.accept(tx, queue, message, now_ms + queue.delay_ms, now_ms, ledger)
    fifo.remember(tx, queue, message, now_ms)
    return _accepted(message, message.sequence)


def _accepted(message: Message, sequence: int | None) -> Accepted:
    return Accepted(
        message.id, sequence, message.body_md5, message.attributes_md5, message.trace_header
    )


@operation("SendMessage", resource=queue_arn)
async def send_message(ctx: Context, request: Request) -> Result:
    """Accept one message."""
    now_ms = int(ctx.clock.now() * 1000)
    live = ctx.component(LiveQueues)
    written = draft(ctx, request, now_ms, live.sequence())

    def body(tx: Transaction) -> tuple[Queue, Accepted, Ledger]:
        queue = load_queue(tx, ctx, request["QueueUrl"])
        _check(queue, written)
        ledger = Ledger()
        accepted = accept(tx, queue, written, now_ms, ledger)
        store.add_to_total(tx, queue, ledger.total)
        return queue, accepted, ledger

    queue, accepted, ledger = await ctx.store.transact(body)
    live.after(queue, ledger)
    charge(ctx, queue, written.byte_length)
    return accepted.result()


def _check_order(queue: Queue, drafts: list[Entry[Draft]]) -> None:
    """Raise when a message of a batch has no place in a FIFO queue: the whole batch fails."""
    for entry in drafts:
        message = entry.value.message
        if message.group is None:
            raise InvalidParameterValueException(_NO_GROUP)
        if message.deduplication_id is None and not queue.content_based_deduplication:
            raise InvalidParameterValueException(_NO_DEDUPLICATION)


@operation("SendMessageBatch", action="sqs:SendMessage", resource=queue_arn)
async def send_message_batch(ctx: Context, request: Request) -> Result:
    """Accept up to ten messages; each stands or falls alone."""
    entries = request["Entries"]
    check_entries(entries, "SendMessageBatchRequestEntry")
    now_ms = int(ctx.clock.now() * 1000)
    live = ctx.component(LiveQueues)
    drafts: list[Entry[Draft]] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        try:
            written = draft(ctx, entry, now_ms, live.sequence())
        except ServiceError as error:
            failed.append(failure(entry["Id"], error))
        else:
            drafts.append(Entry(entry["Id"], written))
    length = sum(entry.value.byte_length for entry in drafts)
    if length > MESSAGE_BYTES_MAX:
        raise BatchRequestTooLong(
            f"Batch requests cannot be longer than {MESSAGE_BYTES_MAX} bytes. "
            f"You have sent {length} bytes."
        )

    def body(tx: Transaction) -> tuple[Queue, list[dict[str, Any]], list[dict[str, Any]], Ledger]:
        queue = load_queue(tx, ctx, request["QueueUrl"])
        if queue.fifo:
            _check_order(queue, drafts)
        ledger = Ledger()

        def each(entry: Entry[Draft]) -> dict[str, Any]:
            _check(queue, entry.value)
            return {"Id": entry.id, **accept(tx, queue, entry.value, now_ms, ledger).result()}

        successful, refused = failures_of(drafts, each)
        store.add_to_total(tx, queue, ledger.total)
        return queue, successful, refused, ledger

    queue, successful, refused, ledger = await ctx.store.transact(body)
    live.after(queue, ledger)
    charge(ctx, queue, length)
    return {"Successful": successful, "Failed": failed + refused or None}
