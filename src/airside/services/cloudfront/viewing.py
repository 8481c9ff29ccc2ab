"""What a viewer gets: whole responses, parts of them, or the word that nothing has changed."""

import base64
import hashlib
from collections.abc import AsyncIterator, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from airside.kernel import Context, FileSlice, HttpResponse
from airside.kernel.http import pieces
from airside.services.cloudfront.cache import Kept
from airside.services.cloudfront.headers import Headers
from airside.services.cloudfront.pages import error_page
from airside.services.cloudfront.plan import Behavior, Plan

HIT: Final = "Hit from cloudfront"
MISS: Final = "Miss from cloudfront"
REFRESHED: Final = "RefreshHit from cloudfront"
ERROR: Final = "Error from cloudfront"
REDIRECTED: Final = "Redirect from cloudfront"
GENERATED: Final = "FunctionGeneratedResponse from cloudfront"
FUNCTION_FAILED: Final = "FunctionExecutionError from cloudfront"
_RANGES_MAX = 20
POP: Final = "AIR50-P1"
_POP: Final = ("X-Amz-Cf-Pop", POP)
_ABOUT_PART = frozenset({"if-none-match", "if-modified-since", "range", "if-match",
                         "if-unmodified-since"})  # fmt: skip
_KEPT_WITH_304 = frozenset({"cache-control", "content-location", "etag", "expires", "vary",
                            "last-modified"})  # fmt: skip


def new_cf_id(ctx: Context) -> str:
    """`X-Amz-Cf-Id`: 56 characters, another one for each request."""
    return base64.urlsafe_b64encode(ctx.ids.random_bytes(42)).decode()


def edge_headers(plan: Plan, result: str) -> Headers:
    """What the edge says about itself, but for the request's id."""
    return [("X-Cache", result), ("Via", f"1.1 {plan.domain} (CloudFront)"), _POP]


def own_page(
    status: int, reason: str, plan: Plan | None, cf_id: str, result: str = ERROR
) -> HttpResponse:
    """An error of the edge's own."""
    headers = [("Content-Type", "text/html"), ("Server", "CloudFront")]
    if plan is not None:
        headers += edge_headers(plan, result)
    headers.append(("X-Amz-Cf-Id", cf_id))
    return HttpResponse(status, headers, error_page(status, reason, cf_id))


def server_timing(plan: Plan, result: str, cf_id: str) -> tuple[str, str]:
    """How a response came about, for scripts that measure."""
    hit = result in (HIT, REFRESHED)
    told = f'cdn-pop;desc="{_POP[1]}",cdn-rid;desc="{cf_id}"'
    how = (
        "cdn-cache-refresh" if result == REFRESHED else "cdn-cache-hit" if hit else "cdn-cache-miss"
    )
    layer = 'cdn-hit-layer;desc="EDGE"' if hit else 'cdn-upstream-layer;desc="EDGE"'
    return "Server-Timing", f"{layer},{how},{told}"


def response(
    kept: Kept,
    plan: Plan,
    behavior: Behavior,
    result: str,
    now: float,
    cf_id: str,
    asked: Mapping[str, str],
) -> HttpResponse:
    """A cached response, as the viewer's headers ask for it."""
    entry = kept.entry
    shown = ERROR if entry.is_error else result
    if result == HIT:
        age = int(now - entry.stored_at)
        if age != kept.head_age or kept.head_of is not behavior:
            own = behavior.response.applied(entry.headers)
            kept.head = [*own, *edge_headers(plan, shown), ("Age", str(max(age, 0)))]
            kept.head_age, kept.head_of = age, behavior
        headers = [*kept.head, ("X-Amz-Cf-Id", cf_id)]
    else:
        own = behavior.response.applied(entry.headers)
        headers = [*own, *edge_headers(plan, shown), ("X-Amz-Cf-Id", cf_id)]
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
    elif "if-modified-since" in asked and _later(
        asked["if-modified-since"], entry.last_modified, same=True
    ):
        return HttpResponse(304, _of_304(headers))
    if "range" in asked and _same_as(asked.get("if-range"), kept):
        return _ranged(kept, headers, asked["range"])
    return HttpResponse(entry.status, headers, kept.body)


def _ranged(kept: Kept, headers: Headers, header: str) -> HttpResponse:
    size = kept.entry.size
    spans = _spans(header, size)
    if spans is None:
        return HttpResponse(200, headers, kept.body)
    if not spans:
        return HttpResponse(416, [*_without_body(headers), ("Content-Range", f"bytes */{size}")])
    if len(spans) == 1:
        start, end = spans[0]
        told = ("Content-Range", f"bytes {start}-{end - 1}/{size}")
        return HttpResponse(206, [*headers, told], _slice(kept.body, start, end))
    return _several(kept, headers, spans)


def _slice(body: bytes | FileSlice, start: int, end: int) -> bytes | FileSlice:
    if isinstance(body, FileSlice):
        return FileSlice(body.path, body.offset + start, end - start)
    return body[start:end]


def _several(kept: Kept, headers: Headers, spans: list[tuple[int, int]]) -> HttpResponse:
    """Several ranges, each with a head of its own (RFC 9110, 14.6)."""
    entry = kept.entry
    boundary = f"CloudFront:{hashlib.blake2b(entry.key.encode(), digest_size=16).hexdigest()}"
    kind = entry_type(entry.headers)
    heads = [
        f"\r\n--{boundary}\r\nContent-Type: {kind}\r\n"
        f"Content-Range: bytes {start}-{end - 1}/{entry.size}\r\n\r\n".encode()
        for start, end in spans
    ]
    last = f"\r\n--{boundary}--\r\n".encode()
    total = sum(map(len, heads)) + len(last) + sum(end - start for start, end in spans)
    shown = [item for item in headers if item[0].lower() != "content-type"]
    shown.append(("Content-Type", f"multipart/byteranges; boundary={boundary}"))
    body = kept.body
    if isinstance(body, bytes):
        parts = [head + body[start:end]
                 for head, (start, end) in zip(heads, spans, strict=True)]  # fmt: skip
        return HttpResponse(206, shown, b"".join([*parts, last]))
    shown.append(("Content-Length", str(total)))
    return HttpResponse(206, shown, _streamed(body, heads, spans, last))


async def _streamed(
    body: FileSlice, heads: list[bytes], spans: list[tuple[int, int]], last: bytes
) -> AsyncIterator[bytes]:
    for head, (start, end) in zip(heads, spans, strict=True):
        yield head
        async for piece in pieces(FileSlice(body.path, body.offset + start, end - start)):
            yield piece
    yield last


def entry_type(headers: Headers) -> str:
    """The media type that headers name."""
    return next(
        (value for name, value in headers if name.lower() == "content-type"),
        "application/octet-stream",
    )


def _spans(header: str, size: int) -> list[tuple[int, int]] | None:
    """[start, end) of each range that can be satisfied; None for what is to be ignored."""
    unit, _, rest = header.partition("=")
    items = [item.strip() for item in rest.split(",") if item.strip()]
    if unit.strip().lower() != "bytes" or not items or len(items) > _RANGES_MAX:
        return None
    spans = []
    for item in items:
        span = _span(item, size)
        if span is None:
            return None
        if span[0] < span[1]:
            spans.append(span)
    if sum(end - start for start, end in spans) > size and len(spans) > 1:
        return None  # ranges that overlap: an old way to make servers work
    return spans


def _span(item: str, size: int) -> tuple[int, int] | None:
    """[start, end) of one range, empty when it lies outside; None when it is none."""
    first, dash, last = item.partition("-")
    if not dash or not item.isascii():
        return None
    if len(item) > 40:  # more digits than any size has
        return None
    if not first:
        return (max(0, size - int(last)), size) if last.isdigit() else None
    if not first.isdigit() or (last and not last.isdigit()):
        return None
    start = int(first)
    if last and int(last) < start:
        return None
    return start, min(int(last) + 1, size) if last else size


def _same_as(condition: str | None, kept: Kept) -> bool:
    """Whether an If-Range, if there is one, names what is here, strongly."""
    if condition is None:
        return True
    if condition.startswith("W/"):
        return False
    return condition in (kept.entry.etag, kept.entry.last_modified)


def _etag_in(header: str, etag: str) -> bool:
    if header.strip() == "*":
        return True
    plain = etag.removeprefix("W/")
    return bool(plain) and any(
        item.strip().removeprefix("W/") == plain for item in header.split(",")
    )


def _later(one: str, other: str, *, same: bool = False) -> bool:
    """Whether one HTTP date is later than another, or the `same`; dates that are none are not."""
    try:
        first, second = parsedate_to_datetime(one), parsedate_to_datetime(other)
    except (ValueError, TypeError, OverflowError):
        return False
    try:
        return first > second or (same and first == second)
    except TypeError:  # one of them says nothing about its zone
        return False


def _without_body(headers: Headers) -> Headers:
    """The head of a refusal: an error of its own, though the response was at hand."""
    kept = [item for item in headers if not item[0].lower().startswith("content-")]
    return [(name, ERROR if name == "X-Cache" else value) for name, value in kept]


def _of_304(headers: Headers) -> Headers:
    return [
        item
        for item in headers
        if item[0].lower() in _KEPT_WITH_304
        or item[0].lower().startswith(("x-", "via", "age", "access-control-", "server"))
    ]
