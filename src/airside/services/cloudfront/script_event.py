"""What CloudFront functions are given, and what they give back. Pure.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html
"""

import base64
import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from airside.services.cloudfront.headers import Headers

VIEWER_REQUEST, VIEWER_RESPONSE = "viewer-request", "viewer-response"
_HIDDEN = ("x-cache", "x-amz-cf-", "x-edge-", "x-amzn-", "x-accel-")
_HIDDEN_NAMES = frozenset({
    "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization",
    "proxy-connection", "trailer", "upgrade", "x-forwarded-proto", "x-real-ip",
})  # fmt: skip
_READ_ONLY = {
    "request": frozenset({"content-length", "host", "transfer-encoding", "via"}),
    "response": frozenset({"warning", "via", "content-length", "transfer-encoding", "date"}),
}
_BODY_BYTES_MAX = 40 << 10


class InvalidOutput(ValueError):
    """The function returned what it may not."""


class Generated(NamedTuple):
    """A response that a function made or changed."""

    status: int
    headers: Headers
    body: bytes | None
    """None: the one there was."""


class Rewritten(NamedTuple):
    """A request that a function let pass."""

    method: str
    path: str
    query: str
    headers: dict[str, str]


Value = dict[str, Any]


def request_part(method: str, path: str, query: str, headers: Mapping[str, str]) -> Value:
    """`event.request`."""
    return {
        "method": method,
        "uri": path,
        "querystring": _grouped(item.partition("=")[::2] for item in query.split("&") if item),
        "headers": {
            name: {"value": value}
            for name, value in headers.items()
            if name != "cookie" and not hidden(name)
        },
        "cookies": _grouped(
            item.strip().partition("=")[::2] for item in headers.get("cookie", "").split(";")
        ),
    }


def response_part(status: int, headers: Headers) -> Value:
    """`event.response`."""
    named = [(name.lower(), value) for name, value in headers if not hidden(name.lower())]
    cookies: dict[str, Value] = {}
    for name, value in named:
        if name == "set-cookie":
            pair, _, attributes = value.partition(";")
            cookie, _, content = pair.strip().partition("=")
            _add(cookies, cookie, {"value": content, "attributes": attributes.strip()})
    return {
        "statusCode": status,
        "statusDescription": phrase(status),
        "headers": _grouped(item for item in named if item[0] != "set-cookie"),
        "cookies": cookies,
    }


def hidden(name: str) -> bool:
    """Whether functions neither see nor may set a header."""
    return name.startswith(_HIDDEN) or name in _HIDDEN_NAMES


def _grouped(pairs: Iterable[Any]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, value in pairs:
        if name:
            _add(found, name, {"value": value})
    return found


def _add(found: dict[str, Value], name: str, value: Value) -> None:
    if name not in found:
        found[name] = value
        return
    first = found[name]
    if "multiValue" not in first:
        first["multiValue"] = [{key: text for key, text in first.items() if key != "multiValue"}]
    first["multiValue"].append(value)


def returned(output: str, event_type: str) -> tuple[str, Value]:
    """(`request` or `response`, what the handler returned). Raises InvalidOutput."""
    try:
        value = json.loads(output) if output else None
    except RecursionError:
        raise InvalidOutput("The function returned an object that is nested too deep.") from None
    if isinstance(value, dict):
        if "statusCode" in value:
            return "response", value
        if event_type == VIEWER_REQUEST and ("uri" in value or "headers" in value):
            return "request", value
    raise InvalidOutput(
        "The function must return a request or a response object."
        if event_type == VIEWER_REQUEST else "The function must return a response object."
    )  # fmt: skip


def rewritten(value: Value, event: Value, query: str) -> Rewritten:
    """A request as the function left it. Raises InvalidOutput."""
    before = event["request"]
    path = value.get("uri", before["uri"])
    if not isinstance(path, str) or not path.startswith("/"):
        raise InvalidOutput("The URI must begin with a slash.")
    if value.get("method", before["method"]) != before["method"]:
        raise InvalidOutput("The function tried to change the HTTP method.")
    if any(ord(letter) <= 0x20 or ord(letter) == 0x7F for letter in path):
        raise InvalidOutput("The URI contains characters that are not allowed.")
    items = value.get("querystring", {})
    if items != before["querystring"]:
        query = items if isinstance(items, str) else _query(items)
    headers = {name: ",".join(values) for name, values in _lines(value, "request", before)}
    cookies = _cookies(value.get("cookies", {}))
    if cookies:
        headers["cookie"] = "; ".join(f"{name}={item['value']}" for name, item in cookies)
    return Rewritten(before["method"], path, query, headers)


def _query(items: Any) -> str:
    return "&".join(
        f"{name}={value}" if value else name
        for name, item in _mapping(items).items()
        for value in _values(item, name)
    )


def generated(value: Value, before: Value | None) -> Generated:
    """A response as the function made or left it. Raises InvalidOutput."""
    status = value["statusCode"]
    if isinstance(status, bool) or not isinstance(status, int | float) \
            or not 200 <= status <= 599 or status != int(status):  # fmt: skip
        raise InvalidOutput("The status code must be a number between 200 and 599.")
    headers = [
        (name, text) for name, texts in _lines(value, "response", before or {}) for text in texts
    ]
    for name, item in _cookies(value.get("cookies", {})):
        attributes = item.get("attributes")
        text = f"{name}={item['value']}" + (f"; {attributes}" if attributes else "")
        headers.append(("set-cookie", _checked(text, name)))
    return Generated(int(status), headers, _body(value.get("body")))


def _body(body: Any) -> bytes | None:
    if body is None:
        return None
    data, encoding = (body, "text") if isinstance(body, str) else (
        _mapping(body).get("data", ""), _mapping(body).get("encoding", "text"),
    )  # fmt: skip
    if not isinstance(data, str) or encoding not in ("text", "base64"):
        raise InvalidOutput("The body must have data and an encoding of text or base64.")
    try:
        content = base64.b64decode(data, validate=True) if encoding == "base64" else data.encode()
    except ValueError:
        raise InvalidOutput("The body is not valid base64.") from None
    if len(content) > _BODY_BYTES_MAX:
        raise InvalidOutput("The body is larger than the maximum size.")
    return content


def _lines(value: Value, kind: str, before: Value) -> list[tuple[str, list[str]]]:
    """Headers with their values, checked against what a function may not touch."""
    given = _mapping(value.get("headers", {}))
    former = before.get("headers", {})
    found = []
    for name, item in given.items():
        lowered = name.lower()
        if name != lowered:
            raise InvalidOutput(f"The header name {name} must be in lower case.")
        if hidden(lowered) or not _is_token(lowered):
            raise InvalidOutput(f"The function tried to add the disallowed header {name}.")
        found.append((lowered, [_checked(text, name) for text in _values(item, name)]))
    after = dict(found)
    for name in _READ_ONLY[kind]:
        was = _values(former[name], name) if name in former else None
        if after.get(name) != was:
            raise InvalidOutput(
                f"The function tried to add, delete, or change the read-only header {name}."
            )
    return found


def _cookies(items: Any) -> list[tuple[str, Value]]:
    found = []
    for name, item in _mapping(items).items():
        for one in _mapping(item).get("multiValue") or [item]:
            _values(one, name)
            found.append((name, one))
    return found


def _values(item: Any, name: str) -> list[str]:
    several = _mapping(item).get("multiValue")
    values = [_mapping(one).get("value") for one in several] if several else [item.get("value")]
    if not all(isinstance(value, str | int | float) for value in values):
        raise InvalidOutput(f"The value of {name} must be text.")
    return [str(value) for value in values]


def _mapping(value: Any) -> Value:
    if not isinstance(value, dict):
        raise InvalidOutput("Headers, cookies, query strings and their values must be objects.")
    return value


def _checked(text: str, name: str) -> str:
    if any(letter in text for letter in "\r\n\0"):
        raise InvalidOutput(f"The value of {name} contains characters that are not allowed.")
    return text


def _is_token(name: str) -> bool:
    return bool(name) and all(letter.isalnum() or letter in "!#$%&'*+-.^_`|~" for letter in name)


def phrase(status: int) -> str:
    """What a status is called."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
