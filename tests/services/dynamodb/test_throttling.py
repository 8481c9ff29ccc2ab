"""Provisioned throughput, enforced."""

import pytest
from botocore.exceptions import ClientError

UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 2}


@pytest.fixture
def dynamodb(start):
    client = start(dynamodb_throttling=True).client("dynamodb")
    for name, billing in (
        ("provisioned", {"ProvisionedThroughput": UNITS}),
        ("by-request", {"BillingMode": "PAY_PER_REQUEST"}),
    ):
        client.create_table(
            TableName=name, KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}], **billing,
        )  # fmt: skip
    return client


def test_more_than_a_table_has_is_refused_until_time_brings_more(dynamodb, until):
    def put(name, size=3000):
        dynamodb.put_item(TableName=name, Item={"p": {"S": "a"}, "v": {"S": "x" * size}})
        return True

    for _ in range(10):
        put("by-request")
    put("provisioned", 9000)
    with pytest.raises(ClientError) as caught:
        put("provisioned")
    assert caught.value.response["Error"] == {
        "Code": "ProvisionedThroughputExceededException",
        "Message": "The level of configured provisioned throughput for the table was exceeded. "
        "Consider increasing your provisioning level with the UpdateTable API.",
    }
    assert dynamodb.get_item(TableName="provisioned", Key={"p": {"S": "a"}})["Item"]

    def put_again():
        try:
            return put("provisioned", 10)
        except ClientError:
            return False

    until(put_again)
