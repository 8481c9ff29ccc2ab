"""Projections: which paths of an item a response shows."""

from collections.abc import Sequence
from typing import Any

from airside.services.dynamodb.expressions.lexer import ExpressionError
from airside.services.dynamodb.expressions.operands import shown
from airside.services.dynamodb.expressions.placeholders import Parts, Placeholders
from airside.services.dynamodb.expressions.syntax import Path
from airside.services.dynamodb.values import Item, Value

Tree = dict[str | int, Any]
"""Path parts to trees of what is wanted below them; an empty tree wants all."""


class Projection:
    """A set of paths that do not overlap."""

    __slots__ = ("_flat", "_tree", "heads", "nested")

    def __init__(self, paths: Sequence[Parts]) -> None:
        self._flat = [parts[0] for parts in paths] if all(len(p) == 1 for p in paths) else None
        self._tree: Tree = {}
        for parts in paths:
            node = self._tree
            for part in parts:
                node = node.setdefault(part, {})
        self.heads = frozenset(str(parts[0]) for parts in paths)
        """The top-level attributes it needs."""
        self.nested = frozenset(str(parts[0]) for parts in paths if len(parts) > 1)
        """Those of them that it looks into."""

    @classmethod
    def bind(cls, paths: tuple[Path, ...], given: Placeholders) -> "Projection":
        """From a parsed expression. Raises ExpressionError where paths overlap."""
        resolved = [given.parts(path) for path in paths]
        check_overlaps(resolved)
        return cls(resolved)

    def apply(self, item: Item) -> Item:
        """The part of `item` that is wanted."""
        if self._flat is not None:
            return {name: item[name] for name in self._flat if name in item}
        return _pick_map(item, self._tree)


def _pick_map(members: dict[str, Value], tree: Tree) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for part, below in tree.items():
        if isinstance(part, str) and part in members:
            value = _pick(members[part], below)
            if value is not None:
                found[part] = value
    return found


def _pick(value: Value, tree: Tree) -> Value | None:
    if not tree:
        return value
    if "M" in value:
        members = _pick_map(value["M"], tree)
        return {"M": members} if members else None
    if "L" in value:
        elements = _pick_list(value["L"], tree)
        return {"L": elements} if elements else None
    return None


def _pick_list(elements: list[Value], tree: Tree) -> list[Value]:
    """The wanted elements, closed up, in the order of the list."""
    found: list[Value] = []
    for position in sorted(part for part in tree if isinstance(part, int)):
        if position < len(elements):
            value = _pick(elements[position], tree[position])
            if value is not None:
                found.append(value)
    return found


def check_overlaps(paths: Sequence[Parts]) -> None:
    """Refuse paths of which one lies in another, or that treat one place as map and list.

    Message and order of the two paths are AWS's: the path written first comes first.
    """
    if len(paths) < 2:
        return
    root: Tree = {}
    for position, parts in enumerate(paths):
        _insert(root, parts, paths[:position])


def _insert(root: Tree, parts: Parts, earlier: Sequence[Parts]) -> None:
    node, new = root, False
    for depth, part in enumerate(parts):
        if depth and not node and not new:
            raise _overlap(earlier, parts)
        if node and not new and isinstance(part, int) != isinstance(next(iter(node)), int):
            raise _conflict(earlier, parts, depth)
        if part not in node:
            new = True
            node[part] = {}
        node = node[part]
    if not new:
        raise _overlap(earlier, parts)


def _overlap(earlier: Sequence[Parts], parts: Parts) -> ExpressionError:
    other = next(
        path for path in earlier
        if path[: len(parts)] == parts[: len(path)]
    )  # fmt: skip
    return ExpressionError(
        "Two document paths overlap with each other; must remove or rewrite one of these paths; "
        f"path one: {shown(other)}, path two: {shown(parts)}"
    )


def _conflict(earlier: Sequence[Parts], parts: Parts, depth: int) -> ExpressionError:
    other = next(
        path for path in earlier
        if len(path) > depth and path[:depth] == parts[:depth]
        and isinstance(path[depth], int) != isinstance(parts[depth], int)
    )  # fmt: skip
    return ExpressionError(
        "Two document paths conflict with each other; must remove or rewrite one of these paths; "
        f"path one: {shown(other)}, path two: {shown(parts)}"
    )
