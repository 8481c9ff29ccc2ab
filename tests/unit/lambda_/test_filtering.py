"""Event filters: what matches, and what is no pattern."""

import json

import pytest

from airside.services.lambda_.errors import InvalidParameterValueException
from airside.services.lambda_.filtering import check_filters, matches_any

RECORD = {
    "eventName": "INSERT",
    "body": '{"kind": "Order", "total": 10, "tags": ["a", "b"], "note": null, "ip": "10.0.0.7",'
    ' "deep": {"er": {"x": 1}}, "flag": true, "empty": ""}',
}


def matches(pattern, record=RECORD):
    filters = [{"Pattern": json.dumps(pattern)}]
    check_filters(filters)
    return matches_any(filters, record, "body")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"kind": ["Order"]}, True),
        ({"kind": ["order"]}, False),
        ({"kind": ["x", "Order"]}, True),
        ({"total": [10]}, True),
        ({"total": ["10"]}, False),
        ({"flag": [True]}, True),
        ({"flag": [1]}, False),
        ({"note": [None]}, True),
        ({"missing": [None]}, False),
        ({"empty": [""]}, True),
        ({"tags": ["b"]}, True),
        ({"tags": ["c"]}, False),
        ({"deep": {"er": {"x": [1]}}}, True),
        ({"deep": {"er": {"y": [1]}}}, False),
        ({"kind": [{"prefix": "Or"}]}, True),
        ({"kind": [{"prefix": "or"}]}, False),
        ({"kind": [{"prefix": {"equals-ignore-case": "or"}}]}, True),
        ({"kind": [{"suffix": "der"}]}, True),
        ({"kind": [{"suffix": {"equals-ignore-case": "DER"}}]}, True),
        ({"kind": [{"equals-ignore-case": "oRDER"}]}, True),
        ({"kind": [{"anything-but": "Cart"}]}, True),
        ({"kind": [{"anything-but": ["Cart", "Order"]}]}, False),
        ({"total": [{"anything-but": 10}]}, False),
        ({"kind": [{"anything-but": {"prefix": "Or"}}]}, False),
        ({"missing": [{"anything-but": "x"}]}, False),
        ({"kind": [{"exists": True}]}, True),
        ({"missing": [{"exists": True}]}, False),
        ({"missing": [{"exists": False}]}, True),
        ({"note": [{"exists": False}]}, False),
        ({"total": [{"numeric": ["=", 10.0]}]}, True),
        ({"total": [{"numeric": [">", 10]}]}, False),
        ({"total": [{"numeric": [">=", 10, "<", 11]}]}, True),
        ({"kind": [{"numeric": [">", 0]}]}, False),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, True),
        ({"ip": [{"cidr": "10.0.1.0/24"}]}, False),
        ({"$or": [{"kind": ["x"]}, {"total": [{"numeric": ["<", 20]}]}]}, True),
        ({"$or": [{"kind": ["x"]}, {"total": [20]}]}, False),
        ({"kind": ["Order"], "total": [11]}, False),
    ],
)
def test_rules(rules, expected):
    assert matches({"body": rules}) is expected


def test_text_and_json_do_not_match_each_other():
    assert matches({"body": ["plain"]}, {"body": "plain"})
    assert not matches({"body": {"a": [1]}}, {"body": "plain"})
    assert not matches({"body": ["a"]}, {"body": '{"a": 1}'})
    assert matches({"eventName": ["INSERT"]})
    assert matches_any([], RECORD, "body"), "no filter lets all through"
    one, other = ({"Pattern": json.dumps({"eventName": [name]})} for name in ("REMOVE", "INSERT"))
    assert matches_any([one, other], RECORD, "body")


@pytest.mark.parametrize(
    "pattern",
    [
        None, "text", 1, [], {}, {"a": {}}, {"a": []}, {"a": "b"}, {"a": 1}, {"a": [[1]]},
        {"a": [{}]}, {"a": [{"no-such": "x"}]}, {"a": [{"prefix": "x", "suffix": "y"}]},
        {"a": [{"prefix": 1}]}, {"a": [{"prefix": ""}]}, {"a": [{"prefix": {"suffix": "x"}}]},
        {"a": [{"exists": "yes"}]}, {"a": [{"anything-but": []}]},
        {"a": [{"anything-but": ["x", 1]}]}, {"a": [{"anything-but": {"numeric": 1}}]},
        {"a": [{"numeric": []}]}, {"a": [{"numeric": ["=", "1"]}]}, {"a": [{"numeric": ["!", 1]}]},
        {"a": [{"numeric": ["=", 1, "<", 2]}]}, {"a": [{"numeric": [">", 2, "<", 1]}]},
        {"a": [{"cidr": "10.0.0.0/99"}]}, {"a": [{"equals-ignore-case": 1}]}, {"$or": []},
        {"$or": {"a": [1]}}, {"$or": [{"a": "b"}]},
        json.loads('{"a":' * 100 + "[1]" + "}" * 100),
    ],
)  # fmt: skip
def test_what_is_no_pattern(pattern):
    with pytest.raises(InvalidParameterValueException) as refused:
        check_filters([{"Pattern": json.dumps(pattern)}])
    assert refused.value.message == "Invalid filter pattern definition."
