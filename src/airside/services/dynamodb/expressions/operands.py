"""Operands bound to an item's attributes and the request's values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airside.services.dynamodb.expressions.placeholders import Parts
from airside.services.dynamodb.values import Item, Value, kind_of

Getter = Callable[[Item], Value | None]


@dataclass
class Bound:
    """An operand: how to get its value, and what is known of it beforehand."""

    get: Getter
    kind: str | None = None
    """The type of the value when it does not depend on the item."""
    constant: Value | None = None
    path: Parts | None = None


def constant(value: Value) -> Bound:
    """A `:value`."""
    return Bound(lambda _: value, kind_of(value), value)


def attribute(parts: Parts) -> Bound:
    """A document path."""
    return Bound(getter(parts), path=parts)


def getter(parts: Parts) -> Getter:
    """What finds the value at a path, None where there is none."""
    if len(parts) == 1:
        name: Any = parts[0]
        return lambda item: item.get(name)
    return lambda item: at(item, parts)


def at(item: Item, parts: Parts) -> Value | None:
    """The value at a path, None where there is none."""
    value: Value | None = item.get(parts[0])  # type: ignore[arg-type]
    for part in parts[1:]:
        if value is None:
            return None
        value = _step(value, part)
    return value


def _step(value: Value, part: str | int) -> Value | None:
    inner: Any
    if isinstance(part, int):
        inner = value.get("L")
        return inner[part] if inner is not None and part < len(inner) else None
    inner = value.get("M")
    return inner.get(part) if inner is not None else None


def shown(parts: Parts) -> str:
    """A path as AWS prints it: `[a, b, [0]]`."""
    return "[" + ", ".join(f"[{p}]" if isinstance(p, int) else p for p in parts) + "]"
