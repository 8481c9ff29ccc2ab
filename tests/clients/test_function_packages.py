"""Packages that people's functions are made of, unchanged: Powertools, Mangum with FastAPI, the SDK."""

import base64
import fcntl
import io
import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.services.lambda_.conftest import TRUST, eventually
from tests.services.lambda_.test_mappings import is_empty, taken

SOURCES = Path(__file__).parent / "functions"
VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
EVERYTHING = {
    "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}  # fmt: skip


def installed(cache: Any, name: str, *command: str) -> Path:
    """A folder that a package manager has filled, kept by pytest. Skips when it cannot."""
    folder: Path = cache.mkdir(f"function-packages-{name}")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done, wanted = folder / "installed", " ".join(command)
        if not done.exists() or done.read_text() != wanted:
            words = [each.replace("FOLDER", str(folder / "files")) for each in command]
            ended = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
            if ended.returncode:
                pytest.skip(f"{name} packages could not be installed: {ended.stderr[-300:]}")
            done.write_text(wanted)
    return folder / "files"


def zipped(folder: Path, *sources: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for root, _, names in os.walk(folder):
            for name in names:
                path = Path(root) / name
                if path.suffix not in {".pyc", ".map", ".ts"}:
                    archive.write(path, path.relative_to(folder))
        for source in sources:
            archive.write(SOURCES / source, source)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def python_package(request):
    """Powertools with what its parser and its tracer need, FastAPI and Mangum."""
    folder = installed(
        request.config.cache, VERSION, sys.executable, "-m", "pip", "install", "-q", "--target",
        "FOLDER", "--disable-pip-version-check", "aws-lambda-powertools[parser,tracer]", "fastapi",
        "mangum",
    )  # fmt: skip
    return zipped(folder, "powertools_app.py", "fastapi_app.py")


@pytest.fixture
def role(aws, account):
    iam = aws("iam")
    iam.create_role(RoleName="f", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName="f", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    return f"arn:aws:iam::{account}:role/f"


@pytest.fixture
def table(aws):
    aws("dynamodb").create_table(
        TableName="idempotency", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )  # fmt: skip
    return "idempotency"


@pytest.fixture
def make(aws, role):
    def create(name, handler, package, runtime=VERSION, **variables):
        client = aws("lambda")
        client.create_function(
            FunctionName=name, Runtime=runtime, Handler=handler, Role=role, Timeout=6,
            MemorySize=256, Code={"ZipFile": package}, Environment={"Variables": variables},
        )  # fmt: skip

        def call(event):
            answer = client.invoke(
                FunctionName=name, Payload=json.dumps(event).encode(), LogType="Tail"
            )
            tail = base64.b64decode(answer["LogResult"]).decode()
            payload = json.loads(answer["Payload"].read())
            return payload, answer.get("FunctionError"), tail

        return call

    return create


def test_powertools(make, python_package, table, aws):
    settings = {
        "POWERTOOLS_SERVICE_NAME": "shop", "POWERTOOLS_METRICS_NAMESPACE": "Shop",
        "POWERTOOLS_TRACE_DISABLED": "true", "TABLE": table,
    }  # fmt: skip
    observed = make("observed", "powertools_app.observed", python_package, **settings)
    payload, error, tail = observed({"order_id": "o1"})
    assert error is None, payload
    lines = [json.loads(line) for line in tail.splitlines() if line.startswith("{")]
    (said,) = [line for line in lines if line.get("message") == "ordered"]
    assert said["order"] == "o1"
    assert said["cold_start"] is True
    assert said["function_name"] == "observed"
    assert said["function_request_id"] == payload["request"]
    assert [line["Orders"] for line in lines if "Orders" in line] == [[2.0]]

    parsed = make("parsed", "powertools_app.parsed", python_package, **settings)
    assert parsed({"order_id": "o", "quantity": "3"})[0] == {"order_id": "o", "quantity": 3}
    assert parsed({"order_id": "o", "quantity": "many"})[1] == "Unhandled"

    once = make("once", "powertools_app.once", python_package, **settings)
    first = once({"order_id": "o1"})
    assert first[1] is None, first
    assert once({"order_id": "o1"})[0] == first[0]
    assert once({"order_id": "o2"})[0] != first[0]

    make("batch", "powertools_app.batch", python_package, **settings)
    sqs = aws("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    url = sqs.create_queue(
        QueueName="in", Attributes={"VisibilityTimeout": "6", "RedrivePolicy": redrive}
    )["QueueUrl"]
    aws("lambda").create_event_source_mapping(
        EventSourceArn=arn.replace(":dead", ":in"), FunctionName="batch",
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )  # fmt: skip
    entries = [{"Id": word, "MessageBody": word} for word in ("good", "bad", "fine")]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert eventually(lambda: taken(sqs, dead), 60) == ["bad"]
    assert is_empty(sqs, url)


def test_fastapi_behind_mangum(make, python_package, aws, server):
    make("web", "fastapi_app.handler", python_package)
    url = aws("lambda").create_function_url_config(FunctionName="web", AuthType="NONE")[
        "FunctionUrl"
    ]

    def post(path):
        request = urllib.request.Request(
            url + path, b'{"count": 2}', {"Content-Type": "application/json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    made = {"name": "tea pot", "price": 1.5, "count": 2}
    assert post("items/tea%20pot?price=1.5") == (201, made)
    assert post("items/a?price=-1") == (422, {"detail": "no such price"})
    assert post("items/a?price=dear")[0] == 422


@pytest.mark.skipif(not (shutil.which("node") and shutil.which("npm")), reason="needs Node and npm")
def test_the_sdk_for_javascript(make, table, request):
    folder = installed(
        request.config.cache, "node", "npm", "install", "--prefix", "FOLDER", "--silent",
        "--no-audit", "--no-fund", "@aws-sdk/client-dynamodb",
    )  # fmt: skip
    call = make("sdk", "sdk.handler", zipped(folder, "sdk.mjs"), "nodejs22.x", TABLE=table)
    payload, error, tail = call({"id": "a"})
    assert error is None, (payload, tail)
    assert payload == {"found": "a", "region": "us-east-1"}
