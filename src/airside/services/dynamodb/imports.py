"""Imports of tables from S3: beginning, describing and listing them."""

from typing import Any

import msgspec

from airside.kernel.context import Context
from airside.kernel.errors import OperationNotImplemented
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Transaction
from airside.services.dynamodb import store, transfer, validation
from airside.services.dynamodb.arns import account_arn, table_arn
from airside.services.dynamodb.backup import label_of
from airside.services.dynamodb.errors import (
    ImportConflictException,
    ImportNotFoundException,
    ValidationException,
)
from airside.services.dynamodb.exports import page
from airside.services.dynamodb.importing import Importing
from airside.services.dynamodb.store import Tables, table_id
from airside.services.dynamodb.tables import CREATE_RULES, add_number, new_table

_MEMBERS = (
    "ClientToken", "S3BucketSource", "InputFormat", "InputFormatOptions", "InputCompressionType",
    "TableCreationParameters",
)  # fmt: skip
_DELIMITERS = frozenset(",;:|\t ")
_SUMMARY = (
    "ImportArn", "ImportStatus", "TableArn", "S3BucketSource", "InputFormat", "StartTime",
    "EndTime", "CloudWatchLogGroupArn",
)  # fmt: skip


@validation.rule
def _source(request: validation.Request, problems: validation.Problems) -> None:
    source = request.get("S3BucketSource")
    if source is not None and source.get("S3Bucket") is None:
        problems.add("s3BucketSource.s3Bucket", None, "Member must not be null")


@validation.when_given("InputFormatOptions")
def _delimiter(request: validation.Request, problems: validation.Problems) -> None:
    options = (request.get("InputFormatOptions") or {}).get("Csv") or {}
    delimiter = options.get("Delimiter", ",")
    if delimiter not in _DELIMITERS:
        problems.add(
            "inputFormatOptions.csv.delimiter",
            delimiter,
            "Member must satisfy regular expression pattern: [,;:|\\t ]",
        )


_RULES = (
    validation.required("S3BucketSource"),
    _source,
    _delimiter,
    validation.required("InputFormat"),
    validation.enum("InputFormat", ("DYNAMODB_JSON", "ION", "CSV")),
    validation.enum("InputCompressionType", ("GZIP", "ZSTD", "NONE")),
    validation.required("TableCreationParameters"),
)


def _target_arn(ctx: Context, request: Request) -> str:
    given = request.get("TableCreationParameters") or {}
    return table_arn(ctx, {"TableName": given.get("TableName")})


@operation("ImportTable", resource=_target_arn)
async def import_table(ctx: Context, request: Request) -> Result:
    """Make a new table of objects in a bucket, in the background."""
    validation.check(request, _RULES)
    if request.get("InputCompressionType") == "ZSTD":
        raise OperationNotImplemented("ImportTable of objects compressed with ZSTD")
    if request.get("InputFormatOptions") and request["InputFormat"] != "CSV":
        raise ValidationException("InputFormatOptions can only be used with CSV")
    given: Request = request["TableCreationParameters"]
    validation.check(given, CREATE_RULES)
    where = table_id(ctx, given["TableName"])
    now = ctx.clock.now()
    made = new_table(ctx, given, now)
    name = transfer.name_of("import", where, label_of(ctx, now))

    def body(tx: Transaction) -> dict[str, Any]:
        known = transfer.with_token(
            transfer.of_account(tx, ctx, "import"), request.get("ClientToken"), now
        )
        if known is not None:
            if known["digest"] != transfer.digest_of(request):
                raise ImportConflictException(
                    "The client token was used for an import with other parameters"
                )
            return known
        number = add_number(tx, where)
        table = msgspec.structs.replace(made, number=number, status="CREATING")
        for index in table.indexes:
            index.status = "CREATING"
        store.save_table(tx, table)
        description = {
            "ImportArn": transfer.arn_of(name), "ImportStatus": "IN_PROGRESS", "StartTime": now,
            "TableArn": table.arn, "TableId": table.id, "ErrorCount": 0,
            "ProcessedSizeBytes": 0, "ProcessedItemCount": 0, "ImportedItemCount": 0,
            "InputCompressionType": "NONE", "ClientToken": name[-1],
            **{member: request[member] for member in _MEMBERS if member in request},
        }  # fmt: skip
        document = {
            "description": description, "digest": transfer.digest_of(request),
            "principal": transfer.owner(ctx),
        }  # fmt: skip
        store.put_document(tx, document, *name)
        store.put_document(tx, {"number": number}, *transfer.work_name(name))
        return document

    with ctx.component(Tables).changing(where):
        document = await ctx.store.transact(body)
    ctx.component(Importing).wake()
    return {"ImportTableDescription": document["description"]}


def _import_arn(ctx: Context, request: Request) -> str:
    return str(request.get("ImportArn") or "*")


@operation("DescribeImport", resource=_import_arn)
async def describe_import(ctx: Context, request: Request) -> Result:
    """How far an import is."""
    validation.check(request, (validation.required("ImportArn"),))
    name = transfer.parse(request["ImportArn"], "import")
    document = None
    if name is not None:
        document = await ctx.store.read(lambda view: store.get_document(view, *name))
    if document is None:
        raise ImportNotFoundException(f"Import not found: {request['ImportArn']}")
    return {"ImportTableDescription": document["description"]}


@operation("ListImports", resource=account_arn)
async def list_imports(ctx: Context, request: Request) -> Result:
    """Imports of the account, or into one table, the newest first."""
    found, token = await page(ctx, request, "import", "PageSize")
    return {
        "ImportSummaryList": [{name: each.get(name) for name in _SUMMARY} for each in found],
        "NextToken": token,
    }
