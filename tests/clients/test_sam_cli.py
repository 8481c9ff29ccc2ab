"""The SAM CLI as it is: deploy, deploy again, look, invoke, delete."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

SAM = os.environ.get("AIRSIDE_SAM") or shutil.which("sam")
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {CodeUri: code/, Runtime: python3.12}}
Resources:
  Echo: {Type: AWS::Serverless::Function, Properties: {Handler: index.handler}}
  Twin:
    Type: AWS::Serverless::Function
    Properties: {Handler: index.handler, FunctionUrlConfig: {AuthType: NONE}}
Outputs: {EchoName: {Value: !Ref Echo}}
"""


@pytest.mark.skipif(SAM is None, reason="the SAM CLI is not installed")
def test_an_application_from_deploy_to_delete(run: Run, tmp_path: Path) -> None:
    assert SAM is not None
    app = tmp_path / "app"
    (app / "code").mkdir(parents=True)
    (app / "template.yaml").write_text(TEMPLATE)
    code = app / "code" / "index.py"
    code.write_text("def handler(event, context):\n    return 'one'\n")
    deploy = [SAM, *["deploy", "--resolve-s3", "--stack-name", "app", "--no-confirm-changeset"]]
    deploy += ["--capabilities", "CAPABILITY_IAM"]
    invoke = [SAM, *["remote", "invoke", "Echo", "--stack-name", "app", "--event", "{}"]]
    run(*deploy, folder=app)
    assert run(*invoke, folder=app).stdout.strip() == '"one"'
    code.write_text("def handler(event, context):\n    return 'two'\n")
    run(*deploy, folder=app)
    assert run(*invoke, folder=app).stdout.strip() == '"two"'
    same = run(*deploy, "--no-fail-on-empty-changeset", folder=app)
    assert "No changes to deploy. Stack app is up to date" in same.stdout + same.stderr
    listed = [SAM, *["list", "resources", "--stack-name", "app", "--output", "json"]]
    names = {row["LogicalResourceId"] for row in json.loads(run(*listed, folder=app).stdout)}
    assert {"Echo", "Twin"} <= names
    endpoints = [SAM, *["list", "endpoints", "--stack-name", "app", "--output", "json"]]
    places = {
        row["LogicalResourceId"]: row["CloudEndpoint"]
        for row in json.loads(run(*endpoints, folder=app).stdout)
    }
    assert places["Echo"] == "-"
    assert "lambda-url" in places["Twin"]
    run(SAM, "delete", "--stack-name", "app", "--no-prompts", folder=app)
