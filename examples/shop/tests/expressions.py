"""The few DynamoDB expressions the shop writes, evaluated on items."""

from __future__ import annotations

import re
from typing import Any

Item = dict[str, Any]

KEYWORDS = {"SET", "ADD", "REMOVE", "OR", "AND", "attribute_not_exists"}
CLAUSE = re.compile(r"\b(SET|ADD|REMOVE)\b")
COMPARISON = re.compile(r"(#\w+) (=|<=|>=) (:\w+)")
NOT_EXISTS = re.compile(r"attribute_not_exists\((#\w+)\)")
DIFFERENCE = re.compile(r"(#\w+) - (:\w+)")


class Context:
    """An item and what the placeholders of one request stand for. None may be left unused."""

    def __init__(self, item: Item, parameters: dict[str, Any]) -> None:
        self.item = item
        self.names: dict[str, str] = parameters.get("ExpressionAttributeNames", {})
        self.values: dict[str, Any] = parameters.get("ExpressionAttributeValues", {})
        text = " ".join(value for name, value in parameters.items() if name.endswith("Expression"))
        # A bare attribute name could be one of DynamoDB's 573 reserved words.
        bare = set(re.findall(r"(?<![#:\w])[A-Za-z_]\w*", text)) - KEYWORDS
        assert not bare, f"names without a placeholder: {bare}"
        assert set(re.findall(r"#\w+", text)) == set(self.names)
        assert set(re.findall(r":\w+", text)) == set(self.values)

    def name(self, placeholder: str) -> str:
        return self.names[placeholder]

    def value(self, placeholder: str) -> Any:
        return plain(self.values[placeholder])

    def current(self, placeholder: str) -> Any:
        attribute = self.item.get(self.name(placeholder))
        return None if attribute is None else plain(attribute)


def plain(attribute: dict[str, Any]) -> Any:
    """A scalar as something that can be compared."""
    ((kind, value),) = attribute.items()
    return int(value) if kind == "N" else value


def holds(item: Item, parameters: dict[str, Any]) -> bool:
    """Whether the condition of a write is met, if it has one."""
    condition = parameters.get("ConditionExpression")
    context = Context(item, parameters)
    if condition is None:
        return True
    return any(_term(term.strip(), context) for term in condition.split(" OR "))


def matches_key(item: Item, parameters: dict[str, Any]) -> bool:
    """Whether a query finds this item."""
    return _term(parameters["KeyConditionExpression"], Context(item, parameters))


def apply_update(item: Item, parameters: dict[str, Any]) -> Item:
    """The item after its update."""
    context = Context(item, parameters)
    _, *parts = CLAUSE.split(parameters["UpdateExpression"])
    changed = dict(item)
    for clause, body in zip(parts[::2], parts[1::2], strict=True):
        for part in body.split(","):
            _change(clause, part.strip(), context, changed)
    return changed


def _term(term: str, context: Context) -> bool:
    if absent := NOT_EXISTS.fullmatch(term):
        return context.current(absent[1]) is None
    comparison = COMPARISON.fullmatch(term)
    assert comparison, term
    current, value = context.current(comparison[1]), context.value(comparison[3])
    if current is None:
        return False
    return bool(
        {"=": current == value, "<=": current <= value, ">=": current >= value}[comparison[2]]
    )


def _change(clause: str, part: str, context: Context, changed: Item) -> None:
    if clause == "REMOVE":
        changed.pop(context.name(part), None)
    elif clause == "ADD":
        name, value = part.split(" ")
        total = (context.current(name) or 0) + context.value(value)
        changed[context.name(name)] = {"N": str(total)}
    else:
        name, value = part.split(" = ")
        if difference := DIFFERENCE.fullmatch(value):
            result = context.current(difference[1]) - context.value(difference[2])
            changed[context.name(name)] = {"N": str(result)}
        else:
            changed[context.name(name)] = context.values[value]
