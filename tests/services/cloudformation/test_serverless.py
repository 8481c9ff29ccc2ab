"""Templates of the Serverless Application Model."""

import json
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

ALL = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Greeting: {Type: String, Default: hello}
Globals:
  Function:
    Runtime: python3.11
    Timeout: 5
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: {AllowOrigins: ["*"], AllowMethods: [GET]}
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      InlineCode: |
        import os
        def handler(event, context):
            return {"greeting": os.environ["GREETING"], "route": event["routeKey"]}
      Environment: {Variables: {GREETING: !Ref Greeting}}
      Policies:
        - SQSSendMessagePolicy: {QueueName: !GetAtt Queue.QueueName}
        - AWSLambdaBasicExecutionRole
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: "/hello/{name}", Method: GET}}
  Queue:
    Type: AWS::SQS::Queue
Outputs:
  Api: {Value: !Ref Api}
"""


def _get(server: Any, api_id: str, path: str) -> Any:
    with urllib.request.urlopen(f"{server.endpoint}/_aws/execute-api/{api_id}{path}") as answer:
        return json.load(answer)


def test_a_serverless_application(stacks: Any, server: Any) -> None:
    stack = stacks.create("app", TEMPLATE, Capabilities=ALL)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stacks.reasons("app")
    api_id = stack["Outputs"][0]["OutputValue"]
    assert _get(server, api_id, "/hello/you") == {
        "greeting": "hello", "route": "GET /hello/{name}",
    }  # fmt: skip
    found = stacks.client.get_template(StackName="app", TemplateStage="Processed")
    kinds = {resource["Type"] for resource in found["TemplateBody"]["Resources"].values()}
    assert {"AWS::Lambda::Function", "AWS::IAM::Role", "AWS::ApiGatewayV2::Api"} <= kinds
    original = stacks.client.get_template(StackName="app", TemplateStage="Original")
    assert original["TemplateBody"] == TEMPLATE

    stack = stacks.update(
        "app", TEMPLATE.replace("/hello/{name}", "/hi"), Capabilities=ALL,
        Parameters=[{"ParameterKey": "Greeting", "ParameterValue": "hi"}],
    )  # fmt: skip
    assert stack["StackStatus"] == "UPDATE_COMPLETE", stacks.reasons("app")
    assert stack["Outputs"][0]["OutputValue"] == api_id
    assert _get(server, api_id, "/hi") == {"greeting": "hi", "route": "GET /hi"}
    assert stacks.delete("app")["StackStatus"] == "DELETE_COMPLETE"


def test_a_failed_transform_is_a_failed_change_set_with_the_line(cloudformation: Any) -> None:
    body = (
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources:\n"
        "  F:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Properties: {Runtime: python3.11, Handler: a.b}\n"
    )
    request = {"StackName": "app", "Capabilities": ALL, "TemplateBody": body}
    cloudformation.create_change_set(ChangeSetName="c", ChangeSetType="CREATE", **request)
    found = cloudformation.describe_change_set(StackName="app", ChangeSetName="c")
    assert found["Status"] == "FAILED"
    assert found["StatusReason"].startswith(
        "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application "
        "Specification document. Number of errors found: 1. Resource with id [F] is invalid."
    )
    assert found["StatusReason"].endswith(" (line 3)")
    cloudformation.delete_stack(StackName="app")
    with pytest.raises(ClientError, match="Transform AWS::Serverless-2016-10-31 failed with"):
        cloudformation.create_stack(**request)
    with pytest.raises(ClientError, match=r"No transform named My::Macro found\."):
        cloudformation.create_stack(
            **request | {"TemplateBody": body.replace("AWS::Serverless-2016-10-31", "My::Macro")}
        )


def test_a_template_without_serverless_resources_is_transformed_too(stacks: Any) -> None:
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"Q": {"Type": "AWS::SQS::Queue"}},
    }
    assert stacks.create("app", template, Capabilities=ALL)["StackStatus"] == "CREATE_COMPLETE"
    stacks.client.create_change_set(
        StackName="app", ChangeSetName="same", TemplateBody=json.dumps(template)
    )
    found = stacks.client.describe_change_set(StackName="app", ChangeSetName="same")
    assert (found["Status"], found["StatusReason"]) == (
        "FAILED", "No updates are to be performed.",
    )  # fmt: skip
