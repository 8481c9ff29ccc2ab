"""Time to live: its settings."""

from collections.abc import Mapping
from typing import Any

from airside.kernel.context import Context
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Transaction
from airside.services.dynamodb import store, validation
from airside.services.dynamodb.arns import table_arn
from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.store import Tables, table_id
from airside.services.dynamodb.sweeping import Sweeping
from airside.services.dynamodb.table import Table, TimeToLive
from airside.services.dynamodb.tables import find_table, not_found
from airside.services.dynamodb.upkeep import Upkeep


@operation("UpdateTimeToLive", resource=table_arn)
async def update_time_to_live(ctx: Context, request: Request) -> Result:
    """Let items expire at the time that an attribute says, or stop it."""
    given = request.get("TimeToLiveSpecification") or {}
    name, enabled = given.get("AttributeName"), given.get("Enabled")
    validation.check(
        {**request, "TimeToLiveSpecification": given},
        (validation.table_name, _specification),
    )
    where = table_id(ctx, request["TableName"])
    now = ctx.clock.now()

    def body(tx: Transaction) -> None:
        table = store.load_table(tx, where)
        if table is None:
            raise not_found(where[2])
        _change(table, str(name), enabled=bool(enabled), now=now)
        assert table.ttl is not None
        if enabled:
            table.ttl.arm = table.new_arm()
            store.begin_entering(tx, table)
        else:
            store.drop_entries(tx, table.number, table.ttl.arm)
        store.save_table(tx, table)

    with ctx.component(Tables).changing(where):
        await ctx.store.transact(body)
    ctx.component(Upkeep).wake()
    if enabled:
        ctx.component(Sweeping).watch(where)
    return {"TimeToLiveSpecification": {"AttributeName": name, "Enabled": enabled}}


@validation.rule
def _specification(request: Mapping[str, Any], problems: validation.Problems) -> None:
    given = request["TimeToLiveSpecification"]
    name = given.get("AttributeName")
    place = "timeToLiveSpecification"
    if given.get("Enabled") is None:
        problems.add(f"{place}.enabled", None, "Member must not be null")
    if name is None:
        problems.add(f"{place}.attributeName", None, "Member must not be null")
    elif not name:
        problems.add(
            f"{place}.attributeName", name, "Member must have length greater than or equal to 1"
        )
    elif len(name) > 255:
        problems.add(
            f"{place}.attributeName", name, "Member must have length less than or equal to 255"
        )


def _change(table: Table, name: str, *, enabled: bool, now: float) -> None:
    current = table.ttl
    if enabled:
        if current is not None and current.enabled:
            raise ValidationException(
                "TimeToLive is already enabled"
                if current.attribute == name
                else f"TimeToLive is active on a different AttributeName: current AttributeName is "
                f"{current.attribute}"
            )
    elif current is None or not current.enabled:
        raise ValidationException("TimeToLive is already disabled")
    elif current.attribute != name:
        raise ValidationException(
            "TimeToLive is active on a different AttributeName: current AttributeName is "
            f"{current.attribute}"
        )
    table.ttl = TimeToLive(name, enabled, now, current.arm if current is not None else 0)


@operation("DescribeTimeToLive", resource=table_arn)
async def describe_time_to_live(ctx: Context, request: Request) -> Result:
    """Whether items expire, and by which attribute."""
    table = await find_table(ctx, request)
    if table.ttl is None or not table.ttl.enabled:
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
    return {
        "TimeToLiveDescription": {
            "TimeToLiveStatus": "ENABLED",
            "AttributeName": table.ttl.attribute,
        }
    }
