"""BatchExecuteStatement and ExecuteTransaction, through boto3."""

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def items(client, make_table):
    """Items a and b of a table without sort key."""
    make_table("rows")
    for name in "ab":
        client.put_item(TableName="rows", Item={"p": {"S": name}, "n": {"N": "1"}})
    return "rows"


@pytest.fixture
def batch(client):
    def execute(*statements, **more):
        return client.batch_execute_statement(
            Statements=[{"Statement": one} for one in statements], **more
        )

    return execute


@pytest.fixture
def transact(client):
    def execute(*statements, **more):
        return client.execute_transaction(
            TransactStatements=[{"Statement": one} for one in statements], **more
        )

    return execute


def get(client, name):
    return client.get_item(TableName="rows", Key={"p": {"S": name}}).get("Item")


def refused(action):
    with pytest.raises(ClientError) as problem:
        action()
    error = problem.value.response["Error"]
    return error["Code"], error["Message"]


def test_every_statement_of_a_batch_is_for_itself(client, items, batch):
    result = batch(
        "INSERT INTO rows VALUE {'p': 'c'}",
        "INSERT INTO rows VALUE {'p': 'a'}",
        "UPDATE rows SET n = n + 1 WHERE p = 'b' RETURNING ALL NEW *",
        "UPDATE rows SET n = 1 WHERE p = 'z'",
        "DELETE FROM none WHERE p = 'a'",
        "UPDATE rows SET",
        ReturnConsumedCapacity="TOTAL",
    )
    assert result["Responses"] == [
        {"TableName": "rows"},
        {"TableName": "rows",
         "Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}},
        {"TableName": "rows", "Item": {"p": {"S": "b"}, "n": {"N": "2"}}},
        {"TableName": "rows",
         "Error": {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}},
        {"TableName": "none",
         "Error": {"Code": "ResourceNotFound", "Message": "Requested resource not found"}},
        {"Error": {"Code": "ValidationError",
                   "Message": "Statement wasn't well formed, can't be processed: "
                              "Expected identifier for simple path"}},
    ]  # fmt: skip
    assert result["ConsumedCapacity"] == [{"TableName": "rows", "CapacityUnits": 4.0}]
    assert get(client, "c") == {"p": {"S": "c"}}


def test_reads_of_a_batch_name_one_item_each(items, batch):
    result = batch(
        "SELECT n FROM rows WHERE p = 'a'",
        "SELECT * FROM rows WHERE p = 'absent'",
        "SELECT * FROM rows WHERE n = 1",
        "SELECT * FROM rows WHERE p = 'b' AND n = 5",
        ReturnConsumedCapacity="TOTAL",
    )
    assert result["Responses"] == [
        {"TableName": "rows", "Item": {"n": {"N": "1"}}},
        {"TableName": "rows"},
        {"Error": {"Code": "ValidationError",
                   "Message": "Select statements within BatchExecuteStatement must specify the "
                              "primary key in the where clause."}},
        {"TableName": "rows"},
    ]  # fmt: skip
    assert result["ConsumedCapacity"] == [{"TableName": "rows", "CapacityUnits": 1.5}]


def test_batches_that_are_refused_as_a_whole(items, batch):
    assert refused(
        lambda: batch("SELECT * FROM rows WHERE p = 'a'", "DELETE FROM rows WHERE p = 'a'")
    ) == (
        "ValidationException",
        "Read and write requests together in the same batch is not supported.",
    )
    assert refused(
        lambda: batch("DELETE FROM rows WHERE p = 'a'", "DELETE FROM rows WHERE p = 'a'")
    ) == (
        "ValidationException",
        "Provided list of item keys contains duplicates",
    )
    assert refused(lambda: batch(*["SELECT * FROM rows"] * 26))[0] == "ValidationException"


def test_a_transaction_writes_all(client, items, transact):
    result = transact(
        "INSERT INTO rows VALUE {'p': 'c'}",
        "UPDATE rows SET n = 5 WHERE p = 'a' AND n = 1",
        "EXISTS(SELECT * FROM rows WHERE p = 'b' AND n = 1)",
        ReturnConsumedCapacity="TOTAL",
    )
    assert result["ConsumedCapacity"] == [
        {"TableName": "rows", "CapacityUnits": 6.0, "WriteCapacityUnits": 6.0}
    ]
    assert get(client, "a")["n"] == {"N": "5"}
    assert get(client, "c")


def test_a_transaction_writes_nothing(client, items, transact):
    with pytest.raises(client.exceptions.TransactionCanceledException) as problem:
        transact(
            "INSERT INTO rows VALUE {'p': 'c'}",
            "INSERT INTO rows VALUE {'p': 'a'}",
            "EXISTS(SELECT * FROM rows WHERE p = 'b' AND n = 2)",
        )
    assert problem.value.response["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"},
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"},
    ]
    assert problem.value.response["Error"]["Message"].endswith(
        "[None, DuplicateItem, ConditionalCheckFailed]"
    )
    assert get(client, "c") is None


def test_a_transaction_reads(items, transact):
    result = transact(
        "SELECT n FROM rows WHERE p = 'a'", "SELECT * FROM rows WHERE p = 'z'",
        ReturnConsumedCapacity="TOTAL",
    )  # fmt: skip
    assert result["Responses"] == [{"Item": {"n": {"N": "1"}}}, {}]
    assert result["ConsumedCapacity"] == [
        {"TableName": "rows", "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}
    ]


def test_a_token_is_carried_out_once(client, items, transact):
    for _ in range(2):
        transact("UPDATE rows SET n = n + 1 WHERE p = 'a'", ClientRequestToken="once")
    assert get(client, "a")["n"] == {"N": "2"}
    code, _ = refused(lambda: transact("DELETE FROM rows WHERE p = 'a'", ClientRequestToken="once"))
    assert code == "IdempotentParameterMismatchException"


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (["SELECT * FROM rows WHERE p = 'a'", "DELETE FROM rows WHERE p = 'b'"],
         "ExecuteTransaction API does not support both read and write operations in the same "
         "request."),
        (["DELETE FROM rows WHERE p = 'a'", "UPDATE rows SET n = 1 WHERE p = 'a'"],
         "Transaction request cannot include multiple operations on one item"),
        (["DELETE FROM rows WHERE p = 'b'", "DELETE FROM rows WHERE p = 'a' RETURNING ALL OLD *"],
         "Validation failed in TransactStatements[1]: RETURNING clause is not supported in "
         "ExecuteTransaction."),
        (['SELECT * FROM "rows"."i"'],
         "Validation failed in TransactStatements[0]: Reads on indices are not supported within "
         "transactions."),
    ],
)  # fmt: skip
def test_transactions_that_are_refused(items, transact, statements, message):
    assert refused(lambda: transact(*statements)) == ("ValidationException", message)
