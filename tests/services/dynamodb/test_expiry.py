"""Time to live: settings, deletion in the background, what the stream says."""

import time

import pytest
from botocore.exceptions import ClientError


def switch(dynamodb, name, on=True, attribute="until"):
    return dynamodb.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": on, "AttributeName": attribute}
    )["TimeToLiveSpecification"]


def item(name, seconds=None, **more):
    made = {"p": {"S": name}, **more}
    if seconds is not None:
        made["until"] = {"N": str(int(time.time() + seconds))}
    return made


def test_settings(dynamodb, create):
    name = create()["TableName"]
    described = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "DISABLED"}
    assert switch(dynamodb, name) == {"Enabled": True, "AttributeName": "until"}
    described = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
    with pytest.raises(ClientError, match="TimeToLive is already enabled"):
        switch(dynamodb, name)
    with pytest.raises(ClientError, match="active on a different AttributeName"):
        switch(dynamodb, name, attribute="other")
    switch(dynamodb, name, on=False)
    with pytest.raises(ClientError, match="TimeToLive is already disabled"):
        switch(dynamodb, name, on=False)


def test_what_has_expired_goes_and_the_stream_says_who_did_it(
    dynamodb, streams, create, contents, until
):
    made = create(StreamSpecification={"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"})
    name = made["TableName"]
    gone = [item("before", -10)]
    kept = [
        item("later", 3600), item("never"), item("text", until={"S": "1"}),
        item("ancient", -6 * 366 * 86400), item("negative", until={"N": "-5"}),
        item("huge", until={"N": "1" + "0" * 20}), item("fraction", until={"N": "99999999999.5"}),
    ]  # fmt: skip
    for each in gone + kept:
        dynamodb.put_item(TableName=name, Item=each)
    switch(dynamodb, name)
    dynamodb.put_item(TableName=name, Item=item("after", -10))
    dynamodb.put_item(TableName=name, Item=item("extended", -10))
    dynamodb.put_item(TableName=name, Item=item("extended", 3600))
    expected = {each["p"]["S"] for each in kept} | {"extended"}
    until(lambda: {"before", "after"}.isdisjoint(contents(name)))
    assert set(contents(name)) >= expected - {"extended"}
    shard = streams.describe_stream(StreamArn=made["LatestStreamArn"])["StreamDescription"]
    place = streams.get_shard_iterator(
        StreamArn=made["LatestStreamArn"], ShardId=shard["Shards"][0]["ShardId"],
        ShardIteratorType="TRIM_HORIZON",
    )["ShardIterator"]  # fmt: skip
    records = streams.get_records(ShardIterator=place)["Records"]
    removed = [r for r in records if r["eventName"] == "REMOVE"]
    assert {"before", "after"} <= {r["dynamodb"]["Keys"]["p"]["S"] for r in removed}
    assert all(
        r["userIdentity"] == {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
        for r in removed
    )
    assert all("userIdentity" not in r for r in records if r["eventName"] != "REMOVE")
    assert removed[0]["dynamodb"]["OldImage"]["until"]


def test_an_expired_item_leaves_its_indexes_too(dynamodb, create, contents, until):
    name = create(
        AttributeDefinitions=[
            {"AttributeName": "p", "AttributeType": "S"},
            {"AttributeName": "g", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )["TableName"]  # fmt: skip
    switch(dynamodb, name)
    dynamodb.put_item(TableName=name, Item=item("a", -5, g={"S": "x"}))
    dynamodb.put_item(TableName=name, Item=item("b", 500, g={"S": "x"}))
    until(lambda: set(contents(name)) == {"b"})
    assert set(contents(name, IndexName="by-g")) == {"b"}


def test_switching_off_keeps_what_is_there(dynamodb, create, contents):
    name = create()["TableName"]
    switch(dynamodb, name)
    dynamodb.put_item(TableName=name, Item=item("a", 1))
    switch(dynamodb, name, on=False)
    time.sleep(2.5)
    assert set(contents(name)) == {"a"}


def test_lifetimes_are_watched_again_after_a_crash(start, until):
    server = start()
    dynamodb = server.client("dynamodb")
    dynamodb.create_table(
        TableName="table", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
    )  # fmt: skip
    switch(dynamodb, "table")
    dynamodb.put_item(TableName="table", Item=item("a", 2))
    server.kill()
    dynamodb = start().client("dynamodb")
    until(lambda: dynamodb.scan(TableName="table")["Count"] == 0)
