"""Conditional writes of single items: put, update, delete. Items and transactions both use them."""

from typing import Any, ClassVar

from airside.kernel.operation import Request
from airside.kernel.store import Transaction
from airside.services.dynamodb import mutation, parameters, store, validation, values
from airside.services.dynamodb.capacity import Cost, write_units
from airside.services.dynamodb.errors import ConditionalCheckFailedException, ValidationException
from airside.services.dynamodb.expressions.condition import Predicate
from airside.services.dynamodb.expressions.placeholders import NONE, Placeholders
from airside.services.dynamodb.expressions.update import Update, cost_at_most
from airside.services.dynamodb.limits import ITEM_BYTES_MAX, NESTING_MAX
from airside.services.dynamodb.mutation import Mutation
from airside.services.dynamodb.store import Record
from airside.services.dynamodb.table import Table, nested_key
from airside.services.dynamodb.values import Item


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

    expressions: ClassVar[tuple[str, ...]] = ("ConditionExpression",)
    return_values: ClassVar[tuple[str | None, ...]] = (None, "NONE", "ALL_OLD")
    legacy: ClassVar[tuple[str, ...]] = ("Expected", "ConditionalOperator")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.condition: Predicate | None = None
        self.key: Item = {}
        self.failed_units = 0
        """What a false condition costs: what is there, by its size."""

    def prepare(self) -> None:
        """Check what can be checked without the table, in AWS's order."""
        raise NotImplementedError

    def check_size(self) -> None:
        """Check the size of what is written, as far as the request tells it."""

    def check_return_values(self) -> None:
        """Only an update can show what is new."""
        if self.request.get("ReturnValues") not in self.return_values:
            raise ValidationException("ReturnValues can only be ALL_OLD or NONE")

    def bind(self) -> Placeholders:
        """Check the placeholders and bind the condition."""
        request = self.request
        if "ConditionExpression" not in request and "Expected" not in request:
            if "ConditionalOperator" in request:
                parameters.condition_of(request, NONE)
            return Placeholders.of(request)
        given = Placeholders.of(request)
        self.condition = parameters.condition_of(request, given)
        return given

    def locate(self, table: Table) -> None:
        """Find the key, where the request does not name it as such."""

    def check(self, table: Table) -> None:
        """Check what depends on the table's schema."""
        raise NotImplementedError

    def run(self, tx: Transaction, table: Table) -> Outcome:
        """Do it. Raises ConditionalCheckFailedException."""
        if table.gate is not None:
            table.gate.write()
        self.check(table)
        key = table.key_of(self.key)
        if table.conflicts is not None:
            table.conflicts.check(key)
        old = store.get(tx, key)
        if self.condition is not None and not self.condition(old.item if old else {}):
            raise self.failure(old)
        return self.apply(tx, table, key, old)

    def failure(self, old: Record | None) -> ConditionalCheckFailedException:
        """What to answer when the condition is false."""
        self.failed_units = write_units(old.size if old is not None else 0, 0)
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

    def prepare(self) -> None:
        """Values, condition, placeholders."""
        validation.check_mixing(self.request, self.expressions, self.legacy)
        self.size = values.check_item(self.key)
        self.bind().check_all_used()

    def check_size(self) -> None:
        """An item of more than 400 KB."""
        if self.size > ITEM_BYTES_MAX:
            raise ValidationException("Item size has exceeded the maximum allowed size")

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

    def prepare(self) -> None:
        """Key, condition and placeholders."""
        validation.check_mixing(self.request, self.expressions, self.legacy)
        parameters.check_key(self.key)
        self.bind().check_all_used()

    def check(self, table: Table) -> None:
        """The key."""
        table.check_key(self.key)

    def apply(self, tx: Transaction, table: Table, key: bytes, old: Record | None) -> Outcome:
        """Remove the item."""
        return Outcome(table, old, None, mutation.remove(tx, table, key, old))


class Change(Write):
    """UpdateItem, and Update in a transaction."""

    expressions: ClassVar[tuple[str, ...]] = ("UpdateExpression", "ConditionExpression")
    return_values: ClassVar[tuple[str | None, ...]] = (
        None, "NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW",
    )  # fmt: skip
    legacy: ClassVar[tuple[str, ...]] = ("AttributeUpdates", "Expected", "ConditionalOperator")

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.key = request["Key"]
        self.update: Update | None = None
        self._surely_small = False

    def prepare(self) -> None:
        """Key, update, condition and placeholders."""
        request = self.request
        validation.check_mixing(request, self.expressions, self.legacy)
        parameters.check_key(self.key)
        given = Placeholders.of(request)
        self.update = parameters.update_of(request, given)
        self.condition = parameters.condition_of(request, given)
        given.check_all_used()
        text = request.get("UpdateExpression")
        self._surely_small = text is not None and cost_at_most(text, given) <= ITEM_BYTES_MAX

    def check_size(self) -> None:
        """What the statement itself writes."""
        assert self.update is not None
        if not self._surely_small and self.update.cost > ITEM_BYTES_MAX:
            raise _too_large()

    def check(self, table: Table) -> None:
        """The key, and that the update leaves it alone."""
        assert self.update is not None
        table.check_key(self.key)
        check_update(table, self.update)

    def apply(self, tx: Transaction, table: Table, key: bytes, old: Record | None) -> Outcome:
        """Compute the new item and write it."""
        assert self.update is not None
        if old is None and self.update.only_removes:
            return Outcome(table, None, None, Mutation(Cost(1), 0, 0))
        before = old.item if old is not None else self.key
        new = self.update.apply(before)
        if table.indexes:
            table.check_index_keys(new, old.item if old else None, update=True)
        size = _size_after(self.update, old, before, new)
        if size > ITEM_BYTES_MAX:
            raise _too_large()
        _check_nesting(self.update, new)
        done = mutation.write(tx, table, key, old, new, size)
        return Outcome(table, old, new, done)


def _too_large() -> ValidationException:
    return ValidationException("Item size to update has exceeded the maximum allowed size")


def _size_after(update: Update, old: Record | None, before: Item, new: Item) -> int:
    """The size of the new item: only what changed is measured again."""
    if old is None:
        return values.item_size(new)
    size = old.size
    for name in {str(parts[0]) for parts in update.paths}:
        gone, come = before.get(name), new.get(name)
        if gone is not None:
            size -= values.size(gone)
        if come is not None:
            size += values.size(come)
        if (gone is None) != (come is None):
            size += values.text_size(name) if gone is None else -values.text_size(name)
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
                raise nested_key("Key", str(name))
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
                raise nested_key("IndexKey", name)
            if step.kind is not None and step.section != "DELETE" and step.kind != kind:
                raise ValidationException(
                    "One or more parameter values were invalid: Type mismatch for Index Key "
                    f"{name} Expected: {kind} Actual: {step.kind} IndexName: {index}"
                )
