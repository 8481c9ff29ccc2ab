"""Patterns for JSON events: `{ $.level = "ERROR" && ($.took > 100 || $.user NOT EXISTS) }`."""

import re
from collections.abc import Callable, Iterator
from operator import ge, gt, le, lt
from typing import Any

import msgspec

from airside.services.logs.errors import InvalidParameterException
from airside.services.logs.patterns import regex_or_wildcard

Test = Callable[[Any], bool]
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<selector>\$(?:\.[A-Za-z0-9_\-@\#:]+|\["(?:[^"\\]|\\.)*"\]|\['[^']*'\]|\[\d+\]|\[\*\]|\.\*)*)
      | (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<regex>%(?:[^%\\]|\\.)+%)
      | (?P<operator>&&|\|\||!=|<=|>=|=|<|>|\(|\)|\{|\})
      | (?P<word>[^\s(){}=!<>&|"]+)
    )""",
    re.VERBOSE,
)
_STEP = re.compile(
    r"""\.([A-Za-z0-9_\-@\#:]+)|\["((?:[^"\\]|\\.)*)"\]|\['([^']*)'\]|\[(\d+)\]|(\[\*\]|\.\*)"""
)
_ORDER: dict[str, Callable[[Any, Any], bool]] = {"<": lt, ">": gt, "<=": le, ">=": ge}
_MISSING = object()


def _bad(reason: str) -> InvalidParameterException:
    return InvalidParameterException(f"Invalid filter pattern: {reason}")


def compile_json(text: str) -> Callable[[str], bool]:
    """A test for messages; those that are no JSON objects do not match."""
    test = _Parser(text).parse()

    def matches(message: str) -> bool:
        if "{" not in message:
            return False
        try:
            return test(msgspec.json.decode(message.strip()))
        except (msgspec.DecodeError, RecursionError):
            return False

    return matches


class _Parser:
    """Recursive descent over the tokens of one pattern."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def parse(self) -> Test:
        self._expect("{")
        test = self._any()
        self._expect("}")
        if self._at != len(self._tokens):
            raise _bad("text after the closing brace")
        return test

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _expect(self, symbol: str) -> None:
        if self._next() != ("operator", symbol):
            raise _bad(f"expected {symbol}")

    def _any(self) -> Test:
        tests = [self._all()]
        while self._peek() == ("operator", "||"):
            self._next()
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._peek() == ("operator", "&&"):
            self._next()
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)

    def _one(self) -> Test:
        kind, text = self._next()
        if (kind, text) == ("operator", "("):
            test = self._any()
            self._expect(")")
            return test
        if kind != "selector":
            raise _bad("expected a property selector")
        steps = _steps(text)
        kind, text = self._next()
        if kind == "word":
            return self._keyword(steps, text)
        if kind != "operator" or text not in ("=", "!=", *_ORDER):
            raise _bad("expected an operator")
        return _comparison(steps, text, *self._next())

    def _keyword(self, steps: list[Any], word: str) -> Test:
        words = (word.upper(), self._next()[1].upper())
        if words == ("NOT", "EXISTS"):
            return lambda value: not list(_select(value, steps))
        if words == ("IS", "NULL"):
            return lambda value: any(found is None for found in _select(value, steps))
        if words in (("IS", "TRUE"), ("IS", "FALSE")):
            wanted = words[1] == "TRUE"
            return lambda value: any(found is wanted for found in _select(value, steps))
        raise _bad("expected IS NULL, IS TRUE, IS FALSE or NOT EXISTS")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    text = text.strip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise _bad(f"unexpected text at {position}")
        position = found.end()
        yield found.lastgroup, found[found.lastgroup]


def _steps(selector: str) -> list[Any]:
    """Names, indexes, and `...` for every element."""
    steps: list[Any] = []
    for name, quoted, single, index, every in _STEP.findall(selector[1:]):
        if index:
            steps.append(int(index))
        elif every:
            steps.append(...)
        else:
            steps.append(name or quoted or single)
    return steps


def _select(value: Any, steps: list[Any]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if step is ...:
        for item in (
            value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        ):
            yield from _select(item, rest)
    elif isinstance(step, int):
        if isinstance(value, list) and step < len(value):
            yield from _select(value[step], rest)
    elif isinstance(value, dict):
        below = value.get(step, _MISSING)
        if below is not _MISSING:
            yield from _select(below, rest)


def _comparison(steps: list[Any], operator: str, kind: str, text: str) -> Test:
    test = _value_test(operator, kind, text)
    if operator == "!=":
        return lambda value: any(not test(found) for found in _select(value, steps))
    return lambda value: any(test(found) for found in _select(value, steps))


def _value_test(operator: str, kind: str, text: str) -> Test:
    """A test for one selected value; for `!=` the test of equality."""
    if kind == "string":
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    elif kind not in ("word", "regex"):
        raise _bad("expected a value")
    number = _number(text) if kind == "word" else None
    if operator in _ORDER:
        if number is None:
            raise _bad("only numbers can be compared by size")
        compare = _ORDER[operator]
        return lambda found: _is_number(found) and compare(found, number)
    if number is not None:
        return lambda found: (_is_number(found) and found == number) or found == text
    like = regex_or_wildcard(text)
    return lambda found: _is_text(found) and like(_text(found))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
