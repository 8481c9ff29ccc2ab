"""Parameter mapping: what an integration changes on the way in and on the way out. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlencode

from airside.gateway import jsonpath
from airside.kernel import HttpResponse
from airside.protocol.documents import load_json
from airside.services.apigatewayv2.access_log import context_value
from airside.services.apigatewayv2.errors import BadRequestException
from airside.services.apigatewayv2.event import Call

_RESERVED = re.compile(
    r"access-control-.*|apigw-.*|authorization|connection|content-encoding|content-length"
    r"|content-location|forwarded|keep-alive|origin|proxy-authenticate|proxy-authorization|te"
    r"|trailers|transfer-encoding|upgrade|x-amz-.*|x-amzn-.*|x-forwarded-(for|host|proto)|via"
)
_KEY = re.compile(r"(append|overwrite|remove):(header|querystring)\.(.+)|overwrite:(path)")
_RESPONSE_KEY = re.compile(r"(append|overwrite|remove):(header)\.(.+)|overwrite:(statuscode)")
_SELECTION = re.compile(
    r"\$((?:request|response|context|stageVariables)\..+|(?:request|response)\.body)"
)
_STATUS = re.compile("[1-5][0-9]{2}")
_EMBEDDED = re.compile(r"\$\{([^}]+)\}")
_BODY_BYTES_MAX = 100 << 10
"""What a JSON path looks at."""

Lookup = Callable[[str], str | None]
"""From `request.header.name` and the like to the value, None where there is none."""


def check(mapping: Mapping[str, str], *, of_response: bool = False) -> None:
    """Raise BadRequestException for a key that names nothing, or a header that is the gateway's."""
    for key in mapping:
        match = (_RESPONSE_KEY if of_response else _KEY).fullmatch(key)
        if match is None:
            raise BadRequestException(f"Invalid mapping expression specified: {key}")
        if match[2] == "header" and _RESERVED.fullmatch(match[3].lower()):
            raise BadRequestException(f"Operations on header {match[3].lower()} are restricted")


def value(expression: str, lookup: Lookup) -> str | None:
    """What an expression stands for: one selection, text with `${...}` in it, or just text."""
    selection = _SELECTION.fullmatch(expression)
    if selection is not None:
        return lookup(selection[1])
    return _EMBEDDED.sub(lambda match: lookup(match[1]) or "", expression)


def request_lookup(call: Call) -> Lookup:
    """The values of a request."""

    def look(name: str) -> str | None:
        kind, _, rest = name.partition(".")
        if kind == "stageVariables":
            return call.stage_variables.get(rest)
        if kind == "context":
            found = context_value(rest, call)
            return None if found is None else str(found)
        place, _, key = rest.partition(".")
        if kind != "request":
            return None
        if place == "header":
            return call.headers.get(key.lower())
        if place == "querystring":
            values = [text for known, text in _pairs(call.query) if known == key]
            return ",".join(values) if values else None
        if place == "path":
            return call.path_parameters.get(key) if key else call.path_below_stage
        return _in_body(call.body, rest) if _is_body(rest) else None

    return look


def response_lookup(call: Call, response: HttpResponse) -> Lookup:
    """The values of a response, and of its request's context."""
    of_request = request_lookup(call)

    def look(name: str) -> str | None:
        kind, _, rest = name.partition(".")
        if kind != "response":
            return None if kind == "request" else of_request(name)
        if rest.startswith("header."):
            wanted = rest.removeprefix("header.").lower()
            values = [text for known, text in response.headers if known.lower() == wanted]
            return ",".join(values) if values else None
        body = response.body if isinstance(response.body, bytes) else b""
        return _in_body(body, rest) if _is_body(rest) else None

    return look


def _is_body(place: str) -> bool:
    return place == "body" or place.startswith(("body.", "body["))


def _in_body(body: bytes, place: str) -> str | None:
    if place == "body":
        return body.decode("utf-8", "replace")
    try:
        found = jsonpath.find(load_json(body[:_BODY_BYTES_MAX]), "$" + place.removeprefix("body"))
    except ValueError:
        return None
    if found is None or isinstance(found, str):
        return found
    return json.dumps(found, separators=(",", ":"))


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def map_request(mapping: Mapping[str, str], call: Call) -> Call:
    """The request as the integration gets it."""
    look = request_lookup(call)
    headers, query, path = dict(call.headers), _pairs(call.query), None
    for key, expression in mapping.items():
        match = _KEY.fullmatch(key)
        if match is None:
            continue
        given = value(expression, look)
        action, place, name, _ = match.groups()
        if place is None:
            path = given
        elif place == "header":
            _change_headers(headers, action, name.lower(), given)
        elif action == "remove" or given is not None:
            if action != "append":
                query = [pair for pair in query if pair[0] != name]
            if action != "remove":
                query.append((name, given or ""))
    changed = replace(call, headers=headers, query=urlencode(query) if query else "")
    if path is not None:
        stage = call.path.removesuffix(call.path_below_stage) if call.path_below_stage else ""
        changed.path = stage + quote("/" + path.lstrip("/"), safe="/%:@!$&'()*+,;=~-._")
        changed.mapped_path = "/" + path.lstrip("/")
    return changed


def _change_headers(headers: dict[str, str], action: str, name: str, given: str | None) -> None:
    if action == "remove":
        headers.pop(name, None)
    elif given is not None:
        known = headers.get(name)
        headers[name] = f"{known},{given}" if action == "append" and known else given


def map_response(
    mappings: Mapping[str, Mapping[str, str]], call: Call, response: HttpResponse
) -> None:
    """Change a response as its status asks."""
    mapping = mappings.get(str(response.status))
    if not mapping:
        return
    look = response_lookup(call, response)
    headers, status = list(response.headers), response.status
    for key, expression in mapping.items():
        match = _RESPONSE_KEY.fullmatch(key)
        if match is None:
            continue
        given = value(expression, look)
        action, place, name, _ = match.groups()
        if place is None:
            status = (
                int(given) if given is not None and re.fullmatch("[1-5][0-9]{2}", given) else 500
            )
        elif action == "remove" or given is not None:
            if action != "append":
                headers = [pair for pair in headers if pair[0].lower() != name.lower()]
            if action != "remove":
                headers.append((name.lower(), given or ""))
    response.headers, response.status = headers, status
