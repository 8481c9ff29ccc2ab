"""What a function is handed by a proxy integration. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
from collections.abc import Iterable
from typing import Any

from airside.services.apigateway.call import Call
from airside.services.apigateway.media import is_binary


def proxy_event(call: Call) -> dict[str, Any]:
    """The event of a Lambda proxy integration. Parts that are empty are null."""
    event = request_part(call)
    body, encoded = body_of(call)
    event["body"] = body
    event["isBase64Encoded"] = encoded
    return event


def request_part(call: Call) -> dict[str, Any]:
    """What events of integrations and of authorizers have in common."""
    assert call.method is not None
    headers, query = several(call.lines, fold=True), several(call.query)
    return {
        "resource": call.method.resource_path,
        "path": call.path,
        "httpMethod": call.http.method,
        "headers": last(headers),
        "multiValueHeaders": headers or None,
        "queryStringParameters": last(query),
        "multiValueQueryStringParameters": query or None,
        "pathParameters": dict(call.path_parameters) or None,
        "stageVariables": dict(call.stage.variables) or None,
        "requestContext": call.context(),
    }


def several(pairs: Iterable[tuple[str, str]], *, fold: bool = False) -> dict[str, list[str]]:
    """The values of each name; `fold` takes names in different spellings for one."""
    found: dict[str, list[str]] = {}
    spelled: dict[str, str] = {}
    for name, value in pairs:
        key = spelled.setdefault(name.lower(), name) if fold else name
        found.setdefault(key, []).append(value)
    return found


def last(values: dict[str, list[str]]) -> dict[str, str] | None:
    """The last value of each name; None for none at all."""
    return {name: items[-1] for name, items in values.items()} or None


def body_of(call: Call) -> tuple[str | None, bool]:
    """The body as an event carries it, and whether that is Base64."""
    if not call.body:
        return None, False
    kinds = call.stage.frozen.settings.get("binaryMediaTypes") or []
    if is_binary(call.http.headers.get("content-type"), kinds):
        return base64.b64encode(call.body).decode(), True
    return call.body.decode("utf-8", "replace"), False
