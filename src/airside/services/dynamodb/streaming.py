"""Streams of changes: a table's stream settings, and the records that writes leave."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from airside.kernel.store import Transaction
from airside.services.dynamodb import store
from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.table import Stream, Table

VIEWS = ("NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")
_INVALID = "One or more parameter values were invalid: "


def check_specification(given: Mapping[str, Any] | None) -> None:
    """Check a StreamSpecification."""
    if given is None:
        return
    view = given.get("StreamViewType")
    if view is not None and view not in VIEWS:
        raise ValidationException(
            f"1 validation error detected: Value '{view}' at 'streamSpecification.streamViewType' "
            "failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(VIEWS)}]"
        )
    if given.get("StreamEnabled") and view is None:
        raise ValidationException(
            _INVALID + "StreamViewType must be specified when StreamEnabled is true"
        )
    if not given.get("StreamEnabled") and view is not None:
        raise ValidationException(
            _INVALID + "StreamViewType can not be specified when StreamEnabled is false"
        )


def configure(tx: Transaction, table: Table, given: Mapping[str, Any] | None, now: float) -> None:
    """Open a stream for a table if it is to have one."""
    if not given or not given.get("StreamEnabled"):
        return
    moment = datetime.fromtimestamp(now, UTC)
    label = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}"
    number = store.next_number(tx, "stream")
    table.stream = Stream(given["StreamViewType"], label, number, created_at=now)


def reconfigure(tx: Transaction, table: Table, given: Mapping[str, Any], now: float) -> None:
    """Switch a table's stream on or off."""
    is_on = table.stream is not None and table.stream.enabled
    if given.get("StreamEnabled"):
        if is_on:
            raise ValidationException(
                f"Table already has an enabled stream: TableName: {table.name}"
            )
        if table.stream is not None:
            table.old_streams.append(table.stream)
        configure(tx, table, given, now)
    elif not is_on:
        raise ValidationException(
            f"Table does not have a stream to disable: TableName: {table.name}"
        )
    else:
        close(tx, table, now)


def close(tx: Transaction, table: Table, now: float) -> None:
    """Close a table's stream."""
    if table.stream is not None and table.stream.enabled:
        table.stream.enabled = False
        table.stream.disabled_at = now
