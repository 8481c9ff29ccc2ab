"""Problems of queries and scans in the order in which AWS comes upon them: keys, then the rest."""

import pytest

_START = "The provided starting key is invalid"
_MISMATCH = "The provided key element does not match the schema"
_MISSED = "Query condition missed key schema element: "
_PREDICATE = "The provided starting key does not match the range key predicate"
_EQUAL_A = {"a": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "x"}]}}
_AFTER_B = {"b": {"ComparisonOperator": "GT", "AttributeValueList": [{"S": "m"}]}}
_NULL = {"ComparisonOperator": "NULL"}


@pytest.fixture
def table(make_table):
    return make_table(
        "pairs", a="S", b="S", more={"c": "S", "d": "S"},
        LocalSecondaryIndexes=[{
            "IndexName": "by_c", "Projection": {"ProjectionType": "KEYS_ONLY"},
            "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"},
                          {"AttributeName": "c", "KeyType": "RANGE"}],
        }],
        GlobalSecondaryIndexes=[{
            "IndexName": "by_d", "Projection": {"ProjectionType": "KEYS_ONLY"},
            "KeySchema": [{"AttributeName": "d", "KeyType": "HASH"}],
        }],
    )  # fmt: skip


def key(**attributes):
    return {name: {"S": value} for name, value in attributes.items()}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"KeyConditions": {"z": _NULL}, "ExclusiveStartKey": {}}, _START),
        ({"KeyConditions": {"z": _NULL}, "ExclusiveStartKey": key(a="x", z="x")}, f"{_MISSED}a"),
        ({"KeyConditions": {"z": _NULL}, "ExclusiveStartKey": {"a": {"N": "1"}, "b": {"S": "x"}}},
         _MISMATCH),
        ({"KeyConditions": {"a": _NULL}},
         "Attempted conditional constraint is not an indexable operation"),
        ({"KeyConditions": _EQUAL_A, "ExclusiveStartKey": key(a="x")}, _START),
        ({"KeyConditions": _EQUAL_A, "ExclusiveStartKey": key(a="y", b="x")},
         "The provided starting key is outside query boundaries based on provided conditions"),
        ({"KeyConditions": _EQUAL_A | _AFTER_B, "ExclusiveStartKey": key(a="x", b="b")},
         _PREDICATE),
        ({"KeyConditions": _EQUAL_A | _AFTER_B, "ExclusiveStartKey": key(a="y", b="b")},
         _PREDICATE),
        ({"KeyConditions": _EQUAL_A | _AFTER_B, "ExclusiveStartKey": key(a="y", b="z")},
         "The query can return at most one row and cannot be restarted"),
        ({"KeyConditions": _EQUAL_A, "IndexName": "by_c", "ExclusiveStartKey": key(a="x", c="x")},
         _START),
        ({"KeyConditions": _EQUAL_A, "IndexName": "by_c",
          "ExclusiveStartKey": key(a="x", c="x", z="x")}, f"{_START}: {_MISMATCH}"),
        ({"KeyConditions": _EQUAL_A,
          "QueryFilter": {"a": {"ComparisonOperator": "EQ", "AttributeValueList": [{}]}},
          "ExclusiveStartKey": {"a": {}}},
         "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        ({"KeyConditions": _EQUAL_A, "ExclusiveStartKey": {"a": {}}},
         f"{_START}: Supplied AttributeValue is empty, must contain exactly one of the supported "
         "datatypes"),
        ({"KeyConditions": _EQUAL_A, "AttributesToGet": ["z", "z"],
          "ExclusiveStartKey": {"a": {}}},
         "One or more parameter values were invalid: Duplicate value in attribute name: z"),
        ({"KeyConditions": _EQUAL_A, "QueryFilter": {"b": _NULL}},
         "QueryFilter can only contain non-primary key attributes: Primary key attribute: b"),
        ({"KeyConditionExpression": "a = b", "FilterExpression": ""},
         "Invalid FilterExpression: The expression can not be empty;"),
        ({"KeyConditionExpression": "attribute_type(a, b)", "FilterExpression": ""},
         "Invalid KeyConditionExpression: Incorrect operand type for operator or function; "
         "operator or function: attribute_type, operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}"),
        ({"KeyConditionExpression": "a = :a", "FilterExpression": "attribute_exists(c.x)",
          "ExpressionAttributeValues": {":a": {"S": "x"}}},
         "Key attributes must be scalars; list random access '[]' and map lookup '.' are not "
         "allowed: IndexKey: c"),
        ({"KeyConditionExpression": "a = :a", "FilterExpression": "attribute_exists(b.x)",
          "ExpressionAttributeValues": {":a": {"S": "x"}}},
         "Filter Expression can only contain non-primary key attributes: Primary key attribute: b"),
    ],
)  # fmt: skip
def test_queries(post, table, request_, message):
    answer = post("Query", {"TableName": table, **request_})
    assert (answer.status, answer.json().get("message")) == (400, message)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"ExclusiveStartKey": key(a="x")}, f"{_START}: {_MISMATCH}"),
        ({"IndexName": "by_d", "ExclusiveStartKey": key(d="x")}, _START),
        ({"IndexName": "by_d", "ExclusiveStartKey": key(a="x", b="x", z="x")}, _START),
        ({"IndexName": "by_d", "ExclusiveStartKey": {"d": {"N": "1"}, **key(a="x", b="x")}},
         _MISMATCH),
        ({"ProjectionExpression": "a.x"},
         "Key attributes must be scalars; list random access '[]' and map lookup '.' are not "
         "allowed: Key: a"),
    ],
)  # fmt: skip
def test_scans(post, table, request_, message):
    answer = post("Scan", {"TableName": table, **request_})
    assert (answer.status, answer.json().get("message")) == (400, message)


def test_a_start_key_of_another_segment(post, table):
    for number in range(20):
        refused = post(
            "Scan",
            {
                "TableName": table, "Segment": 0, "TotalSegments": 2,
                "ExclusiveStartKey": key(a=str(number), b="x"),
            },
        )  # fmt: skip
        if refused.status == 400:
            assert refused.json()["message"] == (
                f"{_START}: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct "
                "Segment. TotalSegments: 2 Segment: 0"
            )
            return
    raise AssertionError("twenty keys, and none in the other half")


def test_looking_into_a_key_in_getitem(post, table):
    wanted = {"TableName": table, "Key": key(a="x", b="x"), "ProjectionExpression": "d[0], z.y"}
    assert post("GetItem", wanted).json()["message"] == (
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not "
        "allowed: IndexKey: d"
    )
