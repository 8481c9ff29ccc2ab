"""Mapping expressions: where a parameter of a request or a response comes from. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from airside.gateway import jsonpath
from airside.protocol.documents import load_json
from airside.services.apigateway.call import Call

Found = str | list[str] | None


def source(call: Call, expression: str) -> Found:
    """The value of `method.request...`, `context...`, `stageVariables...` or `'text'`."""
    expression = expression.strip()
    if expression.startswith("'"):
        return expression.strip("'")
    if expression == "method.request.body":
        return call.body.decode("utf-8", "replace")
    if expression.startswith("method.request.body."):
        return _in_json(call.body, expression.removeprefix("method.request.body."))
    if expression.startswith("method.request."):
        return _parameter(call, expression.removeprefix("method.request."))
    if expression.startswith("stageVariables."):
        return call.stage.variables.get(expression.removeprefix("stageVariables."))
    if expression.startswith("context."):
        return _in_context(call.context(), expression.removeprefix("context."))
    return None


def _parameter(call: Call, named: str) -> Found:
    place, _, name = named.partition(".")
    if place == "multivalueheader":
        lowered = name.lower()
        return [value for key, value in call.lines if key.lower() == lowered] or None
    if place == "multivaluequerystring":
        return [value for key, value in call.query if key == name] or None
    return call.parameter(place, name)


def _in_context(value: Any, path: str) -> str | None:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return None if value is None else str(value)


def _in_json(body: bytes, path: str) -> str | None:
    try:
        found = jsonpath.find(load_json(body), path)
    except ValueError:
        return None
    if found is None or isinstance(found, str):
        return found
    return json.dumps(found, separators=(",", ":"))


def request_parameters(
    call: Call, declared: Mapping[str, str]
) -> dict[str, dict[str, str | list[str]]]:
    """What `integration.request.PLACE.NAME` maps to, by place and name."""
    made: dict[str, dict[str, str | list[str]]] = {"header": {}, "querystring": {}, "path": {}}
    for target, expression in declared.items():
        place, _, name = target.removeprefix("integration.request.").partition(".")
        value = source(call, expression)
        if value is not None and place in made and name:
            made[place][name] = value
    return made


def response_header(
    call: Call, expression: str, headers: Callable[[str], Found], body: bytes
) -> Found:
    """A header of the response; `headers` finds those of the integration's."""
    if expression.startswith("integration.response.header."):
        found = headers(expression.removeprefix("integration.response.header."))
        return found[-1] if isinstance(found, list) else found
    if expression.startswith("integration.response.multivalueheader."):
        return headers(expression.removeprefix("integration.response.multivalueheader."))
    if expression == "integration.response.body":
        return body.decode("utf-8", "replace")
    if expression.startswith("integration.response.body."):
        return _in_json(body, expression.removeprefix("integration.response.body."))
    return source(call, expression)
