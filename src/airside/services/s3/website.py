"""The website endpoint: index and error documents, redirects, routing rules.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html
"""

from collections.abc import Mapping
from email.utils import formatdate
from html import escape
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote

from airside.kernel import Context, HttpRequest, HttpResponse, Result, ServiceError, Snapshot
from airside.kernel.principal import ANONYMOUS
from airside.protocol.rest_xml import host_id
from airside.services.s3 import errors, store

Rule = Mapping[str, Any]

_HEADERS = {
    "CacheControl": "Cache-Control",
    "ContentDisposition": "Content-Disposition",
    "ContentEncoding": "Content-Encoding",
    "ContentLanguage": "Content-Language",
    "ContentType": "Content-Type",
    "ContentRange": "Content-Range",
    "ETag": "ETag",
    "Expires": "Expires",
    "LastModified": "Last-Modified",
    "VersionId": "x-amz-version-id",
}
_CONDITIONS = {"if-match": "IfMatch", "if-none-match": "IfNoneMatch", "range": "Range"}


async def website_front(ctx: Context, request: HttpRequest, bucket_name: str) -> HttpResponse:
    """Answer one request to a bucket's website, as anybody."""

    def look(view: Snapshot) -> dict[str, Any] | None:
        store.load_bucket(view, bucket_name)
        return store.setting(view, bucket_name, "website")

    try:
        website = await ctx.store.read(look)
    except errors.NoSuchBucket as error:
        return _page(404, error, ctx.request_id)
    if website is None:
        missing = errors.NoSuchWebsiteConfiguration(
            "The specified bucket does not have a website configuration", BucketName=bucket_name
        )
        return _page(404, missing, ctx.request_id)
    if request.method not in ("GET", "HEAD"):
        refused = errors.MethodNotAllowed(
            "The specified method is not allowed against this resource.",
            Method=request.method,
            ResourceType="OBJECT",
        )
        return _page(405, refused, ctx.request_id)
    return await Visit(ctx, request, bucket_name, website).answer()


class Visit:
    """One request to one website."""

    def __init__(
        self, ctx: Context, request: HttpRequest, bucket: str, website: Mapping[str, Any]
    ) -> None:
        self._ctx = ctx
        self._request = request
        self._bucket = bucket
        self._website = website
        self._suffix: str = website.get("IndexDocument", {}).get("Suffix", "index.html")
        self._path = unquote(request.path).removeprefix("/")

    async def answer(self) -> HttpResponse:
        """The page, a redirect, or an error page."""
        everything = self._website.get("RedirectAllRequestsTo")
        if everything is not None:
            scheme = everything.get("Protocol") or self._request.scheme
            return _redirect(301, f"{scheme}://{everything['HostName']}{self._request.target}")
        rule = self._rule(None)
        if rule is not None:
            return self._follow(rule)
        key = self._path
        if not key or key.endswith("/"):
            key += self._suffix
        try:
            found = await self._get(key, conditional=True)
        except errors.NotModified as error:
            return HttpResponse(304, [("ETag", error.members["ETag"])])
        except ServiceError as error:
            return await self._failed(error, key)
        target = found.get("WebsiteRedirectLocation")
        if target is not None:
            return _redirect(301, target)
        return HttpResponse(206 if "ContentRange" in found else 200, _headers(found), found["Body"])

    async def _get(self, key: str, *, conditional: bool = False) -> Result:
        wanted: dict[str, Any] = {"Bucket": self._bucket, "Key": key}
        if conditional:
            for header, member in _CONDITIONS.items():
                if header in self._request.headers:
                    wanted[member] = self._request.headers[header]
        return await self._ctx.call("s3", "GetObject", wanted, principal=ANONYMOUS)

    async def _failed(self, error: ServiceError, key: str) -> HttpResponse:
        status = {"NoSuchKey": 404, "InvalidRange": 416, "PreconditionFailed": 412}.get(
            error.name, 403
        )
        if status in (403, 404) and key == self._path and await self._is_folder():
            return _redirect(302, f"/{quote(self._path)}/")
        rule = self._rule(str(status))
        if rule is not None:
            return self._follow(rule)
        document = self._website.get("ErrorDocument", {}).get("Key")
        if document is not None and status in (403, 404):
            try:
                found = await self._get(document)
            except ServiceError as other:
                return _page(status, error, self._ctx.request_id, other)
            target = found.get("WebsiteRedirectLocation")
            if target is not None:
                return _redirect(301, target)
            return HttpResponse(status, _headers(found), found["Body"])
        return _page(status, error, self._ctx.request_id)

    async def _is_folder(self) -> bool:
        def look(view: Snapshot) -> bool:
            index = f"{self._path}/{self._suffix}"
            return store.current(view, self._bucket, index) is not None

        return await self._ctx.store.read(look)

    def _rule(self, status: str | None) -> Rule | None:
        """The first routing rule that applies before (None) or after an error."""
        for rule in self._website.get("RoutingRules", ()):
            condition = rule.get("Condition", {})
            wanted = condition.get("HttpErrorCodeReturnedEquals")
            if wanted == status and self._path.startswith(condition.get("KeyPrefixEquals", "")):
                return dict(rule)
        return None

    def _follow(self, rule: Rule) -> HttpResponse:
        redirect = rule["Redirect"]
        path = self._path
        if "ReplaceKeyWith" in redirect:
            path = redirect["ReplaceKeyWith"]
        elif "ReplaceKeyPrefixWith" in redirect:
            prefix = rule.get("Condition", {}).get("KeyPrefixEquals", "")
            path = redirect["ReplaceKeyPrefixWith"] + path.removeprefix(prefix)
        scheme = redirect.get("Protocol") or self._request.scheme
        host = redirect.get("HostName") or self._request.headers.get("host", "")
        status = int(redirect.get("HttpRedirectCode") or 301)
        return _redirect(status, f"{scheme}://{host}/{quote(path, safe='/?&=#:%')}")


def _headers(found: Result) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    for member, name in _HEADERS.items():
        value = found.get(member)
        if value is None:
            continue
        if isinstance(value, int | float):
            value = formatdate(value, usegmt=True)
        headers.append((name, value))
    headers.extend(
        (f"x-amz-meta-{name}", value) for name, value in found.get("Metadata", {}).items()
    )
    headers.append(("Server", "AmazonS3"))
    return headers


def _facts(error: ServiceError, **more: str) -> str:
    facts: dict[str, Any] = {"Code": error.name, "Message": error.message, **error.members, **more}
    items = "".join(
        f"<li>{escape(name)}: {escape(str(value))}</li>\n"
        for name, value in facts.items()
        if value is not None
    )
    return f"<ul>\n{items}</ul>\n"


def _redirect(status: int, target: str) -> HttpResponse:
    return HttpResponse(status, [("Location", target), ("Server", "AmazonS3")])


def _page(
    status: int, error: ServiceError, request_id: str, besides: ServiceError | None = None
) -> HttpResponse:
    """The error, and besides what kept the bucket's own error page from being shown."""
    title = f"{status} {HTTPStatus(status).phrase}"
    html = (
        f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n"
        f"{_facts(error, RequestId=request_id, HostId=host_id(request_id))}"
    )
    if besides is not None:
        html += (
            "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n"
            f"{_facts(besides)}"
        )
    html += "<hr/>\n</body>\n</html>\n"
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Server", "AmazonS3")]
    return HttpResponse(status, headers, html.encode())
