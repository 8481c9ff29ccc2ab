"""Attribute values in wire form: `{"S": "x"}`, `{"N": "12"}`, `{"B": "<base64>"}` and so on.

A checked value is canonical: numbers have their canonical text and sets are sorted, so two values
are equal exactly when their dictionaries are. What has the wrong JSON type is refused without a
word: `airside.protocol.json_words` tells clients what it is, before anything else that is wrong.
"""

from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from airside.protocol.json_words import truth_of
from airside.services.dynamodb import numbers
from airside.services.dynamodb.errors import SerializationException
from airside.services.dynamodb.limits import ATTRIBUTE_NAME_BYTES_MAX, NESTING_MAX
from airside.services.dynamodb.problems import InvalidValue, Malformed

Value = dict[str, Any]
Item = dict[str, Value]

TYPES = ("S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL")
_INVALID = "One or more parameter values were invalid: "
_LAST_CHARACTERS = {1: "AEIMQUYcgkosw048", 2: "AQgw"}
"""Before so many characters of padding: those without bits that would be lost."""


def kind_of(value: Value) -> str:
    """The type of a checked value: its only key."""
    for kind in value:
        return kind
    raise AssertionError("an attribute value without a type")


def check(value: Any, depth: int = 1) -> int:
    """Check one value, make it canonical in place and return its size in bytes."""
    if type(value) is not dict:
        raise SerializationException("Unexpected value type in payload")
    if len(value) != 1:
        _check_one_type(value)
    for kind, content in value.items():
        if kind == "S" and content.__class__ is str:
            return len(content) if content.isascii() else text_size(content)
        checker = _CHECKERS.get(kind)
        if checker is not None and content is not None:
            return checker(value, content, depth)
    raise Malformed(
        "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
    )


def check_item(item: Any) -> int:
    """Check every attribute, make the item canonical in place and return its size in bytes."""
    if type(item) is not dict:
        raise SerializationException
    total = 0
    for name, value in item.items():
        text = value.get("S") if value.__class__ is dict and len(value) == 1 else None
        if text.__class__ is str:
            total += len(text) if text.isascii() else text_size(text)
        else:
            total += check(value)
        total += len(name) if name.isascii() else text_size(name)
        if not 0 < len(name) <= ATTRIBUTE_NAME_BYTES_MAX // 4:
            _check_name(name)
    return total


def _check_name(name: str) -> None:
    if not name:
        raise InvalidValue("Empty attribute name")
    if text_size(name) > ATTRIBUTE_NAME_BYTES_MAX:
        raise InvalidValue(_INVALID + "Attribute name is too large, must be less than 65536 bytes")


check_name = _check_name


def text_size(text: str) -> int:
    """Bytes of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _check_one_type(value: Value) -> None:
    for kind in [kind for kind, content in value.items() if content is None or kind not in TYPES]:
        del value[kind]
    if len(value) > 1:
        for kind, content in list(value.items()):
            _CHECKERS[kind]({kind: content}, content, 1)
        raise Malformed(
            "Supplied AttributeValue has more than one datatypes set, "
            "must contain exactly one of the supported datatypes"
        )


def _text(content: Any) -> str:
    if type(content) is str:
        return content
    raise SerializationException


def _check_text(value: Value, content: Any, depth: int) -> int:
    return text_size(_text(content))


def _check_number(value: Value, content: Any, depth: int) -> int:
    text = numbers.canonical(_text(content))
    value["N"] = text
    return numbers.size(text)


def _binary_size(content: Any) -> int:
    """The number of bytes behind base64 text, which must be the canonical one."""
    text = _text(content)
    if text.endswith("="):
        padding = 2 if text.endswith("==") else 1
        if text[-1 - padding] not in _LAST_CHARACTERS[padding]:
            raise SerializationException
    try:
        return len(a2b_base64(text, strict_mode=True))
    except (Base64Error, ValueError):
        raise SerializationException from None


def _check_binary(value: Value, content: Any, depth: int) -> int:
    return _binary_size(content)


def _truth(content: Any) -> bool:
    found = truth_of(content) if type(content) is str else content
    if type(found) is not bool:
        raise SerializationException
    return found


def _check_bool(value: Value, content: Any, depth: int) -> int:
    value["BOOL"] = _truth(content)
    return 1


def _check_null(value: Value, content: Any, depth: int) -> int:
    if not _truth(content):
        raise InvalidValue(_INVALID + "Null attribute value types must have the value of true")
    value["NULL"] = True
    return 1


def _members(content: Any) -> list[Any]:
    if type(content) is not list:
        raise SerializationException
    return content


def _check_text_set(value: Value, content: Any, depth: int) -> int:
    members = _members(content)
    if not members:
        raise InvalidValue(_INVALID + "An string set  may not be empty")
    total = 0
    for member in members:
        total += text_size(_text(member))
    if len(set(members)) != len(members):
        raise _repeated(members, sorted)
    members.sort()
    return total


def _as_walked(members: list[str], order: Callable[[list[str]], list[str]]) -> list[str]:
    """Members as AWS lists them: sorted up to the first repeat, it, and the rest as sent."""
    seen: set[str] = set()
    for position, member in enumerate(members):
        if member in seen:
            return [*order(members[:position]), *members[position:]]
        seen.add(member)
    return members


def _repeated(members: list[str], order: Callable[[list[str]], list[str]]) -> InvalidValue:
    quoted = ", ".join(f'"{member}"' for member in _as_walked(members, order))
    return InvalidValue(
        f"{_INVALID}Input collection [{quoted}] contains duplicates.",
        f"{_INVALID}Input collection [{', '.join(members)}] contains duplicates.",
    )


def _repeated_binary(members: list[str]) -> InvalidValue:
    walked = _as_walked(members, lambda found: sorted(found, key=a2b_base64))
    quoted = ",".join(f'"{member}"' for member in walked)
    return InvalidValue(
        f"{_INVALID}Input collection [{quoted}]of type BS contains duplicates.",
        f"{_INVALID}Input collection [{', '.join(members)}]of type BS contains duplicates.",
    )


def _check_number_set(value: Value, content: Any, depth: int) -> int:
    members = _members(content)
    if not members:
        raise InvalidValue(_INVALID + "An number set  may not be empty")
    canonical = [numbers.canonical(_text(member)) for member in members]
    if len(set(canonical)) != len(canonical):
        raise InvalidValue(
            _INVALID + "Input collection contains duplicates.",
            "Input collection contains duplicates",
        )
    canonical.sort(key=Decimal)
    value["NS"] = canonical
    return sum(map(numbers.size, canonical))


def _check_binary_set(value: Value, content: Any, depth: int) -> int:
    members = _members(content)
    if not members:
        raise InvalidValue(_INVALID + "Binary sets should not be empty")
    total = 0
    for member in members:
        total += _binary_size(member)
    if len(set(members)) != len(members):
        raise _repeated_binary(members)
    members.sort(key=a2b_base64)
    return total


def _check_list(value: Value, content: Any, depth: int) -> int:
    total = 3
    if depth >= NESTING_MAX and content:
        raise too_deep()
    for member in _members(content):
        total += 1 + check(member, depth + 1)
    return total


def _check_map(value: Value, content: Any, depth: int) -> int:
    if type(content) is not dict:
        raise SerializationException
    if depth >= NESTING_MAX and content:
        raise too_deep()
    total = 3
    for name, member in content.items():
        total += 1 + (len(name) if name.isascii() else text_size(name)) + check(member, depth + 1)
    return total


def too_deep() -> InvalidValue:
    """More than 32 levels."""
    return InvalidValue(
        "Nesting Levels have exceeded supported limits: "
        "Attributes in the item have nested levels beyond supported limit"
    )


_CHECKERS: dict[str, Callable[[Value, Any, int], int]] = {
    "S": _check_text,
    "N": _check_number,
    "B": _check_binary,
    "BOOL": _check_bool,
    "NULL": _check_null,
    "SS": _check_text_set,
    "NS": _check_number_set,
    "BS": _check_binary_set,
    "L": _check_list,
    "M": _check_map,
}


def size(value: Value) -> int:
    """Bytes that a checked value counts for."""
    ((kind, content),) = value.items()
    if kind == "S" and content.isascii():
        return len(content)
    measure = _MEASURES.get(kind)
    return 1 if measure is None else measure(content)


def _list_size(content: list[Value]) -> int:
    return 3 + sum(1 + size(member) for member in content)


def _map_size(content: Item) -> int:
    return 3 + sum(1 + text_size(name) + size(member) for name, member in content.items())


def _decoded_length(base64: str) -> int:
    return len(base64) // 4 * 3 - base64.count("=", -2) if base64 else 0


_MEASURES: dict[str, Callable[[Any], int]] = {
    "S": text_size,
    "N": numbers.size,
    "B": _decoded_length,
    "SS": lambda content: sum(map(text_size, content)),
    "NS": lambda content: sum(map(numbers.size, content)),
    "BS": lambda content: sum(map(_decoded_length, content)),
    "L": _list_size,
    "M": _map_size,
}


def item_size(item: Item) -> int:
    """Bytes that a checked item counts for: its names and its values."""
    return sum(text_size(name) + size(value) for name, value in item.items())


def nesting(value: Value) -> int:
    """Levels of lists and maps in a checked value: 0 for a scalar."""
    ((kind, content),) = value.items()
    if kind == "L":
        return 1 + max(map(nesting, content), default=0)
    if kind == "M":
        return 1 + max(map(nesting, content.values()), default=0)
    return 0


def ordering(value: Value) -> Any:
    """Something that compares as values of the same scalar type (S, N, B) do; else None."""
    ((kind, content),) = value.items()
    if kind == "S":
        return content
    if kind == "N":
        return Decimal(content)
    if kind == "B":
        return a2b_base64(content)
    return None


def java(value: Any) -> str:
    """A checked value as AWS prints it in messages: `{S:a}`, `{NS:[1, 2]}`."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}:{java(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(java, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
