"""INSERT, UPDATE and DELETE: PartiQL's wordings of writing one item."""

from typing import Any

from airside.kernel.store import Transaction
from airside.services.dynamodb import values
from airside.services.dynamodb.errors import DuplicateItemException, ValidationException
from airside.services.dynamodb.expressions import condition
from airside.services.dynamodb.expressions.lexer import ExpressionError
from airside.services.dynamodb.expressions.update import Update as Changes
from airside.services.dynamodb.partiql import targets
from airside.services.dynamodb.partiql.bindings import Bindings
from airside.services.dynamodb.partiql.parser import UNPINNED
from airside.services.dynamodb.partiql.syntax import (
    Delete,
    Exists,
    Insert,
    Parsed,
    Returning,
    Update,
)
from airside.services.dynamodb.store import Record
from airside.services.dynamodb.table import Table
from airside.services.dynamodb.transactions import ConditionCheck
from airside.services.dynamodb.writes import Change, Outcome, Put, Write
from airside.services.dynamodb.writes import Delete as Deletion


def of(parsed: Parsed, request: dict[str, Any], *, transactional: bool = True) -> Write:
    """The write that a statement means. Raises ValidationException."""
    statement, bindings = parsed.statement, parsed.bindings
    if statement.source.index is not None:
        raise ValidationException("This operation is not supported on an index")
    if isinstance(statement, Exists) and not transactional:
        raise ValidationException("EXISTS is only supported within ExecuteTransaction")
    given = {
        "TableName": statement.source.table,
        "ReturnValuesOnConditionCheckFailure": request.get("ReturnValuesOnConditionCheckFailure"),
    }
    try:
        match statement:
            case Insert():
                return Insertion({**given, "Item": statement.item})
            case Update():
                return Modification({**given, "Key": {}}, statement, bindings)
            case Delete():
                return Removal({**given, "Key": {}}, statement, bindings)
            case Exists():
                return Existence({**given, "Key": {}}, statement, bindings)
    except ExpressionError as problem:
        raise ValidationException(problem.message) from None
    raise AssertionError("a SELECT writes nothing")


def returned(write: Write, outcome: Outcome) -> Any:
    """The item that a RETURNING clause shows, if any."""
    if isinstance(write, Removal):
        return outcome.old.json if write.returning and outcome.old is not None else None
    if not isinstance(write, Modification) or write.returning is None:
        return None
    assert write.update is not None
    if write.returning.scope == "ALL":
        if write.returning.image == "NEW":
            return outcome.new
        return outcome.old.json if outcome.old is not None else None
    old = outcome.old.item if outcome.old is not None else {}
    item = outcome.new if write.returning.image == "NEW" else old
    return write.update.touched.apply(item or {}) or None


class Insertion(Put):
    """INSERT: an item that must not be there yet."""

    def __init__(self, request: dict[str, Any]) -> None:
        super().__init__(request)
        self.size = values.check_item(self.key)
        self.check_size()

    def apply(self, tx: Transaction, table: Table, key: bytes, old: Record | None) -> Outcome:
        """Write the item. Raises DuplicateItemException."""
        if old is not None:
            raise DuplicateItemException("Duplicate primary key exists in table")
        return super().apply(tx, table, key, old)


class Modification(Change):
    """UPDATE: an item that must be there and satisfy the whole WHERE clause."""

    def __init__(self, request: dict[str, Any], statement: Update, bindings: Bindings) -> None:
        super().__init__(request)
        self.statement = statement
        self.bindings = bindings
        self.returning: Returning | None = statement.returning
        self.condition = condition.bind(statement.where, bindings)
        self.update = Changes.bind(statement.actions, bindings)

    def locate(self, table: Table) -> None:
        """The key is in the WHERE clause."""
        self.key = targets.pinned(table, self.statement.where, self.bindings) or {}

    def check(self, table: Table) -> None:
        """Find the key first."""
        self.key = targets.key_of(table, self.statement.where, self.bindings)
        super().check(table)

    def apply(self, tx: Transaction, table: Table, key: bytes, old: Record | None) -> Outcome:
        """UPDATE never creates, not even where the clause would allow an item without content."""
        if old is None:
            raise self.failure(old)
        return super().apply(tx, table, key, old)


class Removal(Deletion):
    """DELETE: an item that is gone already is no failure."""

    def __init__(self, request: dict[str, Any], statement: Delete, bindings: Bindings) -> None:
        super().__init__(request)
        self.statement = statement
        self.bindings = bindings
        self.returning: Returning | None = statement.returning
        self.where = condition.bind(statement.where, bindings)

    def locate(self, table: Table) -> None:
        """The key is in the WHERE clause."""
        self.key = targets.pinned(table, self.statement.where, self.bindings) or {}

    def check(self, table: Table) -> None:
        """Find the key first."""
        self.key = targets.key_of(table, self.statement.where, self.bindings)
        super().check(table)

    def apply(self, tx: Transaction, table: Table, key: bytes, old: Record | None) -> Outcome:
        """Remove it if it is there."""
        if old is not None and not self.where(old.item):
            raise self.failure(old)
        return super().apply(tx, table, key, old)


class Existence(ConditionCheck):
    """EXISTS in a transaction: an item that must be there and satisfy the WHERE clause."""

    def __init__(self, request: dict[str, Any], statement: Exists, bindings: Bindings) -> None:
        super().__init__(request)
        if statement.select.where is None:
            raise ValidationException(UNPINNED)
        self.where = statement.select.where
        self.bindings = bindings
        self.condition = condition.bind(self.where, bindings)

    def locate(self, table: Table) -> None:
        """The key is in the WHERE clause."""
        self.key = targets.pinned(table, self.where, self.bindings) or {}

    def check(self, table: Table) -> None:
        """Find the key first."""
        self.key = targets.key_of(table, self.where, self.bindings)
        super().check(table)
