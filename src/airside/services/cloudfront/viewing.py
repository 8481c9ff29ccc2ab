"""What a viewer gets: whole responses, parts of them, or the word that nothing has changed."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from airside.kernel import FileSlice, HttpResponse
from airside.services.cloudfront.cache import Kept
from airside.services.cloudfront.headers import Headers
from airside.services.cloudfront.pages import error_page
from airside.services.cloudfront.plan import Plan

HIT: Final = "Hit from cloudfront"
MISS: Final = "Miss from cloudfront"
REFRESHED: Final = "RefreshHit from cloudfront"
ERROR: Final = "Error from cloudfront"
_POP: Final = ("X-Amz-Cf-Pop", "AIR50-P1")
_ABOUT_PART = frozenset({"if-none-match", "if-modified-since", "range", "if-match",
                         "if-unmodified-since"})  # fmt: skip
_KEPT_WITH_304 = frozenset({"cache-control", "content-location", "etag", "expires", "vary",
                            "last-modified"})  # fmt: skip


def edge_headers(plan: Plan, result: str) -> Headers:
    """What the edge says about itself, but for the request's id."""
    return [("X-Cache", result), ("Via", f"1.1 {plan.domain} (CloudFront)"), _POP]


def own_page(status: int, reason: str, plan: Plan | None, cf_id: str) -> HttpResponse:
    """An error of the edge's own."""
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Server", "CloudFront")]
    if plan is not None:
        headers += edge_headers(plan, ERROR)
    headers.append(("X-Amz-Cf-Id", cf_id))
    return HttpResponse(status, headers, error_page(status, reason, cf_id))


def response(
    kept: Kept, plan: Plan, result: str, now: float, cf_id: str, asked: Mapping[str, str]
) -> HttpResponse:
    """A cached response, as the viewer's headers ask for it."""
    entry = kept.entry
    if result is HIT:
        age = int(now - entry.stored_at)
        if age != kept.head_age:
            shown = ERROR if entry.is_error else HIT
            kept.head = [*entry.headers, *edge_headers(plan, shown), ("Age", str(max(age, 0)))]
            kept.head_age = age
        headers = [*kept.head, ("X-Amz-Cf-Id", cf_id)]
    else:
        shown = ERROR if entry.is_error else result
        headers = [*entry.headers, *edge_headers(plan, shown), ("X-Amz-Cf-Id", cf_id)]
    if entry.status == HTTPStatus.OK and not _ABOUT_PART.isdisjoint(asked):
        return _part(kept, headers, asked)
    return HttpResponse(entry.status, headers, kept.body)


def _part(kept: Kept, headers: Headers, asked: Mapping[str, str]) -> HttpResponse:
    """Conditions and ranges, in the order of RFC 9110, 13.2.2."""
    entry = kept.entry
    if "if-match" in asked:
        if not _etag_in(asked["if-match"], entry.etag):
            return HttpResponse(412, _without_body(headers))
    elif "if-unmodified-since" in asked and _later(
        entry.last_modified, asked["if-unmodified-since"]
    ):
        return HttpResponse(412, _without_body(headers))
    if "if-none-match" in asked:
        if _etag_in(asked["if-none-match"], entry.etag):
            return HttpResponse(304, _of_304(headers))
    elif (
        "if-modified-since" in asked
        and entry.last_modified
        and not _later(entry.last_modified, asked["if-modified-since"])
    ):
        return HttpResponse(304, _of_304(headers))
    if "range" in asked and _same_as(asked.get("if-range"), kept):
        return _ranged(kept, headers, asked["range"])
    return HttpResponse(entry.status, headers, kept.body)


def _ranged(kept: Kept, headers: Headers, header: str) -> HttpResponse:
    size = kept.entry.size
    span = _span(header, size)
    if span is None:
        return HttpResponse(200, headers, kept.body)
    start, end = span
    if start >= size or start >= end:
        return HttpResponse(416, [*_without_body(headers), ("Content-Range", f"bytes */{size}")])
    body = kept.body
    if isinstance(body, FileSlice):
        part: bytes | FileSlice = FileSlice(body.path, body.offset + start, end - start)
    else:
        part = body[start:end]
    return HttpResponse(206, [*headers, ("Content-Range", f"bytes {start}-{end - 1}/{size}")], part)


def _span(header: str, size: int) -> tuple[int, int] | None:
    """[start, end) of a single range; None for what is to be ignored."""
    unit, _, rest = header.partition("=")
    first, dash, last = rest.strip().partition("-")
    if unit.strip().lower() != "bytes" or not dash or "," in rest:
        return None
    if not first:
        return (max(0, size - int(last)), size) if last.isdigit() else None
    if not first.isdigit() or (last and not last.isdigit()):
        return None
    end = min(int(last) + 1, size) if last else size
    return (int(first), end) if not last or int(first) <= int(last) else None


def _same_as(condition: str | None, kept: Kept) -> bool:
    """Whether an If-Range, if there is one, names what is here."""
    return condition is None or condition in (kept.entry.etag, kept.entry.last_modified)


def _etag_in(header: str, etag: str) -> bool:
    if header.strip() == "*":
        return True
    plain = etag.removeprefix("W/")
    return bool(plain) and any(
        item.strip().removeprefix("W/") == plain for item in header.split(",")
    )


def _later(last_modified: str, instant: str) -> bool:
    """Whether one HTTP date is later than another; dates that are none are not."""
    try:
        return parsedate_to_datetime(last_modified) > parsedate_to_datetime(instant)
    except (ValueError, TypeError):
        return False


def _without_body(headers: Headers) -> Headers:
    return [item for item in headers if not item[0].lower().startswith("content-")]


def _of_304(headers: Headers) -> Headers:
    return [
        item
        for item in headers
        if item[0].lower() in _KEPT_WITH_304
        or item[0].lower().startswith(("x-", "via", "age", "access-control-", "server"))
    ]
