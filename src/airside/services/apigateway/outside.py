"""HTTP integrations: the request that another server gets. Pure."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from airside.gateway.uris import substitute
from airside.services.apigateway import mapping
from airside.services.apigateway.call import Call
from airside.services.apigateway.live import LiveMethod
from airside.services.apigateway.transform import Outgoing

_VARIABLE = re.compile(r"\{([A-Za-z0-9._\-:]+)\+?\}")
_NOT_PASSED = frozenset({"via", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"})
Sent = tuple[str, str, dict[str, str], bytes]
"""Method, URL, headers, body."""


def passed_on(call: Call, method: LiveMethod) -> Sent:
    """The client's request, with what parameters map to put on top."""
    mapped = mapping.request_parameters(call, method.integration.get("requestParameters") or {})
    headers = {name: value for name, value in call.lines if name.lower() not in _NOT_PASSED}
    query = [*call.query, *_pairs(mapped["querystring"])]
    return _request(call, method, mapped["path"], headers | _flat(mapped["header"]), query,
                    call.body)  # fmt: skip


def translated(call: Call, method: LiveMethod, request: Outgoing) -> Sent:
    """The request that templates and mappings made; nothing of the client's passes by itself."""
    headers = {
        "Accept": "application/json",
        "Content-Type": call.http.headers.get("content-type", "application/json"),
    }
    return _request(
        call, method, request.path, headers | _flat(request.headers), _pairs(request.query),
        request.body,
    )  # fmt: skip


def _request(
    call: Call, method: LiveMethod, path: Mapping[str, Any], headers: dict[str, str],
    query: list[tuple[str, str]], body: bytes,
) -> Sent:  # fmt: skip
    integration = method.integration
    url = substitute(integration.get("uri", ""), call.stage.variables)
    url = _VARIABLE.sub(lambda match: quote(str(path.get(match[1], "")), safe="/%:@+"), url)
    if query:
        url += ("&" if "?" in url else "?") + urlencode(query)
    verb = integration.get("httpMethod", "GET")
    own = {
        "User-Agent": f"AmazonAPIGateway_{call.live.id}",
        "X-Amzn-Apigateway-Api-Id": call.live.id,
        "X-Amzn-Trace-Id": call.trace_id,
    }
    given = {name.lower() for name in headers}
    own = {name: value for name, value in own.items() if name.lower() not in given}
    return call.http.method if verb == "ANY" else verb, url, headers | own, body


def _flat(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: ",".join(value) if isinstance(value, list) else str(value)
        for name, value in values.items()
    }


def _pairs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, str(item))
        for name, value in values.items()
        for item in (value if isinstance(value, list) else [value])
    ]
