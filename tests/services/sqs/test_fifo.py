"""FIFO queues through boto3."""

import time

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def url(make):
    return make(FifoQueue="true")


@pytest.fixture
def send(sqs):
    def put(url, body, group="g", deduplication_id=None, **more):
        more.setdefault("MessageDeduplicationId", deduplication_id or body)
        return sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, **more)

    return put


def bodies(messages):
    return [message["Body"] for message in messages]


def test_a_group_comes_in_order_and_one_receiver_at_a_time(sqs, url, send, receive):
    for number in range(4):
        send(url, f"a{number}", "a")
    send(url, "b0", "b")
    first = receive(url, 2)
    assert bodies(first) == ["a0", "a1"]
    assert bodies(receive(url)) == ["b0"], "group a is being worked on"
    for message in first:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert bodies(receive(url)) == ["a2", "a3"]


def test_sequence_numbers_grow_and_attributes_tell_them(url, send, receive):
    numbers = [int(send(url, str(n))["SequenceNumber"]) for n in range(3)]
    assert numbers == sorted(set(numbers))
    assert all(len(str(number)) == 20 for number in numbers)
    attributes = receive(url, 1)[0]["Attributes"]
    assert attributes["SequenceNumber"] == str(numbers[0])
    assert attributes["MessageGroupId"] == "g"
    assert attributes["MessageDeduplicationId"] == "0"


def test_a_duplicate_is_accepted_and_not_kept(url, send, receive, counts):
    first = send(url, "body", deduplication_id="same")
    again = send(url, "other", deduplication_id="same")
    assert again["MessageId"] == first["MessageId"]
    assert again["SequenceNumber"] == first["SequenceNumber"]
    assert counts(url) == (1, 0, 0)


def test_deduplication_by_content(sqs, make, counts):
    url = make(FifoQueue="true", ContentBasedDeduplication="true")
    for body in ("x", "x", "y"):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
    assert counts(url) == (2, 0, 0)


def test_deduplication_within_a_group(make, send, counts):
    url = make(FifoQueue="true", DeduplicationScope="messageGroup")
    send(url, "x", "a")
    send(url, "x", "b")
    send(url, "x", "b")
    assert counts(url) == (2, 0, 0)


def test_a_message_not_deleted_holds_its_group_until_it_comes_back(make, send, receive):
    url = make(FifoQueue="true", VisibilityTimeout="1")
    send(url, "0")
    send(url, "1")
    (held,) = receive(url, 1)
    assert receive(url) == []
    again = receive(url, WaitTimeSeconds=10)
    assert bodies(again) == ["0", "1"]
    assert again[0]["MessageId"] == held["MessageId"]


def test_an_expired_receipt_deletes_nothing(sqs, make, send, receive):
    url = make(FifoQueue="true", VisibilityTimeout="1")
    send(url, "0")
    (message,) = receive(url)
    time.sleep(1.1)
    with pytest.raises(ClientError) as raised:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert raised.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert "Reason: The receipt handle has expired." in str(raised.value)


def test_a_delete_lets_a_waiting_receiver_have_the_next(sqs, aws, url, send, receive):
    import threading

    send(url, "0")
    send(url, "1")
    (held,) = receive(url, 1)
    got = []
    other = aws("sqs")

    def wait():
        found = other.receive_message(QueueUrl=url, WaitTimeSeconds=15)
        got.extend(bodies(found.get("Messages", [])))

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.2)
    started = time.monotonic()
    sqs.delete_message(QueueUrl=url, ReceiptHandle=held["ReceiptHandle"])
    thread.join(10)
    assert got == ["1"]
    assert time.monotonic() - started < 5


def test_the_same_attempt_gives_the_same_messages(url, send, receive):
    send(url, "0")
    send(url, "1")
    first = receive(url, ReceiveRequestAttemptId="try")
    again = receive(url, ReceiveRequestAttemptId="try")
    assert bodies(again) == bodies(first) == ["0", "1"]
    assert again[0]["Attributes"]["ApproximateReceiveCount"] == "1"
    assert receive(url, ReceiveRequestAttemptId="other") == []


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        ({"MessageDeduplicationId": "d"}, "MissingParameter",
         "The request must contain the parameter MessageGroupId."),
        ({"MessageGroupId": "g"}, "InvalidParameterValue",
         "ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"),
        ({"MessageGroupId": "g", "MessageDeduplicationId": "d", "DelaySeconds": 1},
         "InvalidParameterValue", "Value 1 for parameter DelaySeconds is invalid."),
        ({"MessageGroupId": "g" * 129, "MessageDeduplicationId": "d"}, "InvalidParameterValue",
         "for parameter MessageGroupId is invalid."),
    ],
)  # fmt: skip
def test_what_a_fifo_queue_refuses(sqs, url, asked, code, message):
    with pytest.raises(ClientError) as raised:
        sqs.send_message(QueueUrl=url, MessageBody="x", **asked)
    assert raised.value.response["Error"]["Code"] == code
    assert message in raised.value.response["Error"]["Message"]


def test_names_and_attributes_must_agree(sqs, make):
    with pytest.raises(ClientError, match=r"must end with the '\.fifo' suffix"):
        sqs.create_queue(QueueName="plain", Attributes={"FifoQueue": "true"})
    with pytest.raises(sqs.exceptions.InvalidAttributeName):
        sqs.create_queue(QueueName="plain", Attributes={"ContentBasedDeduplication": "true"})
    with pytest.raises(ClientError, match="perMessageGroupId only when"):
        make(FifoQueue="true", FifoThroughputLimit="perMessageGroupId")
    url = make(FifoQueue="true")
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert found["FifoQueue"] == "true"
    assert found["DeduplicationScope"] == "queue"
    assert found["FifoThroughputLimit"] == "perQueue"


def test_a_purge_forgets_deduplication_ids(aws):
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="purged.fifo", Attributes={"FifoQueue": "True"})["QueueUrl"]
    given = {"QueueUrl": url, "MessageGroupId": "g", "MessageDeduplicationId": "d"}
    sqs.send_message(**given, MessageBody="before")
    sqs.purge_queue(QueueUrl=url)
    sqs.send_message(**given, MessageBody="after")
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2)["Messages"]
    assert message["Body"] == "after"


def test_a_group_comes_back_with_its_first_message_and_no_further_than_what_is_in_flight(
    sqs, url, send, receive
):
    for body in ("a0", "a1", "a2"):
        send(url, body, "a")
    first, second = receive(url, 2)
    sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=second["ReceiptHandle"], VisibilityTimeout=0
    )
    assert receive(url) == [], "the first one still is in flight"
    again = {"QueueUrl": url, "ReceiptHandle": first["ReceiptHandle"], "VisibilityTimeout": 0}
    sqs.change_message_visibility(**again)
    assert bodies(receive(url, 1)) == ["a0"]


def test_messages_behind_one_in_flight_wait_for_it(sqs, url, send, receive):
    for body in ("a0", "a1", "a2"):
        send(url, body, "a")
    first, _, _ = receive(url, 3)
    sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0
    )
    assert bodies(receive(url, 3)) == ["a0"]


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("MessageGroupId", "The request must contain the parameter MessageGroupId."),
        (
            "MessageDeduplicationId",
            "The queue should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly",
        ),
    ],
)
def test_a_batch_with_a_message_that_has_no_place_fails_as_a_whole(
    sqs, url, counts, missing, message
):
    entries = [
        {"Id": each, "MessageBody": "b", "MessageGroupId": "g", "MessageDeduplicationId": each}
        for each in "xy"
    ]
    del entries[1][missing]
    with pytest.raises(ClientError) as refused:
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("InvalidParameterValue", message)
    assert counts(url) == (0, 0, 0)
