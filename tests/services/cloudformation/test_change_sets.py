"""Change sets through boto3 and the AWS CLI."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

FIRST = {
    "Resources": {
        "Stays": {"Type": "AWS::SQS::Queue"},
        "Changes": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 1}},
        "Replaced": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "one"}},
        "Goes": {"Type": "AWS::SQS::Queue"},
    }
}
SECOND = {
    "Resources": {
        "Stays": {"Type": "AWS::SQS::Queue"},
        "Changes": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 2}},
        "Replaced": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "two"}},
        "Comes": {"Type": "AWS::SQS::Queue"},
    }
}


def _propose(client: Any, name: str, template: Any, kind: str = "UPDATE", **more: Any) -> Any:
    client.create_change_set(
        StackName="app", ChangeSetName=name, ChangeSetType=kind, TemplateBody=json.dumps(template),
        **more,
    )  # fmt: skip
    return client.describe_change_set(StackName="app", ChangeSetName=name)


def test_create_then_update(stacks: Any, aws: Any) -> None:
    client = stacks.client
    found = _propose(client, "first", FIRST, "CREATE")
    assert (found["Status"], found["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert {c["ResourceChange"]["Action"] for c in found["Changes"]} == {"Add"}
    stack = client.describe_stacks(StackName="app")["Stacks"][0]
    assert stack["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert client.get_template(StackName="app")["TemplateBody"] == "", "CDK reads it before"
    assert stack["StackId"] == found["StackId"]
    client.execute_change_set(StackName="app", ChangeSetName="first")
    stack = stacks.settle("app")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["ChangeSetId"] == found["ChangeSetId"]

    found = _propose(client, "second", SECOND)
    changes = {
        c["ResourceChange"]["LogicalResourceId"]: c["ResourceChange"] for c in found["Changes"]
    }
    assert {name: change["Action"] for name, change in changes.items()} == {
        "Changes": "Modify", "Replaced": "Modify", "Comes": "Add", "Goes": "Remove",
    }  # fmt: skip
    assert changes["Changes"]["Replacement"] == "False"
    assert changes["Replaced"]["Replacement"] == "True"
    [detail] = changes["Changes"]["Details"]
    assert detail["Target"] == {
        "Attribute": "Properties", "Name": "DelaySeconds", "RequiresRecreation": "Never",
    }  # fmt: skip
    client.execute_change_set(ChangeSetName=found["ChangeSetId"])
    assert stacks.settle("app")["StackStatus"] == "UPDATE_COMPLETE"
    names = [url.rpartition("/")[2] for url in aws("sqs").list_queues()["QueueUrls"]]
    assert "two" in names
    assert "one" not in names
    assert not any("Goes" in name for name in names)
    with pytest.raises(ClientError) as caught:
        client.execute_change_set(ChangeSetName=found["ChangeSetId"])
    assert caught.value.response["Error"]["Code"] == "InvalidChangeSetStatus"


def test_nothing_to_change(stacks: Any) -> None:
    stacks.create("app", FIRST)
    found = _propose(stacks.client, "same", FIRST)
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert found["StatusReason"] == (
        "The submitted information didn't contain changes. Submit different information to create "
        "a change set."
    )
    [summary] = stacks.client.list_change_sets(StackName="app")["Summaries"]
    assert summary["ChangeSetName"] == "same"
    stacks.client.delete_change_set(StackName="app", ChangeSetName="same")
    assert stacks.client.list_change_sets(StackName="app")["Summaries"] == []
    stacks.client.delete_change_set(StackName="app", ChangeSetName="same")
    tagged = _propose(stacks.client, "tags", FIRST, Tags=[{"Key": "a", "Value": "b"}])
    assert tagged["Status"] == "CREATE_COMPLETE"


def test_templates_come_from_any_shape_of_url(stacks: Any, aws: Any, account: str) -> None:
    bucket = f"templates-{account}"
    s3 = aws("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a/t.json", Body=json.dumps(FIRST).encode())
    for url in (
        f"http://127.0.0.1:4566/{bucket}/a/t.json",
        f"https://{bucket}.s3.us-east-1.amazonaws.com/a/t.json",
    ):
        valid = stacks.client.get_template_summary(TemplateURL=url)
        assert valid["ResourceTypes"] == ["AWS::SQS::Queue"]
    with pytest.raises(ClientError, match="S3 error: The specified key does not exist"):
        stacks.client.create_stack(StackName="app", TemplateURL=f"http://x/{bucket}/nope")


def test_a_stack_under_review_can_be_deleted(stacks: Any) -> None:
    _propose(stacks.client, "first", FIRST, "CREATE")
    assert stacks.delete("app")["StackStatus"] == "DELETE_COMPLETE"


def test_the_aws_cli_deploys(server: Any, stacks: Any, account: str, tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    path.write_text(json.dumps(FIRST))
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    command = [str(Path(sys.executable).with_name("aws")), "cloudformation", "deploy",
               "--template-file", str(path), "--stack-name", "app"]  # fmt: skip
    first = _run(command, environment)
    assert "Successfully created/updated stack - app" in first.stdout, first.stderr
    assert stacks.settle("app")["StackStatus"] == "CREATE_COMPLETE"
    second = _run(command, environment)
    assert "No changes to deploy. Stack app is up to date" in second.stdout + second.stderr


def _run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
