"""UpdateTable: billing, throughput, class, protection, encryption, streams and global indexes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from airside.kernel.context import Context
from airside.kernel.errors import OperationNotImplemented
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Transaction
from airside.services.dynamodb import definition, store, streaming, validation
from airside.services.dynamodb.arns import table_arn
from airside.services.dynamodb.changes import Changes, begin, check_changeable
from airside.services.dynamodb.description import describe
from airside.services.dynamodb.errors import (
    LimitExceededException,
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from airside.services.dynamodb.store import Tables, table_id
from airside.services.dynamodb.table import Index, Table, Throughput
from airside.services.dynamodb.tables import (
    BILLING_MODES,
    TABLE_CLASSES,
    encryption,
    not_found,
    require_table_name,
)
from airside.services.dynamodb.upkeep import Upkeep
from airside.services.dynamodb.validation import Problems

_DAY_SECONDS = 86400.0
_HOUR_SECONDS = 3600.0
_DECREASES_FREE = 4
_INVALID = "One or more parameter values were invalid: "
_ACTIONS = ("Create", "Update", "Delete")
_CHANGES = (
    "ProvisionedThroughput", "BillingMode", "StreamSpecification", "SSESpecification",
    "TableClass", "DeletionProtectionEnabled", "OnDemandThroughput", "WarmThroughput",
)  # fmt: skip
_REPLICATION = ("ReplicaUpdates", "MultiRegionConsistency", "GlobalTableWitnessUpdates",
                "GlobalTableSettingsReplicationMode")  # fmt: skip


@validation.rule
def _index_updates(request: Mapping[str, Any], problems: Problems) -> None:
    for position, update in enumerate(request.get("GlobalSecondaryIndexUpdates") or (), 1):
        for action in _ACTIONS:
            given = update.get(action)
            if given is None:
                continue
            place = f"globalSecondaryIndexUpdates.{position}.member.{validation.camel(action)}"
            if action == "Create":
                definition.check_index(problems, place, given, 2 * definition.KEY_PART_MAX)
                continue
            name = given.get("IndexName")
            if name is None:
                problems.add(f"{place}.indexName", None, "Member must not be null")
            else:
                validation.check_name(problems, f"{place}.indexName", name, 3)
            definition.check_throughput(
                problems, f"{place}.provisionedThroughput", given.get("ProvisionedThroughput")
            )


_RULES = (
    validation.name_of_length("TableName", 1),
    definition.attribute_definitions,
    definition.throughput,
    validation.enum("BillingMode", BILLING_MODES),
    validation.enum("TableClass", TABLE_CLASSES),
    _index_updates,
)


@operation("UpdateTable", resource=table_arn)
async def update_table(ctx: Context, request: Request) -> Result:
    """Change a table's settings; new indexes are filled while the table is in use."""
    require_table_name(request)
    validation.check(request, _RULES)
    _check(request)
    where = table_id(ctx, request["TableName"])
    now = ctx.clock.now()

    def body(tx: Transaction) -> tuple[Table, list[dict[str, Any]]]:
        table = store.load_table(tx, where)
        if table is None:
            raise not_found(where[2])
        check_changeable(table)
        _apply(ctx, tx, table, request, now)
        dropped = _apply_indexes(tx, table, request, now)
        begin(ctx, tx, table, "UPDATING", now)
        store.save_table(tx, table)
        return table, dropped

    with ctx.component(Tables).changing(where):
        table, dropped = await ctx.store.transact(body)
    ctx.component(Upkeep).wake()
    ctx.component(Changes).wake()
    description = describe(table)
    description["TableStatus"] = "UPDATING"
    shown = [*(description["GlobalSecondaryIndexes"] or ()), *dropped]
    for index in shown:
        if "Backfilling" in index:  # not yet, as long as the answer is under way
            index["Backfilling"] = False
    description["GlobalSecondaryIndexes"] = shown or None
    return {"TableDescription": description}


def _check(request: Request) -> None:
    for name in _REPLICATION:
        if request.get(name):
            raise OperationNotImplemented(
                f"UpdateTable with {name}: global tables are not implemented."
            )
    updates = request.get("GlobalSecondaryIndexUpdates")
    if not updates and all(request.get(name) is None for name in _CHANGES):
        raise ValidationException(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
            "GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required"
        )
    units = request.get("ProvisionedThroughput")
    if request.get("BillingMode") == "PROVISIONED" and units is None:
        raise ValidationException(
            f"{_INVALID}ProvisionedThroughput must be specified when BillingMode is PROVISIONED"
        )
    if request.get("BillingMode") == "PAY_PER_REQUEST" and units is not None:
        raise ValidationException(
            f"{_INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
            "when BillingMode is PAY_PER_REQUEST"
        )
    if units is not None:
        definition.throughput_of(units)
    streaming.check_specification(request.get("StreamSpecification"))
    _check_index_updates(updates or ())


def _check_index_updates(updates: Any) -> None:
    seen: set[str] = set()
    for update in updates:
        given = [(action, update[action]) for action in _ACTIONS if update.get(action)]
        if not given:
            raise ValidationException(
                f"{_INVALID}One of GlobalSecondaryIndexUpdate.Update, "
                "GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete "
                "must not be null"
            )
        if len(given) > 1:
            raise ValidationException(
                f"{_INVALID}Only one of GlobalSecondaryIndexUpdate.Update, "
                "GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete "
                "may be specified"
            )
        name = given[0][1]["IndexName"]
        if name in seen:
            raise ValidationException(
                f"{_INVALID}Only one global secondary index update per index is allowed "
                f"simultaneously. Index: {name}"
            )
        seen.add(name)
    if sum(1 for update in updates if update.get("Create") or update.get("Delete")) > 1:
        raise LimitExceededException(
            "Subscriber limit exceeded: Only 1 online index can be created or deleted "
            "simultaneously per table"
        )


def _apply(ctx: Context, tx: Transaction, table: Table, request: Request, now: float) -> None:
    mode = request.get("BillingMode")
    units = request.get("ProvisionedThroughput")
    if mode is not None and (mode == "PAY_PER_REQUEST") != table.on_demand:
        table.on_demand = mode == "PAY_PER_REQUEST"
        if table.on_demand:
            table.billing_changed_at = now
            table.throughput = Throughput()
            for index in table.indexes:
                index.throughput = Throughput()
        else:
            assert units is not None
            table.throughput = definition.throughput_of(units)
            _provision_indexes(table, request)
    elif units is not None:
        if table.on_demand:
            raise ValidationException(
                f"{_INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
                "when BillingMode is PAY_PER_REQUEST"
            )
        table.throughput = _changed(table.throughput, units, now, "table: " + table.name)
    if request.get("TableClass") is not None:
        table.table_class, table.class_changed_at = request["TableClass"], now
    if request.get("DeletionProtectionEnabled") is not None:
        table.protected = bool(request["DeletionProtectionEnabled"])
    if request.get("OnDemandThroughput") is not None:
        table.throughput_max = request["OnDemandThroughput"]
    if request.get("WarmThroughput") is not None:
        table.warm = request["WarmThroughput"]
    if request.get("SSESpecification") is not None:
        table.sse = encryption(ctx, request["SSESpecification"])
    if request.get("StreamSpecification") is not None:
        streaming.reconfigure(tx, table, request["StreamSpecification"], now)


def _provision_indexes(table: Table, request: Request) -> None:
    updates = {
        update["Update"]["IndexName"]: update["Update"].get("ProvisionedThroughput")
        for update in request.get("GlobalSecondaryIndexUpdates") or ()
        if update.get("Update")
    }
    for index in table.indexes:
        if index.is_global and updates.get(index.name) is None:
            raise ValidationException(
                f"{_INVALID}ProvisionedThroughput must be specified for index: {index.name}"
            )


def _changed(old: Throughput, units: Mapping[str, int], now: float, noun: str) -> Throughput:
    new = definition.throughput_of(units)
    if (new.read, new.write) == (old.read, old.write):
        raise ValidationException(
            f"The provisioned throughput for the {noun.partition(':')[0]} will not change. "
            f"The requested value equals the current value. Current ReadCapacityUnits provisioned "
            f"for the {noun.partition(':')[0]}: {old.read}. Requested ReadCapacityUnits: "
            f"{new.read}. Current WriteCapacityUnits provisioned for the "
            f"{noun.partition(':')[0]}: {old.write}. Requested WriteCapacityUnits: {new.write}. "
            "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request "
            "higher limits."
        )
    new.increased_at, new.decreased_at = old.increased_at, old.decreased_at
    new.decreases_today = old.decreases_today
    if new.read > old.read or new.write > old.write:
        new.increased_at = now
    if new.read < old.read or new.write < old.write:
        if old.decreased_at is None or old.decreased_at // _DAY_SECONDS != now // _DAY_SECONDS:
            new.decreases_today = 0
        _check_decreases(new, now)
        new.decreased_at = now
        new.decreases_today += 1
    return new


def _check_decreases(units: Throughput, now: float) -> None:
    """Four decreases a day, and then one an hour."""
    if units.decreases_today < _DECREASES_FREE or units.decreased_at is None:
        return
    following = units.decreased_at + _HOUR_SECONDS
    if now >= following:
        return
    raise LimitExceededException(
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given "
        "UTC day. After the first 4 decreases, each subsequent decrease in the same UTC day can "
        f"be performed at most once every 3600 seconds. Number of decreases today: "
        f"{units.decreases_today}. Last decrease at {_spelt(units.decreased_at)}. "
        f"Next decrease can be made at {_spelt(following)}"
    )


def _spelt(moment: float) -> str:
    """As in `Wednesday, July 25, 2018 8:48:14 AM UTC`."""
    when = datetime.fromtimestamp(moment, UTC)
    return f"{when:%A, %B} {when.day}, {when.year} {when.hour % 12 or 12}:{when:%M:%S %p} UTC"


def _apply_indexes(
    tx: Transaction, table: Table, request: Request, now: float
) -> list[dict[str, Any]]:
    """Create, change and drop global indexes; the descriptions of those dropped."""
    dropped: list[dict[str, Any]] = []
    for update in request.get("GlobalSecondaryIndexUpdates") or ():
        if update.get("Create"):
            _create(tx, table, request, update["Create"])
        elif update.get("Delete"):
            name = update["Delete"]["IndexName"]
            dropped += [
                {**index, "IndexStatus": "DELETING"}
                for index in describe(table)["GlobalSecondaryIndexes"] or ()
                if index["IndexName"] == name
            ]
            _drop(tx, table, name)
        else:
            _change_index(table, update["Update"], now)
    return dropped


def _create(tx: Transaction, table: Table, request: Request, given: Mapping[str, Any]) -> None:
    if any(index.name == given["IndexName"] for index in table.indexes):
        raise ValidationException("Attempting to create an index which already exists")
    if any(index.backfilling for index in table.indexes):
        raise LimitExceededException(
            "Subscriber limit exceeded: Only 1 online index can be created or deleted "
            "simultaneously per table"
        )
    types = {
        d["AttributeName"]: d["AttributeType"] for d in request.get("AttributeDefinitions") or ()
    }
    for name, kind in types.items():
        if table.types.get(name, kind) != kind:
            raise _redefined(table, given["KeySchema"], types)
    number = table.indexes_made + 1
    index = definition.index_of(
        given, number, table.schema, types, is_global=True, on_demand=table.on_demand
    )
    index.status, index.backfilling = "CREATING", True
    table.indexes.append(index)
    table.indexes_made = number
    definition.check_counts(table.indexes)
    table.types.update({name: types[name] for name in index.schema.names})
    store.begin_backfill(tx, table, index)


def _redefined(table: Table, elements: Any, types: Mapping[str, str]) -> ValidationException:
    def schema(kinds: Mapping[str, str]) -> str:
        parts = [
            f"SchemaElement: key{{{e['AttributeName']}:{kinds[e['AttributeName']]}:{e['KeyType']}}}"
            for e in elements
            if e["AttributeName"] in kinds
        ]
        return f"Schema:[{', '.join(parts)}]"

    return ValidationException(
        f"{_INVALID}Attributes cannot be redefined. Please check that your attribute has the same "
        f"type as previously defined. Existing schema: {schema(table.types)} "
        f"New schema: {schema(types)}"
    )


def _drop(tx: Transaction, table: Table, name: str) -> None:
    index = _global_index(table, name)
    table.indexes.remove(index)
    store.drop_entries(tx, table.number, index.number)
    used = set(table.schema.names).union(*(other.schema.names for other in table.indexes))
    table.types = {name: kind for name, kind in table.types.items() if name in used}


def _change_index(table: Table, given: Mapping[str, Any], now: float) -> None:
    index = _global_index(table, given["IndexName"])
    if index.backfilling:
        raise ResourceInUseException(
            f"Attempt to change a resource which is still in use: Index is being created: "
            f"{index.name}"
        )
    units = given.get("ProvisionedThroughput")
    if units is not None:
        if table.on_demand:
            raise ValidationException(
                f"{_INVALID}ProvisionedThroughput should not be specified for index: "
                f"{index.name} when BillingMode is PAY_PER_REQUEST"
            )
        index.throughput = _changed(index.throughput, units, now, "index: " + index.name)
    if given.get("OnDemandThroughput") is not None:
        index.on_demand = given["OnDemandThroughput"]
    if given.get("WarmThroughput") is not None:
        index.warm = given["WarmThroughput"]


def _global_index(table: Table, name: str) -> Index:
    index = table.by_name.get(name)
    if index is None or not index.is_global:
        raise ResourceNotFoundException("Requested resource not found")
    return index
