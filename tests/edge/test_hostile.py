"""Input that nobody sends by mistake: it is refused, and the server goes on serving."""

import base64
import hashlib
import json
import socket
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import RunningServer

DEEP = 100_000


def refusal(call: Any, **parameters: Any) -> tuple[str, int]:
    """The code and status of the refusal that a call meets."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize("text", ["[" * DEEP, '{"a":' * DEEP, "a: " + "{b: " * DEEP, "- " * DEEP])
def test_templates_without_end_are_refused(server: RunningServer, aws: Any, text: str) -> None:
    cloudformation = aws("cloudformation")
    body = text[:50_000]
    assert refusal(cloudformation.validate_template, TemplateBody=body) == ("ValidationError", 400)
    assert refusal(cloudformation.create_stack, StackName="deep", TemplateBody=body) == (
        "ValidationError", 400,
    )  # fmt: skip
    assert server.process.poll() is None


def test_descriptions_of_apis_without_end_are_refused(aws: Any) -> None:
    gateway = aws("apigatewayv2")
    bomb = "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(20))
    for body in ("[" * DEEP, '{"a":' * DEEP, bomb):
        assert refusal(gateway.import_api, Body=body) == ("BadRequestException", 400)


def test_policies_without_end_are_refused(aws: Any) -> None:
    deep = "[" * 5_000
    iam = aws("iam")
    assert refusal(iam.create_role, RoleName="r", AssumeRolePolicyDocument=deep) == (
        "MalformedPolicyDocument", 400,
    )  # fmt: skip
    s3 = aws("s3")
    s3.create_bucket(Bucket=(name := "deep-" + s3.meta.endpoint_url.rsplit(":", 1)[1]))
    assert refusal(s3.put_bucket_policy, Bucket=name, Policy=deep) == ("MalformedPolicy", 400)
    sqs = aws("sqs")
    for attribute in ("Policy", "RedrivePolicy", "RedriveAllowPolicy"):
        code, status = refusal(sqs.create_queue, QueueName="q", Attributes={attribute: deep})
        assert (code, status) in (
            ("InvalidAttributeValue", 400), ("InvalidParameterValue", 400),
        )  # fmt: skip


def test_documents_without_end_are_refused(server: RunningServer) -> None:
    item = b'{"Item":' + b'{"L":[' * DEEP
    target = {"X-Amz-Target": "DynamoDB_20120810.PutItem"}
    answer = server.send("dynamodb", "POST", "/", item, target)
    name = json.loads(answer.content)["__type"].rpartition("#")[2]
    assert (answer.status_code, name) == (400, "SerializationException")
    for body in (b"<Delete>" * DEEP, b'<!DOCTYPE a [<!ENTITY x "y">]><Delete>&x;</Delete>'):
        digest = base64.b64encode(hashlib.md5(body).digest()).decode()
        answer = server.send("s3", "POST", "/no-bucket?delete=", body, {"Content-MD5": digest})
        assert answer.status_code == 400
        assert "<Code>MalformedXML</Code>" in answer.text


@pytest.mark.parametrize(
    ("service", "path", "headers", "body", "status", "code"),
    [
        ("dynamodb", "/", {"X-Amz-Target": "DynamoDB_20120810.Fly"}, b"{}", 400,
         "UnknownOperationException"),
        ("sqs", "/", {"Content-Type": "application/x-www-form-urlencoded"},
         b"Action=Fly&Version=2012-11-05", 400, "InvalidAction"),
        ("lambda", "/2015-03-31/fly", {}, b"{}", 404, "UnknownOperationException"),
        ("cloudfront", "/2020-05-31/fly", {}, b"", 405, "MethodNotAllowed"),
    ],
)  # fmt: skip
def test_what_aws_has_not_is_no_operation(
    server: RunningServer, service: str, path: str, headers: dict[str, str], body: bytes,
    status: int, code: str,
) -> None:  # fmt: skip
    answer = server.send(service, "POST", path, body, headers)
    told = f"{answer.text} {dict(answer.headers)}"
    assert (answer.status_code, code in told) == (status, True), told


def test_a_body_broken_in_the_packet_of_its_head_leaves_nothing_behind(start: Any) -> None:
    server = start()
    broken = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n"
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(broken)
            assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")
    server.stop()
    assert "ERROR" not in (server.data_dir / "server.log").read_text()
