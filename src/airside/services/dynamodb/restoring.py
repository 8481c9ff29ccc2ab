"""New tables from old items: what restores from backups and from points in time share."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from airside.kernel.context import Context
from airside.kernel.operation import Request, Result
from airside.kernel.store import Transaction
from airside.services.dynamodb import copying, definition, store, validation
from airside.services.dynamodb.copying import Copying
from airside.services.dynamodb.description import describe
from airside.services.dynamodb.errors import TableAlreadyExistsException, ValidationException
from airside.services.dynamodb.history import Source
from airside.services.dynamodb.store import Tables
from airside.services.dynamodb.table import Index, Table, Throughput
from airside.services.dynamodb.tables import BILLING_MODES, encryption

_INVALID = "One or more parameter values were invalid: "


class Origin(NamedTuple):
    """What a table is restored from."""

    table: Table
    source: Source
    summary: dict[str, Any]
    """RestoreSummary"""


@validation.rule
def _target(request: validation.Request, problems: validation.Problems) -> None:
    name = request.get("TargetTableName")
    if name is None:
        problems.add("targetTableName", None, "Member must not be null")
    else:
        validation.check_name(problems, "targetTableName", name, 3)


@validation.when_given("ProvisionedThroughputOverride")
def _units(request: validation.Request, problems: validation.Problems) -> None:
    given = request.get("ProvisionedThroughputOverride")
    definition.check_throughput(problems, "provisionedThroughputOverride", given)


_RULES = (
    _target,
    validation.enum("BillingModeOverride", BILLING_MODES),
    _units,
    definition.indexes("LocalSecondaryIndexOverride"),
    definition.indexes("GlobalSecondaryIndexOverride"),
)


def check(request: Request) -> None:
    """Check what both kinds of restores take."""
    validation.check(request, _RULES)
    units = request.get("ProvisionedThroughputOverride")
    if request.get("BillingModeOverride") == "PROVISIONED" and units is None:
        raise ValidationException(
            f"{_INVALID}ProvisionedThroughputOverride must be specified when "
            "BillingModeOverride is PROVISIONED"
        )
    if request.get("BillingModeOverride") == "PAY_PER_REQUEST" and units is not None:
        raise ValidationException(
            f"{_INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
            "when BillingModeOverride is PAY_PER_REQUEST"
        )


async def restore(ctx: Context, request: Request, find: Callable[[Transaction], Origin]) -> Result:
    """Make the table and begin to fill it. `find` raises when there is nothing to restore."""
    where = ctx.account_id, ctx.region, request["TargetTableName"]
    now, identifier = ctx.clock.now(), ctx.ids.uuid()

    def body(tx: Transaction) -> Table:
        origin = find(tx)
        if store.load_table(tx, where) is not None:
            raise TableAlreadyExistsException(f"Table already exists: {where[2]}")
        table = _table_like(ctx, origin, request, now)
        table.id, table.number = identifier, store.next_number(tx, "table")
        store.save_table(tx, table)
        copying.begin(tx, table.number, origin.source, table=where)
        return table

    with ctx.component(Tables).changing(where):
        table = await ctx.store.transact(body)
    ctx.component(Copying).wake()
    return {"TableDescription": describe(table)}


def _table_like(ctx: Context, origin: Origin, request: Request, now: float) -> Table:
    """Keys, indexes, billing and encryption are restored; tags, stream and the like are not."""
    old = origin.table
    mode = request.get("BillingModeOverride")
    on_demand = old.on_demand if mode is None else mode == "PAY_PER_REQUEST"
    units = request.get("ProvisionedThroughputOverride")
    throughput = Throughput()
    if not on_demand:
        throughput = (
            definition.throughput_of(units)
            if units is not None
            else Throughput(old.throughput.read, old.throughput.write)
        )
    indexes = _indexes(request, old, on_demand=on_demand)
    used = set(old.schema.names).union(*(index.schema.names for index in indexes))
    sse = request.get("SSESpecificationOverride")
    return Table(
        request["TargetTableName"], ctx.account_id, ctx.region, 0, "", now, old.schema,
        {name: kind for name, kind in old.types.items() if name in used},
        indexes, old.indexes_made, on_demand, throughput,
        throughput_max=request.get("OnDemandThroughputOverride") or old.throughput_max,
        billing_changed_at=now if on_demand else None,
        status="CREATING", table_class=old.table_class,
        sse=encryption(ctx, sse) if sse is not None else old.sse, restored=origin.summary,
    )  # fmt: skip


def _indexes(request: Request, old: Table, *, on_demand: bool) -> list[Index]:
    found = []
    for member, is_global in (
        ("LocalSecondaryIndexOverride", False),
        ("GlobalSecondaryIndexOverride", True),
    ):
        there = [index for index in old.indexes if index.is_global == is_global]
        given = request.get(member)
        if given is None:
            found += [_like(index, None, on_demand=on_demand) for index in there]
            continue
        by_name = {index.name: index for index in there}
        for each in given:
            index = by_name.get(each["IndexName"])
            if index is None or not _same(index, each):
                raise ValidationException(
                    f"{_INVALID}{member} must be a subset of the indexes of the source table. "
                    f"Index: {each['IndexName']}"
                )
            found.append(_like(index, each, on_demand=on_demand))
    return found


def _same(index: Index, given: Mapping[str, Any]) -> bool:
    keys = [(name, "HASH") for name in index.schema.partition]
    keys += [(name, "RANGE") for name in index.schema.sort]
    return keys == [(e["AttributeName"], e["KeyType"]) for e in given["KeySchema"]]


def _like(index: Index, given: Mapping[str, Any] | None, *, on_demand: bool) -> Index:
    made = msgspec.structs.replace(index, status="CREATING", backfilling=False)
    made.throughput = Throughput(index.throughput.read, index.throughput.write)
    units = (given or {}).get("ProvisionedThroughput")
    if on_demand or not index.is_global:
        made.throughput = Throughput()
    elif units is not None:
        made.throughput = definition.throughput_of(units)
    elif not made.throughput.write:
        raise ValidationException(
            f"{_INVALID}ProvisionedThroughput must be specified for index: {index.name}"
        )
    return made
