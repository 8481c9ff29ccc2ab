"""WHERE clauses, to the trees that condition expressions parse to."""

from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.expressions.syntax import (
    Between,
    Call,
    Comparison,
    Condition,
    Junction,
    Membership,
    Negation,
    Operand,
    Path,
    Reference,
)
from airside.services.dynamodb.partiql import literals
from airside.services.dynamodb.partiql.bindings import Bindings
from airside.services.dynamodb.partiql.lexer import StatementCursor, malformed
from airside.services.dynamodb.partiql.literals import Parameters

KEYWORDS = frozenset({
    "SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "IS", "BETWEEN", "SET", "REMOVE", "VALUE",
    "VALUES", "ORDER", "BY", "RETURNING", "INSERT", "INTO", "UPDATE", "DELETE", "NULL", "MISSING",
    "TRUE", "FALSE", "EXISTS",
})  # fmt: skip
_SIGNS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_FUNCTIONS = {"BEGINS_WITH": "begins_with", "CONTAINS": "contains",
              "ATTRIBUTE_TYPE": "attribute_type"}  # fmt: skip
_TYPES = {
    "NULL": "NULL", "STRING": "S", "NUMBER": "N", "BINARY": "B", "BOOLEAN": "BOOL", "LIST": "L",
    "MAP": "M",
}  # fmt: skip
_DEPTH_MAX = 100


def path(cursor: StatementCursor) -> Path:
    """`name`, `"name"`, and what follows: `.name`, `[0]`, `['name']`."""
    token = cursor.advance()
    if token.kind == "word" and token.text.upper() in KEYWORDS:
        raise malformed("Unexpected keyword")
    if token.kind not in ("word", "quoted"):
        raise malformed("Expected identifier for simple path")
    parts: list[str | int] = [token.text]
    while True:
        if cursor.sign("."):
            token = cursor.advance()
            if token.kind not in ("word", "quoted"):
                raise malformed("Expected identifier for simple path")
            parts.append(token.text)
        elif cursor.at_sign("[") and cursor.following.kind in ("number", "string"):
            cursor.advance()
            parts.append(_element(cursor))
            cursor.expect("]")
        else:
            return Path(tuple(parts))


def _element(cursor: StatementCursor) -> str | int:
    token = cursor.advance()
    if token.kind == "string":
        return token.text
    if not token.text.isdigit() or len(token.text) > 9:
        raise malformed("Unexpected term")
    return int(token.text)


class Conditions:
    """Reads the conditions of one statement."""

    def __init__(self, cursor: StatementCursor, parameters: Parameters, bindings: Bindings) -> None:
        self.cursor = cursor
        self.parameters = parameters
        self.bindings = bindings
        self._depth = 0

    def parse(self) -> Condition:
        """Conditions joined by OR."""
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise malformed("Too deeply nested")
        parts = [self._conjunction()]
        while self.cursor.keyword("OR"):
            parts.append(self._conjunction())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Junction("OR", tuple(parts))

    def _conjunction(self) -> Condition:
        parts = [self._negation()]
        while self.cursor.keyword("AND"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else Junction("AND", tuple(parts))

    def _negation(self) -> Condition:
        negative = False
        negated = False
        while self.cursor.keyword("NOT"):
            negative, negated = not negative, True
        condition = self._primary()
        if negated and not negative:  # NOT NOT x
            return condition
        return Negation(condition) if negative else condition

    def _primary(self) -> Condition:
        cursor = self.cursor
        if cursor.at_sign("("):
            cursor.advance()
            condition = self.parse()
            cursor.expect(")")
            return condition
        token = cursor.token
        if token.kind == "word" and cursor.following.text == "(":
            name = _FUNCTIONS.get(token.text.upper())
            if name is not None:
                cursor.advance()
                return Call(name, self._arguments())
        return self._comparison(self.operand())

    def _arguments(self) -> tuple[Operand, ...]:
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise malformed("Too deeply nested")
        self.cursor.expect("(")
        found = [self.operand()]
        while self.cursor.sign(","):
            found.append(self.operand())
        self.cursor.expect(")")
        self._depth -= 1
        return tuple(found)

    def _comparison(self, left: Operand) -> Condition:
        cursor = self.cursor
        if cursor.token.kind == "sign" and cursor.token.text in _SIGNS:
            operator = _SIGNS[cursor.advance().text]
            return Comparison(operator, left, self.operand())
        if cursor.keyword("BETWEEN"):
            low = self.operand()
            if not cursor.keyword("AND"):
                raise malformed("Expected AND after BETWEEN")
            return Between(left, low, self.operand())
        if cursor.keyword("IN"):
            return Membership(left, self._options())
        if cursor.keyword("IS"):
            return self._is(left)
        raise malformed("Unexpected term")

    def _options(self) -> tuple[Operand, ...]:
        cursor = self.cursor
        for opening, closing in (("(", ")"), ("[", "]"), ("<<", ">>")):
            if cursor.sign(opening):
                found = [self.operand()]
                while cursor.sign(","):
                    found.append(self.operand())
                cursor.expect(closing)
                return tuple(found)
        value = literals.parse(cursor, self.parameters) if cursor.at_sign("?") else None
        if value is None or "L" not in value:
            raise malformed("Expected a list after IN")
        return tuple(self.bindings.add(member) for member in value["L"])

    def _is(self, left: Operand) -> Condition:
        negative = self.cursor.keyword("NOT")
        if not isinstance(left, Path):
            raise malformed("Expected identifier for simple path")
        word = self.cursor.advance()
        name = word.text.upper() if word.kind == "word" else ""
        found: Condition
        if name == "MISSING":
            found = Call("attribute_not_exists", (left,))
        elif name in _TYPES:
            kind = self.bindings.add({"S": _TYPES[name]})
            found = Call("attribute_type", (left, kind))
        else:
            raise malformed("Unexpected term")
        return Negation(found) if negative else found

    def operand(self) -> Operand:
        """A path, a value, or the size of one."""
        cursor = self.cursor
        if literals.starts(cursor):
            return self.value()
        token = cursor.token
        if token.kind == "word" and cursor.following.text == "(":
            if token.text.upper() != "SIZE":
                raise ValidationException(f"Unsupported function: {token.text}")
            cursor.advance()
            return Call("size", self._arguments())
        if cursor.keyword("MISSING"):
            raise malformed("Unexpected keyword")
        return path(cursor)

    def value(self) -> Reference:
        """A literal or a parameter."""
        return self.bindings.add(literals.parse(self.cursor, self.parameters))
