"""From the method's request to the integration's, and from its response to the method's. Pure.

What is not a proxy integration goes through mapping templates and mapping expressions.
"""

import base64
import binascii
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airside.kernel import HttpResponse
from airside.kernel.regular_expressions import Effort, PatternError
from airside.services.apigateway import mapping, templates
from airside.services.apigateway.api import Members
from airside.services.apigateway.call import Call
from airside.services.apigateway.live import LiveMethod
from airside.services.apigateway.media import JSON, choose, is_binary
from airside.services.apigateway.proxy import remap
from airside.services.apigateway.refusals import Refusal, broken
from airside.services.apigateway.vtl import TemplateError

log = logging.getLogger("airside.apigateway")
Values = Mapping[str, Any]


@dataclass(slots=True)
class Outgoing:
    """The request for an integration."""

    body: bytes
    headers: dict[str, Any]
    query: dict[str, Any]
    path: dict[str, Any]
    context: dict[str, Any] = field(default_factory=dict)
    """`$context`, which response templates share."""


@dataclass(slots=True)
class Incoming:
    """The response of an integration."""

    body: bytes
    headers: list[tuple[str, str]]
    selector: str
    """What selection patterns are matched with: a status, or a function's error message."""
    status: int = 200


def outgoing(call: Call, method: LiveMethod) -> Outgoing:
    """The request that mapping expressions and the template make. Raises Refusal."""
    integration = method.integration
    mapped = mapping.request_parameters(call, integration.get("requestParameters") or {})
    context = templates.context_of(call)
    body = _requested_body(call, integration, context)
    overrides = context["requestOverride"]
    return Outgoing(
        body,
        {**mapped["header"], **_mapping(overrides, "header")},
        {**mapped["querystring"], **_mapping(overrides, "querystring")},
        {**mapped["path"], **_mapping(overrides, "path")},
        context,
    )


def _mapping(holder: Any, name: str) -> dict[str, Any]:
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}


def _requested_body(call: Call, integration: Members, context: dict[str, Any]) -> bytes:
    content_type = call.http.headers.get("content-type")
    held = integration.get("requestTemplates") or {}
    template = choose(held, content_type)
    handling = integration.get("contentHandling")
    kinds = call.stage.frozen.settings.get("binaryMediaTypes") or []
    body = _as_text(call.body, handling) if not is_binary(content_type, kinds) else call.body
    if handling == "CONVERT_TO_TEXT" and is_binary(content_type, kinds):
        body = base64.b64encode(body)
    if template is not None:
        return _rendered(call, template, context, body)
    behavior = integration.get("passthroughBehavior", "WHEN_NO_MATCH")
    if behavior == "NEVER" or (behavior == "WHEN_NO_TEMPLATES" and held):
        raise Refusal("UNSUPPORTED_MEDIA_TYPE")
    return body


def _rendered(call: Call, template: str, context: dict[str, Any], body: bytes) -> bytes:
    try:
        made = templates.render(template or "", templates.scope_of(call, context, body))
    except TemplateError as error:
        log.info("a mapping template of %s fails: %s", call.live.id, error)
        raise broken() from None
    return made.encode("utf-8", "surrogatepass")


def _as_text(body: bytes, handling: str | None) -> bytes:
    """What is no binary media type is text; CONVERT_TO_BINARY takes that for Base64.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
    """
    if handling == "CONVERT_TO_BINARY":
        try:
            return base64.b64decode(body, validate=True)
        except binascii.Error:
            raise broken() from None
    return body.decode("utf-8", "replace").encode()


def answered(call: Call, method: LiveMethod, request: Outgoing, found: Incoming) -> HttpResponse:
    """The method's response. Raises Refusal when no integration response fits."""
    chosen = _choose(method.integration.get("integrationResponses") or {}, found.selector)
    if chosen is None:
        log.info("no integration response of %s fits %r", method.arn, found.selector)
        raise broken()
    accept = call.http.headers.get("accept")
    kind, template = _template(chosen.get("responseTemplates") or {}, accept)
    body = _response_body(call, chosen, found, accept)
    if template is not None:
        body = _rendered(call, template, request.context, found.body)
    headers = _headers(call, chosen, found)
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", kind))
    status = int(chosen["statusCode"])
    override = request.context.get("responseOverride")
    if isinstance(override, dict):
        status = _status(override.get("status"), status)
        for name, value in _mapping(override, "header").items():
            headers = [pair for pair in headers if pair[0].lower() != name.lower()]
            values = value if isinstance(value, list) else [value]
            headers += [(name, str(item).replace("\r", "").replace("\n", "")) for item in values]
    return HttpResponse(status, headers, body)


def _status(value: Any, default: int) -> int:
    text = str(value) if value is not None else ""
    return int(text) if text.isdigit() and 100 <= int(text) <= 599 else default


def _choose(responses: Mapping[str, Members], selector: str) -> Members | None:
    default, effort = None, Effort()
    for response in responses.values():
        pattern = response.get("selectionPattern")
        if not pattern or pattern == "default":
            default = default or response
            continue
        try:
            if effort.fullmatch(pattern, selector, dotall=True):
                return response
        except PatternError:
            continue
    return default


def _template(held: Mapping[str, str], accept: str | None) -> tuple[str, str | None]:
    """The response template for what a client accepts, JSON's or the first failing that."""
    if not held:
        return JSON, None
    wanted = (accept or "").partition(",")[0].partition(";")[0].strip().lower()
    for kind, template in held.items():
        if kind.lower() == wanted:
            return kind, template or None
    kind = JSON if JSON in held else next(iter(held))
    return kind, held[kind] or None


def _response_body(call: Call, chosen: Members, found: Incoming, accept: str | None) -> bytes:
    handling = chosen.get("contentHandling")
    kinds = call.stage.frozen.settings.get("binaryMediaTypes") or []
    wanted = is_binary((accept or "").partition(",")[0], kinds)
    given = next((value for name, value in found.headers if name.lower() == "content-type"), "")
    if handling is None:
        handling = "CONVERT_TO_BINARY" if wanted else "CONVERT_TO_TEXT"
    if not is_binary(given, kinds):
        return _as_text(found.body, handling)
    return base64.b64encode(found.body) if handling == "CONVERT_TO_TEXT" else found.body


def _headers(call: Call, chosen: Members, found: Incoming) -> list[tuple[str, str]]:
    def header(name: str) -> mapping.Found:
        lowered = name.lower()
        return [value for key, value in found.headers if key.lower() == lowered] or None

    made: list[tuple[str, str]] = []
    for target, expression in (chosen.get("responseParameters") or {}).items():
        name = remap(target.removeprefix("method.response.header."))
        value = mapping.response_header(call, expression, header, found.body)
        if value is None or name is None:
            continue
        made += [(name, item) for item in (value if isinstance(value, list) else [value])]
    return made
