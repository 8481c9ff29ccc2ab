"""Calling what stands behind a route: a function, or another HTTP server."""

import asyncio
import http.client
import logging
import re
from collections.abc import Awaitable
from urllib.parse import urlsplit

import msgspec

from airside.kernel import Cloud, Component, Context, HttpResponse, Result, ServiceError
from airside.kernel.http import BytesBody, HttpRequest
from airside.services.apigatewayv2.event import Call, event_1, event_2
from airside.services.apigatewayv2.live import LiveRoute, substitute
from airside.services.apigatewayv2.response import MalformedResponse, message, response_of

log = logging.getLogger("airside.apigateway")

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HOP = frozenset(
    {"connection", "host", "content-length", "transfer-encoding", "keep-alive", "upgrade"}
)
_VARIABLE = re.compile(r"\{([A-Za-z0-9._\-:]+)\+?\}")


class Integrations(Component):
    """Calls under way. One that outlives its time limit goes on; only its client stops waiting."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._running: set[asyncio.Future[Result]] = set()

    async def stop(self) -> None:
        """Give up what is still under way."""
        running = list(self._running)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def invoke(self, ctx: Context, route: LiveRoute, call: Call) -> HttpResponse:
        """The response of a route's integration, or the gateway's own when that fails."""
        if route.integration is None:
            return message(500, "Internal Server Error")
        if route.function is not None:
            return await self._function(ctx, route, call)
        return await _proxy(ctx, route, call)

    async def _function(self, ctx: Context, route: LiveRoute, call: Call) -> HttpResponse:
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
        request = {
            "FunctionName": function or route.function,
            "InvocationType": "RequestResponse",
            "Payload": payload,
        }
        return await self._within(ctx.call("lambda", "Invoke", request), route.timeout_seconds)

    async def _within(self, work: Awaitable[Result], seconds: float) -> Result | None:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._over)
        done, _ = await asyncio.wait((task,), timeout=seconds)
        return task.result() if done else None

    def _over(self, task: asyncio.Future[Result]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen, also when nobody waits any more


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
    if call.query:
        uri += ("&" if "?" in uri else "?") + call.query
    method = route.integration.get("IntegrationMethod", "ANY")
    headers = {name: value for name, value in call.headers.items() if name not in _HOP}
    return await send(
        ctx, call.method if method == "ANY" else method, uri, headers, call.body,
        seconds=route.timeout_seconds,
    )  # fmt: skip


async def send(
    ctx: Context, method: str, url: str, headers: dict[str, str], body: bytes, *, seconds: float
) -> HttpResponse:
    """Send a request to loopback, or to a host of this cloud. Nothing goes any further: 503."""
    target = urlsplit(url)
    request = HttpRequest(
        method, target.path or "/", target.query, headers | {"host": target.netloc},
        BytesBody(body), scheme=target.scheme,
    )  # fmt: skip
    if target.hostname in _LOOPBACK:
        host = target.hostname or ""
        return await asyncio.to_thread(_send, request, host, target.port, seconds)
    response = await ctx.fetch(request)
    return message(503, "Service Unavailable") if response.status == 502 else response


def _send(request: HttpRequest, host: str, port: int | None, seconds: float) -> HttpResponse:
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    body = request.body.data if isinstance(request.body, BytesBody) else b""
    try:
        connection.request(request.method, request.target, body, request.headers)
        answer = connection.getresponse()
        content = answer.read()
    except TimeoutError:
        return message(504, "Endpoint request timed out")
    except (OSError, http.client.HTTPException):
        return message(503, "Service Unavailable")
    finally:
        connection.close()
    headers = [pair for pair in answer.getheaders() if pair[0].lower() not in _HOP]
    return HttpResponse(answer.status, headers, content)
