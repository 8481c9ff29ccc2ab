"""Loops that nobody meant are stopped after sixteen passes."""

import json

import pytest
from tests.services.lambda_.conftest import eventually
from tests.services.lambda_.test_mappings import taken

# What runs says so in `out`, then passes the event on: to itself, or to the queue it came from.
AGAIN = (
    "import boto3, json, os\nsqs, functions = boto3.client('sqs'), boto3.client('lambda')\n"
    "def handler(event, context):\n"
    "    records = event.get('Records')\n"
    "    event = json.loads(records[0]['body']) if records else event\n"
    "    sqs.send_message(QueueUrl=os.environ['OUT'], MessageBody=str(event['n']))\n"
    "    if event['n'] == event['end']: return\n"
    "    on = json.dumps({**event, 'n': event['n'] + 1})\n"
    "    if records: sqs.send_message(QueueUrl=os.environ['AROUND'], MessageBody=on)\n"
    "    else: functions.invoke(FunctionName=context.function_name, Payload=on,\n"
    "                           InvocationType=event['kind'])\n"
)


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def queue(sqs, account):
    def make(name, **attributes):
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:us-east-1:{account}:{name}"

    return make


def runs(sqs, out, count):
    found = []

    def enough():
        found.extend(int(body) for body in taken(sqs, out))
        return len(found) >= count

    eventually(enough)
    return sorted(found)


def test_an_asynchronous_loop_ends_in_the_dead_letter_queue(function, sqs, queue):
    out, _ = queue("out")
    dead, dead_arn = queue("dead")
    call = function(
        AGAIN, Environment={"Variables": {"OUT": out}}, DeadLetterConfig={"TargetArn": dead_arn}
    )
    call({"n": 1, "end": 100, "kind": "Event"}, InvocationType="Event")
    (body,) = eventually(lambda: taken(sqs, dead))
    assert json.loads(body)["n"] == 17
    assert runs(sqs, out, 16) == list(range(1, 17))


def test_a_loop_through_a_queue_ends_in_its_dead_letter_queue(function, client, sqs, queue):
    out, _ = queue("out")
    dead, dead_arn = queue("dead")
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    around, around_arn = queue("around", VisibilityTimeout="5", RedrivePolicy=policy)
    function(AGAIN, Timeout=5, Environment={"Variables": {"OUT": out, "AROUND": around}})
    client.create_event_source_mapping(EventSourceArn=around_arn, FunctionName="function")
    sqs.send_message(QueueUrl=around, MessageBody=json.dumps({"n": 1, "end": 100}))
    (body,) = eventually(lambda: taken(sqs, dead))
    assert json.loads(body)["n"] == 17
    assert runs(sqs, out, 16) == list(range(1, 17))


def test_who_waits_for_a_loop_is_told(function, sqs, queue):
    out, _ = queue("out")
    call = function(AGAIN, Timeout=30, Environment={"Variables": {"OUT": out}})
    answer = call({"n": 1, "end": 100, "kind": "RequestResponse"})
    assert answer.payload is None, "the deepest caught the error and the others went on"
    assert runs(sqs, out, 16) == list(range(1, 17))


def test_loops_that_are_meant_go_on(function, client, sqs, queue):
    out, _ = queue("out")
    call = function(AGAIN, Environment={"Variables": {"OUT": out}})
    assert client.get_function_recursion_config(FunctionName="function")["RecursiveLoop"] == (
        "Terminate"
    )
    client.put_function_recursion_config(FunctionName="function", RecursiveLoop="Allow")
    call({"n": 1, "end": 20, "kind": "Event"}, InvocationType="Event")
    assert runs(sqs, out, 20) == list(range(1, 21))
