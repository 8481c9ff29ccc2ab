"""The AWS CLI as it is: files to buckets, a stack, its function, queue and table."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      {CodeUri: code/, Handler: index.handler, Runtime: python3.12, FunctionName: echo}
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: orders}}
  Table: {Type: AWS::Serverless::SimpleTable, Properties: {TableName: things}}
"""


def test_files_go_to_buckets_and_back(run: Run, tmp_path: Path, account: str) -> None:
    bucket = f"s3://files-{account}"
    (tmp_path / "site" / "sub").mkdir(parents=True)
    (tmp_path / "site" / "a.txt").write_text("a")
    (tmp_path / "site" / "sub" / "b.html").write_text("b")
    (tmp_path / "big").write_bytes(os.urandom(20 * 1024 * 1024))
    run("aws", "s3", "mb", bucket)
    run("aws", "s3", "cp", "big", f"{bucket}/big", "--quiet")
    run("aws", "s3", "cp", f"{bucket}/big", "back", "--quiet")
    assert (tmp_path / "back").read_bytes() == (tmp_path / "big").read_bytes()
    run("aws", "s3", "sync", "site", f"{bucket}/site")
    assert run("aws", "s3", "sync", "site", f"{bucket}/site").stdout == ""
    run("aws", "s3", "mv", f"{bucket}/site/a.txt", f"{bucket}/site/c.txt")
    listed = run("aws", "s3", "ls", bucket, "--recursive").stdout.splitlines()
    assert [line.split()[-1] for line in listed] == ["big", "site/c.txt", "site/sub/b.html"]
    run("aws", "s3", "rm", f"{bucket}/big")
    assert "BucketNotEmpty" in run("aws", "s3", "rb", bucket, status=1).stderr
    run("aws", "s3", "rb", bucket, "--force")


@pytest.fixture
def stack(run: Run, tmp_path: Path, account: str) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "index.py").write_text(
        "def handler(event, context):\n    print('seen', event)\n    return event\n"
    )
    (tmp_path / "in.yaml").write_text(TEMPLATE)
    bucket = f"code-{account}"
    run("aws", "s3", "mb", f"s3://{bucket}")
    run(*["aws", "cloudformation", "package", "--template-file", "in.yaml", "--s3-bucket"], bucket,
        "--output-template-file", "out.yaml")  # fmt: skip


def test_a_stack_is_deployed_and_used(run: Run, tmp_path: Path, stack: None) -> None:
    deploy = [
        "aws",
        "cloudformation",
        "deploy",
        "--template-file",
        "out.yaml",
        "--stack-name",
        "app",
    ]
    deploy += ["--capabilities", "CAPABILITY_IAM"]
    assert "Successfully created/updated stack - app" in run(*deploy).stdout
    # The CLI names a change set after the second it is made in, and no two may share a name.
    deployed_at = int(time.time())
    while int(time.time()) == deployed_at:
        time.sleep(0.05)
    again = run(*deploy, "--no-fail-on-empty-changeset")
    assert "No changes to deploy. Stack app is up to date" in again.stdout + again.stderr
    run(
        *["aws", "lambda", "invoke", "--function-name", "echo", "--payload"],
        '{"n":1}',
        "answer.json",
    )
    assert json.loads((tmp_path / "answer.json").read_text()) == {"n": 1}
    put = ["aws", "dynamodb", "put-item", "--table-name", "things", "--item"]
    run(*put, '{"id":{"S":"1"}}')
    scanned = json.loads(run(*["aws", "dynamodb", "scan", "--table-name", "things"]).stdout)
    assert scanned["Items"] == [{"id": {"S": "1"}}]
    run(*["aws", "cloudformation", "delete-stack", "--stack-name", "app"])
    run(*["aws", "cloudformation", "wait", "stack-delete-complete", "--stack-name", "app"])
    gone = run(*["aws", "cloudformation", "describe-stacks", "--stack-name", "app"], status=255)
    assert "Stack with id app does not exist" in gone.stderr
