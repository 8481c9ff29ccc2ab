"""ListStreams and DescribeStream."""

from typing import Any

from airside.kernel.context import Context
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Snapshot
from airside.services.dynamodbstreams import store
from airside.services.dynamodbstreams.errors import ResourceNotFoundException, ValidationException
from airside.services.dynamodbstreams.store import SEQUENCE_BASE, StreamId

_LIMIT_MAX = 100


def stream_arn(ctx: Context, request: Request) -> str:
    """The stream that policies speak about."""
    return str(request.get("StreamArn") or "*")


def arn_of(stream: StreamId) -> str:
    """A stream's ARN."""
    account_id, region, table, label = stream
    return f"arn:aws:dynamodb:{region}:{account_id}:table/{table}/stream/{label}"


def parse_arn(arn: str) -> StreamId:
    """The stream that an ARN names. Raises ValidationException."""
    parts = arn.split(":", 5)
    path = parts[5].split("/", 3) if len(parts) == 6 else []
    named = len(path) == 4 and (path[0], path[2]) == ("table", "stream")
    if not named or parts[:3] != ["arn", "aws", "dynamodb"]:
        raise ValidationException(f"Invalid StreamArn: {arn}")
    return parts[4], parts[3], path[1], path[3]


def check_limit(request: Request, most: int) -> int:
    """The Limit of a request."""
    limit: int = request.get("Limit", most)
    if limit < 1 or limit > most:
        bound = "greater than or equal to 1" if limit < 1 else f"less than or equal to {most}"
        raise ValidationException(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy "
            f"constraint: Member must have value {bound}"
        )
    return limit


def require(view: Snapshot, stream: StreamId) -> dict[str, Any]:
    """A stream's description. Raises ResourceNotFoundException."""
    found = store.get_stream(view, stream)
    if found is None:
        raise ResourceNotFoundException(
            f"Requested resource not found: Stream: {arn_of(stream)} not found"
        )
    return found


@operation("ListStreams", action="dynamodb:ListStreams")
async def list_streams(ctx: Context, request: Request) -> Result:
    """The streams of an account or of a table."""
    limit = check_limit(request, _LIMIT_MAX)
    start = request.get("ExclusiveStartStreamArn")
    after = parse_arn(start) if start is not None else None
    table = request.get("TableName")
    if table is not None and table.startswith("arn:"):
        table = table.rpartition("/")[2]

    def body(view: Snapshot) -> list[StreamId]:
        return store.list_streams(view, ctx.account_id, ctx.region, table, after, limit + 1)

    found = await ctx.store.read(body)
    result: Result = {
        "Streams": [
            {"StreamArn": arn_of(stream), "TableName": stream[2], "StreamLabel": stream[3]}
            for stream in found[:limit]
        ]
    }
    if len(found) > limit:
        result["LastEvaluatedStreamArn"] = arn_of(found[limit - 1])
    return result


@operation("DescribeStream", resource=stream_arn, action="dynamodb:DescribeStream")
async def describe_stream(ctx: Context, request: Request) -> Result:
    """A stream and its shards."""
    stream = parse_arn(request["StreamArn"])
    limit = check_limit(request, _LIMIT_MAX)
    wanted = _filter(request)

    def body(view: Snapshot) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        found = require(view, stream)
        return found, [shard for _, shard in store.shards(view, found["number"])]

    found, shards = await ctx.store.read(body)
    if wanted is not None:
        shards = [shard for shard in shards if shard["parent"] == wanted]
    start = request.get("ExclusiveStartShardId")
    if start is not None:
        shards = [shard for shard in shards if shard["id"] > start]
    description: dict[str, Any] = {
        "StreamArn": arn_of(stream),
        "StreamLabel": stream[3],
        "StreamStatus": "ENABLED" if found["closed_at"] is None else "DISABLED",
        "StreamViewType": found["view"],
        "CreationRequestDateTime": found["created_at"],
        "TableName": stream[2],
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in found["keys"]],
        "Shards": [_shard(shard) for shard in shards[:limit]],
    }
    if len(shards) > limit:
        description["LastEvaluatedShardId"] = shards[limit - 1]["id"]
    return {"StreamDescription": description}


def _filter(request: Request) -> str | None:
    """The shard whose children are asked for."""
    given = request.get("ShardFilter")
    if given is None:
        return None
    for member in ("Type", "ShardId"):
        if given.get(member) is None:
            raise ValidationException(
                f"1 validation error detected: Value null at 'shardFilter.{member[0].lower()}"
                f"{member[1:]}' failed to satisfy constraint: Member must not be null"
            )
    shard: str = given["ShardId"]
    if not shard.startswith("shardId-"):
        raise ValidationException(f"Invalid ShardFilter.ShardId: {shard}")
    return shard


def _shard(shard: dict[str, Any]) -> dict[str, Any]:
    bounds = {"StartingSequenceNumber": str(SEQUENCE_BASE + shard["first"])}
    if shard["last"] is not None:
        bounds["EndingSequenceNumber"] = str(SEQUENCE_BASE + shard["last"])
    return {
        "ShardId": shard["id"],
        "SequenceNumberRange": bounds,
        "ParentShardId": shard["parent"],
    }
