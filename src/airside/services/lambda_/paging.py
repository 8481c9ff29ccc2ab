"""Lists in pages."""

from typing import Any

from airside.kernel import Request
from airside.services.lambda_.limits import PAGE_ITEMS


def paginate(items: list[Any], request: Request) -> tuple[list[Any], str | None]:
    """One page by MaxItems and Marker (a position), and the marker of the next."""
    start = int(request.get("Marker") or 0)
    end = start + min(request.get("MaxItems", PAGE_ITEMS), PAGE_ITEMS)
    return items[start:end], str(end) if len(items) > end else None
