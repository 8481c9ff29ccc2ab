"""The domain: queues, messages, receipts, and what may happen to a message. Pure.

A message is *delayed*, then *visible*, then with each receive *in flight* until its visibility
timeout ends, then visible again; it ends by being deleted, by expiring, or by moving to the
dead-letter queue when a receive would exceed `maxReceiveCount`. Times are whole milliseconds.
"""

import base64
import binascii
from collections.abc import Mapping
from hashlib import md5
from typing import Any

import msgspec

from airside.services.sqs.message_attributes import select
from airside.services.sqs.queue_attributes import RedrivePolicy, redrive_policy

_SEQUENCE_BASE = 18 * 10**18


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept about a queue. `attributes` holds what differs from the defaults as well."""

    name: str
    account_id: str
    region: str
    id: str
    """Stands for this incarnation of the queue; deduplication lasts as long."""
    contents: str
    """Stands for its messages; a purge leaves them behind under the old value."""
    created_at: int
    modified_at: int
    attributes: dict[str, str]
    tags: dict[str, str] = {}
    purged_ms: int = 0
    """Deduplication ids accepted until then do not count any more."""


class Queue:
    """A queue, ready to work with."""

    __slots__ = (
        "arn",
        "content_based_deduplication",
        "contents",
        "deduplicates_by_group",
        "definition",
        "delay_ms",
        "fifo",
        "message_bytes_max",
        "name",
        "redrive",
        "retention_ms",
        "visibility_ms",
        "wait_seconds",
    )  # fmt: skip

    def __init__(self, definition: Definition) -> None:
        attributes = definition.attributes
        self.definition = definition
        self.name = definition.name
        self.contents = definition.contents
        self.arn = f"arn:aws:sqs:{definition.region}:{definition.account_id}:{definition.name}"
        self.fifo = attributes.get("FifoQueue") == "true"
        self.visibility_ms = int(attributes["VisibilityTimeout"]) * 1000
        self.delay_ms = int(attributes["DelaySeconds"]) * 1000
        self.retention_ms = int(attributes["MessageRetentionPeriod"]) * 1000
        self.wait_seconds = int(attributes["ReceiveMessageWaitTimeSeconds"])
        self.message_bytes_max = int(attributes["MaximumMessageSize"])
        self.content_based_deduplication = attributes.get("ContentBasedDeduplication") == "true"
        self.deduplicates_by_group = attributes.get("DeduplicationScope") == "messageGroup"
        redrive = attributes.get("RedrivePolicy")
        self.redrive: RedrivePolicy | None = redrive_policy(redrive) if redrive else None

    @property
    def policy(self) -> str:
        """The queue's policy document, or an empty text."""
        return self.definition.attributes.get("Policy", "")


class Message(msgspec.Struct, array_like=True):
    """One message and where it is in its life."""

    sequence: int
    """Orders messages of a queue by acceptance."""
    id: str
    body: str
    body_md5: str
    sender_id: str
    sent_ms: int
    enqueued_ms: int
    """When it came into this queue, as far as its expiry goes."""
    attributes: dict[str, dict[str, Any]] = {}
    attributes_md5: str | None = None
    trace_header: str | None = None
    group: str | None = None
    deduplication_id: str | None = None
    source_arn: str | None = None
    """The queue that a dead letter came from."""
    receive_count: int = 0
    first_received_ms: int = 0
    received_ms: int = 0
    available_ms: int = 0
    """End of its delay, in a FIFO queue."""
    in_flight: bool = False
    moved: bool = False
    """A receipt that is out may not say when it becomes visible: it was received again, or its
    visibility timeout was changed."""
    apart: bool = False
    """The body lies under a key of its own."""

    def expired(self, queue: Queue, now_ms: int) -> bool:
        """Whether it is older than the queue keeps messages."""
        return self.enqueued_ms + queue.retention_ms <= now_ms

    def is_delayed(self, now_ms: int) -> bool:
        """Whether its delay, in a FIFO queue, is not over."""
        return self.receive_count == 0 and self.available_ms > now_ms

    def dead(self, queue: Queue) -> bool:
        """Whether one more receive would be too many."""
        return queue.redrive is not None and self.receive_count >= queue.redrive.max_receive_count

    def take(self, now_ms: int) -> None:
        """Go in flight."""
        self.receive_count += 1
        self.received_ms = now_ms
        self.first_received_ms = self.first_received_ms or now_ms
        self.in_flight = True
        self.moved = False

    def transferred(self, source_arn: str | None, enqueued_ms: int) -> "Message":
        """The message as it arrives in another queue, from a dead-letter policy or a move task."""
        return msgspec.structs.replace(
            self, source_arn=source_arn, enqueued_ms=enqueued_ms,
            in_flight=False, moved=False, apart=False,
        )  # fmt: skip

    def system_attributes(self) -> dict[str, str]:
        """What SQS itself says about it."""
        found = {
            "SenderId": self.sender_id,
            "SentTimestamp": str(self.sent_ms),
            "ApproximateReceiveCount": str(self.receive_count),
            "ApproximateFirstReceiveTimestamp": str(self.first_received_ms),
            "AWSTraceHeader": self.trace_header,
            "MessageGroupId": self.group,
            "MessageDeduplicationId": self.deduplication_id,
            "DeadLetterQueueSourceArn": self.source_arn,
        }
        if self.deduplication_id is not None:
            found["SequenceNumber"] = sequence_number(self.sequence)
        return {name: value for name, value in found.items() if value is not None}


def sequence_number(sequence: int) -> str:
    """A sequence as FIFO queues show it: 20 digits, growing, with gaps."""
    return str(_SEQUENCE_BASE + sequence * 256)


def body_checksum(body: str) -> str:
    """The MD5 of a body as SDKs verify it."""
    return md5(body.encode(), usedforsecurity=False).hexdigest()


class Receipt(msgspec.Struct, frozen=True, array_like=True):
    """One receive of one message, handed out as the receipt handle."""

    contents: str
    sequence: int
    visible_at_ms: int
    receive_count: int
    group: str | None = None

    def handle(self) -> str:
        """The opaque text that clients keep."""
        return base64.b64encode(b"airside" + msgspec.msgpack.encode(self)).decode()

    @classmethod
    def parse(cls, handle: str) -> "Receipt | None":
        """The receipt behind a handle; None when it never was one."""
        try:
            raw = base64.b64decode(handle, validate=True)
            return msgspec.msgpack.decode(raw[7:], type=cls) if raw[:7] == b"airside" else None
        except (binascii.Error, ValueError):
            return None


class Delivery(msgspec.Struct, frozen=True):
    """A message on its way to a receiver."""

    message: Message
    receipt: Receipt


class Demand(msgspec.Struct, frozen=True):
    """What one receive asks for."""

    now_ms: int
    count: int
    timeout_ms: int
    redrive: bool = False
    """Whether there is a dead-letter queue to move messages to."""
    noisy: Mapping[str, int] = {}
    """Tenants that have to wait, with what they have in flight."""

    @property
    def until_ms(self) -> int:
        """When what is taken becomes visible again."""
        return self.now_ms + self.timeout_ms


class Wanted(msgspec.Struct, frozen=True):
    """What a receiver wants to know about messages."""

    system: frozenset[str] = frozenset()
    attributes: tuple[str, ...] = ()

    def system_attributes(self, message: Message) -> dict[str, str] | None:
        """The system attributes asked for; None when there are none."""
        if not self.system:
            return None
        found = message.system_attributes()
        if "All" in self.system:
            return found
        return {name: value for name, value in found.items() if name in self.system} or None

    def message_attributes(self, message: Message) -> Mapping[str, Any] | None:
        """The message attributes asked for; None when there are none."""
        return select(message.attributes, self.attributes) or None


class Ledger:
    """What a transition did to the number of messages, for gauges and waiters.

    Made anew by each run of a transaction's body.
    """

    __slots__ = ("delayed", "in_flight", "soonest", "total")

    def __init__(self) -> None:
        self.total = 0
        self.in_flight: list[tuple[int, int, str | None]] = []
        """(in flight until, +1 or -1, group)"""
        self.delayed: list[tuple[int, int]] = []
        """(delayed until, +1 or -1)"""
        self.soonest: int | None = None
        """When something can be received because of this transition."""

    def arrive(self, available_at_ms: int, now_ms: int) -> None:
        """Count a new message."""
        self.total += 1
        if available_at_ms > now_ms:
            self.delayed.append((available_at_ms, 1))
        self.announce(available_at_ms)

    def announce(self, available_at_ms: int) -> None:
        """Remember when something becomes visible."""
        if self.soonest is None or available_at_ms < self.soonest:
            self.soonest = available_at_ms

    def hide(self, until_ms: int, group: str | None) -> None:
        """Count a message that went in flight."""
        self.in_flight.append((until_ms, 1, group))
        self.announce(until_ms)

    def show(self, until_ms: int, group: str | None) -> None:
        """Count a message that is no longer in flight until then."""
        self.in_flight.append((until_ms, -1, group))
