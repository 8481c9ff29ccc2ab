"""Calling what stands behind a method."""

import logging

import msgspec

from airside.gateway.calls import Calls, TimedOut
from airside.kernel import Context, HttpResponse, Result, ServiceError
from airside.services.apigateway.call import Call
from airside.services.apigateway.event import proxy_event
from airside.services.apigateway.live import LiveMethod
from airside.services.apigateway.proxy import MalformedResponse, response_of
from airside.services.apigateway.refusals import Refusal, broken

log = logging.getLogger("airside.apigateway")


class Integrations(Calls):
    """Calls under way of REST APIs."""


async def integrate(ctx: Context, call: Call, method: LiveMethod) -> HttpResponse:
    """The response of a method's integration. Raises Refusal."""
    kind = method.integration.get("type")
    if kind == "AWS_PROXY":
        return await _proxy(ctx, call, method)
    raise broken()


async def _proxy(ctx: Context, call: Call, method: LiveMethod) -> HttpResponse:
    result = await invoke(ctx, method, msgspec.json.encode(proxy_event(call)))
    if "FunctionError" in result:
        raise broken(502)
    binary = call.stage.frozen.settings.get("binaryMediaTypes") or []
    try:
        return response_of(result.get("Payload") or b"", binary, call.http.headers.get("accept"))
    except MalformedResponse as error:
        log.info("%s answered no valid response: %s", method.function, error)
        raise broken(502) from None


async def invoke(ctx: Context, method: LiveMethod, payload: bytes) -> Result:
    """What Invoke answers. Raises Refusal."""
    if method.function is None or method.integration.get("httpMethod", "POST") != "POST":
        raise broken()
    calls = ctx.component(Integrations)
    try:
        return await calls.function(ctx, method.function, payload, method.timeout_seconds)
    except TimedOut:
        raise Refusal("INTEGRATION_TIMEOUT") from None
    except ServiceError as error:
        log.info("integration failed: %s: %s", error.name, error.message)
        raise broken() from None
