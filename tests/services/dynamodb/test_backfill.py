"""A new index of a table that is written to all the while is what a fresh scan gives.

`AIRSIDE_BACKFILL_ITEMS=100000` runs it at the size that issues and SPECIFICATION speak of.
"""

import os
import random
import threading
import time

ITEMS = int(os.environ.get("AIRSIDE_BACKFILL_ITEMS", "3000"))
WRITERS = 3


def item(number, group):
    made = {"p": {"S": str(number)}, "v": {"S": "x" * 100}}
    if group:
        made["g"] = {"S": f"group-{group}"}
    return made


def write_until(stop, client, name, seed, written):
    """Put, move, take out of the index and delete, at random."""
    chance = random.Random(seed)
    while not stop.is_set():
        number = chance.randrange(ITEMS * 11 // 10)
        match chance.randrange(5):
            case 0:
                client.delete_item(TableName=name, Key={"p": {"S": str(number)}})
            case 1:
                client.update_item(
                    TableName=name, Key={"p": {"S": str(number)}}, UpdateExpression="REMOVE g"
                )
            case 2:
                client.update_item(
                    TableName=name, Key={"p": {"S": str(number)}},
                    UpdateExpression="SET g = :g",
                    ExpressionAttributeValues={":g": {"S": f"group-{chance.randrange(1, 9)}"}},
                )  # fmt: skip
            case _:
                client.put_item(TableName=name, Item=item(number, chance.randrange(9)))
        written.append(number)


def fill(client, name):
    batch = []
    for number in range(ITEMS):
        batch.append({"PutRequest": {"Item": item(number, number % 9)}})
        if len(batch) == 25 or number == ITEMS - 1:
            client.batch_write_item(RequestItems={name: batch})
            batch = []


def index_definition():
    return {
        "IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }  # fmt: skip


def index_of(dynamodb, name):
    (index,) = dynamodb.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"]
    return index


def test_an_index_filled_under_writes_equals_a_fresh_scan(aws, dynamodb, create, contents, until):
    name = create()["TableName"]
    fill(dynamodb, name)
    stop, written = threading.Event(), []
    writers = [
        threading.Thread(
            target=write_until, args=(stop, aws("dynamodb"), name, seed, written), daemon=True
        )
        for seed in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    until(lambda: len(written) > 20)
    made = dynamodb.update_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": "p", "AttributeType": "S"},
            {"AttributeName": "g", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexUpdates=[{"Create": index_definition()}],
    )["TableDescription"]
    before, began = len(written), time.monotonic()
    assert made["TableStatus"] == "UPDATING"
    (index,) = made["GlobalSecondaryIndexes"]
    assert (index["IndexStatus"], index["Backfilling"]) == ("CREATING", False)
    assert index_of(dynamodb, name)["Backfilling"] is True
    until(lambda: index_of(dynamodb, name)["IndexStatus"] == "ACTIVE", seconds=240)
    assert "Backfilling" not in index_of(dynamodb, name)
    during, seconds = len(written) - before, time.monotonic() - began
    stop.set()
    for writer in writers:
        writer.join()
    print(f"{ITEMS} items in {seconds:.1f} s, {during} writes while the index was filled")
    expected = {
        key: {"p": found["p"], "g": found["g"]}
        for key, found in contents(name).items()
        if "g" in found
    }
    assert contents(name, IndexName="by-g") == expected
    assert index_of(dynamodb, name)["ItemCount"] == len(expected)
