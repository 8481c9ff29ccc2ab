"""Any text is a statement or a ValidationException, however it is nested."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.services.dynamodb.errors import SerializationException, ValidationException
from airside.services.dynamodb.partiql.parser import parse

WORDS: list[str] = str.split(
    "SELECT INSERT INTO UPDATE DELETE FROM WHERE SET REMOVE VALUE AND OR NOT IN IS NULL MISSING "
    "BETWEEN ORDER BY RETURNING ALL OLD EXISTS size begins_with list_append set_add a \"b\" 'c' 1 "
    "-2.5 ? * ( ) [ ] { } << >> , . : = < > <> != + - ;"
)
PARTS = st.one_of(st.sampled_from(WORDS), st.text(max_size=3))


@given(st.lists(PARTS, max_size=30), st.lists(st.just({"S": "x"}), max_size=3))
def test_any_text(parts, parameters):
    try:
        parse(" ".join(parts), parameters)
    except (ValidationException, SerializationException):
        pass


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM t WHERE " + "(" * 4000,
        "SELECT * FROM t WHERE " + "NOT " * 2000 + "a = 1",
        "SELECT * FROM t WHERE a = " + "[" * 4000,
        "SELECT * FROM t WHERE a = " + "{'a':" * 1600,
        "SELECT * FROM t WHERE " + "size(" * 1600,
        "UPDATE t SET a = " + "list_append(" * 600,
        "UPDATE t SET a = " + "1 + " * 2000 + "1 WHERE a = 1",
    ],
)
def test_deep_nesting(text):
    try:
        parse(text, None)
    except ValidationException:
        pass


def test_many_conditions_are_no_nesting():
    assert parse("SELECT * FROM t WHERE " + "a = 1 OR " * 800 + "a = 1", None).reads
