"""Tables for the tests of items, and requests written by hand."""

import itertools
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from urllib3 import HTTPHeaderDict

KINDS = {"p": "S", "c": "S"}


@pytest.fixture
def client(aws) -> Any:
    """A DynamoDB client of this test's own account."""
    return aws("dynamodb")


@pytest.fixture
def make_table(client) -> Callable[..., str]:
    """Make a table: `make_table("t", p="S", c="N", indexes=…)`; the second key sorts."""

    def make(name: str = "things", *, more: dict[str, str] | None = None, **keys: str) -> str:
        indexes = {kind: keys.pop(kind) for kind in list(keys) if kind.endswith("Indexes")}
        keys = keys or {"p": "S"}
        schema = [
            {"AttributeName": key, "KeyType": role}
            for key, role in zip(keys, ("HASH", "RANGE"), strict=False)
        ]
        client.create_table(
            TableName=name,
            KeySchema=schema,
            AttributeDefinitions=[
                {"AttributeName": key, "AttributeType": kind}
                for key, kind in {**keys, **(more or {})}.items()
            ],
            BillingMode="PAY_PER_REQUEST",
            **indexes,
        )
        client.get_waiter("table_exists").wait(
            TableName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200}
        )
        return name

    return make


@pytest.fixture
def post(server, account) -> Callable[..., urllib3.BaseHTTPResponse]:
    """Send a body of one's own: `post("PutItem", b"…", headers)`."""
    pool = urllib3.PoolManager(retries=False)

    def send(operation: str, body: Any, headers: Mapping[str, str] | None = None) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = AWSRequest(
            "POST", server.endpoint, data=data,
            headers={
                "X-Amz-Target": f"DynamoDB_20120810.{operation}",
                "Content-Type": "application/x-amz-json-1.0",
            },
        )  # fmt: skip
        SigV4Auth(Credentials(account, "test"), "dynamodb", "us-east-1").add_auth(request)
        more = HTTPHeaderDict(request.headers.items())
        for name in headers or ():
            more.discard(name)
        more.extend(headers or {})
        return pool.request("POST", server.endpoint, body=data, headers=more)

    return send


@pytest.fixture
def dynamodb(client):
    return client


@pytest.fixture
def streams(aws):
    return aws("dynamodbstreams")


@pytest.fixture
def until():
    """Call until the answer is true; return it."""

    def wait(question, seconds=20.0):
        deadline = time.monotonic() + seconds
        while True:
            answer = question()
            if answer:
                return answer
            assert time.monotonic() < deadline, f"still {answer!r}"
            time.sleep(0.02)

    return wait


@pytest.fixture
def create(dynamodb):
    """`create()` -> the description of a new table with the key p."""
    numbers = itertools.count(1)

    def make(**more):
        asked = {
            "TableName": f"table-{next(numbers)}", "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
        }  # fmt: skip
        return dynamodb.create_table(**(asked | more))["TableDescription"]

    return make


@pytest.fixture
def contents(dynamodb):
    """All items of a table (or an index) as {p: item}."""

    def read(name, **more):
        pages = dynamodb.get_paginator("scan").paginate(TableName=name, **more)
        return {item["p"]["S"]: item for page in pages for item in page["Items"]}

    return read
