"""Asynchronous invocation."""

import json

import pytest
from tests.services.lambda_.conftest import TRUST, eventually, package
from tests.services.lambda_.test_functions import refused
from tests.services.lambda_.test_mappings import taken

NOTE = (
    "import boto3, json, os\nsqs = boto3.client('sqs')\n"
    "def handler(event, context):\n"
    "    sqs.send_message(QueueUrl=os.environ['OUT'], MessageBody=json.dumps(event))\n"
    "    if event == 'fail':\n        raise ValueError('no')\n"
    "    return 'done'\n"
)


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def queue(sqs):
    def make(name):
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        return url, found["QueueArn"]

    return make


def test_an_event_is_accepted_and_run(function, sqs, queue):
    out, _ = queue("out")
    f = function(NOTE, Environment={"Variables": {"OUT": out}})
    answer = f({"n": 1}, InvocationType="Event")
    assert answer.raw["StatusCode"] == 202
    assert answer.payload is None
    assert eventually(lambda: taken(sqs, out)) == ['{"n": 1}']


def test_destinations_are_told(function, client, sqs, queue, account):
    out, _ = queue("out")
    good, good_arn = queue("good")
    bad, bad_arn = queue("bad")
    f = function(NOTE, Environment={"Variables": {"OUT": out}})
    client.put_function_event_invoke_config(
        FunctionName="function", MaximumRetryAttempts=0,
        DestinationConfig={"OnSuccess": {"Destination": good_arn}, "OnFailure": {"Destination": bad_arn}},
    )  # fmt: skip
    f("ok", InvocationType="Event")
    (body,) = eventually(lambda: taken(sqs, good))
    record = json.loads(body)
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["functionArn"] == f"{f.arn}:$LATEST"
    assert (record["requestPayload"], record["responsePayload"]) == ("ok", "done")
    f("fail", InvocationType="Event")
    (body,) = eventually(lambda: taken(sqs, bad))
    record = json.loads(body)
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorType"] == "ValueError"


def test_a_dead_letter_queue_gets_the_event(function, client, sqs, queue):
    out, _ = queue("out")
    dead, dead_arn = queue("dead")
    f = function(
        NOTE, Environment={"Variables": {"OUT": out}}, DeadLetterConfig={"TargetArn": dead_arn}
    )
    client.put_function_event_invoke_config(FunctionName="function", MaximumRetryAttempts=0)
    f("fail", InvocationType="Event")
    (message,) = eventually(
        lambda: sqs.receive_message(QueueUrl=dead, MessageAttributeNames=["All"]).get("Messages")
    )
    assert json.loads(message["Body"]) == "fail"
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no"
    assert message["MessageAttributes"]["ErrorCode"]["StringValue"] == "200"


def test_the_configuration_of_retries(function, client):
    f = function(NOTE)
    refused(
        lambda: client.get_function_event_invoke_config(FunctionName="function"),
        "ResourceNotFoundException",
    )
    client.put_function_event_invoke_config(FunctionName="function", MaximumRetryAttempts=1)
    client.update_function_event_invoke_config(FunctionName="function", MaximumEventAgeInSeconds=60)
    found = client.get_function_event_invoke_config(FunctionName="function")
    assert (found["MaximumRetryAttempts"], found["MaximumEventAgeInSeconds"]) == (1, 60)
    assert found["FunctionArn"] == f"{f.arn}:$LATEST"
    listed = client.list_function_event_invoke_configs(FunctionName="function")
    assert len(listed["FunctionEventInvokeConfigs"]) == 1
    client.delete_function_event_invoke_config(FunctionName="function")
    refused(
        lambda: client.get_function_event_invoke_config(FunctionName="function"),
        "ResourceNotFoundException",
    )


def test_accepted_events_survive_kill_9(start):
    """Events that wait for a function that may not run are run after the restart."""
    from tests.services.lambda_.conftest import TRUST, package

    server = start()
    account = "123456789012"
    iam, client, sqs = (server.client(each, account) for each in ("iam", "lambda", "sqs"))
    iam.create_role(RoleName="function", AssumeRolePolicyDocument=json.dumps(TRUST))
    out = sqs.create_queue(QueueName="out")["QueueUrl"]
    client.create_function(
        FunctionName="f", Runtime="python3.11", Handler="app.handler",
        Role=f"arn:aws:iam::{account}:role/function", Code={"ZipFile": package(app=NOTE)},
        Environment={"Variables": {"OUT": out}},
    )  # fmt: skip
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    for number in range(10):
        client.invoke(FunctionName="f", InvocationType="Event", Payload=str(number).encode())
    server.kill()
    server = start()
    client, sqs = server.client("lambda", account), server.client("sqs", account)
    out = sqs.get_queue_url(QueueName="out")["QueueUrl"]
    client.update_function_configuration(FunctionName="f", Environment={"Variables": {"OUT": out}})
    client.delete_function_concurrency(FunctionName="f")
    seen: list[str] = []
    eventually(lambda: seen.extend(taken(sqs, out)) or len(seen) >= 10, 40)
    assert sorted(seen) == [str(number) for number in range(10)]


def test_no_event_is_lost_by_kill_9(start):
    """Accepted before the crash means run after it, whatever was going on."""
    server = start(function_idle_seconds=20)
    sqs, client = server.client("sqs"), server.client("lambda")
    out = sqs.create_queue(QueueName="out")["QueueUrl"]
    server.client("iam").create_role(RoleName="f", AssumeRolePolicyDocument=json.dumps(TRUST))
    source = NOTE.replace("    return", "    import time; time.sleep(0.05)\n    return")
    client.create_function(
        FunctionName="f", Runtime="python3.11", Handler="app.handler", Timeout=20,
        Role="arn:aws:iam::000000000000:role/f", Code={"ZipFile": package(app=source)},
        Environment={"Variables": {"OUT": out}},
    )  # fmt: skip
    accepted = []
    for number in range(60):
        answer = client.invoke(
            FunctionName="f", InvocationType="Event", Payload=str(number).encode()
        )
        assert answer["StatusCode"] == 202
        accepted.append(str(number))
    server.kill()
    server = start()
    sqs = server.client("sqs")
    out = sqs.get_queue_url(QueueName="out")["QueueUrl"]
    seen: set[str] = set()
    eventually(lambda: seen.update(taken(sqs, out)) or seen >= set(accepted), 40)
