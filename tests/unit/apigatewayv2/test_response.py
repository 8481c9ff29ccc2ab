"""What clients get for what functions return, as recorded of the service."""

import json

import pytest

from airside.gateway.answers import MalformedResponse
from airside.services.apigatewayv2.response import response_of

TEXT = ("content-type", "text/plain; charset=utf-8")
JSON = ("content-type", "application/json")


@pytest.mark.parametrize(
    ("payload", "body"),
    [
        ('{"name": "John Doe", "age": 30}', '{"name": "John Doe", "age": 30}'),
        ('{"name": "John Doe", "age":', '{"name": "John Doe", "age":'),
        ("[1, 2, 3]", "[1, 2, 3]"),
        ("42", "42"),
        ('"Special \\"quoted\\" text"', 'Special "quoted" text'),
        ('""', ""),
        ("null", "null"),
    ],
)
def test_what_has_no_status_is_a_body(payload: str, body: str) -> None:
    response = response_of(payload.encode(), "2.0")
    assert (response.status, response.headers, response.body) == (200, [JSON], body.encode())


def _response(value: object, version: str = "2.0"):
    return response_of(json.dumps(value).encode(), version)


def test_headers_and_cookies() -> None:
    response = _response(
        {"statusCode": 201, "headers": {"X-A": 1, "Content-Type": "a/b", "Connection": "x"},
         "cookies": ["a=1", "b=2"], "body": "hi"}
    )  # fmt: skip
    assert response.status == 201
    assert response.headers == [
        ("x-a", "1"), ("content-type", "a/b"), ("set-cookie", "a=1"), ("set-cookie", "b=2"),
    ]  # fmt: skip
    assert response.body == b"hi"


def test_defaults() -> None:
    assert _response({"statusCode": 200}).headers == [TEXT]
    assert _response({"statusCode": "404", "body": None}).status == 404
    assert _response({"statusCode": 200, "body": "AQI=", "isBase64Encoded": True}).body == b"\1\2"
    assert _response({"statusCode": 204, "body": "x"}).body == b""


def test_format_1_has_multi_value_headers() -> None:
    value = {"statusCode": 200, "multiValueHeaders": {"Set-Cookie": ["a", "b"]}, "body": ""}
    assert ("set-cookie", "b") in _response(value, "1.0").headers
    assert ("set-cookie", "b") not in _response(value, "2.0").headers


@pytest.mark.parametrize(
    "value",
    [
        {"statusCode": 200.5, "body": "Hello"},
        {"statusCode": True},
        {"statusCode": 99},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "headers": "x"},
        {"statusCode": 200, "headers": {"a": {}}},
        {"statusCode": 200, "headers": {"a": "b\r\nc: d"}},
        {"statusCode": 200, "body": "***", "isBase64Encoded": True},
        {"statusCode": 200, "cookies": "a=1"},
    ],
)
def test_malformed_responses_are_refused(value: object) -> None:
    with pytest.raises(MalformedResponse):
        _response(value)


@pytest.mark.parametrize("payload", [b'{"a": 1}', b'"text"', b"", b"not json"])
def test_format_1_needs_a_status(payload: bytes) -> None:
    with pytest.raises(MalformedResponse):
        response_of(payload, "1.0")
