"""Log streams: create, list, delete."""

from collections.abc import Iterable
from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.logs import limits, store
from airside.services.logs.address import (
    group_arn,
    group_name,
    load_group,
    load_stream,
    stream_arn,
)
from airside.services.logs.errors import (
    InvalidParameterException,
    ResourceAlreadyExistsException,
)
from airside.services.logs.group import Group, Stream
from airside.services.logs.housekeeping import Housekeeping


@operation("CreateLogStream", resource=stream_arn)
async def create_log_stream(ctx: Context, request: Request) -> Result:
    """Make a stream in a group."""
    stream = Stream(
        name=request["logStreamName"],
        id=ctx.ids.lower(16),
        created_ms=int(ctx.clock.now() * 1000),
    )

    def body(tx: Transaction) -> None:
        group = load_group(tx, ctx, request["logGroupName"])
        if store.find_stream(tx, group, stream.name) is not None:
            raise ResourceAlreadyExistsException("The specified log stream already exists")
        store.save_stream(tx, group, stream)

    await ctx.store.transact(body)
    return {}


@operation("DeleteLogStream", resource=stream_arn)
async def delete_log_stream(ctx: Context, request: Request) -> Result:
    """Delete a stream with its events."""

    def body(tx: Transaction) -> None:
        group = load_group(tx, ctx, request["logGroupName"])
        stream = load_stream(tx, group, request["logStreamName"])
        store.remove_stream(tx, group, stream)

    await ctx.store.transact(body)
    ctx.component(Housekeeping).wake()
    return {}


def description(group: Group, stream: Stream) -> dict[str, Any]:
    """A stream as lists show it."""
    return {
        "logStreamName": stream.name,
        "creationTime": stream.created_ms,
        "firstEventTimestamp": stream.first_ms,
        "lastEventTimestamp": stream.last_ms,
        "lastIngestionTime": stream.ingested_ms,
        "uploadSequenceToken": sequence_token(stream),
        "arn": f"{group.arn}:log-stream:{stream.name}",
        "storedBytes": 0,
    }


def sequence_token(stream: Stream) -> str:
    """What PutLogEvents used to ask for; any value is accepted now."""
    return f"{stream.ingested_ms or stream.created_ms:056d}"


@operation("DescribeLogStreams", resource=group_arn)
async def describe_log_streams(ctx: Context, request: Request) -> Result:
    """Streams of a group by name, or by their latest event."""
    by_time = request.get("orderBy") == "LastEventTime"
    prefix = request.get("logStreamNamePrefix", "")
    if by_time and prefix:
        raise InvalidParameterException("Cannot order by LastEventTime with a logStreamNamePrefix.")
    descending = request.get("descending", False)
    start = request.get("nextToken", "")

    def body(snapshot: Snapshot) -> Result:
        group = load_group(snapshot, ctx, group_name(request))
        found: Iterable[tuple[str, Stream]]
        if not by_time and not descending:
            found = ((s.name, s) for s in store.streams(snapshot, group, prefix, start))
        else:
            every = store.streams(snapshot, group, prefix)
            keyed = [(_order(stream) if by_time else stream.name, stream) for stream in every]
            keyed.sort(key=lambda pair: pair[0], reverse=descending)
            found = [
                (key, stream) for key, stream in keyed
                if not start or (key < start if descending else key > start)
            ]  # fmt: skip
        return _page(group, found, request.get("limit", limits.LIST_MAX))

    return await ctx.store.read(body)


def _order(stream: Stream) -> str:
    return f"{stream.last_ms or 0:016d}~{stream.name}"


def _page(group: Group, found: Iterable[tuple[str, Stream]], limit: int) -> Result:
    shown: list[dict[str, Any]] = []
    last = ""
    for key, stream in found:
        if len(shown) == limit:
            return {"logStreams": shown, "nextToken": last}
        shown.append(description(group, stream))
        last = key
    return {"logStreams": shown}
