"""How long a response stays fresh at the edge. Pure.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from airside.services.cloudfront.plan import CacheRule, ErrorRule

_ALWAYS_CACHED_ERRORS = frozenset({404, 410, 414, 500, 501, 502, 503, 504})
_CACHED = frozenset({200, 203, 206, 300, 301, 302, 303, 304, 307, 308})
"""Errors: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html"""


_DIRECTIVE = re.compile(r"""([^\s,;="]+)\s*(?:=\s*("[^"]*"|[^\s,]*))?""")


@dataclass(frozen=True, slots=True)
class Freshness:
    """For how many seconds a response may be used, and what after that."""

    seconds: float
    """Not positive: not kept at all."""
    stale_while_revalidate: float = 0.0
    stale_if_error: float | None = None
    """None: as long as it lies there."""
    confirmed: bool = False
    """Kept even if it may not be used before the origin has confirmed it: `max-age=0`."""


def directives(cache_control: str) -> dict[str, str]:
    """`max-age=60, no-store` as a mapping; values may be quoted, with commas in them."""
    return {
        match[1].lower(): (match[2] or "").strip('"')
        for match in _DIRECTIVE.finditer(cache_control)
    }


def freshness(
    rule: CacheRule,
    status: int,
    headers: Mapping[str, str],
    error: ErrorRule | None,
    now: float,
    error_seconds: float,
) -> Freshness:
    """Of a response with `headers` (lower-case names), fetched now."""
    control = directives(headers.get("cache-control", ""))
    refused = not control.keys().isdisjoint(("no-store", "private")) \
        or control.get("no-cache") == "" or headers.get("vary", "").strip() == "*"  # fmt: skip
    asked = _asked(control, headers, now)
    if status >= 400:
        return _of_error(rule, status, asked, refused, error, error_seconds)
    if status not in _CACHED:
        return Freshness(0)
    if refused:
        seconds: float = rule.min_ttl
    elif asked is None:
        seconds = max(rule.min_ttl, min(rule.default_ttl, rule.max_ttl))
    else:
        seconds = max(rule.min_ttl, min(asked, rule.max_ttl))
    return Freshness(
        seconds,
        _seconds(control.get("stale-while-revalidate")) or 0.0,
        _seconds(control.get("stale-if-error")),
        confirmed=not refused,
    )


def _of_error(
    rule: CacheRule,
    status: int,
    asked: float | None,
    refused: bool,
    error: ErrorRule | None,
    error_seconds: float,
) -> Freshness:
    floor = error.seconds if error is not None else error_seconds
    if asked is not None and not refused:
        return Freshness(max(floor, min(asked, rule.max_ttl)))
    if error is not None or status in _ALWAYS_CACHED_ERRORS:
        return Freshness(floor)
    return Freshness(0)


def _asked(control: Mapping[str, str], headers: Mapping[str, str], now: float) -> float | None:
    """What the origin says: s-maxage before max-age before Expires."""
    for name in ("s-maxage", "max-age"):
        seconds = _seconds(control.get(name))
        if seconds is not None:
            return seconds
    expires = headers.get("expires")
    if expires is None:
        return None
    try:
        return max(0.0, parsedate_to_datetime(expires).timestamp() - now)
    except (ValueError, OverflowError):
        return 0.0


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None
