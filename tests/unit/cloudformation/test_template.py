"""Reading templates."""

import json

import pytest

from airside.services.cloudformation.template import TemplateError, parse


def test_short_forms_become_long_forms() -> None:
    found = parse(
        """
A: !Ref X
B: !GetAtt Table.Stream.Arn
C: !Sub "${X}-y"
D: !If [Cond, !Ref "AWS::NoValue", 2]
E: !Join
  - ","
  - [a, !Select [0, !GetAZs ""]]
F: !Condition Cond
G: !GetAtt [Table, Arn]
H:
  Fn::Sub:
    - "${A}"
    - A: !ImportValue shared
"""
    ).body
    assert found == {
        "A": {"Ref": "X"},
        "B": {"Fn::GetAtt": ["Table", "Stream.Arn"]},
        "C": {"Fn::Sub": "${X}-y"},
        "D": {"Fn::If": ["Cond", {"Ref": "AWS::NoValue"}, 2]},
        "E": {"Fn::Join": [",", ["a", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}]]},
        "F": {"Condition": "Cond"},
        "G": {"Fn::GetAtt": ["Table", "Arn"]},
        "H": {"Fn::Sub": ["${A}", {"A": {"Fn::ImportValue": "shared"}}]},
    }


def test_scalars_are_read_as_cloudformation_does() -> None:
    found = parse("V: 2010-09-09\nN: 12\nF: 1.5\nT: true\nY: yes\nQ: '12'\nP: {80: x}\n").body
    assert found == {
        "V": "2010-09-09", "N": 12, "F": 1.5, "T": True, "Y": True, "Q": "12", "P": {"80": "x"},
    }  # fmt: skip


def test_json_and_yaml_say_the_same() -> None:
    document = {"Resources": {"A": {"Type": "T", "Properties": {"L": [1, "2", "x", 1e5]}}}}
    text = json.dumps(document, indent=1)
    assert parse(text).body == document
    assert parse(text.replace(" ", "\t")).body == document  # YAML would not have tabs
    assert parse(text).line(("Resources", "A", "Type")) == 4


def test_lines_are_kept() -> None:
    template = parse(
        "Resources:\n  A:\n    Type: X\n    Properties:\n      L:\n        - 1\n        - 2\n"
    )
    assert template.line(("Resources", "A")) == 2
    assert template.line(("Resources", "A", "Properties", "L", 1)) == 7
    assert template.line(("Resources", "A", "Nowhere", "At", "All")) == 2
    assert template.line(("Nowhere",)) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Template format error: unsupported structure."),
        ("- a", "Template format error: unsupported structure."),
        ("a: b: c", "Template format error: YAML not well-formed. (line 1, column 5)"),
        ('{"a": }', "Template format error: JSON not well-formed. (line 1, column 7)"),
        ("A:\n  B: ~", "Template format error: [/A/B] 'null' values are not allowed in templates"),
        ("A: !Nope x", "Template format error: Unrecognized tag !Nope"),
        (
            "A: &x {}\nB: *x",
            "Template format error: YAML aliases are not allowed in CloudFormation templates",
        ),
    ],
)
def test_what_is_no_template_is_refused(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse(text)
    assert caught.value.message == message
