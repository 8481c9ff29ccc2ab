"""What time does to streams: shards follow each other, records go, iterators expire."""

import asyncio

import pytest

from airside.services.dynamodb.retention import Retention
from airside.services.dynamodbstreams.errors import (
    ExpiredIteratorException,
    ResourceNotFoundException,
    TrimmedDataAccessException,
)
from airside.services.dynamodbstreams.trimming import Trimming

HOUR = 3600.0


@pytest.fixture
async def arn(desk):
    made = await desk(
        "CreateTable", TableName="table", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )  # fmt: skip
    return made["TableDescription"]["LatestStreamArn"]


async def put(desk, name):
    await desk("PutItem", TableName="table", Item={"p": {"S": name}})


async def shards(desk, arn, **more):
    described = await desk("DescribeStream", StreamArn=arn, **more)
    return described["StreamDescription"]["Shards"]


async def iterator(desk, arn, shard, kind="TRIM_HORIZON", **more):
    asked = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": kind, **more}
    return (await desk("GetShardIterator", **asked))["ShardIterator"]


async def names(desk, place):
    page = await desk("GetRecords", ShardIterator=place)
    return [record["dynamodb"]["Keys"]["p"]["S"] for record in page["Records"]]


async def test_a_shard_that_nobody_writes_to_is_followed_too(desk, arn):
    await put(desk, "a")
    latest = await iterator(desk, arn, (await shards(desk, arn))[0], "LATEST")
    for count in (1, 2, 2):
        desk.clock.advance(2 * HOUR)
        await desk.cloud.component(Retention).work()
        assert len(await shards(desk, arn)) == count
    first, second = await shards(desk, arn)
    assert second["ParentShardId"] == first["ShardId"]
    ends = first["SequenceNumberRange"]["EndingSequenceNumber"]
    assert ends < second["SequenceNumberRange"]["StartingSequenceNumber"]
    assert "EndingSequenceNumber" not in second["SequenceNumberRange"]
    assert await names(desk, await iterator(desk, arn, first)) == ["a"]
    fresh = await iterator(desk, arn, first, "AFTER_SEQUENCE_NUMBER", SequenceNumber=ends)
    assert "NextShardIterator" not in await desk("GetRecords", ShardIterator=fresh)
    assert latest != fresh
    await put(desk, "b")
    assert await names(desk, await iterator(desk, arn, second)) == ["b"]


async def test_a_shard_is_followed_by_its_child_after_four_hours(desk, arn):
    await put(desk, "a")
    desk.clock.advance(4 * HOUR)
    await put(desk, "b")
    first, second = await shards(desk, arn)
    assert second["ParentShardId"] == first["ShardId"]
    assert (
        first["SequenceNumberRange"]["EndingSequenceNumber"]
        < (second["SequenceNumberRange"]["StartingSequenceNumber"])
    )
    assert await names(desk, await iterator(desk, arn, first)) == ["a"]
    assert await names(desk, await iterator(desk, arn, second)) == ["b"]
    page = await desk("GetRecords", ShardIterator=await iterator(desk, arn, first))
    assert "NextShardIterator" not in page
    children = {"Type": "CHILD_SHARDS", "ShardId": first["ShardId"]}
    assert await shards(desk, arn, ShardFilter=children) == [second]


async def test_an_iterator_lives_for_fifteen_minutes(desk, arn):
    place = await iterator(desk, arn, (await shards(desk, arn))[0])
    desk.clock.advance(15 * 60 + 1)
    with pytest.raises(ExpiredIteratorException):
        await desk("GetRecords", ShardIterator=place)


async def test_records_go_after_a_day(desk, arn):
    await put(desk, "old")
    desk.clock.advance(1 * HOUR)
    await put(desk, "young")
    (shard,) = await shards(desk, arn)
    start = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    desk.clock.advance(23 * HOUR - 10)
    place = await iterator(desk, arn, shard)
    desk.clock.advance(20)
    with pytest.raises(TrimmedDataAccessException):
        await desk("GetRecords", ShardIterator=place)
    for _ in range(2):
        assert await names(desk, await iterator(desk, arn, shard)) == ["young"]
        for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
            with pytest.raises(TrimmedDataAccessException):
                await iterator(desk, arn, shard, kind, SequenceNumber=start)
        await desk.cloud.component(Trimming).work()
    desk.clock.advance(HOUR)
    await desk.cloud.component(Trimming).work()
    assert await names(desk, await iterator(desk, arn, shard)) == []
    await put(desk, "new")
    assert await names(desk, await iterator(desk, arn, (await shards(desk, arn))[-1])) == ["new"]


async def test_a_stream_that_was_switched_off_goes_after_a_day(desk, arn):
    await put(desk, "a")
    await desk("UpdateTable", TableName="table", StreamSpecification={"StreamEnabled": False})
    desk.clock.advance(23 * HOUR)
    await desk.cloud.component(Trimming).work()
    assert len((await desk("ListStreams"))["Streams"]) == 1
    desk.clock.advance(2 * HOUR)
    await desk.cloud.component(Trimming).work()
    assert (await desk("ListStreams"))["Streams"] == []
    with pytest.raises(ResourceNotFoundException):
        await desk("DescribeStream", StreamArn=arn)


async def test_at_timestamp(desk, arn):
    await put(desk, "a")
    desk.clock.advance(60)
    await put(desk, "b")
    (shard,) = await shards(desk, arn)
    moment = desk.clock.now() - 30
    assert await names(
        desk, await iterator(desk, arn, shard, "AT_TIMESTAMP", Timestamp=moment)
    ) == ["b"]


async def test_a_bell_rings_when_records_can_be_read(desk, arn):
    with desk.cloud.bells.listening(arn) as bell:
        (shard,) = await shards(desk, arn)
        place = await iterator(desk, arn, shard, "LATEST")
        assert not bell.is_set()
        await put(desk, "a")
        await asyncio.wait_for(bell.wait(), 5)
        assert await names(desk, place) == ["a"]
    assert not desk.cloud.bells.is_heard(arn)
