"""What the HTTP messages look like: checksums, compression, sizes, error namespaces."""

import gzip
import json
import zlib

import pytest
from urllib3 import HTTPHeaderDict


def test_every_answer_carries_its_checksum(post, make_table):
    table = make_table()
    for body in ({"TableName": table, "Key": {"p": {"S": "x"}}}, {"TableName": "none", "Key": {}}):
        answer = post("GetItem", body)
        assert answer.headers["x-amz-crc32"] == str(zlib.crc32(answer.data))
        assert answer.headers["content-type"] == "application/x-amz-json-1.0"
        assert answer.headers["server"] == "Server"


def test_a_request_in_gzip(post, make_table):
    table = make_table()
    body = json.dumps({"TableName": table, "Item": {"p": {"S": "x"}}}).encode()
    packed = gzip.compress(body[:9]) + gzip.compress(body[9:])
    assert post("PutItem", packed, {"Content-Encoding": "gzip"}).status == 200
    got = post("GetItem", {"TableName": table, "Key": {"p": {"S": "x"}}})
    assert got.json() == {"Item": {"p": {"S": "x"}}}


def test_a_request_that_is_not_what_its_encoding_says(post, make_table):
    table = make_table()
    body = json.dumps({"TableName": table, "Item": {"p": {"S": "x"}}}).encode()
    for encoding in ("gzip", "deflate", "garbage"):
        answer = post("PutItem", body, {"Content-Encoding": encoding})
        assert answer.status == 500
        assert "InternalServerError" in answer.json()["__type"]
    large = body[:-1] + b" " * (17 << 20) + body[-1:]
    assert post("PutItem", gzip.compress(large), {"Content-Encoding": "gzip"}).status == 500


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_long_answers_are_compressed_for_those_who_ask(post, make_table, encoding):
    table = make_table()
    post("PutItem", {"TableName": table, "Item": {"p": {"S": "x"}, "v": {"S": "v" * 5000}}})
    wanted = {"TableName": table, "Key": {"p": {"S": "x"}}}
    plain = post("GetItem", wanted)
    assert "content-encoding" not in plain.headers
    packed = post("GetItem", wanted, {"Accept-Encoding": encoding})
    assert packed.headers["content-encoding"] == encoding
    assert packed.json() == plain.json()
    assert int(packed.headers["content-length"]) < 1000


def test_the_first_of_several_wishes_counts(post, make_table):
    table = make_table()
    post("PutItem", {"TableName": table, "Item": {"p": {"S": "x"}, "v": {"S": "v" * 5000}}})
    wanted = {"TableName": table, "Key": {"p": {"S": "x"}}}
    for wishes, encoding in ((("identity", "gzip"), None), (("gzip", "identity"), "gzip")):
        headers = HTTPHeaderDict()
        for wish in wishes:
            headers.add("Accept-Encoding", wish)
        assert post("GetItem", wanted, headers).headers.get("content-encoding") == encoding


def test_an_operation_that_does_not_exist(post):
    answer = post("BogusOperation", {})
    assert answer.status == 400
    assert answer.json()["__type"] == "com.amazon.coral.service#UnknownOperationException"


def test_a_body_that_is_no_json(post):
    answer = post("PutItem", b"{broken")
    assert answer.status == 400
    assert answer.json() == {"__type": "com.amazon.coral.service#SerializationException"}


def test_a_body_of_more_than_16_mb(post):
    assert post("PutItem", b'{"TableName": "x"' + b" " * (17 << 20) + b"}").status == 413


@pytest.mark.parametrize(
    ("operation", "body", "type_"),
    [
        ("GetItem", {"TableName": "absent", "Key": {"p": {"S": "x"}}},
         "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"),
        ("GetItem", {}, "com.amazon.coral.validate#ValidationException"),
        ("GetItem", {"TableName": 7}, "com.amazon.coral.service#SerializationException"),
    ],
)  # fmt: skip
def test_error_namespaces(post, operation, body, type_):
    answer = post(operation, body)
    assert (answer.status, answer.json()["__type"]) == (400, type_)
