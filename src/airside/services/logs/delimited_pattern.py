"""Patterns for fields between spaces: `[ip, user, ..., status = 4*, bytes > 1000]`. Pure.

Text in brackets or double quotes is one field.
"""

import re
from collections.abc import Callable
from operator import ge, gt, le, lt

from airside.services.logs.errors import InvalidParameterException
from airside.services.logs.patterns import regex_or_wildcard

Test = Callable[[str], bool]
_FIELD = re.compile(r'"([^"]*)"|\[([^\]]*)\]|(\S+)')
_CONDITION = re.compile(
    r'\s*[\w$.\-]*\s*(!=|<=|>=|=|<|>)\s*("(?:[^"\\]|\\.)*"|%(?:[^%\\]|\\.)+%|[^\s&|]+)\s*'
)
_NAME = re.compile(r"\s*[\w$.\-]*\s*")
_ORDER: dict[str, Callable[[float, float], bool]] = {"<": lt, ">": gt, "<=": le, ">=": ge}


def compile_delimited(text: str) -> Callable[[str], bool]:
    """A test for messages, field by field; `...` stands for any number of fields."""
    if not text.endswith("]"):
        raise InvalidParameterException("Invalid filter pattern: expected ]")
    parts = [part.strip() for part in _split(text[1:-1])]
    if parts.count("...") > 1:
        raise InvalidParameterException("Invalid filter pattern: more than one ellipsis")
    gap = parts.index("...") if "..." in parts else None
    tests = [_field_test(part) for part in parts if part != "..."]

    def matches(message: str) -> bool:
        fields = [a or b or c for a, b, c in _FIELD.findall(message)]
        if gap is None:
            chosen = fields if len(fields) == len(tests) else None
        elif len(fields) < len(tests):
            chosen = None
        else:
            behind = len(tests) - gap
            chosen = fields[:gap] + (fields[-behind:] if behind else [])
        if chosen is None:
            return False
        return all(test(field) for test, field in zip(tests, chosen, strict=True))

    return matches


def _split(text: str) -> list[str]:
    """At commas outside of quotes."""
    return re.findall(r'(?:"(?:[^"\\]|\\.)*"|[^,"])+', text)


def _field_test(part: str) -> Test:
    """One field: a name, or conditions on it joined by `&&` and `||`."""
    if _NAME.fullmatch(part):
        return lambda _: True
    either = [[_condition(piece) for piece in choice.split("&&")] for choice in part.split("||")]
    return lambda field: any(all(test(field) for test in every) for every in either)


def _condition(text: str) -> Test:
    found = _CONDITION.fullmatch(text.strip(" ()"))
    if found is None:
        raise InvalidParameterException(f"Invalid filter pattern: {text.strip()}")
    operator, value = found.groups()
    if operator in _ORDER:
        limit = _number(value)
        if limit is None:
            raise InvalidParameterException("Invalid filter pattern: expected a number")
        compare = _ORDER[operator]

        def by_size(field: str) -> bool:
            number = _number(field)
            return number is not None and compare(number, limit)

        return by_size
    if value.startswith('"'):
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    like = regex_or_wildcard(value)
    return like if operator == "=" else lambda field: not like(field)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
