"""GetShardIterator and GetRecords."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import msgspec

from airside.kernel.context import Context
from airside.kernel.operation import Request, Result, operation
from airside.kernel.store import Snapshot
from airside.services.dynamodbstreams import store
from airside.services.dynamodbstreams.errors import (
    ExpiredIteratorException,
    ResourceNotFoundException,
    TrimmedDataAccessException,
    ValidationException,
)
from airside.services.dynamodbstreams.store import RETENTION_SECONDS, SEQUENCE_BASE, StreamId
from airside.services.dynamodbstreams.streams import (
    arn_of,
    check_limit,
    parse_arn,
    require,
    stream_arn,
)

_ITERATOR_SECONDS = 15 * 60.0
_RECORDS_MAX = 1000
_BYTES_MAX = 1 << 20
_SEARCH_STEP = 500


class Position(msgspec.Struct, array_like=True):
    """Where an iterator stands: the next record's number in a shard, and when it was issued."""

    number: int
    index: int
    sequence: int
    issued_at: float


def _iterator(arn: str, position: Position) -> str:
    token = urlsafe_b64encode(msgspec.msgpack.encode(position)).decode()
    return f"{arn}|1|{token}"


def _parse(iterator: str) -> tuple[StreamId, Position]:
    arn, _, rest = iterator.partition("|")
    _, _, token = rest.partition("|")
    try:
        position = msgspec.msgpack.decode(urlsafe_b64decode(token.encode()), type=Position)
    except (ValueError, msgspec.DecodeError):
        raise ValidationException("Invalid ShardIterator") from None
    return parse_arn(arn), position


def _trimmed() -> TrimmedDataAccessException:
    return TrimmedDataAccessException(
        "The operation attempted to read past the oldest stream record in a shard."
    )


@operation("GetShardIterator", resource=stream_arn, action="dynamodb:GetShardIterator")
async def get_shard_iterator(ctx: Context, request: Request) -> Result:
    """A place in a shard to read from."""
    stream = parse_arn(request["StreamArn"])
    kind, number = request["ShardIteratorType"], request.get("SequenceNumber")
    by_number = kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")
    if by_number and number is None:
        raise ValidationException(f"SequenceNumber is required for ShardIteratorType {kind}")
    if number is not None and (not by_number or not (number.isascii() and number.isdigit())):
        raise ValidationException(f"Invalid SequenceNumber: {number}")
    now = ctx.clock.now()

    def body(view: Snapshot) -> Position:
        found = require(view, stream)
        for index, shard in store.shards(view, found["number"]):
            if shard["id"] == request["ShardId"]:
                first = _first(view, found["number"], index, shard, request, now)
                return Position(found["number"], index, first, now)
        raise ResourceNotFoundException(
            f"Requested resource not found: Shard does not exist: {request['ShardId']}"
        )

    position = await ctx.store.read(body)
    return {"ShardIterator": _iterator(arn_of(stream), position)}


def _first(
    view: Snapshot, number: int, index: int, shard: dict[str, Any], request: Request, now: float
) -> int:
    """The sequence number that an iterator starts at."""
    newest = store.newest(view, number, shard)
    kind = request["ShardIteratorType"]
    if kind == "LATEST":
        return newest + 1
    oldest = _search(view, number, index, now - RETENTION_SECONDS) or newest + 1
    if kind == "TRIM_HORIZON":
        return oldest
    if kind == "AT_TIMESTAMP":
        moment = request.get("Timestamp")
        if moment is None:
            raise ValidationException("Timestamp is required for ShardIteratorType AT_TIMESTAMP")
        since: float = max(moment, now - RETENTION_SECONDS)
        return _search(view, number, index, since) or newest + 1
    given: int = int(request["SequenceNumber"]) - SEQUENCE_BASE
    if not shard["first"] <= given <= newest:
        raise ValidationException(
            f"Invalid SequenceNumber: {request['SequenceNumber']} is not in the range of shard "
            f"{shard['id']}"
        )
    if given == shard["first"]:
        # No record has the number that a shard begins with.
        if oldest > given + 1:
            raise _trimmed()
        return given + 1
    if given < oldest and given <= newest:
        raise _trimmed()
    return given + 1 if kind == "AFTER_SEQUENCE_NUMBER" else given


def _search(view: Snapshot, number: int, index: int, moment: float) -> int | None:
    """The first record of a shard at or after a moment; they are in the order of their times."""
    first = 0
    while True:
        sequence = None
        for sequence, at, _ in store.records(view, number, index, first, _SEARCH_STEP):
            if at >= moment:
                return sequence
        if sequence is None:
            return None
        first = sequence + 1


def _stream_arn(ctx: Context, request: Request) -> str:
    return str(request.get("ShardIterator", "*")).partition("|")[0]


@operation("GetRecords", resource=_stream_arn, action="dynamodb:GetRecords")
async def get_records(ctx: Context, request: Request) -> Result:
    """The next records of a shard, up to 1000 of them or 1 MB."""
    limit = check_limit(request, _RECORDS_MAX)
    stream, position = _parse(request["ShardIterator"])
    now = ctx.clock.now()
    if position.issued_at + _ITERATOR_SECONDS < now:
        raise ExpiredIteratorException(
            "Iterator expired. The iterator was created at a time which is older than 15 minutes."
        )

    def body(view: Snapshot) -> tuple[list[dict[str, Any]], int | None]:
        if require(view, stream)["number"] != position.number:
            raise ValidationException("Invalid ShardIterator")
        return _read(view, position, limit, now)

    found, following = await ctx.store.read(body)
    if ctx.principal.access_key_id:
        # Pollers of event source mappings have no key, and read for nothing.
        arn = arn_of(stream)
        ctx.use("StreamsReadRequests", 1, arn.partition("/stream/")[0])
    result: Result = {"Records": found}
    if following is not None:
        after = Position(position.number, position.index, following, now)
        result["NextShardIterator"] = _iterator(arn_of(stream), after)
    return result


def _read(
    view: Snapshot, position: Position, limit: int, now: float
) -> tuple[list[dict[str, Any]], int | None]:
    shard = store.get_shard(view, position.number, position.index)
    if shard is None:
        raise _trimmed()
    found: list[dict[str, Any]] = []
    size, following = 0, position.sequence
    for sequence, at, raw in store.records(
        view, position.number, position.index, position.sequence, limit
    ):
        if at < now - RETENTION_SECONDS or sequence != following:
            raise _trimmed()
        if found and size + len(raw) > _BYTES_MAX:
            break
        following = sequence + 1
        size += len(raw)
        found.append(store.decode(raw))
    if not found and following <= store.newest(view, position.number, shard):
        raise _trimmed()
    if shard["last"] is not None and following > shard["last"]:
        return found, None
    return found, following
