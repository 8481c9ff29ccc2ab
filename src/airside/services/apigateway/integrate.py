"""Calling what stands behind a method."""

import logging
import re

import msgspec

from airside.gateway import calls
from airside.gateway.answers import MalformedResponse
from airside.gateway.calls import HOP_BY_HOP, Calls, TimedOut, Unreachable
from airside.kernel import Context, HttpResponse, Result, ServiceError
from airside.services.apigateway import acting, outside
from airside.services.apigateway.call import Call
from airside.services.apigateway.event import proxy_event
from airside.services.apigateway.live import LiveMethod
from airside.services.apigateway.proxy import remap, response_of
from airside.services.apigateway.refusals import Refusal, broken
from airside.services.apigateway.service_calls import call_service
from airside.services.apigateway.transform import Incoming, answered, outgoing

log = logging.getLogger("airside.apigateway")
_MOCK_STATUS = re.compile(r"""["']?statusCode["']?\s*:\s*["']?(\d{3})\b""")
_REFUSED = frozenset({"content-length", "transfer-encoding"})
"""Headers that no mapping may set."""
_REFUSED_BY_AWS = _REFUSED | {"authorization", "connection", "expect", "proxy-authenticate", "te"}
"""Nor these, where the integration is with a service of AWS's."""


async def integrate(ctx: Context, call: Call, method: LiveMethod) -> HttpResponse:
    """The response of a method's integration. Raises Refusal."""
    kind = method.integration.get("type")
    _check_headers(method, kind)
    match kind:
        case "AWS_PROXY":
            return await _function_proxy(ctx, call, method)
        case "MOCK":
            return _mock(call, method)
        case "HTTP_PROXY":
            return await _http_proxy(ctx, call, method)
        case "HTTP":
            return await _http(ctx, call, method)
        case "AWS":
            return await _function(ctx, call, method)
    raise broken()


def _check_headers(method: LiveMethod, kind: str | None) -> None:
    """Raise Refusal where parameters are mapped to headers that are the gateway's own."""
    refused = _REFUSED_BY_AWS if kind in {"AWS", "AWS_PROXY"} else _REFUSED
    for target in method.integration.get("requestParameters") or {}:
        if target.lower().removeprefix("integration.request.header.") in refused:
            raise broken()


async def _function_proxy(ctx: Context, call: Call, method: LiveMethod) -> HttpResponse:
    result = await _invoke(ctx, call, method, msgspec.json.encode(proxy_event(call)))
    if "FunctionError" in result:
        raise broken(502)
    binary = call.stage.frozen.settings.get("binaryMediaTypes") or []
    payload = result.get("Payload") or b""
    try:
        return response_of(payload, binary, call.http.headers.get("accept"))
    except MalformedResponse as error:
        log.info("%s answered no valid response: %s", method.function, error)
        raise broken(error.status) from None


async def _invoke(
    ctx: Context, call: Call, method: LiveMethod, payload: bytes, *, asynchronous: bool = False
) -> Result:
    """What Invoke answers. Raises Refusal."""
    if method.function is None or method.integration.get("httpMethod", "POST") != "POST":
        raise broken()
    running = ctx.component(Calls)
    credentials = method.integration.get("credentials")
    if credentials:
        who = acting.principal(call, method, credentials, method.arn)
        ctx = Context(ctx.cloud, who, call.live.region, ctx.request_id, ctx.service,
                      ctx.operation, ctx.trace_id)  # fmt: skip
    try:
        if asynchronous:
            request = {"FunctionName": method.function, "InvocationType": "Event",
                       "Payload": payload}  # fmt: skip
            return await ctx.call("lambda", "Invoke", request)
        return await running.function(ctx, method.function, payload, method.timeout_seconds)
    except TimedOut:
        raise Refusal("INTEGRATION_TIMEOUT") from None
    except ServiceError as error:
        log.info("integration failed: %s: %s", error.name, error.message)
        raise broken() from None


def _mock(call: Call, method: LiveMethod) -> HttpResponse:
    """The request template says with which status the method answers itself."""
    request = outgoing(call, method)
    status = _MOCK_STATUS.search(request.body.decode("utf-8", "replace"))
    if status is None:
        raise broken()
    return answered(call, method, request, Incoming(b"", [], status[1]))


async def _http_proxy(ctx: Context, call: Call, method: LiveMethod) -> HttpResponse:
    request = outside.passed_on(call, method)
    response = await _send(ctx, method, *request)
    headers = []
    for name, value in response.headers:
        mapped = remap(name)
        if mapped is not None:
            headers.append((mapped, value))
    response.headers = headers
    return response


async def _http(ctx: Context, call: Call, method: LiveMethod) -> HttpResponse:
    request = outgoing(call, method)
    sent = outside.translated(call, method, request)
    response = await _send(ctx, method, *sent)
    body = response.body if isinstance(response.body, bytes) else b""
    found = Incoming(body, response.headers, str(response.status), response.status)
    return answered(call, method, request, found)


async def _send(
    ctx: Context, method: LiveMethod, verb: str, url: str, headers: dict[str, str], body: bytes
) -> HttpResponse:
    sent = {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
    try:
        return await calls.send(ctx, verb, url, sent, body, seconds=method.timeout_seconds)
    except TimedOut:
        raise Refusal("INTEGRATION_TIMEOUT") from None
    except Unreachable:
        raise Refusal("INTEGRATION_FAILURE", "Internal server error", 500) from None


async def _function(ctx: Context, call: Call, method: LiveMethod) -> HttpResponse:
    """A function, or another service, with mapping templates around it."""
    if method.function is None:
        request = outgoing(call, method)
        found = await call_service(ctx, call, method, request)
        return answered(call, method, request, found)
    request = outgoing(call, method)
    kind = str(request.headers.get("X-Amz-Invocation-Type", "")).lower()
    payload = request.body.strip() or b"{}"
    result = await _invoke(ctx, call, method, payload, asynchronous=kind == "event")
    body = result.get("Payload") or b""
    selector = _error_message(body) if "FunctionError" in result else ""
    headers = [("Content-Type", "application/json")]
    return answered(call, method, request, Incoming(body, headers, selector))


def _error_message(payload: bytes) -> str:
    try:
        found = msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return ""
    return str(found.get("errorMessage", "")) if isinstance(found, dict) else ""
