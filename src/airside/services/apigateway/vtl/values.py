"""What can be done with values: their properties, their methods, operators between them. Pure."""

import re
from collections.abc import Callable, Mapping
from operator import add, floordiv, ge, gt, le, lt, mod, mul, sub
from typing import Any

from airside.kernel.regular_expressions import Effort, PatternError
from airside.services.apigateway.vtl.run import OUTPUT_CHARACTERS_MAX, Host, TemplateError, text

Method = Callable[..., Any]
_ITEMS_MAX = 100_000


def member(value: Any, name: str) -> Any:
    """`$value.name`; an empty text for what is not there."""
    if isinstance(value, dict):
        found = value.get(name)
    elif isinstance(value, Host):
        found = value.properties.get(name)
    else:
        found = None
    return "" if found is None else found


def item(value: Any, key: Any) -> Any:
    """`$value[key]`."""
    if isinstance(value, list):
        if isinstance(key, int) and -len(value) <= key < len(value):
            return value[key]
        return ""
    return member(value, text(key))


def put(value: Any, key: Any, new: Any) -> None:
    """`#set($value[key] = new)`."""
    if isinstance(value, dict):
        _bounded(value)
        value[text(key)] = new
    elif isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
        value[key] = new


def call(value: Any, name: str, arguments: list[Any], effort: Effort) -> Any:
    """`$value.name(...)`; an empty text for what cannot be called. Raises TemplateError."""
    table: Mapping[str, Method]
    receiver: list[Any]
    if isinstance(value, Host):
        table, receiver = value.methods, []
    elif isinstance(value, str) and name in _BY_EXPRESSION:
        table, receiver = _BY_EXPRESSION, [effort, value]
    else:
        table, receiver = _methods_of(value), [value]
    method = table.get(name)
    if method is None:
        return ""
    try:
        found = method(*receiver, *arguments)
    except (TypeError, ValueError, IndexError, PatternError) as error:
        raise TemplateError(f"{name}: {error}") from None
    return "" if found is None else found


def _methods_of(value: Any) -> Mapping[str, Method]:
    if isinstance(value, str):
        return _TEXT
    if isinstance(value, list):
        return _LIST
    if isinstance(value, dict):
        return _MAP
    return _ANY


def _bounded(value: dict[Any, Any] | list[Any]) -> None:
    if len(value) >= _ITEMS_MAX:
        raise TemplateError("too many items")


def _matches(effort: Effort, value: str, pattern: str) -> bool:
    return effort.fullmatch(pattern, value)


def _replace(value: str, old: str, new: str) -> str:
    _room(len(value) + value.count(old) * len(new))
    return value.replace(old, new)


def _replace_all(effort: Effort, value: str, pattern: str, new: str) -> str:
    return _replace_some(effort, value, pattern, new, 0)


def _replace_first(effort: Effort, value: str, pattern: str, new: str) -> str:
    return _replace_some(effort, value, pattern, new, 1)


def _replace_some(effort: Effort, value: str, pattern: str, new: str, count: int) -> str:
    fits = count or effort.count(pattern, value)
    _room(len(value) * (1 + new.count("$")) + fits * len(new))
    escaped = new.replace("\\", "\\\\")
    return effort.replace(pattern, re.sub(r"\$(\d)", r"\\g<\1>", escaped), value, count)


def _split(effort: Effort, value: str, pattern: str, limit: int = 0) -> list[str]:
    parts = effort.split(pattern, value, max(limit - 1, 0))
    while limit == 0 and len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


def _room(characters: int) -> None:
    if characters > OUTPUT_CHARACTERS_MAX:
        raise TemplateError("the text is too large")


def _concat(value: str, other: str) -> str:
    _room(len(value) + len(other))
    return value + other


_BY_EXPRESSION: Mapping[str, Method] = {
    "matches": _matches,
    "replaceAll": _replace_all,
    "replaceFirst": _replace_first,
    "split": _split,
}
"""Methods of texts that take a regular expression."""
_ANY: Mapping[str, Method] = {
    "toString": text,
    "equals": lambda value, other: value == other,
    "intValue": int,
    "doubleValue": float,
    "longValue": int,
}
_TEXT: Mapping[str, Method] = {
    "charAt": lambda value, index: value[index],
    "concat": lambda value, other: _concat(value, text(other)),
    "contains": lambda value, part: text(part) in value,
    "endsWith": lambda value, end: value.endswith(end),
    "equals": lambda value, other: value == other,
    "equalsIgnoreCase": lambda value, other: value.lower() == text(other).lower(),
    "indexOf": lambda value, part, start=0: value.find(part, start),
    "isEmpty": lambda value: not value,
    "lastIndexOf": lambda value, part: value.rfind(part),
    "length": len,
    "replace": lambda value, old, new: _replace(value, text(old), text(new)),
    "size": len,
    "startsWith": lambda value, start: value.startswith(start),
    "substring": lambda value, start, end=None: value[start:end],
    "toLowerCase": str.lower,
    "toString": text,
    "toUpperCase": str.upper,
    "trim": str.strip,
}


def _list_add(value: list[Any], *given: Any) -> bool:
    _bounded(value)
    if len(given) == 2:
        value.insert(given[0], given[1])
    else:
        value.append(given[0])
    return True


def _list_set(value: list[Any], index: int, new: Any) -> Any:
    old, value[index] = value[index], new
    return old


def _list_remove(value: list[Any], key: Any) -> Any:
    if isinstance(key, int) and not isinstance(key, bool):
        return value.pop(key)
    if key in value:
        value.remove(key)
        return True
    return False


_LIST: Mapping[str, Method] = {
    "add": _list_add,
    "addAll": lambda value, other: bool(value.extend(other[:_ITEMS_MAX])) or True,
    "contains": lambda value, other: other in value,
    "get": lambda value, index: value[index],
    "indexOf": lambda value, other: value.index(other) if other in value else -1,
    "isEmpty": lambda value: not value,
    "remove": _list_remove,
    "set": _list_set,
    "size": len,
    "toString": text,
}


def _map_put(value: dict[str, Any], key: Any, new: Any) -> Any:
    _bounded(value)
    old = value.get(text(key))
    value[text(key)] = new
    return old


_MAP: Mapping[str, Method] = {
    "containsKey": lambda value, key: text(key) in value,
    "containsValue": lambda value, other: other in value.values(),
    "entrySet": lambda value: [
        {"key": key, "value": held, "getKey": key, "getValue": held} for key, held in value.items()
    ],
    "get": lambda value, key: value.get(text(key)),
    "getKey": lambda value: value.get("key"),
    "getValue": lambda value: value.get("value"),
    "isEmpty": lambda value: not value,
    "keySet": list,
    "put": _map_put,
    "putAll": lambda value, other: value.update(other),
    "remove": lambda value, key: value.pop(text(key), None),
    "size": len,
    "toString": text,
    "values": lambda value: list(value.values()),
}


def equal(left: Any, right: Any) -> bool:
    """`==`: numbers by value, everything else also by how it looks."""
    return bool(left == right) or text(left) == text(right)


def arithmetic(operator: str, left: Any, right: Any) -> Any:
    """`+ - * / %`; null where that makes no sense."""
    numbers = _number(left) and _number(right)
    if not numbers:
        is_text = isinstance(left, str) or isinstance(right, str)
        return _concat(text(left), text(right)) if operator == "+" and is_text else None
    if operator in "/%" and right == 0:
        return None
    whole = isinstance(left, int) and isinstance(right, int)
    if operator == "/":
        return int(left / right) if whole and abs(left) < 1 << 53 else left / right
    found = {"+": add, "-": sub, "*": mul, "%": mod, "//": floordiv}[operator](left, right)
    if isinstance(found, int) and abs(found) >= 1 << 63:
        raise TemplateError("the number is too large")
    return found


def compare(operator: str, left: Any, right: Any) -> bool:
    """`< <= > >=` between numbers, or between texts."""
    if not (_number(left) and _number(right)) and not (
        isinstance(left, str) and isinstance(right, str)
    ):
        return False
    return bool({"<": lt, "<=": le, ">": gt, ">=": ge}[operator](left, right))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
