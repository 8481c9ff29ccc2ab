"""Whatever is written: the stream tells the whole of it, and nothing else."""

from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from airside.services.dynamodb.errors import ConditionalCheckFailedException
from airside.services.dynamodb.errors import TransactionCanceledException as Cancelled

KEYS = [{"p": {"S": p}, "c": {"N": c}} for p in "ab" for c in ("1", "2")]
VALUES = [
    {"N": "1"}, {"S": "x"}, {"SS": ["u", "v"]}, {"L": [{"NULL": True}]}, {"B": "AAE="},
    {"M": {"deep": {"BOOL": False}}},
]  # fmt: skip


def put(key, value):
    return "PutItem", {"Item": {**key, "v": value}}


def update(key, value):
    return "UpdateItem", {
        "Key": key, "UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": value},
    }  # fmt: skip


def remove(key, value):
    return "UpdateItem", {"Key": key, "UpdateExpression": "REMOVE v"}


def delete(key, value):
    return "DeleteItem", {"Key": key}


def create(key, value):
    name, request = put(key, value)
    return name, {**request, "ConditionExpression": "attribute_not_exists(p)"}


WRITES = st.builds(
    lambda write, key, value: write(key, value),
    st.sampled_from([put, update, remove, delete, create]),
    st.sampled_from(KEYS),
    st.sampled_from(VALUES),
)
STEPS = st.lists(WRITES | st.lists(WRITES, min_size=1, max_size=3), max_size=25)
_PARTS = {"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete"}


async def run(desk, step):
    """One write, or a transaction of several on different items."""
    if isinstance(step, tuple):
        await desk(step[0], TableName="table", **step[1])
        return
    keys, items = [], []
    for name, request in step:
        given = request.get("Key") or request["Item"]
        key = given["p"]["S"], given["c"]["N"]
        if key not in keys:
            keys.append(key)
            items.append({_PARTS[name]: {"TableName": "table", **request}})
    await desk("TransactWriteItems", TransactItems=items)


async def records_of(desk, arn):
    described = await desk("DescribeStream", StreamArn=arn)
    shard = described["StreamDescription"]["Shards"][0]["ShardId"]
    asked = {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    place, found = (await desk("GetShardIterator", **asked))["ShardIterator"], []
    while True:
        page = await desk("GetRecords", ShardIterator=place, Limit=3)
        found += page["Records"]
        place = page["NextShardIterator"]
        if not page["Records"]:
            return found


async def items_of(desk):
    found = await desk("Scan", TableName="table")
    return {(i["p"]["S"], i["c"]["N"]): i for i in map(plain, found["Items"])}


def plain(item):
    """Items are answered as the JSON they are stored as."""
    return msgspec.json.decode(item) if isinstance(item, msgspec.Raw) else item


@settings(max_examples=60, deadline=None)
@given(STEPS)
async def test_the_stream_replayed_is_the_table(desks, steps):
    async with desks() as desk:
        made = await desk(
            "CreateTable", TableName="table", BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "p", "KeyType": "HASH"},
                {"AttributeName": "c", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "p", "AttributeType": "S"},
                {"AttributeName": "c", "AttributeType": "N"},
            ],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )  # fmt: skip
        states = [{}]
        for step in steps:
            try:
                await run(desk, step)
            except (ConditionalCheckFailedException, Cancelled):
                assert await items_of(desk) == states[-1]
            states.append(await items_of(desk))
        records = await records_of(desk, made["TableDescription"]["LatestStreamArn"])
        replayed = {}
        for record in records:
            change = record["dynamodb"]
            key = change["Keys"]["p"]["S"], change["Keys"]["c"]["N"]
            old, new = change.get("OldImage"), change.get("NewImage")
            assert replayed.pop(key, None) == old
            assert old != new
            kinds = {(True, False): "INSERT", (True, True): "MODIFY", (False, True): "REMOVE"}
            assert record["eventName"] == kinds[new is not None, old is not None]
            if new is not None:
                replayed[key] = new
        assert replayed == states[-1]
        changes = sum(
            before.get(key) != after.get(key)
            for before, after in pairwise(states)
            for key in before.keys() | after.keys()
        )
        assert len(records) == changes
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        assert numbers == sorted(set(numbers))
