"""Access logs: a line per request, in the stage's format, into a log group.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
"""

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airside.kernel import Cloud, Component, Context, HttpResponse, ServiceError
from airside.services.apigatewayv2.event import Call, log_time

log = logging.getLogger("airside.apigateway")

_VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_:]+)*)")
_DELIVER_SECONDS = 0.5
_BATCH_MAX = 1000


def line(form: str, call: Call, response: HttpResponse, seconds: float) -> str:
    """A request in a stage's format; what has no value is a hyphen."""
    values = _values(call, response, seconds)

    def replace(match: re.Match[str]) -> str:
        found = values.get(match[1])
        if found is None and match[1].startswith("authorizer."):
            found = _authorizer_value(match[1].removeprefix("authorizer."), call)
        return "-" if found is None else str(found)

    return _VARIABLE.sub(replace, form)


def _values(call: Call, response: HttpResponse, seconds: float) -> Mapping[str, Any]:
    size = len(response.body) if isinstance(response.body, bytes) else None
    latency = round(seconds * 1000)
    return {
        "accountId": call.account_id,
        "apiId": call.api_id,
        "domainName": call.domain_name,
        "domainPrefix": call.domain_name.partition(".")[0],
        "extendedRequestId": call.request_id,
        "httpMethod": call.method,
        "identity.sourceIp": call.source_ip,
        "identity.userAgent": call.headers.get("user-agent"),
        "integrationLatency": latency,
        "integrationStatus": response.status,
        "path": call.path,
        "protocol": call.protocol,
        "requestId": call.request_id,
        "requestTime": log_time(call.at),
        "requestTimeEpoch": int(call.at * 1000),
        "responseLatency": latency,
        "responseLength": size,
        "routeKey": call.route_key,
        "stage": call.stage,
        "status": response.status,
    }


def _authorizer_value(name: str, call: Call) -> Any:
    known = call.authorizer or {}
    if name.startswith("claims."):
        return known.get("jwt", {}).get("claims", {}).get(name.removeprefix("claims."))
    return (known.get("lambda") or {}).get(name)


@dataclass(slots=True)
class _Batch:
    """Lines of one stage that wait for delivery."""

    ctx: Context
    group: str
    stream: str
    events: list[dict[str, Any]] = field(default_factory=list)


class AccessLogs(Component):
    """Collects lines and delivers them twice a second, so that no request waits for its line."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._batches: dict[tuple[str, str], _Batch] = {}
        self._task: asyncio.Task[None] | None = None

    async def stop(self) -> None:
        """Deliver what waits."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._deliver()

    def write(self, ctx: Context, settings: Mapping[str, Any], call: Call, text: str) -> None:
        """Take a line. Must not fail."""
        group = str(settings.get("DestinationArn", "")).partition(":log-group:")[2]
        group = group.removesuffix(":*")
        if not group:
            return
        batch = self._batches.get((group, call.api_id))
        if batch is None:
            batch = self._batches[group, call.api_id] = _Batch(ctx, group, f"{call.api_id}")
        if len(batch.events) < _BATCH_MAX:
            batch.events.append({"timestamp": int(call.at * 1000), "message": text})
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._soon())

    async def _soon(self) -> None:
        await asyncio.sleep(_DELIVER_SECONDS)
        await self._deliver()

    async def _deliver(self) -> None:
        batches, self._batches = self._batches, {}
        for batch in batches.values():
            try:
                await self._put(batch)
            except ServiceError as error:
                log.warning("access log %s is lost: %s", batch.group, error.message or error.name)

    async def _put(self, batch: _Batch) -> None:
        place = {"logGroupName": batch.group, "logStreamName": batch.stream}
        request = {**place, "logEvents": batch.events}
        try:
            await batch.ctx.call("logs", "PutLogEvents", request)
        except ServiceError as error:
            if error.name != "ResourceNotFoundException":
                raise
            await batch.ctx.call("logs", "CreateLogStream", place)
            await batch.ctx.call("logs", "PutLogEvents", request)
