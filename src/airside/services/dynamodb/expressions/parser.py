"""Recursive descent over the tokens of an expression.

What can be said without the request's names and values is said here, in AWS's order: syntax,
redundant parentheses, unknown functions, functions in the wrong place, reserved words. Trees are
remembered by text: applications send the same few expressions over and over.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from airside.services.dynamodb.expressions.lexer import ExpressionCursor, ExpressionError
from airside.services.dynamodb.expressions.reserved import is_reserved
from airside.services.dynamodb.expressions.syntax import (
    Action,
    Arithmetic,
    Assignment,
    Between,
    Call,
    Combination,
    Comparison,
    Condition,
    Junction,
    Membership,
    Negation,
    Operand,
    Path,
    Reference,
    Removal,
)
from airside.services.dynamodb.limits import EXPRESSION_BYTES_MAX, NESTING_MAX, OPERATORS_MAX
from airside.services.dynamodb.tokens import Token
from airside.services.dynamodb.values import text_size

T = TypeVar("T")

_COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_CONDITION_WORDS = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN"})
_SECTION_WORDS = ("SET", "REMOVE", "ADD", "DELETE")
_CONDITION_FUNCTIONS = frozenset(
    {"attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains",
     "size"}
)  # fmt: skip
_UPDATE_FUNCTIONS = frozenset({"if_not_exists", "list_append"})
_DEPTH_MAX = 320
"""Deeper than any expression of 300 operators that has no redundant parentheses."""


class _Faults:
    """Problems that AWS reports only when the syntax is right, the first of each sort."""

    ORDER = ("parentheses", "section", "function", "misuse", "reserved", "nesting")

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    def note(self, sort: str, message: str) -> None:
        self._found.setdefault(sort, message)

    def raise_worst(self, order: tuple[str, ...] = ORDER) -> None:
        for sort in order:
            if sort in self._found:
                raise ExpressionError(self._found[sort])


class _Parser:
    """What all expression languages share: paths, values, functions, parentheses."""

    language = "a condition expression"

    def __init__(self, text: str, functions: frozenset[str], words: frozenset[str]) -> None:
        self.cursor = ExpressionCursor(text)
        self.faults = _Faults()
        self.functions = functions
        self.words = words
        self.operators = 0
        self.depth = 0

    def finish(self) -> None:
        if self.cursor.token.kind != "end":
            raise self.cursor.unexpected()
        self.faults.raise_worst()
        if self.operators > OPERATORS_MAX:
            raise ExpressionError(
                f"The expression contains too many operators; operator count: {OPERATORS_MAX + 1}"
            )

    def enter(self) -> None:
        self.depth += 1
        if self.depth > _DEPTH_MAX:
            raise ExpressionError("The expression has redundant parentheses;")

    def redundant(self) -> None:
        self.faults.note("parentheses", "The expression has redundant parentheses;")

    def path(self) -> Path:
        parts: list[str | int] = [self._name()]
        while True:
            if self.cursor.sign("."):
                parts.append(self._name())
            elif self.cursor.sign("["):
                if self.cursor.token.kind != "index":
                    raise self.cursor.unexpected()
                parts.append(self._position(self.cursor.advance().text))
                self.cursor.expect("]")
            else:
                break
        if len(parts) > NESTING_MAX:
            self.faults.note(
                "nesting",
                f"The document path has too many nesting levels; nesting levels: {len(parts)}",
            )
        return Path(tuple(parts))

    def _position(self, digits: str) -> int:
        if len(digits) > 9:
            raise ExpressionError(
                "List index is not within the allowable range; index: [" + digits + "]"
            )
        return int(digits)

    def _name(self) -> str:
        token = self.cursor.token
        if token.kind == "alias":
            return self.cursor.advance().text
        if token.kind != "name" or token.text.upper() in self.words:
            raise self.cursor.unexpected()
        if is_reserved(token.text):
            self.faults.note(
                "reserved",
                f"Attribute name is a reserved keyword; reserved keyword: {token.text}",
            )
        return self.cursor.advance().text

    def operand(self) -> Operand:
        cursor = self.cursor
        if cursor.sign("("):
            self.enter()
            if cursor.token.text == "(":
                self.redundant()
            inner = self.operand()
            cursor.expect(")")
            self.depth -= 1
            return inner
        token = cursor.token
        if token.kind == "value":
            return Reference(cursor.advance().text)
        if token.kind == "name" and cursor.following.text == "(":
            if token.text.upper() in self.words:
                raise cursor.unexpected()
            return self.call()
        return self.path()

    def call(self) -> Call:
        name = self.cursor.advance().text
        self.cursor.expect("(")
        self.enter()
        arguments = [self.operand()]
        while self.cursor.sign(","):
            arguments.append(self.operand())
        self.cursor.expect(")")
        self.depth -= 1
        if name in self.functions:
            pass
        elif name in _CONDITION_FUNCTIONS or name in _UPDATE_FUNCTIONS:
            self.faults.note(
                "function", f"The function is not allowed in {self.language}; function: {name}"
            )
        else:
            self.faults.note("function", f"Invalid function name; function: {name}")
        self.forbid_conditions(arguments)
        return Call(name, tuple(arguments))

    def forbid_conditions(self, operands: list[Operand]) -> None:
        """Of functions, only these give values that may stand in other functions."""
        for operand in operands:
            if isinstance(operand, Call) and operand.name not in ("size", "if_not_exists"):
                self.misused(operand.name)

    def misused(self, name: str) -> None:
        self.faults.note(
            "misuse",
            f"The function is not allowed to be used this way in an expression; function: {name}",
        )


class _Parentheses:
    """Where each parenthesis of a condition closes, and whether it holds a condition."""

    def __init__(self, tokens: list[Token]) -> None:
        self.closes: dict[int, int] = {}
        self._logical: set[int] = set()
        opened: list[int] = []
        for at, token in enumerate(tokens[:-1]):
            if token.text == "(":
                opened.append(at)
            elif token.text == ")" and opened:
                start = opened.pop()
                self.closes[start] = at
                if start in self._logical and opened:
                    self._logical.add(opened[-1])
            elif opened and _is_logical(token, tokens[at + 1]):
                self._logical.add(opened[-1])

    def holds_condition(self, at: int) -> bool:
        """Whether the parenthesis at a token has a comparison or logic inside."""
        return at in self._logical and at in self.closes

    def is_doubled(self, at: int) -> bool:
        """Whether another pair of parentheses lies directly inside."""
        inner = self.closes.get(at + 1)
        return inner is not None and inner + 1 == self.closes.get(at)


def _is_logical(token: Token, following: Token) -> bool:
    if token.kind == "sign":
        return token.text in _COMPARATORS
    if token.kind != "name":
        return False
    if token.text.upper() in _CONDITION_WORDS:
        return True
    return following.text == "(" and token.text != "size"


class _Level:
    """What stands inside one pair of parentheses: groups joined by OR, each joined by AND."""

    def __init__(self) -> None:
        self.groups: list[list[Condition]] = [[]]
        self.negations = 0

    def add(self, found: Condition) -> None:
        for _ in range(min(self.negations, OPERATORS_MAX)):
            found = Negation(found)
        self.negations = 0
        self.groups[-1].append(found)

    def result(self) -> Condition:
        groups = [_joined("AND", group) for group in self.groups]
        return _joined("OR", groups)


def _joined(word: str, conditions: list[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else Junction(word, tuple(conditions))


class _ConditionParser(_Parser):
    """Conditions nest by parentheses; a list of levels stands for the call stack."""

    def __init__(self, text: str) -> None:
        super().__init__(text, _CONDITION_FUNCTIONS, _CONDITION_WORDS)
        self._parentheses = _Parentheses(self.cursor.tokens)

    def condition(self) -> Condition:
        levels = [_Level()]
        while True:
            self._open(levels)
            levels[-1].add(self.comparison())
            while not self._goes_on(levels[-1]):
                inner = levels.pop().result()
                if not levels:
                    self.finish()
                    return inner
                self.cursor.expect(")")
                levels[-1].add(inner)

    def _open(self, levels: list[_Level]) -> None:
        """Take what stands before a comparison: NOT and parentheses."""
        cursor = self.cursor
        while True:
            if cursor.keyword("NOT"):
                self.operators += 1
                levels[-1].negations += 1
            elif cursor.token.text == "(" and self._parentheses.holds_condition(cursor.mark()):
                if self._parentheses.is_doubled(cursor.mark()):
                    self.redundant()
                cursor.advance()
                levels.append(_Level())
            else:
                return

    def _goes_on(self, level: _Level) -> bool:
        """Whether another condition follows on the same level."""
        if self.cursor.keyword("AND"):
            self.operators += 1
            return True
        if self.cursor.keyword("OR"):
            self.operators += 1
            level.groups.append([])
            return True
        return False

    def comparison(self) -> Condition:
        left = self.operand()
        cursor = self.cursor
        token = cursor.token
        if token.kind == "sign" and token.text in _COMPARATORS:
            cursor.advance()
            self.operators += 1
            right = self.operand()
            self.forbid_conditions([left, right])
            return Comparison(token.text, left, right)
        if cursor.keyword("BETWEEN"):
            self.operators += 1
            low = self.operand()
            if not cursor.keyword("AND"):
                raise cursor.unexpected()
            high = self.operand()
            self.forbid_conditions([left, low, high])
            return Between(left, low, high)
        if cursor.keyword("IN"):
            self.operators += 1
            options = self._options()
            self.forbid_conditions([left, *options])
            return Membership(left, tuple(options))
        if not isinstance(left, Call):
            raise cursor.unexpected()
        if left.name == "size":
            self.misused("size")
        return left

    def _options(self) -> list[Operand]:
        self.cursor.expect("(")
        options = [self.operand()]
        while self.cursor.sign(","):
            options.append(self.operand())
        self.cursor.expect(")")
        return options


class _ProjectionParser(_Parser):
    def __init__(self, text: str) -> None:
        super().__init__(text, frozenset(), frozenset())

    def paths(self) -> tuple[Path, ...]:
        found = [self.path()]
        while self.cursor.sign(","):
            found.append(self.path())
        self.finish()
        return tuple(found)


class _UpdateParser(_Parser):
    language = "an update expression"

    def __init__(self, text: str) -> None:
        super().__init__(text, _UPDATE_FUNCTIONS, frozenset(_SECTION_WORDS))

    def actions(self) -> tuple[Action, ...]:
        found: list[Action] = []
        seen: set[str] = set()
        while self.cursor.token.kind != "end" or not found:
            section = self._section()
            if section in seen:
                self.faults.note(
                    "section",
                    f'The "{section}" section can only be used once in an update expression;',
                )
            seen.add(section)
            found.append(self._action(section))
            while self.cursor.sign(","):
                found.append(self._action(section))
        if self.cursor.token.kind != "end":
            raise self.cursor.unexpected()
        self.faults.raise_worst(("parentheses", "reserved", "function", "misuse", "section"))
        self.finish()
        return tuple(found)

    def _section(self) -> str:
        for word in _SECTION_WORDS:
            if self.cursor.keyword(word):
                return word
        raise self.cursor.unexpected()

    def _action(self, section: str) -> Action:
        path = self.path()
        if section == "REMOVE":
            return Removal(path)
        if section == "SET":
            self.cursor.expect("=")
            return Assignment(path, self._value())
        if self.cursor.token.kind != "value":
            raise self.cursor.unexpected()
        self.operators += 1
        return Combination(section, path, Reference(self.cursor.advance().text))

    def _value(self) -> Operand:
        cursor = self.cursor
        mark = cursor.mark()
        if cursor.sign("("):
            # Parentheses around a sum, or around its first operand: look which.
            self.enter()
            inner = self._value()
            cursor.expect(")")
            self.depth -= 1
            if cursor.token.text not in {"+", "-"} or isinstance(inner, Arithmetic):
                return inner
            cursor.reset(mark)
        left = self.operand()
        if cursor.token.kind == "sign" and cursor.token.text in {"+", "-"}:
            operator = cursor.advance().text
            self.operators += 1
            return Arithmetic(operator, left, self.operand())
        return left


def _guard(text: str, parse: Callable[[str], T]) -> T:
    if not text:
        raise ExpressionError("The expression can not be empty;")
    length = text_size(text)
    if length > EXPRESSION_BYTES_MAX:
        raise ExpressionError(
            f"Expression size has exceeded the maximum allowed size; expression size: {length}"
        )
    return parse(text)


@lru_cache(maxsize=2048)
def parse_condition(text: str) -> Condition:
    """The tree of a condition, filter or key condition. Raises ExpressionError."""
    return _guard(text, lambda given: _ConditionParser(given).condition())


@lru_cache(maxsize=2048)
def parse_projection(text: str) -> tuple[Path, ...]:
    """The paths of a projection. Raises ExpressionError."""
    return _guard(text, lambda given: _ProjectionParser(given).paths())


@lru_cache(maxsize=2048)
def parse_update(text: str) -> tuple[Action, ...]:
    """The actions of an update, in the order written. Raises ExpressionError."""
    return _guard(text, lambda given: _UpdateParser(given).actions())
