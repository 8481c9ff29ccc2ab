"""What operations may hand to the codecs, and what they may not."""

from pathlib import Path

import msgspec
import pytest

from airside.kernel import FileSlice, HttpRequest
from airside.kernel.http import BytesBody
from airside.protocol.codec import CODECS, codec_for
from airside.protocol.errors import Rejected, ResultError
from airside.protocol.models import load


def serialize(service: str, name: str, result):
    model = load(service)
    return CODECS[model.protocols[0]].serialize(model, model.operation(name), result, "id")


@pytest.mark.parametrize(
    ("service", "name", "result", "body"),
    [
        ("dynamodb", "GetItem", {"Item": msgspec.Raw(b'{"a": {"N":"1.0"}}')},
         b'{"Item":{"a": {"N":"1.0"}}}'),
        ("dynamodb", "Query", {"Items": [msgspec.Raw(b"{ }"), {"a": msgspec.Raw(b'{"S":"x"}')}],
                               "Count": msgspec.Raw(b"2")},
         b'{"Items":[{ },{"a":{"S":"x"}}],"Count":2}'),
        ("dynamodb", "ListTables", {"TableNames": msgspec.Raw(b"[]")}, b'{"TableNames":[]}'),
        ("lambda", "GetFunctionConfiguration", {"Environment": msgspec.Raw(b"{}")},
         b'{"Environment":{}}'),
    ],
)  # fmt: skip
def test_raw_json_is_spliced(service, name, result, body):
    assert serialize(service, name, result).body == body


def test_a_whole_result_may_be_raw():
    assert serialize("dynamodb", "GetItem", msgspec.Raw(b'{"Item":{}}')).body == b'{"Item":{}}'


@pytest.mark.parametrize(
    ("service", "name", "result", "body"),
    [
        ("dynamodb", "DescribeTable", {"Table": {"TableName": "t", "TableArn": None}},
         b'{"Table":{"TableName":"t"}}'),
        ("lambda", "ListTags", {"Tags": {"a": None, "b": "c"}}, b'{"Tags":{"b":"c"}}'),
        ("sts", "GetCallerIdentity", {"UserId": "u", "Account": None},
         b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
         b"<GetCallerIdentityResult><UserId>u</UserId></GetCallerIdentityResult>"
         b"<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata>"
         b"</GetCallerIdentityResponse>"),
    ],
)  # fmt: skip
def test_none_is_left_out(service, name, result, body):
    assert serialize(service, name, result).body == body


@pytest.mark.parametrize(
    ("service", "name", "result"),
    [
        ("dynamodb", "GetItem", {"Itme": {}}),
        ("dynamodb", "DescribeTable", {"Table": {"Name": "t"}}),
        ("dynamodb", "DescribeTable", {"Table": {"TableName": 1}}),
        ("lambda", "GetFunction", {"Configuration": {"Name": "f"}}),
        ("s3", "GetObject", {"Etag": "e"}),
        ("s3", "ListBuckets", {"Buckets": [{"name": "b"}]}),
        ("s3", "ListBuckets", {"Buckets": [{"Name": 1}]}),
        ("iam", "GetRole", {"Role": {"Name": "r"}}),
    ],
)
def test_what_the_model_lacks_is_a_bug_of_ours(service, name, result):
    with pytest.raises(ResultError):
        serialize(service, name, result)


def test_streams_and_files_pass_through():
    part = FileSlice(Path("/x"), 0, 10)
    assert serialize("s3", "GetObject", {"Body": part}).body is part

    async def chunks():
        yield b""

    stream = chunks()
    assert serialize("s3", "GetObject", {"Body": stream}).body is stream


def test_a_streamed_request_is_not_read():
    model = load("s3")
    body = BytesBody(b"data")
    request = CODECS["rest-xml"].parse(
        model, model.operation("PutObject"), HttpRequest("PUT", "/b/k"), body
    )
    assert request == {"Bucket": "b", "Key": "k", "Body": body}


def test_headers_cannot_be_split():
    answer = serialize("s3", "GetObject", {"Metadata": {"a": "x\r\nEvil: 1"}, "ETag": "é"})
    assert answer.header("x-amz-meta-a") == "x  Evil: 1"
    assert answer.header("ETag") == "é".encode().decode("latin-1")


def test_not_modified_has_no_document():
    model = load("s3")
    answer = CODECS["rest-xml"].serialize_error(
        model, model.operation("GetObject"), Rejected("NotModified", "Not Modified"), "id"
    )
    assert (answer.status, answer.body) == (304, b"")


@pytest.mark.parametrize(
    ("service", "http", "protocol"),
    [
        ("sqs", HttpRequest("POST", "/", "", {"x-amz-target": "AmazonSQS.SendMessage"}), "json"),
        ("sqs", HttpRequest("POST", "/", "", {"content-type": "application/x-amz-json-1.0"}),
         "json"),
        ("sqs", HttpRequest("POST", "/1/q", "",
                            {"content-type": "application/x-www-form-urlencoded"}), "query"),
        ("sqs", HttpRequest("GET", "/1/q", "Action=ReceiveMessage"), "query"),
        ("cloudformation", HttpRequest("GET", "/", "Action=ListStacks"), "query"),
        ("lambda", HttpRequest("GET", "/2015-03-31/functions"), "rest-json"),
        ("s3", HttpRequest("GET", "/"), "rest-xml"),
        ("dynamodb", HttpRequest("POST", "/"), "json"),
    ],
)  # fmt: skip
def test_the_protocol_of_a_request(service, http, protocol):
    assert codec_for(load(service), http).protocol == protocol


@pytest.mark.parametrize("target", ["", "PutItem", "DynamoDB_20111205.PutItem",
                                    "DynamoDB_20120810.Nothing", "DynamoDB_20120810."])  # fmt: skip
def test_a_target_that_names_nothing(target):
    model = load("dynamodb")
    http = HttpRequest("POST", "/", "", {"x-amz-target": target})
    assert CODECS["json"].operation_name(model, http, b"") is None
