"""Who may call a method: authorizers, signatures, policies, keys, validators, limits."""

import json
import time
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

GATE = """
def handler(event, context):
    token = event.get("authorizationToken") or event["headers"]["Authorization"]
    if token == "raise":
        raise Exception("Unauthorized")
    if token == "broken":
        return {"isAuthorized": True}
    effect = "Allow" if token == "good" else "Deny"
    return {
        "principalId": "me",
        "policyDocument": {"Version": "2012-10-17", "Statement": [{
            "Action": "execute-api:Invoke", "Effect": effect,
            "Resource": event["methodArn"] if token != "elsewhere" else "arn:aws:execute-api:*:*:x/*",
        }]},
        "context": {"number": 7, "flag": True, "text": "x", "kind": event["type"]},
    }
"""


def _gated(api: Any, function: Any, **more: Any) -> None:
    made = api.client.create_authorizer(
        restApiId=api.id, name="gate", authorizerUri=function("gate", GATE), **more
    )
    api.proxy("/", function("echo"), authorizationType="CUSTOM", authorizerId=made["id"])
    api.deploy()


def test_token_authorizers(api: Any, get: Any, function: Any) -> None:
    _gated(
        api, function, type="TOKEN", identitySource="method.request.header.Authorization",
        identityValidationExpression="[a-z]+",
    )  # fmt: skip
    passed = get(api.id, "/test", headers={"Authorization": "good"})
    assert passed.json["requestContext"]["authorizer"] == {
        "number": "7", "flag": "true", "text": "x", "kind": "TOKEN", "principalId": "me",
        "integrationLatency": 0,
    }  # fmt: skip
    for token, status, body in (
        (None, 401, b'{"message":"Unauthorized"}'),
        ("NOT LOWER", 401, b'{"message":"Unauthorized"}'),
        ("raise", 401, b'{"message":"Unauthorized"}'),
        ("broken", 500, b'{"message":null}'),
        ("bad", 403, b'{"Message":"User is not authorized to access this resource with an explicit '
                     b'deny in an identity-based policy"}'),
    ):  # fmt: skip
        answer = get(api.id, "/test", headers={"Authorization": token} if token else {})
        assert (answer.status, answer.body) == (status, body), token


def test_request_authorizers(api: Any, get: Any, function: Any) -> None:
    _gated(
        api, function, type="REQUEST", authorizerResultTtlInSeconds=0,
        identitySource="method.request.header.Authorization,method.request.querystring.q",
    )  # fmt: skip
    sent = {"Authorization": "good"}
    assert get(api.id, "/test", headers=sent).status == 401
    passed = get(api.id, "/test?q=1", headers=sent)
    assert passed.json["requestContext"]["authorizer"]["kind"] == "REQUEST"
    assert get(api.id, "/test?q=1", headers={"Authorization": "elsewhere"}).status == 403


def test_signed_requests(api: Any, get: Any, function: Any, server: Any, account: str) -> None:
    api.proxy("/", function("echo"), authorizationType="AWS_IAM")
    api.deploy()
    refused = get(api.id, "/test")
    assert (refused.status, refused.body) == (403, b'{"message":"Missing Authentication Token"}')

    def signed(key: str, secret: str = "test") -> Any:
        host = f"{api.id}.execute-api.localhost"
        request = AWSRequest("GET", f"http://{host}/test", headers={"Host": host})
        SigV4Auth(Credentials(key, secret), "execute-api", "us-east-1").add_auth(request)
        return get(api.id, "/test", headers=dict(request.headers), host=host)

    identity = signed(account).json["requestContext"]["identity"]
    assert (identity["accountId"], identity["accessKey"]) == (account, account)
    assert identity["userArn"] == f"arn:aws:iam::{account}:root"
    wrong = signed(account, "wrong")
    assert wrong.headers["x-amzn-ErrorType"] == "InvalidSignatureException"
    other = signed("999999999999")
    assert other.status == 403
    assert other.json["Message"].startswith(
        "User: arn:aws:iam::999999999999:root is not authorized to perform: execute-api:Invoke on "
        f"resource: arn:aws:execute-api:us-east-1:********{account[-4:]}:{api.id}/test/GET/"
    )


def test_resource_policies(api: Any, get: Any, function: Any, account: str) -> None:
    api.proxy("/{proxy+}", function("echo"))
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke",
         "Resource": "execute-api:/*/GET/*"},
        {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke",
         "Resource": "execute-api:/*/*/secret"},
    ]}  # fmt: skip
    change = {"op": "replace", "path": "/policy", "value": json.dumps(policy)}
    api.client.update_rest_api(restApiId=api.id, patchOperations=[change])
    api.deploy()
    assert get(api.id, "/test/open").status == 200
    refused = get(api.id, "/test/open", "POST")
    assert refused.json == {
        "Message": "User: anonymous is not authorized to perform: execute-api:Invoke on resource: "
        f"arn:aws:execute-api:us-east-1:********{account[-4:]}:{api.id}/test/POST/open"
    }
    assert "with an explicit deny" in get(api.id, "/test/secret").json["Message"]


def test_keys_and_usage_plans(api: Any, get: Any, function: Any) -> None:
    client = api.client
    api.proxy("/", function("echo"), apiKeyRequired=True)
    api.deploy()
    key = client.create_api_key(name="k", enabled=True)
    sent = {"x-api-key": key["value"]}
    for headers in ({}, {"x-api-key": "nosuch"}, sent):  # a key without a plan is no use
        refused = get(api.id, "/test", headers=headers)
        assert (refused.status, refused.body) == (403, b'{"message":"Forbidden"}')
    plan = client.create_usage_plan(
        name="p", apiStages=[{"apiId": api.id, "stage": "test"}],
        quota={"limit": 3, "period": "DAY"}, throttle={"rateLimit": 0.001, "burstLimit": 4},
    )["id"]  # fmt: skip
    client.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    identity = get(api.id, "/test", headers=sent).json["requestContext"]["identity"]
    assert (identity["apiKey"], identity["apiKeyId"]) == (key["value"], key["id"])
    assert [get(api.id, "/test", headers=sent).status for _ in range(2)] == [200, 200]
    spent = get(api.id, "/test", headers=sent)
    assert (spent.status, spent.body) == (429, b'{"message":"Limit Exceeded"}')
    fast = get(api.id, "/test", headers=sent)
    assert (fast.status, fast.body) == (429, b'{"message":"Too Many Requests"}')
    day = spent.headers["Date"] and key["createdDate"].strftime("%Y-%m-%d")
    usage = client.get_usage(usagePlanId=plan, startDate=day, endDate=day)
    assert usage["items"] == {key["id"]: [[3, 0]]}
    off = [{"op": "replace", "path": "/enabled", "value": "false"}]
    client.update_api_key(apiKey=key["id"], patchOperations=off)
    assert get(api.id, "/test", headers=sent).status == 403
    client.delete_api_key(apiKey=key["id"])
    assert client.get_usage_plan_keys(usagePlanId=plan)["items"] == []


def test_throttled_methods(api: Any, get: Any, function: Any) -> None:
    api.proxy("/", function("echo"), "GET")
    api.deploy()
    api.client.update_stage(
        restApiId=api.id, stageName="test",
        patchOperations=[
            {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "0.001"},
            {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "2"},
        ],
    )  # fmt: skip
    assert [get(api.id, "/test").status for _ in range(3)] == [200, 200, 429]
    assert get(api.id, "/test").json == {"message": "Too Many Requests"}


def test_required_parameters_and_bodies(api: Any, get: Any, function: Any) -> None:
    client = api.client
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    client.create_model(
        restApiId=api.id, name="Pet", contentType="application/json", schema=json.dumps(schema)
    )
    checks = client.create_request_validator(
        restApiId=api.id, name="all", validateRequestBody=True, validateRequestParameters=True
    )
    api.proxy(
        "/", function("echo"), "POST", requestValidatorId=checks["id"],
        requestModels={"application/json": "Pet"},
        requestParameters={"method.request.header.x-a": True, "method.request.querystring.q": True,
                           "method.request.querystring.r": False},
    )  # fmt: skip
    api.client.put_gateway_response(
        restApiId=api.id, responseType="BAD_REQUEST_BODY", statusCode="422",
        responseParameters={"gatewayresponse.header.X-Why": "'body'"},
        responseTemplates={"application/json":
                           '{"error": $context.error.messageString, "why": "$context.error.responseType"}'},
    )  # fmt: skip
    api.deploy()
    answer = get(api.id, "/test", "POST", b"{}")
    assert (answer.status, answer.body) == (
        400, b'{"message": "Missing required request parameters: [x-a, q]"}',
    )  # fmt: skip
    for body in (b"{}", b'{"name": 1}', b"no"):
        answer = get(api.id, "/test?q=1", "POST", body, {"x-a": "1"})
        assert answer.status == 422
        assert answer.json == {"error": "Invalid request body", "why": "BAD_REQUEST_BODY"}
        assert answer.headers["X-Why"] == "body"
    assert get(api.id, "/test?q=1", "POST", b'{"name": "a"}', {"x-a": "1"}).status == 200


def test_gateway_responses_for_a_whole_family(api: Any, get: Any, function: Any) -> None:
    api.proxy("/a", function("echo"))
    api.client.put_gateway_response(
        restApiId=api.id, responseType="DEFAULT_4XX",
        responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
    )  # fmt: skip
    api.deploy()
    answer = get(api.id, "/test/b")
    assert (answer.status, answer.body) == (403, b'{"message":"Missing Authentication Token"}')
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_requests_are_on_the_bill_and_in_the_log(
    api: Any, get: Any, function: Any, aws: Any, account: str
) -> None:
    logs = aws("logs")
    logs.create_log_group(logGroupName="access")
    group = f"arn:aws:logs:us-east-1:{account}:log-group:access"
    api.proxy("/", function("echo"))
    api.deploy()
    api.client.update_stage(
        restApiId=api.id, stageName="test",
        patchOperations=[
            {"op": "replace", "path": "/accessLogSettings/destinationArn", "value": group},
            {"op": "replace", "path": "/accessLogSettings/format",
             "value": "$context.httpMethod $context.resourcePath $context.status $context.nothing"},
        ],
    )  # fmt: skip
    assert get(api.id, "/test").status == 200
    deadline = time.monotonic() + 10
    events: list[Any] = []
    while not events and time.monotonic() < deadline:
        events = logs.filter_log_events(logGroupName="access")["events"]
        time.sleep(0.05)
    assert [event["message"] for event in events] == ["GET / 200 -"]
