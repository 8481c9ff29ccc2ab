"""Projections: which part of an item they show."""

import pytest

from airside.services.dynamodb.expressions.lexer import ExpressionError
from airside.services.dynamodb.expressions.parser import parse_projection
from airside.services.dynamodb.expressions.placeholders import Placeholders
from airside.services.dynamodb.expressions.projection import Projection

ITEM = {
    "a": {"S": "x"},
    "m": {
        "M": {"b": {"L": [{"N": "0"}, {"M": {"c": {"N": "1"}, "d": {"N": "2"}}}]}, "e": {"S": ""}}
    },
    "l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}]},
}


def shown(text, names=None):
    return Projection.bind(parse_projection(text), Placeholders(names, None)).apply(ITEM)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a", {"a": {"S": "x"}}),
        ("absent", {}),
        ("a, absent.b", {"a": {"S": "x"}}),
        ("m.e", {"m": {"M": {"e": {"S": ""}}}}),
        ("m.b[1].c", {"m": {"M": {"b": {"L": [{"M": {"c": {"N": "1"}}}]}}}}),
        ("l[2], l[0]", {"l": {"L": [{"N": "0"}, {"N": "2"}]}}),
        ("l[7]", {}),
        ("a.b", {}),
        ("m.b[0], m.e", {"m": {"M": {"b": {"L": [{"N": "0"}]}, "e": {"S": ""}}}}),
    ],
)
def test_it_shows_the_paths_and_nothing_else(text, part):
    assert shown(text) == part


@pytest.mark.parametrize(
    ("text", "names", "message"),
    [
        ("a, a", None, "Two document paths overlap with each other; must remove or rewrite one of "
                       "these paths; path one: [a], path two: [a]"),
        ("#a, #b", {"#a": "a", "#b": "a"},
         "Two document paths overlap with each other; must remove or rewrite one of these paths; "
         "path one: [a], path two: [a]"),
        ("m.b[0], m", None, "Two document paths overlap with each other; must remove or rewrite "
                            "one of these paths; path one: [m, b, [0]], path two: [m]"),
        ("m[0], m.b", None, "Two document paths conflict with each other; must remove or rewrite "
                            "one of these paths; path one: [m, [0]], path two: [m, b]"),
        ("a b", None, 'Syntax error; token: "b", near: "a b"'),
        ("name", None, "Attribute name is a reserved keyword; reserved keyword: name"),
        ("a[-1]", None, 'Syntax error; token: "-", near: "[-1"'),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_in_aws_words(text, names, message):
    with pytest.raises(ExpressionError) as problem:
        shown(text, names)
    assert problem.value.message == message
