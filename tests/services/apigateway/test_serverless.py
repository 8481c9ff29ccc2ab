"""REST APIs as SAM makes them."""

from typing import Any

import pytest
from tests.services.cloudformation.conftest import Stacks

HELLO = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Timeout: 3}}
Resources:
  HelloWorldFunction:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      Runtime: python3.12
      InlineCode: |
        import json
        def handler(event, context):
            return {"statusCode": 200, "body": json.dumps({"message": "hello world"})}
      Events:
        HelloWorld: {Type: Api, Properties: {Path: /hello, Method: get}}
Outputs:
  HelloWorldApi:
    Value: !Sub "https://${ServerlessRestApi}.execute-api.${AWS::Region}.amazonaws.com/Prod/hello/"
  Api: {Value: !Ref ServerlessRestApi}
  Stage: {Value: !Ref ServerlessRestApiProdStage}
"""
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]


@pytest.fixture
def stacks(aws: Any) -> Stacks:
    return Stacks(aws("cloudformation"))


def outputs(stack: Any) -> dict[str, str]:
    return {found["OutputKey"]: found["OutputValue"] for found in stack["Outputs"]}


def test_hello_world_from_creation_to_deletion(stacks: Any, get: Any, aws: Any) -> None:
    stack = stacks.create("hello", HELLO, Capabilities=CAPABILITIES)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stacks.reasons("hello")
    found = outputs(stack)
    api_id = found["Api"]
    assert found["Stage"] == "Prod"
    for path in ("/Prod/hello", "/Prod/hello/", "/Stage/hello"):
        assert get(api_id, path).json == {"message": "hello world"}
    by_host = get(api_id, "/Prod/hello", host=f"{api_id}.execute-api.localhost")
    assert by_host.json == {"message": "hello world"}
    refused = get(api_id, "/Prod/other")
    assert (refused.status, refused.body) == (403, b'{"message":"Missing Authentication Token"}')
    assert refused.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
    kinds = {
        row["LogicalResourceId"]: row["PhysicalResourceId"]
        for row in stacks.client.describe_stack_resources(StackName="hello")["StackResources"]
    }
    assert kinds["ServerlessRestApi"] == api_id
    assert kinds["ServerlessRestApiProdStage"] == "Prod"
    api = aws("apigateway").get_rest_api(restApiId=api_id)
    assert api["name"] == "hello"
    assert api["tags"]["aws:cloudformation:stack-name"] == "hello"

    changed = HELLO.replace("Path: /hello", "Path: /hi")
    assert stacks.update("hello", changed, Capabilities=CAPABILITIES)["StackStatus"] == (
        "UPDATE_COMPLETE"
    ), stacks.reasons("hello")
    assert get(api_id, "/Prod/hi").json == {"message": "hello world"}
    assert get(api_id, "/Prod/hello").status == 403
    assert stacks.delete("hello")["StackStatus"] == "DELETE_COMPLETE"
    assert aws("apigateway").get_rest_apis()["items"] == []
