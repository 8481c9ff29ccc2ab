"""Refusals word by word, where operations differ."""

import json

import pytest
from botocore.exceptions import ClientError


def message(answer):
    assert answer.status == 400
    return answer.json()["message"]


def test_a_batch_without_items(post):
    for operation in ("BatchGetItem", "BatchWriteItem"):
        wanted = f"The requestItems parameter is required for {operation}"
        assert message(post(operation, {})) == wanted
        assert message(post(operation, {"RequestItems": {}})) == wanted


def test_old_and_new_projections_of_different_tables(post):
    keys = [{"p": {"S": "x"}}]
    answer = post(
        "BatchGetItem",
        {
            "RequestItems": {
                "one": {"Keys": keys, "ProjectionExpression": "a"},
                "two": {"Keys": keys, "AttributesToGet": ["a"]},
            }
        },
    )
    assert message(answer) == (
        "Can not use both expression and non-expression parameters in the same request: "
        "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"
    )


@pytest.mark.parametrize(
    ("operation", "more", "before"),
    [
        ("Scan", {}, ""),
        (
            "Query",
            {
                "KeyConditionExpression": "p = :p",
                "ExpressionAttributeValues": {":p": {"S": "x"}},
            },
            "1 validation error detected: ",
        ),
    ],
)
def test_specific_attributes_must_be_specified(post, make_table, operation, more, before):
    request = {"TableName": make_table(), "Select": "SPECIFIC_ATTRIBUTES", **more}
    assert message(post(operation, request)) == (
        f"{before}Must specify the AttributesToGet or ProjectionExpression when choosing to get "
        "SPECIFIC_ATTRIBUTES"
    )


def test_a_transaction_of_more_than_4_mb(post, make_table):
    table = make_table()
    items = [{"p": {"S": str(number)}, "v": {"S": "x" * 100_000}} for number in range(50)]
    answer = post(
        "TransactWriteItems",
        {"TransactItems": [{"Put": {"TableName": table, "Item": item}} for item in items]},
    )
    assert message(answer) == "Transaction payload size cannot exceed 4 MB"


def test_a_batch_get_stops_at_16_mb(post, make_table):
    table = make_table()
    for number in range(44):
        item = {"p": {"S": str(number)}, "v": {"S": "x" * 400_000}}
        assert post("PutItem", {"TableName": table, "Item": item}).status == 200
    keys = [{"p": {"S": str(number)}} for number in range(44)]
    found = post("BatchGetItem", {"RequestItems": {table: {"Keys": keys}}}).json()
    left = found["UnprocessedKeys"][table]["Keys"]
    assert len(found["Responses"][table]) == 41
    assert left == keys[41:]


@pytest.mark.parametrize("member", ["ProjectionExpression", "AttributesToGet"])
@pytest.mark.parametrize(
    ("select", "noun"), [("ALL_ATTRIBUTES", "ALL_ATTRIBUTES"), ("COUNT", "only the Count")]
)
def test_naming_attributes_when_others_are_selected(post, make_table, member, select, noun):
    wanted = f"Cannot specify the {member} when choosing to get {noun}"
    named = "a" if member == "ProjectionExpression" else ["a"]
    request = {"TableName": make_table(), "Select": select, member: named}
    assert message(post("Scan", request)) == wanted
    equal = {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "x"}]}
    if member == "AttributesToGet":
        request["KeyConditions"] = {"p": equal}
    else:
        request["KeyConditionExpression"] = "p = :p"
        request["ExpressionAttributeValues"] = {":p": {"S": "x"}}
    assert message(post("Query", request)) == f"1 validation error detected: {wanted}"


def test_projected_attributes_of_a_table(post, make_table):
    request = {"TableName": make_table(), "Select": "ALL_PROJECTED_ATTRIBUTES"}
    assert message(post("Scan", request)) == (
        "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
    )


def test_a_policy_of_another_revision(client, make_table, account):
    arn = client.describe_table(TableName=make_table())["Table"]["TableArn"]
    statement = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:DeleteTable",
                 "Resource": arn}  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    there = client.put_resource_policy(ResourceArn=arn, Policy=policy)["RevisionId"]
    for expected, found in (
        ("7", "Requested update for policy with revision id 7, but the policy associated to "
              f"target table things has revision id {there}."),
        ("NO_POLICY", "Requested policy update expecting none to be present for table things, but "
                      f"a policy exists with revision id {there}."),
    ):  # fmt: skip
        with pytest.raises(ClientError) as caught:
            client.put_resource_policy(ResourceArn=arn, Policy=policy, ExpectedRevisionId=expected)
        assert caught.value.response["Error"]["Message"] == (
            f"Resource-based policy not found for the provided ResourceArn: {found}"
        )


def test_values_without_a_type_or_with_several_are_told_plainly(post):
    for value, problem in (
        ({}, "is empty, must contain exactly one of the supported datatypes"),
        ({"S": "a", "N": "1"}, "has more than one datatypes set, must contain exactly one of the "
                               "supported datatypes"),
    ):  # fmt: skip
        wanted = f"Supplied AttributeValue {problem}"
        request = {"TableName": "none", "Item": {"p": value}}
        assert message(post("PutItem", request)) == wanted
        request = {
            "TableName": "none", "Key": {"p": {"S": "x"}}, "UpdateExpression": "SET a = :a",
            "ExpressionAttributeValues": {":a": value},
        }  # fmt: skip
        assert message(post("UpdateItem", request)) == (
            f"ExpressionAttributeValues contains invalid value: {wanted} for key :a"
        )
    request = {"TableName": "none", "Item": {"p": {"SS": []}}}
    assert message(post("PutItem", request)) == (
        "1 validation error detected: One or more parameter values were invalid: "
        "An string set  may not be empty"
    )
