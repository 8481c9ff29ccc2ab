"""Values as PartiQL writes them, to attribute values.

`'text'`, `12.5`, `true`, `null`, `[1, 2]`, `{'a': 1}`, `<<1, 2>>` for sets, and `?` for parameters,
which may stand anywhere in them.
"""

from typing import Any

from airside.services.dynamodb import values
from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.limits import NESTING_MAX
from airside.services.dynamodb.partiql.lexer import StatementCursor, malformed
from airside.services.dynamodb.values import Value, kind_of

_SETS = {"S": "SS", "N": "NS", "B": "BS"}
_WORDS: dict[str, Value] = {
    "TRUE": {"BOOL": True}, "FALSE": {"BOOL": False}, "NULL": {"NULL": True},
}  # fmt: skip


class Parameters:
    """The parameters of a statement, taken one after the other."""

    def __init__(self, given: list[Any] | None) -> None:
        self._given = given or []
        self._used = 0

    def take(self) -> Value:
        """The next one, checked."""
        if self._used >= len(self._given):
            raise _mismatch()
        value: Value = self._given[self._used]
        self._used += 1
        values.check(value)
        return value

    def check_all_used(self) -> None:
        """As many parameters as question marks."""
        if self._used != len(self._given):
            raise _mismatch()


def _mismatch() -> ValidationException:
    return ValidationException("Number of parameters in request and statement don't match.")


def starts(cursor: StatementCursor) -> bool:
    """Whether a value comes next."""
    token = cursor.token
    if token.kind in ("string", "number"):
        return True
    if token.kind == "word":
        return token.text.upper() in _WORDS
    if token.text == "-":
        return cursor.following.kind == "number"
    return token.kind == "sign" and token.text in ("?", "[", "{", "<<")


def parse(cursor: StatementCursor, parameters: Parameters) -> Value:
    """The value that comes next, checked and canonical."""
    value = _parse(cursor, parameters, 1)
    values.check(value)
    return value


def _parse(cursor: StatementCursor, parameters: Parameters, depth: int) -> Value:
    if depth > NESTING_MAX + 1:
        raise values.too_deep()
    token = cursor.advance()
    if token.kind == "string":
        return {"S": token.text}
    if token.kind == "number":
        return {"N": token.text}
    if token.kind == "word" and token.text.upper() in _WORDS:
        return dict(_WORDS[token.text.upper()])
    match token.text if token.kind == "sign" else "":
        case "?":
            return parameters.take()
        case "-" if cursor.token.kind == "number":
            return {"N": "-" + cursor.advance().text}
        case "[":
            return {"L": _elements(cursor, parameters, depth, "]")}
        case "<<":
            return _set(_elements(cursor, parameters, depth, ">>"))
        case "{":
            return {"M": _members(cursor, parameters, depth)}
    raise malformed("Unexpected term")


def _elements(
    cursor: StatementCursor, parameters: Parameters, depth: int, close: str
) -> list[Value]:
    found: list[Value] = []
    if cursor.sign(close):
        return found
    while True:
        found.append(_parse(cursor, parameters, depth + 1))
        if not cursor.sign(","):
            cursor.expect(close)
            return found


def _set(members: list[Value]) -> Value:
    kinds = {kind_of(member) for member in members}
    if len(kinds) != 1 or not kinds <= _SETS.keys():
        raise ValidationException("Unsupported type in set: sets hold text, numbers or binary")
    (kind,) = kinds
    return {_SETS[kind]: [member[kind] for member in members]}


def _members(cursor: StatementCursor, parameters: Parameters, depth: int) -> dict[str, Value]:
    found: dict[str, Value] = {}
    if cursor.sign("}"):
        return found
    while True:
        name = cursor.advance()
        if name.kind not in ("string", "quoted", "word"):
            raise malformed("Unexpected term")
        cursor.expect(":")
        found[name.text] = _parse(cursor, parameters, depth + 1)
        if not cursor.sign(","):
            cursor.expect("}")
            return found
