"""Custom resources and nested stacks."""

import json
from collections.abc import Callable
from typing import Any

ALL = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
MAKER = """
import json, urllib.request
def handler(event, context):
    kind = event["RequestType"]
    properties = event["ResourceProperties"]
    if properties.get("Die") == kind:
        raise ValueError("dead")
    answer = {
        "Status": "FAILED" if properties.get("Fail") == kind else "SUCCESS", "Reason": "because",
        "PhysicalResourceId": properties.get("Id", "made"), "StackId": event["StackId"],
        "RequestId": event["RequestId"], "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Seen": json.dumps(properties, sort_keys=True), "Type": event["ResourceType"]},
    }
    body = json.dumps(answer).encode()
    request = urllib.request.Request(event["ResponseURL"], body, method="PUT")
    urllib.request.urlopen(request).read()
"""


def _template(**properties: Any) -> dict[str, Any]:
    role = {"Version": "2012-10-17", "Statement": []}
    return {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": role}},
            "Maker": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Runtime": "python3.11", "Handler": "index.handler", "Timeout": 20,
                    "Role": {"Fn::GetAtt": "Role.Arn"}, "Code": {"ZipFile": MAKER},
                },
            },
            "Made": {
                "Type": "Custom::Thing",
                "Properties": {"ServiceToken": {"Fn::GetAtt": "Maker.Arn"}, **properties},
            },
        },
        "Outputs": {
            "Id": {"Value": {"Ref": "Made"}},
            "Seen": {"Value": {"Fn::GetAtt": "Made.Seen"}},
            "Type": {"Value": {"Fn::GetAtt": "Made.Type"}},
        },
    }  # fmt: skip


def _outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def test_a_function_makes_changes_replaces_and_removes(stacks: Any) -> None:
    stack = stacks.create("app", _template(Size=1, Flag=True), Capabilities=ALL)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stacks.reasons("app")
    outputs = _outputs(stack)
    assert (outputs["Id"], outputs["Type"]) == ("made", "Custom::Thing")
    seen = json.loads(outputs["Seen"])
    assert (seen["Size"], seen["Flag"]) == ("1", "true")
    stack = stacks.update("app", _template(Size=2, Id="other"), Capabilities=ALL)
    assert stack["StackStatus"] == "UPDATE_COMPLETE", stacks.reasons("app")
    assert _outputs(stack)["Id"] == "other"
    events = stacks.client.describe_stack_events(StackName="app")["StackEvents"]
    assert any(
        (event["LogicalResourceId"], event["PhysicalResourceId"], event["ResourceStatus"])
        == ("Made", "made", "DELETE_COMPLETE")
        for event in events
    )
    assert stacks.delete("app")["StackStatus"] == "DELETE_COMPLETE"


def test_what_fails_or_dies_fails_the_stack_at_once(stacks: Any) -> None:
    stack = stacks.create("fails", _template(Fail="Create"), Capabilities=ALL)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stacks.reasons("fails")["Made", "CREATE_FAILED"] == (
        "Received response status [FAILED] from custom resource. Message returned: because"
    )
    stack = stacks.create("dies", _template(Die="Create"), Capabilities=ALL)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "dead" in stacks.reasons("dies")["Made", "CREATE_FAILED"]


def test_stacks_within_stacks(stacks: Any, aws: Callable[..., Any], account: str) -> None:
    bucket = f"nested-{account}"
    s3 = aws("s3")
    s3.create_bucket(Bucket=bucket)
    child = {
        "Parameters": {"Delay": {"Type": "Number"}, "Names": {"Type": "CommaDelimitedList"}},
        "Resources": {
            "Q": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": {"Ref": "Delay"}}}
        },
        "Outputs": {
            "Url": {"Value": {"Ref": "Q"}},
            "Second": {"Value": {"Fn::Select": [1, {"Ref": "Names"}]}},
        },
    }
    s3.put_object(Bucket=bucket, Key="child.json", Body=json.dumps(child).encode())

    def parent(delay: int) -> dict[str, Any]:
        return {
            "Resources": {
                "Child": {
                    "Type": "AWS::CloudFormation::Stack",
                    "Properties": {
                        "TemplateURL": f"https://{bucket}.s3.amazonaws.com/child.json",
                        "Parameters": {"Delay": delay, "Names": ["a", "b"]},
                    },
                }
            },
            "Outputs": {
                "Url": {"Value": {"Fn::GetAtt": "Child.Outputs.Url"}},
                "Second": {"Value": {"Fn::GetAtt": ["Child", "Outputs.Second"]}},
            },
        }

    stack = stacks.create("app", parent(3))
    assert stack["StackStatus"] == "CREATE_COMPLETE", stacks.reasons("app")
    assert _outputs(stack)["Second"] == "b"
    url = _outputs(stack)["Url"]
    child_id = stacks.client.describe_stack_resource(StackName="app", LogicalResourceId="Child")[
        "StackResourceDetail"
    ]["PhysicalResourceId"]
    described = stacks.client.describe_stacks(StackName=child_id)["Stacks"][0]
    assert described["ParentId"] == described["RootId"] == stack["StackId"]
    assert stacks.update("app", parent(4))["StackStatus"] == "UPDATE_COMPLETE"
    attributes = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])
    assert attributes["Attributes"]["DelaySeconds"] == "4"
    assert stacks.delete("app")["StackStatus"] == "DELETE_COMPLETE"
    assert stacks.settle(child_id)["StackStatus"] == "DELETE_COMPLETE"
