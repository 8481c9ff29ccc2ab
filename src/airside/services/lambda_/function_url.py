"""What a function URL makes of an HTTP request, and of the function's answer. Pure.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from msgspec import Struct

from airside.kernel import HttpRequest, HttpResponse, Principal
from airside.protocol.documents import load_json

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TEXT_KINDS = ("text/", "application/json", "application/xml", "application/javascript")
OWN_HEADERS = frozenset({"connection", "content-length", "date", "keep-alive", "transfer-encoding"})


class Url(Struct, kw_only=True):
    """One function URL."""

    url_id: str
    account_id: str
    region: str
    function: str
    qualifier: str
    auth_type: str
    invoke_mode: str
    cors: dict[str, Any]
    created_at: float
    modified_at: float


def event(
    url: Url, http: HttpRequest, body: bytes, request_id: str, now: float, caller: Principal | None
) -> dict[str, Any]:
    """The event: payload format 2.0."""
    headers = {name: value for name, value in http.headers.items() if name != "cookie"}
    domain = f"{url.url_id}.lambda-url.{url.region}.on.aws"
    context: dict[str, Any] = {
        "accountId": caller.account_id if caller else "anonymous",
        "apiId": url.url_id,
        "domainName": domain,
        "domainPrefix": url.url_id,
        "http": {
            "method": http.method, "path": unquote(http.path), "protocol": "HTTP/1.1",
            "sourceIp": http.client, "userAgent": http.headers.get("user-agent", ""),
        },
        "requestId": request_id, "routeKey": "$default", "stage": "$default",
        "time": _log_time(now), "timeEpoch": int(now * 1000),
    }  # fmt: skip
    if caller:
        context["authorizer"] = {"iam": {
            "accessKey": caller.access_key_id, "accountId": caller.account_id,
            "callerId": caller.user_id, "cognitoIdentity": None, "principalOrgId": None,
            "userArn": caller.arn, "userId": caller.user_id,
        }}  # fmt: skip
    result: dict[str, Any] = {
        "version": "2.0", "routeKey": "$default", "rawPath": unquote(http.path),
        "rawQueryString": http.query, "headers": headers, "requestContext": context,
    }  # fmt: skip
    if "cookie" in http.headers:
        result["cookies"] = [
            each.strip() for each in http.headers["cookie"].split(";") if each.strip()
        ]
    if http.query:
        joined: dict[str, str] = {}
        for name, value in parse_qsl(http.query, keep_blank_values=True):
            joined[name] = f"{joined[name]},{value}" if name in joined else value
        result["queryStringParameters"] = joined
    text = _as_text(body, http.headers.get("content-type", ""))
    if body:
        result["body"] = base64.b64encode(body).decode() if text is None else text
    result["isBase64Encoded"] = bool(body) and text is None
    return result


def _as_text(body: bytes, content_type: str) -> str | None:
    kind = content_type.partition(";")[0].strip().lower()
    if not (kind.startswith(_TEXT_KINDS) or kind.endswith(("+json", "+xml"))):
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _log_time(now: float) -> str:
    moment = datetime.fromtimestamp(now, UTC)
    return f"{moment:%d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"


def failure(status: int, message: str) -> HttpResponse:
    """The URL's own answers."""
    body = json.dumps({"Message": message}).encode()
    return HttpResponse(status, [("content-type", "application/json")], body)


def response(payload: bytes) -> HttpResponse:
    """The HTTP response that a function's answer stands for."""
    try:
        value = load_json(payload)
    except ValueError:
        value = None
    if not isinstance(value, dict) or "statusCode" not in value:
        body = value.encode() if isinstance(value, str) else payload
        return HttpResponse(200, [("content-type", "application/json")], body)
    try:
        return _explicit(value)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return failure(502, "Internal Server Error")


def _explicit(value: dict[str, Any]) -> HttpResponse:
    headers = [
        (str(name).lower(), _header(item)) for name, item in (value.get("headers") or {}).items()
    ]
    headers += [("set-cookie", _header(each)) for each in value.get("cookies") or []]
    headers = [pair for pair in headers if pair[0] not in OWN_HEADERS]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/json"))
    body = value.get("body") or ""
    raw = body if isinstance(body, str) else json.dumps(body)
    data = base64.b64decode(raw, validate=True) if value.get("isBase64Encoded") else raw.encode()
    status = int(value["statusCode"])
    if not 100 <= status <= 599:
        raise ValueError(status)
    return HttpResponse(status, headers, data)


def _header(item: Any) -> str:
    text = str(item).lower() if isinstance(item, bool) else str(item)
    if "\r" in text or "\n" in text:
        raise ValueError(text)
    return text


def preflight(cors: Mapping[str, Any], headers: Mapping[str, str]) -> HttpResponse:
    """The answer to a browser that asks whether it may."""
    found = cors_headers(cors, headers)
    if found:
        for member, name in (("AllowMethods", "access-control-allow-methods"),
                             ("AllowHeaders", "access-control-allow-headers")):  # fmt: skip
            if cors.get(member):
                found.append((name, ",".join(cors[member])))
        if cors.get("MaxAge"):
            found.append(("access-control-max-age", str(cors["MaxAge"])))
    return HttpResponse(200, found)


def cors_headers(cors: Mapping[str, Any], headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """The headers that let a page of an allowed origin read the answer."""
    origin = headers.get("origin")
    allowed = cors.get("AllowOrigins") or []
    if origin is None or not any(each in {"*", origin} for each in allowed):
        return []
    everybody = "*" in allowed and not cors.get("AllowCredentials")
    found = [("access-control-allow-origin", "*" if everybody else origin), ("vary", "Origin")]
    if cors.get("AllowCredentials"):
        found.append(("access-control-allow-credentials", "true"))
    if cors.get("ExposeHeaders"):
        found.append(("access-control-expose-headers", ",".join(cors["ExposeHeaders"])))
    return found
