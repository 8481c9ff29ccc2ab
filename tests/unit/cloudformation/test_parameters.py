"""Template parameters."""

from typing import Any

import pytest

from airside.services.cloudformation.parameters import Given, choose, listing, values
from airside.services.cloudformation.template import Template, TemplateError


def template(**parameters: Any) -> Template:
    return Template({"Parameters": parameters})


def test_given_previous_and_default_values() -> None:
    declared = template(
        A={"Type": "String"},
        B={"Type": "String", "Default": "b"},
        C={"Type": "Number", "Default": 3},
    )
    texts = choose(declared, {"A": Given("x"), "B": Given(use_previous=True)}, {"B": "before"})
    assert texts == {"A": "x", "B": "before", "C": "3"}
    assert values(declared, texts, {}) == {"A": "x", "B": "before", "C": 3}


def test_lists_and_numbers() -> None:
    declared = template(
        L={"Type": "CommaDelimitedList"}, N={"Type": "List<Number>"}, I={"Type": "Number"},
        F={"Type": "Number"}, Z={"Type": "Number"}, V={"Type": "List<AWS::EC2::Subnet::Id>"},
    )  # fmt: skip
    texts = {"L": "a, b,c", "N": "1,2", "I": "-5", "F": "1.50", "Z": "007", "V": ""}
    assert values(declared, texts, {}) == {
        "L": ["a", "b", "c"], "N": ["1", "2"], "I": -5, "F": "1.50", "Z": "007", "V": [],
    }  # fmt: skip


def test_values_of_the_parameter_store() -> None:
    declared = template(
        A={"Type": "AWS::SSM::Parameter::Value<String>"},
        B={"Type": "AWS::SSM::Parameter::Value<List<String>>"},
    )
    texts = choose(declared, {"A": Given("/a"), "B": Given("/b")}, {})
    assert values(declared, texts, {"A": "found", "B": "x,y"}) == {"A": "found", "B": ["x", "y"]}


def test_secrets_are_masked() -> None:
    declared = template(P={"Type": "String", "NoEcho": True}, Q={"Type": "String"})
    listed = listing(declared, {"P": "secret", "Q": "open"}, {})
    assert [item["ParameterValue"] for item in listed] == ["****", "open"]


@pytest.mark.parametrize(
    ("declaration", "text", "message"),
    [
        ({"Type": "String", "AllowedValues": ["a", 1]}, "b",
         "Parameter 'P' must be one of AllowedValues"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "A1",
         "Parameter 'P' must match pattern [a-z]+"),
        ({"Type": "String", "AllowedPattern": "[a-z]+", "ConstraintDescription": "lower case"}, "A1",
         "Parameter P failed to satisfy constraint: lower case"),
        ({"Type": "String", "MinLength": "8"}, "short",
         "Parameter 'P' must contain at least 8 characters"),
        ({"Type": "String", "MaxLength": 3}, "long", "Parameter 'P' must contain at most 3 characters"),
        ({"Type": "Number"}, "x", "Parameter 'P' must be a number"),
        ({"Type": "Number", "MinValue": 1}, "0", "Parameter 'P' must be a number not less than 1"),
        ({"Type": "Number", "MaxValue": 1}, "2", "Parameter 'P' must be a number not greater than 1"),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "a,c",
         "Parameter 'P' must be one of AllowedValues"),
    ],
)  # fmt: skip
def test_constraints(declaration: dict[str, Any], text: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        choose(template(P=declaration), {"P": Given(text)}, {})
    assert caught.value.message == message


def test_missing_and_unknown_parameters() -> None:
    declared = template(A={"Type": "String"}, B={"Type": "String"})
    with pytest.raises(TemplateError, match=r"^Parameters: \[A, B\] must have values$"):
        choose(declared, {}, {})
    with pytest.raises(TemplateError, match=r"^Parameters: \[C\] do not exist in the template$"):
        choose(declared, {"C": Given("x")}, {})
