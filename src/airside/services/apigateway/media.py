"""Media types: which are binary, which of several templates or models one takes. Pure."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")
JSON = "application/json"


def kind(content_type: str | None, default: str = JSON) -> str:
    """The type without its parameters, in lower case."""
    return (content_type or default).partition(";")[0].strip().lower()


def is_binary(content_type: str | None, binary: Sequence[str]) -> bool:
    """Whether one of the API's binary media types covers a type."""
    found = kind(content_type, "")
    for pattern in binary:
        wanted = pattern.replace("~1", "/").lower()
        if wanted == "*/*" or (wanted == found and not wanted.startswith("*")):
            return True
        if wanted.endswith("/*") and found.startswith(wanted[:-1]):
            return True
    return False


def choose(values: Mapping[str, T], content_type: str | None) -> T | None:
    """The entry for a content type, `$default` failing that."""
    wanted = kind(content_type)
    for name, value in values.items():
        if kind(name) == wanted:
            return value
    return values.get("$default")
