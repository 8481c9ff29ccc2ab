"""Calling what stands behind a route: a function, or another HTTP server."""

import logging
import re
from urllib.parse import quote, urlsplit

import msgspec

from airside.gateway import calls
from airside.gateway.answers import MalformedResponse
from airside.gateway.calls import HOP_BY_HOP, Calls, TimedOut, Unreachable
from airside.gateway.uris import substitute
from airside.kernel import Context, HttpResponse, Result, ServiceError
from airside.services.apigatewayv2.event import Call, event_1, event_2
from airside.services.apigatewayv2.live import LiveRoute
from airside.services.apigatewayv2.mapping import map_request, map_response
from airside.services.apigatewayv2.response import message, response_of
from airside.services.apigatewayv2.service_call import ask

log = logging.getLogger("airside.apigateway")

_VARIABLE = re.compile(r"\{([A-Za-z0-9._\-:]+)\+?\}")


class Integrations(Calls):
    """Calls under way of HTTP APIs."""

    async def invoke(self, ctx: Context, route: LiveRoute, call: Call) -> HttpResponse:
        """The response of a route's integration, or the gateway's own when that fails."""
        integration = route.integration
        if integration is None:
            return message(500, "Internal Server Error")
        if integration.get("IntegrationSubtype"):
            return await self._ask_service(ctx, route, call)
        if integration.get("RequestParameters"):
            call = map_request(integration["RequestParameters"], call)
        if route.function is not None:
            response = await self._invoke(ctx, route, call)
        else:
            response = await _proxy(ctx, route, call)
        if integration.get("ResponseParameters"):
            map_response(integration["ResponseParameters"], call, response)
        return response

    async def _ask_service(self, ctx: Context, route: LiveRoute, call: Call) -> HttpResponse:
        assert route.integration is not None
        try:
            asking = ask(ctx, route.integration, call)
            return await self.within(asking, route.timeout_seconds)
        except TimedOut:
            return message(504, "Endpoint request timed out")

    async def _invoke(self, ctx: Context, route: LiveRoute, call: Call) -> HttpResponse:
        event = event_2(call) if route.version == "2.0" else event_1(call)
        try:
            result = await self.call_function(ctx, route, msgspec.json.encode(event))
        except ServiceError as error:
            return refusal(error)
        if result is None:
            return message(504, "Endpoint request timed out")
        if "FunctionError" in result:
            return message(500, "Internal Server Error")
        try:
            return response_of(result.get("Payload") or b"", route.version)
        except MalformedResponse as error:
            log.info("%s answered no valid response: %s", route.function, error)
            return message(500, "Internal Server Error")

    async def call_function(
        self, ctx: Context, route: LiveRoute, payload: bytes, function: str | None = None
    ) -> Result | None:
        """What Invoke answers; None when that takes too long. Raises what Invoke raises."""
        name = function or route.function or ""
        try:
            return await self.function(ctx, name, payload, route.timeout_seconds)
        except TimedOut:
            return None


def refusal(error: ServiceError) -> HttpResponse:
    """The gateway's answer when the function was not run."""
    if error.name in {"TooManyRequestsException", "ServiceException"}:
        return message(503, "Service Unavailable")
    if error.name == "RequestTooLargeException":
        return message(413, "Request Entity Too Large")
    log.info("integration failed: %s: %s", error.name, error.message)
    return message(500, "Internal Server Error")


async def _proxy(ctx: Context, route: LiveRoute, call: Call) -> HttpResponse:
    """Pass a request on to a server on this machine, or to a host of this cloud."""
    assert route.integration is not None
    uri = substitute(route.integration.get("IntegrationUri", ""), call.stage_variables)
    uri = _VARIABLE.sub(lambda match: call.path_parameters.get(match[1], ""), uri)
    if call.mapped_path is not None:
        uri = urlsplit(uri)._replace(path=quote(call.mapped_path, safe="/%:@"), query="").geturl()
    if call.query:
        uri += ("&" if "?" in uri else "?") + call.query
    method = route.integration.get("IntegrationMethod", "ANY")
    headers = {name: value for name, value in call.headers.items() if name not in HOP_BY_HOP}
    return await send(
        ctx, call.method if method == "ANY" else method, uri, headers, call.body,
        seconds=route.timeout_seconds,
    )  # fmt: skip


async def send(
    ctx: Context, method: str, url: str, headers: dict[str, str], body: bytes, *, seconds: float
) -> HttpResponse:
    """What a server answers, or the gateway's own answer in its place."""
    try:
        return await calls.send(ctx, method, url, headers, body, seconds=seconds)
    except TimedOut:
        return message(504, "Endpoint request timed out")
    except Unreachable:
        return message(503, "Service Unavailable")
