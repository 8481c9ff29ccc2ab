"""Who needs whom: the dependencies between the resources of a template. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from airside.services.cloudformation.template import Path, Template

_VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")
Graph = Mapping[str, frozenset[str]]
"""Each resource with the resources that must be there before it."""


def references(
    value: Any, path: Path, holds: Callable[[str], bool] | None = None
) -> Iterator[tuple[str, Path]]:
    """The names that Ref, Fn::GetAtt and Fn::Sub in `value` speak of, with their places.

    With `holds` (the values of conditions) only the chosen branch of each Fn::If counts.
    """
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from references(item, (*path, index), holds)
        return
    if not isinstance(value, dict):
        return
    if len(value) == 1:
        name, argument = next(iter(value.items()))
        found = _direct(name, argument)
        yield from ((target, (*path, name)) for target in found)
        if holds and name == "Fn::If" and isinstance(argument, list) and len(argument) == 3:
            chosen = 1 if holds(argument[0]) else 2
            yield from references(argument[chosen], (*path, name, chosen), holds)
            return
    for key, item in value.items():
        yield from references(item, (*path, key), holds)


def _direct(name: str, argument: Any) -> list[str]:
    match name, argument:
        case "Ref", str():
            return [argument]
        case "Fn::GetAtt", str():
            return [argument.partition(".")[0]]
        case "Fn::GetAtt", [str() as resource, *_]:
            return [resource]
        case "Fn::Sub", str():
            return _variables(argument)
        case "Fn::Sub", [str() as template, dict() as local]:
            return [found for found in _variables(template) if found not in local]
    return []


def _variables(template: str) -> list[str]:
    names = (found.strip() for found in _VARIABLE.findall(template))
    return [name if name.startswith("AWS::") else name.partition(".")[0] for name in names]


def dependencies(template: Template, conditions: Mapping[str, bool] | None = None) -> Graph:
    """The graph of the resources whose condition holds (of all, when conditions are not known)."""
    resources = {
        name: resource
        for name, resource in template.section("Resources").items()
        if conditions is None or conditions.get(resource.get("Condition", ""), True)
    }
    holds = None if conditions is None else (lambda name: conditions.get(name, False))
    graph: dict[str, frozenset[str]] = {}
    for name, resource in resources.items():
        explicit = resource.get("DependsOn", [])
        needed = {explicit} if isinstance(explicit, str) else set(explicit)
        needed.update(target for target, _ in references(resource.get("Properties"), (), holds))
        graph[name] = frozenset(needed & resources.keys()) - {name}
    return graph


def reverse(graph: Graph) -> Graph:
    """Each resource with those that must be gone before it."""
    turned: dict[str, set[str]] = {name: set() for name in graph}
    for name, needed in graph.items():
        for target in needed:
            turned.setdefault(target, set()).add(name)
    return {name: frozenset(users) for name, users in turned.items()}


def order(graph: Graph) -> list[str]:
    """Every resource after those it needs; the template's order where there is a choice."""
    done: dict[str, None] = {}
    waiting = dict(graph)
    while waiting:
        ready = [name for name, needed in waiting.items() if not needed - done.keys()]
        if not ready:
            break
        for name in ready:
            done[name] = None
            del waiting[name]
    return list(done)


def cycle(template: Template) -> list[str]:
    """The resources that wait for each other, if there are such."""
    graph = dependencies(template)
    own = [
        name
        for name, resource in template.section("Resources").items()
        if any(target == name for target, _ in references(resource.get("Properties"), ()))
    ]
    stuck = [name for name in graph if name not in set(order(graph))]
    return own or _core(graph, stuck)


def _core(graph: Graph, stuck: list[str]) -> list[str]:
    """`stuck` without those that only wait for the loop and are no part of it."""
    left = set(stuck)
    while True:
        needed = set().union(*(graph[name] for name in left)) if left else set()
        if left <= needed:
            return [name for name in stuck if name in left]
        left &= needed
