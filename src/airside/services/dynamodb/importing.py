"""Filling new tables from objects in S3."""

import asyncio
import csv
import io
import json
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from airside.kernel.context import Context
from airside.kernel.errors import ServiceError
from airside.kernel.http import pieces
from airside.kernel.store import Transaction
from airside.services.dynamodb import ion, mutation, store, transfer, values
from airside.services.dynamodb.errors import SerializationException, ValidationException
from airside.services.dynamodb.limits import ITEM_BYTES_MAX
from airside.services.dynamodb.problems import InvalidValue
from airside.services.dynamodb.store import TableId, Tables
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.transfer import Name
from airside.services.dynamodb.values import Item
from airside.storage import Worker

_DECODER = json.JSONDecoder()
_STEP = 100
"""Items per transaction."""
_PLAIN_BYTES = 1 << 20
_LINE_BYTES_MAX = 4 << 20
"""More than any item of 400 KB takes as JSON."""


class _Unreadable(Exception):
    """An object is not what the request says it is."""


class _Progress:
    """What an import has done."""

    def __init__(self) -> None:
        self.errors = self.processed = self.imported = self.bytes = 0

    def members(self) -> dict[str, int]:
        """As ImportTableDescription has them."""
        return {
            "ErrorCount": self.errors, "ProcessedItemCount": self.processed,
            "ImportedItemCount": self.imported, "ProcessedSizeBytes": self.bytes,
        }  # fmt: skip


async def _plain(body: Any, *, compressed: bool, progress: _Progress) -> AsyncIterator[bytes]:
    """An object's content, decompressed; `progress` counts its bytes."""
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        async for piece in pieces(body):
            progress.bytes += len(piece)
            if not compressed:
                yield piece
                continue
            rest = piece
            while True:
                plain = inflate.decompress(rest, _PLAIN_BYTES)
                if plain:
                    yield plain
                rest = inflate.unconsumed_tail
                if inflate.eof:  # an object may hold several compressed files in a row
                    rest = inflate.unused_data
                    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
                if not rest and len(plain) < _PLAIN_BYTES:
                    break
    except zlib.error as error:
        raise _Unreadable(f"The object is not compressed with GZIP: {error}") from None


async def _lines(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    rest = b""
    async for piece in content:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.strip():
                yield line
        if len(rest) > _LINE_BYTES_MAX:
            raise _Unreadable("A line is longer than any item can be")
    if rest.strip():
        yield rest


async def _json_items(content: AsyncIterator[bytes]) -> AsyncIterator[Item | None]:
    """The items of lines like `{"Item": {…}}`; None for what is none."""
    async for line in _lines(content):
        for found in _documents(line):
            item = found.get("Item") if isinstance(found, dict) else None
            yield item if isinstance(item, dict) else None


def _documents(line: bytes) -> Iterator[Any]:
    """The JSON documents of a line: as a rule one; None for the rest where it is no JSON."""
    try:
        yield msgspec.json.decode(line)
        return
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        text = line.decode().strip()
        while text:
            found, end = _DECODER.raw_decode(text)
            yield found
            text = text[end:].lstrip()
    except (ValueError, RecursionError):
        yield None


async def _ion_items(content: AsyncIterator[bytes]) -> AsyncIterator[Item | None]:
    """The items of lines like `$ion_1_0 {Item:{…}}`; None for what is none."""
    async for line in _lines(content):
        try:
            found = [value.get("M", {}).get("Item", {}) for value in ion.read(line.decode())]
        except (ion.NotIon, UnicodeDecodeError, RecursionError):
            yield None
            continue
        for item in found:
            yield item.get("M")


def _csv_items(text: str, options: Mapping[str, Any], types: Mapping[str, str]) -> Iterator[Item]:
    """Rows: key attributes have the types of their definitions, all others are text."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=options.get("Delimiter", ","))
    header = options.get("HeaderList") or next(rows, [])
    for row in rows:
        if row:
            yield {
                name: {types.get(name, "S"): value}
                for name, value in zip(header, row, strict=False)
                if value or types.get(name) is None
            }


async def _items(
    body: Any, description: Mapping[str, Any], table: Table, progress: _Progress
) -> AsyncIterator[Item | None]:
    compressed = description["InputCompressionType"] == "GZIP"
    content = _plain(body, compressed=compressed, progress=progress)
    if description["InputFormat"] == "DYNAMODB_JSON":
        async for item in _json_items(content):
            yield item
        return
    if description["InputFormat"] == "ION":
        async for item in _ion_items(content):
            yield item
        return
    raw = b"".join([piece async for piece in content])
    options = (description.get("InputFormatOptions") or {}).get("Csv") or {}
    try:
        for row in _csv_items(raw.decode("utf-8-sig"), options, table.types):
            yield row
    except (UnicodeDecodeError, csv.Error) as error:
        raise _Unreadable(f"The object is not CSV: {error}") from None


def _checked(table: Table, item: Item | None) -> int | None:
    """The size of an item that may be put; None when it may not."""
    if item is None:
        return None
    try:
        size = values.check_item(item)
        table.check_item(item)
    except (ValidationException, SerializationException, InvalidValue):
        return None
    return size if size <= ITEM_BYTES_MAX else None


def _put(tx: Transaction, batch: list[tuple[Item, int]], where: TableId, number: int) -> bool:
    """Write some items; whether the table is still there."""
    table = store.load_table(tx, where)
    if table is None or table.number != number:
        return False
    for item, size in batch:
        key = table.key_of(item)
        mutation.write(tx, table, key, store.get(tx, key), item, size)
    return True


def _finish(tx: Transaction, name: Name, number: int, document: dict[str, Any]) -> None:
    where: TableId = (name[0], name[1], name[3])
    table = store.load_table(tx, where)
    if table is not None and table.number == number:
        if (
            document["description"]["ProcessedItemCount"]
            or "FailureCode" not in (document["description"])
        ):
            table.status = "ACTIVE"
            for index in table.indexes:
                index.status = "ACTIVE"
            store.save_table(tx, table)
        else:
            store.drop_table(tx, table)
    store.delete_document(tx, *transfer.work_name(name))
    store.put_document(tx, document, *name)


class Importing(Worker):
    """Makes imports, one after another. One that was interrupted begins again."""

    async def work(self) -> None:
        """Make all imports that were begun."""
        while True:
            found = await self.cloud.store.read(
                lambda view: list(store.scan_documents(view, "importing", limit=1))
            )
            if not found:
                return
            ((work, job),) = found
            await self._import((work[1], work[2], "import", *work[3:]), job["number"])

    async def _import(self, name: Name, number: int) -> None:
        document = await self.cloud.store.read(lambda view: store.get_document(view, *name))
        assert document is not None
        description = document["description"]
        where: TableId = (name[0], name[1], name[3])
        ctx = transfer.context(self.cloud, document, name[1])
        progress = _Progress()
        changes: dict[str, Any] = {"ImportStatus": "COMPLETED"}
        try:
            await self._read(ctx, description, where, number, progress)
        except ServiceError as error:
            changes = {
                "ImportStatus": "FAILED", "FailureCode": f"S3{error.name}",
                "FailureMessage": error.message or error.name,
            }  # fmt: skip
        except _Unreadable as error:
            changes = {
                "ImportStatus": "FAILED", "FailureCode": "InvalidInput",
                "FailureMessage": str(error),
            }  # fmt: skip
        if progress.errors and changes["ImportStatus"] == "COMPLETED":
            changes = {
                "ImportStatus": "FAILED", "FailureCode": "ItemValidationError",
                "FailureMessage": "Some of the items failed validation checks. Please check "
                "CloudWatch error logs for more details.",
            }  # fmt: skip
        changes |= {**progress.members(), "EndTime": self.cloud.clock.now()}
        ctx.use("ImportDataSize-Bytes", progress.bytes, description["TableArn"])
        done = {**document, "description": {**description, **changes}}
        with self.cloud.component(Tables).changing(where):
            finish = partial(_finish, name=name, number=number, document=done)
            await self.cloud.store.transact(finish)

    async def _read(
        self, ctx: Context, description: dict[str, Any], where: TableId, number: int,
        progress: _Progress,
    ) -> None:  # fmt: skip
        table = await self.cloud.store.read(lambda view: store.load_table(view, where))
        if table is None:
            return
        batch: list[tuple[Item, int]] = []
        source = description["S3BucketSource"]
        keys = await _keys(ctx, source)
        for key in keys:
            found = await ctx.call("s3", "GetObject", {"Bucket": source["S3Bucket"], "Key": key})
            async for item in _items(found["Body"], description, table, progress):
                progress.processed += 1
                size = _checked(table, item)
                if size is None or item is None:
                    progress.errors += 1
                    continue
                progress.imported += 1
                batch.append((item, size))
                if len(batch) == _STEP:
                    if not await self._flush(batch, where, number):
                        return
                    batch = []
        await self._flush(batch, where, number)

    async def _flush(self, batch: list[tuple[Item, int]], where: TableId, number: int) -> bool:
        await asyncio.sleep(0)
        put = partial(_put, batch=batch, where=where, number=number)
        return await self.cloud.store.transact(put)


async def _keys(ctx: Context, source: Mapping[str, Any]) -> list[str]:
    """The objects to import, in order."""
    request: dict[str, Any] = {
        "Bucket": source["S3Bucket"], "Prefix": source.get("S3KeyPrefix") or "",
    }  # fmt: skip
    if source.get("S3BucketOwner"):
        request["ExpectedBucketOwner"] = source["S3BucketOwner"]
    found: list[str] = []
    while True:
        page = await ctx.call("s3", "ListObjectsV2", request)
        found += [each["Key"] for each in page.get("Contents") or () if each["Size"]]
        if not page.get("IsTruncated"):
            return found
        request["ContinuationToken"] = page["NextContinuationToken"]
