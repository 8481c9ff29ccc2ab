"""PutLogEvents and GetLogEvents."""

from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.logs import limits, store
from airside.services.logs.address import group_name, load_group, load_stream, stream_arn
from airside.services.logs.errors import InvalidParameterException
from airside.services.logs.group import (
    FIRST,
    LAST,
    Entry,
    Event,
    Position,
    Screened,
    chunks_of,
    merge,
    screen,
)
from airside.services.logs.housekeeping import Housekeeping
from airside.services.logs.streams import sequence_token


def _check(events: list[Entry]) -> int:
    """The size of a batch. Raises InvalidParameterException for a batch that breaks a rule."""
    size = store.byte_length(events)
    if size > limits.BATCH_BYTES_MAX:
        raise InvalidParameterException(
            f"Upload too large: {size} bytes exceeds limit of {limits.BATCH_BYTES_MAX}"
        )
    instants = [at for at, _ in events]
    if instants != sorted(instants):
        raise InvalidParameterException(
            "Log events in a single PutLogEvents request must be in chronological order."
        )
    if events[-1][0] - events[0][0] > limits.BATCH_SPAN_MS_MAX:
        raise InvalidParameterException(
            "The batch of log events in a single PutLogEvents request cannot span more than "
            "24 hours."
        )
    return size


@operation("PutLogEvents", resource=stream_arn)
async def put_log_events(ctx: Context, request: Request) -> Result:
    """Take in a batch for one stream, durably. Sequence tokens are not asked for any more."""
    events: list[Entry] = [(event["timestamp"], event["message"]) for event in request["logEvents"]]
    size = _check(events)
    now_ms = int(ctx.clock.now() * 1000)
    numbers = ctx.component(Housekeeping)

    def body(tx: Transaction) -> tuple[Screened, str, str]:
        group = load_group(tx, ctx, request["logGroupName"])
        stream = load_stream(tx, group, request["logStreamName"])
        screened = screen(events, group, now_ms)
        if screened.events:
            for piece in chunks_of(screened.events):
                length = size if len(piece) == len(events) else store.byte_length(piece)
                store.append(tx, group, stream, numbers.number(), now_ms, piece, length)
            stream.take_in(screened.events, now_ms)
            store.save_stream(tx, group, stream)
        return screened, group.arn, sequence_token(stream)

    screened, arn, token = await ctx.store.transact(body)
    if screened.events:
        length = size if screened.rejected is None else store.byte_length(screened.events)
        ctx.use("DataProcessing-Bytes", length, arn)
    return {"nextSequenceToken": token, "rejectedLogEventsInfo": screened.rejected}


def shown(event: Event) -> dict[str, Any]:
    """An event as GetLogEvents shows it."""
    return {
        "timestamp": event.position.timestamp,
        "message": event.message,
        "ingestionTime": event.ingested_ms,
    }


@operation("GetLogEvents", resource=stream_arn)
async def get_log_events(ctx: Context, request: Request) -> Result:
    """Events of one stream, a page forward or backward from a token."""
    limit = request.get("limit", limits.PAGE_EVENTS_MAX)
    forward, after, before = _direction(request)
    now_ms = int(ctx.clock.now() * 1000)

    def body(snapshot: Snapshot) -> list[Event]:
        group = load_group(snapshot, ctx, group_name(request))
        stream = load_stream(snapshot, group, request["logStreamName"])
        start = max(request.get("startTime", 0), group.cutoff_ms(now_ms), after.timestamp)
        end = min(request.get("endTime", LAST.timestamp), before.timestamp + 1)
        chunks = store.stream_chunks(snapshot, group, stream, start, end, reverse=not forward)
        page: list[Event] = []
        size = 0
        for event in merge(chunks, reverse=not forward):
            at = event.position
            if not start <= at.timestamp < end or not after < at < before:
                if (at.timestamp >= end) if forward else (at.timestamp < start):
                    break
                continue
            size += len(event.message.encode()) + limits.EVENT_OVERHEAD_BYTES
            if page and (len(page) == limit or size > limits.PAGE_BYTES_MAX):
                break
            page.append(event)
        return page if forward else page[::-1]

    page = await ctx.store.read(body)
    first, last = (page[0].position, page[-1].position) if page else _nowhere(after, before)
    return {
        "events": [shown(event) for event in page],
        "nextForwardToken": f"f/{last.token()}/s",
        "nextBackwardToken": f"b/{first.token()}/s",
    }


_BEFORE_ALL = Position(-1, 0, 0)


def _direction(request: Request) -> tuple[bool, Position, Position]:
    """Whether to go forward, and the positions that the page lies strictly between."""
    token = request.get("nextToken")
    if token is None:
        return request.get("startFromHead", False), _BEFORE_ALL, LAST
    way, _, rest = token.partition("/")
    position = Position.parse(rest.removesuffix("/s"))
    if way not in ("f", "b") or position is None:
        raise InvalidParameterException("The specified nextToken is invalid.")
    return (True, position, LAST) if way == "f" else (False, _BEFORE_ALL, position)


def _nowhere(after: Position, before: Position) -> tuple[Position, Position]:
    """Tokens of an empty page lead back to where it was looked for."""
    here = after if after != _BEFORE_ALL else before if before != LAST else FIRST
    return here, here
