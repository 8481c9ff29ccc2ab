"""DynamoDB through libraries people use, unchanged: in Python here, in JavaScript beside this."""

import os
import subprocess
from decimal import Decimal
from pathlib import Path

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

SCRIPTS = Path(__file__).parent / "dynamodb"
PACKAGES = {
    "@aws-sdk/client-dynamodb": "^3.900.0", "@aws-sdk/lib-dynamodb": "^3.900.0",
    "dynamoose": "^4.0.0",
}  # fmt: skip


@pytest.fixture(scope="session")
def node_modules(npm) -> Path:
    """The packages that the scripts use."""
    return npm(PACKAGES)


@pytest.mark.parametrize("script", ["document_client.cjs", "dynamoose.cjs"])
def test_a_library_for_javascript(server, account, node_modules, script):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    environment |= {
        "NODE_PATH": str(node_modules), "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "test",
    }  # fmt: skip
    done = subprocess.run(
        ["node", str(SCRIPTS / script)],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "fine"), done.stderr[-4000:]


def test_boto3s_resource_layer(server, account):
    dynamodb = boto3.resource(
        "dynamodb", endpoint_url=server.endpoint, region_name="us-east-1",
        aws_access_key_id=account, aws_secret_access_key="test",
    )  # fmt: skip
    table = dynamodb.create_table(
        TableName="songs",
        KeySchema=[
            {"AttributeName": "artist", "KeyType": "HASH"},
            {"AttributeName": "title", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "artist", "AttributeType": "S"},
            {"AttributeName": "title", "AttributeType": "S"},
            {"AttributeName": "year", "AttributeType": "N"},
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "by-year",
                "KeySchema": [
                    {"AttributeName": "artist", "KeyType": "HASH"},
                    {"AttributeName": "year", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )
    table.wait_until_exists()
    table.reload()
    assert table.table_status == "ACTIVE"
    with table.batch_writer(overwrite_by_pkeys=["artist", "title"]) as batch:
        for number in range(60):
            batch.put_item({"artist": "a", "title": f"{number % 50:02}", "year": 1950 + number})
    table.reload()
    assert table.item_count == 50
    table.put_item(
        Item={
            "artist": "b",
            "title": "x",
            "price": Decimal("1.10"),
            "tags": {"u", "v"},
            "raw": b"\0",
        }
    )
    got = table.get_item(Key={"artist": "b", "title": "x"})["Item"]
    assert (got["price"], got["tags"], bytes(got["raw"])) == (Decimal("1.1"), {"u", "v"}, b"\0")
    found = table.query(
        IndexName="by-year",
        KeyConditionExpression=Key("artist").eq("a") & Key("year").between(1990, 1995),
        FilterExpression=Attr("title").ne("41") & ~Attr("none").exists(),
        ProjectionExpression="#y", ExpressionAttributeNames={"#y": "year"},
    )  # fmt: skip
    assert [item["year"] for item in found["Items"]] == [1990, 1992, 1993, 1994, 1995]
    updated = table.update_item(
        Key={"artist": "b", "title": "x"}, UpdateExpression="SET price = price + :p",
        ConditionExpression=Attr("price").lt(2), ExpressionAttributeValues={":p": 1},
        ReturnValues="UPDATED_NEW",
    )  # fmt: skip
    assert updated["Attributes"] == {"price": Decimal("2.1")}
    with pytest.raises(dynamodb.meta.client.exceptions.ConditionalCheckFailedException):
        table.delete_item(
            Key={"artist": "b", "title": "x"}, ConditionExpression=Attr("price").lt(2)
        )
    keys = [{"artist": "a", "title": f"{number:02}"} for number in range(3)]
    batch = dynamodb.batch_get_item(RequestItems={"songs": {"Keys": keys}})
    assert len(batch["Responses"]["songs"]) == 3
    assert [each.name for each in dynamodb.tables.all()] == ["songs"]
    table.delete()
    table.wait_until_not_exists()
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        table.load()
