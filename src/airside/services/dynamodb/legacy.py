"""The parameters that expressions replaced, as the same predicates, key ranges and updates.

Expected, QueryFilter, ScanFilter, KeyConditions, AttributeUpdates, AttributesToGet.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from airside.services.dynamodb import values
from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.expressions.condition import (
    Predicate,
    begins_with,
    compare,
    contains,
)
from airside.services.dynamodb.expressions.key_condition import KeyTerm
from airside.services.dynamodb.expressions.projection import Projection
from airside.services.dynamodb.expressions.update import Step, Update
from airside.services.dynamodb.values import Item, Value, kind_of

_INVALID = "One or more parameter values were invalid: "
_ONE = (1, 1)
_COUNTS = {
    "NULL": (0, 0), "NOT_NULL": (0, 0), "BETWEEN": (2, 2), "IN": (1, None),
    "EQ": _ONE, "NE": _ONE, "LE": _ONE, "LT": _ONE, "GE": _ONE, "GT": _ONE,
    "CONTAINS": _ONE, "NOT_CONTAINS": _ONE, "BEGINS_WITH": _ONE,
}  # fmt: skip
_SCALARS = ("S", "N", "B")
_KINDS = {
    "LE": _SCALARS, "LT": _SCALARS, "GE": _SCALARS, "GT": _SCALARS, "BETWEEN": _SCALARS,
    "IN": _SCALARS, "BEGINS_WITH": ("S", "B"), "CONTAINS": (*_SCALARS, "BOOL", "NULL"),
    "NOT_CONTAINS": (*_SCALARS, "BOOL", "NULL"),
}  # fmt: skip

Test = Callable[[Value | None, list[Value]], bool]


def _equal(value: Value | None, operands: list[Value]) -> bool:
    return value is not None and value == operands[0]


def _between(value: Value | None, operands: list[Value]) -> bool:
    return compare(value, operands[0]) in (0, 1) and compare(value, operands[1]) in (-1, 0)


_TESTS: dict[str, Test] = {
    "EQ": _equal,
    "NE": lambda value, operands: not _equal(value, operands),
    "LE": lambda value, operands: compare(value, operands[0]) in (-1, 0),
    "LT": lambda value, operands: compare(value, operands[0]) == -1,
    "GE": lambda value, operands: compare(value, operands[0]) in (0, 1),
    "GT": lambda value, operands: compare(value, operands[0]) == 1,
    "NOT_NULL": lambda value, _: value is not None,
    "NULL": lambda value, _: value is None,
    "CONTAINS": lambda value, operands: contains(value, operands[0]),
    "NOT_CONTAINS": lambda value, operands: value is not None and not contains(value, operands[0]),
    "BEGINS_WITH": lambda value, operands: begins_with(value, operands[0]),
    "IN": lambda value, operands: value is not None and value in operands,
    "BETWEEN": _between,
}


def check_condition(operator: str, operands: list[Value]) -> None:
    """The number and the types of the operands of one condition."""
    for operand in operands:
        values.check(operand)
    low, high = _COUNTS[operator]
    if len(operands) < low or (high is not None and len(operands) > high):
        raise ValidationException(
            f"{_INVALID}Invalid number of argument(s) for the {operator} ComparisonOperator"
        )
    kinds = {kind_of(operand) for operand in operands}
    if len(kinds) > 1:
        raise ValidationException(
            _INVALID + "AttributeValues inside AttributeValueList must be of same type"
        )
    for kind in kinds:
        if kind not in _KINDS.get(operator, values.TYPES):
            raise ValidationException(
                f"{_INVALID}ComparisonOperator {operator} is not valid for {kind} "
                "AttributeValue type"
            )
    if operator == "BETWEEN" and compare(operands[0], operands[1]) == 1:
        raise ValidationException(
            "The BETWEEN condition was provided a range where the lower bound is greater than "
            "the upper bound"
        )


def filter_of(conditions: Mapping[str, Any] | None, operator: str | None) -> Predicate | None:
    """QueryFilter and ScanFilter."""
    check_operator(conditions, operator)
    tests: list[tuple[str, Test, list[Value]]] = []
    for name, condition in (conditions or {}).items():
        operands = condition.get("AttributeValueList") or []
        check_condition(condition["ComparisonOperator"], operands)
        tests.append((name, _TESTS[condition["ComparisonOperator"]], operands))
    return _combine(tests, operator)


def check_operator(conditions: Mapping[str, Any] | None, operator: str | None) -> None:
    """ConditionalOperator joins at least two conditions."""
    if operator is None:
        return
    if not conditions:
        raise ValidationException("ConditionalOperator cannot be used without Filter or Expected")
    if len(conditions) == 1:
        raise ValidationException(
            "ConditionalOperator can only be used when Filter or Expected has two or more elements"
        )


def _combine(tests: list[tuple[str, Test, list[Value]]], operator: str | None) -> Predicate | None:
    if not tests:
        return None
    if operator == "OR":
        return lambda item: any(test(item.get(name), ops) for name, test, ops in tests)
    return lambda item: all(test(item.get(name), ops) for name, test, ops in tests)


def expected_of(expected: Mapping[str, Any] | None, operator: str | None) -> Predicate | None:
    """The Expected parameter of the item operations."""
    check_operator(expected, operator)
    tests = [(name, *_expectation(name, given)) for name, given in (expected or {}).items()]
    return _combine(tests, operator)


def _expectation(name: str, given: Mapping[str, Any]) -> tuple[Test, list[Value]]:
    value, operands = given.get("Value"), given.get("AttributeValueList")
    operator = given.get("ComparisonOperator")
    if value is not None and operands is not None:
        raise ValidationException(
            f"{_INVALID}Value and AttributeValueList cannot be used together for Attribute: {name}"
        )
    if operator is None:
        return _existence(name, given)
    if given.get("Exists") is not None:
        raise ValidationException(
            f"{_INVALID}Exists and ComparisonOperator cannot be used together for Attribute: {name}"
        )
    if operator not in ("NULL", "NOT_NULL") and operands is None and value is None:
        raise ValidationException(
            f"{_INVALID}Value or AttributeValueList must be used with ComparisonOperator: "
            f"{operator} for Attribute: {name}"
        )
    found = operands if operands is not None else [] if value is None else [value]
    check_condition(operator, found)
    return _TESTS[operator], found


def _existence(name: str, given: Mapping[str, Any]) -> tuple[Test, list[Value]]:
    value, exists = given.get("Value"), given.get("Exists")
    if given.get("AttributeValueList") is not None:
        raise ValidationException(
            f"{_INVALID}AttributeValueList can only be used with a ComparisonOperator "
            f"for Attribute: {name}"
        )
    if exists is False:
        if value is not None:
            raise ValidationException(
                f"{_INVALID}Value cannot be used when Exists is false for Attribute: {name}"
            )
        return _TESTS["NULL"], []
    if value is None:
        shown = "null" if exists is None else "true"
        raise ValidationException(
            f"{_INVALID}Value must be provided when Exists is {shown} for Attribute: {name}"
        )
    values.check(value)
    return _TESTS["EQ"], [value]


_KEY_OPERATORS = {
    "EQ": "=", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">", "BETWEEN": "BETWEEN",
    "BEGINS_WITH": "begins_with",
}  # fmt: skip


def key_terms(conditions: Mapping[str, Any]) -> list[KeyTerm]:
    """The KeyConditions parameter."""
    terms = []
    for name, condition in conditions.items():
        operator, operands = condition["ComparisonOperator"], condition.get("AttributeValueList")
        check_condition(operator, operands or [])
        terms.append(KeyTerm(name, _KEY_OPERATORS.get(operator, operator), operands or []))
    return terms


def projection_of(names: list[str]) -> Projection:
    """The AttributesToGet parameter: top-level attributes, dots and all."""
    for name in names:
        values.check_name(name)
    return Projection([(name,) for name in names])


_ADDABLE = ("N", "SS", "NS", "BS", "L")


def update_of(updates: Mapping[str, Any]) -> Update:
    """The AttributeUpdates parameter."""
    steps: list[Step] = []
    for name, update in updates.items():
        values.check_name(name)
        action, value = update.get("Action") or "PUT", update.get("Value")
        kind = None
        if value is not None:
            values.check(value)
            kind = kind_of(value)
        _check_action(action, kind)
        section = {"PUT": "SET", "ADD": "ADD", "DELETE": "DELETE"}[action]
        if value is None:
            steps.append(Step("REMOVE", (name,), None, None, partial(_cost, name, None)))
        else:
            cost = partial(_cost, name, value)
            steps.append(Step(section, (name,), kind, _always(value), cost, value))
    return Update(steps, "Type mismatch for attribute to update")


def _cost(name: str, value: Value | None) -> int:
    return values.text_size(name) + (1 if value is None else 19 + values.size(value))


def _always(value: Value) -> Callable[[Item], Value | None]:
    return lambda _: value


def _check_action(action: str, kind: str | None) -> None:
    if kind is None and action != "DELETE":
        raise ValidationException(
            _INVALID + "Only DELETE action is allowed when no attribute value is specified"
        )
    if action == "DELETE" and kind not in (None, "SS", "NS", "BS"):
        raise ValidationException(
            f"{_INVALID}DELETE action with value is not supported for the type {kind}"
        )
    if action == "ADD" and kind not in _ADDABLE:
        raise ValidationException(f"{_INVALID}ADD action is not supported for the type {kind}")
