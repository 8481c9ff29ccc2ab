"""What batches have in common: entries with ids, each of which succeeds or fails alone."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from airside.kernel import ServiceError
from airside.services.sqs.errors import (
    BatchEntryIdsNotDistinct,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    TooManyEntriesInBatchRequest,
)
from airside.services.sqs.limits import BATCH_MAX

T = TypeVar("T")
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_CODES = {
    "InvalidParameterValueException": "InvalidParameterValue",
    "MissingRequiredParameterException": "MissingParameter",
    "UnsupportedOperation": "AWS.SimpleQueueService.UnsupportedOperation",
}
"""Codes as entries show them, where they are not the error's name."""


class Entry(msgspec.Struct, Generic[T], frozen=True):
    """One entry of a batch."""

    id: str
    value: T


def check_entries(entries: Sequence[dict[str, Any]], shape: str) -> None:
    """Raise for a batch that fails as a whole."""
    if not entries:
        raise EmptyBatchRequest(f"There should be at least one {shape} in the request.")
    if len(entries) > BATCH_MAX:
        raise TooManyEntriesInBatchRequest(
            f"Maximum number of entries per request are {BATCH_MAX}. You have sent {len(entries)}."
        )
    seen: set[str] = set()
    for entry in entries:
        if not _ID.fullmatch(entry["Id"]):
            raise InvalidBatchEntryId(
                "A batch entry id can only contain alphanumeric characters, hyphens and "
                "underscores. It can be at most 80 letters long."
            )
        if entry["Id"] in seen:
            raise BatchEntryIdsNotDistinct(f"Id {entry['Id']} repeated.")
        seen.add(entry["Id"])


def failure(entry_id: str, error: ServiceError) -> dict[str, Any]:
    """One entry of `Failed`."""
    return {
        "Id": entry_id,
        "SenderFault": True,
        "Code": _CODES.get(error.name, error.name),
        "Message": error.message,
    }


def failures_of(
    entries: Iterable[Entry[T]], each: Callable[[Entry[T]], dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """`Successful` and `Failed`. `each` must raise before it writes anything."""
    successful: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        try:
            successful.append(each(entry))
        except ServiceError as error:
            failed.append(failure(entry.id, error))
    return successful, failed
