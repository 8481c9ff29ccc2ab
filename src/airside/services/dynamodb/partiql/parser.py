"""Statements."""

from typing import Any

from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.expressions.syntax import (
    Action,
    Arithmetic,
    Assignment,
    Call,
    Combination,
    Condition,
    Operand,
    Path,
    Removal,
)
from airside.services.dynamodb.partiql import literals
from airside.services.dynamodb.partiql.bindings import Bindings
from airside.services.dynamodb.partiql.conditions import KEYWORDS, Conditions, path
from airside.services.dynamodb.partiql.lexer import StatementCursor, malformed
from airside.services.dynamodb.partiql.literals import Parameters
from airside.services.dynamodb.partiql.syntax import (
    Delete,
    Exists,
    Insert,
    Ordering,
    Parsed,
    Returning,
    Select,
    Source,
    Statement,
    Update,
)
from airside.services.dynamodb.tokens import Token

UNPINNED = "Where clause does not contain a mandatory equality on all key attributes"
_OPERATIONS_MAX = 100
_COMBINATIONS = {"SET_ADD": "ADD", "SET_DELETE": "DELETE"}


def parse(text: str, given: list[Any] | None) -> Parsed:
    """A statement with its parameters. Raises ValidationException."""
    cursor = StatementCursor(text)
    parameters = Parameters(given)
    parser = _Parser(cursor, parameters)
    statement = parser.statement()
    if cursor.token.kind != "end":
        raise malformed("Unexpected token after expression")
    parameters.check_all_used()
    return Parsed(statement, parser.bindings)


class _Parser:
    def __init__(self, cursor: StatementCursor, parameters: Parameters) -> None:
        self.cursor = cursor
        self.parameters = parameters
        self.bindings = Bindings()
        self.conditions = Conditions(cursor, parameters, self.bindings)
        self._operations = 0

    def statement(self) -> Statement:
        cursor = self.cursor
        if cursor.keyword("SELECT"):
            return self.select()
        if cursor.keyword("INSERT"):
            return self.insert()
        if cursor.keyword("UPDATE"):
            return self.update()
        if cursor.keyword("DELETE"):
            return self.delete()
        if cursor.keyword("EXISTS"):
            cursor.expect("(")
            if not cursor.keyword("SELECT"):
                raise malformed("Expected SELECT")
            select = self.select()
            cursor.expect(")")
            return Exists(select, select.source)
        raise malformed("Expected data manipulation")

    # -- SELECT

    def select(self) -> Select:
        cursor = self.cursor
        paths = None
        if not cursor.sign("*"):
            found = [self._column()]
            while cursor.sign(","):
                found.append(self._column())
            paths = tuple(found)
        if not cursor.keyword("FROM"):
            raise malformed("Expected FROM after SELECT list")
        source = self.source()
        return Select(paths, source, self._where(), self._order())

    def _column(self) -> Path:
        token = self.cursor.token
        if token.kind == "word" and self.cursor.following.text == "(":
            raise ValidationException(f"Unexpected path component at {self.cursor.position(token)}")
        return path(self.cursor)

    def source(self) -> Source:
        """The table, and the index behind it."""
        first = self._name()
        names = [first.text]
        while self.cursor.sign("."):
            names.append(self._name().text)
        if not all(names):
            raise ValidationException("Path component cannot be an empty string")
        if len(names) > 2:
            raise ValidationException("A path may contain at most 2 components in the FROM clause")
        return Source(*names)

    def _name(self) -> Token:
        token = self.cursor.advance()
        if token.kind == "word" and token.text.upper() in KEYWORDS:
            raise malformed("Unexpected keyword")
        if token.kind not in ("word", "quoted"):
            raise malformed("Expected identifier for simple path")
        return token

    def _where(self) -> Condition | None:
        return self.conditions.parse() if self.cursor.keyword("WHERE") else None

    def _order(self) -> tuple[Ordering, ...]:
        cursor = self.cursor
        if not cursor.keyword("ORDER"):
            return ()
        if not cursor.keyword("BY"):
            raise malformed("Expected BY after ORDER")
        found = [self._ordering()]
        while cursor.sign(","):
            found.append(self._ordering())
        return tuple(found)

    def _ordering(self) -> Ordering:
        name = self._name().text
        if self.cursor.keyword("DESC"):
            return Ordering(name, descending=True)
        self.cursor.keyword("ASC")
        return Ordering(name, descending=False)

    # -- INSERT

    def insert(self) -> Insert:
        cursor = self.cursor
        if not cursor.keyword("INTO"):
            raise malformed("Expected INTO after INSERT")
        token = cursor.token
        source = self.source()
        if source.index is not None:
            raise ValidationException(
                "FROM clause may only contain a single table name in data manipulation statements "
                f"at {cursor.position(token)}"
            )
        if not cursor.keyword("VALUE"):
            raise malformed("Unexpected keyword" if cursor.token.kind == "word" else
                            "Expected VALUE")  # fmt: skip
        value = literals.parse(cursor, self.parameters)
        if "M" not in value:
            raise ValidationException("Unsupported item: INSERT takes one item, a map")
        return Insert(source, value["M"])

    # -- UPDATE and DELETE

    def update(self) -> Update:
        source = self.source()
        actions: list[Action] = []
        while self.cursor.at_keyword("SET", "REMOVE"):
            read = self._set if self.cursor.advance().text.upper() == "SET" else self._remove
            actions.append(read())
            while self.cursor.sign(","):
                actions.append(read())
        if not actions:
            raise malformed("Expected data manipulation")
        where = self._where()
        if where is None:
            raise ValidationException(UNPINNED)
        return Update(source, tuple(actions), where, self._returning())

    def delete(self) -> Delete:
        if not self.cursor.keyword("FROM"):
            raise malformed("Expected FROM after DELETE")
        source = self.source()
        where = self._where()
        if where is None:
            raise ValidationException(UNPINNED)
        returning = self._returning()
        if returning is not None and returning != Returning("ALL", "OLD"):
            raise ValidationException(
                f"Invalid returning clause: RETURNING {returning.scope} {returning.image} *. Only "
                "RETURNING ALL OLD * is allowed in DELETE statements."
            )
        return Delete(source, where, returning)

    def _remove(self) -> Action:
        return Removal(path(self.cursor))

    def _set(self) -> Action:
        target = path(self.cursor)
        self.cursor.expect("=")
        token = self.cursor.token
        section = _COMBINATIONS.get(token.text.upper()) if token.kind == "word" else None
        if section is not None and self.cursor.following.text == "(":
            self.cursor.advance()
            return self._combination(section, target)
        return Assignment(target, self._sum())

    def _combination(self, section: str, target: Path) -> Action:
        self.cursor.expect("(")
        first = path(self.cursor)
        self.cursor.expect(",")
        value = self.conditions.value()
        self.cursor.expect(")")
        if first != target:
            raise ValidationException(
                "The first argument of set_add and set_delete must be the attribute that is set"
            )
        return Combination(section, target, value)

    def _sum(self) -> Operand:
        left = self._term()
        while self.cursor.at_sign("+") or self.cursor.at_sign("-"):
            self._operations += 1
            if self._operations > _OPERATIONS_MAX:
                raise malformed("Too many operators")
            operator = self.cursor.advance().text
            left = Arithmetic(operator, left, self._term())
        return left

    def _term(self) -> Operand:
        cursor = self.cursor
        if literals.starts(cursor):
            return self.conditions.value()
        token = cursor.token
        if token.kind == "word" and cursor.following.text == "(":
            name = token.text.lower()
            if name not in ("list_append", "if_not_exists"):
                raise ValidationException(f"Unsupported function: {token.text}")
            self._operations += 1
            if self._operations > _OPERATIONS_MAX:
                raise malformed("Too many operators")
            cursor.advance()
            cursor.expect("(")
            arguments = [self._sum()]
            while cursor.sign(","):
                arguments.append(self._sum())
            cursor.expect(")")
            return Call(name, tuple(arguments))
        return path(cursor)

    def _returning(self) -> Returning | None:
        cursor = self.cursor
        if not cursor.keyword("RETURNING"):
            return None
        words = []
        for choices in (("ALL", "MODIFIED"), ("OLD", "NEW")):
            if not cursor.at_keyword(*choices):
                raise malformed("Unexpected keyword")
            words.append(cursor.advance().text.upper())
        cursor.expect("*")
        return Returning(*words)
