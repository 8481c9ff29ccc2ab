"""Function URLs."""

import json
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from tests.services.lambda_.test_functions import refused

ECHO = (
    "def handler(event, context):\n"
    "    return {'statusCode': 201, 'headers': {'X-Test': 'yes'}, 'cookies': ['a=1; Path=/'],\n"
    "            'body': __import__('json').dumps(event)}\n"
)


def send(url, method="GET", body=None, **headers):
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


@pytest.fixture
def url(function, client):
    function(ECHO)

    def make(**more):
        made = client.create_function_url_config(
            FunctionName="function", **{"AuthType": "NONE", **more}
        )
        return made["FunctionUrl"]

    return make


def test_a_request_becomes_an_event_and_the_answer_a_response(url, client):
    status, headers, body = send(
        url() + "path/x%20y?a=1&a=2&b=", "POST", b'{"k": 1}',
        **{"Content-Type": "application/json", "Cookie": "c=2; d=3"},
    )  # fmt: skip
    assert (status, headers["X-Test"], headers["Set-Cookie"]) == (201, "yes", "a=1; Path=/")
    event = json.loads(body)
    assert event["version"] == "2.0"
    assert event["rawPath"] == "/path/x y"
    assert event["rawQueryString"] == "a=1&a=2&b="
    assert event["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert event["cookies"] == ["c=2", "d=3"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"k": 1}', False)
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["routeKey"] == "$default"
    assert event["requestContext"]["accountId"] == "anonymous"


def test_binary_bodies_go_as_base64(url):
    _, _, body = send(url(), "POST", b"\x00\xff", **{"Content-Type": "image/png"})
    event = json.loads(body)
    assert (event["body"], event["isBase64Encoded"]) == ("AP8=", True)


def test_any_other_answer_is_the_body(function, client):
    function("def handler(e, c):\n    return {'just': 'this'}")
    made = client.create_function_url_config(FunctionName="function", AuthType="NONE")
    status, headers, body = send(made["FunctionUrl"])
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(body) == {"just": "this"}


def test_an_error_is_a_502(function, client):
    function("def handler(e, c):\n    raise ValueError('secret')")
    made = client.create_function_url_config(FunctionName="function", AuthType="NONE")
    status, _, body = send(made["FunctionUrl"])
    assert (status, json.loads(body)) == (502, {"Message": "Internal Server Error"})


def test_iam_authorisation_wants_a_signature(url, account):
    address = url(AuthType="AWS_IAM")
    assert send(address)[0] == 403
    for secret, expected in (("test", 201), ("wrong", 403)):
        session = boto3.session.Session(account, secret)
        request = AWSRequest("GET", address + "a?b=c")
        SigV4Auth(session.get_credentials(), "lambda", "us-east-1").add_auth(request)
        assert send(request.url, **dict(request.headers))[0] == expected
    assert account in str(json.loads(send_ok(address, account))["requestContext"]["authorizer"])


def send_ok(address, account):
    session = boto3.session.Session(account, "test")
    request = AWSRequest("GET", address)
    SigV4Auth(session.get_credentials(), "lambda", "us-east-1").add_auth(request)
    return send(request.url, **dict(request.headers))[2]


def test_cors_is_answered_for_the_function(url):
    address = url(Cors={"AllowOrigins": ["https://a.test"], "AllowMethods": ["POST"], "MaxAge": 60})
    asking = {"Origin": "https://a.test", "Access-Control-Request-Method": "POST"}
    status, headers, _ = send(address, "OPTIONS", **asking)
    assert status == 200
    assert headers["Access-Control-Allow-Origin"] == "https://a.test"
    assert headers["Access-Control-Allow-Methods"] == "POST"
    assert headers["Access-Control-Max-Age"] == "60"
    _, headers, _ = send(address, Origin="https://a.test")
    assert headers["Access-Control-Allow-Origin"] == "https://a.test"
    _, headers, _ = send(address, Origin="https://b.test")
    assert "Access-Control-Allow-Origin" not in headers


def test_the_configuration_is_kept_changed_and_deleted(url, client):
    address = url()
    refused(url, "ResourceConflictException")
    found = client.get_function_url_config(FunctionName="function")
    assert (found["FunctionUrl"], found["AuthType"], found["InvokeMode"]) == (
        address, "NONE", "BUFFERED",
    )  # fmt: skip
    client.update_function_url_config(FunctionName="function", AuthType="AWS_IAM")
    assert send(address)[0] == 403
    listed = client.list_function_url_configs(FunctionName="function")["FunctionUrlConfigs"]
    assert len(listed) == 1
    client.delete_function_url_config(FunctionName="function")
    assert send(address)[0] == 404
    refused(
        lambda: client.get_function_url_config(FunctionName="function"), "ResourceNotFoundException"
    )
