"""Conditions and filters: trees bound to values become predicates over items."""

from binascii import a2b_base64
from collections.abc import Callable
from typing import Any

from airside.services.dynamodb import numbers
from airside.services.dynamodb.expressions.lexer import ExpressionError
from airside.services.dynamodb.expressions.operands import Bound, Getter, attribute, constant, shown
from airside.services.dynamodb.expressions.placeholders import Placeholders
from airside.services.dynamodb.expressions.syntax import (
    Between,
    Call,
    Comparison,
    Condition,
    Junction,
    Negation,
    Operand,
    Path,
    Reference,
)
from airside.services.dynamodb.limits import IN_OPERANDS_MAX
from airside.services.dynamodb.values import TYPES, Item, Value, java, kind_of, ordering

Predicate = Callable[[Item], bool]

_ARITY = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
_ORDERED = frozenset({"S", "N", "B"})


def bind(tree: Condition, given: Placeholders) -> Predicate:
    """A predicate over items. Raises ExpressionError for what cannot be meant."""
    # Not a `match`: its class patterns take several times as long, and this runs per request.
    if isinstance(tree, Comparison):
        return _compare(tree.operator, operand(tree.left, given), operand(tree.right, given))
    if isinstance(tree, Junction):
        parts = [bind(part, given) for part in tree.conditions]
        return _all(parts) if tree.operator == "AND" else _any(parts)
    if isinstance(tree, Call):
        return _function(tree.name, [operand(part, given) for part in tree.arguments])
    if isinstance(tree, Negation):
        inner = bind(tree.condition, given)
        return lambda item: not inner(item)
    if isinstance(tree, Between):
        return _between(*(operand(part, given) for part in (tree.operand, tree.low, tree.high)))
    return _among(operand(tree.operand, given), [operand(part, given) for part in tree.options])


def operand(tree: Operand, given: Placeholders) -> Bound:
    """An operand of a condition."""
    if isinstance(tree, Path):
        return attribute(given.parts(tree))
    if isinstance(tree, Reference):
        return constant(given.value(tree.name))
    if isinstance(tree, Call):
        return _size([operand(part, given) for part in tree.arguments])
    raise AssertionError("conditions have no arithmetic")


def _all(parts: list[Predicate]) -> Predicate:
    if len(parts) == 2:  # most have two, and `all` makes a generator for each item
        first, second = parts
        return lambda item: first(item) and second(item)

    def predicate(item: Item) -> bool:
        return all(part(item) for part in parts)

    return predicate


def _any(parts: list[Predicate]) -> Predicate:
    def predicate(item: Item) -> bool:
        return any(part(item) for part in parts)

    return predicate


def _compare(operator: str, left: Bound, right: Bound) -> Predicate:
    require_distinct(operator, left, right)
    get_left, get_right = left.get, right.get
    if operator == "=":
        return lambda item: equal(get_left(item), get_right(item))
    if operator == "<>":
        return lambda item: not equal(get_left(item), get_right(item))
    for bound in (left, right):
        require_ordered(operator, bound)
    accept = _ACCEPT[operator]

    def predicate(item: Item) -> bool:
        order = compare(get_left(item), get_right(item))
        return order is not None and order in accept

    return predicate


_ACCEPT = {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}


def equal(left: Value | None, right: Value | None) -> bool:
    """Whether two values are there and equal. Canonical values are equal as dictionaries."""
    return left is not None and left == right


def compare(left: Value | None, right: Value | None) -> int | None:
    """-1, 0 or 1; None when the values are not of one ordered type."""
    if left is None or right is None:
        return None
    kind = kind_of(left)
    if kind not in _ORDERED or kind not in right:
        return None
    if kind == "N":
        return numbers.compare(left["N"], right["N"])
    a, b = ordering(left), ordering(right)
    return int(a > b) - int(a < b)


def require_distinct(operator: str, left: Bound, right: Bound) -> None:
    """AWS refuses a path compared with itself."""
    if left.path is not None and left.path == right.path:
        raise ExpressionError(
            "The first operand must be distinct from the remaining operands for this operator or "
            f"function; operator: {operator}, first operand: {shown(left.path)}"
        )


def require_ordered(operator: str, bound: Bound) -> None:
    """Only text, numbers and binary have an order."""
    if bound.kind is not None and bound.kind not in _ORDERED:
        raise ExpressionError(
            "Incorrect operand type for operator or function; "
            f"operator or function: {operator}, operand type: {bound.kind}"
        )


def _between(value: Bound, low: Bound, high: Bound) -> Predicate:
    for bound in (value, low, high):
        require_ordered("BETWEEN", bound)
    require_range(low.constant, high.constant)
    get, get_low, get_high = value.get, low.get, high.get

    def predicate(item: Item) -> bool:
        found = get(item)
        return compare(found, get_low(item)) in (0, 1) and compare(found, get_high(item)) in (-1, 0)

    return predicate


def require_range(low: Value | None, high: Value | None) -> None:
    """Two constant bounds must have one type and be in order."""
    if low is None or high is None:
        return
    bounds = (
        f"lower bound operand: AttributeValue: {java(low)}, "
        f"upper bound operand: AttributeValue: {java(high)}"
    )
    if kind_of(low) != kind_of(high):
        raise ExpressionError(
            f"The BETWEEN operator requires same data type for lower and upper bounds; {bounds}"
        )
    if compare(low, high) == 1:
        raise ExpressionError(
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
            + bounds
        )


def _among(value: Bound, options: list[Bound]) -> Predicate:
    if len(options) > IN_OPERANDS_MAX:
        raise ExpressionError(
            "The IN operator is provided with too many operands; "
            f"number of operands: {len(options)}"
        )
    for option in options:
        require_distinct("IN", value, option)
    get, getters = value.get, [option.get for option in options]

    def predicate(item: Item) -> bool:
        found = get(item)
        return found is not None and any(found == option(item) for option in getters)

    return predicate


def require_arity(name: str, wanted: int, arguments: list[Bound]) -> None:
    """The number of operands of a function."""
    if len(arguments) != wanted:
        raise ExpressionError(
            "Incorrect number of operands for operator or function; "
            f"operator or function: {name}, number of operands: {len(arguments)}"
        )


def require_path(name: str, argument: Bound) -> None:
    """Some functions are about places, not values."""
    if argument.path is None:
        raise ExpressionError(
            "Operator or function requires a document path; operator or function: " + name
        )


def wrong_type(name: str, kind: str) -> ExpressionError:
    """A value of a type that the function cannot use."""
    return ExpressionError(
        "Incorrect operand type for operator or function; "
        f"operator or function: {name}, operand type: {kind}"
    )


def _function(name: str, arguments: list[Bound]) -> Predicate:
    require_arity(name, _ARITY[name], arguments)
    first, get = arguments[0], arguments[0].get
    if name == "attribute_exists":
        require_path(name, first)
        return lambda item: get(item) is not None
    if name == "attribute_not_exists":
        require_path(name, first)
        return lambda item: get(item) is None
    second = arguments[1]
    require_distinct(name, first, second)
    if name == "attribute_type":
        return _attribute_type(first, second)
    get_second = second.get
    if name == "begins_with":
        for argument in arguments:
            if argument.kind not in (None, "S", "B"):
                raise wrong_type(name, str(argument.kind))
        return lambda item: begins_with(get(item), get_second(item))
    return lambda item: contains(get(item), get_second(item))


def _attribute_type(first: Bound, second: Bound) -> Predicate:
    if second.constant is None or second.kind != "S":
        raise wrong_type("attribute_type", second.kind or "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
    kind, get = second.constant["S"], first.get
    if kind not in TYPES:
        raise ExpressionError(
            "Invalid attribute type name found; "
            f"type: {kind}, valid types: {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}"
        )

    def predicate(item: Item) -> bool:
        found = get(item)
        return found is not None and kind in found

    return predicate


def begins_with(value: Value | None, prefix: Value | None) -> bool:
    """Whether text starts with text or binary with binary."""
    if value is None or prefix is None:
        return False
    if "S" in value and "S" in prefix:
        return bool(value["S"].startswith(prefix["S"]))
    if "B" in value and "B" in prefix:
        return a2b_base64(value["B"]).startswith(a2b_base64(prefix["B"]))
    return False


def contains(container: Value | None, element: Value | None) -> bool:
    """Whether text has a part, a set a member, a list an element."""
    if container is None or element is None:
        return False
    kind, content = next(iter(container.items()))
    if kind == "L":
        return element in content
    inner: Any = element.get(kind[0])
    if inner is None or kind not in ("S", "B", "SS", "NS", "BS"):
        return False
    if kind == "B":
        return a2b_base64(inner) in a2b_base64(content)
    return inner in content


def _size(arguments: list[Bound]) -> Bound:
    require_arity("size", 1, arguments)
    argument = arguments[0]
    if argument.kind in ("N", "BOOL", "NULL"):
        raise wrong_type("size", argument.kind)
    return Bound(_size_of(argument.get), "N")


def _size_of(get: Getter) -> Getter:
    def size(item: Item) -> Value | None:
        value = get(item)
        length = measure(value) if value is not None else None
        return None if length is None else {"N": str(length)}

    return size


def measure(value: Value) -> int | None:
    """What `size` says: characters (UTF-16 units), bytes, or elements."""
    kind, content = next(iter(value.items()))
    if kind == "S":
        return len(content) if content.isascii() else len(content.encode("utf-16-le")) // 2
    if kind == "B":
        return len(a2b_base64(content))
    return len(content) if kind in ("SS", "NS", "BS", "L", "M") else None
