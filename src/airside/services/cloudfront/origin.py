"""Asking an origin: a bucket through S3's operations, anything else by HTTP in this cloud."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape  # writes only

from airside.kernel import (
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
from airside.services.cloudfront.dialing import Dialer, OriginDown, OriginSlow, Place
from airside.services.cloudfront.forwarding import (
    Question,
    forwarded_headers,
    forwarded_query,
    forwards,
)
from airside.services.cloudfront.headers import Headers
from airside.services.cloudfront.pages import error_page
from airside.services.cloudfront.plan import Behavior, Origin, Plan

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
_NO_SUCH_HOST = b"No such host in this cloud\n"
_S3_SCRIPT = {
    "origin": "Origin",
    "access-control-request-method": "AccessControlRequestMethod",
    "access-control-request-headers": "AccessControlRequestHeaders",
}
_S3_CORS = (
    "AccessControlAllowOrigin", "AccessControlAllowMethods", "AccessControlAllowCredentials",
    "AccessControlExposeHeaders", "Vary", "AccessControlAllowHeaders", "AccessControlMaxAge",
)  # fmt: skip
"""The last two are for preflights."""
_AMAZON = (".amazonaws.com", ".amazonaws.com.cn", ".cloudfront.net", ".on.aws")


@dataclass(slots=True)
class Answer:
    """What an origin said."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes | FileSlice | AsyncIterator[bytes] = b""
    measured: bool = True
    """Whether its length was known before its end; only such are compressed."""
    reached: bool = True
    """False when nobody answered at all: then status and body are the edge's own."""


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
        rules = await _cors(ctx, behavior, origin, question)
        if rules is not None and question.method == "OPTIONS":
            return rules
        answer = await _ask_bucket(ctx, plan, origin, question, conditions)
        if rules is not None and rules.status == HTTPStatus.OK:
            answer.headers += rules.headers
        return answer
    return await _ask_host(ctx, plan, behavior, origin, question, conditions)


# S3 -----------------------------------------------------------------------------------------


def _principal(plan: Plan, origin: Origin) -> Principal:
    if origin.signed:
        return service_principal("cloudfront.amazonaws.com", plan.account_id, plan.arn)
    if origin.identity:
        arn = f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {origin.identity}"
        return Principal("user", arn, "cloudfront", origin.identity)
    return ANONYMOUS


async def _cors(
    ctx: Context, behavior: Behavior, origin: Origin, question: Question
) -> Answer | None:
    """What the bucket's CORS rules say to a script, where the behaviour lets it know of one.

    None when there is no script. S3 answers its GET with what it says to a preflight of one.
    """
    wanted = {
        member: question.headers[name] for name, member in _S3_SCRIPT.items()
        if name in question.headers and forwards(behavior, name)
    }  # fmt: skip
    preflight = question.method == "OPTIONS"
    if not preflight:
        if "Origin" not in wanted:
            return None
        wanted = {"Origin": wanted["Origin"], "AccessControlRequestMethod": question.method}
    key = unquote((origin.path + question.path).removeprefix("/"))
    name = "PreflightObject" if key else "PreflightBucket"
    request = {"Bucket": origin.bucket, **({"Key": key} if key else {}), **wanted}
    try:
        found = await ctx.call("s3", name, request, principal=ANONYMOUS)
    except ServiceError as error:
        return _s3_error(error.status or 403, error.name, error.message, ctx)
    only = _S3_CORS if preflight else _S3_CORS[:-2]
    headers = [(_cased(member), found[member]) for member in only if found.get(member)]
    return Answer(200, headers)


def _cased(member: str) -> str:
    """`AccessControlMaxAge` as the header that it is."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", member)


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
    sent = question.outgoing
    headers = {**question.headers} if sent else forwarded_headers(plan, behavior, origin, question)
    headers.update(conditions)
    scheme = question.scheme if origin.protocol == "match-viewer" else origin.protocol[:-5]
    request = HttpRequest(
        question.method,
        quote(unquote(origin.path), safe="/:@!$&'()*+,;=~%") + question.path,
        question.query if sent else forwarded_query(behavior, question.query),
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
    measured = any(name.lower() == "content-length" for name, _ in reply.headers)
    return Answer(reply.status, reply.headers, reply.body, measured=measured)


def unreached(status: HTTPStatus, plan: Plan) -> Answer:
    """What the edge says in an origin's place."""
    reason = pages.TOO_LATE if status == HTTPStatus.GATEWAY_TIMEOUT else pages.NOT_CONNECTED
    headers = [("Content-Type", "text/html"), ("Server", "CloudFront")]
    return Answer(status, headers, error_page(status, reason, plan.id), reached=False)
