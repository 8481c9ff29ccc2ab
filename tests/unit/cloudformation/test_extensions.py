"""Loops, inclusions and rules."""

from typing import Any

import pytest

from airside.services.cloudformation.extensions import unroll
from airside.services.cloudformation.inclusion import include
from airside.services.cloudformation.intrinsics import Scope
from airside.services.cloudformation.rules import check_rules
from airside.services.cloudformation.template import Template, TemplateError


def test_loops_are_unrolled() -> None:
    body = {
        "Resources": {
            "Fn::ForEach::Queues": [
                "Name",
                {"Ref": "Names"},
                {
                    "Queue${Name}": {
                        "Type": "AWS::SQS::Queue",
                        "Properties": {"QueueName": {"Fn::Sub": "q-${Name}"}, "N": {"Ref": "Name"}},
                    },
                    "Fn::ForEach::Inner": [
                        "Stage", ["a-1"], {"X${Name}&{Stage}": {"Type": "${Stage}"}}
                    ],
                },
            ],
            "Plain": {"Type": "T", "Properties": {"S": "${Name}"}},
        }
    }  # fmt: skip
    found = unroll(Template(body), {"Names": ["One", "Two"]}).body["Resources"]
    assert list(found) == ["QueueOne", "XOnea1", "QueueTwo", "XTwoa1", "Plain"]
    assert found["QueueTwo"]["Properties"] == {"QueueName": {"Fn::Sub": "q-Two"}, "N": "Two"}
    assert found["XOnea1"] == {"Type": "a-1"}
    assert found["Plain"]["Properties"]["S"] == "${Name}"


def test_a_loop_needs_its_three_parts() -> None:
    with pytest.raises(TemplateError, match="every Fn::ForEach needs"):
        unroll(Template({"Resources": {"Fn::ForEach::A": ["X", ["a"]]}}), {})


async def test_snippets_are_put_where_they_are_named() -> None:
    async def fetch(location: str) -> str:
        return {"s3://b/p": "Size: 1\nName: !Ref N", "s3://b/m": "Mappings: {M: {}}"}[location]

    def call(location: Any) -> dict[str, Any]:
        return {"Name": "AWS::Include", "Parameters": {"Location": location}}

    body = {
        "Transform": ["Other", call("s3://b/m")],
        "Resources": {
            "A": {"Type": "T", "Properties": {"Fn::Transform": call("s3://b/p"), "More": 2}}
        },
    }
    found = (await include(Template(body), fetch)).body
    assert found["Resources"]["A"]["Properties"] == {"Size": 1, "Name": {"Ref": "N"}, "More": 2}
    assert found["Mappings"] == {"M": {}}
    assert found["Transform"] == ["Other"]
    with pytest.raises(TemplateError, match="Location must be a String"):
        await include(Template({"Transform": [call(None)]}), fetch)


def test_rules_must_hold() -> None:
    rules = {
        "Version": {
            "RuleCondition": {"Fn::Equals": [{"Ref": "Check"}, "yes"]},
            "Assertions": [
                {
                    "Assert": {"Fn::Not": [{"Fn::Contains": [["1", "2"], {"Ref": "Version"}]}]},
                    "AssertDescription": "too old",
                },
                {"Assert": {"Fn::EachMemberIn": [{"Ref": "Zones"}, ["a", "b"]]}},
            ],
        }
    }
    template = Template({"Rules": rules})

    def scope(**values: Any) -> Scope:
        return Scope({"Check": "yes", "Version": "3", "Zones": ["a"]} | values)

    check_rules(template, scope())
    check_rules(template, scope(Check="no", Version="1"))
    with pytest.raises(TemplateError, match=r"^Rule .Version. failed: too old$"):
        check_rules(template, scope(Version="1"))
    with pytest.raises(TemplateError, match="an assertion does not hold"):
        check_rules(template, scope(Zones=["a", "c"]))
