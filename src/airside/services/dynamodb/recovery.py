"""Continuous backups: their settings, and tables restored to a point in time."""

from datetime import UTC, datetime

from airside.kernel.context import Context
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Transaction
from airside.services.dynamodb import copying, restoring, store, validation
from airside.services.dynamodb.arns import table_arn
from airside.services.dynamodb.errors import (
    InvalidRestoreTimeException,
    PointInTimeRecoveryUnavailableException,
    TableNotFoundException,
    ValidationException,
)
from airside.services.dynamodb.history import Source
from airside.services.dynamodb.store import Tables, table_id
from airside.services.dynamodb.table import Recovery, Table
from airside.services.dynamodb.upkeep import Upkeep

_DAYS_MAX = 35
DAY_SECONDS = 86400.0


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
    earliest, latest = window(table, now)
    return {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": recovery.days,
            "EarliestRestorableDateTime": float(int(earliest)),
            "LatestRestorableDateTime": float(int(latest)),
        },
    }


def window(table: Table, now: float) -> tuple[float, float]:
    """The first and the last moment that can be restored; recovery must be on."""
    assert table.recovery is not None
    return max(table.recovery.enabled_at, now - table.recovery.days * DAY_SECONDS), now


def _switch_off(tx: Transaction, table: Table) -> None:
    if table.recovery is None:
        return
    arm, table.recovery = table.recovery.arm, None
    if not copying.keep_for_copies(tx, table, arm):
        table.histories.remove(arm)
        store.drop_entries(tx, table.number, arm)


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
            _switch_off(tx, table)
        elif table.recovery is None:
            arm = table.new_arm()
            table.histories.append(arm)
            table.recovery = Recovery(now, days or _DAYS_MAX, arm)
        elif days is not None:
            table.recovery.days = days
        store.save_table(tx, table)
        return table

    with ctx.component(Tables).changing(where):
        table = await ctx.store.transact(body)
    ctx.component(Upkeep).wake()
    return {"ContinuousBackupsDescription": describe_recovery(table, now)}


def _source_arn(ctx: Context, request: Request) -> str:
    return table_arn(ctx, {"TableName": _source_name(request)})


def _source_name(request: Request) -> str:
    return str(request.get("SourceTableArn") or request.get("SourceTableName") or "")


@operation("RestoreTableToPointInTime", resource=_source_arn)
async def restore_table_to_point_in_time(ctx: Context, request: Request) -> Result:
    """Make a new table with what another one held at a moment."""
    restoring.check(request)
    if not _source_name(request):
        raise ValidationException(
            "One or more parameter values were invalid: Either SourceTableName or "
            "SourceTableArn must be specified"
        )
    moment = request.get("RestoreDateTime")
    if (moment is not None) == bool(request.get("UseLatestRestorableTime")):
        raise ValidationException(
            "One or more parameter values were invalid: Exactly one of RestoreDateTime and "
            "UseLatestRestorableTime must be specified"
        )
    where = table_id(ctx, _source_name(request))
    now = ctx.clock.now()

    def find(tx: Transaction) -> restoring.Origin:
        table = store.load_table(tx, where)
        if table is None:
            raise no_table(where[2])
        source = source_at(table, moment, now)
        summary = {
            "SourceTableArn": table.arn, "RestoreDateTime": source.moment,
            "RestoreInProgress": True,
        }  # fmt: skip
        return restoring.Origin(table, source, summary)

    return await restoring.restore(ctx, request, find)


def source_at(table: Table, moment: float | None, now: float) -> Source:
    """A table at a moment, or now. Raises PointInTimeRecoveryUnavailable-, InvalidRestoreTime-."""
    if table.recovery is None:
        raise PointInTimeRecoveryUnavailableException(
            f"Point in time recovery is not enabled for table '{table.name}'"
        )
    earliest, latest = window(table, now)
    if moment is None:
        moment = latest
    if not int(earliest) <= moment <= latest:
        raise InvalidRestoreTimeException(
            f"The restore time must be between {_shown(earliest)} and {_shown(latest)}"
        )
    return Source(table.number, table.recovery.arm, moment)


def _shown(moment: float) -> str:
    return f"{datetime.fromtimestamp(int(moment), UTC):%Y-%m-%dT%H:%M:%SZ}"
