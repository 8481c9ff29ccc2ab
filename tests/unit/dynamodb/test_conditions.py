"""Conditions: what parses, what they say of an item, and what is refused in which words."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.services.dynamodb.expressions import condition
from airside.services.dynamodb.expressions.lexer import ExpressionError
from airside.services.dynamodb.expressions.parser import parse_condition
from airside.services.dynamodb.expressions.placeholders import Placeholders

ITEM = {
    "s": {"S": "hello"},
    "n": {"N": "5"},
    "b": {"B": "AAEC"},
    "ss": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2"]},
    "l": {"L": [{"S": "x"}, {"N": "7"}, {"L": []}]},
    "m": {"M": {"k": {"S": "v"}, "deep": {"L": [{"M": {"z": {"N": "1"}}}]}}},
    "t": {"BOOL": True},
    "nil": {"NULL": True},
}
VALUES = {
    ":hello": {"S": "hello"}, ":he": {"S": "he"}, ":five": {"N": "5"}, ":six": {"N": "6"},
    ":four": {"N": "4"}, ":a": {"S": "a"}, ":one": {"N": "1"}, ":x": {"S": "x"},
    ":true": {"BOOL": True}, ":bytes": {"B": "AAE="}, ":set": {"SS": ["b", "a"]},
    ":typeS": {"S": "S"}, ":list": {"L": []}, ":seven": {"N": "7"}, ":three": {"N": "3"},
}  # fmt: skip


def used(text):
    values = {name: value for name, value in VALUES.items() if name in text.replace(",", " ").
              replace(")", " ").replace("(", " ").split()}  # fmt: skip
    return Placeholders({"#h": "s"} if "#h" in text else None, values or None)


def holds(text):
    given_ = used(text)
    predicate = condition.bind(parse_condition(text), given_)
    given_.check_all_used()
    return predicate(ITEM)


@pytest.mark.parametrize(
    "text",
    [
        "s = :hello", "#h = :hello", ":hello = s", "(s) = :hello", "n < :six", "n >= :five",
        "n <> :six", "absent <> :six", "n <> :hello", "NOT n = :six", "not (n = :six)",
        "n BETWEEN :four AND :six", "n between :five and :five", "n IN (:four, :five)",
        "s = :he OR n = :five AND t = :true", "(s = :hello OR n = :six) AND t = :true",
        "attribute_exists(m.k)", "attribute_exists(l[2])", "attribute_not_exists(l[3])",
        "attribute_not_exists(m.k.z)", "attribute_exists(m.deep[0].z)", "m.deep[0].z = :one",
        "attribute_type(s, :typeS)", "begins_with(s, :he)", "begins_with(b, :bytes)",
        "contains(s, :he)", "contains(ss, :a)", "contains(ns, :one)", "contains(l, :x)",
        "contains(l, :list)", "contains(l, :seven)", "contains(b, :bytes)", "size(s) = :five",
        "size(b) = :three", "size(m) < :five", "size(l) = :three", "ss = :set", "s <> m.k",
        "NOT NOT n = :five", "n = :five AND NOT (s = :he OR t <> :true)",
    ],
)  # fmt: skip
def test_it_holds(text):
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "s = :he", "absent = :five", "s < :six", "absent < :six", "n = :five AND s = :he",
        "attribute_exists(absent)", "contains(n, :one)", "contains(absent, :a)",
        "begins_with(n, :he)", "size(n) = :one", "size(absent) = :one", "n IN (:four, :six)",
        "absent IN (:four)", "s BETWEEN :four AND :six", "attribute_type(n, :typeS)",
        "NOT s = :hello", "absent = another", "contains(s, :five)",
    ],
)  # fmt: skip
def test_it_does_not_hold(text):
    assert not holds(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The expression can not be empty;"),
        ("s = ", 'Syntax error; token: "<EOF>", near: "="'),
        ("s = = :a", 'Syntax error; token: "=", near: "= = :a"'),
        ("attribute_not_exists(", 'Syntax error; token: "<EOF>", near: "("'),
        ("!!! x", 'Syntax error; token: "!", near: "!!"'),
        ("s = :a n", 'Syntax error; token: "n", near: ":a n"'),
        ("s = : a", 'Syntax error; token: ":", near: "= : a"'),
        ("s", 'Syntax error; token: "<EOF>", near: "s"'),
        ("_s = :a", 'Syntax error; token: "_", near: "_s"'),
        ("((s = :a))", "The expression has redundant parentheses;"),
        ("((s)) = :a", "The expression has redundant parentheses;"),
        ("n = :a AND ((s = :a) OR ((n = :a)))", "The expression has redundant parentheses;"),
        ("dog(s)", "Invalid function name; function: dog"),
        ("if_not_exists(s, :a) = :a",
         "The function is not allowed in a condition expression; function: if_not_exists"),
        ("size(s)", "The function is not allowed to be used this way in an expression; "
                    "function: size"),
        ("attribute_exists(s) = :a",
         "The function is not allowed to be used this way in an expression; "
         "function: attribute_exists"),
        ("name = :a", "Attribute name is a reserved keyword; reserved keyword: name"),
        ("m.Name = :a", "Attribute name is a reserved keyword; reserved keyword: Name"),
        ("#x = :a", "An expression attribute name used in the document path is not defined; "
                    "attribute name: #x"),
        ("s = :zz", "An expression attribute value used in expression is not defined; "
                    "attribute value: :zz"),
        ("size(s, n) = :a", "Incorrect number of operands for operator or function; operator or "
                            "function: size, number of operands: 2"),
        ("size(:five) = :a", "Incorrect operand type for operator or function; operator or "
                             "function: size, operand type: N"),
        ("size(size(s)) = :a", "Incorrect operand type for operator or function; operator or "
                               "function: size, operand type: N"),
        ("attribute_exists(:a)", "Operator or function requires a document path; operator or "
                                 "function: attribute_exists"),
        ("begins_with(s, :five)", "Incorrect operand type for operator or function; operator or "
                                  "function: begins_with, operand type: N"),
        ("attribute_type(s, :a)", "Invalid attribute type name found; type: a, valid types: "
                                  "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}"),
        ("attribute_type(s, n)", "Incorrect operand type for operator or function; operator or "
                                 "function: attribute_type, operand type: "
                                 "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"),
        ("s < :true", "Incorrect operand type for operator or function; operator or function: <, "
                      "operand type: BOOL"),
        ("s = s", "The first operand must be distinct from the remaining operands for this "
                  "operator or function; operator: =, first operand: [s]"),
        ("contains(m.k, m.k)",
         "The first operand must be distinct from the remaining operands for this operator or "
         "function; operator: contains, first operand: [m, k]"),
        ("n BETWEEN :six AND :five",
         "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
         "lower bound operand: AttributeValue: {N:6}, upper bound operand: AttributeValue: {N:5}"),
        ("n BETWEEN :six AND :a",
         "The BETWEEN operator requires same data type for lower and upper bounds; lower bound "
         "operand: AttributeValue: {N:6}, upper bound operand: AttributeValue: {S:a}"),
        ("a" + ".b" * 32 + " = :a",
         "The document path has too many nesting levels; nesting levels: 33"),
        ("l[99999999999] = :a", "List index is not within the allowable range; "
                                "index: [99999999999]"),
        ("x" * 4097, "Expression size has exceeded the maximum allowed size; "
                     "expression size: 4097"),
        (" OR ".join(["n = :five"] * 151),
         "The expression contains too many operators; operator count: 301"),
        ("n IN (" + ", ".join([":five"] * 101) + ")",
         "The IN operator is provided with too many operands; number of operands: 101"),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_in_aws_words(text, message):
    with pytest.raises(ExpressionError) as problem:
        holds(text)
    assert problem.value.message == message


@pytest.mark.parametrize(
    "text",
    ["(" * 4096, "(" * 2046 + "s = n" + ")" * 2046, "not " * 1000 + "s = n",
     "s < " + "size(" * 680 + "n" + ")" * 680, "s = n" + " or (s = n" * 409 + ")" * 409],
)  # fmt: skip
def test_absurd_depth_is_refused_not_crashed_on(text):
    with pytest.raises(ExpressionError):
        parse_condition(text)


def test_300_operators_are_accepted():
    assert holds("n = :five" + " or (n = :five" * 149 + ")" * 149)


tokens = st.sampled_from(
    [
        "s",
        "n",
        "m",
        ".",
        "[",
        "]",
        "0",
        "1",
        "(",
        ")",
        ",",
        "=",
        "<>",
        "<",
        "<=",
        ">",
        ">=",
        "+",
        "-",
        "AND",
        "OR",
        "NOT",
        "BETWEEN",
        "IN",
        "size",
        "contains",
        "begins_with",
        "attribute_exists",
        "#h",
        ":a",
        ":five",
        ":",
        "#",
        "_",
        "!",
        "name",
        "SET",
        "REMOVE",
    ]
)


@given(st.lists(tokens, max_size=12))
def test_any_text_parses_or_is_refused(parts):
    with suppress(ExpressionError):
        holds(" ".join(parts))
