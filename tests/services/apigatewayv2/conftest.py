"""What tests of HTTP APIs share: functions, and requests to an API."""

import io
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from typing import Any

import pytest


def _zip(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", source)
    return buffer.getvalue()


@pytest.fixture
def function(aws: Callable[..., Any], account: str) -> Callable[..., str]:
    """Makes a function from source; its ARN."""

    def make(name: str, source: str, **more: Any) -> str:
        client = aws("lambda")
        made = client.create_function(
            FunctionName=name, Runtime="python3.11", Handler="index.handler",
            Role=f"arn:aws:iam::{account}:role/r", Code={"ZipFile": _zip(source)}, **more,
        )  # fmt: skip
        client.add_permission(
            FunctionName=name, StatementId="gateway", Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )  # fmt: skip
        return str(made["FunctionArn"])

    return make


@pytest.fixture
def get(server: Any) -> Callable[..., tuple[int, dict[str, str], bytes]]:
    """Sends a request to an API: status, headers in lower case, body."""

    def send(api_id: str, path: str = "/", method: str = "GET", body: Any = None, **headers: str):
        url = f"{server.endpoint}/_aws/execute-api/{api_id}{path}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(url, body, named, method=method)
        try:
            with urllib.request.urlopen(request, timeout=40) as answer:
                status, found, content = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as answer:
            status, found, content = answer.code, answer.headers, answer.read()
        return status, {name.lower(): value for name, value in found.items()}, content

    return send
