"""Writing tables to S3: data files, then the manifests that name them."""

import asyncio
import gzip
from base64 import b64encode
from functools import partial
from hashlib import md5, sha256
from typing import Any

import msgspec

from airside.kernel.clock import iso8601
from airside.kernel.context import Context
from airside.kernel.errors import ServiceError
from airside.kernel.http import BytesBody
from airside.kernel.store import Snapshot, Transaction
from airside.services.dynamodb import copying, history, ion, store, transfer
from airside.services.dynamodb.history import Changed, Source
from airside.services.dynamodb.records import SIZE_BYTES, size_of
from airside.services.dynamodb.store import Tables
from airside.services.dynamodb.transfer import Name
from airside.services.dynamodb.upkeep import Upkeep
from airside.services.dynamodb.values import Item
from airside.storage import Worker

_STEP = 200
_FILE_BYTES = 16 << 20
"""A data file's size before it is compressed."""


class _Files:
    """The files of one export."""

    def __init__(self, ctx: Context, name: Name, description: dict[str, Any]) -> None:
        self._ctx = ctx
        self._description = description
        prefix = description.get("S3Prefix") or ""
        head = f"{prefix.rstrip('/')}/" if prefix else ""
        self.folder = f"{head}AWSDynamoDB/{name[-1]}"
        full = description["ExportType"] == "FULL_EXPORT"
        self.data_folder = f"{self.folder}/data" if full else f"{head}AWSDynamoDB/data"
        self._identifier = name[-1]
        self._suffix = "ion" if description["ExportFormat"] == "ION" else "json"
        self.manifest: list[dict[str, Any]] = []

    async def put(self, key: str, content: bytes) -> str:
        """Write a file; its ETag. The same key may be written again after a crash."""
        description = self._description
        request: dict[str, Any] = {
            "Bucket": description["S3Bucket"], "Key": key,
            "Body": BytesBody(content),
        }  # fmt: skip
        if "S3BucketOwner" in description:
            request["ExpectedBucketOwner"] = description["S3BucketOwner"]
        if description["S3SseAlgorithm"] == "KMS":
            request["ServerSideEncryption"] = "aws:kms"
            if "S3SseKmsKeyId" in description:
                request["SSEKMSKeyId"] = description["S3SseKmsKeyId"]
        stored = await self._ctx.call("s3", "PutObject", request)
        return str(stored["ETag"]).strip('"')

    async def put_data(self, lines: list[bytes]) -> None:
        """Write a data file and note it for the manifest."""
        number = len(self.manifest)
        label = sha256(f"{self._identifier}/{number}".encode()).hexdigest()[:26]
        content = await asyncio.to_thread(gzip.compress, b"".join(lines), 6, mtime=0)
        key = f"{self.data_folder}/{label}.{self._suffix}.gz"
        tag = await self.put(key, content)
        entry = {
            "itemCount": len(lines), "md5Checksum": _checksum(content), "etag": tag,
            "dataFileS3Key": key,
        }  # fmt: skip
        self.manifest.append(entry)

    async def put_manifest(self, name: str, content: bytes) -> None:
        """Write a manifest and its checksum."""
        await self.put(f"{self.folder}/{name}.json", content)
        await self.put(f"{self.folder}/{name}.checksum", _checksum(content).encode())


def _checksum(content: bytes) -> str:
    return b64encode(md5(content, usedforsecurity=False).digest()).decode()


class Exporting(Worker):
    """Makes exports, one after another. One that was interrupted begins again."""

    async def work(self) -> None:
        """Make all exports that were begun."""
        while True:
            found = await self.cloud.store.read(
                lambda view: list(store.scan_documents(view, "exporting", limit=1))
            )
            if not found:
                return
            ((work, job),) = found
            name = (work[1], work[2], "export", *work[3:])
            await self._export(name, job)
            self.cloud.component(Upkeep).wake()

    async def _export(self, name: Name, job: dict[str, Any]) -> None:
        document = await self.cloud.store.read(lambda view: store.get_document(view, *name))
        assert document is not None
        description = document["description"]
        ctx = transfer.context(self.cloud, document, name[1])
        try:
            changes = await self._write(ctx, _Files(ctx, name, description), description, job)
        except ServiceError as error:
            changes = {
                "ExportStatus": "FAILED", "FailureCode": f"S3{error.name}",
                "FailureMessage": error.message or error.name,
            }  # fmt: skip
        changes["EndTime"] = self.cloud.clock.now()
        done = {**document, "description": {**description, **changes}}
        with self.cloud.component(Tables).changing((name[0], name[1], name[3])):
            await self.cloud.store.transact(partial(_finish, name=name, document=done))

    async def _write(
        self, ctx: Context, files: _Files, description: dict[str, Any], job: dict[str, Any]
    ) -> dict[str, Any]:
        await files.put(f"{files.folder}/_started", b"")
        view_type = description.get("IncrementalExportSpecification", {}).get("ExportViewType")
        in_ion = description["ExportFormat"] == "ION"
        start: bytes | None = b""
        lines: list[bytes] = []
        items = size = gathered = 0
        while start is not None:
            found, start = await self.cloud.store.read(
                partial(_page, job=job, view_type=view_type, start=start, in_ion=in_ion)
            )
            items += len(found)
            for line, measured in found:
                lines.append(line)
                gathered += len(line)
                size += measured
            if gathered >= _FILE_BYTES or start is None:
                await files.put_data(lines)
                lines, gathered = [], 0
            await asyncio.sleep(0)
        listed = b"".join(msgspec.json.encode(entry) + b"\n" for entry in files.manifest)
        await files.put_manifest("manifest-files", listed)
        summary = _summary(description, files.folder, items, size, self.cloud.clock.now())
        await files.put_manifest("manifest-summary", msgspec.json.encode(summary))
        ctx.use("ExportDataSize-Bytes", size, description["TableArn"])
        return {
            "ExportStatus": "COMPLETED", "ItemCount": items, "BilledSizeBytes": size,
            "ExportManifest": f"{files.folder}/manifest-summary.json",
        }  # fmt: skip


def _page(
    view: Snapshot, job: dict[str, Any], view_type: str | None, start: bytes, *, in_ion: bool
) -> tuple[list[tuple[bytes, int]], bytes | None]:
    """Some lines with the bytes that each counts for, and where to go on."""
    source = msgspec.convert(job["source"], Source)
    if view_type is None:
        page = history.read(view, source, start, _STEP)
        return [_full(raw, in_ion=in_ion) for _, raw in page.items], page.following
    found, following = history.changes(view, source, job["since"], start, _STEP)
    write = _incremental_in_ion if in_ion else _incremental
    return [write(each, job["keys"], view_type) for each in found], following


def _full(raw: bytes, *, in_ion: bool) -> tuple[bytes, int]:
    if in_ion:
        return ion.line(("Item", store.record_of(b"", raw).item)), size_of(raw)
    return b'{"Item":%b}\n' % raw[SIZE_BYTES:], size_of(raw)


def _incremental(change: Changed, keys: list[str], view_type: str) -> tuple[bytes, int]:
    item = store.record_of(b"", change.new or change.old).item
    line = b'{"Metadata":{"WriteTimestampMicros":{"N":"%d"}},"Keys":%b' % (
        change.written_at, msgspec.json.encode({name: item[name] for name in keys}),
    )  # fmt: skip
    old = change.old if view_type == "NEW_AND_OLD_IMAGES" else b""
    if change.new:
        line += b',"NewImage":' + change.new[SIZE_BYTES:]
    if old:
        line += b',"OldImage":' + old[SIZE_BYTES:]
    return line + b"}\n", size_of(change.new) + size_of(old)


def _incremental_in_ion(change: Changed, keys: list[str], view_type: str) -> tuple[bytes, int]:
    item = store.record_of(b"", change.new or change.old).item
    members: list[tuple[str, Item]] = [
        ("Metadata", {"WriteTimestampMicros": {"N": str(change.written_at)}}),
        ("Keys", {name: item[name] for name in keys}),
    ]
    old = change.old if view_type == "NEW_AND_OLD_IMAGES" else b""
    for name, raw in (("NewImage", change.new), ("OldImage", old)):
        if raw:
            members.append((name, store.record_of(b"", raw).item))
    return ion.line(*members, under="Record"), size_of(change.new) + size_of(old)


def _summary(
    description: dict[str, Any], folder: str, items: int, size: int, now: float
) -> dict[str, Any]:
    window = description.get("IncrementalExportSpecification")
    if window is None:
        times: dict[str, Any] = {"exportTime": iso8601(description["ExportTime"])}
    else:
        times = {
            "exportFromTime": iso8601(window["ExportFromTime"]),
            "exportToTime": iso8601(window["ExportToTime"]),
        }
    return {
        "version": "2020-06-30" if window is None else "2023-08-01",
        "exportArn": description["ExportArn"],
        "startTime": iso8601(description["StartTime"]),
        "endTime": iso8601(now),
        "tableArn": description["TableArn"],
        "tableId": description["TableId"],
        **times,
        "s3Bucket": description["S3Bucket"],
        "s3Prefix": description.get("S3Prefix"),
        "s3SseAlgorithm": description["S3SseAlgorithm"],
        "s3SseKmsKeyId": description.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": f"{folder}/manifest-files.json",
        "billedSizeBytes": size,
        "itemCount": items,
        "outputFormat": description["ExportFormat"],
        **({} if window is None else {"outputView": window["ExportViewType"]}),
        "exportType": description["ExportType"],
    }


def _finish(tx: Transaction, name: Name, document: dict[str, Any]) -> None:
    work = transfer.work_name(name)
    job = store.get_document(tx, *work)
    if job is not None:
        copying.release(tx, job)
        store.delete_document(tx, *work)
    store.put_document(tx, document, *name)
