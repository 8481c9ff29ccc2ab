"""Event filters: does a record match a pattern? Pure.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

import ipaddress
from collections.abc import Callable
from typing import Any

from airside.protocol.documents import load_json
from airside.services.lambda_ import errors

_MISSING = object()

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def matches_any(filters: list[dict[str, str]], record: dict[str, Any], payload: str) -> bool:
    """Whether one of the filters lets the record through; no filters let all through.

    `payload` is the member that may be JSON text (`body`); it is compared as JSON when both the
    pattern and the text are.
    """
    if not filters:
        return True
    return any(_matches_record(load_json(each["Pattern"]), record, payload) for each in filters)


def _matches_record(pattern: dict[str, Any], record: dict[str, Any], payload: str) -> bool:
    if isinstance(pattern.get(payload), dict):
        try:
            parsed = load_json(record[payload])
        except ValueError:
            return False
        if not isinstance(parsed, dict):
            return False
        record = {**record, payload: parsed}
    return matches(pattern, record)


OPERATORS = frozenset({
    "anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix",
    "wildcard",
})  # fmt: skip


def check_filters(filters: list[dict[str, str]]) -> None:
    """Refuse patterns that cannot be. Raises InvalidParameterValueException."""
    for each in filters:
        try:
            pattern = load_json(each["Pattern"])
        except (KeyError, ValueError):
            pattern = None
        if not isinstance(pattern, dict) or not _is_pattern(pattern):
            raise errors.InvalidParameterValueException(
                "Invalid filter pattern definition.", Type="User"
            )


def _is_pattern(pattern: dict[str, Any]) -> bool:
    for key, wanted in pattern.items():
        if key == "$or":
            if not isinstance(wanted, list) or not all(
                isinstance(each, dict) and _is_pattern(each) for each in wanted
            ):
                return False
        elif isinstance(wanted, dict):
            if not _is_pattern(wanted):
                return False
        elif not isinstance(wanted, list) or not all(_is_rule(each) for each in wanted):
            return False
    return True


def _is_rule(rule: Any) -> bool:
    if isinstance(rule, dict):
        return len(rule) == 1 and next(iter(rule)) in OPERATORS
    return not isinstance(rule, list)


def matches(pattern: dict[str, Any], value: Any) -> bool:
    """Whether every member of the pattern finds its match."""
    for key, wanted in pattern.items():
        if key == "$or" and isinstance(wanted, list):
            if not any(matches(choice, value) for choice in wanted):
                return False
            continue
        present = value.get(key, _MISSING) if isinstance(value, dict) else _MISSING
        if isinstance(wanted, dict):
            if not any(matches(wanted, each) for each in _each(present)):
                return False
        elif not any(_rule(rule, present) for rule in wanted):
            return False
    return True


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _rule(rule: Any, value: Any) -> bool:
    if not isinstance(rule, dict):
        return any(_equal(rule, each) for each in _each(value))
    ((operator, operand),) = rule.items()
    if operator == "exists":
        return (value is not _MISSING) is operand
    if value is _MISSING:
        return False
    return any(_apply(operator, operand, each) for each in _each(value))


def _equal(left: Any, right: Any) -> bool:
    return (type(left) is type(right) and left == right) or (
        _is_number(left) and _is_number(right) and left == right
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _apply(operator: str, operand: Any, value: Any) -> bool:
    if operator == "anything-but":
        return _anything_but(operand, value)
    if operator == "numeric":
        return _is_number(value) and all(
            _COMPARE[operand[at]](value, operand[at + 1]) for at in range(0, len(operand), 2)
        )
    if not isinstance(value, str):
        return False
    compare = _TEXT.get(operator)
    return compare is not None and compare(str(operand), value)


def _anything_but(operand: Any, value: Any) -> bool:
    if isinstance(operand, dict):
        ((operator, inner),) = operand.items()
        return not any(_apply(operator, each, value) for each in _each(inner))
    return not any(_equal(each, value) for each in _each(operand))


def _in_network(value: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _wildcard(pattern: str, value: str) -> bool:
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == value
    if not value.startswith(first):
        return False
    position = len(first)
    for part in rest[:-1]:
        position = value.find(part, position)
        if position < 0:
            return False
        position += len(part)
    return value.endswith(rest[-1]) and len(value) - len(rest[-1]) >= position


_TEXT: dict[str, Callable[[str, str], bool]] = {
    "prefix": lambda operand, value: value.startswith(operand),
    "suffix": lambda operand, value: value.endswith(operand),
    "equals-ignore-case": lambda operand, value: value.casefold() == operand.casefold(),
    "cidr": lambda operand, value: _in_network(value, operand),
    "wildcard": _wildcard,
}
