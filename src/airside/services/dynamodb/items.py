"""PutItem, GetItem, UpdateItem, DeleteItem."""

from typing import Any

from airside.kernel.context import Context
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Snapshot, Transaction
from airside.services.dynamodb import (
    capacity,
    mutation,
    parameters,
    store,
    validation,
    values,
)
from airside.services.dynamodb.arns import table_arn
from airside.services.dynamodb.capacity import Cost
from airside.services.dynamodb.errors import ConditionalCheckFailedException, ValidationException
from airside.services.dynamodb.expressions.condition import Predicate
from airside.services.dynamodb.expressions.placeholders import Placeholders
from airside.services.dynamodb.expressions.projection import Projection
from airside.services.dynamodb.expressions.update import Update
from airside.services.dynamodb.limits import ITEM_BYTES_MAX, NESTING_MAX
from airside.services.dynamodb.mutation import Mutation
from airside.services.dynamodb.store import Record, Tables
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.validation import (
    CAPACITY,
    CONDITIONAL,
    METRICS,
    RETURN_VALUES,
    each_condition,
    enum,
    required,
    table_name,
)
from airside.services.dynamodb.values import Item

_ON_FAILURE = enum("ReturnValuesOnConditionCheckFailure", ("ALL_OLD", "NONE"))
_WRITE_RULES = (
    enum("ConditionalOperator", CONDITIONAL),
    each_condition("Expected", operator_required=False),
    enum("ReturnValues", RETURN_VALUES),
    enum("ReturnItemCollectionMetrics", METRICS),
    _ON_FAILURE,
)
_PUT_RULES = (
    enum("ReturnConsumedCapacity", CAPACITY), table_name, required("Item"), *_WRITE_RULES,
)  # fmt: skip
_KEY_RULES = (
    enum("ReturnConsumedCapacity", CAPACITY), table_name, required("Key"), *_WRITE_RULES,
)  # fmt: skip
_GET_RULES = (
    enum("ReturnConsumedCapacity", CAPACITY),
    validation.length("AttributesToGet", 1, 255),
    table_name,
    required("Key"),
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

    def body(view: Snapshot) -> tuple[Table, Record | None]:
        table = tables.require(view, ctx, name)
        table.check_key(key)
        return table, store.get(view, table.key_of(key))

    table, record = await ctx.store.read(body)
    consistent = request.get("ConsistentRead", False)
    units = capacity.read_units(record.size if record else 0, consistent=consistent)
    ctx.use("ReadRequestUnits", units, table.arn)
    result: Result = {}
    if record is not None:
        result["Item"] = record.json if projection is None else projection.apply(record.item)
    mode = request.get("ReturnConsumedCapacity")
    if mode is not None:
        result["ConsumedCapacity"] = capacity.consumed(mode, table.name, Cost(units))
    return result


def _projection_of(request: Request) -> Projection | None:
    if "ProjectionExpression" not in request:
        return parameters.projection_of(request, _NO_PLACEHOLDERS)
    given = Placeholders.of(request)
    projection = parameters.projection_of(request, given)
    given.check_all_used()
    return projection


_NO_PLACEHOLDERS = Placeholders(None, None)


@operation("PutItem", resource=table_arn)
async def put_item(ctx: Context, request: Request) -> Result:
    """Create or replace one item."""
    validation.check(request, _PUT_RULES)
    change = Put(request)
    if request.get("ReturnValues") not in (None, "NONE", "ALL_OLD"):
        raise ValidationException("ReturnValues can only be ALL_OLD or NONE")
    change.prepare()
    return await _run(ctx, request, change)


@operation("UpdateItem", resource=table_arn)
async def update_item(ctx: Context, request: Request) -> Result:
    """Change attributes of one item, or create it."""
    validation.check(request, _KEY_RULES)
    change = Change(request)
    change.prepare()
    return await _run(ctx, request, change)


@operation("DeleteItem", resource=table_arn)
async def delete_item(ctx: Context, request: Request) -> Result:
    """Remove one item by its key."""
    validation.check(request, _KEY_RULES)
    change = Delete(request)
    if request.get("ReturnValues") not in (None, "NONE", "ALL_OLD"):
        raise ValidationException("ReturnValues can only be ALL_OLD or NONE")
    change.prepare()
    return await _run(ctx, request, change)


class Outcome:
    """A write that took place, and what it was about."""

    __slots__ = ("mutation", "new", "old", "table")

    def __init__(
        self, table: Table, old: Record | None, new: Item | None, mutation: Mutation
    ) -> None:
        self.table = table
        self.old = old
        self.new = new
        self.mutation = mutation


class Write:
    """One conditional write of one item: checked first, then done inside a transaction."""

    expressions: tuple[str, ...] = ("ConditionExpression",)
    legacy: tuple[str, ...] = ("Expected", "ConditionalOperator")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.condition: Predicate | None = None
        self.key: Item = {}

    def prepare(self) -> None:
        """Check what can be checked without the table, in AWS's order."""
        raise NotImplementedError

    def bind(self) -> Placeholders:
        """Check the placeholders and bind the condition."""
        request = self.request
        if "ConditionExpression" not in request and "Expected" not in request:
            if "ConditionalOperator" in request:
                parameters.condition_of(request, _NO_PLACEHOLDERS)
            return Placeholders.of(request)
        given = Placeholders.of(request)
        self.condition = parameters.condition_of(request, given)
        return given

    def check(self, table: Table) -> None:
        """Check what depends on the table's schema."""
        raise NotImplementedError

    def run(self, tx: Transaction, table: Table) -> Outcome:
        """Do it. Raises ConditionalCheckFailedException."""
        self.check(table)
        key = table.key_of(self.key)
        old = store.get(tx, key)
        if self.condition is not None and not self.condition(old.item if old else {}):
            raise self.failure(old)
        return self.apply(tx, table, key, old)

    def failure(self, old: Record | None) -> ConditionalCheckFailedException:
        """What to answer when the condition is false."""
        members: dict[str, Any] = {}
        if self.request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and old:
            members["Item"] = old.item
        return ConditionalCheckFailedException("The conditional request failed", **members)

    def apply(self, tx: Transaction, table: Table, key: bytes, old: Record | None) -> Outcome:
        """The write itself."""
        raise NotImplementedError


class Put(Write):
    """PutItem, and Put in a transaction."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.key = request["Item"]
        self.size = 0
        validation.check_mixing(request, self.expressions, self.legacy)
        self.size = values.check_item(self.key)

    def prepare(self) -> None:
        """Size, condition, placeholders."""
        if self.size > ITEM_BYTES_MAX:
            raise ValidationException("Item size has exceeded the maximum allowed size")
        self.bind().check_all_used()

    def check(self, table: Table) -> None:
        """The item's keys."""
        table.check_item(self.key)

    def apply(self, tx: Transaction, table: Table, key: bytes, old: Record | None) -> Outcome:
        """Write the item."""
        done = mutation.write(tx, table, key, old, self.key, self.size)
        return Outcome(table, old, self.key, done)


class Delete(Write):
    """DeleteItem, and Delete in a transaction."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.key = request["Key"]
        validation.check_mixing(request, self.expressions, self.legacy)
        parameters.check_key(self.key)

    def prepare(self) -> None:
        """Condition and placeholders."""
        self.bind().check_all_used()

    def check(self, table: Table) -> None:
        """The key."""
        table.check_key(self.key)

    def apply(self, tx: Transaction, table: Table, key: bytes, old: Record | None) -> Outcome:
        """Remove the item."""
        return Outcome(table, old, None, mutation.remove(tx, table, key, old))


class Change(Write):
    """UpdateItem, and Update in a transaction."""

    expressions = ("UpdateExpression", "ConditionExpression")
    legacy = ("AttributeUpdates", "Expected", "ConditionalOperator")

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.key = request["Key"]
        self.update: Update | None = None
        validation.check_mixing(request, self.expressions, self.legacy)
        parameters.check_key(self.key)

    def prepare(self) -> None:
        """Update, condition and placeholders."""
        request = self.request
        given = Placeholders.of(request)
        self.update = parameters.update_of(request, given)
        self.condition = parameters.condition_of(request, given)
        given.check_all_used()

    def check(self, table: Table) -> None:
        """The key, and that the update leaves it alone."""
        assert self.update is not None
        table.check_key(self.key)
        check_update(table, self.update)

    def apply(self, tx: Transaction, table: Table, key: bytes, old: Record | None) -> Outcome:
        """Compute the new item and write it."""
        assert self.update is not None
        before = old.item if old is not None else self.key
        new = self.update.apply(before)
        if table.indexes:
            table.check_index_keys(new, old.item if old else None, update=True)
        size = _size_after(self.update, old, before, new)
        key_size = values.item_size(self.key)
        if size > ITEM_BYTES_MAX or size - key_size + self.update.cost > ITEM_BYTES_MAX:
            raise ValidationException("Item size to update has exceeded the maximum allowed size")
        _check_nesting(self.update, new)
        done = mutation.write(tx, table, key, old, new, size)
        return Outcome(table, old, new, done)


def _size_after(update: Update, old: Record | None, before: Item, new: Item) -> int:
    """The size of the new item: only what changed is measured again."""
    if old is None:
        return values.item_size(new)
    size = old.size
    for name in {str(parts[0]) for parts in update.paths}:
        for item, sign in ((before, -1), (new, 1)):
            value = item.get(name)
            if value is not None:
                size += sign * (values.text_size(name) + values.size(value))
    return size


def _check_nesting(update: Update, new: Item) -> None:
    for step in update.steps:
        value = new.get(str(step.parts[0]))
        if value is not None and values.nesting(value) >= NESTING_MAX:
            raise values.too_deep()


def check_update(table: Table, update: Update) -> None:
    """Refuse to change keys, or to put values into index keys that do not belong there."""
    schema = table.schema.names
    for step in update.steps:
        name = step.parts[0]
        if name in schema:
            if len(step.parts) > 1:
                raise _nested("Key", str(name))
            raise ValidationException(
                "One or more parameter values were invalid: "
                f"Cannot update attribute {name}. This attribute is part of the key"
            )
    if not table.indexes:
        return
    for name, kind, index in table.index_attributes:
        for step in update.steps:
            if step.parts[0] != name:
                continue
            if len(step.parts) > 1:
                raise _nested("IndexKey", name)
            if step.kind is not None and step.section != "DELETE" and step.kind != kind:
                raise ValidationException(
                    "One or more parameter values were invalid: Type mismatch for Index Key "
                    f"{name} Expected: {kind} Actual: {step.kind} IndexName: {index}"
                )


def _nested(noun: str, name: str) -> ValidationException:
    return ValidationException(
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not "
        f"allowed: {noun}: {name}"
    )


async def _run(ctx: Context, request: Request, change: Write) -> Result:
    tables = ctx.component(Tables)
    name: str = request["TableName"]

    def body(tx: Transaction) -> Outcome:
        return change.run(tx, tables.require(tx, ctx, name))

    outcome = await ctx.store.transact(body)
    table, cost = outcome.table, outcome.mutation.cost
    ctx.use("WriteRequestUnits", cost.total, table.arn)
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
