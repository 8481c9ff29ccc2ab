"""Reads expressions and references, each into a function of a run. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from airside.services.apigateway.vtl import values
from airside.services.apigateway.vtl.run import Run, TemplateError, Value, text, truth

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*")
_NUMBER = re.compile(r"-?(?:\d+\.\d+|\.\d+|\d+(?!\.\d))")
_BLANK = re.compile(r"\s*")
_OPERATORS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("||", r"\|\||or\b"),),
    (("&&", r"&&|and\b"),),
    (("==", r"==|eq\b"), ("!=", r"!=|ne\b")),
    (("<=", r"<=|le\b"), (">=", r">=|ge\b"), ("<", r"<|lt\b"), (">", r">|gt\b")),
    (("+", r"\+"), ("-", r"-")),
    (("*", r"\*"), ("/", r"/"), ("%", r"%")),
)
"""By precedence, those that bind least first."""
_LEVELS = tuple(
    tuple((name, re.compile(pattern)) for name, pattern in level) for level in _OPERATORS
)
_DEPTH_MAX = 60
_RANGE_MAX = 10_000


class Part(NamedTuple):
    """One step of a reference: `.name`, `.name(...)` or `[...]`."""

    kind: str
    name: str
    arguments: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """`$name.part.part`."""

    name: str
    parts: tuple[Part, ...]
    source: str

    def value(self, run: Run) -> Any:
        """What it stands for; an empty text for what is not there."""
        found = run.scope.get(self.name)
        if callable(found):
            found = found(run)
        for part in self.parts:
            found = _step(run, found, part)
        return "" if found is None else found

    def assign(self, run: Run, new: Any) -> None:
        """Make it stand for something else."""
        if not self.parts:
            run.scope[self.name] = new
            return
        holder = run.scope.setdefault(self.name, {})
        for part in self.parts[:-1]:
            below = _step(run, holder, part)
            if below == "" and isinstance(holder, dict):
                below = {}
                values.put(holder, _key(run, part), below)
            holder = below
        values.put(holder, _key(run, self.parts[-1]), new)


def _key(run: Run, part: Part) -> Any:
    return part.arguments[0](run) if part.kind == "item" else part.name


def _step(run: Run, value: Any, part: Part) -> Any:
    if part.kind == "member":
        return values.member(value, part.name)
    arguments = [argument(run) for argument in part.arguments]
    if part.kind == "item":
        return values.item(value, arguments[0])
    return values.call(value, part.name, arguments, run.effort)


class Reader:
    """A place in a text, and what can be read there. Raises TemplateError."""

    def __init__(self, source: str, interpolate: Callable[[str, int], Value], depth: int) -> None:
        self.source = source
        self.position = 0
        self.depth = depth
        self._interpolate = interpolate

    def fail(self, wanted: str) -> TemplateError:
        """What was expected here."""
        line = self.source.count("\n", 0, self.position) + 1
        return TemplateError(f"line {line}: expected {wanted}")

    def blank(self) -> None:
        """Skip white space."""
        match = _BLANK.match(self.source, self.position)
        self.position = match.end() if match else self.position

    def take(self, word: str) -> bool:
        """Skip `word`, if it stands here."""
        if self.source.startswith(word, self.position):
            self.position += len(word)
            return True
        return False

    def need(self, word: str) -> None:
        """Skip `word`, which must stand here."""
        self.blank()
        if not self.take(word):
            raise self.fail(f"'{word}'")

    def reference(self) -> Reference | None:
        """The reference that starts at the `$` here; None, without moving, when there is none."""
        start = self.position
        self.position += 1
        self.take("!")
        braced = self.take("{")
        match = _NAME.match(self.source, self.position)
        if match is None:
            self.position = start
            return None
        self.position = match.end()
        parts = tuple(self._parts())
        if braced and not self.take("}"):
            self.position = start
            return None
        return Reference(match[0], parts, self.source[start : self.position])

    def _parts(self) -> list[Part]:
        parts: list[Part] = []
        while True:
            if self.source.startswith("[", self.position):
                self.position += 1
                inner = self.expression()
                self.need("]")
                parts.append(Part("item", "", (inner,)))
                continue
            match = _NAME.match(self.source, self.position + 1)
            if match is None or not self.source.startswith(".", self.position):
                return parts
            self.position = match.end()
            if self.take("("):
                parts.append(Part("call", match[0], tuple(self._list(")"))))
            else:
                parts.append(Part("member", match[0], ()))

    def _list(self, end: str) -> list[Value]:
        found: list[Value] = []
        self.blank()
        while not self.take(end):
            if found:
                self.need(",")
            found.append(self.expression())
            self.blank()
        return found

    def expression(self, level: int = 0) -> Value:
        """An expression, down from the operators that bind least."""
        if level == len(_LEVELS):
            return self._unary()
        self.depth += level == 0
        if self.depth > _DEPTH_MAX:
            raise TemplateError("the template nests too deeply")
        left = self.expression(level + 1)
        while True:
            self.blank()
            name = self._operator(level)
            if name is None:
                break
            left = _binary(name, left, self.expression(level + 1))
        self.depth -= level == 0
        return left

    def _operator(self, level: int) -> str | None:
        for name, pattern in _LEVELS[level]:
            match = pattern.match(self.source, self.position)
            if match is not None:
                self.position = match.end()
                return name
        return None

    def _unary(self) -> Value:
        self.blank()
        if self.source.startswith("!", self.position) or re.match(
            r"not\b", self.source[self.position : self.position + 4]
        ):
            self.position += 1 if self.source[self.position] == "!" else 3
            self.depth += 1
            if self.depth > _DEPTH_MAX:
                raise TemplateError("the template nests too deeply")
            inner = self._unary()
            self.depth -= 1
            return lambda run: not truth(inner(run))
        return self._primary()

    def _primary(self) -> Value:
        character = self.source[self.position : self.position + 1]
        if character == "$":
            reference = self.reference()
            if reference is None:
                raise self.fail("a reference")
            return reference.value
        if character in {"'", '"'}:
            return self._text(character)
        if self.take("("):
            inner = self.expression()
            self.need(")")
            return inner
        if self.take("["):
            return self._sequence()
        if self.take("{"):
            return self._mapping()
        return self._plain()

    def _plain(self) -> Value:
        number = _NUMBER.match(self.source, self.position)
        if number is not None:
            self.position = number.end()
            found: Any = float(number[0]) if "." in number[0] else int(number[0])
            return lambda _: found
        for word, constant in (("true", True), ("false", False), ("null", None)):
            if self.take(word):
                return lambda _, constant=constant: constant  # type: ignore[misc]
        raise self.fail("an expression")

    def _text(self, quote: str) -> Value:
        end = self.position + 1
        while True:
            end = self.source.find(quote, end)
            if end < 0:
                raise self.fail(f"a closing {quote}")
            if not self.source.startswith(quote, end + 1):
                break
            end += 2
        content = self.source[self.position + 1 : end].replace(quote * 2, quote)
        self.position = end + 1
        if quote == "'" or ("$" not in content and "#" not in content):
            return lambda _: content
        return self._interpolate(content, self.depth + 1)

    def _sequence(self) -> Value:
        self.blank()
        if self.take("]"):
            return lambda _: []
        first = self.expression()
        self.blank()
        if self.take(".."):
            last = self.expression()
            self.need("]")
            return lambda run: _range(first(run), last(run))
        rest: list[Value] = []
        if not self.take("]"):
            self.need(",")
            rest = self._list("]")
        return lambda run: [value(run) for value in (first, *rest)]

    def _mapping(self) -> Value:
        entries: list[tuple[Value, Value]] = []
        self.blank()
        while not self.take("}"):
            if entries:
                self.need(",")
                self.blank()
            key = self.expression()
            self.need(":")
            entries.append((key, self.expression()))
            self.blank()
        return lambda run: {text(key(run)): value(run) for key, value in entries}


def _binary(name: str, left: Value, right: Value) -> Value:
    if name == "||":
        return lambda run: truth(left(run)) or truth(right(run))
    if name == "&&":
        return lambda run: truth(left(run)) and truth(right(run))
    if name == "==":
        return lambda run: values.equal(left(run), right(run))
    if name == "!=":
        return lambda run: not values.equal(left(run), right(run))
    if name in {"<", "<=", ">", ">="}:
        return lambda run: values.compare(name, left(run), right(run))
    return lambda run: values.arithmetic(name, left(run), right(run))


def _range(first: Any, last: Any) -> list[int]:
    if not isinstance(first, int) or not isinstance(last, int):
        return []
    if abs(last - first) >= _RANGE_MAX:
        raise TemplateError("the range is too long")
    return list(range(first, last + 1)) if first <= last else list(range(first, last - 1, -1))
