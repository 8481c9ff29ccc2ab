"""Test invocations: a method as it is now, called without deployment, authorizer or key."""

import base64
from datetime import UTC, datetime

from airside.gateway.matcher import Matcher
from airside.kernel import Context, HttpRequest, HttpResponse, Request, Result, operation
from airside.services.apigateway import refused
from airside.services.apigateway.call import Call
from airside.services.apigateway.control import load, method_of, resource_of
from airside.services.apigateway.event import several
from airside.services.apigateway.gateway import own_context
from airside.services.apigateway.integrate import integrate
from airside.services.apigateway.live import LiveApi, LiveMethod, compile_stage
from airside.services.apigateway.methods import method_arn
from airside.services.apigateway.refusals import Refusal
from airside.services.apigateway.requirements import check_request

STAGE = "test-invoke-stage"


@operation("TestInvokeMethod", resource=method_arn, action="apigateway:POST")
async def test_invoke_method(ctx: Context, request: Request) -> Result:
    """Call a method; what it answers, with a log of how it came to that."""
    api = await load(ctx, request["restApiId"])
    resource = resource_of(api, request)
    verb = str(method_of(api, request)["httpMethod"])
    members = {"deploymentId": "", "variables": request.get("stageVariables") or {}}
    stage = compile_stage(api, STAGE, members, api.present)
    live = LiveApi(api.id, api.account_id, api.region, api.domain_name, api.stamp)
    target = request.get("pathWithQueryString") or resource["path"]
    path, _, query = target.partition("?")
    found = stage.matcher.match(verb, resource["path"], decode=False)
    assert found is not None, "a method is served where it stands"
    method = found[0]
    matched = Matcher([(f"ANY {resource['path']}", True)]).match("ANY", path, decode=False)
    http = HttpRequest(
        "GET" if verb == "ANY" else verb, path, query, _headers(request), port=443,
        scheme="https", client="test-invoke-source-ip",
    )  # fmt: skip
    extended_id = base64.urlsafe_b64encode(ctx.ids.random_bytes(11)).decode()
    now = ctx.clock.now()
    trace_id = f"Root=1-{int(now):08x}-{ctx.ids.random_bytes(12).hex()}"
    call = Call(
        http, live, stage, path, ctx.request_id, extended_id, now, trace_id, method,
        matched[1] if matched is not None else {}, (request.get("body") or "").encode(), test=True,
    )  # fmt: skip
    began = ctx.clock.monotonic()
    response = await _respond(ctx, call, method)
    latency = round((ctx.clock.monotonic() - began) * 1000)
    body = response.body if isinstance(response.body, bytes) else b""
    response.headers.append(("X-Amzn-Trace-Id", trace_id))
    headers = several(response.headers)
    return {
        "status": response.status,
        "body": body.decode("utf-8", "replace"),
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "log": _log(call, method, response, body, latency),
        "latency": latency,
    }


def _headers(request: Request) -> dict[str, str]:
    headers = {name.lower(): value for name, value in (request.get("headers") or {}).items()}
    for name, values in (request.get("multiValueHeaders") or {}).items():
        headers[name.lower()] = ",".join(values)
    return headers


async def _respond(ctx: Context, call: Call, method: LiveMethod) -> HttpResponse:
    try:
        check_request(call, method)
        return await integrate(own_context(ctx, call, method), call, method)
    except Refusal as refusal:
        return refused.response(call, refusal)


def _log(call: Call, method: LiveMethod, response: HttpResponse, body: bytes, latency: int) -> str:
    stamp = datetime.fromtimestamp(call.at, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
    said = call.body.decode("utf-8", "replace")
    lines = [
        f"Starting execution for request: {call.request_id}",
        f"HTTP Method: {call.http.method}, Resource Path: {call.path}",
        f"Method request path: {_shown(call.path_parameters)}",
        f"Method request query string: {_shown(dict(call.query))}",
        f"Method request headers: {_shown(call.http.headers)}",
        f"Method request body before transformations: {said}",
        f"Endpoint request URI: {method.integration.get('uri', '')}",
        f"Received response. Integration latency: {latency} ms",
        f"Method response body after transformations: {body.decode('utf-8', 'replace')}",
        f"Method response headers: {_shown(dict(response.headers))}",
        "Successfully completed execution" if response.status < 500
        else "Execution failed due to configuration error",
        f"Method completed with status: {response.status}",
    ]  # fmt: skip
    head = f"Execution log for request {call.request_id}\n"
    return head + "".join(f"{stamp} : {line}\n" for line in lines)


def _shown(values: object) -> str:
    held = dict(values) if isinstance(values, dict) else {}
    return "{" + ", ".join(f"{name}={value}" for name, value in held.items()) + "}"
