"""PutItem, GetItem, UpdateItem, DeleteItem."""

from collections.abc import Mapping
from typing import Any

from airside.kernel.context import Context
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Snapshot, Transaction
from airside.services.dynamodb import capacity, parameters, problems, store, validation
from airside.services.dynamodb.arns import table_arn
from airside.services.dynamodb.capacity import Cost
from airside.services.dynamodb.charging import charge
from airside.services.dynamodb.errors import (
    ConditionalCheckFailedException,
    ValidationException,
)
from airside.services.dynamodb.expressions.placeholders import NONE, Placeholders
from airside.services.dynamodb.expressions.projection import Projection
from airside.services.dynamodb.records import json_of, size_of
from airside.services.dynamodb.store import Tables
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.validation import (
    CAPACITY,
    CONDITIONAL,
    METRICS,
    RETURN_VALUES,
    Problems,
    each_condition,
    enum,
    required,
    table_name,
)
from airside.services.dynamodb.values import Item
from airside.services.dynamodb.writes import Change, Delete, Outcome, Put, Write

_ACTIONS = ("ADD", "PUT", "DELETE")


@validation.when_given("AttributeUpdates")
def _actions(request: Mapping[str, Any], found: Problems) -> None:
    for name, update in (request.get("AttributeUpdates") or {}).items():
        action = update.get("Action")
        if action is not None and action not in _ACTIONS:
            found.add(
                f"attributeUpdates.{name}.member.action",
                action,
                f"Member must satisfy enum value set: [{', '.join(_ACTIONS)}]",
            )


_ON_FAILURE = enum("ReturnValuesOnConditionCheckFailure", ("ALL_OLD", "NONE"))
_WRITE_RULES = (
    enum("ConditionalOperator", CONDITIONAL),
    each_condition("Expected", operator_required=False),
    enum("ReturnValues", RETURN_VALUES),
    enum("ReturnItemCollectionMetrics", METRICS),
    _ON_FAILURE,
)
_PUT_RULES = validation.Rules((
    enum("ReturnConsumedCapacity", CAPACITY), table_name, required("Item"), *_WRITE_RULES,
))  # fmt: skip
_KEY_RULES = validation.Rules((
    enum("ReturnConsumedCapacity", CAPACITY), table_name, required("Key"), *_WRITE_RULES,
))  # fmt: skip
_UPDATE_RULES = validation.Rules((*_KEY_RULES, _actions))
_GET_RULES = validation.Rules(
    (
        enum("ReturnConsumedCapacity", CAPACITY),
        validation.length("AttributesToGet", 1, 255),
        table_name,
        required("Key"),
    )
)


@operation("GetItem", resource=table_arn)
async def get_item(ctx: Context, request: Request) -> Result:
    """Read one item by its key."""
    validation.check(request, _GET_RULES)
    validation.check_mixing(request, ("ProjectionExpression",), ("AttributesToGet",))
    key: Item = request["Key"]
    parameters.check_key(key)
    projection = _projection_of(request)
    tables = ctx.component(Tables)
    name: str = request["TableName"]

    def body(view: Snapshot) -> tuple[Table, bytes | None]:
        table = tables.require(view, ctx, name)
        if table.gate is not None:
            table.gate.read()
        table.check_key(key)
        if projection is not None and projection.nested:
            table.check_scalars(projection.nested)
        return table, store.get_raw(view, table.key_of(key))

    table, raw = await ctx.store.read(body)
    size = 0 if raw is None else size_of(raw)
    units = capacity.read_units(size, consistent=request.get("ConsistentRead", False))
    charge(ctx, "ReadRequestUnits", units, table.arn)
    result: Result = {}
    if raw is not None:
        if projection is None:
            result["Item"] = json_of(raw)
        else:
            result["Item"] = projection.apply(store.record_of(b"", raw).item)
    mode = request.get("ReturnConsumedCapacity")
    if mode is not None:
        result["ConsumedCapacity"] = capacity.consumed(mode, table.name, Cost(units))
    return result


def _projection_of(request: Request) -> Projection | None:
    if "ProjectionExpression" not in request:
        return parameters.projection_of(request, NONE)
    given = Placeholders.of(request)
    projection = parameters.projection_of(request, given)
    given.check_all_used()
    return projection


@operation("PutItem", resource=table_arn)
async def put_item(ctx: Context, request: Request) -> Result:
    """Create or replace one item."""
    validation.check(request, _PUT_RULES)
    return await _run(ctx, request, Put(request))


@operation("UpdateItem", resource=table_arn)
async def update_item(ctx: Context, request: Request) -> Result:
    """Change attributes of one item, or create it."""
    validation.check(request, _UPDATE_RULES)
    return await _run(ctx, request, Change(request))


@operation("DeleteItem", resource=table_arn)
async def delete_item(ctx: Context, request: Request) -> Result:
    """Remove one item by its key."""
    validation.check(request, _KEY_RULES)
    return await _run(ctx, request, Delete(request))


async def _run(ctx: Context, request: Request, change: Write) -> Result:
    try:
        change.prepare()
        change.check_return_values()
    except ValidationException as problem:
        raise problems.enveloped(problem) from None
    change.check_size()
    tables = ctx.component(Tables)
    name: str = request["TableName"]

    def body(tx: Transaction) -> Outcome:
        return change.run(tx, tables.require(tx, ctx, name))

    try:
        outcome = await ctx.store.transact(body)
    except ConditionalCheckFailedException:
        charge(ctx, "WriteRequestUnits", change.failed_units, table_arn(ctx, request))
        raise
    table, cost = outcome.table, outcome.mutation.cost
    charge(ctx, "WriteRequestUnits", cost, table.arn)
    result: Result = {}
    wanted = request.get("ReturnValues", "NONE")
    if wanted != "NONE":
        attributes = _attributes(wanted, change, outcome)
        if attributes:
            result["Attributes"] = attributes
    mode = request.get("ReturnConsumedCapacity")
    if mode is not None:
        result["ConsumedCapacity"] = capacity.consumed(mode, table.name, cost)
    if request.get("ReturnItemCollectionMetrics") == "SIZE":
        result["ItemCollectionMetrics"] = collection_metrics(table, change.key)
    return result


def _attributes(wanted: str, change: Write, outcome: Outcome) -> Any:
    old, new = outcome.old, outcome.new
    if wanted == "ALL_OLD":
        return old.json if old is not None else None
    if wanted == "ALL_NEW":
        return new
    assert isinstance(change, Change)
    assert change.update is not None
    item = new if wanted == "UPDATED_NEW" else old.item if old is not None else None
    return change.update.touched.apply(item) if item is not None else None


def collection_metrics(table: Table, item: Item) -> dict[str, Any] | None:
    """ItemCollectionMetrics; tables without local indexes have none."""
    if not table.local:
        return None
    name = table.schema.partition[0]
    return {"ItemCollectionKey": {name: item[name]}, "SizeEstimateRangeGB": [0.0, 1.0]}
