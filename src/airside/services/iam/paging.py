"""Pages of lists: `Marker` is the name of the last entry of the page before, made opaque."""

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from airside.kernel import Request
from airside.services.iam.errors import InvalidInputException

T = TypeVar("T")
ITEMS_DEFAULT = 100


def marker(request: Request) -> str:
    """The name after which the page starts; empty at the beginning."""
    written = request.get("Marker")
    if written is None:
        return ""
    try:
        return base64.urlsafe_b64decode(written).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidInputException("Invalid Marker.") from error


def page(
    member: str,
    found: Iterable[T],
    request: Request,
    *,
    name: Callable[[T], str],
    show: Callable[[T], Any],
) -> dict[str, Any]:
    """One page of `found` under `member`; `found` starts after the marker already."""
    limit = request.get("MaxItems", ITEMS_DEFAULT)
    shown: list[Any] = []
    last = ""
    for item in found:
        if len(shown) == limit:
            return {member: shown, "IsTruncated": True, "Marker": _opaque(last)}
        shown.append(show(item))
        last = name(item)
    return {member: shown, "IsTruncated": False}


def page_of_names(
    member: str, names: Iterable[str], request: Request, show: Callable[[str], Any] = str
) -> dict[str, Any]:
    """One page of a short list, in order."""
    start = marker(request)
    rest = sorted(name for name in names if name > start)
    return page(member, rest, request, name=str, show=show)


def _opaque(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()
