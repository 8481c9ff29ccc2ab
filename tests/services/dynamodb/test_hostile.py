"""Requests that no client makes: each is refused in DynamoDB's way, and none harms the server."""

import gzip
import json
import time

import pytest

KINDS = (None, True, 0, -1.5, 10**30, "", "x", [], {}, [None], {"": None}, [[]], {"S": {"S": "x"}})
SERIALIZATION = "com.amazon.coral.service#SerializationException"
VALIDATION = "com.amazon.coral.validate#ValidationException"


def requests(table):
    """A request of every data operation, with most of its members."""
    key, value = {"p": {"S": "x"}}, {":v": {"N": "1"}}
    named = {"ExpressionAttributeNames": {"#a": "a"}, "ExpressionAttributeValues": value}
    put = {
        "TableName": table,
        "Item": {
            **key,
            "l": {"L": [{"M": {"m": {"BOOL": True}}}]},
            "s": {"SS": ["a"]},
            "n": {"NS": ["1"]},
            "b": {"B": "YWI="},
        },
    }
    select = f'SELECT * FROM "{table}" WHERE p = ?'
    return {
        "PutItem": {**put, "Expected": {"z": {"Exists": False}}, "ReturnValues": "ALL_OLD"},
        "GetItem": {"TableName": table, "Key": key, "AttributesToGet": ["p"],
                    "ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL"},
        "UpdateItem": {"TableName": table, "Key": key, "UpdateExpression": "SET #a = :v", **named},
        "DeleteItem": {"TableName": table, "Key": key,
                       "Expected": {"p": {"ComparisonOperator": "IN",
                                          "AttributeValueList": [{"S": "x"}]}}},
        "Query": {"TableName": table, "Limit": 3, "ExclusiveStartKey": key,
                  "KeyConditions": {"p": {"ComparisonOperator": "EQ",
                                          "AttributeValueList": [{"S": "x"}]}}},
        "Scan": {"TableName": table, "Segment": 0, "TotalSegments": 2,
                 "FilterExpression": "#a = :v", **named},
        "BatchGetItem": {"RequestItems": {table: {"Keys": [key]}}},
        "BatchWriteItem": {"RequestItems": {table: [{"PutRequest": {"Item": key}}]}},
        "TransactGetItems": {"TransactItems": [{"Get": {"TableName": table, "Key": key}}]},
        "TransactWriteItems": {"TransactItems": [{"Put": put}], "ClientRequestToken": "token"},
        "ExecuteStatement": {"Statement": select, "Parameters": [{"S": "x"}], "Limit": 1},
        "BatchExecuteStatement": {"Statements": [{"Statement": select,
                                                  "Parameters": [{"S": "x"}]}]},
        "ExecuteTransaction": {"TransactStatements": [{"Statement": select,
                                                       "Parameters": [{"S": "x"}]}]},
        "UpdateTimeToLive": {"TableName": table, "TimeToLiveSpecification": {
            "AttributeName": "t", "Enabled": True}},
        "CreateTable": {"TableName": f"{table}-2", "BillingMode": "PAY_PER_REQUEST",
                        "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
                        "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
                        "GlobalSecondaryIndexes": [{
                            "IndexName": "index", "Projection": {"ProjectionType": "ALL"},
                            "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}]}],
                        "StreamSpecification": {"StreamEnabled": False},
                        "Tags": [{"Key": "k", "Value": "v"}]},
        "UpdateTable": {"TableName": table, "ProvisionedThroughput": {"ReadCapacityUnits": 1},
                        "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "none"}}]},
    }  # fmt: skip


def places(node, path=()):
    """The paths of all values in a document."""
    yield path
    children = {}
    if isinstance(node, dict):
        children = node
    elif isinstance(node, list):
        children = dict(enumerate(node))
    for name, child in children.items():
        yield from places(child, (*path, name))


def replaced(node, path, value):
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = replaced(node[path[0]], path[1:], value)
    return copy


@pytest.mark.parametrize("operation", list(requests("t")))
def test_any_value_in_any_place(post, make_table, operation):
    request = requests(make_table())[operation]
    for path in places(request):
        for value in KINDS:
            answer = post(operation, replaced(request, path, value))
            shown = path, value, answer.data
            assert answer.status in (200, 400), shown
            if answer.status == 400:
                assert "#" in answer.json()["__type"], shown


@pytest.mark.parametrize("operation", list(requests("t")))
def test_bodies_that_are_no_request(post, operation):
    for body in (b"null", b"[]", b'"x"', b"7", b"{", b"\xff\xfe", b'{"TableName": "\xff"}',
                 b'{"TableName": "a"} {}', b'{"TableName": \x00"a"}', b"{'TableName': 'a'}",
                 b'{"TableName": NaN}', b"\xef\xbb\xbf{}"):  # fmt: skip
        answer = post(operation, body)
        assert (answer.status, answer.json()["__type"]) == (400, SERIALIZATION), body
    for body in (b"", b"{}"):
        answer = post(operation, body)
        assert (answer.status, answer.json()["__type"]) == (400, VALIDATION), body


def test_documents_of_any_depth(post, make_table):
    table = make_table()
    head, tail = f'{{"TableName": "{table}", "Item": {{"p": {{"S": "x"}}, "d": ', "}}"
    for depth, types in ((100_000, {SERIALIZATION}), (900, {SERIALIZATION, VALIDATION}),
                         (33, {VALIDATION})):  # fmt: skip
        for before, within, after in (('{"L": [', '{"S": "x"}', "]}"),
                                      ('{"M": {"d": ', '{"S": "x"}', "}}")):  # fmt: skip
            body = head + before * depth + within + after * depth + tail
            answer = post("PutItem", body.encode())
            assert answer.status == 400
            assert answer.json()["__type"] in types, depth
    assert post("PutItem", b"[" * 1_000_000).status == 400


@pytest.mark.parametrize("before", ["(", "NOT ", "(NOT "])
def test_expressions_of_any_depth(post, make_table, before):
    table = make_table()
    for depth in (200, 1_300, 100_000):
        text = before * depth + "attribute_exists(p)" + ")" * before.count("(") * depth
        answer = post("Scan", {"TableName": table, "FilterExpression": text})
        assert answer.status in (200, 400)
        statement = f'SELECT * FROM "{table}" WHERE {text.replace("attribute_exists(p)", "p = 1")}'
        answer = post("ExecuteStatement", {"Statement": statement})
        assert answer.status in (200, 400)
    lists = "[" * 5_000 + "]" * 5_000
    answer = post(
        "ExecuteStatement", {"Statement": f"INSERT INTO \"{table}\" VALUE {{'p': {lists}}}"}
    )
    assert answer.status == 400


def test_paths_of_any_length(post, make_table):
    table = make_table()
    post("PutItem", {"TableName": table, "Item": {"p": {"S": "x"}, "a": {"L": []}}})
    for path in ("a" + "[0]" * 1_000, "a" + ".b" * 1_500, "a[99999999999999999999]", "a[-1]"):
        wanted = {"TableName": table, "Key": {"p": {"S": "x"}}, "ProjectionExpression": path}
        assert post("GetItem", wanted).status in (200, 400)
        change = {"TableName": table, "Key": {"p": {"S": "x"}},
                  "UpdateExpression": f"SET {path} = {path}"}  # fmt: skip
        assert post("UpdateItem", change).status == 400


@pytest.mark.parametrize(
    "number",
    ["1" * 1_000_000, "1e" + "9" * 100_000, "0e" + "9" * 30, "-" * 1000, "1e-" + "9" * 18,
     "0." + "0" * 1_000_000 + "1", "١٢٣", "1_000", "0x10", "NaN", "1e5.5", " 1", "+", "."],
)  # fmt: skip
def test_numbers_that_are_none(post, make_table, number):
    began = time.monotonic()
    item = {"p": {"S": "x"}, "n": {"L": [{"NS": ["1", number]}]}}
    answer = post("PutItem", {"TableName": make_table(), "Item": item})
    assert (answer.status, answer.json()["__type"]) == (400, VALIDATION)
    assert time.monotonic() - began < 5


def test_json_numbers_of_any_size(post, make_table):
    table = make_table()
    for number in ("1e400", "-1e400", "1" * 10_000, "0." + "1" * 10_000, "1e-400"):
        body = f'{{"TableName": "{table}", "Limit": {number}}}'
        assert post("Scan", body.encode()).status == 400


def test_a_name_that_occurs_twice_counts_once(post, make_table):
    table = make_table()
    body = f'{{"TableName": "{table}", "Item": {{"p": {{"S": "x"}}, "p": {{"S": "y"}}}}}}'
    assert post("PutItem", body.encode()).status == 200
    found = post("Scan", {"TableName": table}).json()
    assert found["Items"] == [{"p": {"S": "y"}}]
    body = f'{{"TableName": "{table}", "Item": {{"p": {{"S": "x", "S": "z"}}}}}}'
    assert post("PutItem", body.encode()).status == 200


def test_text_that_utf_8_cannot_hold(post, make_table):
    table = make_table()
    for text in ("\\ud800", "\\udfff\\ud800", "\\ud83d"):
        for item in (
            f'{{"p": {{"S": "{text}"}}}}',
            f'{{"p": {{"S": "x"}}, "{text}": {{"S": "y"}}}}',
        ):
            answer = post("PutItem", f'{{"TableName": "{table}", "Item": {item}}}'.encode())
            assert answer.status in (200, 400)
    assert post("Scan", {"TableName": table}).status == 200


def test_a_bomb(post, make_table):
    began = time.monotonic()
    bomb = gzip.compress(b" " * (64 << 20))
    for _ in range(3):
        bomb = gzip.compress(bomb)
    for body in (gzip.compress(b" " * (300 << 20), 9), bomb):
        answer = post("PutItem", body, {"Content-Encoding": "gzip"})
        assert answer.status in (400, 500)
    assert time.monotonic() - began < 20


def test_unknown_targets(post):
    for target in (
        "",
        ".",
        "DynamoDB_20120810.",
        "DynamoDB_20111205.GetItem",
        "x" * 10_000,
        "DynamoDB_20120810.getItem",
        "DynamoDBStreams_20120810.GetItem",
        "é".encode(),
    ):
        answer = post("GetItem", {}, {"X-Amz-Target": target})
        assert 400 <= answer.status < 500, target


def test_the_largest_answer_and_the_largest_request(post, make_table):
    table = make_table()
    names = [{"PutRequest": {"Item": {"p": {"S": str(n)}, "v": {"S": "v" * 390_000}}}}
             for n in range(25)]  # fmt: skip
    assert post("BatchWriteItem", {"RequestItems": {table: names}}).status == 200
    keys = [{"p": {"S": str(n)}} for n in range(25)]
    found = post("BatchGetItem", {"RequestItems": {table: {"Keys": keys}}}).json()
    assert len(found["Responses"][table]) == 25
    body = json.dumps({"TableName": table, "Key": {"p": {"S": "1"}}}).encode()
    assert post("GetItem", body + b" " * ((16 << 20) - len(body))).status == 200
    assert post("GetItem", body + b" " * ((16 << 20) + 1 - len(body))).status == 413
