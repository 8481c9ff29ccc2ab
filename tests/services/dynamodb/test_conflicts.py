"""Transactions that meet on an item: with the setting they conflict, as on AWS."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

ROUNDS = 20


@pytest.fixture
def dynamodb(start, request):
    client = start(dynamodb_conflicts=getattr(request, "param", True)).client("dynamodb")
    client.create_table(
        TableName="hot", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
    )  # fmt: skip
    return client


def one_more(key="x"):
    return {
        "TableName": "hot", "Key": {"p": {"S": key}}, "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }  # fmt: skip


def outcome(call, **request):
    """`done`, or what the client was told."""
    try:
        answer = call(**request)
    except ClientError as error:
        response = error.response
        reasons = response.get("CancellationReasons", [])
        told = [(one["Code"], one.get("Message")) for one in reasons if one["Code"] != "None"]
        return told[0] if told else (response["Error"]["Code"], response["Error"]["Message"])
    errors = [one["Error"] for one in answer.get("Responses", ()) if "Error" in one]
    if errors:
        return errors[0]["Code"], errors[0]["Message"]
    return "left" if answer.get("UnprocessedItems") else "done"


FAILED = "The conditional request failed"
ONGOING = "Transaction is ongoing for the item"


def meet(dynamodb):
    """Transactions and everything that may meet them, all on one item; what each was told."""
    write = {"TransactItems": [{"Update": one_more("y")}, {"Update": one_more()}]}
    key = {"TableName": "hot", "Key": {"p": {"S": "x"}}}
    batch = {"RequestItems": {"hot": [{"DeleteRequest": {"Key": {"p": {"S": "y"}}}}]}}
    statement = {"Statement": "UPDATE hot SET s = 1 WHERE p = 'y'"}
    calls = {
        "transaction": (dynamodb.transact_write_items, write),
        "again": (dynamodb.transact_write_items, write),
        "update": (dynamodb.update_item, one_more()),
        "read": (dynamodb.transact_get_items, {"TransactItems": [{"Get": key}]}),
        "batch": (dynamodb.batch_write_item, batch),
        "statements": (dynamodb.batch_execute_statement, {"Statements": [statement]}),
        "get": (dynamodb.get_item, key),
    }
    told = {name: Counter() for name in calls}

    def run(name):
        call, request = calls[name]
        for _ in range(ROUNDS):
            told[name][outcome(call, **request)] += 1

    with ThreadPoolExecutor(len(calls)) as pool:
        list(pool.map(run, calls))
    return told


def test_what_meets_a_transaction_is_refused(dynamodb):
    told = meet(dynamodb)
    conflict = ("TransactionConflict", ONGOING)
    allowed = {
        "transaction": {"done", conflict}, "again": {"done", conflict}, "read": {"done", conflict},
        "update": {"done", ("TransactionConflictException", ONGOING)},
        "batch": {"done", "left"}, "get": {"done"},
        "statements": {"done", conflict, ("ConditionalCheckFailed", FAILED)},
    }  # fmt: skip
    for name, found in told.items():
        assert set(found) <= allowed[name], name
    assert told["transaction"][conflict] + told["again"][conflict] > 0
    done = sum(told[name]["done"] for name in ("transaction", "again", "update"))
    item = dynamodb.get_item(TableName="hot", Key={"p": {"S": "x"}})["Item"]
    assert item["n"] == {"N": str(done)}, "what is refused is not written, and what is not, is"
    assert outcome(dynamodb.update_item, **one_more()) == "done", "nothing is held for ever"
    impossible = {**one_more(), "ConditionExpression": "attribute_exists(nothing)"}
    for _ in range(3):
        told = outcome(dynamodb.transact_write_items, TransactItems=[{"Update": impossible}])
        assert told == ("ConditionalCheckFailed", FAILED), "what failed holds nothing"


@pytest.mark.parametrize("dynamodb", [False], indirect=True)
def test_without_the_setting_nobody_is(dynamodb):
    told = meet(dynamodb)
    told["statements"].pop(("ConditionalCheckFailed", FAILED), None)
    assert all(set(found) <= {"done"} for found in told.values()), told
