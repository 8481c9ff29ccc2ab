"""`functions`, `invoke`, `logs` and `trace`."""

import io
import json
import re
import zipfile

import pytest
from tests.services.lambda_.conftest import TRUST, eventually

from airside.cli.events import KINDS, generate

SOURCE = (
    "import boto3\nsqs = boto3.client('sqs')\n"
    "def handler(event, context):\n"
    "    print('looking at', event)\n"
    "    if event == 'bad': raise ValueError('no')\n"
    "    sqs.list_queues()\n"
    "    return event\n"
)


@pytest.fixture(scope="module")
def watched(server):
    """A function in the account that the command line acts for."""
    client = server.client("lambda")
    server.client("iam").create_role(RoleName="watched", AssumeRolePolicyDocument=json.dumps(TRUST))
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", SOURCE)
    client.create_function(
        FunctionName="watched", Runtime="python3.11", Handler="app.handler", Timeout=20,
        Role="arn:aws:iam::000000000000:role/watched", Code={"ZipFile": package.getvalue()},
    )  # fmt: skip
    yield "watched"
    client.delete_function(FunctionName="watched")


def test_an_event_comes_from_words_files_and_generators(airside, watched, tmp_path):
    assert json.loads(airside("invoke", watched, "--event", '{"a": 1}').stdout) == {"a": 1}
    path = tmp_path / "event.json"
    path.write_text('{"b": 2}')
    assert json.loads(airside("invoke", watched, "--event", str(path)).stdout) == {"b": 2}
    done = airside("invoke", watched, "--event", "hello", "--generate", "sqs")
    (record,) = json.loads(done.stdout)["Records"]
    assert (record["body"], record["eventSource"]) == ("hello", "aws:sqs")
    assert "REPORT RequestId" in done.stderr
    assert (
        "--generate takes one of"
        in airside("invoke", watched, "--generate", "pigeon", status=1).stderr
    )
    assert "not JSON" in airside("invoke", watched, "--event", "{", status=1).stderr
    assert "accepted as" in airside("invoke", watched, "--async").stderr


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_generated_events_are_documents(kind):
    event = generate(kind, '{"a": 1}', 1_700_000_000.0)
    assert json.loads(json.dumps(event)) == event


def test_functions_are_listed_with_what_they_did(airside, watched):
    airside("invoke", watched, "--event", '"bad"', status=1)
    (found,) = [one for one in airside.json("functions")["functions"] if one["name"] == "watched"]
    assert found["events"] >= 1
    assert found["errors"] >= 1
    assert found["p99_ms"] > 0
    assert found["memory_mb"] == 128
    line = next(one for one in airside("functions").stdout.splitlines() if "watched" in one)
    assert len(line.split("\t")) == 11


def test_logs_and_trace_of_one_request(airside, watched):
    done = airside("invoke", watched, "--event", '"first"')
    request = re.search(r"START RequestId: (\S+)", done.stderr)[1]
    airside("invoke", watched, "--event", '"second"')

    def logged() -> list[str]:
        return airside("logs", watched, "--request", request).stdout.splitlines()

    lines = eventually(logged)
    assert any("looking at first" in line for line in lines)
    assert not any("second" in line for line in lines)
    spans = airside.json("trace", request)["spans"]
    steps = [(span["service"], span["operation"]) for span in spans]
    assert ("lambda", "Invoke") in steps
    assert ("lambda", "run") in steps
    assert ("sqs", "ListQueues") in steps
    shown = airside("trace", request).stdout
    assert "sqs ListQueues" in shown
    assert "█" in shown
    assert "Nothing is known of" in airside("trace", "nothing", status=1).stderr


def test_errors_are_found_with_the_requests_they_belong_to(airside, watched):
    done = airside("invoke", watched, "--event", '"bad"', status=1)
    request = re.search(r"START RequestId: (\S+)", done.stderr)[1]

    def logged() -> list[dict]:
        lines = airside("logs", watched, "--errors", "--json").stdout.splitlines()
        return [one for one in map(json.loads, lines) if one["requestId"] == request]

    assert any("[ERROR]" in one["message"] for one in eventually(logged))
    nothing = airside("logs", watched, "--request", "none-such", "--since", "5m")
    assert (nothing.stdout, "Nothing in the last 5m." in nothing.stderr) == ("", True)


def test_a_trace_follows_messages_through_a_queue(airside, watched, server):
    sqs, client = server.client("sqs"), server.client("lambda")
    url = sqs.create_queue(QueueName="traced", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    made = client.create_event_source_mapping(EventSourceArn=arn, FunctionName=watched)
    root = "Root=1-5759e988-bd862e3fe1be46a994272793"

    def trace(request, **_):
        request.headers["X-Amzn-Trace-Id"] = root

    sqs.meta.events.register("before-send.sqs.SendMessage", trace)
    sqs.send_message(QueueUrl=url, MessageBody="x")

    def steps():
        found = airside.json("trace", root)["spans"]
        return {(span["service"], span["operation"]) for span in found}

    wanted = {("sqs", "SendMessage"), ("lambda", "run"), ("sqs", "DeleteMessageBatch")}
    eventually(lambda: wanted <= steps())
    client.delete_event_source_mapping(UUID=made["UUID"])
