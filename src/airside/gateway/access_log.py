"""Access logs: a line per request, in the stage's format, into a log group.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from airside.kernel import Cloud, Context, ServiceError
from airside.kernel.written_behind import WrittenBehind

log = logging.getLogger("airside.apigateway")

_VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_:]+)*)")
_DELIVER_SECONDS = 0.5
_BATCH_MAX = 1000
_MONTHS = (
    "", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip


def line(form: str, value: Callable[[str], Any]) -> str:
    """A request in a stage's format, `value` knowing the variables; what has none is a hyphen."""

    def replace(match: re.Match[str]) -> str:
        found = value(match[1])
        return "-" if found is None else str(found)

    return _VARIABLE.sub(replace, form)


def log_time(at: float) -> str:
    """`12/Mar/2020:19:03:58 +0000`."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment.day:02d}/{_MONTHS[moment.month]}/{moment:%Y:%H:%M:%S} +0000"


@dataclass(slots=True)
class _Batch:
    """Lines of one stage that wait for delivery."""

    ctx: Context
    group: str
    stream: str
    events: list[dict[str, Any]] = field(default_factory=list)


class AccessLogs(WrittenBehind):
    """Collects lines and delivers them twice a second, so that no request waits for its line."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._batches: dict[tuple[str, str], _Batch] = {}

    @property
    def delay_seconds(self) -> float:
        """Half a second."""
        return _DELIVER_SECONDS

    def add(self, ctx: Context, destination: str, stream: str, at: float, text: str) -> None:
        """Take a line for the log group with the ARN `destination`. Must not fail."""
        group = destination.partition(":log-group:")[2]
        group = group.removesuffix(":*")
        if not group:
            return
        batch = self._batches.get((group, stream))
        if batch is None:
            batch = self._batches[group, stream] = _Batch(ctx, group, stream)
        if len(batch.events) < _BATCH_MAX:
            batch.events.append({"timestamp": int(at * 1000), "message": text})
        self.soon()

    async def write(self) -> None:
        """Deliver what waits."""
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
