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
