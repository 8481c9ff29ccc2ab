"""The JSONPath of mapping templates, mapping expressions and parameter mappings. Pure.

`$`, `.name`, `['name']`, `[0]`, `[-1]`, `[*]`, `.*`, `..name`, `[0:2]`; no filters.
"""

import re
from typing import Any

_STEP = re.compile(
    r"""\.\.(?P<deep>[\w-]+|\*)|\.(?P<name>[\w$-]+|\*)|\[\s*(?:(?P<index>-?\d+)|(?P<star>\*)|
    (?P<start>-?\d*):(?P<stop>-?\d*)|'(?P<single>[^']*)'|"(?P<double>[^"]*)")\s*\]""",
    re.VERBOSE,
)
_FOUND_MAX = 10_000


class PathError(ValueError):
    """No path, or one that leads to too much."""


def find(document: Any, path: str) -> Any:
    """What a path leads to; None where it leads nowhere; a list when it may lead to several.

    Raises PathError for what is no path.
    """
    path = path.strip()
    if path.startswith("$"):
        path = path[1:]
    elif path and path[0] not in ".[":
        path = "." + path
    here, several, position = [document], False, 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            raise PathError(f"invalid JSONPath: ${path}")
        position = step.end()
        here, many = _follow(here, step)
        several = several or many
        if len(here) > _FOUND_MAX:
            raise PathError("the JSONPath finds too much")
    if several:
        return here
    return here[0] if here else None


def _follow(here: list[Any], step: "re.Match[str]") -> tuple[list[Any], bool]:
    if step["deep"] is not None:
        return [found for value in here for found in _below(value, step["deep"])], True
    if step["star"] or step["name"] == "*":
        return [found for value in here for found in _children(value)], True
    if step["index"] is not None:
        index = int(step["index"])
        return [value[index] for value in here if isinstance(value, list)
                and -len(value) <= index < len(value)], False  # fmt: skip
    if step["start"] is not None:
        start = int(step["start"]) if step["start"] else None
        stop = int(step["stop"]) if step["stop"] else None
        return [found for value in here if isinstance(value, list)
                for found in value[start:stop]], True  # fmt: skip
    name = next(step[kind] for kind in ("name", "single", "double") if step[kind] is not None)
    return [value[name] for value in here if isinstance(value, dict) and name in value], False


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _below(value: Any, name: str) -> list[Any]:
    """Every member `name` at any depth, outer ones first."""
    found, waiting = [], [value]
    while waiting:
        held = waiting.pop(0)
        if isinstance(held, dict) and name in held:
            found.append(held[name])
        children = _children(held)
        if name == "*":
            found += children
        waiting += children
    return found
