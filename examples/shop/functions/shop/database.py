"""DynamoDB: the client, plain Python values for items, and writes that wait their turn.

Expressions name every attribute through a `#placeholder`, since many good names are reserved words.
"""

import random
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

T = TypeVar("T")

WRITE_ATTEMPTS = 8
BACKOFF_SECONDS = 0.02

# Made once for each execution environment, outside the handlers, so that connections are reused.
dynamodb: Any = boto3.client(
    "dynamodb",
    config=Config(
        connect_timeout=2,
        read_timeout=4,
        retries={"mode": "standard", "total_max_attempts": 3},
    ),
)


def to_attribute(value: object) -> dict[str, Any]:
    """One Python value in DynamoDB's notation. A float is a mistake: money is counted in cents."""
    match value:
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}
        case list() | tuple():
            return {"L": [to_attribute(member) for member in value]}
        case dict():
            return {"M": to_item(value)}
        case _:
            raise TypeError(f"No attribute for {type(value).__name__}")


def to_item(values: Mapping[str, object]) -> dict[str, Any]:
    """A mapping in DynamoDB's notation."""
    return {name: to_attribute(value) for name, value in values.items()}


def from_attribute(attribute: Mapping[str, Any]) -> Any:
    """One value out of DynamoDB's notation."""
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return int(value)
        case "L":
            return [from_attribute(member) for member in value]
        case "M":
            return from_item(value)
        case "S" | "BOOL" | "B":
            return value
        case _:
            raise TypeError(f"No value for the attribute type {kind}")


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping out of DynamoDB's notation."""
    return {name: from_attribute(attribute) for name, attribute in item.items()}


def get(table: str, key: Mapping[str, object]) -> dict[str, Any] | None:
    """The item with this key as it stands now, or None."""
    answer = dynamodb.get_item(TableName=table, Key=to_item(key), ConsistentRead=True)
    return from_item(answer["Item"]) if "Item" in answer else None


def error_code(error: ClientError) -> str:
    """AWS's name for what went wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


def condition_failed(error: ClientError) -> bool:
    """Whether a single write was refused by its own condition."""
    return error_code(error) == "ConditionalCheckFailedException"


def failed_conditions(error: ClientError) -> list[bool]:
    """For each action of a cancelled transaction, whether its condition was the reason."""
    response: Mapping[str, Any] = error.response
    reasons: list[dict[str, Any]] = response.get("CancellationReasons", [])
    return [reason.get("Code") == "ConditionalCheckFailed" for reason in reasons]


def write(action: Callable[[], T]) -> T:
    """Do a write, again and a little later while another transaction holds one of its items.

    A refused condition is an answer, not a collision: it is raised at once.
    """
    for attempt in range(WRITE_ATTEMPTS):
        try:
            return action()
        except ClientError as error:
            if not _collided(error) or attempt == WRITE_ATTEMPTS - 1:
                raise
        # Full jitter: those who collided once should not meet again.
        time.sleep(random.uniform(0, BACKOFF_SECONDS * 2**attempt))
    raise AssertionError("unreachable")


def _collided(error: ClientError) -> bool:
    code = error_code(error)
    if code == "TransactionCanceledException":
        return not any(failed_conditions(error))
    return code in {"TransactionConflictException", "TransactionInProgressException"}
