"""Which part of a table a WHERE clause is about: one item, or ranges of keys."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from airside.services.dynamodb import key_ranges, keys
from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.expressions.key_condition import KeyTerm
from airside.services.dynamodb.expressions.lexer import ExpressionError
from airside.services.dynamodb.expressions.syntax import (
    Between,
    Call,
    Comparison,
    Condition,
    Junction,
    Membership,
    Operand,
    Path,
    Reference,
)
from airside.services.dynamodb.keys import Range
from airside.services.dynamodb.partiql.bindings import Bindings
from airside.services.dynamodb.partiql.parser import UNPINNED
from airside.services.dynamodb.table import KeySchema, Layout, Table
from airside.services.dynamodb.values import Item, Value

_MIRROR = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_PARTITIONS_MAX = 50
"""Values of the partition key in one IN."""


def conjuncts(where: Condition | None) -> list[Condition]:
    """The conditions that must all hold."""
    if where is None:
        return []
    if isinstance(where, Junction) and where.operator == "AND":
        return [part for condition in where.conditions for part in conjuncts(condition)]
    return [where]


def key_of(table: Table, where: Condition, bindings: Bindings) -> Item:
    """The one item that the clause pins by its whole key. Raises ValidationException."""
    found = pinned(table, where, bindings)
    if found is None:
        raise ValidationException(UNPINNED)
    return found


def pinned(table: Table, where: Condition | None, bindings: Bindings) -> Item | None:
    """The whole key that the clause requires, if it does."""
    key: Item = {}
    for part in conjuncts(where):
        for name in table.schema.names:
            if name not in key:
                value = _equal_to(part, name, bindings)
                if value is not None:
                    key[name] = value
    return key if len(key) == len(table.schema.names) else None


def require_key(table: Table, key: Item | None, operation: str) -> Item:
    """The key of a SELECT that must be about one item. Raises ValidationException."""
    if key is None:
        raise ValidationException(
            f"Select statements within {operation} must specify the primary key in the where "
            "clause."
        )
    table.check_key(key)
    return key


def _equal_to(condition: Condition, name: str, bindings: Bindings) -> Value | None:
    term = _term(condition, name, bindings)
    return term.operands[0] if term is not None and term.operator == "=" else None


def _constant(bindings: Bindings, operand: Operand) -> Any:
    return bindings.value(operand.name) if isinstance(operand, Reference) else None


def _is(operand: Operand, name: str) -> bool:
    return isinstance(operand, Path) and operand.parts == (name,)


def _term(condition: Condition, name: str, bindings: Bindings) -> KeyTerm | None:
    """The condition as a key condition on `name`, when it is one."""
    match condition:
        case Comparison(operator, left, right):
            if _is(right, name):
                left, right, operator = right, left, _MIRROR.get(operator, operator)
            value = _constant(bindings, right)
            if _is(left, name) and value is not None and operator in _MIRROR:
                return KeyTerm(name, operator, [value])
        case Between(subject, low, high) if _is(subject, name):
            bounds = [_constant(bindings, low), _constant(bindings, high)]
            if None not in bounds:
                return KeyTerm(name, "BETWEEN", bounds)
        case Call("begins_with", (subject, prefix)) if _is(subject, name):
            value = _constant(bindings, prefix)
            if value is not None and ("S" in value or "B" in value):
                return KeyTerm(name, "begins_with", [value])
        case _:
            pass
    return None


class Target(Struct):
    """The ranges that a SELECT walks through."""

    ranges: list[Range]
    is_scan: bool
    keyed: bool
    """Whether the key is required outright, not as one of several alternatives."""


def of(table: Table, layout: Layout | None, where: Condition | None, bindings: Bindings) -> Target:
    """Key ranges where the partition key is given, else all of the table or index."""
    schema = layout.index.schema if layout is not None else table.schema
    prefix = layout.prefix if layout is not None else table.prefix
    parts = conjuncts(where)
    partitions, keyed = _partitions(schema, parts, bindings)
    if partitions is None:
        return Target([(prefix, keys.following(prefix))], is_scan=True, keyed=False)
    if len(partitions) > _PARTITIONS_MAX:
        raise ExpressionError(
            "The IN operator is provided with too many operands; "
            f"number of operands: {len(partitions)}"
        )
    sort = _sort_terms(schema, table.types, parts, bindings)
    ranges = []
    for partition in partitions:
        equal = [
            KeyTerm(name, "=", [value])
            for name, value in zip(schema.partition, partition, strict=True)
        ]
        wanted, _ = key_ranges.of_query(table, layout, [*equal, *sort], None)
        ranges.append(keys.of_range(prefix, wanted))
    return Target(list(dict.fromkeys(ranges)), is_scan=False, keyed=keyed)


def _partitions(
    schema: KeySchema, parts: Sequence[Condition], bindings: Bindings
) -> tuple[list[list[Value]] | None, bool]:
    """The partition keys that can hold what is wanted; whether they are required outright."""
    equal: list[Value] = []
    for name in schema.partition:
        found = next(
            (value for part in parts if (value := _equal_to(part, name, bindings)) is not None),
            None,
        )
        if found is not None:
            equal.append(found)
    if len(equal) == len(schema.partition):
        return [equal], True
    if len(schema.partition) == 1:
        for part in parts:
            values = _alternatives(part, schema.partition[0], bindings)
            if values is not None:
                return [[value] for value in values], isinstance(part, Membership)
    return None, False


def _alternatives(condition: Condition, name: str, bindings: Bindings) -> list[Value] | None:
    """The values of `name`, one of which the condition requires."""
    match condition:
        case Membership(subject, options) if _is(subject, name):
            values = [_constant(bindings, option) for option in options]
            return None if None in values else values
        case Junction("OR", branches):
            found: list[Value] = []
            for branch in branches:
                inner = _of_branch(branch, name, bindings)
                if inner is None:
                    return None
                found += inner
            return found
    value = _equal_to(condition, name, bindings)
    return None if value is None else [value]


def _of_branch(branch: Condition, name: str, bindings: Bindings) -> list[Value] | None:
    for part in conjuncts(branch):
        found = _alternatives(part, name, bindings)
        if found is not None:
            return found
    return None


def _sort_terms(
    schema: KeySchema, types: dict[str, str], parts: Sequence[Condition], bindings: Bindings
) -> list[KeyTerm]:
    """Conditions on sort attributes from the left, the last of them perhaps a range."""
    found: list[KeyTerm] = []
    for name in schema.sort:
        terms = [
            term for part in parts
            if (term := _term(part, name, bindings)) is not None
            and all(types[name] in operand for operand in term.operands)
        ]  # fmt: skip
        equal = next((term for term in terms if term.operator == "="), None)
        if equal is not None:
            found.append(equal)
            continue
        if terms:
            found.append(terms[0])
        break
    return found
