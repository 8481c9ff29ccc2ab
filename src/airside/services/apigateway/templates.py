"""Mapping templates at work: what they can see of a call. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

import base64
import binascii
import json
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from airside.gateway import jsonpath
from airside.gateway.jsonpath import PathError
from airside.protocol.documents import load_json
from airside.services.apigateway.call import Call
from airside.services.apigateway.vtl import Host, TemplateError, compile_template

Variables = dict[str, Any]
_compiled = lru_cache(maxsize=512)(compile_template)


def render(source: str, scope: Variables) -> str:
    """The output of a template. Raises TemplateError."""
    return _compiled(source)(scope) if "$" in source or "#" in source else source


def context_of(call: Call) -> Variables:
    """`$context`, one for all templates of a call: overrides pass from one to the next."""
    found = call.context()
    found["requestOverride"] = {"header": {}, "path": {}, "querystring": {}}
    found["responseOverride"] = {"header": {}}
    return found


def scope_of(call: Call, context: Variables, body: bytes) -> Variables:
    """All variables of a template; `body` is what `$input` stands for."""
    text = body.decode("utf-8", "replace")
    return {
        "context": context,
        "stageVariables": dict(call.stage.variables),
        "input": _input(call, text),
        "util": _UTIL,
    }


def _input(call: Call, text: str) -> Host:
    parsed: list[Any] = []

    def document() -> Any:
        if not parsed:
            try:
                parsed.append(load_json(text) if text.strip() else {})
            except ValueError:
                parsed.append(text)
        return parsed[0]

    def path(expression: str) -> Any:
        try:
            return jsonpath.find(document(), expression)
        except PathError as error:
            raise TemplateError(str(error)) from None

    def as_json(expression: str) -> str:
        found = path(expression)
        if found is None:
            return '""'
        return json.dumps(found, ensure_ascii=False, separators=(",", ":"))

    def params(name: str | None = None) -> Any:
        if name is None:
            return _params(call)
        for place in ("path", "querystring", "header"):
            found = call.parameter(place, name)
            if found is not None:
                return found
        return ""

    return Host({"path": path, "json": as_json, "params": params}, {"body": text or "{}"})


def _params(call: Call) -> Variables:
    return {
        "path": dict(call.path_parameters),
        "querystring": dict(call.query),
        "header": dict(call.lines),
    }


def _escape(value: Any) -> str:
    """A text for use within a JavaScript text: JSON's escapes, `/` and `'` besides."""
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1].replace("/", "\\/").replace("'", "\\'")


def _parse(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return load_json(value)
    except ValueError:
        return ""


def _decode(value: str) -> str:
    try:
        return base64.b64decode(value).decode("utf-8", "replace")
    except binascii.Error as error:
        raise ValueError(str(error)) from None


_UTIL = Host(
    {
        "escapeJavaScript": _escape,
        "parseJson": _parse,
        "urlEncode": lambda value: quote_plus(str(value), safe="*-._"),
        "urlDecode": lambda value: unquote_plus(str(value)),
        "base64Encode": lambda value: base64.b64encode(str(value).encode()).decode(),
        "base64Decode": _decode,
    }
)

__all__ = ["TemplateError", "context_of", "render", "scope_of"]
