"""Gateway responses as an API words them. Pure."""

import json
import logging

from airside.kernel import HttpResponse
from airside.services.apigateway import mapping, templates
from airside.services.apigateway.api import Members
from airside.services.apigateway.call import Call
from airside.services.apigateway.refusals import DEFAULT_TEMPLATE, KINDS, Refusal
from airside.services.apigateway.vtl import TemplateError

log = logging.getLogger("airside.apigateway")


def response(call: Call, refusal: Refusal) -> HttpResponse:
    """The response for a refusal: the API's own where it has one, else AWS's."""
    held = call.stage.frozen.responses
    own = held.get(refusal.kind)
    if own is None:
        own = held.get("DEFAULT_4XX" if refusal.status < 500 else "DEFAULT_5XX")
    return refusal.plain() if own is None else _worded(call, refusal, own)


def _worded(call: Call, refusal: Refusal, own: Members) -> HttpResponse:
    made = refusal.plain()
    made.status = int(own.get("statusCode") or refusal.status)
    for target, expression in own.get("responseParameters", {}).items():
        name = target.removeprefix("gatewayresponse.header.")
        value = mapping.source(call, expression)
        if value is not None and name != target:
            made.headers = [pair for pair in made.headers if pair[0].lower() != name.lower()]
            made.headers += [
                (name, item) for item in ([value] if isinstance(value, str) else value)
            ]
    kind, template = _template(own.get("responseTemplates", {}), call)
    if template != DEFAULT_TEMPLATE:
        made.body = _rendered(call, refusal, template)
        if kind != "application/json":
            made.headers = [pair for pair in made.headers if pair[0] != "Content-Type"]
            made.headers.append(("Content-Type", kind))
    return made


def _template(held: dict[str, str], call: Call) -> tuple[str, str]:
    accept = (call.http.headers.get("accept") or "").partition(",")[0].partition(";")[0].strip()
    if accept in held:
        return accept, held[accept]
    if "application/json" in held or not held:
        return "application/json", held.get("application/json", DEFAULT_TEMPLATE)
    kind = next(iter(held))
    return kind, held[kind]


def _rendered(call: Call, refusal: Refusal, template: str) -> bytes:
    context = templates.context_of(call)
    context["error"] = {
        "message": refusal.message,
        "messageString": json.dumps(refusal.message, ensure_ascii=False),
        "responseType": refusal.kind,
        "validationErrorString": refusal.detail,
    }
    try:
        scope = templates.scope_of(call, context, call.body)
        return templates.render(template, scope).encode("utf-8", "surrogatepass")
    except TemplateError as error:
        log.info("the template of %s fails: %s", KINDS[refusal.kind].error, error)
        return template.encode()
