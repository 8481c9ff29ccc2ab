"""Key conditions: one partition key by equality, and a range of its sort key.

An index may have up to four attributes in either part of its key: every partition attribute must
be given, sort attributes from the left, all but the last of them by equality.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.expressions.condition import (
    compare,
    require_ordered,
    require_range,
    wrong_type,
)
from airside.services.dynamodb.expressions.lexer import ExpressionError
from airside.services.dynamodb.expressions.operands import constant
from airside.services.dynamodb.expressions.parser import parse_condition
from airside.services.dynamodb.expressions.placeholders import Naming, Placeholders
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
from airside.services.dynamodb.values import Value

_UNSUPPORTED = "Query key condition not supported"
_MIRROR = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass
class KeyTerm:
    """One condition on one key attribute; `operator` is =, <, <=, >, >=, BETWEEN or begins_with."""

    attribute: str
    operator: str
    operands: list[Value]


@dataclass
class KeyRange:
    """What a query reads: a partition, then equal sort attributes, then at most one other term."""

    partition: list[Value]
    equal: list[Value]
    term: KeyTerm | None = None


@dataclass
class Outline:
    """A key condition without its values: attributes, operators, and where the operands are."""

    terms: list[tuple[str, str, list[str]]]
    aliases: list[str]
    """The attribute names it mentions."""

    def fill(self, given: Placeholders) -> list[KeyTerm]:
        """The conditions with the request's values. Raises ExpressionError."""
        given.use(self.aliases)
        found = []
        for attribute, operator, references in self.terms:
            operands = [given.value(reference) for reference in references]
            if operator != "=":
                _check_operands(operator, operands)
            found.append(KeyTerm(attribute, operator, operands))
        return found


class _Blanks(Placeholders):
    """Placeholders of which only the names are known; notes what is asked for."""

    def __init__(self, naming: Naming) -> None:
        super().__init__(dict(naming) if naming else None, None)
        self.asked: list[str] = []

    def value(self, reference: str) -> Value:
        """A value that suits everywhere."""
        self.asked.append(reference)
        return {"S": ""}

    @property
    def aliases(self) -> list[str]:
        """The names asked for."""
        return list(self._used)


@lru_cache(maxsize=1024)
def _outline(text: str, naming: Naming) -> Outline:
    blanks = _Blanks(naming)
    terms = bind(parse_condition(text), blanks)
    asked = iter(blanks.asked)
    return Outline(
        [(term.attribute, term.operator, [next(asked) for _ in term.operands]) for term in terms],
        blanks.aliases,
    )


def read(text: str, given: Placeholders) -> list[KeyTerm]:
    """The conditions on key attributes, in the order written. Raises ExpressionError.

    What does not depend on the values is worked out once.
    """
    try:
        outline = _outline(text, given.naming)
    except ExpressionError:
        return bind(parse_condition(text), given)  # the first problem may be one with a value
    return outline.fill(given)


def bind(tree: Condition, given: Placeholders) -> list[KeyTerm]:
    """The conditions of a tree. Raises ExpressionError for the first of them that is none."""
    terms = [_term(part, given) for part in _conjuncts(tree)]
    if len({term.attribute for term in terms}) != len(terms):
        raise ExpressionError("KeyConditionExpressions must only contain one condition per key")
    return terms


def _conjuncts(tree: Condition) -> list[Condition]:
    if isinstance(tree, Junction) and tree.operator == "AND":
        return [part for condition in tree.conditions for part in _conjuncts(condition)]
    return [tree]


def _refuse(operator: str) -> ExpressionError:
    return ExpressionError(f"Invalid operator used in KeyConditionExpression: {operator}")


def _term(tree: Condition, given: Placeholders) -> KeyTerm:
    match tree:
        case Junction():
            raise _refuse("OR")
        case Negation():
            raise _refuse("NOT")
        case Membership():
            raise _refuse("IN")
        case Comparison("<>"):
            raise _refuse("<>")
        case Comparison(operator, left, right):
            return _comparison(operator, left, right, given)
        case Between(subject, low, high):
            return _between(subject, low, high, given)
        case Call("begins_with", arguments):
            return _begins_with(arguments, given)
        case Call(name):
            raise _refuse(name)


def _attribute(path: Path, given: Placeholders) -> str:
    parts = given.parts(path)
    if len(parts) > 1:
        raise ExpressionError("KeyConditionExpressions cannot have conditions on nested attributes")
    return str(parts[0])


def _value(tree: Operand, given: Placeholders) -> Value:
    match tree:
        case Reference(name):
            return given.value(name)
        case Path():
            raise ExpressionError(
                "Invalid condition in KeyConditionExpression: "
                "Multiple attribute names used in one condition"
            )
        case _:
            raise ExpressionError("KeyConditionExpressions cannot contain nested operations")


def _comparison(operator: str, left: Operand, right: Operand, given: Placeholders) -> KeyTerm:
    if isinstance(right, Path) and not isinstance(left, Path):
        left, right, operator = right, left, _MIRROR[operator]
    if not isinstance(left, Path):
        _value(left, given)
        raise ExpressionError(
            "Invalid condition in KeyConditionExpression: No key attribute specified"
        )
    name = _attribute(left, given)
    operands = [_value(right, given)]
    if operator != "=":
        _check_operands(operator, operands)
    return KeyTerm(name, operator, operands)


def _check_operands(operator: str, operands: list[Value]) -> None:
    """The types of the operands; of bounds, their order too."""
    if operator == "begins_with":
        if "S" not in operands[0] and "B" not in operands[0]:
            raise wrong_type("begins_with", next(iter(operands[0])))
        return
    for operand in operands:
        require_ordered(operator, constant(operand))
    if operator == "BETWEEN":
        require_range(*operands)


def _between(subject: Operand, low: Operand, high: Operand, given: Placeholders) -> KeyTerm:
    if not isinstance(subject, Path):
        raise _not_first("BETWEEN")
    name = _attribute(subject, given)
    bounds = [_value(low, given), _value(high, given)]
    _check_operands("BETWEEN", bounds)
    return KeyTerm(name, "BETWEEN", bounds)


def _begins_with(arguments: Sequence[Operand], given: Placeholders) -> KeyTerm:
    if len(arguments) != 2:
        raise ExpressionError(
            "Incorrect number of operands for operator or function; "
            f"operator or function: begins_with, number of operands: {len(arguments)}"
        )
    subject, prefix = arguments
    if not isinstance(subject, Path):
        raise _not_first("begins_with")
    name = _attribute(subject, given)
    operands = [_value(prefix, given)]
    _check_operands("begins_with", operands)
    return KeyTerm(name, "begins_with", operands)


def _not_first(operator: str) -> ExpressionError:
    return ExpressionError(
        "Invalid condition in KeyConditionExpression: "
        f"{operator} operator must have the key attribute as its first operand"
    )


def resolve(
    terms: Sequence[KeyTerm],
    partition: Sequence[str],
    sort: Sequence[str],
    types: dict[str, str],
) -> KeyRange:
    """The range that the terms mean for a key. Raises ValidationException in AWS's words."""
    shape = tuple([(term.attribute, term.operator == "=") for term in terms])
    try:
        first, equal, last = _arrange(shape, tuple(partition), tuple(sort))
    except ValidationException:
        _check_known(shape, partition, sort)
        _check_types(terms, types)
        raise
    _check_types(terms, types)
    return KeyRange(
        [terms[at].operands[0] for at in first],
        [terms[at].operands[0] for at in equal],
        terms[last] if last is not None else None,
    )


Shape = tuple[tuple[str, bool], ...]
"""The attributes of key terms, and whether each is compared for equality."""


@lru_cache(maxsize=1024)
def _arrange(
    shape: Shape, partition: tuple[str, ...], sort: tuple[str, ...]
) -> tuple[list[int], list[int], int | None]:
    """Which terms say the partition, equal sort attributes, and the rest."""
    given = _check_known(shape, partition, sort)
    _check_order(given, sort, dict(shape))
    places = {attribute: at for at, (attribute, _) in enumerate(shape)}
    last = places[given[-1]] if given and not shape[places[given[-1]]][1] else None
    equal = [places[name] for name in given if places[name] != last]
    return [places[name] for name in partition], equal, last


def _check_known(shape: Shape, partition: Sequence[str], sort: Sequence[str]) -> list[str]:
    """Refuse terms that are not about the key; the sort attributes that have one."""
    names = (*partition, *sort)
    if len(shape) > max(len(names), 2):
        raise ValidationException(
            f"The number of query conditions ({len(shape)}) exceeds the number of key attributes "
            f"defined in the schema ({len(names)})"
        )
    equality = dict(shape)
    _check_partition(partition, equality)
    given = [name for name in sort if name in equality]
    if len(given) + len(partition) != len(equality):
        missed = next((name for name in sort if name not in equality), None)
        raise ValidationException(_UNSUPPORTED) if missed is None else _missed(missed)
    return given


NOT_INDEXABLE = frozenset({"NULL", "NOT_NULL", "NE", "CONTAINS", "NOT_CONTAINS", "IN"})
"""Operators of KeyConditions that no key can be found by."""


def check_one(
    terms: Sequence[KeyTerm], name: str, names: Sequence[str], types: dict[str, str]
) -> None:
    """Check what AWS looks at when it comes to this attribute of a key of one or two."""
    is_partition = name == names[0]
    if is_partition and len(names) == 1 and len(terms) > 1:
        raise ValidationException(_UNSUPPORTED)
    term = next((term for term in terms if term.attribute == name), None)
    if term is None:
        if is_partition or len(terms) > 1:
            raise _missed(name)
        return
    _check_types([term], types)
    if is_partition and term.operator != "=":
        raise ValidationException(_UNSUPPORTED)


def _missed(name: str) -> ValidationException:
    return ValidationException(f"Query condition missed key schema element: {name}")


def _check_partition(partition: Sequence[str], equality: dict[str, bool]) -> None:
    wrong = [name for name in partition if not equality.get(name)]
    if not wrong:
        return
    if len(partition) > 1:
        raise ValidationException(
            f"HASH key attributes {', '.join(wrong)} must have equality conditions specified "
            "in the query"
        )
    if wrong[0] in equality:
        raise ValidationException(_UNSUPPORTED)
    raise _missed(wrong[0])


def _check_types(terms: Sequence[KeyTerm], types: dict[str, str]) -> None:
    for term in terms:
        if term.operator in NOT_INDEXABLE:
            raise ValidationException(
                "Attempted conditional constraint is not an indexable operation"
            )
        kind = types[term.attribute]
        for operand in term.operands:
            if operand.get(kind):
                continue
            if kind not in operand:
                raise ValidationException(
                    "One or more parameter values were invalid: "
                    "Condition parameter type does not match schema type"
                )
            _check_empty(term, operand)


def _check_empty(term: KeyTerm, operand: Value) -> None:
    kind, content = next(iter(operand.items()))
    if content == "" and term.operator != "begins_with" and kind in ("S", "B"):
        noun = "string" if kind == "S" else "binary"
        raise ValidationException(
            "One or more parameter values are not valid. The AttributeValue for a key attribute "
            f"cannot contain an empty {noun} value. Key: {term.attribute}"
        )


def _check_order(given: list[str], sort: Sequence[str], equality: dict[str, bool]) -> None:
    """Sort attributes from the left, without a gap, only the last by something but equality."""
    for position, name in enumerate(sort):
        following = next((later for later in given if later in sort[position + 1 :]), None)
        if following is not None and not equality.get(name):
            raise ValidationException(
                f"RANGE key attributes {name} must have equality conditions specified in the "
                f"query because a condition is present on key attribute {following}"
            )


def admits(term: KeyTerm, value: Value) -> bool:
    """Whether a sort key value satisfies a term (for checking start keys)."""
    first = compare(value, term.operands[0])
    match term.operator:
        case "=":
            return first == 0
        case "<":
            return first == -1
        case "<=":
            return first in (-1, 0)
        case ">":
            return first == 1
        case ">=":
            return first in (0, 1)
        case "BETWEEN":
            return first in (0, 1) and compare(value, term.operands[1]) in (-1, 0)
    kind = next(iter(value))
    return bool(value[kind].startswith(term.operands[0][kind]))
