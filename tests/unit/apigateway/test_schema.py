"""JSON Schema as models use it."""

import json
import time
from typing import Any

import pytest

from airside.services.apigateway.schema import problems

MODELS = {"Pet": json.dumps({"type": "object", "required": ["name"]})}
REFERENCE = "https://apigateway.amazonaws.com/restapis/abc/models/Pet"


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "integer"}, 1, 1.5),
        ({"type": ["string", "null"]}, None, 1),
        ({"enum": [1, "a"]}, "a", True),
        ({"minimum": 1, "exclusiveMinimum": True}, 2, 1),
        ({"multipleOf": 0.1}, 0.3, 0.35),
        ({"minLength": 2, "maxLength": 3, "pattern": "^a"}, "ab", "b"),
        ({"items": {"type": "string"}, "uniqueItems": True}, ["a", "b"], ["a", "a"]),
        ({"items": [{}, {}], "additionalItems": False}, [1, 2], [1, 2, 3]),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"a": 1}, {"b": 1}),
        ({"patternProperties": {"^x": {"type": "null"}}}, {"xa": None}, {"xa": 1}),
        ({"dependencies": {"a": ["b"]}}, {"a": 1, "b": 2}, {"a": 1}),
        ({"oneOf": [{"type": "null"}, {"$ref": REFERENCE}]}, {"name": "x"}, {}),
        ({"not": {"type": "string"}}, 1, "a"),
        ({"allOf": [{"minProperties": 1}, {"maxProperties": 1}]}, {"a": 1}, {"a": 1, "b": 1}),
        ({"definitions": {"n": {"type": "number"}}, "anyOf": [{"$ref": "#/definitions/n"}]}, 1, "a"),
    ],
)  # fmt: skip
def test_documents_that_fit_and_that_do_not(schema: Any, good: Any, bad: Any) -> None:
    assert problems(good, schema, MODELS) == []
    assert problems(bad, schema, MODELS)


def test_a_schema_that_refers_to_itself_ends() -> None:
    schema = {"$ref": "#"}
    assert problems({}, schema, {}) == ["the document nests too deeply"]


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "(a|aa)+$"},
        {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]},
    ],
)
def test_a_schema_that_takes_years_is_given_up(schema: Any) -> None:
    begun = time.perf_counter()
    assert problems("a" * 60 + "!", schema, {}) == ["the document takes too long to validate"]
    assert time.perf_counter() - begun < 10


def test_a_pattern_that_is_none_fits_everything() -> None:
    assert problems("a", {"pattern": "("}, {}) == []
