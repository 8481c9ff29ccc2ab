"""JSON Schema, draft 4, as models use it: what is wrong with a document. Pure.

https://datatracker.ietf.org/doc/html/draft-fge-json-schema-validation-00
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from airside.kernel.regular_expressions import Effort, PatternError, TooSlow

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _number(value) and float(value).is_integer(),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
}
_DEPTH_MAX = 100
_STEPS_MAX = 300_000


def problems(document: Any, schema: Any, models: Mapping[str, str]) -> list[str]:
    """What is wrong, in words; nothing when the document fits.

    `models` holds other schemas by name: `https://.../models/NAME` refers to one.
    """
    found: list[str] = []
    try:
        found += _Check(models, schema, _Bounds()).problems(document, schema, 0)
    except TooSlow:
        found.append("the document takes too long to validate")
    return found


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


class _Bounds:
    """How much work one document may make: schemas that refer to themselves twice never end."""

    def __init__(self) -> None:
        self.effort = Effort()
        self._steps = 0

    def tick(self) -> None:
        """Count a step. Raises TooSlow."""
        self._steps += 1
        if self._steps > _STEPS_MAX:
            raise TooSlow

    def fits(self, pattern: str, text: str, *, otherwise: bool) -> bool:
        """Whether some of `text` fits; `otherwise` for what is no expression. Raises TooSlow."""
        try:
            return self.effort.search(pattern, text)
        except TooSlow:
            raise
        except PatternError:
            return otherwise


class _Check:
    def __init__(self, models: Mapping[str, str], root: Any, bounds: _Bounds) -> None:
        self._models = models
        self._root = root
        self._bounds = bounds

    def problems(self, value: Any, schema: Any, depth: int) -> Iterator[str]:
        if not isinstance(schema, dict):
            return
        self._bounds.tick()
        if depth > _DEPTH_MAX:
            yield "the document nests too deeply"
            return
        if "$ref" in schema:
            root, found = self._resolve(str(schema["$ref"]))
            check = self if root is self._root else _Check(self._models, root, self._bounds)
            yield from check.problems(value, found, depth + 1)
            return
        yield from self._general(value, schema, depth)
        if isinstance(value, dict):
            yield from self._object(value, schema, depth)
        elif isinstance(value, list):
            yield from self._array(value, schema, depth)
        elif isinstance(value, str):
            yield from self._text(value, schema)
        elif _number(value):
            yield from _numeric(value, schema)

    def _resolve(self, reference: str) -> tuple[Any, Any]:
        address, _, pointer = reference.partition("#")
        root = self._root
        if address:
            try:
                root = json.loads(self._models.get(address.rpartition("/")[2], "{}"))
            except ValueError:
                root = {}
        found = root
        for part in filter(None, pointer.split("/")):
            key = part.replace("~1", "/").replace("~0", "~")
            found = found.get(key, {}) if isinstance(found, dict) else {}
        return root, found

    def _fits(self, value: Any, schema: Any, depth: int) -> bool:
        return next(self.problems(value, schema, depth + 1), None) is None

    def _general(self, value: Any, schema: Mapping[str, Any], depth: int) -> Iterator[str]:
        kinds = schema.get("type")
        kinds = [kinds] if isinstance(kinds, str) else kinds or []
        if kinds and not any(kind in _TYPES and _TYPES[kind](value) for kind in kinds):
            yield (
                f"instance type ({_type_of(value)}) does not match any allowed primitive type "
                f"(allowed: {json.dumps(sorted(kinds))})"
            )
        if "enum" in schema and not any(_same(value, item) for item in schema["enum"]):
            yield f"instance value ({json.dumps(value)}) not found in enum"
        for part in schema.get("allOf", ()):
            yield from self.problems(value, part, depth + 1)
        if "anyOf" in schema and not any(self._fits(value, p, depth) for p in schema["anyOf"]):
            yield "instance failed to match at least one required schema"
        if "oneOf" in schema:
            count = sum(self._fits(value, part, depth) for part in schema["oneOf"])
            if count != 1:
                yield f"instance failed to match exactly one schema (matched {count})"
        if "not" in schema and self._fits(value, schema["not"], depth):
            yield "instance matched a schema which it should not have"

    def _object(
        self, value: dict[str, Any], schema: Mapping[str, Any], depth: int
    ) -> Iterator[str]:
        required = schema.get("required")
        missing = (
            [name for name in required if name not in value] if isinstance(required, list) else []
        )
        if missing:
            yield f"object has missing required properties ({json.dumps(missing)})"
        known = schema.get("properties") or {}
        patterns = schema.get("patternProperties") or {}
        for name, item in value.items():
            seen = name in known
            if seen:
                yield from self.problems(item, known[name], depth + 1)
            for pattern, part in patterns.items():
                if self._bounds.fits(pattern, name, otherwise=False):
                    seen = True
                    yield from self.problems(item, part, depth + 1)
            more = schema.get("additionalProperties", True)
            if not seen and more is False:
                yield f"object instance has properties which are not allowed ({json.dumps(name)})"
            elif not seen and isinstance(more, dict):
                yield from self.problems(item, more, depth + 1)
        yield from self._size_of_object(value, schema, depth)

    def _size_of_object(
        self, value: dict[str, Any], schema: Mapping[str, Any], depth: int
    ) -> Iterator[str]:
        if len(value) < schema.get("minProperties", 0):
            yield "object has too few properties"
        if len(value) > schema.get("maxProperties", len(value)):
            yield "object has too many properties"
        for name, needed in (schema.get("dependencies") or {}).items():
            if name in value and isinstance(needed, list):
                lacking = [other for other in needed if other not in value]
                if lacking:
                    yield f"property {json.dumps(name)} depends on {json.dumps(lacking)}"
            elif name in value:
                yield from self.problems(value, needed, depth + 1)

    def _array(self, value: list[Any], schema: Mapping[str, Any], depth: int) -> Iterator[str]:
        items = schema.get("items")
        for index, item in enumerate(value):
            if isinstance(items, dict):
                yield from self.problems(item, items, depth + 1)
            elif isinstance(items, list) and index < len(items):
                yield from self.problems(item, items[index], depth + 1)
            elif isinstance(items, list):
                more = schema.get("additionalItems", True)
                if more is False:
                    yield "array has more elements than allowed"
                    break
                yield from self.problems(item, more, depth + 1)
        if len(value) < schema.get("minItems", 0):
            yield "array is too short"
        if len(value) > schema.get("maxItems", len(value)):
            yield "array is too long"
        if schema.get("uniqueItems") is True:
            texts = [json.dumps(item, sort_keys=True) for item in value]
            if len(set(texts)) != len(texts):
                yield "array must not contain duplicate elements"

    def _text(self, value: str, schema: Mapping[str, Any]) -> Iterator[str]:
        if len(value) < schema.get("minLength", 0):
            yield f'string "{value}" is too short'
        if len(value) > schema.get("maxLength", len(value)):
            yield f'string "{value}" is too long'
        pattern = schema.get("pattern")
        if isinstance(pattern, str) and not self._bounds.fits(pattern, value, otherwise=True):
            yield f'ECMA 262 regex "{pattern}" does not match input string "{value}"'


def _type_of(value: Any) -> str:
    return next(
        (name for name in ("null", "boolean", "integer", "number", "string", "array", "object")
         if _TYPES[name](value)), "unknown"
    )  # fmt: skip


def _numeric(value: float, schema: Mapping[str, Any]) -> Iterator[str]:
    low, high, step = (schema.get(name) for name in ("minimum", "maximum", "multipleOf"))
    if low is not None and (value < low or (schema.get("exclusiveMinimum") and value == low)):
        yield f"numeric instance is lower than the required minimum (minimum: {low})"
    if high is not None and (value > high or (schema.get("exclusiveMaximum") and value == high)):
        yield f"numeric instance is greater than the required maximum (maximum: {high})"
    if step and abs(value / step - round(value / step)) > 1e-9:
        yield f"remainder of division is not zero ({value} / {step})"
