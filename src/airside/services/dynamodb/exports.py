"""Exports of tables to S3: beginning, describing and listing them."""

from collections.abc import Mapping
from typing import Any

from airside.kernel.context import Context
from airside.kernel.errors import OperationNotImplemented
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Transaction
from airside.services.dynamodb import store, transfer, validation
from airside.services.dynamodb.arns import account_arn, table_arn
from airside.services.dynamodb.backup import label_of
from airside.services.dynamodb.errors import (
    ExportConflictException,
    ExportNotFoundException,
    InvalidExportTimeException,
    InvalidRestoreTimeException,
    TableNotFoundException,
    ValidationException,
)
from airside.services.dynamodb.exporting import Exporting
from airside.services.dynamodb.history import Source
from airside.services.dynamodb.recovery import source_at
from airside.services.dynamodb.store import table_id
from airside.services.dynamodb.table import Table

_MEMBERS = (
    "ClientToken", "S3Bucket", "S3BucketOwner", "S3Prefix", "S3SseAlgorithm", "S3SseKmsKeyId",
)  # fmt: skip
_RULES = (
    validation.required("TableArn"),
    validation.required("S3Bucket"),
    validation.enum("ExportFormat", ("DYNAMODB_JSON", "ION")),
    validation.enum("ExportType", ("FULL_EXPORT", "INCREMENTAL_EXPORT")),
    validation.enum("S3SseAlgorithm", ("AES256", "KMS")),
)


def _source_arn(ctx: Context, request: Request) -> str:
    return table_arn(ctx, {"TableName": request.get("TableArn") or "*"})


@operation("ExportTableToPointInTime", resource=_source_arn)
async def export_table_to_point_in_time(ctx: Context, request: Request) -> Result:
    """Write a table as it was at a moment to a bucket, in the background."""
    validation.check(request, _RULES)
    if request.get("FilterSpecification"):
        raise OperationNotImplemented("ExportTableToPointInTime with a FilterSpecification")
    incremental = request.get("ExportType") == "INCREMENTAL_EXPORT"
    if incremental != bool(request.get("IncrementalExportSpecification")):
        raise ValidationException(
            "IncrementalExportSpecification must be there for exports of type INCREMENTAL_EXPORT, "
            "and for no other"
        )
    where = table_id(ctx, request["TableArn"])
    now = ctx.clock.now()
    name = transfer.name_of("export", where, label_of(ctx, now))

    def body(tx: Transaction) -> dict[str, Any]:
        known = transfer.with_token(
            transfer.of_account(tx, ctx, "export", where[2:]), request.get("ClientToken"), now
        )
        if known is not None:
            if known["digest"] != transfer.digest_of(request):
                raise ExportConflictException(
                    "The client token was used for an export with other parameters"
                )
            return known
        table = store.load_table(tx, where)
        if table is None:
            raise TableNotFoundException(f"Table not found: {request['TableArn']}")
        return _begin(tx, ctx, request, table, name, now)

    document = await ctx.store.transact(body)
    ctx.component(Exporting).wake()
    return {"ExportDescription": document["description"]}


def _begin(
    tx: Transaction, ctx: Context, request: Request, table: Table, name: transfer.Name, now: float
) -> dict[str, Any]:
    window = request.get("IncrementalExportSpecification")
    if window:
        source, since = _window(table, window, now)
        of_type: dict[str, Any] = {
            "ExportType": "INCREMENTAL_EXPORT",
            "IncrementalExportSpecification": {
                "ExportFromTime": since, "ExportToTime": source.moment,
                "ExportViewType": window.get("ExportViewType", "NEW_AND_OLD_IMAGES"),
            },
        }  # fmt: skip
    else:
        source, since = _source(table, request.get("ExportTime"), now), None
        of_type = {"ExportType": "FULL_EXPORT", "ExportTime": source.moment}
    description = {
        "ExportArn": transfer.arn_of(name), "ExportStatus": "IN_PROGRESS", "StartTime": now,
        "TableArn": table.arn, "TableId": table.id, **of_type,
        "ExportFormat": request.get("ExportFormat", "DYNAMODB_JSON"),
        **{member: request[member] for member in _MEMBERS if member in request},
    }  # fmt: skip
    description.setdefault("ClientToken", name[-1])
    description.setdefault("S3SseAlgorithm", "AES256")
    document = {
        "description": description, "digest": transfer.digest_of(request),
        "principal": transfer.owner(ctx),
    }  # fmt: skip
    store.put_document(tx, document, *name)
    work = {
        "source": {"number": source.number, "arm": source.arm, "moment": source.moment},
        "since": since, "keys": list(table.schema.names), "release": None,
    }  # fmt: skip
    store.put_document(tx, work, *transfer.work_name(name))
    return document


def _source(table: Table, moment: float | None, now: float) -> Source:
    try:
        return source_at(table, moment, now)
    except InvalidRestoreTimeException as error:
        raise InvalidExportTimeException(error.message.replace("restore", "export")) from None


_WINDOW_SECONDS = 15 * 60.0, 24 * 3600.0
"""How much time an incremental export may be about."""


def _window(table: Table, given: Mapping[str, Any], now: float) -> tuple[Source, float]:
    """The end (exclusive) and the beginning of an incremental export."""
    since = given.get("ExportFromTime")
    if since is None:
        raise ValidationException("ExportFromTime is required for an incremental export")
    _source(table, since, now)
    source = _source(table, given.get("ExportToTime"), now)
    shortest, longest = _WINDOW_SECONDS
    if not shortest <= source.moment - since <= longest:
        raise InvalidExportTimeException(
            "The time between ExportFromTime and ExportToTime must be at least 15 minutes and at "
            "most 24 hours"
        )
    return source, since


def _export_arn(ctx: Context, request: Request) -> str:
    return str(request.get("ExportArn") or "*")


@operation("DescribeExport", resource=_export_arn)
async def describe_export(ctx: Context, request: Request) -> Result:
    """How far an export is."""
    validation.check(request, (validation.required("ExportArn"),))
    name = transfer.parse(request["ExportArn"], "export")
    document = None
    if name is not None:
        document = await ctx.store.read(lambda view: store.get_document(view, *name))
    if document is None:
        raise ExportNotFoundException(f"Export not found: {request['ExportArn']}")
    return {"ExportDescription": document["description"]}


@operation("ListExports", resource=account_arn)
async def list_exports(ctx: Context, request: Request) -> Result:
    """Exports of the account, or of one table, the newest first."""
    found, token = await page(ctx, request, "export", "MaxResults")
    members = ("ExportArn", "ExportStatus", "ExportType")
    return {
        "ExportSummaries": [{name: each[name] for name in members} for each in found],
        "NextToken": token,
    }


async def page(
    ctx: Context, request: Request, kind: str, size: str
) -> tuple[list[dict[str, Any]], str | None]:
    """The next descriptions of exports or imports, the newest first."""
    validation.check(request, (validation.at_least(size, 1), validation.at_most(size, 25)))
    arn = request.get("TableArn")
    scope = (table_id(ctx, arn)[2],) if arn is not None else ()
    documents = await ctx.store.read(lambda view: transfer.of_account(view, ctx, kind, scope))
    documents.sort(key=lambda pair: pair[0][-1], reverse=True)
    start = request.get("NextToken")
    if start is not None:
        names = [name[-1] for name, _ in documents]
        if start not in names:
            raise ValidationException("Invalid NextToken")
        documents = documents[names.index(start) + 1 :]
    limit = request.get(size, 25)
    found = documents[:limit]
    token = found[-1][0][-1] if len(documents) > limit else None
    return [document["description"] for _, document in found], token
