"""Brings functions' logs to CloudWatch Logs, in batches, off the path of events."""

import asyncio
import logging
from collections import defaultdict
from typing import NamedTuple

from airside.kernel import Cloud, Component, Context, Principal, ServiceError

log = logging.getLogger("airside.lambda")

FLUSH_SECONDS = 0.2
STREAMS_AT_ONCE = 16
BATCH_EVENTS_MAX = 10_000
BATCH_BYTES_MAX = 1_000_000
_EVENT_OVERHEAD_BYTES = 26
WAITING_BYTES_MAX = 64 * 1024 * 1024
"""Output that comes faster than it can be stored is dropped beyond this, with a note."""


class Stream(NamedTuple):
    """One log stream."""

    principal: Principal
    """The function's role: writing logs is its right, as on AWS."""
    region: str
    group: str
    name: str


Lines = list[tuple[int, str]]


class LogDelivery(Component):
    """Holds log events for at most FLUSH_SECONDS."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._waiting: dict[Stream, Lines] = defaultdict(list)
        self._waiting_bytes = 0
        self._dropped: set[Stream] = set()
        self._known: set[Stream] = set()
        self._lost: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Task[None] | None = None

    def add(self, stream: Stream, events: Lines) -> None:
        """Take log events; never waits."""
        if self._waiting_bytes > WAITING_BYTES_MAX:
            if stream not in self._dropped:
                self._dropped.add(stream)
                note = "[airside] output came faster than it could be stored; some was dropped\n"
                self._waiting[stream].append((events[0][0], note))
            return
        self._waiting[stream].extend(events)
        self._waiting_bytes += sum(len(text) for _, text in events)
        if self._timer is None and self._flushing is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._begin)

    async def stop(self) -> None:
        """Deliver what is left."""
        if self._timer:
            self._timer.cancel()
        if self._flushing:
            await self._flushing
        if self._timer:
            self._timer.cancel()
        while self._waiting:
            await self._flush()

    def _begin(self) -> None:
        self._timer = None
        self._flushing = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._flush()
        finally:
            self._flushing = None
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._begin)

    async def _flush(self) -> None:
        """Deliver what waits; what comes meanwhile waits its turn, or each event is a commit."""
        waiting, self._waiting = self._waiting, defaultdict(list)
        self._waiting_bytes = 0
        self._dropped.clear()
        streams = list(waiting.items())
        for at in range(0, len(streams), STREAMS_AT_ONCE):
            some = streams[at : at + STREAMS_AT_ONCE]
            await asyncio.gather(*(self._deliver(stream, lines) for stream, lines in some))
            await asyncio.sleep(0)  # events go first

    async def _deliver(self, stream: Stream, lines: Lines) -> None:
        lines.sort(key=lambda line: line[0])
        ctx = self.cloud.context(stream.principal, "lambda")
        ctx.region = stream.region
        try:
            if stream not in self._known:
                await self._create(ctx, stream)
            for batch in _batches(lines):
                request = {
                    "logGroupName": stream.group,
                    "logStreamName": stream.name,
                    "logEvents": [{"timestamp": at, "message": text} for at, text in batch],
                }
                try:
                    await ctx.call("logs", "PutLogEvents", request)
                except ServiceError as error:
                    if error.name != "ResourceNotFoundException":
                        raise
                    await self._create(ctx, stream)
                    await ctx.call("logs", "PutLogEvents", request)
        except ServiceError as error:
            if stream.group not in self._lost:
                self._lost.add(stream.group)
                log.warning("logs of %s are lost: %s: %s", stream.group, error.name, error.message)

    async def _create(self, ctx: Context, stream: Stream) -> None:
        names = {"logGroupName": stream.group}
        for operation, request in (
            ("CreateLogGroup", names),
            ("CreateLogStream", {**names, "logStreamName": stream.name}),
        ):
            try:
                await ctx.call("logs", operation, request)
            except ServiceError as error:
                if error.name != "ResourceAlreadyExistsException":
                    raise
        self._known.add(stream)


def _batches(lines: Lines) -> list[Lines]:
    batches: list[Lines] = [[]]
    size = 0
    for at, text in lines:
        cost = len(text.encode()) + _EVENT_OVERHEAD_BYTES
        if batches[-1] and (size + cost > BATCH_BYTES_MAX or len(batches[-1]) >= BATCH_EVENTS_MAX):
            batches.append([])
            size = 0
        batches[-1].append((at, text))
        size += cost
    return batches
