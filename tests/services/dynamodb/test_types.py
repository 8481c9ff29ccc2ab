"""Values of the wrong JSON type: refused before anything else, in the words of DynamoDB."""

import pytest

_CAST = (
    "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class "
    "java.lang.Class (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and "
    "java.lang.Class are in module java.base of loader 'bootstrap')"
)
_PACKAGE = "com.amazonaws.dynamodb.v20120810"
_BASE64 = "Invalid last non-pad Base64 character dectected"


@pytest.mark.parametrize(
    ("operation", "body", "message"),
    [
        ("GetItem", {"TableName": 7}, "NUMBER_VALUE cannot be converted to String"),
        ("GetItem", {"TableName": 1.5}, "DECIMAL_VALUE cannot be converted to String"),
        ("GetItem", {"TableName": True}, "TRUE_VALUE cannot be converted to String"),
        ("GetItem", {"TableName": []}, "Unrecognized collection type class java.lang.String"),
        ("GetItem", {"TableName": {}}, "Start of structure or map found where not expected"),
        ("Query", {"Limit": "1"}, "STRING_VALUE cannot be converted to Integer"),
        ("GetItem", {"ConsistentRead": "maybe"}, "Unexpected token received from parser"),
        ("GetItem", {"ConsistentRead": 1}, "NUMBER_VALUE cannot be converted to Boolean"),
        ("GetItem", {"Key": 7}, "Unexpected field type"),
        ("GetItem", {"Key": []},
         f"Unrecognized collection type java.util.Map<java.lang.String, {_PACKAGE}.AttributeValue>"),
        ("GetItem", {"Key": {"a": 7}}, "Unexpected value type in payload"),
        ("GetItem", {"Key": {"a": []}},
         f"Unrecognized collection type class {_PACKAGE}.AttributeValue"),
        ("PutItem", {"Expected": {"a": {"Value": 7}}}, "Unexpected field type"),
        ("BatchGetItem", {"RequestItems": {"a": {"Keys": [7]}}}, _CAST),
        ("BatchWriteItem", {"RequestItems": {"a": 7}}, _CAST),
        ("BatchWriteItem", {"RequestItems": []},
         "Unrecognized collection type java.util.Map<java.lang.String, "
         f"java.util.List<{_PACKAGE}.WriteRequest>>"),
        ("PutItem", {"Item": {"a": {"B": 7}}},
         "only base-64-encoded strings are convertible to bytes"),
        ("PutItem", {"Item": {"a": {"B": []}}},
         "Unrecognized collection type class java.nio.ByteBuffer"),
        ("PutItem", {"Item": {"a": {"B": "23456"}}},
         "Base64 encoded length is expected a multiple of 4 bytes but found: 5"),
        ("PutItem", {"Item": {"a": {"BS": ["YWJj", "+/+="]}}}, _BASE64),
        ("PutItem", {"Item": {"a": {"L": [{"M": {"b": {"B": "=+/="}}}]}}}, _BASE64),
        ("PutItem", {"Item": {"a": {"BOOL": "perhaps"}}}, "Unexpected token received from parser"),
        ("PutItem", {"Item": {"a": {"SS": "a"}}}, "Unexpected field type"),
        ("PutItem", {"Item": {"a": {"L": [7]}}}, "Unexpected value type in payload"),
    ],
)  # fmt: skip
def test_the_wrong_type_comes_before_what_is_missing(post, operation, body, message):
    answer = post(operation, body)
    assert answer.status == 400
    assert answer.json() == {
        "__type": "com.amazon.coral.service#SerializationException", "Message": message,
    }  # fmt: skip


def test_words_that_stand_for_truth_values(post, make_table):
    table = make_table()
    item = {"p": {"S": "x"}, "t": {"BOOL": "TRUE"}, "f": {"BOOL": "no"}, "n": {"NULL": "yes"}}
    assert post("PutItem", {"TableName": table, "Item": item}).status == 200
    wanted = {"TableName": table, "Key": {"p": {"S": "x"}}, "ConsistentRead": "true"}
    found = post("GetItem", wanted).json()["Item"]
    assert found == {
        "p": {"S": "x"}, "t": {"BOOL": True}, "f": {"BOOL": False}, "n": {"NULL": True},
    }  # fmt: skip
    refused = post("PutItem", {"TableName": table, "Item": {"p": {"S": "x"}, "n": {"NULL": "no"}}})
    assert "Null attribute value types must have the value of true" in refused.json()["message"]
