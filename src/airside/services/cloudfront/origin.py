"""Asking an origin: a bucket through S3's operations, anything else by HTTP in this cloud."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape  # writes only

from airside.kernel import (
    Body,
    BytesBody,
    Context,
    FileSlice,
    HttpRequest,
    HttpResponse,
    Principal,
    Request,
    Result,
    ServiceError,
)
from airside.kernel.principal import ANONYMOUS, service_principal
from airside.services.cloudfront import pages
from airside.services.cloudfront.cache_key import chosen_cookies, chosen_query
from airside.services.cloudfront.dialing import Dialer, OriginDown, OriginSlow, Place
from airside.services.cloudfront.headers import HOP_BY_HOP, Headers
from airside.services.cloudfront.pages import error_page
from airside.services.cloudfront.plan import Behavior, Names, Origin, Plan

_S3_HEADERS = {
    "CacheControl": "Cache-Control",
    "ContentDisposition": "Content-Disposition",
    "ContentEncoding": "Content-Encoding",
    "ContentLanguage": "Content-Language",
    "ContentRange": "Content-Range",
    "ContentType": "Content-Type",
    "ETag": "ETag",
    "Expires": "Expires",
    "LastModified": "Last-Modified",
    "VersionId": "x-amz-version-id",
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "StorageClass": "x-amz-storage-class",
    "WebsiteRedirectLocation": "x-amz-website-redirect-location",
}
_S3_CONDITIONS = {
    "if-match": "IfMatch",
    "if-none-match": "IfNoneMatch",
    "if-modified-since": "IfModifiedSince",
    "if-unmodified-since": "IfUnmodifiedSince",
    "range": "Range",
}
_STATUSES = {
    "NoSuchKey": 404,
    "NoSuchBucket": 404,
    "NoSuchVersion": 404,
    "AccessDenied": 403,
    "AccessDeniedException": 403,
    "PreconditionFailed": 412,
    "InvalidRange": 416,
    "MethodNotAllowed": 405,
    "SlowDown": 503,
    "InvalidURI": 400,
    "KeyTooLongError": 400,
    "EntityTooLarge": 400,
}
_NEVER_FORWARDED = HOP_BY_HOP | {"expect", "accept-encoding", "host"}
_NO_SUCH_HOST = b"No such host in this cloud\n"
_AMAZON = (".amazonaws.com", ".amazonaws.com.cn", ".cloudfront.net", ".on.aws")
_PARTS = frozenset({"range", "if-range", "if-match", "if-none-match", "if-modified-since",
                    "if-unmodified-since"})  # fmt: skip
_ALWAYS_FORWARDED = frozenset({"content-type", "content-encoding", "content-md5", "range"})
"""Of requests with a body: without them the origin could not read it."""


@dataclass(slots=True)
class Answer:
    """What an origin said."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes | FileSlice | AsyncIterator[bytes] = b""
    reached: bool = True
    """False when nobody answered at all: then status and body are the edge's own."""


@dataclass(slots=True)
class Question:
    """What a viewer wants, as functions may have rewritten it."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    """Lower-case names."""
    body: Body = field(default_factory=BytesBody)
    client: str = "127.0.0.1"
    scheme: str = "http"
    asked: str = ""
    """The path as the viewer wrote it: `path` may be the default root object."""
    prefix: str = ""
    """What stood before it in the path, where the host does not say which distribution."""
    parts: bool = False
    """Whether conditions and ranges are the origin's business, because nothing is kept here."""


async def ask(
    ctx: Context,
    plan: Plan,
    behavior: Behavior,
    origin: Origin,
    question: Question,
    conditions: Mapping[str, str],
) -> Answer:
    """Ask one origin. `conditions` revalidate what the cache has: If-None-Match and the like."""
    if origin.bucket:
        return await _ask_bucket(ctx, plan, origin, question, conditions)
    return await _ask_host(ctx, plan, behavior, origin, question, conditions)


# S3 -----------------------------------------------------------------------------------------


def _principal(plan: Plan, origin: Origin) -> Principal:
    if origin.signed:
        return service_principal("cloudfront.amazonaws.com", plan.account_id, plan.arn)
    if origin.identity:
        arn = f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {origin.identity}"
        return Principal("user", arn, "cloudfront", origin.identity)
    return ANONYMOUS


async def _ask_bucket(
    ctx: Context, plan: Plan, origin: Origin, question: Question, conditions: Mapping[str, str]
) -> Answer:
    key = unquote((origin.path + question.path).removeprefix("/"))
    principal = _principal(plan, origin)
    wanted: Request = {"Bucket": origin.bucket, "Key": key}
    try:
        if question.method == "PUT":
            return await _put(ctx, wanted, question, principal)
        if question.method == "DELETE":
            await ctx.call("s3", "DeleteObject", wanted, principal=principal)
            return Answer(204)
        if question.method not in ("GET", "HEAD"):
            return _s3_error(405, "MethodNotAllowed", "The specified method is not allowed.", ctx)
        if not key:
            return await _list(ctx, origin, principal)
        wanted.update(_s3_conditions(question.headers if question.parts else conditions))
        name = "HeadObject" if question.method == "HEAD" else "GetObject"
        found = await ctx.call("s3", name, wanted, principal=principal)
    except ServiceError as error:
        if error.name == "NotModified":
            return Answer(304, _s3_headers(error.members))
        status = _STATUSES.get(error.name, error.status or 400)
        return _s3_error(status, error.name.removesuffix("Exception"), error.message, ctx)
    status = 206 if "ContentRange" in found else 200
    headers = _s3_headers(found)
    if question.method == "HEAD":
        headers.append(("Content-Length", str(found["ContentLength"])))
    return Answer(status, headers, found.get("Body", b""))


def _s3_conditions(headers: Mapping[str, str]) -> Request:
    """Conditions and a single range, as GetObject takes them."""
    found: Request = {}
    for name, member in _S3_CONDITIONS.items():
        if name not in headers:
            continue
        if "Since" not in member:
            found[member] = headers[name]
            continue
        with contextlib.suppress(ValueError, TypeError):  # a date that is none is ignored
            found[member] = parsedate_to_datetime(headers[name]).timestamp()
    if "," in headers.get("range", "") or "if-range" in headers:
        found.pop("Range", None)
    return found


async def _put(ctx: Context, wanted: Request, question: Question, principal: Principal) -> Answer:
    wanted["Body"] = question.body
    if "content-type" in question.headers:
        wanted["ContentType"] = question.headers["content-type"]
    stored = await ctx.call("s3", "PutObject", wanted, principal=principal)
    return Answer(200, [("ETag", stored["ETag"]), ("Server", "AmazonS3")])


async def _list(ctx: Context, origin: Origin, principal: Principal) -> Answer:
    """The root of a bucket without a default root object: its listing, to those who may see it."""
    found = await ctx.call("s3", "ListObjects", {"Bucket": origin.bucket}, principal=principal)
    entries = "".join(
        f"<Contents><Key>{escape(item['Key'])}</Key><Size>{item['Size']}</Size></Contents>"
        for item in found.get("Contents", ())
    )
    document = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>{escape(origin.bucket)}</Name>{entries}</ListBucketResult>"
    )
    headers = [("Content-Type", "application/xml"), ("Server", "AmazonS3")]
    return Answer(200, headers, document.encode())


def _s3_headers(found: Result) -> Headers:
    headers: Headers = []
    for member, name in _S3_HEADERS.items():
        value = found.get(member)
        if value is None:
            continue
        if isinstance(value, int | float):
            value = formatdate(value, usegmt=True)
        headers.append((name, value))
    headers.extend(
        (f"x-amz-meta-{name}", value) for name, value in found.get("Metadata", {}).items()
    )
    headers += [("Accept-Ranges", "bytes"), ("Server", "AmazonS3")]
    return headers


def _s3_error(status: int, code: str, message: str, ctx: Context) -> Answer:
    document = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{escape(code)}</Code>'
        f"<Message>{escape(message)}</Message><RequestId>{ctx.request_id}</RequestId></Error>"
    )
    headers = [("Content-Type", "application/xml"), ("Server", "AmazonS3")]
    return Answer(status, headers, document.encode())


# Other hosts --------------------------------------------------------------------------------


async def _ask_host(
    ctx: Context,
    plan: Plan,
    behavior: Behavior,
    origin: Origin,
    question: Question,
    conditions: Mapping[str, str],
) -> Answer:
    headers = forwarded_headers(plan, behavior, origin, question)
    headers.update(conditions)
    scheme = question.scheme if origin.protocol == "match-viewer" else origin.protocol[:-5]
    request = HttpRequest(
        question.method,
        quote(unquote(origin.path), safe="/:@!$&'()*+,;=~%") + question.path,
        forwarded_query(behavior, question.query),
        headers,
        question.body,
        question.client,
        scheme,
    )
    answer = await _in_time(ctx.fetch(request), origin.read_seconds)
    if answer is None:
        return unreached(HTTPStatus.GATEWAY_TIMEOUT, plan)
    if answer.status == HTTPStatus.BAD_GATEWAY and answer.body == _NO_SUCH_HOST:
        return await _ask_outside(ctx, plan, origin, request)
    return Answer(answer.status, answer.headers, answer.body)


async def _in_time(work: Awaitable[HttpResponse], seconds: float) -> HttpResponse | None:
    """The answer, or None when it does not come in time: then nobody waits for it any more."""
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait([task], timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if done:
        return task.result()
    task.cancel()
    return None


async def _ask_outside(
    ctx: Context, plan: Plan, origin: Origin, request: HttpRequest
) -> Answer:  # fmt: skip
    """An origin that is not in this cloud; AWS's own names never are anywhere else."""
    if origin.domain.endswith(_AMAZON):
        return unreached(HTTPStatus.BAD_GATEWAY, plan)
    tls = request.scheme == "https"
    place = Place(
        origin.domain, origin.ports[tls], tls, origin.attempts, origin.connect_seconds,
        origin.read_seconds, origin.idle_seconds,
    )  # fmt: skip
    headers = {**request.headers}
    if headers.get("host") == origin.domain and place.port not in (80, 443):
        headers["host"] = f"{origin.domain}:{place.port}"
    task = asyncio.ensure_future(
        ctx.component(Dialer).ask(place, request.method, request.target, headers, request.body)
    )
    try:
        reply = await task
    except OriginSlow:
        return unreached(HTTPStatus.GATEWAY_TIMEOUT, plan)
    except OriginDown:
        return unreached(HTTPStatus.BAD_GATEWAY, plan)
    return Answer(reply.status, reply.headers, reply.body)


def unreached(status: HTTPStatus, plan: Plan) -> Answer:
    """What the edge says in an origin's place."""
    reason = pages.TOO_LATE if status == HTTPStatus.GATEWAY_TIMEOUT else pages.NOT_CONNECTED
    headers = [("Content-Type", "text/html"), ("Server", "CloudFront")]
    return Answer(status, headers, error_page(status, reason, plan.id), reached=False)


def forwarded_query(behavior: Behavior, query: str) -> str:
    """What of the query string the origin sees: what is in the key, and what is asked besides."""
    if not query:
        return ""
    keyed, more = behavior.cache.query, behavior.forward.query
    if "all" in (keyed.behavior, more.behavior):
        return query
    if more.behavior == "none":
        return chosen_query(query, keyed)
    if keyed.behavior == "none":
        return chosen_query(query, more)
    return "&".join(
        item
        for item in query.split("&")
        if keyed.include(item.partition("=")[0]) or more.include(item.partition("=")[0])
    )


def forwarded_headers(
    plan: Plan, behavior: Behavior, origin: Origin, question: Question
) -> dict[str, str]:
    """What of the viewer's headers the origin sees, and what the edge adds."""
    keyed, names = behavior.cache.headers, behavior.forward.headers
    found = {
        name: value
        for name, value in question.headers.items()
        if name not in _NEVER_FORWARDED
        and name != "cookie"
        and not name.startswith("cloudfront-")
        and (name in keyed or names.include(name) or _needed(question, name))
    }
    cookies = _forwarded_cookies(behavior, question.headers.get("cookie", ""))
    if cookies:
        found["cookie"] = cookies
    whole_host = "host" in keyed or names.include("host")
    found["host"] = question.headers.get("host", origin.domain) if whole_host else origin.domain
    found.setdefault("user-agent", "Amazon CloudFront")
    if behavior.cache.gzip or behavior.cache.brotli:
        found["accept-encoding"] = "br,gzip" if behavior.cache.brotli else "gzip"
    earlier = question.headers.get("x-forwarded-for")
    found["x-forwarded-for"] = f"{earlier}, {question.client}" if earlier else question.client
    found["via"] = f"1.1 {plan.domain} (CloudFront)"
    wanted = names.names | set(keyed)
    facts = viewer_facts(question)
    found.update({name: facts[name] for name in wanted & facts.keys()})
    found.update(origin.headers)
    length = question.body.length
    if length is not None and question.method not in ("GET", "HEAD"):
        found["content-length"] = str(length)
    return found


def _needed(question: Question, name: str) -> bool:
    if question.method in ("GET", "HEAD"):
        return question.parts and name in _PARTS
    return name in _ALWAYS_FORWARDED


def _forwarded_cookies(behavior: Behavior, header: str) -> str:
    keyed, more = behavior.cache.cookies, behavior.forward.cookies
    if "all" in (keyed.behavior, more.behavior):
        return header
    if more.behavior == "none":
        return chosen_cookies(header, keyed)
    if keyed.behavior == "none":
        return chosen_cookies(header, more)
    either = Names("whitelist", keyed.names | more.names)
    return chosen_cookies(header, either)


def viewer_facts(question: Question) -> dict[str, str]:
    """The CloudFront-* headers, as far as a local edge knows its viewers."""
    agent = question.headers.get("user-agent", "").lower()
    tablet = "ipad" in agent or ("android" in agent and "mobile" not in agent)
    mobile = not tablet and ("mobile" in agent or "iphone" in agent)
    television = "smart-tv" in agent or "smarttv" in agent
    return {
        "cloudfront-forwarded-proto": question.scheme,
        "cloudfront-is-desktop-viewer": str(not (mobile or tablet or television)).lower(),
        "cloudfront-is-mobile-viewer": str(mobile).lower(),
        "cloudfront-is-tablet-viewer": str(tablet).lower(),
        "cloudfront-is-smarttv-viewer": str(television).lower(),
        "cloudfront-is-android-viewer": str("android" in agent).lower(),
        "cloudfront-is-ios-viewer": str("iphone" in agent or "ipad" in agent).lower(),
        "cloudfront-viewer-address": f"{question.client}:0",
        "cloudfront-viewer-country": "US",
        "cloudfront-viewer-http-version": "1.1",
    }
