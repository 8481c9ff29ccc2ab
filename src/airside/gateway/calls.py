"""Calls of gateways to what stands behind them: functions, and servers on this machine."""

import asyncio
import http.client
from collections.abc import Awaitable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from airside.kernel import Cloud, Component, Context, HttpResponse, Result
from airside.kernel.http import BytesBody, HttpRequest

T = TypeVar("T")

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HOP_BY_HOP = frozenset(
    {"connection", "host", "content-length", "transfer-encoding", "keep-alive", "upgrade"}
)
"""Headers of one connection only."""


class Unreachable(Exception):
    """Nothing answers at that address, or it is outside of this machine."""


class TimedOut(Exception):
    """No answer in time."""


class Calls(Component):
    """Calls under way. One that outlives its time limit goes on; only its client stops waiting."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._running: set[asyncio.Future[Any]] = set()

    async def stop(self) -> None:
        """Give up what is still under way."""
        running = list(self._running)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def function(self, ctx: Context, function: str, payload: bytes, seconds: float) -> Result:
        """What Invoke answers. Raises what Invoke raises, and TimedOut."""
        request = {
            "FunctionName": function,
            "InvocationType": "RequestResponse",
            "Payload": payload,
        }
        return await self.within(ctx.call("lambda", "Invoke", request), seconds)

    async def within(self, work: Awaitable[T], seconds: float) -> T:
        """The outcome of some work. Raises TimedOut."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._over)
        done, _ = await asyncio.wait((task,), timeout=seconds)
        if not done:
            raise TimedOut
        return task.result()

    def _over(self, task: asyncio.Future[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen, also when nobody waits any more


async def send(
    ctx: Context, method: str, url: str, headers: dict[str, str], body: bytes, *, seconds: float
) -> HttpResponse:
    """Send a request to loopback, or to a host of this cloud; nothing goes any further.

    Raises Unreachable and TimedOut.
    """
    target = urlsplit(url)
    request = HttpRequest(
        method, target.path or "/", target.query, headers | {"host": target.netloc},
        BytesBody(body), scheme=target.scheme,
    )  # fmt: skip
    if target.hostname in _LOOPBACK:
        host = target.hostname or ""
        return await asyncio.to_thread(_send, request, host, target.port, seconds)
    response = await ctx.fetch(request)
    if response.status == 502:
        raise Unreachable
    return response


def _send(request: HttpRequest, host: str, port: int | None, seconds: float) -> HttpResponse:
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    body = request.body.data if isinstance(request.body, BytesBody) else b""
    try:
        connection.request(request.method, request.target, body, request.headers)
        answer = connection.getresponse()
        content = answer.read()
    except TimeoutError:
        raise TimedOut from None
    except (OSError, http.client.HTTPException):
        raise Unreachable from None
    finally:
        connection.close()
    headers = [pair for pair in answer.getheaders() if pair[0].lower() not in HOP_BY_HOP]
    return HttpResponse(answer.status, headers, content)
