"""Describing tables; Contributor Insights, which they do not have here."""

import pytest
from botocore.exceptions import ClientError


def table(name, **more):
    return {
        "TableName": name, "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST", **more,
    }  # fmt: skip


def test_a_table_that_is_being_made_is_not_warm_yet(client, until):
    made = client.create_table(**table("cold"))["TableDescription"]
    assert made["TableStatus"] == "CREATING"
    assert "WarmThroughput" not in made
    assert made["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    warm = {"ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 5000}
    made = client.create_table(**table("warm", WarmThroughput=warm))["TableDescription"]
    assert made["WarmThroughput"] == {**warm, "Status": "UPDATING"}

    def described(name):
        found = client.describe_table(TableName=name)["Table"]
        return found if found["TableStatus"] == "ACTIVE" else None

    found = until(lambda: described("warm"))
    assert found["WarmThroughput"] == {**warm, "Status": "ACTIVE"}
    assert "LastUpdateToPayPerRequestDateTime" in found["BillingModeSummary"]
    assert until(lambda: described("cold"))["WarmThroughput"]["ReadUnitsPerSecond"] == 12000


def test_contributor_insights_are_off(client, make_table):
    name = make_table()
    off = {"TableName": name, "ContributorInsightsStatus": "DISABLED"}

    def plain(answer):
        return {key: answer[key] for key in answer if key != "ResponseMetadata"}

    assert plain(client.describe_contributor_insights(TableName=name)) == off
    update = client.update_contributor_insights
    assert plain(update(TableName=name, ContributorInsightsAction="DISABLE")) == off
    with pytest.raises(ClientError) as caught:
        update(TableName=name, ContributorInsightsAction="ENABLE")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.describe_contributor_insights(TableName="absent")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.describe_contributor_insights(TableName=name, IndexName="absent")


def test_changes_that_take_their_time(start, until):
    dynamodb = start(dynamodb_change_seconds=0.6).client("dynamodb")
    index = {
        "IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }  # fmt: skip
    made = dynamodb.create_table(
        TableName="slow", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in "pg"],
        GlobalSecondaryIndexes=[index],
    )  # fmt: skip
    assert made["TableDescription"]["TableStatus"] == "CREATING"
    table = dynamodb.describe_table(TableName="slow")["Table"]
    assert table["TableStatus"] == "CREATING"
    assert table["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"

    def refused(call, **request):
        with pytest.raises(ClientError) as refusal:
            call(TableName="slow", **request)
        return refusal.value.response["Error"]["Code"], refusal.value.response["Error"]["Message"]

    def in_use(doing):
        return ("ResourceInUseException", "Attempt to change a resource which is still in use: "
                                          f"Table is being {doing}: slow")  # fmt: skip

    item = {"p": {"S": "x"}, "g": {"S": "y"}}
    not_found = ("ResourceNotFoundException", "Requested resource not found")
    assert refused(dynamodb.put_item, Item=item) == not_found
    assert refused(dynamodb.delete_table) == in_use("created")
    assert refused(dynamodb.update_table, TableClass="STANDARD") == in_use("created")
    dynamodb.get_waiter("table_exists").wait(
        TableName="slow", WaiterConfig={"Delay": 0.1, "MaxAttempts": 50}
    )
    table = dynamodb.describe_table(TableName="slow")["Table"]
    assert table["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"
    dynamodb.put_item(TableName="slow", Item=item)

    changed = dynamodb.update_table(TableName="slow", TableClass="STANDARD_INFREQUENT_ACCESS")
    assert changed["TableDescription"]["TableStatus"] == "UPDATING"
    assert refused(dynamodb.delete_table) == in_use("updated")
    assert dynamodb.get_item(TableName="slow", Key={"p": {"S": "x"}})["Item"] == item
    until(lambda: dynamodb.describe_table(TableName="slow")["Table"]["TableStatus"] == "ACTIVE")

    assert dynamodb.delete_table(TableName="slow")["TableDescription"]["TableStatus"] == "DELETING"
    assert dynamodb.describe_table(TableName="slow")["Table"]["TableStatus"] == "DELETING"
    assert refused(dynamodb.get_item, Key={"p": {"S": "x"}}) == not_found
    assert refused(dynamodb.delete_table) == in_use("deleted")
    dynamodb.get_waiter("table_not_exists").wait(
        TableName="slow", WaiterConfig={"Delay": 0.1, "MaxAttempts": 50}
    )


def test_what_is_being_changed_says_so(client, make_table, until):
    """By the next call it is done, but for an index that is to be filled."""
    name = make_table()
    index = {
        "IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }  # fmt: skip
    made = client.update_table(
        TableName=name, GlobalSecondaryIndexUpdates=[{"Create": index}],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in "pg"],
    )["TableDescription"]  # fmt: skip
    assert made["TableStatus"] == "UPDATING"
    (described,) = made["GlobalSecondaryIndexes"]
    assert (described["IndexStatus"], described["Backfilling"]) == ("CREATING", False)

    def filled():
        (found,) = client.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"]
        return found["IndexStatus"] == "ACTIVE"

    until(filled)
    gone = client.update_table(
        TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-g"}}]
    )["TableDescription"]["GlobalSecondaryIndexes"]
    assert [(one["IndexName"], one["IndexStatus"], one["KeySchema"]) for one in gone] == [
        ("by-g", "DELETING", index["KeySchema"])
    ]
    assert "GlobalSecondaryIndexes" not in client.describe_table(TableName=name)["Table"]
