"""What writes leave for the bill, also those that a condition refused."""

import pytest
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


@pytest.fixture
def units(server, account):
    """Write units so far of this test's account."""

    def read():
        url = f"{server.endpoint}/_airside/usage"
        request = AWSRequest("POST", url, data=b"{}")
        SigV4Auth(Credentials(account, "test"), "dynamodb", "us-east-1").add_auth(request)
        answer = urllib3.request("POST", url, body=b"{}", headers=dict(request.headers))
        return sum(
            row["quantity"] for row in answer.json()["usage"]
            if row["usage_type"] == "WriteRequestUnits" and f":{account}:" in str(row)
        )  # fmt: skip

    return read


def test_a_false_condition_costs_what_is_there(client, make_table, units):
    table = make_table()
    client.put_item(TableName=table, Item={"p": {"S": "x"}, "v": {"S": "v" * 2500}})
    assert units() == 3
    failed = client.exceptions.ConditionalCheckFailedException
    for key, cost in (("x", 3), ("absent", 1)):
        before = units()
        with pytest.raises(failed):
            client.delete_item(
                TableName=table, Key={"p": {"S": key}}, ConditionExpression="elsewhere = p"
            )
        assert units() == before + cost
    before = units()
    with pytest.raises(failed):
        client.execute_statement(Statement=f"UPDATE {table} SET a = 1 WHERE p = 'x' AND v = 1")
    assert units() == before + 3


def test_a_cancelled_transaction_costs_the_first_of_its_two_writes(client, make_table, units):
    table = make_table()
    client.put_item(TableName=table, Item={"p": {"S": "x"}, "v": {"S": "v" * 2500}})
    before = units()
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": table, "Item": {"p": {"S": "y"}, "v": {"S": "v" * 1500}}}},
                {"Delete": {"TableName": table, "Key": {"p": {"S": "x"}},
                            "ConditionExpression": "attribute_not_exists(p)"}},
            ]
        )  # fmt: skip
    assert units() == before + 2 + 3


def test_a_failed_statement_of_a_batch_costs_what_it_attempted(client, make_table, units):
    table = make_table()
    client.put_item(TableName=table, Item={"p": {"S": "x"}, "v": {"S": "v" * 2500}})
    before = units()
    insert = f"INSERT INTO {table} VALUE {{'p': 'x'}}"
    answer = client.batch_execute_statement(Statements=[{"Statement": insert}])
    assert answer["Responses"][0]["Error"]["Code"] == "DuplicateItem"
    assert units() == before + 3
