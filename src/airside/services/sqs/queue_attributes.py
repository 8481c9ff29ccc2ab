"""Queue attributes: which there are, what they may be, what they are by default. Pure.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from airside.identity.policy import Policy, PolicySyntaxError
from airside.protocol.documents import load_json
from airside.services.sqs import limits
from airside.services.sqs.errors import (
    InvalidAttributeName,
    InvalidAttributeValue,
    InvalidParameterValueException,
)

_RANGES = {
    "DelaySeconds": (0, limits.DELAY_SECONDS_MAX),
    "MaximumMessageSize": (limits.MESSAGE_BYTES_MIN, limits.MESSAGE_BYTES_MAX),
    "MessageRetentionPeriod": (limits.RETENTION_SECONDS_MIN, limits.RETENTION_SECONDS_MAX),
    "ReceiveMessageWaitTimeSeconds": (0, limits.WAIT_SECONDS_MAX),
    "VisibilityTimeout": (0, limits.VISIBILITY_TIMEOUT_SECONDS_MAX),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
}
_CHOICES = {
    "FifoQueue": ("true", "false"),
    "ContentBasedDeduplication": ("true", "false"),
    "SqsManagedSseEnabled": ("true", "false"),
    "DeduplicationScope": ("queue", "messageGroup"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
}
_FLAGS = frozenset({"FifoQueue", "ContentBasedDeduplication", "SqsManagedSseEnabled"})
_THROUGHPUT = frozenset({"DeduplicationScope", "FifoThroughputLimit"})
_FIFO_ONLY = frozenset(
    {"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"}
)
_DOCUMENTS = frozenset({"Policy", "RedrivePolicy", "RedriveAllowPolicy"})
_TEXTS = frozenset({"KmsMasterKeyId"})
_QUEUE_ARN = re.compile(r"arn:aws[a-z-]*:sqs:([a-z0-9-]+):(\d{12}):([\w-]+(?:\.fifo)?)")

STANDARD_DEFAULTS: Mapping[str, str] = {
    "DelaySeconds": "0",
    "MaximumMessageSize": str(limits.MESSAGE_BYTES_MAX),
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}
FIFO_DEFAULTS: Mapping[str, str] = {
    **STANDARD_DEFAULTS,
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoQueue": "true",
    "FifoThroughputLimit": "perQueue",
}
NAMES = frozenset(
    {*FIFO_DEFAULTS, *_DOCUMENTS, *_TEXTS, "KmsDataKeyReusePeriodSeconds", "QueueArn",
     "CreatedTimestamp", "LastModifiedTimestamp", "ApproximateNumberOfMessages",
     "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible", "All"}
)  # fmt: skip


class RedrivePolicy(msgspec.Struct, frozen=True, rename="camel"):
    """Where messages go that were received too often."""

    dead_letter_target_arn: str
    max_receive_count: int


class RedriveAllowPolicy(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Which queues may name this one as their dead-letter queue."""

    redrive_permission: str = ""
    source_queue_arns: tuple[str, ...] = ()

    def permits(self, source_arn: str) -> bool:
        """Whether that queue may."""
        if self.redrive_permission == "byQueue":
            return source_arn in self.source_queue_arns
        return self.redrive_permission != "denyAll"


def parse_queue_arn(text: str) -> tuple[str, str, str] | None:
    """Region, account and name; None when `text` is no queue's ARN."""
    match = _QUEUE_ARN.fullmatch(text)
    return None if match is None else (match[1], match[2], match[3])


def check(attributes: Mapping[str, str], *, fifo: bool, creating: bool) -> dict[str, str]:
    """Attributes as they are kept. An empty document means to remove it.

    Raises InvalidAttributeName, InvalidAttributeValue, InvalidParameterValueException.
    """
    return {
        name: _checked(name, value, fifo=fifo, creating=creating)
        for name, value in attributes.items()
    }


def _checked(name: str, value: str, *, fifo: bool, creating: bool) -> str:
    if name in _FLAGS:
        value = value.lower()
    if name in _THROUGHPUT and not fifo:
        raise InvalidAttributeName(
            f"You can specify the {name} only when FifoQueue is set to true."
        )
    if name in _FIFO_ONLY and not fifo:
        raise InvalidAttributeName(f"Unknown Attribute {name}.")
    if name == "FifoQueue" and value != "true" and not creating:
        raise InvalidAttributeValue(
            "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not "
            "supported."
        )
    if name in _RANGES:
        return _number(name, value)
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
        return value
    if name in _DOCUMENTS:
        return _document(name, value) if value else ""
    if name in _TEXTS:
        return value
    raise InvalidAttributeName(f"Unknown Attribute {name}.")


def _number(name: str, value: str) -> str:
    low, high = _RANGES[name]
    if not re.fullmatch(r"[0-9]{1,10}", value) or not low <= int(value) <= high:
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
    return str(int(value))


def _document(name: str, value: str) -> str:
    if name == "Policy":
        try:
            Policy.parse(value)
        except PolicySyntaxError as error:
            raise InvalidAttributeValue("Invalid value for the parameter Policy.") from error
        return value
    policy: RedrivePolicy | RedriveAllowPolicy
    policy = redrive_policy(value) if name == "RedrivePolicy" else _redrive_allow_policy(value)
    return msgspec.json.encode(policy).decode()


def _redrive_error(value: str, reason: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(
        f"Value {value} for parameter RedrivePolicy is invalid. Reason: {reason}"
    )


def redrive_policy(value: str) -> RedrivePolicy:
    """Parse a RedrivePolicy; `maxReceiveCount` may be a number or text."""
    try:
        raw = load_json(value)
    except ValueError as error:
        raise _redrive_error(value, "Redrive policy is not a valid JSON map.") from error
    if not isinstance(raw, dict):
        raise _redrive_error(value, "Redrive policy is not a valid JSON map.")
    target, count = raw.get("deadLetterTargetArn"), raw.get("maxReceiveCount")
    for name, given in (("deadLetterTargetArn", target), ("maxReceiveCount", count)):
        if given is None:
            raise _redrive_error(
                value, f"Redrive policy does not contain mandatory attribute: {name}."
            )
    if not isinstance(target, str) or parse_queue_arn(target) is None:
        raise _redrive_error(value, "Dead letter target ARN is invalid.")
    number = _whole(count)
    if number is None or not 1 <= number <= limits.RECEIVE_COUNT_MAX:
        raise _redrive_error(
            value,
            f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to "
            f"{limits.RECEIVE_COUNT_MAX} both inclusive.",
        )
    return RedrivePolicy(target, number)


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def _redrive_allow_policy(value: str) -> RedriveAllowPolicy:
    def refuse(reason: str) -> InvalidParameterValueException:
        return InvalidParameterValueException(
            f"Value {value} for parameter RedriveAllowPolicy is invalid. Reason: {reason}"
        )

    try:
        policy = msgspec.convert(load_json(value), RedriveAllowPolicy)
    except (msgspec.ValidationError, ValueError) as error:
        raise refuse(
            "Amazon SQS can't create the redrive allow policy, as it's not a valid JSON map."
        ) from error
    if policy.redrive_permission not in ("allowAll", "denyAll", "byQueue"):
        raise refuse(
            "Amazon SQS can't create the redrive allow policy. Redrive permission should be one of "
            "allowAll, denyAll, byQueue."
        )
    count = len(policy.source_queue_arns)
    if policy.redrive_permission == "byQueue" and not 1 <= count <= limits.REDRIVE_SOURCES_MAX:
        raise refuse(
            "Amazon SQS can't create the redrive allow policy. The byQueue option requires a list "
            f"of 1 to {limits.REDRIVE_SOURCES_MAX} source queue ARNs."
        )
    if policy.redrive_permission != "byQueue" and count:
        raise refuse(
            "Amazon SQS can't create the redrive allow policy. You can't specify the source queue "
            "ARN list for a redrive permission other than byQueue."
        )
    return policy


def redrive_allow_policy(value: str) -> RedriveAllowPolicy:
    """A kept RedriveAllowPolicy; everybody may when there is none."""
    return msgspec.json.decode(value, type=RedriveAllowPolicy) if value else RedriveAllowPolicy()
