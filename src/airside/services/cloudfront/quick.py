"""The shortest way: a page that was asked for before, in the same words, and is still fresh.

A Hit is a cached response whose head is written already; one lookup finds it. Only behaviours that
look at nothing but the address have hits, and only requests that ask for nothing special find them.
Whatever changes what a viewer would get makes hits invalid: a new configuration clears them, and
what leaves the cache is marked as gone.
"""

import base64
import weakref

from airside.kernel import Cloud, Context, HttpRequest, HttpResponse
from airside.kernel.principal import ANONYMOUS
from airside.services.cloudfront.cache import Kept
from airside.services.cloudfront.edge import Edge
from airside.services.cloudfront.plan import Behavior, Plan
from airside.services.cloudfront.viewing import HIT, response

Hits = dict[tuple[str, str, str, str | None], "Hit"]

_SPECIAL = frozenset({
    "range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
    "origin", "via", "content-length", "transfer-encoding", "expect", "upgrade",
})  # fmt: skip
_HITS_MAX = 4096


class Hit:
    """A cached response, ready to be sent."""

    __slots__ = ("_head", "_headers", "_prefix", "age", "behavior", "count", "ctx", "found", "plan",
                 "size")  # fmt: skip

    def __init__(self, ctx: Context, plan: Plan, behavior: Behavior, kept: Kept) -> None:
        self.ctx = ctx
        self.plan = plan
        self.behavior = behavior
        self.found = weakref.ref(kept)
        """The cache decides what stays in memory, not its hits."""
        self.size = kept.entry.size
        self.age = -1
        self.count = 0
        self._head = b""
        self._headers: list[tuple[str, str]] = []
        self._prefix = ""

    def respond(self, kept: Kept, now: float, *, secure: bool) -> HttpResponse:
        """The whole response."""
        age = int(now - kept.entry.stored_at)
        if age != self.age:
            self._write(kept, now)
            self.age = age
        self.count += 1
        cf_id = f"{self._prefix}{self.count:012x}"
        if secure:  # HTTP/2 has another form
            headers = [*self._headers, ("X-Amz-Cf-Id", cf_id)]
            return HttpResponse(kept.entry.status, headers, kept.body)
        return HttpResponse(
            kept.entry.status, [], kept.body, self._head + f"X-Amz-Cf-Id: {cf_id}\r\n".encode()
        )

    def _write(self, kept: Kept, now: float) -> None:
        self._prefix = base64.urlsafe_b64encode(self.ctx.ids.random_bytes(33)).decode()
        made = response(kept, self.plan, self.behavior, HIT, now, "", {})
        self._headers = [item for item in made.headers if item[0] != "X-Amz-Cf-Id"]
        named = [*self._headers, ("Content-Length", str(self.size))]
        lines = "".join(f"{name}: {value}\r\n" for name, value in named)
        self._head = f"HTTP/1.1 200 OK\r\n{lines}".encode("latin-1")
        self.ctx.component(Edge).cache.get(kept.entry.key)  # it is used: not the first to go


def keep_hit(
    ctx: Context, edge: Edge, plan: Plan, behavior: Behavior, request: HttpRequest, kept: Kept,
    label: str,
) -> None:  # fmt: skip
    """Remember how a request was answered, if the next one like it may be answered the same."""
    if not behavior.is_plain or request.method not in ("GET", "HEAD"):
        return
    if not _SPECIAL.isdisjoint(request.headers) or kept.entry.status != 200:
        return
    if not all(
        value.isascii() and value.isprintable()
        for _, value in behavior.response.applied(kept.entry.headers)
    ):
        return  # the long way knows how to write them
    if len(edge.hits) >= _HITS_MAX:
        edge.hits.clear()
    mine = Context(ctx.cloud, ANONYMOUS, ctx.region, ctx.request_id, ctx.service, ctx.operation)
    mine.account_id = plan.account_id
    accepted = request.headers.get("accept-encoding")
    edge.hits[label, request.path, request.query, accepted] = Hit(mine, plan, behavior, kept)


def cloudfront_at_hand(
    cloud: Cloud, request: HttpRequest, label: str, path: str
) -> HttpResponse | None:
    """The answer to a request like one that was answered before; None for the long way."""
    headers = request.headers
    edge = cloud.component(Edge)
    hits: Hits = edge.hits
    hit = hits.get((label, path, request.query, headers.get("accept-encoding")))
    if hit is None:
        return None
    kept, now = hit.found(), cloud.clock.now()
    if (
        kept is None
        or kept.gone
        or now >= kept.entry.fresh_until
        or not _SPECIAL.isdisjoint(headers)
    ):
        return None
    secure = request.scheme == "https"
    whole = request.method == "GET"
    if not whole and request.method != "HEAD":
        return None
    if cloud.settings.tls and not secure and hit.behavior.protocol != "allow-all":
        return None
    record, ctx, arn = cloud.meter.record, hit.ctx, hit.plan.arn
    record(ctx, "Requests-HTTPS" if secure else "Requests-HTTP", 1, arn)
    if whole:
        record(ctx, "DataTransfer-Out-Bytes", hit.size, arn)
    return hit.respond(kept, now, secure=secure)
