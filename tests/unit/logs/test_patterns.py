"""Filter patterns, as AWS documents them."""

import pytest

from airside.services.logs.errors import InvalidParameterException
from airside.services.logs.pattern import compile_pattern


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("", "anything", True),
        ("ERROR", "[ERROR] it broke", True),
        ("ERROR", "[error] it broke", False),
        ("ERROR broke", "[ERROR] it broke", True),
        ("ERROR fixed", "[ERROR] it broke", False),
        ('"it broke"', "[ERROR] it broke", True),
        ('"broke it"', "[ERROR] it broke", False),
        ("ERROR -broke", "[ERROR] it broke", False),
        ("?ERROR ?WARN", "[WARN] careful", True),
        ("?ERROR ?WARN", "[INFO] fine", False),
        ("%[0-9]{3}%", "status 404", True),
        ("%^[0-9]{3}%", "status 404", False),
        ('{ $.level = "ERROR" }', '{"level": "ERROR"}', True),
        ('{ $.level = "ERR*" }', '{"level": "ERROR"}', True),
        ('{ $.level != "ERROR" }', '{"level": "INFO"}', True),
        ('{ $.level = "ERROR" }', "level ERROR", False),
        ("{ $.took > 100 }", '{"took": 101.5}', True),
        ("{ $.took > 100 }", '{"took": "101"}', False),
        ("{ $.a = 1 && $.b = 2 || $.c = 3 }", '{"c": 3}', True),
        ("{ $.a = 1 && ($.b = 2 || $.c = 3) }", '{"c": 3}', False),
        ("{ $.user.roles[1] = admin }", '{"user": {"roles": ["x", "admin"]}}', True),
        ("{ $.items[*].price >= 10 }", '{"items": [{"price": 3}, {"price": 12}]}', True),
        ("{ $.error IS NULL }", '{"error": null}', True),
        ("{ $.error NOT EXISTS }", '{"ok": 1}', True),
        ("{ $.ok IS TRUE }", '{"ok": true}', True),
    ],
)
def test_patterns(pattern, message, expected):
    assert compile_pattern(pattern)(message) is expected


@pytest.mark.parametrize("pattern", ["{", "{ $.a }", "{ $.a = }", "{ $.a = 1 && }", "%(%"])
def test_malformed_patterns_are_refused(pattern):
    with pytest.raises(InvalidParameterException):
        compile_pattern(pattern)
