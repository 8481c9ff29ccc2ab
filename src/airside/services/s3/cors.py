"""Cross-origin resource sharing: a bucket's rules, preflights, and headers on every response.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
"""

from collections.abc import Awaitable, Mapping
from typing import Any
from urllib.parse import unquote

from airside.kernel import (
    Context,
    HttpRequest,
    HttpResponse,
    Request,
    Result,
    Snapshot,
    operation,
)
from airside.services.s3 import errors, store
from airside.services.s3.common import on_bucket, on_object, tier2

Rule = Mapping[str, Any]
Headers = list[tuple[str, str]]

_NOT_ALLOWED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of "
    "Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are "
    "not whitelisted by the resource's CORS spec."
)


def matches(pattern: str, text: str) -> bool:
    """Whether `text` fits a pattern with at most one `*`."""
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == text
    return len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)


def find_rule(rules: list[Rule], origin: str, method: str, headers: list[str]) -> Rule | None:
    """The first rule that lets a script of `origin` use `method` with these request headers."""
    for rule in rules:
        patterns = [pattern.lower() for pattern in rule.get("AllowedHeaders", ())]
        if (
            method in rule.get("AllowedMethods", ())
            and any(matches(pattern, origin) for pattern in rule.get("AllowedOrigins", ()))
            and all(any(matches(item, header) for item in patterns) for header in headers)
        ):
            return rule
    return None


def allowing(rule: Rule, origin: str) -> dict[str, Any]:
    """What an answer says when a rule applies, as members of the preflight operations."""
    everyone = "*" in rule["AllowedOrigins"]
    return {
        "AccessControlAllowOrigin": "*" if everyone else origin,
        "AccessControlAllowMethods": ", ".join(rule["AllowedMethods"]),
        "AccessControlAllowCredentials": None if everyone else "true",
        "AccessControlExposeHeaders": ", ".join(rule.get("ExposeHeaders", ())) or None,
        "AccessControlMaxAge": str(rule["MaxAgeSeconds"]) if "MaxAgeSeconds" in rule else None,
        "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }


_NAMES = {
    "AccessControlAllowOrigin": "Access-Control-Allow-Origin",
    "AccessControlAllowMethods": "Access-Control-Allow-Methods",
    "AccessControlAllowCredentials": "Access-Control-Allow-Credentials",
    "AccessControlExposeHeaders": "Access-Control-Expose-Headers",
    "AccessControlMaxAge": "Access-Control-Max-Age",
    "Vary": "Vary",
}


def add_cors_headers(
    ctx: Context, request: HttpRequest, response: HttpResponse
) -> Awaitable[None] | None:
    """Tell a script's browser that it may see the answer, if a rule says so."""
    origin = request.headers.get("origin")
    if origin is None or request.method == "OPTIONS":
        return None
    bucket = unquote(request.path.removeprefix("/").partition("/")[0])
    return _add_headers(ctx, request, response, bucket, origin) if bucket else None


async def _add_headers(
    ctx: Context, request: HttpRequest, response: HttpResponse, bucket: str, origin: str
) -> None:
    rules = await ctx.store.read(lambda view: _rules(view, bucket))
    method = request.headers.get("access-control-request-method", request.method)
    asked = request.headers.get("access-control-request-headers", "")
    rule = find_rule(rules or [], origin, method, _names_of(asked))
    if rule is not None:
        found = allowing(rule, origin)
        response.headers += [
            (_NAMES[name], value) for name, value in found.items() if value is not None
        ]
        response.head = b""


def _names_of(asked: str) -> list[str]:
    """The headers of an Access-Control-Request-Headers, in lower case."""
    return [item.strip().lower() for item in asked.split(",") if item.strip()]


def _rules(view: Snapshot, bucket_name: str) -> list[Rule] | None:
    bucket = store.find_bucket(view, bucket_name)
    if bucket is None or not bucket.has_cors:
        return None
    return list((store.setting(view, bucket_name, "cors") or {}).get("CORSRules", ()))


@operation("PreflightBucket", resource=on_bucket, action="s3:PreflightObject")
async def preflight_bucket(ctx: Context, request: Request) -> Result:
    """Answer the browser's question before a script may touch a bucket."""
    return await _preflight(ctx, request)


@operation("PreflightObject", resource=on_object)
async def preflight_object(ctx: Context, request: Request) -> Result:
    """Answer the browser's question before a script may touch an object."""
    return await _preflight(ctx, request)


async def _preflight(ctx: Context, request: Request) -> Result:
    origin, method = request.get("Origin"), request.get("AccessControlRequestMethod")
    if origin is None:
        raise errors.BadRequest("Insufficient information. Origin request header needed.")

    def look(view: Snapshot) -> list[Rule] | None:
        store.load_bucket(view, request["Bucket"])
        return _rules(view, request["Bucket"])

    rules = await ctx.store.read(look)
    tier2(ctx, request["Bucket"])
    facts = {"Method": method, "ResourceType": "OBJECT" if request.get("Key") else "BUCKET"}
    if rules is None:
        raise errors.AccessForbidden(
            "CORSResponse: CORS is not enabled for this bucket.",
            Method=method or "OPTIONS",
            ResourceType="BUCKET",
        )
    if method not in ("GET", "PUT", "HEAD", "POST", "DELETE"):
        raise errors.BadRequest(f"Invalid Access-Control-Request-Method: {method or 'null'}")
    asked = request.get("AccessControlRequestHeaders", "")
    headers = _names_of(asked)
    rule = find_rule(rules, origin, method, headers)
    if rule is None:
        raise errors.AccessForbidden(_NOT_ALLOWED, **facts)
    return {
        **allowing(rule, origin),
        "AccessControlAllowHeaders": ", ".join(headers) or None,
    }
