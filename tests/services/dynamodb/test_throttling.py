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
        "Message": EXCEEDED,
    }
    assert caught.value.response["ThrottlingReasons"] == [
        {
            "reason": "TableWriteProvisionedThroughputExceeded",
            "resource": "arn:aws:dynamodb:us-east-1:000000000000:table/provisioned",
        }
    ]
    assert dynamodb.get_item(TableName="provisioned", Key={"p": {"S": "a"}})["Item"]

    def put_again():
        try:
            return put("provisioned", 10)
        except ClientError:
            return False

    until(put_again)


LIMITS = {"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": 2}
EXCEEDED = (
    "The level of configured provisioned throughput for the table was exceeded. "
    "Consider increasing your provisioning level with the UpdateTable API."
)
INDEX_EXCEEDED = (
    "The level of configured provisioned throughput for one or more global secondary indexes of "
    "the table was exceeded. Consider increasing your provisioning level for the under-provisioned "
    "global secondary indexes with the UpdateTable API"
)


@pytest.fixture
def indexed(dynamodb):
    """A table with much throughput, and an index of it with little."""
    made = dynamodb.create_table(
        TableName="indexed", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in "pg"],
        ProvisionedThroughput={"ReadCapacityUnits": 1000, "WriteCapacityUnits": 1000},
        GlobalSecondaryIndexes=[{
            "IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": UNITS,
        }],
    )  # fmt: skip
    dynamodb.get_waiter("table_exists").wait(TableName="indexed")
    return made["TableDescription"]["TableArn"] + "/index/by-g"


def big(name, **more):
    return {"p": {"S": name}, "v": {"S": "x" * 200_000}, **more}


def test_an_index_refuses_the_writes_that_it_would_hold(dynamodb, indexed):
    dynamodb.put_item(TableName="indexed", Item=big("a", g={"S": "g"}))
    with pytest.raises(ClientError) as caught:
        dynamodb.put_item(TableName="indexed", Item=big("b", g={"S": "g"}))
    assert caught.value.response["Error"] == {
        "Code": "ProvisionedThroughputExceededException", "Message": INDEX_EXCEEDED,
    }  # fmt: skip
    assert caught.value.response["ThrottlingReasons"] == [
        {"reason": "IndexWriteProvisionedThroughputExceeded", "resource": indexed}
    ]
    dynamodb.put_item(TableName="indexed", Item=big("c"))
    assert "Item" not in dynamodb.get_item(TableName="indexed", Key={"p": {"S": "b"}})


def test_a_query_of_an_index_draws_on_the_index(dynamodb, indexed):
    for number in range(6):
        dynamodb.put_item(TableName="indexed", Item={"p": {"S": str(number)}, "v": {"S": "x"}})
    dynamodb.put_item(TableName="indexed", Item=big("a", g={"S": "g"}))

    def query():
        dynamodb.query(
            TableName="indexed", IndexName="by-g", KeyConditionExpression="g = :g",
            ExpressionAttributeValues={":g": {"S": "g"}},
        )  # fmt: skip

    query()
    with pytest.raises(ClientError) as caught:
        query()
    assert caught.value.response["ThrottlingReasons"] == [
        {"reason": "IndexReadProvisionedThroughputExceeded", "resource": indexed}
    ]
    assert dynamodb.scan(TableName="indexed")["Count"] == 7


def test_on_demand_tables_have_the_limits_that_they_are_given(dynamodb):
    made = dynamodb.create_table(
        TableName="limited", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST", OnDemandThroughput=LIMITS,
    )  # fmt: skip
    dynamodb.get_waiter("table_exists").wait(TableName="limited")
    dynamodb.put_item(TableName="limited", Item=big("a"))
    with pytest.raises(ClientError) as caught:
        dynamodb.put_item(TableName="limited", Item=big("b"))
    assert caught.value.response["Error"] == {
        "Code": "ThrottlingException",
        "Message": "Throughput exceeds the maximum OnDemandThroughput configured on table or index",
    }
    assert caught.value.response["throttlingReasons"] == [
        {
            "reason": "TableWriteMaxOnDemandThroughputExceeded",
            "resource": made["TableDescription"]["TableArn"],
        }
    ]


def test_batches_leave_what_throughput_does_not_last_for(dynamodb):
    def request(name):
        return {"PutRequest": {"Item": big(name)}}

    dynamodb.put_item(TableName="provisioned", Item=big("a"))
    answer = dynamodb.batch_write_item(
        RequestItems={"provisioned": [request("b")], "by-request": [request("c")]}
    )
    assert answer["UnprocessedItems"] == {"provisioned": [request("b")]}
    with pytest.raises(ClientError, match="ProvisionedThroughputExceededException"):
        dynamodb.batch_write_item(RequestItems={"provisioned": [request("b")]})
    dynamodb.get_item(TableName="provisioned", Key={"p": {"S": "a"}})
    keys = {"Keys": [{"p": {"S": "c"}}]}
    answer = dynamodb.batch_get_item(RequestItems={"provisioned": keys, "by-request": keys})
    assert answer["UnprocessedKeys"] == {"provisioned": keys}
    assert answer["Responses"]["by-request"] == [big("c")]


def test_transactions_say_which_item_throughput_did_not_last_for(dynamodb):
    dynamodb.put_item(TableName="provisioned", Item=big("a"))
    with pytest.raises(ClientError) as caught:
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "by-request", "Item": big("x")}},
                {"Put": {"TableName": "provisioned", "Item": big("x")}},
            ]
        )
    assert caught.value.response["CancellationReasons"] == [
        {"Code": "None"}, {"Code": "ProvisionedThroughputExceeded", "Message": EXCEEDED},
    ]  # fmt: skip
    assert "Item" not in dynamodb.get_item(TableName="by-request", Key={"p": {"S": "x"}})


def test_partiql_reads_draw_on_reads(dynamodb):
    dynamodb.put_item(TableName="provisioned", Item=big("a"))
    select = "SELECT * FROM provisioned WHERE p = 'a'"
    assert dynamodb.execute_statement(Statement=select)["Items"] == [big("a")]
    with pytest.raises(ClientError, match="ProvisionedThroughputExceededException"):
        dynamodb.execute_statement(Statement="UPDATE provisioned SET v = 'y' WHERE p = 'a'")
