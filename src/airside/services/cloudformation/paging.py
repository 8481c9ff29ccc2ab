"""Pages of listings that are short enough to be made whole."""

from collections.abc import Sequence
from typing import TypeVar

from airside.services.cloudformation.errors import ValidationError

T = TypeVar("T")


def page(items: Sequence[T], token: str | None, size: int) -> tuple[Sequence[T], str | None]:
    """The page that `token` (None: the first) stands for, and the token of the next."""
    start = position(token)
    rest = len(items) > start + size
    return items[start : start + size], str(start + size) if rest else None


def position(token: str | None) -> int:
    """The number in a token. Raises ValidationError."""
    if token is None:
        return 0
    if not token.isdigit():
        raise ValidationError("Invalid NextToken")
    return int(token)
