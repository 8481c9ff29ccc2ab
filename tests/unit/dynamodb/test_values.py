"""Attribute values: checks, canonical form, sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.dynamodb.strategies import attribute_values

from airside.services.dynamodb import values
from airside.services.dynamodb.errors import SerializationException
from airside.services.dynamodb.problems import InvalidValue

INVALID = "One or more parameter values were invalid: "


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": ""}, 0), ({"S": "abc"}, 3), ({"S": "é€😀"}, 9), ({"N": "1E3"}, 2),
        ({"B": "AAEC"}, 3), ({"B": "AA=="}, 1), ({"B": ""}, 0), ({"BOOL": False}, 1),
        ({"NULL": True}, 1), ({"SS": ["a", "bc"]}, 3), ({"NS": ["1", "12"]}, 4),
        ({"BS": ["AA==", "AAEC"]}, 4), ({"L": []}, 3), ({"M": {}}, 3),
        ({"L": [{"S": "ab"}, {"N": "5"}]}, 3 + 1 + 2 + 1 + 2),
        ({"M": {"key": {"L": [{"NULL": True}]}}}, 3 + 1 + 3 + 3 + 1 + 1),
    ],
)  # fmt: skip
def test_sizes_follow_the_documented_rules(value, size):
    assert values.check(value) == size
    assert values.size(value) == size


def test_an_item_counts_its_names_and_its_values():
    assert values.check_item({"id": {"S": "ab"}, "né": {"N": "1"}}) == 2 + 2 + 3 + 2


def test_numbers_and_sets_become_canonical():
    item = {
        "n": {"N": "+01.50"},
        "ss": {"SS": ["b", "a", ""]},
        "ns": {"NS": ["10", "9.0", "-1"]},
        "bs": {"BS": ["/w==", "AA=="]},
        "deep": {"L": [{"M": {"n": {"N": "1e2"}}}]},
    }
    values.check_item(item)
    assert item == {
        "n": {"N": "1.5"},
        "ss": {"SS": ["", "a", "b"]},
        "ns": {"NS": ["-1", "9", "10"]},
        "bs": {"BS": ["AA==", "/w=="]},
        "deep": {"L": [{"M": {"n": {"N": "100"}}}]},
    }


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "Supplied AttributeValue is empty, must contain exactly one of the supported "
             "datatypes"),
        ({"S": None}, "Supplied AttributeValue is empty, must contain exactly one of the "
                      "supported datatypes"),
        ({"S": "a", "N": "1"}, "Supplied AttributeValue has more than one datatypes set, must "
                               "contain exactly one of the supported datatypes"),
        ({"NULL": False}, INVALID + "Null attribute value types must have the value of true"),
        ({"SS": []}, INVALID + "An string set  may not be empty"),
        ({"NS": []}, INVALID + "An number set  may not be empty"),
        ({"BS": []}, INVALID + "Binary sets should not be empty"),
        ({"SS": ["b", "a", "b"]},
         INVALID + 'Input collection ["a", "b", "b"] contains duplicates.'),
        ({"NS": ["1", "1.0"]}, INVALID + "Input collection contains duplicates."),
        ({"BS": ["/w==", "AA==", "AA=="]},
         INVALID + 'Input collection ["AA==","/w==","AA=="]of type BS contains duplicates.'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_aws_words(value, message):
    with pytest.raises(InvalidValue) as problem:
        values.check(value)
    assert problem.value.message == message


def test_repeated_members_have_an_older_wording_too():
    with pytest.raises(InvalidValue) as problem:
        values.check({"SS": ["b", "a", "b"]})
    assert problem.value.older == INVALID + "Input collection [b, a, b] contains duplicates."


@pytest.mark.parametrize(
    "value",
    [{"S": 1}, {"N": 5}, {"BOOL": "perhaps"}, {"L": {}}, {"M": []}, {"SS": "a"}, {"B": "x"},
     {"B": "****"}, {"B": 7}, "text", 5, []],
)  # fmt: skip
def test_json_of_another_shape_is_a_serialization_problem(value):
    with pytest.raises(SerializationException):
        values.check(value)


def nested(levels):
    value = {"S": "leaf"}
    for _ in range(levels):
        value = {"M": {"n": value}}
    return value


def test_values_nest_to_32_levels():
    values.check(nested(31))
    with pytest.raises(InvalidValue, match=r"^Nesting Levels have exceeded supported limits"):
        values.check(nested(32))


@given(attribute_values)
def test_checking_a_checked_value_changes_nothing(value):
    size = values.check(value)
    again = values.check(value)
    assert size == again == values.size(value)


@given(st.text(), st.text())
def test_text_orders_by_its_utf8_bytes(left, right):
    raw = left.encode(), right.encode()
    assert (values.ordering({"S": left}) < values.ordering({"S": right})) == (raw[0] < raw[1])
