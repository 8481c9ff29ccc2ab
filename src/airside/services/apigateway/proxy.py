"""Lambda proxy integrations: from what a function returns to what the client gets. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from airside.gateway.answers import (
    MalformedResponse,
    headers_of,
    multi_value_headers_of,
    status_of,
)
from airside.kernel import HttpResponse
from airside.protocol.documents import load_json
from airside.services.apigateway.media import is_binary

_KNOWN = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
_REMAPPED = frozenset(
    {
        "authorization", "connection", "content-length", "content-md5", "date", "expect", "host",
        "max-forwards", "proxy-authenticate", "server", "trailer", "upgrade", "user-agent",
        "www-authenticate", "x-amzn-requestid",
    }
)  # fmt: skip
"""Headers that are the gateway's own; what stands behind it finds its own under another name."""
_DROPPED = frozenset({"transfer-encoding"})


class MalformedBody(MalformedResponse):
    """A body that says it is Base64 and is not."""

    status = 500


def remap(name: str) -> str | None:
    """Under which name a header of a backend reaches the client; None for one that does not."""
    lowered = name.lower()
    if lowered in _DROPPED:
        return None
    return f"x-amzn-Remapped-{name}" if lowered in _REMAPPED else name


def response_of(payload: bytes, binary: Sequence[str], accept: str | None) -> HttpResponse:
    """The response that a function's payload stands for. Raises MalformedResponse."""
    try:
        value = load_json(payload)
    except ValueError:
        raise MalformedResponse("not JSON") from None
    if not isinstance(value, dict):
        raise MalformedResponse("not an object")
    if not value or not _KNOWN.issuperset(value):
        raise MalformedResponse(f"unknown members {sorted(set(value) - _KNOWN)}")
    headers = []
    for name, items in _headers(value).items():
        mapped = remap(name)
        if mapped is not None:
            headers += [(mapped, item) for item in items]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return HttpResponse(
        status_of(value.get("statusCode", 200)), headers, _body(value, binary, accept)
    )


def _headers(value: dict[str, Any]) -> dict[str, list[str]]:
    """Values by name; of a name in both mappings, those of `multiValueHeaders` come first."""
    found: dict[str, list[str]] = {}
    spelled: dict[str, str] = {}
    for name, texts in multi_value_headers_of(value).items():
        found[spelled.setdefault(name.lower(), name)] = texts
    for name, text in headers_of(value, "headers").items():
        held = found.setdefault(spelled.setdefault(name.lower(), name), [])
        if text not in held:
            held.append(text)
    return found


def _body(value: dict[str, Any], binary: Sequence[str], accept: str | None) -> bytes:
    body = value.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedResponse("body")
    if value.get("isBase64Encoded") is not True or not _wants_binary(binary, accept):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedBody("Base64") from None


def _wants_binary(binary: Sequence[str], accept: str | None) -> bool:
    """Base64 is undone only for clients whose first accepted type is a binary one of the API."""
    if not binary:
        return False
    first = (accept or "").partition(",")[0]
    return "*/*" in binary or is_binary(first, binary)
