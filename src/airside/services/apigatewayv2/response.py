"""From what a function returns to what the client gets. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import binascii
from typing import Any

import msgspec

from airside.gateway.answers import (
    MalformedResponse,
    header_value,
    headers_of,
    multi_value_headers_of,
    status_of,
)
from airside.kernel import HttpResponse
from airside.protocol.documents import load_json

_IGNORED = frozenset(
    {
        "connection",
        "content-length",
        "date",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that belong to the connection, not to the function."""


def message(status: int, text: str) -> HttpResponse:
    """The gateway's own answers."""
    body = msgspec.json.encode({"message": text})
    return HttpResponse(status, [("content-type", "application/json")], body)


def response_of(payload: bytes, version: str) -> HttpResponse:
    """The response a function's payload stands for. Raises MalformedResponse."""
    try:
        value = load_json(payload)
    except ValueError:  # format 2.0 hands on what is not even JSON
        value = None
    if isinstance(value, dict) and "statusCode" in value:
        return _explicit(value, version)
    if version == "1.0":
        raise MalformedResponse("no statusCode")
    body = value.encode() if isinstance(value, str) else payload or b"null"
    return HttpResponse(200, [("content-type", "application/json")], body)


def _explicit(value: dict[str, Any], version: str) -> HttpResponse:
    headers = _headers(value, version)
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain; charset=utf-8"))
    status = status_of(value["statusCode"])
    return HttpResponse(status, headers, b"" if status in {204, 304} else _body(value))


def _headers(value: dict[str, Any], version: str) -> list[tuple[str, str]]:
    several: dict[str, list[str]] = {}
    if version == "1.0":
        for name, texts in multi_value_headers_of(value).items():
            several[name.lower()] = texts
    for name, text in headers_of(value, "headers").items():
        several.setdefault(name.lower(), [text])
    if version == "2.0":
        cookies = value.get("cookies") or []
        if not isinstance(cookies, list):
            raise MalformedResponse("cookies")
        several.setdefault("set-cookie", []).extend(header_value(cookie) for cookie in cookies)
    return [
        (name, item) for name, items in several.items() if name not in _IGNORED for item in items
    ]


def _body(value: dict[str, Any]) -> bytes:
    body = value.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedResponse("body")
    if not value.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise MalformedResponse("Base64") from None
