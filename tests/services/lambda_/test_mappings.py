"""Event source mappings from SQS."""

import json

import pytest
from tests.services.lambda_.conftest import eventually
from tests.services.lambda_.test_functions import refused

FORWARD = (
    "import boto3, json, os\nsqs = boto3.client('sqs')\n"
    "def handler(event, context):\n"
    "    bodies = [record['body'] for record in event['Records']]\n"
    "    sqs.send_message(QueueUrl=os.environ['OUT'], MessageBody=json.dumps(bodies))\n"
)


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def queues(sqs):
    """A source, its ARN, and a queue for what comes out."""
    source = sqs.create_queue(QueueName="in", Attributes={"VisibilityTimeout": "3"})["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=source, AttributeNames=["QueueArn"])[
        "Attributes"
    ]
    return source, attributes["QueueArn"], sqs.create_queue(QueueName="out")["QueueUrl"]


def taken(sqs, url):
    found = []
    for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        found.append(message["Body"])
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def is_empty(sqs, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return all(count == "0" for count in counts.values())


def test_messages_reach_the_function_and_leave_the_queue(function, client, sqs, queues):
    source, arn, out = queues
    function(FORWARD, Environment={"Variables": {"OUT": out}})
    made = client.create_event_source_mapping(EventSourceArn=arn, FunctionName="function")
    assert (made["State"], made["BatchSize"]) == ("Creating", 10)
    for number in range(30):
        sqs.send_message(QueueUrl=source, MessageBody=str(number))
    seen: list[str] = []

    def all_seen():
        for body in taken(sqs, out):
            seen.extend(json.loads(body))
        return len(seen) >= 30

    eventually(all_seen)
    assert sorted(seen, key=int) == [str(number) for number in range(30)]
    eventually(lambda: is_empty(sqs, source))


def test_the_record_is_as_aws_writes_it(function, client, sqs, queues):
    source, arn, out = queues
    function(FORWARD.replace("bodies)", "event)"), Environment={"Variables": {"OUT": out}})
    client.create_event_source_mapping(EventSourceArn=arn, FunctionName="function")
    sqs.send_message(
        QueueUrl=source, MessageBody="hello",
        MessageAttributes={"n": {"DataType": "Number", "StringValue": "7"}},
    )  # fmt: skip
    (body,) = eventually(lambda: taken(sqs, out))
    (record,) = json.loads(body)["Records"]
    assert record["body"] == "hello"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == arn
    assert record["awsRegion"] == "us-east-1"
    assert record["md5OfBody"] == "5d41402abc4b2a76b9719d911017c592"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"] == {
        "n": {
            "stringValue": "7",
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": "Number",
        }
    }
    assert {"messageId", "receiptHandle"} <= record.keys()


def test_only_the_items_that_failed_come_again(function, client, sqs, queues):
    source, arn, out = queues
    function(
        "import boto3, os\nsqs = boto3.client('sqs')\n"
        "def handler(event, context):\n"
        "    failed = []\n"
        "    for record in event['Records']:\n"
        "        count = record['attributes']['ApproximateReceiveCount']\n"
        "        sqs.send_message(QueueUrl=os.environ['OUT'], MessageBody=record['body'] + count)\n"
        "        if record['body'] == 'bad' and count == '1':\n"
        "            failed.append({'itemIdentifier': record['messageId']})\n"
        "    return {'batchItemFailures': failed}\n",
        Environment={"Variables": {"OUT": out}},
    )
    client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="function",
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )  # fmt: skip
    entries = [{"Id": word, "MessageBody": word} for word in ("good", "bad", "fine")]
    sqs.send_message_batch(QueueUrl=source, Entries=entries)
    seen: list[str] = []
    eventually(lambda: seen.extend(taken(sqs, out)) or len(seen) >= 4)
    assert sorted(seen) == ["bad1", "bad2", "fine1", "good1"]
    eventually(lambda: is_empty(sqs, source))


def test_messages_that_no_filter_wants_are_dropped(function, client, sqs, queues):
    source, arn, out = queues
    function(FORWARD, Environment={"Variables": {"OUT": out}})
    pattern = json.dumps({"body": {"kind": ["order"], "total": [{"numeric": [">", 10]}]}})
    client.create_event_source_mapping(
        EventSourceArn=arn,
        FunctionName="function",
        FilterCriteria={"Filters": [{"Pattern": pattern}]},
    )
    for kind, total in (("order", 5), ("cart", 50), ("order", 50)):
        sqs.send_message(QueueUrl=source, MessageBody=json.dumps({"kind": kind, "total": total}))
    (body,) = eventually(lambda: taken(sqs, out))
    assert [json.loads(each)["total"] for each in json.loads(body)] == [50]
    eventually(lambda: is_empty(sqs, source))


def test_a_batching_window_gathers_a_batch(function, client, sqs, queues):
    source, arn, out = queues
    function(FORWARD, Environment={"Variables": {"OUT": out}})
    client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="function", BatchSize=25, MaximumBatchingWindowInSeconds=2
    )
    for number in range(25):
        sqs.send_message(QueueUrl=source, MessageBody=str(number))
    (body,) = eventually(lambda: taken(sqs, out))
    assert len(json.loads(body)) == 25


def test_a_disabled_mapping_leaves_messages_alone(function, client, sqs, queues):
    source, arn, out = queues
    function(FORWARD, Environment={"Variables": {"OUT": out}})
    made = client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="function", Enabled=False
    )
    assert made["State"] == "Disabled"
    sqs.send_message(QueueUrl=source, MessageBody="wait")
    assert not is_empty(sqs, source)
    client.update_event_source_mapping(UUID=made["UUID"], Enabled=True)
    assert eventually(lambda: taken(sqs, out)) == ['["wait"]']
    assert client.delete_event_source_mapping(UUID=made["UUID"])["State"] == "Deleting"
    refused(lambda: client.get_event_source_mapping(UUID=made["UUID"]), "ResourceNotFoundException")


def test_what_a_mapping_must_satisfy(function, client, queues):
    _, arn, _ = queues
    function(FORWARD)
    create = lambda **more: client.create_event_source_mapping(  # noqa: E731
        **{"EventSourceArn": arn, "FunctionName": "function", **more}
    )
    refused(lambda: create(EventSourceArn=arn + "x"), "InvalidParameterValueException")
    assert refused(lambda: create(FunctionName="none"), "InvalidParameterValueException") == (
        "Function does not exist"
    )
    refused(lambda: create(BatchSize=11), "InvalidParameterValueException")
    client.update_function_configuration(FunctionName="function", Timeout=60)
    message = refused(create, "InvalidParameterValueException")
    assert (
        message == "Queue visibility timeout: 3 seconds is less than Function timeout: 60 seconds"
    )
    client.update_function_configuration(FunctionName="function", Timeout=3)
    create()
    refused(create, "ResourceConflictException")
    found = client.list_event_source_mappings(FunctionName="function")["EventSourceMappings"]
    assert [each["EventSourceArn"] for each in found] == [arn]
