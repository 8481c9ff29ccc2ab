"""Intrinsic functions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.services.cloudformation.conditions import evaluate_conditions
from airside.services.cloudformation.intrinsics import (
    NO_VALUE,
    UNKNOWN,
    Scope,
    Values,
    evaluate,
    holds,
)
from airside.services.cloudformation.template import Template, TemplateError


class Things(Values):
    def ref(self, logical_id: str) -> Any:
        return {"Thing": "thing-1", "New": UNKNOWN}[logical_id]

    def attribute(self, logical_id: str, name: str) -> Any:
        return {"Thing": {"Arn": "arn:thing", "A.B": "deep", "L": ["x", "y"]}}[logical_id][name]


SCOPE = Scope(
    parameters={"P": "p", "N": 30, "L": ["a", "b"], "AWS::Region": "eu-west-1", "T": "true"},
    mappings={"Map": {"eu-west-1": {"Ami": "ami-1", "List": ["m", "n"]}}},
    conditions={"Yes": True, "No": False},
    values=Things(),
    exports=lambda name: f"exported-{name}",
    extended=False,
)


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ({"Ref": "P"}, "p"),
        ({"Ref": "N"}, 30),
        ({"Ref": "Thing"}, "thing-1"),
        ({"Fn::GetAtt": ["Thing", "Arn"]}, "arn:thing"),
        ({"Fn::GetAtt": "Thing.A.B"}, "deep"),
        ({"Fn::Sub": "${P}-${Thing}-${Thing.Arn}-${!Keep}-${AWS::Region}-${N}"},
         "p-thing-1-arn:thing-${Keep}-eu-west-1-30"),
        ({"Fn::Sub": ["${X}${P}", {"X": {"Ref": "Thing"}}]}, "thing-1p"),
        ({"Fn::Sub": "$${P} ${ P } $P"}, "$p p $P"),
        ({"Fn::Join": ["-", ["a", {"Ref": "P"}, 1, True]]}, "a-p-1-true"),
        ({"Fn::Join": [",", {"Fn::GetAtt": ["Thing", "L"]}]}, "x,y"),
        ({"Fn::Join": [",", ["a", {"Ref": "AWS::NoValue"}, "b"]]}, "a,b"),
        ({"Fn::Split": ["/", "a/b/c"]}, ["a", "b", "c"]),
        ({"Fn::Select": ["1", {"Fn::Split": ["/", "a/b/c"]}]}, "b"),
        ({"Fn::Select": [0, {"Ref": "L"}]}, "a"),
        ({"Fn::FindInMap": ["Map", {"Ref": "AWS::Region"}, "Ami"]}, "ami-1"),
        ({"Fn::FindInMap": ["Map", "eu-west-1", "List"]}, ["m", "n"]),
        ({"Fn::Base64": {"Fn::Sub": "${P}"}}, "cA=="),
        ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ({"Fn::GetAZs": "us-east-1"}, ["us-east-1a", "us-east-1b", "us-east-1c"]),
        ({"Fn::Cidr": ["10.0.0.0/22", 3, "8"]}, ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]),
        ({"Fn::ImportValue": {"Fn::Sub": "${P}-x"}}, "exported-p-x"),
        ({"Fn::If": ["Yes", "a", "b"]}, "a"),
        ({"Fn::If": ["No", "a", {"Ref": "P"}]}, "p"),
        ({"A": {"Fn::If": ["No", 1, {"Ref": "AWS::NoValue"}]}, "B": 2}, {"B": 2}),
        ([1, {"Ref": "AWS::NoValue"}, 2], [1, 2]),
        ({"Condition": {"StringEquals": {"a": "b"}}}, {"Condition": {"StringEquals": {"a": "b"}}}),
        ({"Ref": "P", "Other": 1}, {"Ref": "P", "Other": 1}),
    ],
)  # fmt: skip
def test_functions(value: Any, result: Any) -> None:
    assert evaluate(value, SCOPE) == result


def test_no_value_takes_the_whole_member_away() -> None:
    assert evaluate({"Ref": "AWS::NoValue"}, SCOPE) is NO_VALUE


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Ref": "Nope"}, "Unresolved resource dependencies [Nope] in the Resources block"),
        ({"Fn::Sub": "${Nope.Arn}"}, "Unresolved resource dependencies [Nope]"),
        ({"Fn::Sub": "${a b}"}, "variable names in Fn::Sub syntax must contain only"),
        ({"Fn::FindInMap": ["Map", "us-east-1", "Ami"]},
         "Template error: Unable to get mapping for Map::us-east-1::Ami"),
        ({"Fn::Select": [2, ["a"]]}, "Fn::Select cannot select nonexistent value at index 2"),
        ({"Fn::Join": ["x"]}, "every Fn::Join object requires two parameters"),
        ({"Fn::Split": ["", "x"]}, "every Fn::Split object requires two parameters"),
        ({"Fn::If": ["Maybe", 1, 2]}, "Unresolved condition dependency Maybe"),
        ({"Fn::Nope": []}, "Encountered unsupported function: Fn::Nope Supported functions are"),
        ({"Fn::ToJsonString": {}}, "Encountered unsupported function: Fn::ToJsonString"),
    ],
)  # fmt: skip
def test_mistakes_name_themselves(value: Any, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        evaluate(value, SCOPE, ("Resources", "X"))
    assert message in caught.value.message
    assert caught.value.path[:2] == ("Resources", "X")


def test_what_is_not_known_yet_stays_unknown() -> None:
    assert UNKNOWN in evaluate({"Fn::Sub": "a-${New}"}, SCOPE)
    assert evaluate({"Fn::Select": [3, {"Fn::Split": ["/", {"Ref": "New"}]}]}, SCOPE) == UNKNOWN
    assert UNKNOWN in evaluate({"Fn::Join": ["-", ["a", {"Ref": "New"}]]}, SCOPE)


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ({"Fn::Equals": [{"Ref": "P"}, "p"]}, True),
        ({"Fn::Equals": [{"Ref": "N"}, "30"]}, True),
        ({"Fn::Equals": [{"Ref": "T"}, True]}, True),
        ({"Fn::Not": [{"Condition": "Yes"}]}, False),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False),
        ({"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]}, True),
        ({"Fn::Contains": [["a", "p"], {"Ref": "P"}]}, True),
    ],
)
def test_conditions(value: Any, result: bool) -> None:
    assert holds(value, SCOPE) is result


def test_conditions_may_use_each_other_in_any_order() -> None:
    template = Template(
        {"Conditions": {"A": {"Fn::Not": [{"Condition": "B"}]}, "B": {"Fn::Equals": ["x", "y"]}}}
    )
    assert evaluate_conditions(template, Scope()) == {"A": True, "B": False}
    loop = Template({"Conditions": {"A": {"Condition": "B"}, "B": {"Condition": "A"}}})
    with pytest.raises(TemplateError, match="Circular dependency between conditions"):
        evaluate_conditions(loop, Scope())


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(plain)
def test_what_has_no_function_comes_out_as_it_went_in(value: Any) -> None:
    def has_call(item: Any) -> bool:
        if isinstance(item, dict):
            return any(
                key == "Ref" or key.startswith("Fn::") or has_call(v) for key, v in item.items()
            )
        return isinstance(item, list) and any(map(has_call, item))

    if not has_call(value):
        assert evaluate(value, SCOPE) == value


@given(st.text(alphabet="abc,", min_size=1), st.sampled_from([",", "b"]))
def test_join_undoes_split(text: str, delimiter: str) -> None:
    parts = {"Fn::Split": [delimiter, text]}
    assert evaluate({"Fn::Join": [delimiter, parts]}, SCOPE) == text
