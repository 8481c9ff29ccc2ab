"""Filter patterns: terms and JSON conditions. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from airside.kernel import OperationNotImplemented
from airside.services.logs.errors import InvalidParameterException

Test = Callable[[str], bool]
Condition = Callable[[Any], bool]

_TERM = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))')
_TOKEN = re.compile(
    r"\s*(?:(?P<and>&&)|(?P<or>\|\|)|(?P<open>\()|(?P<close>\))|(?P<path>\$[^\s=!<>()&|]*)"
    r'|(?P<operator>!=|>=|<=|=|>|<)|"(?P<text>(?:[^"\\]|\\.)*)"|(?P<word>[^\s()&|=!<>]+))'
)
_STEP = re.compile(r"\.([\w\-@]+)|\[(\d+|\*)\]|\['([^']+)'\]|\[\"([^\"]+)\"\]")


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Test:
    """A test of a message. Raises InvalidParameterException for a malformed pattern."""
    text = pattern.strip()
    if not text:
        return lambda _: True
    if text.startswith("{"):
        if not text.endswith("}"):
            raise InvalidParameterException("Invalid filter pattern")
        return _json_test(_Conditions(text[1:-1]).parse())
    if text.startswith("["):
        raise OperationNotImplemented(
            "Filter patterns for space-delimited events ([a, b, ...]) are not implemented yet."
        )
    if len(text) > 1 and text.startswith("%") and text.endswith("%"):
        return _regex_test(text[1:-1])
    return _terms_test(text)


def _regex_test(text: str) -> Test:
    try:
        found = re.compile(text)
    except re.error:
        raise InvalidParameterException("Invalid filter pattern") from None
    return lambda message: found.search(message) is not None


def _terms_test(text: str) -> Test:
    wanted: list[str] = []
    unwanted: list[str] = []
    any_of: list[str] = []
    for sign, quoted, bare in _TERM.findall(text):
        term = bare or re.sub(r"\\(.)", r"\1", quoted)
        {"-": unwanted, "?": any_of, "": wanted}[sign].append(term)
    if wanted or unwanted:
        any_of = []  # AWS ignores optional terms beside required or excluded ones

    def test(message: str) -> bool:
        return (
            all(term in message for term in wanted)
            and not any(term in message for term in unwanted)
            and (not any_of or any(term in message for term in any_of))
        )

    return test


def _json_test(condition: Condition) -> Test:
    def test(message: str) -> bool:
        if "{" not in message:
            return False
        try:
            document = json.loads(message)
        except ValueError:
            return False
        return condition(document)

    return test


class _Conditions:
    """A recursive-descent parser: || binds less than &&, parentheses group."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        position, text = 0, text.strip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None or found.lastgroup is None:
                raise InvalidParameterException("Invalid filter pattern")
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            position = found.end()
        self._at = 0

    def parse(self) -> Condition:
        """The whole condition."""
        condition = self._either()
        if self._at != len(self._tokens):
            raise InvalidParameterException("Invalid filter pattern")
        return condition

    def _either(self) -> Condition:
        branches = [self._both()]
        while self._take("or") is not None:
            branches.append(self._both())
        return branches[0] if len(branches) == 1 else lambda one: any(b(one) for b in branches)

    def _both(self) -> Condition:
        parts = [self._one()]
        while self._take("and") is not None:
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda one: all(p(one) for p in parts)

    def _one(self) -> Condition:
        if self._take("open") is not None:
            inside = self._either()
            if self._take("close") is None:
                raise InvalidParameterException("Invalid filter pattern")
            return inside
        path = self._take("path")
        if path is None:
            raise InvalidParameterException("Invalid filter pattern")
        look = _lookup(path)
        operator = self._take("operator")
        if operator is None:
            return self._state(look)
        quoted = self._take("text")
        word = quoted if quoted is not None else self._take("word")
        if word is None:
            raise InvalidParameterException("Invalid filter pattern")
        return _comparison(look, operator, word, quoted=quoted is not None)

    def _state(self, look: Callable[[Any], list[Any]]) -> Condition:
        words = ((self._take("word") or "").upper(), (self._take("word") or "").upper())
        if words == ("IS", "NULL"):
            return lambda one: None in look(one)
        if words == ("IS", "TRUE"):
            return lambda one: any(value is True for value in look(one))
        if words == ("IS", "FALSE"):
            return lambda one: any(value is False for value in look(one))
        if words == ("NOT", "EXISTS"):
            return lambda one: not look(one)
        raise InvalidParameterException("Invalid filter pattern")

    def _take(self, kind: str) -> str | None:
        if self._at < len(self._tokens) and self._tokens[self._at][0] == kind:
            self._at += 1
            return self._tokens[self._at - 1][1]
        return None


def _lookup(path: str) -> Callable[[Any], list[Any]]:
    """All values at a path such as `$.user.roles[0]` or `$.items[*].price`."""
    steps: list[str | int] = []
    position = 1
    while position < len(path):
        found = _STEP.match(path, position)
        if found is None:
            raise InvalidParameterException("Invalid filter pattern")
        name, index, *quoted = found.groups()
        if index is not None:
            steps.append("*" if index == "*" else int(index))
        else:
            steps.append(name or next(one for one in quoted if one))
        position = found.end()

    def look(document: Any) -> list[Any]:
        values = [document]
        for step in steps:
            values = [inner for value in values for inner in _descend(value, step)]
        return values

    return look


def _descend(value: Any, step: str | int) -> list[Any]:
    if isinstance(value, list):
        if step == "*":
            return value
        return [value[step]] if isinstance(step, int) and step < len(value) else []
    if isinstance(value, dict) and isinstance(step, str) and step in value:
        return [value[step]]
    return []


def _comparison(
    look: Callable[[Any], list[Any]], operator: str, word: str, *, quoted: bool
) -> Condition:
    number = None if quoted else _number(word)
    if number is not None:
        compare = _NUMERIC[operator]
        return lambda one: any(
            compare(value, number)
            for value in look(one)
            if isinstance(value, int | float) and not isinstance(value, bool)
        )
    if operator not in {"=", "!="}:
        raise InvalidParameterException("Invalid filter pattern")
    text = re.sub(r"\\(.)", r"\1", word)
    wild = re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL)
    equal = operator == "="
    return lambda one: any(
        (wild.fullmatch(_text(value)) is not None) == equal for value in look(one)
    )


_NUMERIC: dict[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
