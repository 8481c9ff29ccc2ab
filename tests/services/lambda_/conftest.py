"""Functions made in one line, in an account of the test's own."""

import base64
import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def package(**files: str) -> bytes:
    """A zip of Python modules: `package(app="source")` holds app.py."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, source in files.items():
            archive.writestr(f"{name}.py" if "." not in name else name, source)
    return buffer.getvalue()


def eventually(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait for something to become true; what it became."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


@dataclass
class Answer:
    """What Invoke answered."""

    payload: Any
    error: str | None
    tail: str
    raw: dict[str, Any]


@dataclass
class Function:
    """One function."""

    client: Any
    name: str
    arn: str

    def __call__(self, event: Any = None, **more: Any) -> Answer:
        result = self.client.invoke(
            FunctionName=self.name, Payload=json.dumps(event).encode(), LogType="Tail", **more
        )
        body = result["Payload"].read()
        tail = base64.b64decode(result.get("LogResult", "")).decode()
        payload = json.loads(body) if body else None
        return Answer(payload, result.get("FunctionError"), tail, result)


@pytest.fixture
def role(aws, account):
    """A role that functions may have."""
    aws("iam").create_role(RoleName="function", AssumeRolePolicyDocument=json.dumps(TRUST))
    return f"arn:aws:iam::{account}:role/function"


@pytest.fixture
def client(aws):
    """Lambda, in the test's account."""
    return aws("lambda")


@pytest.fixture
def function(client, role):
    """Make a function of a source that defines `handler`."""

    def make(source: str, name: str = "function", **more: Any) -> Function:
        given = {
            "FunctionName": name, "Runtime": "python3.11", "Handler": "app.handler", "Role": role,
            "Code": {"ZipFile": package(app=source)}, **more,
        }  # fmt: skip
        made = client.create_function(**given)
        return Function(
            client, name, made["FunctionArn"].partition(":function:")[0] + f":function:{name}"
        )

    return make
