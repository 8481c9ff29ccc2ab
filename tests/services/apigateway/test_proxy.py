"""Lambda proxy integrations: what a function is handed, and what its answers become."""

import base64
import json
from typing import Any

import pytest


def test_the_event_is_the_rest_event(api: Any, get: Any, function: Any, account: str) -> None:
    api.proxy("/pets/{id}", function("echo"))
    deployment = api.deploy(variables={"who": "me"})
    answer = get(
        api.id, "/test/pets/a%20b?x=1&x=2&y=", "POST", b'{"a":1}',
        {"tEsT-HEADeR": "aValUE", "Content-Type": "application/json", "User-Agent": "probe"},
    )  # fmt: skip
    event = answer.json
    headers = event.pop("headers")
    several = event.pop("multiValueHeaders")
    context = event.pop("requestContext")
    assert event == {
        "resource": "/pets/{id}",
        "path": "/pets/a%20b",
        "httpMethod": "POST",
        "queryStringParameters": {"x": "2", "y": ""},
        "multiValueQueryStringParameters": {"x": ["1", "2"], "y": [""]},
        "pathParameters": {"id": "a%20b"},
        "stageVariables": {"who": "me"},
        "body": '{"a":1}',
        "isBase64Encoded": False,
    }
    assert headers["tEsT-HEADeR"] == "aValUE"
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Amzn-Trace-Id"].startswith("Root=1-")
    assert "Content-Length" not in headers
    assert several == {name: [value] for name, value in headers.items()}
    identity = context.pop("identity")
    assert identity.pop("sourceIp") == "127.0.0.1"
    assert identity.pop("userAgent") == "probe"
    assert set(identity.values()) == {None}
    assert set(identity) == {
        "accessKey", "accountId", "caller", "cognitoAuthenticationProvider",
        "cognitoAuthenticationType", "cognitoIdentityId", "cognitoIdentityPoolId",
        "principalOrgId", "user", "userArn",
    }  # fmt: skip
    assert context.pop("requestId") == answer.headers["x-amzn-RequestId"]
    assert context.pop("extendedRequestId") == answer.headers["x-amz-apigw-id"]
    assert context.pop("requestTimeEpoch") > 1_500_000_000_000
    assert context.pop("requestTime").endswith(" +0000")
    assert len(context.pop("resourceId")) == 6
    assert context == {
        "resourcePath": "/pets/{id}",
        "httpMethod": "POST",
        "path": "/test/pets/a%20b",
        "accountId": account,
        "protocol": "HTTP/1.1",
        "stage": "test",
        "domainName": f"{api.id}.execute-api.us-east-1.amazonaws.com",
        "domainPrefix": api.id,
        "deploymentId": deployment,
        "apiId": api.id,
    }


def test_what_is_empty_is_null(api: Any, get: Any, function: Any) -> None:
    api.proxy("/", function("echo"))
    api.deploy()
    event = get(api.id, "/test").json
    for name in ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters",
                 "stageVariables", "body"):  # fmt: skip
        assert event[name] is None
    assert (event["path"], event["requestContext"]["path"]) == ("/", "/test")


def test_greedy_paths_keep_their_slashes(api: Any, get: Any, function: Any) -> None:
    api.proxy("/{proxy+}", function("echo"))
    api.deploy()
    for path, proxy in (("/a/b", "a/b"), ("/a//b", "a//b"), ("/a/", "a")):
        event = get(api.id, f"/test{path}").json
        assert (event["path"], event["pathParameters"]) == (path, {"proxy": proxy})


def test_a_resource_without_the_method_is_as_if_it_were_not_there(
    api: Any, get: Any, function: Any
) -> None:
    uri = function("echo")
    api.proxy("/{proxy+}", uri, "OPTIONS")
    api.proxy("/pets", uri, "GET")
    api.proxy("/pets/all", uri)
    api.deploy()
    assert get(api.id, "/test/pets").json["resource"] == "/pets"
    assert get(api.id, "/test/pets", "OPTIONS").json["resource"] == "/{proxy+}"
    assert get(api.id, "/test/pets/all", "OPTIONS").json["resource"] == "/pets/all"
    refused = get(api.id, "/test/pets", "POST")
    assert (refused.status, refused.body) == (403, b'{"message":"Missing Authentication Token"}')


ANSWERS = """
import json

def handler(event, context):
    return json.loads(event["body"])
"""
BROKEN = (502, b'{"message": "Internal server error"}')


@pytest.fixture
def answers(api: Any, get: Any, function: Any) -> Any:
    """Sends what a function shall answer; what becomes of it."""
    api.proxy("/", function("answers", ANSWERS))
    api.deploy()
    return lambda value: get(api.id, "/test", "POST", json.dumps(value).encode())


def test_answers_of_functions(answers: Any) -> None:
    for value, status, body in (
        ({"statusCode": 201, "body": "made"}, 201, b"made"),
        ({"statusCode": "418"}, 418, b""),
        ({"headers": {"a": "b"}}, 200, b""),
        ({"statusCode": 200, "body": "dGVzdA==", "isBase64Encoded": True}, 200, b"dGVzdA=="),
    ):
        answer = answers(value)
        assert (answer.status, answer.body) == (status, body)
        assert answer.headers["Content-Type"] == "application/json"
    for wrong in (
        {}, None, "text", [], {"statusCode": "x"}, {"body": {"a": 1}}, {"wrong": 1},
        {"headers": []}, {"multiValueHeaders": {"a": "b"}}, {"statusCode": 99},
    ):  # fmt: skip
        answer = answers(wrong)
        assert (answer.status, answer.body) == BROKEN, wrong
        assert answer.headers["x-amzn-ErrorType"] == "InternalServerErrorException"


def test_headers_of_functions(answers: Any) -> None:
    answer = answers(
        {
            "statusCode": 200,
            "headers": {"X-One": True, "WWW-Authenticate": "Basic", "Content-Type": "text/x",
                        "test-multi": "solo", "Content-Length": "7", "nothing": None},
            "multiValueHeaders": {"tesT-Multi": ["multi"]},
        }
    )  # fmt: skip
    assert answer.headers["X-One"] == "true"
    assert answer.headers["Content-Type"] == "text/x"
    assert answer.headers["x-amzn-Remapped-WWW-Authenticate"] == "Basic"
    assert answer.headers["x-amzn-Remapped-Content-Length"] == "7"
    assert answer.headers["Content-Length"] == "0"
    assert answer.headers["tesT-Multi"] == "solo"
    assert "nothing" not in answer.headers


def test_functions_that_fail(api: Any, get: Any, function: Any, aws: Any) -> None:
    api.proxy("/raise", function("raise", "def handler(e, c):\n    raise ValueError\n"))
    slow = api.proxy(
        "/slow", function("slow", "import time\ndef handler(e, c):\n    time.sleep(2)\n")
    )
    api.client.update_integration(
        **slow, patchOperations=[{"op": "replace", "path": "/timeoutInMillis", "value": "100"}]
    )
    api.proxy("/gone", function("gone"))
    api.proxy("/shut", function("shut"))
    api.deploy()
    aws("lambda").delete_function(FunctionName="gone")
    aws("lambda").remove_permission(FunctionName="shut", StatementId="gateway")
    answer = get(api.id, "/test/raise")
    assert (answer.status, answer.body) == BROKEN
    answer = get(api.id, "/test/slow")
    assert (answer.status, answer.body) == (504, b'{"message": "Endpoint request timed out"}')
    for path in ("/gone", "/shut"):
        answer = get(api.id, f"/test{path}")
        assert (answer.status, answer.body) == (500, BROKEN[1])


def test_binary_media_types(api: Any, get: Any, function: Any) -> None:
    uri = function(
        "echo64",
        """
import json

def handler(event, context):
    assert event["isBase64Encoded"]
    return {"statusCode": 200, "isBase64Encoded": True, "body": event["body"],
            "headers": {"Content-Type": "image/png"}}
""",
    )
    api.client.update_rest_api(
        restApiId=api.id, patchOperations=[{"op": "add", "path": "/binaryMediaTypes/image~1png"}]
    )
    api.proxy("/", uri)
    api.deploy()
    raw = bytes(range(256))
    sent = {"Content-Type": "image/png"}
    answer = get(api.id, "/test", "POST", raw, {**sent, "Accept": "image/png"})
    assert answer.body == raw
    answer = get(api.id, "/test", "POST", raw, {**sent, "Accept": "text/html, image/png"})
    assert answer.body == base64.b64encode(raw)


def test_payloads_that_are_too_large(api: Any, get: Any, function: Any) -> None:
    api.proxy("/", function("echo"))
    api.deploy()
    answer = get(api.id, "/test", "POST", b"x" * (10_485_760 + 1))
    assert answer.status == 413
    assert answer.json == {"message": "HTTP content length exceeded 10485760 bytes."}


def test_stage_variables_name_functions(api: Any, get: Any, function: Any) -> None:
    uri = function("echo").replace(":function:echo", ":function:${stageVariables.fn}")
    api.proxy("/", uri)
    api.deploy(variables={"fn": "echo"})
    assert get(api.id, "/test").json["stageVariables"] == {"fn": "echo"}


def test_addresses_that_lead_nowhere(api: Any, get: Any, function: Any) -> None:
    api.proxy("/", function("echo"))
    api.deploy()
    assert (get(api.id, "/").status, get(api.id, "/").body) == (
        403, b'{"message":"Missing Authentication Token"}',
    )  # fmt: skip
    answer = get(api.id, "/other")
    assert (answer.status, answer.body) == (403, b'{"message":"Forbidden"}')
    assert answer.headers["x-amzn-ErrorType"] == "ForbiddenException"
    changes = [{"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"}]
    api.client.update_rest_api(restApiId=api.id, patchOperations=changes)
    assert get(api.id, "/test").status == 200
    api.deploy()
    assert get(api.id, "/test").status == 403
    api.client.delete_rest_api(restApiId=api.id)
    assert get(api.id, "/test").status == 404
