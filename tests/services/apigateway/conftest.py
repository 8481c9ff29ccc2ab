"""What tests of REST APIs share: functions, requests, APIs made in a line."""

import http.client
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

ECHO = """
import json

def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event)}
"""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    """Names as they came."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture
def get(server: Any) -> Callable[..., Answer]:
    """`get(api_id, "/Prod/hello")` -> an Answer; headers are sent as they are spelled."""

    def send(
        api_id: str, path: str, method: str = "GET", body: bytes | None = None,
        headers: dict[str, str] | None = None, host: str = "",
    ) -> Answer:  # fmt: skip
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=40)
        place = path if host else f"/_aws/execute-api/{api_id}{path}"
        sent = dict(headers or {})
        if host:
            sent["Host"] = host
        connection.request(method, place, body, sent)
        answer = connection.getresponse()
        found = Answer(answer.status, dict(answer.getheaders()), answer.read())
        connection.close()
        return found

    return send


def zipped(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", source)
    return buffer.getvalue()


@pytest.fixture
def function(aws: Callable[..., Any], account: str) -> Callable[..., str]:
    """Makes a function from source; the URI of an integration with it."""

    def make(name: str, source: str = ECHO, **more: Any) -> str:
        client = aws("lambda")
        arn = client.create_function(
            FunctionName=name, Runtime="python3.11", Handler="index.handler",
            Role=f"arn:aws:iam::{account}:role/r", Code={"ZipFile": zipped(source)}, **more,
        )["FunctionArn"]  # fmt: skip
        client.add_permission(
            FunctionName=name, StatementId="gateway", Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )  # fmt: skip
        return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"

    return make


class Api:
    """One REST API of a test."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.id = client.create_rest_api(name="api")["id"]
        self.root = client.get_resources(restApiId=self.id)["items"][0]["id"]

    def resource(self, path: str) -> str:
        """The id of a resource, made with those above it where they are missing."""
        held = {
            found["path"]: found["id"]
            for found in self.client.get_resources(restApiId=self.id, limit=500)["items"]
        }
        parent, so_far = self.root, ""
        for part in filter(None, path.split("/")):
            so_far += f"/{part}"
            parent = (
                held.get(so_far)
                or self.client.create_resource(restApiId=self.id, parentId=parent, pathPart=part)[
                    "id"
                ]
            )
        return parent

    def method(self, path: str, verb: str = "GET", **more: Any) -> dict[str, str]:
        """Put a method; how requests name it."""
        where = {"restApiId": self.id, "resourceId": self.resource(path), "httpMethod": verb}
        self.client.put_method(**where, **{"authorizationType": "NONE", **more})
        return where

    def proxy(self, path: str, uri: str, verb: str = "ANY", **more: Any) -> dict[str, str]:
        """Put a method with a Lambda proxy integration."""
        where = self.method(path, verb, **more)
        self.client.put_integration(
            **where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri
        )
        return where

    def mock(
        self, path: str, verb: str = "GET", template: str = '{"statusCode": 200}', **more: Any
    ):
        """Put a method that the gateway answers itself."""
        where = self.method(path, verb, **more)
        self.client.put_integration(
            **where, type="MOCK", requestTemplates={"application/json": template}
        )
        return where

    def answer(self, where: dict[str, str], status: str = "200", **more: Any) -> None:
        """Put a method response and the integration response that fills it."""
        given = more.get("responseParameters", {})
        declared = dict.fromkeys(given, True)
        self.client.put_method_response(**where, statusCode=status, responseParameters=declared)
        self.client.put_integration_response(**where, statusCode=status, **more)

    def deploy(self, stage: str = "test", **more: Any) -> str:
        made = self.client.create_deployment(restApiId=self.id, stageName=stage, **more)
        return str(made["id"])


@pytest.fixture
def api(aws: Callable[..., Any]) -> Api:
    """A fresh REST API."""
    return Api(aws("apigateway"))
