"""The data plane: from a request at an API's address to its response."""

import base64

from airside.gateway.payload import read_payload
from airside.gateway.throttle import Throttles
from airside.kernel import Context, HttpRequest, HttpResponse
from airside.kernel.http import BodyTooLarge
from airside.services.apigateway import refused
from airside.services.apigateway.authorization import authorize
from airside.services.apigateway.call import Call
from airside.services.apigateway.integrate import integrate
from airside.services.apigateway.key_use import admit_key
from airside.services.apigateway.live import Gateway, LiveApi, LiveMethod
from airside.services.apigateway.logging import log_access
from airside.services.apigateway.refusals import Refusal
from airside.services.apigateway.requirements import check_request

_TRACED = frozenset({"AWS", "AWS_PROXY", "HTTP"})
"""Integrations whose responses name the trace."""


async def answer(ctx: Context, http: HttpRequest, label: str) -> HttpResponse | None:
    """Answer at the address of the API `label`; None when it is no REST API."""
    live = await ctx.component(Gateway).find(label)
    if live is None:
        return None
    extended_id = base64.urlsafe_b64encode(ctx.ids.random_bytes(11)).decode()
    call = begin(ctx, live, http, extended_id)
    if isinstance(call, Refusal):
        response = call.plain()
    else:
        response = await _serve(ctx, call)
    response.headers.append(("x-amzn-RequestId", ctx.request_id))
    response.headers.append(("x-amz-apigw-id", extended_id))
    return response


def begin(ctx: Context, live: LiveApi, http: HttpRequest, extended_id: str) -> Call | Refusal:
    """The call that a request means, when it means a stage."""
    name, _, rest = http.path.lstrip("/").partition("/")
    stage = live.stages.get(name)
    if stage is None:
        return Refusal("MISSING_AUTHENTICATION_TOKEN" if not name else "INVALID_API_KEY")
    if stage.frozen.settings.get("disableExecuteApiEndpoint"):
        return Refusal("INVALID_API_KEY")
    now = ctx.clock.now()
    return Call(
        http, live, stage, "/" + rest.lstrip("/"), ctx.request_id, extended_id, now,
        _trace_id(ctx, http, now),
    )  # fmt: skip


def _trace_id(ctx: Context, http: HttpRequest, now: float) -> str:
    known = http.headers.get("x-amzn-trace-id")
    return known or f"Root=1-{int(now):08x}-{ctx.ids.random_bytes(12).hex()}"


async def _serve(ctx: Context, call: Call) -> HttpResponse:
    began = ctx.clock.monotonic()
    own = ctx
    try:
        method = _route(call)
        own = own_context(ctx, call, method)
        response = await _pass_on(own, call, method)
    except Refusal as refusal:
        response = refused.response(call, refusal)
    log_access(own, call, response, own.clock.monotonic() - began)
    return response


def _route(call: Call) -> LiveMethod:
    matched = call.stage.method_of(call.http.method, call.path)
    if matched is None:
        raise Refusal("MISSING_AUTHENTICATION_TOKEN")
    call.method, call.path_parameters = matched
    return call.method


def own_context(ctx: Context, call: Call, method: LiveMethod) -> Context:
    """The gateway acts in the account and region of the API, for the method."""
    ctx.trace_id = call.trace_id
    return Context(
        ctx.cloud, method.principal, call.live.region, ctx.request_id, "apigateway",
        f"{method.verb} {method.resource_path}", call.trace_id,
    )  # fmt: skip


async def _pass_on(ctx: Context, call: Call, method: LiveMethod) -> HttpResponse:
    try:
        call.body = await read_payload(call.http)
    except BodyTooLarge:
        raise Refusal("REQUEST_TOO_LARGE") from None
    await authorize(ctx, call, method)
    await admit_key(ctx, call, method)
    if method.limit is not None and not ctx.component(Throttles).admits(method.arn, method.limit):
        raise Refusal("THROTTLED")
    ctx.use("ApiGatewayRequest", 1, method.arn)  # what is refused before is not billed
    check_request(call, method)
    response = await integrate(ctx, call, method)
    if method.integration.get("type") in _TRACED:
        response.headers.append(("X-Amzn-Trace-Id", call.trace_id))
    return response
