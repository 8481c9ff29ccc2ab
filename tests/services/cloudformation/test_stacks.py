"""Stacks through boto3."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

QUEUE = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}
TEMPLATE = """
AWSTemplateFormatVersion: 2010-09-09
Description: A queue and its dead letters
Parameters:
  Seconds: {Type: Number, Default: 30, MinValue: 0}
  Secret: {Type: String, NoEcho: true, Default: hush}
  Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Orders:
    Type: AWS::SQS::Queue
    Metadata: {Who: me}
    Properties:
      VisibilityTimeout: !Ref Seconds
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
  Dead:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !If [IsProd, prod-dead, !Ref "AWS::NoValue"]
  OnlyProd:
    Type: AWS::SQS::Queue
    Condition: IsProd
Outputs:
  Url: {Value: !Ref Orders, Description: Where, Export: {Name: !Sub "${AWS::StackName}-url"}}
  Nothing: {Value: x, Condition: IsProd}
"""


def _fails(call: Callable[..., Any], code: str, message: str, **request: Any) -> None:
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, message)


def test_a_stack_from_creation_to_deletion(stacks: Any, aws: Any, account: str) -> None:
    client, sqs = stacks.client, aws("sqs")
    tags = [{"Key": "team", "Value": "shop"}]
    stack = stacks.create("app", TEMPLATE, Tags=tags)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["StackId"].startswith(f"arn:aws:cloudformation:us-east-1:{account}:stack/app/")
    assert stack["Description"] == "A queue and its dead letters"
    assert stack["Tags"] == tags
    assert {p["ParameterKey"]: p["ParameterValue"] for p in stack["Parameters"]} == {
        "Seconds": "30", "Secret": "****", "Stage": "dev",
    }  # fmt: skip
    [output] = stack["Outputs"]
    assert output["ExportName"] == "app-url"
    attributes = sqs.get_queue_attributes(
        QueueUrl=output["OutputValue"], AttributeNames=["VisibilityTimeout", "RedrivePolicy"]
    )["Attributes"]
    assert attributes["VisibilityTimeout"] == "30"
    assert "app-Dead-" in attributes["RedrivePolicy"]
    assert client.list_exports()["Exports"][0]["Value"] == output["OutputValue"]

    more = [{"ParameterKey": "Seconds", "ParameterValue": "60"}]
    stack = stacks.update("app", TEMPLATE, Parameters=more)
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert stack["Tags"] == tags
    assert sqs.get_queue_attributes(
        QueueUrl=output["OutputValue"], AttributeNames=["VisibilityTimeout"]
    )["Attributes"] == {"VisibilityTimeout": "60"}
    keep = [{"ParameterKey": "Seconds", "UsePreviousValue": True}]
    with pytest.raises(ClientError, match=r"No updates are to be performed\.$"):
        client.update_stack(StackName="app", UsePreviousTemplate=True, Parameters=keep)

    assert stacks.delete("app")["StackStatus"] == "DELETE_COMPLETE"
    assert "QueueUrls" not in sqs.list_queues()
    assert client.describe_stacks()["Stacks"] == []
    assert client.list_stacks()["StackSummaries"][0]["StackStatus"] == "DELETE_COMPLETE"


def test_sentences_that_clients_match(cloudformation: Any, stacks: Any) -> None:
    missing = "Stack with id nope does not exist"
    for call in (
        cloudformation.describe_stacks,
        cloudformation.describe_stack_events,
        cloudformation.describe_stack_resources,
        cloudformation.list_stack_resources,
        cloudformation.get_template,
        cloudformation.list_change_sets,
    ):
        _fails(call, "ValidationError", missing, StackName="nope")
    _fails(
        cloudformation.update_stack, "ValidationError", missing,
        StackName="nope", TemplateBody="{}",
    )  # fmt: skip
    cloudformation.delete_stack(StackName="nope")
    stacks.create("app", QUEUE)
    _fails(
        cloudformation.create_stack, "AlreadyExistsException", "Stack [app] already exists",
        StackName="app", TemplateBody="{}",
    )  # fmt: skip
    _fails(
        cloudformation.create_change_set, "ValidationError",
        "Stack [app] already exists and cannot be created again with the changeSet [c].",
        StackName="app", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody="{}",
    )  # fmt: skip
    _fails(
        cloudformation.describe_change_set, "ChangeSetNotFound", "ChangeSet [c] does not exist",
        StackName="app", ChangeSetName="c",
    )  # fmt: skip
    _fails(
        cloudformation.describe_stack_resource, "ValidationError",
        "Resource X does not exist for stack app", StackName="app", LogicalResourceId="X",
    )  # fmt: skip


def test_the_line_of_a_mistake_is_named(cloudformation: Any) -> None:
    body = (
        "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: !Ref Nope\n"
    )
    _fails(
        cloudformation.create_stack, "ValidationError",
        "Template format error: Unresolved resource dependencies [Nope] in the Resources block of "
        "the template (line 5)",
        StackName="app", TemplateBody=body,
    )  # fmt: skip
    _fails(
        cloudformation.validate_template, "ValidationError",
        "Template format error: YAML not well-formed. (line 2, column 5)",
        TemplateBody="a: x\nb: c: d\n",
    )  # fmt: skip


def test_capabilities_must_be_acknowledged(cloudformation: Any) -> None:
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"RoleName": "r", "AssumeRolePolicyDocument": {"Statement": []}},
    }
    _fails(
        cloudformation.create_stack, "InsufficientCapabilitiesException",
        "Requires capabilities : [CAPABILITY_NAMED_IAM]",
        StackName="app", Capabilities=["CAPABILITY_IAM"],
        TemplateBody=json.dumps({"Resources": {"R": role}}),
    )  # fmt: skip
    _fails(
        cloudformation.create_stack, "InsufficientCapabilitiesException",
        "Requires capabilities : [CAPABILITY_AUTO_EXPAND]",
        StackName="app",
        TemplateBody=json.dumps({"Transform": "AWS::Serverless-2016-10-31", **QUEUE}),
    )  # fmt: skip


def test_an_unknown_type_fails_the_stack_and_names_itself(stacks: Any, aws: Any) -> None:
    template = {"Resources": {**QUEUE["Resources"], "X": {"Type": "AWS::Foo::Bar"}}}
    stack = stacks.create("app", template)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stacks.reasons("app")["X", "CREATE_FAILED"] == (
        "Resource type AWS::Foo::Bar is not supported by Airside (see docs/coverage)"
    )
    assert "QueueUrls" not in aws("sqs").list_queues()


def test_failures_of_services_are_the_reasons(stacks: Any, aws: Any) -> None:
    template = {
        "Resources": {
            "Good": {"Type": "AWS::SQS::Queue"},
            "Bad": {
                "Type": "AWS::SQS::Queue",
                "DependsOn": "Good",
                "Properties": {"VisibilityTimeout": 99999999},
            },
        }
    }
    stack = stacks.create("app", template)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    reasons = stacks.reasons("app")
    assert "VisibilityTimeout" in reasons["Bad", "CREATE_FAILED"]
    assert reasons["app", "ROLLBACK_IN_PROGRESS"] == (
        "The following resource(s) failed to create: [Bad]. Rollback requested by user."
    )
    assert "QueueUrls" not in aws("sqs").list_queues()


def test_resources_are_described(stacks: Any) -> None:
    stacks.create("app", TEMPLATE)
    client = stacks.client
    detail = client.describe_stack_resource(StackName="app", LogicalResourceId="Orders")
    detail = detail["StackResourceDetail"]
    assert detail["ResourceStatus"] == "CREATE_COMPLETE"
    assert detail["Metadata"] == '{"Who": "me"}'
    by_physical = client.describe_stack_resources(PhysicalResourceId=detail["PhysicalResourceId"])
    assert {r["LogicalResourceId"] for r in by_physical["StackResources"]} == {"Orders", "Dead"}
    listed = client.list_stack_resources(StackName="app")["StackResourceSummaries"]
    assert {r["LogicalResourceId"]: r["ResourceType"] for r in listed} == {
        "Orders": "AWS::SQS::Queue", "Dead": "AWS::SQS::Queue",
    }  # fmt: skip


def test_templates_are_read_back_and_summarized(stacks: Any) -> None:
    stacks.create("app", TEMPLATE)
    client = stacks.client
    found = client.get_template(StackName="app", TemplateStage="Original")
    assert found["TemplateBody"] == TEMPLATE
    for request in ({"StackName": "app"}, {"TemplateBody": TEMPLATE}):
        summary = client.get_template_summary(**request)
        assert summary["ResourceTypes"] == ["AWS::SQS::Queue"]
        assert summary["Version"] == "2010-09-09"
        named = {p["ParameterKey"]: p for p in summary["Parameters"]}
        assert named["Stage"]["ParameterConstraints"] == {"AllowedValues": ["dev", "prod"]}
        assert named["Secret"]["NoEcho"] is True
        assert named["Seconds"]["DefaultValue"] == "30"
    valid = client.validate_template(TemplateBody=TEMPLATE)
    assert valid["Description"] == "A queue and its dead letters"
    assert "Capabilities" not in valid


def test_events_are_newest_first_and_pages_never_shift(stacks: Any) -> None:
    many = {"Resources": {f"Q{n}": {"Type": "AWS::SQS::Queue"} for n in range(45)}}
    stacks.create("app", many)
    client = stacks.client
    first = client.describe_stack_events(StackName="app")
    assert first["StackEvents"][0]["ResourceStatus"] == "CREATE_COMPLETE"
    assert first["StackEvents"][0]["LogicalResourceId"] == "app"
    stacks.update("app", {"Resources": {"Q0": {"Type": "AWS::SQS::Queue"}}})
    second = client.describe_stack_events(StackName="app", NextToken=first["NextToken"])
    ids = [event["EventId"] for event in first["StackEvents"] + second["StackEvents"]]
    assert len(ids) == len(set(ids)) == 137
    assert "NextToken" not in second
    times = [event["Timestamp"] for event in first["StackEvents"] + second["StackEvents"]]
    assert times == sorted(times, reverse=True)


def test_termination_protection(stacks: Any) -> None:
    stacks.create("app", QUEUE, EnableTerminationProtection=True)
    _fails(
        stacks.client.delete_stack, "ValidationError",
        "Stack [app] cannot be deleted while TerminationProtection is enabled", StackName="app",
    )  # fmt: skip
    stacks.client.update_termination_protection(StackName="app", EnableTerminationProtection=False)
    assert stacks.delete("app")["StackStatus"] == "DELETE_COMPLETE"


def test_accounts_and_regions_are_apart(stacks: Any, server: Any) -> None:
    stacks.create("app", QUEUE)
    assert server.client("cloudformation", "999999999999").describe_stacks()["Stacks"] == []


def test_drift_is_honestly_not_implemented(cloudformation: Any) -> None:
    with pytest.raises(ClientError) as caught:
        cloudformation.detect_stack_drift(StackName="app")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
