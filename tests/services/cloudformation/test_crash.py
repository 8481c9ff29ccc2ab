"""kill -9 in the middle of deployments."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.services.cloudformation.conftest import Stacks

ROLE = {"Version": "2012-10-17", "Statement": []}


def _template(size: int) -> str:
    resources: dict[str, Any] = {}
    for n in range(size):
        resources[f"Role{n}"] = {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": ROLE,
                "Policies": [{"PolicyName": "p", "PolicyDocument": ROLE}],
            },
        }
        resources[f"Function{n}"] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.11", "Handler": "index.handler",
                "Role": {"Fn::GetAtt": f"Role{n}.Arn"},
                "Code": {"ZipFile": "def handler(event, context): return 1"},
            },
        }  # fmt: skip
        resources[f"Queue{n}"] = {"Type": "AWS::SQS::Queue"}
        resources[f"Table{n}"] = {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            },
        }
        resources[f"Api{n}"] = {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"Name": f"api{n}", "ProtocolType": "HTTP"},
        }
        resources[f"Stage{n}"] = {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": f"Api{n}"}, "StageName": "$default"},
        }
    return json.dumps({"Resources": resources})


def _counts(server: Any) -> dict[str, int]:
    def client(service: str) -> Any:
        return server.client(service)

    return {
        "roles": len(client("iam").list_roles()["Roles"]),
        "functions": len(client("lambda").list_functions()["Functions"]),
        "queues": len(client("sqs").list_queues().get("QueueUrls", [])),
        "tables": len(client("dynamodb").list_tables()["TableNames"]),
        "apis": len(client("apigatewayv2").get_apis()["Items"]),
    }


@pytest.mark.parametrize("delay", [0.02, 0.1])
def test_a_deployment_survives_kill_9(start: Callable[..., Any], delay: float) -> None:
    size = 12
    server = start()
    client = server.client("cloudformation")

    def create() -> None:
        try:
            client.create_stack(
                StackName="app", TemplateBody=_template(size), Capabilities=["CAPABILITY_IAM"]
            )
        except (BotoCoreError, ClientError):
            pass  # the server died before it answered

    thread = threading.Thread(target=create)
    thread.start()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if client.describe_stacks(StackName="app")["Stacks"]:
                break
        except ClientError:
            time.sleep(0.002)
    time.sleep(delay)
    server.kill()
    thread.join()

    server = start()
    stacks = Stacks(server.client("cloudformation"))
    stack = stacks.settle("app")
    failed = {key: why for key, why in stacks.reasons("app").items() if "FAILED" in key[1]}
    assert stack["StackStatus"] == "CREATE_COMPLETE", failed
    assert set(_counts(server).values()) == {size}, _counts(server)
    assert stacks.delete("app")["StackStatus"] == "DELETE_COMPLETE"
    assert set(_counts(server).values()) == {0}, _counts(server)
