"""Which route a request takes. Compiled once per deployment. Pure.

A path segment that stands literally in a route wins over a variable, a variable over a greedy one;
at one path its own method wins over ANY; a path without the method at all is as if it were not
there. What matches nothing takes `$default`.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote

T = TypeVar("T")
DEFAULT = "$default"


@dataclass(slots=True)
class _Leaf(Generic[T]):
    target: T
    variables: tuple[str, ...]


@dataclass(slots=True)
class _Node(Generic[T]):
    literal: "dict[str, _Node[T]]" = field(default_factory=dict)
    variable: "_Node[T] | None" = None
    here: dict[str, _Leaf[T]] = field(default_factory=dict)
    greedy: dict[str, _Leaf[T]] = field(default_factory=dict)


class Matcher(Generic[T]):
    """The routes of one deployment, as a tree over path segments."""

    def __init__(self, routes: Iterable[tuple[str, T]]) -> None:
        """`routes` are pairs of a route key (`GET /pets/{id}`) and what it stands for."""
        self._root: _Node[T] = _Node()
        self._default: T | None = None
        for key, target in routes:
            if key == DEFAULT:
                self._default = target
            else:
                method, _, path = key.partition(" ")
                self._add(method, path, target)

    def _add(self, method: str, path: str, target: T) -> None:
        node, variables = self._root, []
        for segment in path.split("/")[1:]:
            if segment.startswith("{") and segment.endswith("+}"):
                variables.append(segment[1:-2])
                node.greedy[method] = _Leaf(target, tuple(variables))
                return
            if segment.startswith("{") and segment.endswith("}"):
                variables.append(segment[1:-1])
                node.variable = node.variable or _Node()
                node = node.variable
            else:
                node = node.literal.setdefault(segment, _Node())
        node.here[method] = _Leaf(target, tuple(variables))

    def match(
        self, method: str, path: str, *, decode: bool = True
    ) -> tuple[T, dict[str, str]] | None:
        """The route of a request and its path parameters. `path` is as on the wire."""
        segments = path.split("/")[1:]
        if decode and "%" in path:
            segments = [unquote(segment) for segment in segments]
        found = _search(self._root, method, segments, 0, ())
        if found is not None:
            leaf, values = found
            return leaf.target, dict(zip(leaf.variables, values, strict=True))
        return None if self._default is None else (self._default, {})


def _search(
    node: _Node[T], method: str, segments: Sequence[str], position: int, values: tuple[str, ...]
) -> tuple[_Leaf[T], tuple[str, ...]] | None:
    if position == len(segments):
        leaf = node.here.get(method) or node.here.get("ANY")
        return (leaf, values) if leaf else None
    segment = segments[position]
    below = node.literal.get(segment)
    if below is not None:
        found = _search(below, method, segments, position + 1, values)
        if found is not None:
            return found
    if node.variable is not None and segment:
        found = _search(node.variable, method, segments, position + 1, (*values, segment))
        if found is not None:
            return found
    leaf = node.greedy.get(method) or node.greedy.get("ANY")
    if leaf is not None and (segment or position + 1 < len(segments)):
        return leaf, (*values, "/".join(segments[position:]))
    return None
