"""Log events: put, get, filter."""

import base64
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.logs import errors, limits
from airside.services.logs.groups import group_arn, require
from airside.services.logs.patterns import compile_pattern
from airside.services.logs.store import Event, Space
from airside.services.logs.streams import group_named, require_stream

_EVER = 1 << 62


@operation("PutLogEvents", resource=group_arn)
async def put_log_events(ctx: Context, request: Request) -> Result:
    """Append events to a stream; those too old or too new are left out and reported."""
    space, now = Space.of(ctx), ctx.clock.now()
    given = request["logEvents"]
    _check_batch(given)
    accepted, rejected = _in_time(given, int(now * 1000))
    base = int(now * 1_000_000) << 14
    name, stream_name = request["logGroupName"], request["logStreamName"]
    size = sum(len(one["message"].encode()) + limits.EVENT_OVERHEAD_BYTES for one in accepted)

    def body(tx: Transaction) -> None:
        group = require(space, tx, name)
        stream = require_stream(space, tx, group, stream_name)
        for place, one in enumerate(accepted):
            event = Event(one["timestamp"], base + place, stream_name, one["message"])
            space.put_event(tx, group, event)
        if accepted:
            first, last = accepted[0]["timestamp"], accepted[-1]["timestamp"]
            stream.first_event_at = min(stream.first_event_at or first, first)
            stream.last_event_at = max(stream.last_event_at or last, last)
            stream.last_ingested_at = int(now * 1000)
            space.put_stream(tx, group, stream)
            group.stored_bytes += size
            space.put_group(tx, group)

    await ctx.store.transact(body)
    ctx.use("DataProcessing-Bytes", size, ctx.arn(f"log-group:{name}"))
    return {
        "nextSequenceToken": f"{int(now * 1000):056d}",
        "rejectedLogEventsInfo": rejected or None,
    }


def _check_batch(given: list[dict[str, Any]]) -> None:
    size = sum(len(one["message"].encode()) + limits.EVENT_OVERHEAD_BYTES for one in given)
    if size > limits.BATCH_BYTES_MAX:
        raise errors.InvalidParameterException(
            f"Upload too large: {size} bytes exceeds limit of {limits.BATCH_BYTES_MAX}"
        )
    stamps = [one["timestamp"] for one in given]
    if any(later < earlier for earlier, later in pairwise(stamps)):
        raise errors.InvalidParameterException(
            "Log events in a single PutLogEvents request must be in chronological order."
        )
    if stamps and stamps[-1] - stamps[0] > limits.BATCH_SPAN_MS_MAX:
        raise errors.InvalidParameterException(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 "
            "hours."
        )


def _in_time(
    given: list[dict[str, Any]], now_ms: int
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    old = sum(one["timestamp"] < now_ms - limits.TOO_OLD_MS for one in given)
    new = next(
        (place for place, one in enumerate(given)
         if one["timestamp"] > now_ms + limits.TOO_NEW_MS), len(given)
    )  # fmt: skip
    rejected = {}
    if old:
        rejected["tooOldLogEventEndIndex"] = old
    if new < len(given):
        rejected["tooNewLogEventStartIndex"] = new
    return given[old:new], rejected


@operation("GetLogEvents", resource=group_arn)
async def get_log_events(ctx: Context, request: Request) -> Result:
    """Read one stream, forwards or backwards from a token."""
    space, name = Space.of(ctx), group_named(request)
    limit = request.get("limit", limits.PAGE_EVENTS_MAX)
    start = (request.get("startTime", 0), 0)
    end = (request.get("endTime", _EVER), 0)
    forwards = request.get("startFromHead", False)
    token = request.get("nextToken")
    if token is not None:
        way, position = _position(token)
        forwards = way == "f"
        if forwards:
            start = (position[0], position[1] + 1)
        else:
            end = position

    def body(view: Snapshot) -> list[Event]:
        group = require(space, view, name)
        require_stream(space, view, group, request["logStreamName"])
        found: list[Event] = []
        size = 0
        for event in space.events_of(
            view, group, request["logStreamName"], start, end, reverse=not forwards
        ):
            size += len(event.message) + limits.EVENT_OVERHEAD_BYTES
            if len(found) >= limit or (found and size > limits.PAGE_BYTES_MAX):
                break
            found.append(event)
        return found if forwards else found[::-1]

    events = await ctx.store.read(body)
    if events:
        newest, oldest = events[-1], events[0]
        forward = f"f/{newest.timestamp}/{newest.sequence}"
        backward = f"b/{oldest.timestamp}/{oldest.sequence}"
    elif token is not None:
        forward, backward = f"f{token[1:]}", f"b{token[1:]}"
    else:
        now = int(ctx.clock.now() * 1000)
        forward, backward = f"f/{now}/0", f"b/{now}/0"
    return {
        "events": [
            {"timestamp": event.timestamp, "message": event.message,
             "ingestionTime": event.ingested_at}
            for event in events
        ],
        "nextForwardToken": forward,
        "nextBackwardToken": backward,
    }  # fmt: skip


def _position(token: str) -> tuple[str, tuple[int, int]]:
    way, _, rest = token.partition("/")
    timestamp, _, sequence = rest.partition("/")
    if way not in {"f", "b"} or not (timestamp.isdigit() and sequence.isdigit()):
        raise errors.InvalidParameterException("The specified nextToken is invalid.")
    return way, (int(timestamp), int(sequence))


@operation("FilterLogEvents", resource=group_arn)
async def filter_log_events(ctx: Context, request: Request) -> Result:
    """Search a group's events, of all its streams interleaved in time."""
    space, name = Space.of(ctx), group_named(request)
    matches = compile_pattern(request.get("filterPattern", ""))
    wanted = _stream_test(request)
    limit = request.get("limit", limits.PAGE_EVENTS_MAX)
    past = _cursor(request.get("nextToken"))
    since, until = request.get("startTime", 0), request.get("endTime", _EVER - 1) + 1

    def body(view: Snapshot) -> tuple[list[Event], Event | None]:
        group = require(space, view, name)
        found: list[Event] = []
        size = 0
        for scanned, event in enumerate(space.events(view, group, since, until, past), 1):
            if wanted(event.stream) and matches(event.message):
                found.append(event)
                size += len(event.message) + limits.EVENT_OVERHEAD_BYTES
            full = len(found) >= limit or size > limits.PAGE_BYTES_MAX
            if full or scanned >= limits.PAGE_SCANNED_MAX:
                return found, event
        return found, None

    events, last = await ctx.store.read(body)
    return {
        "events": [
            {"logStreamName": event.stream, "timestamp": event.timestamp,
             "message": event.message, "ingestionTime": event.ingested_at, "eventId": event.id}
            for event in events
        ],
        "searchedLogStreams": [],
        "nextToken": _sealed(last) if last else None,
    }  # fmt: skip


def _stream_test(request: Request) -> Callable[[str], bool]:
    names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix")
    if names is not None and prefix is not None:
        raise errors.InvalidParameterException(
            "Only one of logStreamNames and logStreamNamePrefix may be given."
        )
    if names is not None:
        return frozenset(names).__contains__
    if prefix is not None:
        return lambda stream: stream.startswith(prefix)
    return lambda _: True


def _sealed(event: Event) -> str:
    text = f"{event.timestamp}/{event.sequence}/{event.stream}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _cursor(token: str | None) -> Event | None:
    if token is None:
        return None
    try:
        timestamp, sequence, stream = (
            base64.urlsafe_b64decode(token.encode()).decode().split("/", 2)
        )
        return Event(int(timestamp), int(sequence), stream, "")
    except ValueError:
        raise errors.InvalidParameterException("The specified nextToken is invalid.") from None
