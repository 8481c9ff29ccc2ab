"""One viewer's request: from the cache, from an origin, or an error page in its place."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Final

from airside.kernel import Context, FileSlice, HttpResponse
from airside.kernel.http import pieces
from airside.services.cloudfront import compression, limits, pages
from airside.services.cloudfront.cache import Entry, Kept
from airside.services.cloudfront.cache_key import cache_key, codings, target_of
from airside.services.cloudfront.dialing import OriginDown
from airside.services.cloudfront.edge import Edge
from airside.services.cloudfront.forwarding import Question, for_viewers, viewer_facts
from airside.services.cloudfront.freshness import Freshness, directives, freshness
from airside.services.cloudfront.headers import Headers, kept_of
from airside.services.cloudfront.lambdas import Failed, after_origin, before_origin
from airside.services.cloudfront.origin import Answer, ask, unreached
from airside.services.cloudfront.plan import Behavior, ErrorRule, Origin, Plan
from airside.services.cloudfront.viewing import (
    ERROR,
    HIT,
    MISS,
    REFRESHED,
    edge_headers,
    new_cf_id,
    response,
    server_timing,
)

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ERROR_PAGES_DEEP = 1
_CONFIRMED: Final[tuple[str, ...]] = ("cache-control", "expires")
"""What a 304 may say anew."""
_INLINE_COMPRESSED_BYTES = 16 * 1024
"""More than this is compressed in a thread."""


class Visit:
    """A request to one distribution, on its way."""

    def __init__(
        self,
        ctx: Context,
        edge: Edge,
        plan: Plan,
        behavior: Behavior,
        question: Question,
        *,
        depth: int = 0,
    ) -> None:
        self._ctx = ctx
        self._edge = edge
        self._plan = plan
        self._question = question
        self._behavior = behavior
        self._depth = depth
        """How many error pages led here."""
        rule = behavior.cache
        headers = question.headers
        if rule.wants_facts:  # what viewers say about themselves in these headers is not believed
            headers = {**headers, **viewer_facts(question)}
        self._codings = codings(rule, headers.get("accept-encoding"))
        self._target = target_of(question.path, question.query, rule)
        self._key = cache_key(plan.id, self._target, rule, headers, self._codings)
        self._bare = False
        """Whether it is a matter of the head only: nothing that a GET would need is kept."""
        if question.method == "OPTIONS":
            self._key += "\nOPTIONS"

    @property
    def _cacheable(self) -> bool:
        return self._behavior.cache.enabled and self._question.method in self._behavior.cached

    def _find(self, *, disk: bool) -> Kept | None:
        """What the cache has; for a HEAD, the whole response is as good as its head."""
        cache, key = self._edge.cache, self._key
        found = cache.get(key) or (cache.load(key) if disk else None)
        if found is not None or self._question.method != "HEAD" or self._bare:
            return found
        key = f"{self._key}\nHEAD"
        found = cache.get(key) or (cache.load(key) if disk else None)
        if disk or found is not None:
            self._key, self._bare = key, True
        return found

    def at_hand(self) -> HttpResponse | None:
        """The answer, if memory has it and it is fresh. Quick."""
        if not self._cacheable:
            return None
        kept = self._find(disk=False)
        now = self._ctx.clock.now()
        if kept is None or now >= kept.entry.fresh_until:
            return None
        return self._respond(kept, HIT, now)

    def remembered(self) -> Kept | None:
        """What memory holds for the next who asks the same."""
        return self._edge.cache.get(self._key) if self._cacheable and not self._bare else None

    async def answer(self) -> HttpResponse:
        """The answer, wherever it comes from."""
        if not self._cacheable:
            return await self._pass_on()
        found = await self.obtain()
        if isinstance(found, Answer):
            return self._passed(found)
        kept, result = found
        return self._respond(kept, result, self._ctx.clock.now())

    async def refused(self, answer: Answer) -> HttpResponse:
        """What becomes of an error that the edge itself has for the viewer."""
        rule = self._plan.errors.get(answer.status)
        if rule is not None and rule.page:
            return self._passed(await self._replaced(answer, rule), error=True)
        return self._passed(answer)

    def _respond(self, kept: Kept, result: str, now: float) -> HttpResponse:
        headers, cf_id = self._question.headers, self._question.id or new_cf_id(self._ctx)
        if self._bare:  # there is no length to have a part of
            headers = {name: value for name, value in headers.items() if name != "range"}
        made = response(kept, self._plan, self._behavior, result, now, cf_id, headers)
        self._finish(made, result, cf_id)
        return made

    def _finish(self, made: HttpResponse, result: str, cf_id: str) -> None:
        """What depends on who asks."""
        policy = self._behavior.response
        origin = self._question.headers.get("origin")
        if policy.cors is not None and origin is not None:
            preflight = self._question.method == "OPTIONS"
            made.headers = policy.with_cors(made.headers, origin, preflight=preflight)
        if policy.timing_rate and self._ctx.ids.random_bytes(1)[0] < policy.timing_rate * 2.56:
            made.headers = [*made.headers, server_timing(self._plan, result, cf_id)]

    # The cache

    async def obtain(self) -> tuple[Kept, str] | Answer:
        """A response that can be kept, and how it was come by; or one that cannot."""
        stale = self._usable(self._find(disk=True))
        now = self._ctx.clock.now()
        if stale is not None:
            until = stale.entry.fresh_until
            if now < until or now < stale.retry_at:
                return stale, HIT
            if now < until + stale.entry.stale_while_revalidate:
                if self._key not in self._edge.under_way:
                    _ = self._lead(stale)
                return stale, HIT
        waiting = self._edge.under_way.get(self._key)
        if waiting is None:
            return await asyncio.shield(self._lead(stale))
        if self._behavior.sees_cookies:  # as AWS does: answers to cookies are not shared that way
            return await self._ask({})
        await asyncio.wait([waiting])
        found = waiting.result() if not waiting.cancelled() and not waiting.exception() else None
        if isinstance(found, tuple) and found[0].entry.fresh_until > found[0].entry.stored_at:
            return found[0], HIT
        return await self._ask({})  # what cannot be shared is asked for again

    def _usable(self, kept: Kept | None) -> Kept | None:
        """What has been invalidated since is not used, not even while the origin is down."""
        if kept is None:
            return None
        if self._plan.is_stale(kept.entry.target, kept.entry.requested_at):
            self._edge.cache.drop(self._key)
            return None
        return kept

    def _lead(self, stale: Kept | None) -> "asyncio.Task[tuple[Kept, str] | Answer]":
        """Ask the origin, for all who want the same meanwhile; nobody who leaves disturbs it."""
        task = self._edge.begin(self._fetch(stale))
        self._edge.under_way[self._key] = task
        task.add_done_callback(lambda _: self._edge.under_way.pop(self._key, None))
        return task

    async def _fetch(self, stale: Kept | None) -> tuple[Kept, str] | Answer:
        requested_at = self._ctx.clock.now()
        conditions: dict[str, str] = {}
        if stale is not None and not stale.entry.is_error:
            if stale.entry.etag:  # the edge weakened it if it compressed the body
                weak = any(name.lower() == "content-encoding" for name, _ in stale.entry.headers)
                etag = stale.entry.etag
                conditions["if-none-match"] = etag.removeprefix("W/") if weak else etag
            elif stale.entry.last_modified:
                conditions["if-modified-since"] = stale.entry.last_modified
        answer = await self._ask(conditions)
        now = self._ctx.clock.now()
        if stale is not None and answer.status == 304:
            return await self._refreshed(stale, answer, requested_at, now)
        rule = self._plan.errors.get(answer.status)
        if stale is not None and not stale.entry.is_error and answer.status >= 500:
            limit = stale.entry.stale_if_error
            if limit is None or now < stale.entry.fresh_until + limit:
                wait = rule.seconds if rule is not None else limits.ERROR_CACHING_SECONDS
                stale.retry_at = now + wait
                return stale, HIT
        if rule is not None and rule.page and self._depth < _ERROR_PAGES_DEEP:
            answer = await self._replaced(answer, rule)
            return await self._kept(answer, Freshness(rule.seconds), requested_at, now, error=True)
        lowered = {name.lower(): value for name, value in answer.headers}
        lasting = freshness(
            self._behavior.cache, answer.status, lowered, rule, now, limits.ERROR_CACHING_SECONDS
        )
        is_error = answer.status >= 400
        return await self._kept(answer, lasting, requested_at, now, error=is_error)

    async def _refreshed(
        self, stale: Kept, answer: Answer, requested_at: float, now: float
    ) -> tuple[Kept, str]:
        """The origin says that the body is still right."""
        lowered = {name.lower(): value for name, value in answer.headers}
        lasting = freshness(
            self._behavior.cache, 200, {**stale.lowered, **lowered}, None, now,
            limits.ERROR_CACHING_SECONDS,
        )  # fmt: skip
        entry = stale.entry
        entry.requested_at, entry.stored_at = requested_at, now
        entry.fresh_until = now + lasting.seconds
        entry.stale_while_revalidate = lasting.stale_while_revalidate
        entry.stale_if_error = lasting.stale_if_error
        newer = {name: lowered[name] for name in _CONFIRMED if name in lowered}
        stale.lowered.update(newer)
        entry.headers = [
            (name, newer.get(name.lower(), value)) for name, value in entry.headers
        ]  # fmt: skip
        self._edge.later(self._edge.cache.refresh(stale))
        stale.head_age = -1
        return stale, REFRESHED

    async def _replaced(self, answer: Answer, rule: ErrorRule) -> Answer:
        """The page that a custom error response names, with its status."""
        path, _, query = rule.page.partition("?")
        wanted = Question(
            "GET", path, query, dict(self._question.headers), country=self._question.country
        )
        for name in ("range", "if-none-match", "if-modified-since", "if-match"):
            wanted.headers.pop(name, None)
        behavior = self._plan.behavior(path)
        page = Visit(self._ctx, self._edge, self._plan, behavior, wanted, depth=self._depth + 1)
        found = await page.obtain()
        if isinstance(found, Answer):
            if found.status >= 400:
                return answer
            return Answer(rule.status, found.headers, found.body)
        kept, _ = found
        if kept.entry.is_error:
            return answer
        return Answer(rule.status, list(kept.entry.headers), kept.body)

    async def _kept(
        self, answer: Answer, lasting: Freshness, requested_at: float, now: float, *, error: bool
    ) -> tuple[Kept, str] | Answer:
        """Put an answer into the cache, if it may stay there."""
        if (lasting.seconds <= 0 and not lasting.confirmed) or answer.status == 206:
            return answer
        try:
            body = await self._whole(answer.body)
        except OriginDown:  # in the middle
            return unreached(HTTPStatus.BAD_GATEWAY, self._plan)
        except OSError:  # no room for something large
            return unreached(HTTPStatus.SERVICE_UNAVAILABLE, self._plan)
        headers = _storable(answer.headers)
        if self._bare:
            headers += _length(answer.headers)
        elif answer.measured:
            body, headers = await self._coded_body(answer.status, headers, body)
        lowered = {name.lower(): value for name, value in headers}
        size = _size(body)
        entry = Entry(
            key=self._key,
            distribution=self._plan.id,
            target=self._target,
            status=answer.status,
            headers=headers,
            size=size,
            requested_at=requested_at,
            stored_at=now,
            fresh_until=now + lasting.seconds,
            etag=lowered.get("etag", ""),
            last_modified=lowered.get("last-modified", ""),
            stale_while_revalidate=lasting.stale_while_revalidate,
            stale_if_error=lasting.stale_if_error,
            is_error=error,
        )
        current = self._edge.plan_of(self._plan.id) or self._plan
        if current.is_stale(self._target, requested_at):
            # Invalidated while the origin was being asked: good for this viewer, not for others.
            return Answer(answer.status, headers, body if isinstance(body, bytes) else _slice(body))
        return await self._edge.cache.store(entry, body), ERROR if error else MISS

    async def _coded_body(
        self, status: int, headers: Headers, body: bytes | Path
    ) -> tuple[bytes | Path, Headers]:
        """The body compressed, where behaviour, policy and viewer want it."""
        rule = self._behavior.cache
        if not self._behavior.compress or not (rule.gzip or rule.brotli):
            return body, headers
        lowered = {name.lower(): value for name, value in headers}
        kind, coded = lowered.get("content-type", ""), lowered.get("content-encoding", "")
        size = _size(body)
        if not compression.compressible(status, kind, coded, size):
            return body, headers
        if "accept-encoding" not in lowered.get("vary", "").lower():
            headers = [*headers, ("Vary", "Accept-Encoding")]
        if not self._codings:
            return body, headers
        coding = self._codings.partition(",")[0]
        etag = lowered.get("etag", "")
        weak = etag if not etag or etag.startswith("W/") else f"W/{etag}"
        headers = [(name, weak if name.lower() == "etag" else value) for name, value in headers]
        headers.append(("Content-Encoding", coding))
        if isinstance(body, bytes) and size <= _INLINE_COMPRESSED_BYTES:
            return compression.compress(body, coding), headers
        return await asyncio.to_thread(_compressed, body, coding), headers

    async def _whole(self, body: bytes | FileSlice | AsyncIterator[bytes]) -> bytes | Path:
        """The body as bytes, or as a file when it is large."""
        if isinstance(body, bytes):
            return body
        if isinstance(body, FileSlice):
            large = body.length > limits.MEMORY_BODY_BYTES_MAX
            if large and body.offset == 0 and body.path.stat().st_size == body.length:
                return body.path
            if not large:
                return await asyncio.to_thread(body.read)
            body = pieces(body)
        return await self._edge.cache.spool(body, self._ctx.ids.lower(16))

    # Origins

    async def _ask(self, conditions: dict[str, str]) -> Answer:
        """Ask the origin; where there is a group, the second one when the first fails."""
        behavior = self._behavior
        answer = Answer(502)
        self._question.id = self._question.id or new_cf_id(self._ctx)
        for origin in self._question.origins or behavior.origins:
            if behavior.lambdas:
                answer = await self._ask_through(origin, conditions)
            else:
                answer = await ask(
                    self._ctx, self._plan, behavior, origin, self._question, conditions
                )  # fmt: skip
            failed = answer.status in behavior.failover or not answer.reached
            if not failed or self._question.method not in _SAFE:
                break
        answer.headers = for_viewers(behavior, answer.headers)
        return answer

    async def _ask_through(self, origin: Origin, conditions: dict[str, str]) -> Answer:
        """Ask one origin, with Lambda functions before and after."""
        ctx, plan, behavior = self._ctx, self._plan, self._behavior
        try:
            found = await before_origin(ctx, plan, behavior, origin, self._question)
            if isinstance(found, Answer):
                return found
            chosen, question = found
            answer = await ask(ctx, plan, behavior, chosen, question, conditions)
            return await after_origin(ctx, plan, behavior, chosen, question, answer)
        except Failed as failed:
            headers = [("Content-Type", "text/html"), ("Server", "CloudFront")]
            page = pages.error_page(failed.status, pages.LAMBDA_FAILED, self._question.id)
            return Answer(failed.status, headers, page)

    async def _pass_on(self) -> HttpResponse:
        """Nothing is kept: the origin's answer goes straight through."""
        self._question.parts = True
        answer = await self._ask({})
        rule = self._plan.errors.get(answer.status)
        if rule is not None and rule.page and self._question.method in ("GET", "HEAD"):
            return self._passed(await self._replaced(answer, rule), error=True)
        return self._passed(answer)

    def _passed(self, answer: Answer, *, error: bool = False) -> HttpResponse:
        result = ERROR if error or answer.status >= 400 else MISS
        cf_id = self._question.id or new_cf_id(self._ctx)
        headers = self._behavior.response.applied(kept_of(answer.headers))
        if self._question.method == "HEAD" or not isinstance(answer.body, bytes | FileSlice):
            headers = [*headers, *_length(answer.headers)]
        headers = [*headers, *edge_headers(self._plan, result), ("X-Amz-Cf-Id", cf_id)]
        made = HttpResponse(answer.status, headers, answer.body)
        self._finish(made, result, cf_id)
        return made


def _storable(headers: Headers) -> Headers:
    """What others may see, too: not what `no-cache="Set-Cookie"` names."""
    control = ",".join(value for name, value in headers if name.lower() == "cache-control")
    named = {name.strip().lower() for name in directives(control).get("no-cache", "").split(",")}
    return [item for item in kept_of(headers) if item[0].lower() not in named]


def _size(body: bytes | Path) -> int:
    return len(body) if isinstance(body, bytes) else body.stat().st_size


def _length(headers: Headers) -> Headers:
    """What the origin says about the length of a body that is not here."""
    return [item for item in headers if item[0].lower() == "content-length"]


def _compressed(body: bytes | Path, coded: str) -> bytes:
    return compression.compress(body if isinstance(body, bytes) else body.read_bytes(), coded)


def _slice(path: Path) -> FileSlice:
    return FileSlice(path, 0, path.stat().st_size)
