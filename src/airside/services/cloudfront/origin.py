"""Asking an origin: a bucket through S3's operations, anything else by HTTP in this cloud."""

from collections.abc import AsyncIterator, Mapping
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
    Principal,
    Request,
    Result,
    ServiceError,
)
from airside.kernel.principal import ANONYMOUS, service_principal
from airside.services.cloudfront.cache_key import chosen_cookies, chosen_query
from airside.services.cloudfront.headers import HOP_BY_HOP, Headers
from airside.services.cloudfront.plan import Behavior, Names, Origin, Plan

_S3_HEADERS = {
    "CacheControl": "Cache-Control",
    "ContentDisposition": "Content-Disposition",
    "ContentEncoding": "Content-Encoding",
    "ContentLanguage": "Content-Language",
    "ContentType": "Content-Type",
    "ETag": "ETag",
    "Expires": "Expires",
    "LastModified": "Last-Modified",
    "VersionId": "x-amz-version-id",
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "StorageClass": "x-amz-storage-class",
    "WebsiteRedirectLocation": "x-amz-website-redirect-location",
}
_STATUSES = {
    "NoSuchKey": 404,
    "NoSuchBucket": 404,
    "NoSuchVersion": 404,
    "AccessDenied": 403,
    "AccessDeniedException": 403,
    "PreconditionFailed": 412,
    "MethodNotAllowed": 405,
    "SlowDown": 503,
    "InvalidURI": 400,
    "KeyTooLongError": 400,
    "EntityTooLarge": 400,
}
_NEVER_FORWARDED = HOP_BY_HOP | {"expect", "accept-encoding", "host"}
_ALWAYS_FORWARDED = frozenset({"content-type", "content-encoding", "content-md5", "range"})
"""Of requests with a body: without them the origin could not read it."""


@dataclass(slots=True)
class Answer:
    """What an origin said."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes | FileSlice | AsyncIterator[bytes] = b""
    reached: bool = True
    """False when nobody answered at all."""


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


class OriginDown(Exception):
    """The origin cannot be reached."""


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
        if "if-none-match" in conditions:
            wanted["IfNoneMatch"] = conditions["if-none-match"]
        elif "if-modified-since" in conditions:
            since = parsedate_to_datetime(conditions["if-modified-since"])
            wanted["IfModifiedSince"] = since.timestamp()
        name = "HeadObject" if question.method == "HEAD" else "GetObject"
        found = await ctx.call("s3", name, wanted, principal=principal)
    except ServiceError as error:
        if error.name == "NotModified":
            return Answer(304)
        status = _STATUSES.get(error.name, error.status or 400)
        return _s3_error(status, error.name.removesuffix("Exception"), error.message, ctx)
    return Answer(200, _s3_headers(found), found.get("Body", b""))


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
    answer = await ctx.fetch(
        HttpRequest(
            question.method,
            quote(unquote(origin.path), safe="/:@!$&'()*+,;=~%") + question.path,
            forwarded_query(behavior, question.query),
            headers,
            question.body,
            question.client,
            scheme,
        )
    )
    kept = [item for item in answer.headers if item[0].lower() not in HOP_BY_HOP]
    reached = not (answer.status == HTTPStatus.BAD_GATEWAY and answer.body == _NO_SUCH_HOST)
    return Answer(answer.status, kept, answer.body, reached)


_NO_SUCH_HOST = b"No such host in this cloud\n"


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
    return name in _ALWAYS_FORWARDED and question.method not in ("GET", "HEAD")


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
