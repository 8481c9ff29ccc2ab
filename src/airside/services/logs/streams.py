"""Log streams: create, delete, describe."""

import base64

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.logs import errors, limits
from airside.services.logs.groups import group_arn, named, require
from airside.services.logs.store import Group, Space, Stream


def require_stream(space: Space, view: Snapshot, group: Group, name: str) -> Stream:
    """The stream. Raises ResourceNotFoundException."""
    stream = space.stream(view, group, name)
    if stream is None:
        raise errors.ResourceNotFoundException("The specified log stream does not exist.")
    return stream


def group_named(request: Request) -> str:
    """The group that a request means, by name or by identifier."""
    name, identifier = request.get("logGroupName"), request.get("logGroupIdentifier")
    if (name is None) == (identifier is None):
        raise errors.InvalidParameterException(
            "Exactly one of logGroupName and logGroupIdentifier has to be given."
        )
    return name if name is not None else named(str(identifier))


@operation("CreateLogStream", resource=group_arn)
async def create_log_stream(ctx: Context, request: Request) -> Result:
    """Make a stream."""
    space, name = Space.of(ctx), request["logStreamName"]
    stream = Stream(name, int(ctx.clock.now() * 1000))

    def body(tx: Transaction) -> None:
        group = require(space, tx, request["logGroupName"])
        if space.stream(tx, group, name) is not None:
            raise errors.ResourceAlreadyExistsException("The specified log stream already exists")
        space.put_stream(tx, group, stream)

    await ctx.store.transact(body)
    return {}


@operation("DeleteLogStream", resource=group_arn)
async def delete_log_stream(ctx: Context, request: Request) -> Result:
    """Delete a stream with its events."""
    space, name = Space.of(ctx), request["logStreamName"]

    def body(tx: Transaction) -> None:
        group = require(space, tx, request["logGroupName"])
        require_stream(space, tx, group, name)
        space.delete_stream(tx, group, name)

    await ctx.store.transact(body)
    return {}


@operation("DescribeLogStreams", resource=group_arn)
async def describe_log_streams(ctx: Context, request: Request) -> Result:
    """List streams by name or by their last event."""
    space, name = Space.of(ctx), group_named(request)
    by_time = request.get("orderBy") == "LastEventTime"
    prefix = request.get("logStreamNamePrefix", "")
    if by_time and prefix:
        raise errors.InvalidParameterException(
            "Cannot order by LastEventTime with a logStreamNamePrefix."
        )

    def body(view: Snapshot) -> tuple[Group, list[Stream]]:
        group = require(space, view, name)
        return group, list(space.streams(view, group, prefix))

    group, streams = await ctx.store.read(body)
    if by_time:
        streams.sort(key=lambda stream: (stream.last_event_at or 0, stream.name))
    if request.get("descending", False):
        streams.reverse()
    limit = request.get("limit", limits.GROUPS_PAGE)
    first = _offset(request.get("nextToken"))
    page = streams[first : first + limit]
    more = None
    if first + limit < len(streams):
        more = base64.urlsafe_b64encode(str(first + limit).encode()).decode()
    return {"logStreams": [_described(ctx, group, one) for one in page], "nextToken": more}


def _offset(token: str | None) -> int:
    try:
        return int(base64.urlsafe_b64decode(token.encode())) if token else 0
    except ValueError:
        raise errors.InvalidParameterException("The specified nextToken is invalid.") from None


def _described(ctx: Context, group: Group, stream: Stream) -> Result:
    return {
        "logStreamName": stream.name,
        "creationTime": stream.created_at,
        "firstEventTimestamp": stream.first_event_at,
        "lastEventTimestamp": stream.last_event_at,
        "lastIngestionTime": stream.last_ingested_at,
        "uploadSequenceToken": f"{stream.last_ingested_at or 0:056d}",
        "arn": ctx.arn(f"log-group:{group.name}:log-stream:{stream.name}"),
        "storedBytes": 0,
    }
