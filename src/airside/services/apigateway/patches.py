"""Patch operations: how the Update... operations say what changes. Pure.

`{"op": "replace", "path": "/binaryMediaTypes/image~1png", "value": "..."}`, after RFC 6902 with
AWS's own rules of what may be done to which path.
https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from airside.services.apigateway.api import Members
from airside.services.apigateway.errors import BadRequestException

Operation = Mapping[str, Any]
Convert = Callable[[str], Any]


def text(value: str) -> str:
    """As it is."""
    return value


def boolean(value: str) -> bool:
    """`true`, whatever its case; everything else is false."""
    return value.lower() == "true"


def whole(value: str) -> int:
    """A whole number. Raises BadRequestException."""
    try:
        return int(value)
    except ValueError:
        raise BadRequestException(f"Invalid value '{value}': not a whole number") from None


def number(value: str) -> float:
    """A number. Raises BadRequestException."""
    try:
        return float(value)
    except ValueError:
        raise BadRequestException(f"Invalid value '{value}': not a number") from None


def segments(path: str) -> list[str]:
    """The parts of a JSON pointer."""
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


class Patch:
    """What may be patched of one kind of thing, and how.

    `scalars` are replaced as a whole; `optional` ones may also be removed (and added); entries of
    `maps` and of `lists` are added, replaced and removed one by one.
    """

    def __init__(
        self,
        *,
        scalars: Mapping[str, Convert] | None = None,
        optional: Mapping[str, Convert] | None = None,
        maps: Mapping[str, Convert] | None = None,
        lists: Sequence[str] = (),
        strict: bool = False,
    ) -> None:
        self._scalars = {**(scalars or {}), **(optional or {})}
        self._optional = frozenset(optional or {})
        self._maps = dict(maps or {})
        self._lists = frozenset(lists)
        self._strict = strict
        """Whether refusals name the paths that there are."""

    def apply(self, target: Members, operations: Sequence[Operation]) -> None:
        """Change `target` in place. Raises BadRequestException."""
        for operation in operations:
            self._apply(target, operation)
        for name in self._maps:
            if target.get(name) == {}:
                del target[name]

    def _apply(self, target: Members, operation: Operation) -> None:
        path, op = operation.get("path"), operation.get("op", "")
        if not path:
            raise BadRequestException("Invalid patch path null")
        name, *rest = segments(path)
        value = str(operation.get("value", ""))
        if name in self._scalars and not rest:
            self._scalar(target, operation, name, value)
        elif name in self._maps and len(rest) == 1:
            self._entry(target, op, name, rest[0], value, path)
        elif name in self._lists and len(rest) <= 1:
            self._item(target, op, name, rest[0] if rest else "", value, path)
        else:
            raise self._refusal(op, path)

    def _scalar(self, target: Members, operation: Operation, name: str, value: str) -> None:
        op, path = operation.get("op"), operation["path"]
        if op == "remove" and name in self._optional:
            target.pop(name, None)
        elif op == "replace" or (op == "add" and name in self._optional):
            target[name] = self._scalars[name](value)
        else:
            raise self._refusal(op or "", path)

    def _entry(self, target: Members, op: str, name: str, key: str, value: str, path: str) -> None:
        held = target.setdefault(name, {})
        if op == "remove":
            held.pop(key, None)
        elif op in {"add", "replace"}:
            held[key] = self._maps[name](value)
        else:
            raise self._refusal(op, path)

    def _item(self, target: Members, op: str, name: str, key: str, value: str, path: str) -> None:
        held: list[str] = target.setdefault(name, [])
        if not key:
            raise BadRequestException(f"Invalid patch path {path}")
        if op == "remove":
            if key in held:
                held.remove(key)
        elif op == "add":
            if key not in held:
                held.append(key)
        elif op == "replace" and path.count("/") > 1:
            if key in held:
                held.remove(key)
                held.append(value)
        else:
            raise BadRequestException(f"Invalid patch path {path}")

    def _refusal(self, op: str, path: str) -> BadRequestException:
        known = any(path == f"/{name}" for name in self._scalars)
        if self._strict and (known or op != "replace"):
            return BadRequestException(
                f"Invalid patch path  '{path}' specified for op '{op}'. "
                "Please choose supported operations"
            )
        if self._strict:
            paths = ", ".join(f"/{name}" for name in self._scalars)
            return BadRequestException(
                f"Invalid patch path  '{path}' specified for op '{op}'. Must be one of: [{paths}]"
            )
        if known:
            return BadRequestException(
                "Invalid patch operation specified. Must be one of: [replace]"
            )
        return BadRequestException(f"Invalid patch path {path}")
