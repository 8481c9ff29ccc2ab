"""DynamoDB Streams through boto3: records, views, iterators, life cycle."""

import itertools

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def table(dynamodb):
    """`table(view)` -> (name, stream ARN) of a new table with keys p and c."""
    numbers = itertools.count(1)

    def make(view="NEW_AND_OLD_IMAGES", **more):
        made = dynamodb.create_table(
            TableName=f"streamed-{next(numbers)}", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "p", "KeyType": "HASH"},
                       {"AttributeName": "c", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"},
                                  {"AttributeName": "c", "AttributeType": "N"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": view}, **more,
        )["TableDescription"]  # fmt: skip
        return made["TableName"], made["LatestStreamArn"]

    return make


def item(c, **more):
    return {"p": {"S": "x"}, "c": {"N": str(c)}, **more}


def shard_of(streams, arn):
    return streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][-1]


def iterator(streams, arn, kind="TRIM_HORIZON", **more):
    shard = shard_of(streams, arn)["ShardId"]
    asked = {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": kind, **more}
    return streams.get_shard_iterator(**asked)["ShardIterator"]


def read(streams, arn, kind="TRIM_HORIZON", **more):
    return streams.get_records(ShardIterator=iterator(streams, arn, kind, **more))["Records"]


def test_a_record_has_exactly_the_shape_that_aws_gives_it(dynamodb, streams, table):
    name, arn = table()
    dynamodb.put_item(TableName=name, Item=item(101, Message={"S": "New item!"}))
    dynamodb.update_item(
        TableName=name, Key=item(101), UpdateExpression="SET Message = :m",
        ExpressionAttributeValues={":m": {"S": "This item has changed"}},
    )  # fmt: skip
    dynamodb.delete_item(TableName=name, Key=item(101))
    first, second, third = read(streams, arn)
    assert set(first) == {
        "eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb",
    }  # fmt: skip
    assert len(first["eventID"]) == 32
    assert len({record["eventID"] for record in (first, second, third)}) == 3
    assert (first["eventVersion"], first["eventSource"]) == ("1.1", "aws:dynamodb")
    assert first["awsRegion"] == "us-east-1"
    assert [r["eventName"] for r in (first, second, third)] == ["INSERT", "MODIFY", "REMOVE"]
    change = second["dynamodb"]
    assert change["Keys"] == item(101)
    assert change["NewImage"] == item(101, Message={"S": "This item has changed"})
    assert change["OldImage"] == item(101, Message={"S": "New item!"})
    assert change["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert change["ApproximateCreationDateTime"].microsecond == 0
    key, old, new = 6, 22, 34
    sizes = [r["dynamodb"]["SizeBytes"] for r in (first, second, third)]
    assert sizes == [key + old, key + old + new, key + new]
    numbers = [r["dynamodb"]["SequenceNumber"] for r in (first, second, third)]
    assert numbers == sorted(numbers)
    assert all(len(number) >= 21 for number in numbers)
    assert "NewImage" not in third["dynamodb"]
    assert "OldImage" not in first["dynamodb"]


@pytest.mark.parametrize(
    ("view", "images"),
    [
        ("KEYS_ONLY", set()),
        ("NEW_IMAGE", {"NewImage"}),
        ("OLD_IMAGE", {"OldImage"}),
        ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"}),
    ],
)
def test_each_view_carries_its_images(dynamodb, streams, table, view, images):
    name, arn = table(view)
    dynamodb.put_item(TableName=name, Item=item(1, a={"B": b"\x00\xff"}))
    dynamodb.put_item(TableName=name, Item=item(1, a={"NS": ["3", "1"]}))
    _, record = read(streams, arn)
    change = record["dynamodb"]
    assert {"NewImage", "OldImage"} & set(change) == images
    assert change["StreamViewType"] == view
    if "OldImage" in images:
        assert change["OldImage"]["a"] == {"B": b"\x00\xff"}
    if not images:
        assert change["SizeBytes"] == 5


def test_a_write_that_changes_nothing_leaves_no_record(dynamodb, streams, table):
    name, arn = table()
    dynamodb.put_item(TableName=name, Item=item(1, s={"SS": ["a", "b"]}, n={"N": "1.0"}))
    dynamodb.put_item(TableName=name, Item=item(1, n={"N": "1"}, s={"SS": ["b", "a"]}))
    dynamodb.update_item(TableName=name, Key=item(1))
    dynamodb.delete_item(TableName=name, Key=item(2))
    dynamodb.transact_write_items(
        TransactItems=[
            {
                "ConditionCheck": {
                    "TableName": name, "Key": item(1),
                    "ConditionExpression": "attribute_exists(p)",
                }
            }
        ]
    )  # fmt: skip
    with pytest.raises(ClientError):
        dynamodb.put_item(
            TableName=name, Item=item(1), ConditionExpression="attribute_not_exists(p)"
        )
    assert [record["eventName"] for record in read(streams, arn)] == ["INSERT"]


def test_every_kind_of_write_leaves_records_in_order(dynamodb, streams, table):
    name, arn = table("KEYS_ONLY")
    puts = [{"PutRequest": {"Item": item(c)}} for c in range(3)]
    dynamodb.batch_write_item(RequestItems={name: puts})
    dynamodb.transact_write_items(
        TransactItems=[
            {"Delete": {"TableName": name, "Key": item(0)}},
            {"Put": {"TableName": name, "Item": item(7)}},
        ]
    )
    found = [(r["eventName"], r["dynamodb"]["Keys"]["c"]["N"]) for r in read(streams, arn)]
    assert found == [
        ("INSERT", "0"), ("INSERT", "1"), ("INSERT", "2"), ("REMOVE", "0"), ("INSERT", "7"),
    ]  # fmt: skip


def test_a_cancelled_transaction_leaves_nothing(dynamodb, streams, table):
    name, arn = table()
    with pytest.raises(ClientError):
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": name, "Item": item(1)}},
                {
                    "Update": {
                        "TableName": name, "Key": item(2), "UpdateExpression": "SET a = :a",
                        "ConditionExpression": "attribute_exists(p)",
                        "ExpressionAttributeValues": {":a": {"N": "1"}},
                    }
                },
            ]
        )  # fmt: skip
    assert read(streams, arn) == []


def test_the_kinds_of_iterators(dynamodb, streams, table):
    name, arn = table("KEYS_ONLY")
    start = shard_of(streams, arn)["SequenceNumberRange"]["StartingSequenceNumber"]
    for c in range(4):
        dynamodb.put_item(TableName=name, Item=item(c))
    latest = iterator(streams, arn, "LATEST")
    records = read(streams, arn)
    number = records[1]["dynamodb"]["SequenceNumber"]
    assert read(streams, arn, "AT_SEQUENCE_NUMBER", SequenceNumber=number) == records[1:]
    assert read(streams, arn, "AFTER_SEQUENCE_NUMBER", SequenceNumber=number) == records[2:]
    assert read(streams, arn, "AT_SEQUENCE_NUMBER", SequenceNumber=start) == records
    assert read(streams, arn, "AFTER_SEQUENCE_NUMBER", SequenceNumber=start) == records
    dynamodb.put_item(TableName=name, Item=item(9))
    assert [
        record["dynamodb"]["Keys"]["c"]["N"]
        for record in streams.get_records(ShardIterator=latest)["Records"]
    ] == ["9"]


def test_paging_and_an_open_end(dynamodb, streams, table):
    name, arn = table("KEYS_ONLY")
    for c in range(5):
        dynamodb.put_item(TableName=name, Item=item(c))
    place, sizes = iterator(streams, arn), []
    for _ in range(4):
        page = streams.get_records(ShardIterator=place, Limit=2)
        sizes.append(len(page["Records"]))
        place = page["NextShardIterator"]
    assert sizes == [2, 2, 1, 0]
    dynamodb.put_item(TableName=name, Item=item(5))
    assert len(streams.get_records(ShardIterator=place)["Records"]) == 1


def test_a_page_of_records_holds_about_a_megabyte(dynamodb, streams, table):
    name, arn = table()
    for c in range(4):
        dynamodb.put_item(TableName=name, Item=item(c, a={"S": "x" * 390_000}))
    page = streams.get_records(ShardIterator=iterator(streams, arn))
    assert len(page["Records"]) == 2
    rest = streams.get_records(ShardIterator=page["NextShardIterator"])
    assert len(rest["Records"]) == 2


def test_switching_off_closes_the_stream_and_leaves_it_readable(dynamodb, streams, table):
    name, arn = table()
    dynamodb.put_item(TableName=name, Item=item(1))
    dynamodb.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
    dynamodb.put_item(TableName=name, Item=item(2))
    described = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert described["StreamStatus"] == "DISABLED"
    assert "EndingSequenceNumber" in described["Shards"][0]["SequenceNumberRange"]
    page = streams.get_records(ShardIterator=iterator(streams, arn))
    assert len(page["Records"]) == 1
    assert "NextShardIterator" not in page
    seen = dynamodb.describe_table(TableName=name)["Table"]
    assert "StreamSpecification" not in seen
    assert seen["LatestStreamArn"] == arn
    again = dynamodb.update_table(
        TableName=name,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    assert again["LatestStreamArn"] != arn
    assert again["LatestStreamArn"].endswith(again["LatestStreamLabel"])
    assert [s["StreamArn"] for s in streams.list_streams(TableName=name)["Streams"]] == [
        arn, again["LatestStreamArn"],
    ]  # fmt: skip


def test_the_stream_of_a_deleted_table_can_be_read_out(dynamodb, streams, table):
    name, arn = table()
    dynamodb.put_item(TableName=name, Item=item(1))
    dynamodb.delete_table(TableName=name)
    assert len(read(streams, arn)) == 1


def test_switching_to_what_is_already_so(dynamodb, table):
    name, _ = table()
    on = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    with pytest.raises(ClientError, match="Table already has an enabled stream: TableName: "):
        dynamodb.update_table(TableName=name, StreamSpecification=on)
    dynamodb.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
    with pytest.raises(ClientError, match="Table does not have a stream to disable: TableName"):
        dynamodb.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})


def test_describe_and_list(dynamodb, streams, table):
    made = [table() for _ in range(3)]
    described = streams.describe_stream(StreamArn=made[0][1])["StreamDescription"]
    assert described["StreamStatus"] == "ENABLED"
    assert described["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert described["TableName"] == made[0][0]
    assert described["KeySchema"] == [
        {"AttributeName": "p", "KeyType": "HASH"},
        {"AttributeName": "c", "KeyType": "RANGE"},
    ]
    (shard,) = described["Shards"]
    assert shard["ShardId"].startswith("shardId-")
    assert "ParentShardId" not in shard
    assert set(shard["SequenceNumberRange"]) == {"StartingSequenceNumber"}
    page = streams.list_streams(Limit=2)
    assert [s["StreamArn"] for s in page["Streams"]] == [made[0][1], made[1][1]]
    rest = streams.list_streams(ExclusiveStartStreamArn=page["LastEvaluatedStreamArn"])
    assert [s["TableName"] for s in rest["Streams"]] == [made[2][0]]
    assert "LastEvaluatedStreamArn" not in rest


def test_what_is_not_there(streams, table):
    _, arn = table()
    gone = arn[:-1] + ("0" if arn[-1] != "0" else "1")
    with pytest.raises(ClientError) as caught:
        streams.describe_stream(StreamArn=gone)
    assert caught.value.response["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": f"Requested resource not found: Stream: {gone} not found",
    }
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        streams.get_shard_iterator(
            StreamArn=arn, ShardId="shardId-00000000000000000000-00000000",
            ShardIteratorType="LATEST",
        )  # fmt: skip
    shard = shard_of(streams, arn)["ShardId"]
    for number in ("9" * 40, "1" + "0" * 20, "x" * 21):
        with pytest.raises(ClientError, match="Invalid SequenceNumber"):
            streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard, ShardIteratorType="AT_SEQUENCE_NUMBER",
                SequenceNumber=number,
            )  # fmt: skip
    for wrong in ("x", f"{arn}|1|zzzz", f"{arn}|1|"):
        with pytest.raises(ClientError, match="ValidationException"):
            streams.get_records(ShardIterator=wrong)


def test_records_survive_a_crash(start):
    server = start()
    name = "crash"
    dynamodb = server.client("dynamodb")
    made = dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )  # fmt: skip
    for number in range(20):
        dynamodb.put_item(TableName=name, Item={"p": {"S": str(number)}})
    server.kill()
    streams = start().client("dynamodbstreams")
    found = read(streams, made["TableDescription"]["LatestStreamArn"])
    assert [r["dynamodb"]["Keys"]["p"]["S"] for r in found] == [str(n) for n in range(20)]
