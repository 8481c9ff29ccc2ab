"""Continuous backups: their settings."""

from airside.kernel.context import Context
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Transaction
from airside.services.dynamodb import store, validation
from airside.services.dynamodb.arns import table_arn
from airside.services.dynamodb.errors import TableNotFoundException, ValidationException
from airside.services.dynamodb.store import Tables, table_id
from airside.services.dynamodb.table import Recovery, Table

_DAYS_MAX = 35


def no_table(name: str) -> TableNotFoundException:
    """The operations about backups have an error of their own for it."""
    return TableNotFoundException(f"Table not found: {name}")


def describe_recovery(table: Table, now: float) -> dict[str, object]:
    """A ContinuousBackupsDescription."""
    recovery = table.recovery
    if recovery is None:
        return {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
        }
    earliest = max(recovery.enabled_at, now - recovery.days * 86400.0)
    return {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": recovery.days,
            "EarliestRestorableDateTime": float(int(earliest)),
            "LatestRestorableDateTime": float(int(max(earliest, now))),
        },
    }


@operation("DescribeContinuousBackups", resource=table_arn)
async def describe_continuous_backups(ctx: Context, request: Request) -> Result:
    """Whether a table can be restored to a point in time."""
    validation.check(request, (validation.table_name,))
    where = table_id(ctx, request["TableName"])
    tables = ctx.component(Tables)
    table = await ctx.store.read(lambda view: tables.find(view, where))
    if table is None:
        raise no_table(where[2])
    return {"ContinuousBackupsDescription": describe_recovery(table, ctx.clock.now())}


@operation("UpdateContinuousBackups", resource=table_arn)
async def update_continuous_backups(ctx: Context, request: Request) -> Result:
    """Switch point-in-time recovery on or off."""
    validation.check(
        request,
        (validation.table_name, validation.required("PointInTimeRecoverySpecification")),
    )
    given = request["PointInTimeRecoverySpecification"]
    enabled = given.get("PointInTimeRecoveryEnabled")
    days = given.get("RecoveryPeriodInDays")
    if enabled is None:
        raise ValidationException(
            "1 validation error detected: Value null at "
            "'pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled' failed to satisfy "
            "constraint: Member must not be null"
        )
    if days is not None and not 1 <= days <= _DAYS_MAX:
        raise ValidationException(
            f"1 validation error detected: Value '{days}' at "
            "'pointInTimeRecoverySpecification.recoveryPeriodInDays' failed to satisfy "
            f"constraint: Member must have value between 1 and {_DAYS_MAX}"
        )
    where = table_id(ctx, request["TableName"])
    now = ctx.clock.now()

    def body(tx: Transaction) -> Table:
        table = store.load_table(tx, where)
        if table is None:
            raise no_table(where[2])
        if not enabled:
            table.recovery = None
        elif table.recovery is None:
            table.recovery = Recovery(now, days or _DAYS_MAX)
        elif days is not None:
            table.recovery.days = days
        store.save_table(tx, table)
        return table

    with ctx.component(Tables).changing(where):
        table = await ctx.store.transact(body)
    return {"ContinuousBackupsDescription": describe_recovery(table, now)}
