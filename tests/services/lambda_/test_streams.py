"""Event source mappings from DynamoDB Streams."""

import json

import pytest
from tests.services.lambda_.conftest import eventually
from tests.services.lambda_.test_functions import refused
from tests.services.lambda_.test_mappings import taken

FORWARD = (
    "import boto3, json, os\nsqs = boto3.client('sqs')\n"
    "def handler(event, context):\n"
    "    records = event['Records']\n"
    "    ids = [record['dynamodb']['Keys']['id']['S'] for record in records]\n"
    "    sqs.send_message(QueueUrl=os.environ['OUT'], MessageBody=json.dumps({'ids': ids,\n"
    "                     'first': records[0]}))\n"
    "    if 'poison' in ids: raise ValueError('poison')\n"
)


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def table(aws):
    """A table with a stream: its client and the stream's ARN."""
    dynamodb = aws("dynamodb")
    made = dynamodb.create_table(
        TableName="orders", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )  # fmt: skip
    return dynamodb, made["TableDescription"]["LatestStreamArn"]


@pytest.fixture
def out(sqs, function):
    """A queue that tells what the function saw."""
    url = sqs.create_queue(QueueName="out")["QueueUrl"]
    function(FORWARD, Environment={"Variables": {"OUT": url}})
    return url


def put(dynamodb, *ids, **more):
    for each in ids:
        dynamodb.put_item(TableName="orders", Item={"id": {"S": each}, **more})


def seen(sqs, url, count):
    found: list[str] = []

    def enough():
        for body in taken(sqs, url):
            found.extend(json.loads(body)["ids"])
        return len(found) >= count

    eventually(enough)
    return found


def test_changes_reach_the_function_in_order(client, sqs, table, out):
    dynamodb, arn = table
    put(dynamodb, "before")
    made = client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="function", StartingPosition="TRIM_HORIZON", BatchSize=10
    )
    assert made["State"] == "Creating"
    assert made["LastProcessingResult"] == "No records processed"
    assert (made["MaximumRetryAttempts"], made["ParallelizationFactor"]) == (-1, 1)
    assert made["DestinationConfig"] == {"OnFailure": {}}
    ids = [f"o{number}" for number in range(25)]
    put(dynamodb, *ids)
    assert seen(sqs, out, 26) == ["before", *ids]
    found = client.get_event_source_mapping(UUID=made["UUID"])
    assert (found["State"], found["LastProcessingResult"]) == ("Enabled", "OK")


def test_the_record_is_as_aws_writes_it(client, sqs, table, out):
    dynamodb, arn = table
    client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="function", StartingPosition="LATEST"
    )
    put(dynamodb, "a", total={"N": "7"}, raw={"B": b"\x00\xff"})
    (body,) = eventually(lambda: taken(sqs, out))
    record = json.loads(body)["first"]
    assert record["eventSource"] == "aws:dynamodb"
    assert record["eventName"] == "INSERT"
    assert record["eventSourceARN"] == arn
    assert record["awsRegion"] == "us-east-1"
    change = record["dynamodb"]
    assert change["NewImage"] == {"id": {"S": "a"}, "total": {"N": "7"}, "raw": {"B": "AP8="}}
    assert change["Keys"] == {"id": {"S": "a"}}
    assert change["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    moment = change["ApproximateCreationDateTime"]
    assert (type(moment), moment % 1) == (float, 0), "as AWS writes it"
    assert change["SequenceNumber"].isdigit()
    assert "OldImage" not in change


def test_a_batch_is_bisected_until_the_record_that_fails_is_told(client, sqs, table, out):
    dynamodb, arn = table
    failed = sqs.create_queue(QueueName="failed")["QueueUrl"]
    put(dynamodb, "a", "b", "poison", "c")
    client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="function", StartingPosition="TRIM_HORIZON",
        BisectBatchOnFunctionError=True, MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": arn.partition(":dynamodb")[0] + ":sqs"
                           + arn.partition(":dynamodb")[2].partition(":table")[0] + ":failed"}},
    )  # fmt: skip
    (body,) = eventually(lambda: taken(sqs, failed))
    told = json.loads(body)
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["requestContext"]["approximateInvokeCount"] == 2
    assert told["responseContext"] == {
        "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"
    }  # fmt: skip
    info = told["DDBStreamBatchInfo"]
    assert info["batchSize"] == 1
    assert info["startSequenceNumber"] == info["endSequenceNumber"]
    assert info["streamArn"] == arn
    assert seen(sqs, out, 1)[0] == "a"


def test_filters_and_changes_of_what_polls(client, sqs, table, out):
    dynamodb, arn = table
    pattern = {"eventName": ["REMOVE"], "dynamodb": {"Keys": {"id": {"S": [{"prefix": "x"}]}}}}
    made = client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="function", StartingPosition="TRIM_HORIZON",
        ParallelizationFactor=3, FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]},
    )  # fmt: skip
    put(dynamodb, "a", "xa", "xb")
    for each in ("a", "xa"):
        dynamodb.delete_item(TableName="orders", Key={"id": {"S": each}})
    assert seen(sqs, out, 1) == ["xa"]
    changed = client.update_event_source_mapping(UUID=made["UUID"], Enabled=False)
    assert changed["State"] == "Disabling"
    dynamodb.delete_item(TableName="orders", Key={"id": {"S": "xb"}})
    assert client.get_event_source_mapping(UUID=made["UUID"])["State"] == "Disabled"
    client.update_event_source_mapping(UUID=made["UUID"], Enabled=True)
    assert seen(sqs, out, 1) == ["xb"]
    client.delete_event_source_mapping(UUID=made["UUID"])


def test_what_a_mapping_must_satisfy(client, table, out, account):
    _, arn = table
    create = client.create_event_source_mapping
    given = {"EventSourceArn": arn, "FunctionName": "function"}
    bad = "InvalidParameterValueException"
    assert refused(lambda: create(**given), bad) == (
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy "
        "constraint: Member must not be null."
    )
    assert refused(lambda: create(**given, StartingPosition="AT_TIMESTAMP"), bad) == (
        f"Unsupported starting position for arn type: {arn}"
    )
    missing = {**given, "EventSourceArn": arn[:-1] + "9", "StartingPosition": "LATEST"}
    assert refused(lambda: create(**missing), bad) == f"Stream not found: {arn[:-1]}9"
    broken = {"Filters": [{"Pattern": '{"a": "not a list"}'}]}
    message = refused(
        lambda: create(**given, StartingPosition="LATEST", FilterCriteria=broken), bad
    )
    assert message == "Invalid filter pattern definition."


COUNT = (
    "import boto3, json, os\nsqs = boto3.client('sqs')\n"
    "def handler(event, context):\n"
    "    ids = [record['dynamodb']['Keys']['id']['S'] for record in event['Records']]\n"
    "    seen = event['state'].get('seen', []) + ids\n"
    "    told = {key: value for key, value in event.items() if key != 'Records'}\n"
    "    sqs.send_message(QueueUrl=os.environ['OUT'], MessageBody=json.dumps(\n"
    "        {**told, 'ids': ids, 'all': seen}))\n"
    "    return {'state': {'seen': seen}}\n"
)


def test_a_tumbling_window_carries_its_state_to_its_end(client, sqs, table, function):
    dynamodb, arn = table
    out = sqs.create_queue(QueueName="out")["QueueUrl"]
    function(COUNT, Environment={"Variables": {"OUT": out}})
    client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="function", StartingPosition="TRIM_HORIZON", BatchSize=2,
        TumblingWindowInSeconds=2,
    )  # fmt: skip
    ids = [f"o{number}" for number in range(5)]
    put(dynamodb, *ids)
    told: list[dict] = []

    def all_ended():
        told.extend(json.loads(body) for body in taken(sqs, out))
        ended = [each for each in told if each["isFinalInvokeForWindow"]]
        return sum(len(each["all"]) for each in ended) == 5

    eventually(all_ended)
    windows: dict[str, list[dict]] = {}
    for each in sorted(told, key=lambda each: (each["window"]["start"], len(each["all"]),
                                               each["isFinalInvokeForWindow"])):  # fmt: skip
        windows.setdefault(each["window"]["start"], []).append(each)
    assert [seen for each in windows.values() for seen in each[-1]["all"]] == ids
    for invokes in windows.values():
        *before, last = invokes
        assert invokes[0]["state"] == {}, "each window begins anew"
        assert [each["isFinalInvokeForWindow"] for each in before] == [False] * len(before)
        assert (last["ids"], last["state"]["seen"]) == ([], before[-1]["all"])
        assert (last["isWindowTerminatedEarly"], last["eventSourceARN"]) == (False, arn)
        assert last["shardId"].startswith("shardId-")
        start, end = last["window"]["start"], last["window"]["end"]
        assert start.endswith("Z")
        assert (int(end[17:19]) - int(start[17:19])) % 60 == 2


def test_tumbling_windows_take_one_batch_at_a_time(client, table, function):
    function(COUNT, Environment={"Variables": {"OUT": ""}})
    message = refused(
        lambda: client.create_event_source_mapping(
            EventSourceArn=table[1], FunctionName="function", StartingPosition="LATEST",
            TumblingWindowInSeconds=30, ParallelizationFactor=2,
        ),
        "InvalidParameterValueException",
    )  # fmt: skip
    assert "parallelization factor of 1" in message
