"""The data plane: from a request at an API's address to its response."""

import base64
import math
from collections.abc import Mapping

from airside.gateway.access_log import AccessLogs
from airside.gateway.compiled import DeployedApis
from airside.gateway.payload import read_payload
from airside.gateway.throttle import Throttles
from airside.kernel import Context, HttpRequest, HttpResponse
from airside.kernel.http import BodyTooLarge
from airside.services.apigatewayv2 import access_log, cors, store
from airside.services.apigatewayv2.api import Api, Snapshot
from airside.services.apigatewayv2.authorization import authorize
from airside.services.apigatewayv2.event import Call
from airside.services.apigatewayv2.integration import Integrations
from airside.services.apigatewayv2.limits import METERED_BYTES
from airside.services.apigatewayv2.live import LiveApi, LiveRoute, LiveStage, compile_api
from airside.services.apigatewayv2.response import message


class Gateway(DeployedApis[Api, Snapshot, LiveApi]):
    """The compiled HTTP APIs of an environment."""

    apis = store.APIS

    def compile(self, api: Api, snapshots: Mapping[str, Snapshot]) -> LiveApi:
        """Compile an API with what its stages serve."""
        return compile_api(api, snapshots)


async def front(ctx: Context, http: HttpRequest, label: str) -> HttpResponse:
    """Answer at the address of the API `label`."""
    live = await ctx.component(Gateway).find(label)
    request_id = base64.urlsafe_b64encode(ctx.ids.random_bytes(11)).decode()
    if live is None or live.disabled:
        response = message(404, "Not Found")
    else:
        response = await _serve(ctx, live, http, request_id)
    response.headers.append(("apigw-requestid", request_id))
    return response


async def _serve(ctx: Context, live: LiveApi, http: HttpRequest, request_id: str) -> HttpResponse:
    found = live.stage_of(http.path)
    if found is None:
        return message(404, "Not Found")
    stage, path = found
    if stage.cors and cors.is_preflight(http.method, http.headers):
        return await _preflight(ctx, live, stage, http, path, request_id)
    response = await _pass_on(ctx, live, stage, http, path, request_id)
    if stage.cors:
        cors.apply(stage.cors, http.headers, response)
    return response


async def _preflight(
    ctx: Context, live: LiveApi, stage: LiveStage, http: HttpRequest, path: str, request_id: str
) -> HttpResponse:
    """The gateway's own answer; where a route with an authorizer takes OPTIONS, after asking it."""
    assert stage.cors is not None
    matched = stage.matcher.match(http.method, path)
    if matched is not None and matched[0].authorization != "NONE":
        call = _call(ctx, live, stage, matched, http, path, b"", request_id)
        refusal = await authorize(_own_context(ctx, live, matched[0], call), matched[0], call, http)
        if refusal is not None:
            return refusal
    return cors.preflight(stage.cors, http.headers)


async def _pass_on(
    ctx: Context, live: LiveApi, stage: LiveStage, http: HttpRequest, path: str, request_id: str
) -> HttpResponse:
    matched = stage.matcher.match(http.method, path)
    if matched is None:
        return message(404, "Not Found")
    route = matched[0]
    if route.limit is not None and not ctx.component(Throttles).admits(route.arn, route.limit):
        return message(429, "Too Many Requests")
    try:
        body = await read_payload(http)
    except BodyTooLarge:
        return message(413, "Request Entity Too Large")
    call = _call(ctx, live, stage, matched, http, path, body, request_id)
    own = _own_context(ctx, live, route, call)
    began = ctx.clock.monotonic()
    response = None
    if route.authorization != "NONE":
        response = await authorize(own, route, call, http)
    if response is None:  # what is refused is not billed
        response = await ctx.component(Integrations).invoke(own, route, call)
        _meter(own, route, len(body), response)
    if stage.access_log is not None:
        seconds = ctx.clock.monotonic() - began
        text = access_log.line(stage.access_log.get("Format", ""), call, response, seconds)
        destination = str(stage.access_log.get("DestinationArn", ""))
        ctx.component(AccessLogs).add(own, destination, call.api_id, call.at, text)
    return response


def _own_context(ctx: Context, live: LiveApi, route: LiveRoute, call: Call) -> Context:
    """The gateway acts in the account and region of the API, for the route."""
    trace_id = ctx.trace_id = call.headers.get("x-amzn-trace-id", "")
    return Context(
        ctx.cloud, route.principal, live.region, ctx.request_id, "apigatewayv2", route.key, trace_id
    )


def _call(
    ctx: Context, live: LiveApi, stage: LiveStage, matched: tuple[LiveRoute, dict[str, str]],
    http: HttpRequest, path: str, body: bytes, request_id: str,
) -> Call:  # fmt: skip
    route, variables = matched
    now = ctx.clock.now()
    host = http.host
    return Call(
        method=http.method,
        path=http.path,
        query=http.query,
        headers=_headers(ctx, http, len(body), now),
        body=body,
        source_ip=http.client,
        api_id=live.id,
        account_id=live.account_id,
        domain_name=host if ".execute-api." in host else live.domain_name,
        stage=stage.name,
        route_key=route.key,
        request_id=request_id,
        at=now,
        path_parameters=variables,
        stage_variables=stage.variables,
        path_below_stage=path,
    )


def _headers(ctx: Context, http: HttpRequest, length: int, now: float) -> dict[str, str]:
    """The client's headers and those that the gateway adds."""
    headers = dict(http.headers)
    headers.pop("connection", None)
    headers.pop("transfer-encoding", None)
    headers["content-length"] = str(length)
    known = headers.get("x-forwarded-for")
    headers["x-forwarded-for"] = f"{known}, {http.client}" if known else http.client
    headers.setdefault("x-forwarded-port", str(http.port))
    headers.setdefault("x-forwarded-proto", http.scheme)
    if "x-amzn-trace-id" not in headers:
        headers["x-amzn-trace-id"] = f"Root=1-{int(now):08x}-{ctx.ids.random_bytes(12).hex()}"
    return headers


def _meter(ctx: Context, route: LiveRoute, request_bytes: int, response: HttpResponse) -> None:
    answered = len(response.body) if isinstance(response.body, bytes) else 0
    units = math.ceil(max(request_bytes, answered, 1) / METERED_BYTES)
    ctx.use("ApiGatewayHttpRequest", units, route.arn)
