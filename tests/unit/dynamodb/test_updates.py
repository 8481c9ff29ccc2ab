"""Updates: what they make of an item, what they cost, and what is refused in which words."""

import pytest

from airside.services.dynamodb.errors import ValidationException
from airside.services.dynamodb.expressions.lexer import ExpressionError
from airside.services.dynamodb.expressions.parser import parse_update
from airside.services.dynamodb.expressions.placeholders import Placeholders
from airside.services.dynamodb.expressions.update import Update

VALUES = {
    ":one": {"N": "1"}, ":text": {"S": "t"}, ":list": {"L": [{"S": "new"}]},
    ":set": {"SS": ["b", "c"]}, ":map": {"M": {"k": {"S": "v"}}}, ":other": {"S": "o"},
    ":numbers": {"NS": ["1", "2"]}, ":huge": {"N": "9" * 38},
}  # fmt: skip


def bound(text):
    words = text.replace(",", " ").replace(")", " ").replace("(", " ").split()
    values = {name: value for name, value in VALUES.items() if name in words}
    return Update.bind(parse_update(text), Placeholders(None, values or None))


def updated(text, **item):
    before = {**item}
    after = bound(text).apply(before)
    assert before == item, "the original is not touched"
    return after


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("SET a = :one", {}, {"a": {"N": "1"}}),
        ("set a = :one", {"a": {"S": "x"}}, {"a": {"N": "1"}}),
        ("SET a = b, b = :one", {"b": {"S": "x"}}, {"a": {"S": "x"}, "b": {"N": "1"}}),
        ("SET a = a + :one", {"a": {"N": "1.5"}}, {"a": {"N": "2.5"}}),
        ("SET a = (a - :one)", {"a": {"N": "1"}}, {"a": {"N": "0"}}),
        ("SET a = if_not_exists(a, :one)", {"a": {"S": "x"}}, {"a": {"S": "x"}}),
        ("SET a = if_not_exists(b, :one)", {}, {"a": {"N": "1"}}),
        ("SET a = if_not_exists(a, :one) + :one", {}, {"a": {"N": "2"}}),
        ("SET a = list_append(a, :list)", {"a": {"L": [{"N": "1"}]}},
         {"a": {"L": [{"N": "1"}, {"S": "new"}]}}),
        ("SET a = list_append(if_not_exists(a, :list), :list)", {},
         {"a": {"L": [{"S": "new"}, {"S": "new"}]}}),
        ("SET m.k = :one", {"m": {"M": {}}}, {"m": {"M": {"k": {"N": "1"}}}}),
        ("SET l[1] = :one", {"l": {"L": [{"S": "a"}, {"S": "b"}]}},
         {"l": {"L": [{"S": "a"}, {"N": "1"}]}}),
        ("SET l[9] = :one, l[7] = :text", {"l": {"L": [{"S": "a"}]}},
         {"l": {"L": [{"S": "a"}, {"S": "t"}, {"N": "1"}]}}),
        ("REMOVE l[0], l[2]", {"l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}]}},
         {"l": {"L": [{"N": "1"}]}}),
        ("REMOVE a, b", {"a": {"N": "1"}}, {}),
        ("REMOVE m.x, l[5]", {"m": {"M": {}}, "l": {"L": []}}, {"m": {"M": {}}, "l": {"L": []}}),
        ("ADD a :one", {}, {"a": {"N": "1"}}),
        ("ADD a :one", {"a": {"N": "-1"}}, {"a": {"N": "0"}}),
        ("ADD s :set", {"s": {"SS": ["a", "b"]}}, {"s": {"SS": ["a", "b", "c"]}}),
        ("DELETE s :set", {"s": {"SS": ["a", "b"]}}, {"s": {"SS": ["a"]}}),
        ("DELETE s :set", {"s": {"SS": ["b"]}}, {}),
        ("DELETE s :set", {}, {}),
        ("SET a = :one REMOVE b ADD c :one DELETE s :set", {"b": {"N": "1"}},
         {"a": {"N": "1"}, "c": {"N": "1"}}),
        ("SET a.b = :one, a.c = :text", {"a": {"M": {}}},
         {"a": {"M": {"b": {"N": "1"}, "c": {"S": "t"}}}}),
    ],
)  # fmt: skip
def test_an_update_changes_what_it_says(text, before, after):
    assert updated(text, **before) == after


@pytest.mark.parametrize(
    ("text", "item", "message"),
    [
        ("SET a = b", {}, "The provided expression refers to an attribute that does not exist in "
                          "the item"),
        ("SET a = a + :one", {}, "The provided expression refers to an attribute that does not "
                                 "exist in the item"),
        ("SET a = a + :one", {"a": {"S": "x"}},
         "An operand in the update expression has an incorrect data type"),
        ("SET a = list_append(a, :list)", {"a": {"S": "x"}},
         "An operand in the update expression has an incorrect data type"),
        ("SET a.b = :one", {}, "The document path provided in the update expression is invalid "
                               "for update"),
        ("SET a.b = :one", {"a": {"S": "x"}},
         "The document path provided in the update expression is invalid for update"),
        ("SET a[0] = :one", {"a": {"M": {}}},
         "The document path provided in the update expression is invalid for update"),
        ("REMOVE a.b", {}, "The document path provided in the update expression is invalid for "
                           "update"),
        ("ADD a :one", {"a": {"S": "x"}},
         "An operand in the update expression has an incorrect data type"),
        ("DELETE a :set", {"a": {"NS": ["1"]}},
         "An operand in the update expression has an incorrect data type"),
        ("SET a = a + :huge", {"a": {"N": "1" + "0" * 50}},
         "Number overflow. Attempting to store a number with magnitude larger than supported "
         "range"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_item_is_refused(text, item, message):
    with pytest.raises(ValidationException) as problem:
        updated(text, **item)
    assert problem.value.message == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The expression can not be empty;"),
        ("INVALID SYNTAX HERE", 'Syntax error; token: "INVALID", near: "INVALID SYNTAX"'),
        ("ADD hits : incr", 'Syntax error; token: ":", near: "hits : incr"'),
        ("SET a = :one,", 'Syntax error; token: "<EOF>", near: ","'),
        ("SET _a = :one", 'Syntax error; token: "_", near: "SET _a"'),
        ("SET a = :one SET b = :one",
         'The "SET" section can only be used once in an update expression;'),
        ("SET a = :one, a = :text",
         "Two document paths overlap with each other; must remove or rewrite one of these paths; "
         "path one: [a], path two: [a]"),
        ("SET a.b = :one REMOVE a",
         "Two document paths overlap with each other; must remove or rewrite one of these paths; "
         "path one: [a, b], path two: [a]"),
        ("SET a[0] = :one, a.b = :text",
         "Two document paths conflict with each other; must remove or rewrite one of these paths; "
         "path one: [a, [0]], path two: [a, b]"),
        ("SET size = :one", "Attribute name is a reserved keyword; reserved keyword: size"),
        ("SET a = dog(b)", "Invalid function name; function: dog"),
        ("SET a = contains(b, :one)",
         "The function is not allowed in an update expression; function: contains"),
        ("SET a = list_append(list_append(a, :list), :list)",
         "The function is not allowed to be used this way in an expression; "
         "function: list_append"),
        ("SET a = if_not_exists(b)",
         "Incorrect number of operands for operator or function; operator or function: "
         "if_not_exists, number of operands: 1"),
        ("SET a = if_not_exists(:one, :text)",
         "Operator or function requires a document path; operator or function: if_not_exists"),
        ("SET a = list_append(a, :one)",
         "Incorrect operand type for operator or function; operator or function: list_append, "
         "operand type: N"),
        ("SET a = a + :text",
         "Incorrect operand type for operator or function; operator or function: +, operand "
         "type: S"),
        ("ADD a :text",
         "Incorrect operand type for operator or function; operator: ADD, operand type: STRING"),
        ("DELETE a :one",
         "Incorrect operand type for operator or function; operator: DELETE, operand type: "
         "NUMBER"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_aws_words(text, message):
    with pytest.raises(ExpressionError) as problem:
        bound(text)
    assert problem.value.message == message


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("SET b = :text", 3 + 19 + 1 + 1),
        ("SET b = :text, cc = :text", 3 + 2 * 19 + 1 + 2 + 2),
        ("SET b = :text REMOVE rr", 3 + 19 + 2 + 3),
        ("SET l[10] = :text", 3 + 19 + 1 + 4 + 2 + 1),
        ("SET n = n + :one", 3 + 19 + 1 + 34 + 16 + 2),
        ("SET b = if_not_exists(m.z, :text)", 3 + 19 + 1 + 39 + 1 + 30 + 1),
        ("ADD n :one", 3 + 19 + 1 + 2),
        ("DELETE s :set", 3 + 1 + 1),
    ],
)
def test_the_statement_itself_has_a_size(text, cost):
    assert bound(text).cost == cost
