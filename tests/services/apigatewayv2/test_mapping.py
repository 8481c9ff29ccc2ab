"""Parameter mapping, and routes that are operations of a service."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

ECHO = "def handler(event, context):\n    return event\n"


class Api:
    """An API with a stage that follows every change."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.id = client.create_api(Name="api", ProtocolType="HTTP")["ApiId"]
        client.create_stage(
            ApiId=self.id, StageName="$default", AutoDeploy=True, StageVariables={"tier": "gold"}
        )

    def route(self, key: str, **integration: Any) -> None:
        made = self.client.create_integration(ApiId=self.id, **integration)["IntegrationId"]
        self.client.create_route(ApiId=self.id, RouteKey=key, Target=f"integrations/{made}")


@pytest.fixture
def api(aws: Callable[..., Any]) -> Api:
    return Api(aws("apigatewayv2"))


def test_requests_are_changed_on_the_way_in(api: Api, function: Any, get: Any) -> None:
    api.route(
        "POST /pets/{id}", IntegrationType="AWS_PROXY", PayloadFormatVersion="2.0",
        IntegrationUri=function("echo", ECHO),
        RequestParameters={
            "append:header.x-trail": "$request.path.id", "overwrite:header.x-tier":
            "${stageVariables.tier} ${context.httpMethod}", "remove:header.x-gone": "''",
            "overwrite:querystring.name": "$request.body.pet.name",
            "append:querystring.tag": "$request.header.x-trail", "remove:querystring.drop": "''",
            "overwrite:path": "/v2/${request.path.id}", "append:header.x-none": "$request.body.no",
        },
    )  # fmt: skip
    body = json.dumps({"pet": {"name": "Rex"}}).encode()
    _, _, answer = get(
        api.id, "/pets/7?drop=1&tag=a", "POST", body, x_trail="first", x_gone="gone",
        content_type="application/json",
    )  # fmt: skip
    event = json.loads(answer)
    assert event["headers"]["x-trail"] == "first,7"
    assert event["headers"]["x-tier"] == "gold POST"
    assert not {"x-gone", "x-none"} & event["headers"].keys()
    assert event["queryStringParameters"] == {"tag": "a,first", "name": "Rex"}
    assert event["rawPath"] == "/v2/7"


def test_responses_are_changed_on_the_way_out(api: Api, function: Any, get: Any) -> None:
    source = (
        "def handler(event, context):\n"
        "    return {'statusCode': 200, 'headers': {'x-old': 'o', 'x-inner': 'i'},"
        " 'body': '{\"code\": 418}'}\n"
    )
    api.route(
        "GET /", IntegrationType="AWS_PROXY", PayloadFormatVersion="2.0",
        IntegrationUri=function("teapot", source),
        ResponseParameters={"200": {
            "overwrite:statuscode": "$response.body.code", "remove:header.x-old": "''",
            "append:header.x-new": "${response.header.x-inner}-${context.stage}",
        }},
    )  # fmt: skip
    status, headers, _ = get(api.id)
    assert (status, headers["x-new"]) == (418, "i-$default")
    assert "x-old" not in headers


def test_a_route_that_sends_messages(api: Api, aws: Any, account: str, get: Any) -> None:
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    api.route(
        "POST /orders", IntegrationType="AWS_PROXY", IntegrationSubtype="SQS-SendMessage",
        PayloadFormatVersion="1.0", CredentialsArn=f"arn:aws:iam::{account}:role/gateway",
        RequestParameters={
            "QueueUrl": url, "MessageBody": "$request.body.order", "DelaySeconds": "0",
            "MessageAttributes": json.dumps({
                "who": {"DataType": "String", "StringValue": "${request.header.x-who}"},
            }),
        },
    )  # fmt: skip
    body = json.dumps({"order": {"id": 7}}).encode()
    status, headers, answer = get(api.id, "/orders", "POST", body, x_who="me")
    assert (status, headers["content-type"]) == (200, "text/xml")
    assert b"<SendMessageResult>" in answer
    [message] = sqs.receive_message(
        QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=5
    )["Messages"]  # fmt: skip
    assert json.loads(message["Body"]) == {"id": 7}
    assert message["MessageAttributes"]["who"]["StringValue"] == "me"
    assert get(api.id, "/orders", "POST", b"{}")[0] == 400  # no body for the message


@pytest.mark.parametrize(
    ("integration", "words"),
    [
        ({"IntegrationSubtype": "SQS-SendMessage"}, "MessageBody is required"),
        ({"IntegrationSubtype": "SQS-Sing"}, "Invalid integration subtype"),
        ({"IntegrationUri": "URI", "RequestParameters": {"overwrite:header.via": "x"}},
         "Operations on header via are restricted"),
        ({"IntegrationUri": "URI", "RequestParameters": {"change:header.x": "x"}},
         "Invalid mapping expression specified"),
        ({"IntegrationUri": "URI", "ResponseParameters": {"200": {"overwrite:path": "x"}}},
         "Invalid mapping expression specified"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    api: Api, account: str, integration: dict[str, Any], words: str
) -> None:
    given = {
        "RequestParameters": {"QueueUrl": "q"},
        "CredentialsArn": f"arn:aws:iam::{account}:role/r",
    }
    if "IntegrationUri" in integration:
        given = {}
        uri = f"arn:aws:lambda:us-east-1:{account}:function:f"
        integration = {**integration, "IntegrationUri": uri}
    with pytest.raises(ClientError, match=words) as caught:
        api.route("GET /", IntegrationType="AWS_PROXY", **{**given, **integration})
    assert caught.value.response["Error"]["Code"] == "BadRequestException"
