"""The request's names and values, and which of them its expressions use."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from airside.services.dynamodb import values
from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.expressions.lexer import ExpressionError
from airside.services.dynamodb.expressions.syntax import Path
from airside.services.dynamodb.problems import InvalidValue, Malformed
from airside.services.dynamodb.values import Value

_NAME = re.compile(r"#[0-9a-zA-Z_]+", re.ASCII)
_VALUE = re.compile(r":[0-9a-zA-Z_]+", re.ASCII)
_PLACEHOLDER_BYTES_MAX = 255

Parts = tuple[str | int, ...]
Naming = tuple[tuple[str, str], ...]


class Placeholders:
    """`ExpressionAttributeNames` and `ExpressionAttributeValues`, checked."""

    __slots__ = ("_names", "_used", "_values", "size")

    def __init__(self, names: Mapping[str, str] | None, given: dict[str, Any] | None) -> None:
        self._names: Mapping[str, str] = names or {}
        self._values: dict[str, Value] = given or {}
        self._used: set[str] = set()
        self.size = 0
        """Bytes of names and values, at most."""
        if names is not None:
            _check_names(names)
            self.size += 4 * sum(map(len, names.values()))
        if given is not None:
            self.size += _check_values(given)

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> "Placeholders":
        """Those of a request (or of one part of a batch)."""
        names = request.get("ExpressionAttributeNames")
        given = request.get("ExpressionAttributeValues")
        return NONE if names is None and given is None else cls(names, given)

    @property
    def naming(self) -> "Naming":
        """The names, as something that what depends on them alone can be kept by."""
        return tuple(self._names.items()) if self._names else ()

    def use(self, references: Iterable[str]) -> None:
        """Note that an expression mentions these."""
        self._used.update(references)

    def parts(self, path: Path) -> Parts:
        """The path with its placeholders replaced."""
        parts = path.parts
        for part in parts:
            if part.__class__ is str and part[0] == "#":
                break
        else:
            return parts
        return tuple(
            self._name(part) if isinstance(part, str) and part[0] == "#" else part for part in parts
        )

    def _name(self, alias: str) -> str:
        name = self._names.get(alias)
        if name is None:
            raise ExpressionError(
                "An expression attribute name used in the document path is not defined; "
                f"attribute name: {alias}"
            )
        self._used.add(alias)
        return name

    def value(self, reference: str) -> Value:
        """The value behind `:reference`."""
        value = self._values.get(reference)
        if value is None:
            raise ExpressionError(
                "An expression attribute value used in expression is not defined; "
                f"attribute value: {reference}"
            )
        self._used.add(reference)
        return value

    def check_all_used(self) -> None:
        """AWS refuses names and values that no expression mentions."""
        if len(self._used) == len(self._names) + len(self._values):
            return
        for kind, given in (("Names", self._names), ("Values", self._values)):
            unused = [key for key in given if key not in self._used]
            if unused:
                raise ValidationException(
                    f"Value provided in ExpressionAttribute{kind} unused in expressions: "
                    f"keys: {{{', '.join(unused)}}}"
                )


def _check_names(names: Mapping[str, str]) -> None:
    if not names:
        raise ValidationException("ExpressionAttributeNames must not be empty")
    for key, name in names.items():
        if not _is_alias(key):
            raise ValidationException(
                f'ExpressionAttributeNames contains invalid key: Syntax error; key: "{key}"'
            )
        if not 0 < len(name) < 16_000:
            values.check_name(name)


@lru_cache(maxsize=4096)
def _is_reference(key: str) -> bool:
    return _VALUE.fullmatch(key) is not None and len(key) <= _PLACEHOLDER_BYTES_MAX


@lru_cache(maxsize=4096)
def _is_alias(key: str) -> bool:
    return _NAME.fullmatch(key) is not None and len(key) <= _PLACEHOLDER_BYTES_MAX


def _check_values(given: dict[str, Any]) -> int:
    if not given:
        raise ValidationException("ExpressionAttributeValues must not be empty")
    for key in given:
        if not _is_reference(key):
            raise ValidationException(
                f'ExpressionAttributeValues contains invalid key: Syntax error; key: "{key}"'
            )
    total = 0
    for key, value in given.items():
        try:
            total += values.check(value)
        except InvalidValue as problem:
            older = f"ExpressionAttributeValues contains invalid value: {problem.older}"
            if isinstance(problem, Malformed):
                raise Malformed(f"{older} for key {key}") from None
            raise InvalidValue(problem.message, f"{older} for key {key}") from None
    return total


NONE = Placeholders(None, None)
"""Those of a request without any."""
