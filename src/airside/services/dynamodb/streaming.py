"""Streams of changes: a table's stream settings, and the records that writes leave."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import md5
from typing import TYPE_CHECKING, Any

import msgspec

from airside.kernel.cloud import Cloud
from airside.kernel.component import Component
from airside.kernel.store import Transaction
from airside.services.dynamodb import stream_store
from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.stream_store import SEQUENCE_BASE, StreamId
from airside.services.dynamodb.table import Stream, Table
from airside.services.dynamodb.values import Item, item_size
from airside.storage import StorageError

if TYPE_CHECKING:
    from airside.services.dynamodb.store import Record

VIEWS = ("NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")
_INVALID = "One or more parameter values were invalid: "
_SERVICE = b'"userIdentity":{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"},'
"""Who deleted an item that has expired."""
_encode = msgspec.json.Encoder().encode


def check_specification(given: Mapping[str, Any] | None) -> None:
    """Check a StreamSpecification."""
    if given is None:
        return
    view = given.get("StreamViewType")
    if given.get("StreamEnabled") is None:
        raise ValidationException(
            "1 validation error detected: Value null at 'streamSpecification.streamEnabled' "
            "failed to satisfy constraint: Member must not be null"
        )
    if view is not None and view not in VIEWS:
        raise ValidationException(
            f"1 validation error detected: Value '{view}' at 'streamSpecification.streamViewType' "
            "failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(VIEWS)}]"
        )
    if given["StreamEnabled"] and view is None:
        raise ValidationException(
            _INVALID + "StreamViewType must be specified when StreamEnabled is true"
        )
    if not given["StreamEnabled"] and view is not None:
        raise ValidationException(
            _INVALID + "StreamViewType can not be specified when StreamEnabled is false"
        )


def configure(tx: Transaction, table: Table, given: Mapping[str, Any] | None, now: float) -> None:
    """Open a stream for a table if it is to have one."""
    if not given or not given.get("StreamEnabled"):
        return
    moment = datetime.fromtimestamp(now, UTC)
    label = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}"
    number = stream_store.next_number(tx)
    table.stream = Stream(given["StreamViewType"], label, number, created_at=now)
    keys = [(name, "HASH") for name in table.schema.partition]
    document = {
        "number": number,
        "view": table.stream.view,
        "keys": keys + [(name, "RANGE") for name in table.schema.sort],
        "created_at": now,
        "closed_at": None,
    }
    stream_store.open_stream(tx, _stream_id(table, table.stream), document)


def _stream_id(table: Table, stream: Stream) -> StreamId:
    return table.account_id, table.region, table.name, stream.label


def reconfigure(tx: Transaction, table: Table, given: Mapping[str, Any], now: float) -> None:
    """Switch a table's stream on or off."""
    is_on = table.stream is not None and table.stream.enabled
    if given.get("StreamEnabled"):
        if is_on:
            raise ValidationException(
                f"Table already has an enabled stream: TableName: {table.name}"
            )
        configure(tx, table, given, now)
    elif not is_on:
        raise ValidationException(
            f"Table does not have a stream to disable: TableName: {table.name}"
        )
    else:
        close(tx, table, now)


def close(tx: Transaction, table: Table, now: float) -> None:
    """Close a table's stream; it can be read for another 24 hours."""
    if table.stream is not None and table.stream.enabled:
        table.stream.enabled = False
        table.stream.disabled_at = now
        stream_store.close_stream(tx, _stream_id(table, table.stream), now)


class Announcer(Component):
    """Rings the bell of a stream once its new records can be read."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._announced: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Ring what is to be rung."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def announce(self, arn: str) -> None:
        """A transaction that is running now adds records to the stream `arn`."""
        if arn not in self._announced and self.cloud.bells.is_heard(arn):
            self._announced.add(arn)
            asyncio.get_running_loop().call_soon(self._begin, arn)

    def _begin(self, arn: str) -> None:
        task = asyncio.get_running_loop().create_task(self._ring(arn), name="dynamodb-announcer")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ring(self, arn: str) -> None:
        """An empty transaction returns when those that ran before it are durable."""
        self._announced.discard(arn)
        try:
            await self.cloud.store.transact(_nothing)
        except StorageError:
            return  # whoever wrote the records is told
        self.cloud.bells.ring(arn)


def _nothing(tx: Transaction) -> None:
    """See `Announcer`."""


class Feed:
    """Writes the records of one table's stream."""

    def __init__(self, table: Table, stream: Stream, announcer: Announcer) -> None:
        self._number = stream.number
        self._keys = table.schema.names
        self._new = stream.view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES")
        self._old = stream.view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES")
        self._arn = f"{table.arn}/stream/{stream.label}"
        self._announcer = announcer
        self._region = table.region.encode()
        self._view = stream.view.encode()

    def note(
        self, tx: Transaction, old: "Record | None", new: Item | None, raw: bytes, at: float,
        *, expired: bool,
    ) -> None:  # fmt: skip
        """A change took place. `raw` is the new item as stored."""
        taken = stream_store.next_sequence(tx, self._number, at)
        if taken is None:
            return
        index, sequence = taken
        item = new
        if item is None:
            assert old is not None
            item = old.item
        key = {name: item[name] for name in self._keys}
        size = item_size(key)
        images = b""
        if self._new and new is not None:
            size += int.from_bytes(raw[:4], "big")
            images = b'"NewImage":' + raw[4:] + b","
        if self._old and old is not None:
            size += old.size
            images += b'"OldImage":' + old.raw[4:] + b","
        record = (
            b'{"eventID":"%s","eventName":"%s","eventVersion":"1.1","eventSource":"aws:dynamodb",'
            b'"awsRegion":"%s",%s"dynamodb":{"ApproximateCreationDateTime":%d,"Keys":%s,%s'
            b'"SequenceNumber":"%d","SizeBytes":%d,"StreamViewType":"%s"}}'
        ) % (
            md5(b"%d/%d" % (self._number, sequence), usedforsecurity=False).hexdigest().encode(),
            b"REMOVE" if new is None else b"INSERT" if old is None else b"MODIFY",
            self._region,
            _SERVICE if expired else b"",
            int(at),
            _encode(key),
            images,
            SEQUENCE_BASE + sequence,
            size,
            self._view,
        )
        stream_store.put_record(tx, self._number, index, sequence, at, record)
        self._announcer.announce(self._arn)
