"""On-demand backups: copies of a table at one moment, which outlive it."""

from typing import Any

from airside.kernel.context import Context
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Snapshot, Transaction
from airside.services.dynamodb import copying, restoring, store, validation
from airside.services.dynamodb.arns import account_arn, table_arn
from airside.services.dynamodb.backup import (
    BackupId,
    details,
    id_of,
    label_of,
    source_details,
    summary,
)
from airside.services.dynamodb.copying import Copying
from airside.services.dynamodb.errors import (
    BackupInUseException,
    BackupNotFoundException,
    TableNotFoundException,
    ValidationException,
)
from airside.services.dynamodb.history import Source
from airside.services.dynamodb.store import Tables, table_id
from airside.services.dynamodb.upkeep import Upkeep
from airside.services.dynamodb.validation import Problems

_TYPES = ("SYSTEM", "AWS_BACKUP", "ALL", "USER")


@validation.rule
def _backup_name(request: validation.Request, problems: Problems) -> None:
    name = request.get("BackupName")
    if name is None:
        problems.add("backupName", None, "Member must not be null")
    else:
        validation.check_name(problems, "backupName", name, 3)


def _backup_arn(ctx: Context, request: Request) -> str:
    return str(request.get("BackupArn") or "*")


def _named(request: Request) -> BackupId:
    """The backup that a request names. Raises ValidationException."""
    validation.check(request, (validation.required("BackupArn"),))
    arn: str = request["BackupArn"]
    found = id_of(arn)
    if found is None:
        raise ValidationException(f"Invalid Request: Could not parse the request: {arn}")
    return found


def _not_found(arn: str) -> BackupNotFoundException:
    return BackupNotFoundException(f"Backup not found: {arn}")


@operation("CreateBackup", resource=table_arn)
async def create_backup(ctx: Context, request: Request) -> Result:
    """Back a table up as it is now, with its settings. The copy is made in the background."""
    validation.check(request, (validation.table_name, _backup_name))
    where = table_id(ctx, request["TableName"])
    now = ctx.clock.now()
    label = label_of(ctx, now)
    name = store.backup_name((*where, label))

    def body(tx: Transaction) -> dict[str, Any]:
        table = store.load_table(tx, where)
        if table is None or table.status == "CREATING":
            raise TableNotFoundException(f"Table not found: {where[2]}")
        number = store.next_number(tx, "table")
        document = {
            "name": request["BackupName"], "type": "USER", "status": "CREATING",
            "created_at": now, "number": number, "items": 0, "bytes": 0, "expires_at": None,
            "table": store.encode_table(table),
        }  # fmt: skip
        source, is_temporary = copying.snapshot(tx, table, now)
        copying.begin(tx, number, source, backup=name, release=where if is_temporary else None)
        store.save_table(tx, table)
        store.put_document(tx, document, *name)
        return document

    with ctx.component(Tables).changing(where):
        document = await ctx.store.transact(body)
    ctx.component(Copying).wake()
    return {"BackupDetails": details((*where, label), document)}


@operation("DescribeBackup", resource=_backup_arn)
async def describe_backup(ctx: Context, request: Request) -> Result:
    """A backup, and the table that it was made of."""
    backup = _named(request)
    name = store.backup_name(backup)
    document = await ctx.store.read(lambda view: store.get_document(view, *name))
    if document is None:
        raise _not_found(request["BackupArn"])
    return {"BackupDescription": _description(backup, document)}


def _description(backup: BackupId, document: dict[str, Any]) -> dict[str, Any]:
    return {"BackupDetails": details(backup, document), **source_details(document)}


@operation("DeleteBackup", resource=_backup_arn)
async def delete_backup(ctx: Context, request: Request) -> Result:
    """Delete a backup."""
    backup = _named(request)
    name = store.backup_name(backup)

    def body(tx: Transaction) -> dict[str, Any]:
        document = store.get_document(tx, *name)
        if document is None:
            raise _not_found(request["BackupArn"])
        if document["status"] == "CREATING":
            raise BackupInUseException(
                f"Backup is being used by another control plane operation: {request['BackupArn']}"
            )
        store.delete_document(tx, *name)
        store.drop_entries(tx, document["number"], 0)
        return document

    document = await ctx.store.transact(body)
    ctx.component(Upkeep).wake()
    return {"BackupDescription": _description(backup, {**document, "status": "DELETED"})}


@validation.rule
def _limit(request: validation.Request, problems: Problems) -> None:
    validation.at_least("Limit", 1)(request, problems)
    validation.at_most("Limit", 100)(request, problems)


@operation("ListBackups", resource=account_arn)
async def list_backups(ctx: Context, request: Request) -> Result:
    """Backups of the account, or of one table, the oldest of each table first."""
    validation.check(request, (_limit, validation.enum("BackupType", _TYPES)))
    given = request.get("TableName")
    scope = (table_id(ctx, given)[2],) if given is not None else ()
    start = request.get("ExclusiveStartBackupArn")
    after = id_of(start) if start is not None else None
    if start is not None and after is None:
        raise ValidationException(f"Invalid ExclusiveStartBackupArn: {start}")

    def body(view: Snapshot) -> list[tuple[BackupId, dict[str, Any]]]:
        return [
            ((ctx.account_id, ctx.region, name[3], name[4]), document)
            for name, document in store.scan_documents(
                view, ctx.account_id, ctx.region, "backup", *scope
            )
            if _wanted(request, document)
        ]

    found = await ctx.store.read(body)
    if after is not None:
        found = [(backup, document) for backup, document in found if backup[2:] > after[2:]]
    limit = request.get("Limit", 100)
    result: Result = {"BackupSummaries": [summary(*each) for each in found[:limit]]}
    if len(found) > limit:
        result["LastEvaluatedBackupArn"] = details(*found[limit - 1])["BackupArn"]
    return result


def _wanted(request: Request, document: dict[str, Any]) -> bool:
    kind = request.get("BackupType", "USER")
    created: float = document["created_at"]
    return (
        kind in ("ALL", document["type"])
        and created >= request.get("TimeRangeLowerBound", 0.0)
        and created < request.get("TimeRangeUpperBound", float("inf"))
    )


@operation("RestoreTableFromBackup", resource=_backup_arn)
async def restore_table_from_backup(ctx: Context, request: Request) -> Result:
    """Make a new table of a backup; it can be used once all items are there."""
    restoring.check(request)
    backup = _named(request)
    name = store.backup_name(backup)

    def find(tx: Transaction) -> restoring.Origin:
        document = store.get_document(tx, *name)
        if document is None:
            raise _not_found(request["BackupArn"])
        if document["status"] != "AVAILABLE":
            raise BackupInUseException(
                f"Backup is being used by another control plane operation: {request['BackupArn']}"
            )
        table = store.decode_table(document["table"])
        summary = {
            "SourceBackupArn": request["BackupArn"], "SourceTableArn": table.arn,
            "RestoreDateTime": document["created_at"], "RestoreInProgress": True,
        }  # fmt: skip
        return restoring.Origin(table, Source(document["number"]), summary)

    return await restoring.restore(ctx, request, find)
