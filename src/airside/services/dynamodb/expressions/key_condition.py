"""Key conditions: one partition key by equality, and a range of its sort key.

An index may have up to four attributes in either part of its key: every partition attribute must
be given, sort attributes from the left, all but the last of them by equality.
"""

from collections.abc import Sequence

from msgspec import Struct

from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.expressions.condition import (
    compare,
    require_ordered,
    require_range,
    wrong_type,
)
from airside.services.dynamodb.expressions.lexer import ExpressionError
from airside.services.dynamodb.expressions.operands import constant
from airside.services.dynamodb.expressions.placeholders import Placeholders
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


class KeyTerm(Struct):
    """One condition on one key attribute; `operator` is =, <, <=, >, >=, BETWEEN or begins_with."""

    attribute: str
    operator: str
    operands: list[Value]


class KeyRange(Struct):
    """What a query reads: a partition, then equal sort attributes, then at most one other term."""

    partition: list[Value]
    equal: list[Value]
    term: KeyTerm | None = None


def bind(tree: Condition, given: Placeholders) -> list[KeyTerm]:
    """The conditions on key attributes, in the order written.

    Raises ExpressionError for the first of them that is none.
    """
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
    value = _value(right, given)
    if operator != "=":
        require_ordered(operator, constant(value))
    return KeyTerm(name, operator, [value])


def _between(subject: Operand, low: Operand, high: Operand, given: Placeholders) -> KeyTerm:
    if not isinstance(subject, Path):
        raise _not_first("BETWEEN")
    name = _attribute(subject, given)
    bounds = [_value(low, given), _value(high, given)]
    for bound in bounds:
        require_ordered("BETWEEN", constant(bound))
    require_range(*bounds)
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
    value = _value(prefix, given)
    if "S" not in value and "B" not in value:
        raise wrong_type("begins_with", next(iter(value)))
    return KeyTerm(name, "begins_with", [value])


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
    names = (*partition, *sort)
    if len(terms) > max(len(names), 2):
        raise ValidationException(
            f"The number of query conditions ({len(terms)}) exceeds the number of key attributes "
            f"defined in the schema ({len(names)})"
        )
    by_name = {term.attribute: term for term in terms}
    _check_partition(partition, by_name)
    given = [name for name in sort if name in by_name]
    if len(given) + len(partition) != len(by_name):
        missed = next((name for name in sort if name not in by_name), None)
        raise ValidationException(_UNSUPPORTED) if missed is None else _missed(missed)
    _check_types(terms, types)
    _check_order(given, sort, by_name)
    last = by_name[given[-1]] if given and by_name[given[-1]].operator != "=" else None
    return KeyRange(
        [by_name[name].operands[0] for name in partition],
        [by_name[name].operands[0] for name in given if by_name[name] is not last],
        last,
    )


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


def _check_partition(partition: Sequence[str], by_name: dict[str, KeyTerm]) -> None:
    wrong = [n for n in partition if n not in by_name or by_name[n].operator != "="]
    if not wrong:
        return
    if len(partition) > 1:
        raise ValidationException(
            f"HASH key attributes {', '.join(wrong)} must have equality conditions specified "
            "in the query"
        )
    if wrong[0] in by_name:
        raise ValidationException(_UNSUPPORTED)
    raise _missed(wrong[0])


def _check_types(terms: Sequence[KeyTerm], types: dict[str, str]) -> None:
    for term in terms:
        if term.operator in NOT_INDEXABLE:
            raise ValidationException(
                "Attempted conditional constraint is not an indexable operation"
            )
        for operand in term.operands:
            if types[term.attribute] not in operand:
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


def _check_order(given: list[str], sort: Sequence[str], by_name: dict[str, KeyTerm]) -> None:
    """Sort attributes from the left, without a gap, only the last by something but equality."""
    for position, name in enumerate(sort):
        following = next((later for later in given if later in sort[position + 1 :]), None)
        equal = name in by_name and by_name[name].operator == "="
        if following is not None and not equal:
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
