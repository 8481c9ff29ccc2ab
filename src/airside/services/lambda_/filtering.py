"""Event filters: does a record match a pattern? Pure.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

import ipaddress
from collections.abc import Callable
from typing import Any

from airside.protocol.documents import load_json
from airside.services.lambda_ import errors

_MISSING = object()
_ANY_CASE = "equals-ignore-case"
DEPTH_MAX = 64
"""Levels of a pattern; no record goes down further."""

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


def check_filters(filters: list[dict[str, str]]) -> None:
    """Refuse patterns that cannot be. Raises InvalidParameterValueException."""
    for each in filters:
        try:
            pattern = load_json(each["Pattern"])
        except (KeyError, ValueError):
            pattern = None
        if not _is_pattern(pattern):
            raise errors.InvalidParameterValueException(
                "Invalid filter pattern definition.", Type="User"
            )


def _is_pattern(pattern: Any, depth: int = 0) -> bool:
    """Whether it is an object with members, down to lists with rules, none of them empty."""
    if not isinstance(pattern, dict) or not pattern or depth > DEPTH_MAX:
        return False
    return all(_is_branch(key, wanted, depth) for key, wanted in pattern.items())


def _is_branch(key: str, wanted: Any, depth: int) -> bool:
    if isinstance(wanted, dict) and key != "$or":
        return _is_pattern(wanted, depth + 1)
    if not isinstance(wanted, list) or not wanted:
        return False
    if key == "$or":
        return all(_is_pattern(each, depth + 1) for each in wanted)
    return all(_is_rule(each) for each in wanted)


def _is_rule(rule: Any) -> bool:
    if not isinstance(rule, dict):
        return not isinstance(rule, list)
    if len(rule) != 1:
        return False
    ((operator, operand),) = rule.items()
    check = _OPERANDS.get(operator)
    return check is not None and check(operand)


def _is_text(operand: Any) -> bool:
    return isinstance(operand, str) and bool(operand)


def _is_text_in_any_case(operand: Any) -> bool:
    """Text, or as of any case."""
    if isinstance(operand, dict):
        return list(operand) == [_ANY_CASE] and _is_text(operand[_ANY_CASE])
    return _is_text(operand)


def _is_anything_but(operand: Any) -> bool:
    if isinstance(operand, dict):
        if len(operand) != 1:
            return False
        ((operator, inner),) = operand.items()
        known = operator in {"prefix", "suffix", "equals-ignore-case", "wildcard"}
        return known and bool(inner) and all(_is_text(each) for each in _each(inner))
    choices = _each(operand)
    same_kind = all(isinstance(each, str) for each in choices) or all(map(_is_number, choices))
    return bool(choices) and same_kind


def _is_comparison(operand: Any) -> bool:
    """`["=", 5]`, or one or two bounds: `[">", 0, "<=", 5]`."""
    if not isinstance(operand, list) or len(operand) not in {2, 4}:
        return False
    signs, numbers = operand[::2], operand[1::2]
    if not all(map(_is_number, numbers)) or not all(
        isinstance(sign, str) and sign in _COMPARE for sign in signs
    ):
        return False
    if len(signs) == 1:
        return True
    low, high = numbers
    return bool(signs[0].startswith(">") and signs[1].startswith("<") and low < high)


def _is_network(operand: Any) -> bool:
    try:
        ipaddress.ip_network(operand, strict=False)
    except ValueError:
        return False
    return isinstance(operand, str)


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
    if isinstance(operand, dict):
        operand, value = operand[_ANY_CASE].casefold(), value.casefold()
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

_OPERANDS: dict[str, Callable[[Any], bool]] = {
    "anything-but": _is_anything_but,
    "cidr": _is_network,
    "equals-ignore-case": _is_text,
    "exists": lambda operand: isinstance(operand, bool),
    "numeric": _is_comparison,
    "prefix": _is_text_in_any_case,
    "suffix": _is_text_in_any_case,
    "wildcard": _is_text,
}
