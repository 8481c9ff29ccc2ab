"""From a request's parameters to what they mean: conditions, projections, updates, key terms.

Old and new parameters end in the same predicates, projections and updates.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from airside.services.dynamodb import legacy, values
from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.expressions import condition, key_condition
from airside.services.dynamodb.expressions.condition import Predicate
from airside.services.dynamodb.expressions.key_condition import KeyTerm
from airside.services.dynamodb.expressions.lexer import ExpressionError
from airside.services.dynamodb.expressions.parser import (
    parse_condition,
    parse_projection,
    parse_update,
)
from airside.services.dynamodb.expressions.placeholders import Placeholders
from airside.services.dynamodb.expressions.projection import Projection
from airside.services.dynamodb.expressions.syntax import Condition, Path
from airside.services.dynamodb.expressions.update import Update
from airside.services.dynamodb.validation import check_duplicates

Request = Mapping[str, Any]
T = TypeVar("T")


def _naming(kind: str, work: Callable[[], T]) -> T:
    try:
        return work()
    except ExpressionError as problem:
        raise ValidationException(f"Invalid {kind}: {problem.message}") from None


def condition_of(request: Request, given: Placeholders) -> Predicate | None:
    """ConditionExpression or Expected."""
    text = request.get("ConditionExpression")
    if text is not None:
        return _naming("ConditionExpression", lambda: condition.bind(parse_condition(text), given))
    if "Expected" in request or "ConditionalOperator" in request:
        return legacy.expected_of(request.get("Expected"), request.get("ConditionalOperator"))
    return None


def update_of(request: Request, given: Placeholders) -> Update:
    """UpdateExpression or AttributeUpdates; neither makes an update that changes nothing."""
    text = request.get("UpdateExpression")
    if text is not None:
        return _naming("UpdateExpression", lambda: Update.bind(parse_update(text), given))
    return legacy.update_of(request.get("AttributeUpdates") or {})


def projection_of(request: Request, given: Placeholders) -> Projection | None:
    """ProjectionExpression or AttributesToGet."""
    text = request.get("ProjectionExpression")
    if text is not None:
        return _naming(
            "ProjectionExpression", lambda: Projection.bind(parse_projection(text), given)
        )
    names = request.get("AttributesToGet")
    if names is None:
        return None
    check_duplicates(names)
    return legacy.projection_of(names)


class Filter:
    """A filter: its predicate, the attributes it looks at, and those that it looks into."""

    __slots__ = ("heads", "nested", "predicate")

    def __init__(
        self,
        predicate: Predicate,
        heads: frozenset[str],
        nested: frozenset[str] = frozenset(),
    ) -> None:
        self.predicate = predicate
        self.heads = heads
        self.nested = nested


def filter_of(request: Request, given: Placeholders, old_name: str) -> Filter | None:
    """FilterExpression, or QueryFilter or ScanFilter."""
    text = request.get("FilterExpression")
    if text is not None:

        def bind() -> Filter:
            tree = parse_condition(text)
            predicate = condition.bind(tree, given)
            paths = [given.parts(path) for path in paths_of(tree)]
            return Filter(
                predicate,
                frozenset(str(parts[0]) for parts in paths),
                frozenset(str(parts[0]) for parts in paths if len(parts) > 1),
            )

        return _naming("FilterExpression", bind)
    conditions = request.get(old_name)
    if conditions is None and "ConditionalOperator" not in request:
        return None
    predicate = legacy.filter_of(conditions, request.get("ConditionalOperator"))
    return None if predicate is None else Filter(predicate, frozenset(conditions or ()))


def paths_of(tree: Condition | Any) -> list[Path]:
    """All paths of a condition."""
    found: list[Path] = []
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Path):
            found.append(node)
        elif isinstance(node, tuple):
            stack.extend(node)
        elif hasattr(node, "__struct_fields__"):
            stack.extend(getattr(node, name) for name in node.__struct_fields__)
    return found


def key_terms_of(request: Request, given: Placeholders) -> list[KeyTerm]:
    """KeyConditionExpression or KeyConditions."""
    text = request.get("KeyConditionExpression")
    if text is not None:
        return _naming("KeyConditionExpression", lambda: key_condition.read(text, given))
    return legacy.key_terms(request["KeyConditions"])


def check_key_syntax(request: Request, given: Placeholders) -> None:
    """Check what AWS does before it looks for the keys: that a key condition is a condition."""
    text = request.get("KeyConditionExpression")
    if text is not None:
        _naming("KeyConditionExpression", lambda: condition.bind(parse_condition(text), given))


def check_key(key: Any) -> None:
    """The values of a key, before the table is known."""
    if type(key) is not dict:
        values.check_item(key)
    for value in key.values():
        values.check(value)
