"""Brings functions' logs to CloudWatch Logs, in batches, off the path of events."""

import asyncio
import logging
from operator import itemgetter
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
_INSTANT = itemgetter(0)


class Writer:
    """What an environment writes to one log stream with."""

    __slots__ = ("_delivery", "dropping", "known", "lines", "stream")

    def __init__(self, delivery: "LogDelivery", stream: Stream) -> None:
        self._delivery = delivery
        self.stream = stream
        self.lines: Lines = []
        """Those that wait to be delivered."""
        self.dropping = self.known = False

    def add(self, events: Lines) -> None:
        """Take log events; never waits."""
        delivery = self._delivery
        if delivery.waiting_bytes > WAITING_BYTES_MAX:
            if self.dropping:
                return
            self.dropping = True
            note = "[airside] output came faster than it could be stored; some was dropped\n"
            events = [(events[0][0], note)]
        if not self.lines:
            delivery.waits(self)
        self.lines += events
        for _, text in events:
            delivery.waiting_bytes += len(text)


class LogDelivery(Component):
    """Holds log events for at most FLUSH_SECONDS."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.waiting_bytes = 0
        self._waiting: list[Writer] = []
        self._lost: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Task[None] | None = None

    def open(self, stream: Stream) -> Writer:
        """Somewhere to write the events of a stream to."""
        return Writer(self, stream)

    def waits(self, writer: Writer) -> None:
        """Deliver soon what a writer has from now on."""
        self._waiting.append(writer)
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
        waiting, self._waiting = [(each, each.lines) for each in self._waiting], []
        self.waiting_bytes = 0
        for writer, _ in waiting:
            writer.lines = []
            writer.dropping = False
        for at in range(0, len(waiting), STREAMS_AT_ONCE):
            some = waiting[at : at + STREAMS_AT_ONCE]
            await asyncio.gather(*(self._deliver(writer, lines) for writer, lines in some))
            await asyncio.sleep(0)  # events go first

    async def _deliver(self, writer: Writer, lines: Lines) -> None:
        stream = writer.stream
        lines.sort(key=_INSTANT)
        ctx = self.cloud.context(stream.principal, "lambda")
        ctx.region = stream.region
        try:
            if not writer.known:
                await self._create(ctx, stream)
                writer.known = True
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


def _batches(lines: Lines) -> list[Lines]:
    """Lines as they go into one request each."""
    if len(lines) <= BATCH_EVENTS_MAX:
        texts = "".join([text for _, text in lines])
        length = len(texts) if texts.isascii() else len(texts.encode())
        if length + len(lines) * _EVENT_OVERHEAD_BYTES <= BATCH_BYTES_MAX:
            return [lines]
    batches: list[Lines] = [[]]
    size = 0
    for line in lines:
        cost = len(line[1].encode()) + _EVENT_OVERHEAD_BYTES
        if batches[-1] and (size + cost > BATCH_BYTES_MAX or len(batches[-1]) >= BATCH_EVENTS_MAX):
            batches.append([])
            size = 0
        batches[-1].append(line)
        size += cost
    return batches
