"""REST routes: which operation a method, a path and a query string mean.

Compiled once per service from the model's `http` traits into a tree over path segments. Operations
that share a path are told apart by the query keys in their URI (`?uploads`, `?list-type=2`), by the
query parameters they require (`uploadId`) and by the headers they require (`x-amz-copy-source`);
the one that asks for most and gets it all wins.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

from airside.protocol.models import OperationModel, ServiceModel

Labels = dict[str, str]
_IGNORED_KEYS = frozenset({"x-id"})


def parse_query(text: str, errors: str = "strict") -> dict[str, list[str]]:
    """Query parameters in order, decoded; a bare key has the value ``.

    Raises ValueError when something is not UTF-8, unless `errors` is `replace`.
    """
    found: dict[str, list[str]] = {}
    if not text:
        return found
    for pair in text.split("&"):
        if not pair:
            continue
        key, _, value = pair.partition("=")
        found.setdefault(decode(key, errors), []).append(decode(value, errors))
    return found


def decode(text: str, errors: str = "strict") -> str:
    """One part of a query string, where `+` is a space."""
    return decode_segment(text.replace("+", " ") if "+" in text else text, errors)


def decode_segment(text: str, errors: str = "strict") -> str:
    """One part of a path, where `+` is a plus."""
    if not text.isascii():
        text = text.encode("latin-1", "replace").decode("utf-8", errors)
    return unquote(text, errors=errors) if "%" in text else text


class Template:
    """The path of one operation, e.g. `/{Bucket}/{Key+}`."""

    __slots__ = ("greedy", "labels", "segments", "splits")

    def __init__(self, path: str) -> None:
        self.segments = path.strip("/").split("/") if path.strip("/") else []
        self.greedy = bool(self.segments) and self.segments[-1].endswith("+}")
        self.splits = len(self.segments) if self.greedy else -1
        self.labels = [
            (number, segment[1:-1].rstrip("+"))
            for number, segment in enumerate(self.segments, 1)
            if segment.startswith("{")
        ]

    def extract(self, path: str) -> Labels:
        """The labels of a path that matches. Raises ValueError when they are not UTF-8."""
        parts = path.split("/", self.splits)
        return {name: decode_segment(parts[number]) for number, name in self.labels}


@dataclass(frozen=True, slots=True)
class Route:
    """One operation and what must be there beside its path."""

    operation: str
    template: Template
    static: tuple[tuple[str, str | None], ...]
    """Query keys of the URI, with their value or None."""
    query: tuple[str, ...]
    headers: tuple[str, ...]

    @property
    def weight(self) -> tuple[int, int]:
        """How much it asks for; more goes first."""
        return len(self.static), len(self.query) + len(self.headers)

    def fits(self, query: Mapping[str, list[str]]) -> bool:
        """Whether the query keys of its URI are there."""
        for key, value in self.static:
            values = query.get(key)
            if values is None or (value is not None and values[0] != value):
                return False
        return True

    def satisfied(self, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> bool:
        """Whether the parameters and headers it requires are there."""
        return all(key in query for key in self.query) and all(
            name in headers for name in self.headers
        )


@dataclass(slots=True)
class _Node:
    """What may follow one prefix of segments."""

    static: dict[str, "_Node"] = field(default_factory=dict)
    label: "_Node | None" = None
    greedy: list[Route] = field(default_factory=list)
    here: list[Route] = field(default_factory=list)
    plain_greedy: list[Route] = field(default_factory=list)
    """Of `greedy`, those that a request without a query string may mean."""
    plain_here: list[Route] = field(default_factory=list)


class Router:
    """All routes of one service."""

    def __init__(self, model: ServiceModel) -> None:
        self._roots: dict[str, _Node] = {}
        skip = frozenset(model.overlay.unrouted)
        for name in model.operation_names:
            if name not in skip:
                self._add(model, name)
        for root in self._roots.values():
            _order(root)

    def _add(self, model: ServiceModel, name: str) -> None:
        definition = model.definition(name)
        route = _route(model.operation(name))
        node = self._roots.setdefault(definition.http.method, _Node())
        segments = route.template.segments
        for segment in segments[:-1] if route.template.greedy else segments:
            if segment.startswith("{"):
                node.label = node.label or _Node()
                node = node.label
            else:
                node = node.static.setdefault(segment, _Node())
        bucket = node.greedy if route.template.greedy else node.here
        if definition.deprecated:
            bucket.append(route)
        else:
            bucket.insert(0, route)

    def find(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> Route | None:
        """The route of a request, or None."""
        root = self._roots.get(method)
        if root is None:
            return None
        parameters = parse_query(query, "replace")
        return _search(root, path.split("/"), 1, _Asked(parameters, headers))


class _Asked(NamedTuple):
    """What a request brings beside its path."""

    query: Mapping[str, list[str]]
    headers: Mapping[str, str]


def _search(node: _Node, segments: list[str], at: int, asked: _Asked) -> Route | None:
    rest = len(segments) - at
    if rest <= 0 or (rest == 1 and segments[at] == ""):
        return _pick(node.here if asked.query else node.plain_here, asked)
    segment = segments[at]
    below = node.static.get(segment)
    if below is not None:
        found = _search(below, segments, at + 1, asked)
        if found is not None:
            return found
    if node.label is not None and segment:
        found = _search(node.label, segments, at + 1, asked)
        if found is not None:
            return found
    return _pick(node.greedy if asked.query else node.plain_greedy, asked)


def _pick(routes: list[Route], asked: _Asked) -> Route | None:
    """The best of the routes that share a path; they stand with the most demanding first.

    A required parameter tells operations apart; where it tells nothing apart, its absence is the
    operation's to complain about.
    """
    best: Route | None = None
    for route in routes:
        if best is not None and len(route.static) < len(best.static):
            break
        if not route.static or route.fits(asked.query):
            if route.satisfied(asked.query, asked.headers):
                return route
            best = route
    return best


def _order(node: _Node) -> None:
    node.here.sort(key=lambda route: route.weight, reverse=True)
    node.greedy.sort(key=lambda route: route.weight, reverse=True)
    node.plain_here = [route for route in node.here if not route.static]
    node.plain_greedy = [route for route in node.greedy if not route.static]
    for below in node.static.values():
        _order(below)
    if node.label is not None:
        _order(node.label)


def _route(operation: OperationModel) -> Route:
    path, _, query = operation.uri.partition("?")
    static: list[tuple[str, str | None]] = []
    for pair in query.split("&") if query else []:
        key, has_value, value = pair.partition("=")
        if key not in _IGNORED_KEYS:
            static.append((key, value if has_value else None))
    needs: dict[str, list[str]] = {"querystring": [], "header": []}
    if operation.input is not None:
        for name in operation.input.required:
            member = operation.input.members[name]
            if member.location in needs:
                needs[member.location].append(member.wire.lower() if member.location == "header"
                                              else member.wire)  # fmt: skip
    return Route(
        operation=operation.name,
        template=Template(path),
        static=tuple(static),
        query=tuple(needs["querystring"]),
        headers=tuple(needs["header"]),
    )


def router(model: ServiceModel) -> Router:
    """The service's router, compiled on first use."""
    found: Any = model.programs.get("router")
    if found is None:
        found = model.programs["router"] = Router(model)
    return found  # type: ignore[no-any-return]


def match(
    model: ServiceModel, method: str, path: str, query_string: str, headers: Mapping[str, str]
) -> tuple[str, Labels] | None:
    """The operation a request means and its path labels, decoded; None when there is none."""
    route = router(model).find(method, path, query_string, headers)
    if route is None:
        return None
    try:
        return route.operation, route.template.extract(path)
    except ValueError:
        return None
