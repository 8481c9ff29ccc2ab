"""Dead-letter queues and moving their messages back."""

import json
import time

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def pair(make, arn):
    """A queue that gives up after two receives, and its dead-letter queue."""

    def create(fifo=False, **more):
        kind = {"FifoQueue": "true"} if fifo else {}
        dead = make(**kind)
        policy = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": 2})
        return make(**kind, VisibilityTimeout="0", RedrivePolicy=policy, **more), dead

    return create


def exhaust(receive, url):
    for _ in range(2):
        assert len(receive(url)) == 1
    assert receive(url) == []


def until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def test_a_message_received_too_often_becomes_a_dead_letter(sqs, pair, receive, counts, arn):
    url, dead = pair()
    sent = sqs.send_message(QueueUrl=url, MessageBody="poison " * 1000)
    exhaust(receive, url)
    assert counts(url) == (0, 0, 0)
    (message,) = receive(dead)
    assert message["MessageId"] == sent["MessageId"]
    assert message["Body"] == "poison " * 1000
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == arn(url)
    assert message["Attributes"]["ApproximateReceiveCount"] == "3"
    sources = sqs.list_dead_letter_source_queues(QueueUrl=dead)
    assert sources["queueUrls"] == [url]
    assert sqs.list_dead_letter_source_queues(QueueUrl=url)["queueUrls"] == []


def test_dead_letters_of_a_fifo_queue_keep_their_order(sqs, pair, receive):
    url, dead = pair(fifo=True)
    for number in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=str(number), MessageGroupId="g",
                         MessageDeduplicationId=str(number))  # fmt: skip
    for _ in range(2):
        assert len(receive(url)) == 3
    assert receive(url) == []
    assert [message["Body"] for message in receive(dead)] == ["0", "1", "2"]


def test_a_policy_needs_a_queue_of_the_same_kind_that_permits_it(sqs, make, arn, account):
    standard, fifo = make("s"), make(FifoQueue="true")

    def point(url, target):
        policy = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": "3"})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy})

    with pytest.raises(ClientError, match="Dead letter target does not exist"):
        point(standard, f"arn:aws:sqs:us-east-1:{account}:none")
    with pytest.raises(ClientError, match="same type of queue"):
        point(standard, arn(fifo))
    dead = make("d", RedriveAllowPolicy='{"redrivePermission":"denyAll"}')
    with pytest.raises(ClientError, match="does not allow"):
        point(standard, arn(dead))
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": json.dumps(
        {"redrivePermission": "byQueue", "sourceQueueArns": [arn(standard)]})})  # fmt: skip
    point(standard, arn(dead))
    found = sqs.get_queue_attributes(QueueUrl=standard, AttributeNames=["RedrivePolicy"])
    assert json.loads(found["Attributes"]["RedrivePolicy"]) == {
        "deadLetterTargetArn": arn(dead), "maxReceiveCount": 3,
    }  # fmt: skip
    sqs.set_queue_attributes(QueueUrl=standard, Attributes={"RedrivePolicy": ""})
    found = sqs.get_queue_attributes(QueueUrl=standard, AttributeNames=["RedrivePolicy"])
    assert "Attributes" not in found


def test_dead_letters_are_moved_back_to_where_they_came_from(sqs, pair, receive, counts, arn):
    url, dead = pair()
    for number in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    for _ in range(3):
        receive(url)
    assert counts(dead) == (3, 0, 0)
    sqs.start_message_move_task(SourceArn=arn(dead))

    def task():
        return sqs.list_message_move_tasks(SourceArn=arn(dead))["Results"][0]

    done = until(lambda: (found := task())["Status"] == "COMPLETED" and found)
    assert done["ApproximateNumberOfMessagesMoved"] == 3
    assert done["ApproximateNumberOfMessagesToMove"] == 3
    assert counts(dead) == (0, 0, 0)
    messages = receive(url)
    assert [message["Body"] for message in messages] == ["0", "1", "2"]
    assert messages[0]["Attributes"]["ApproximateReceiveCount"] == "1"
    assert "DeadLetterQueueSourceArn" not in messages[0]["Attributes"]


def test_a_move_goes_where_it_is_told_slowly_and_can_be_cancelled(
    sqs, pair, make, receive, counts, arn
):
    url, dead = pair()
    other = make("other")
    sqs.send_message_batch(
        QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": str(n)} for n in range(10)]
    )
    for _ in range(3):
        receive(url)
    handle = sqs.start_message_move_task(
        SourceArn=arn(dead), DestinationArn=arn(other), MaxNumberOfMessagesPerSecond=1
    )["TaskHandle"]
    with pytest.raises(ClientError, match="There is already a task running"):
        sqs.start_message_move_task(SourceArn=arn(dead))
    (running,) = sqs.list_message_move_tasks(SourceArn=arn(dead), MaxResults=10)["Results"]
    assert running["TaskHandle"] == handle
    until(lambda: counts(other)[0])
    moved = sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"]
    assert 1 <= moved < 10
    (over,) = sqs.list_message_move_tasks(SourceArn=arn(dead))["Results"]
    assert over["Status"] == "CANCELLED"
    assert "TaskHandle" not in over
    assert counts(other)[0] + counts(dead)[0] == 10
    with pytest.raises(ClientError, match="Only active tasks can be cancelled"):
        sqs.cancel_message_move_task(TaskHandle=handle)


def test_what_a_move_refuses(sqs, make, arn, account, pair):
    plain = make("plain")
    with pytest.raises(ClientError, match="must be configured as a Dead Letter Queue"):
        sqs.start_message_move_task(SourceArn=arn(plain))
    with pytest.raises(sqs.exceptions.ResourceNotFoundException, match="SourceArn parameter"):
        sqs.start_message_move_task(SourceArn=f"arn:aws:sqs:us-east-1:{account}:none")
    _, dead = pair()
    with pytest.raises(sqs.exceptions.ResourceNotFoundException, match="DestinationArn parameter"):
        sqs.start_message_move_task(
            SourceArn=arn(dead), DestinationArn=f"arn:aws:sqs:us-east-1:{account}:none"
        )


def test_a_move_of_a_message_that_came_from_nowhere_fails(sqs, pair, counts, arn):
    _, dead = pair()
    sqs.send_message(QueueUrl=dead, MessageBody="sent here directly")
    sqs.start_message_move_task(SourceArn=arn(dead))
    task = until(lambda: (
        found := sqs.list_message_move_tasks(SourceArn=arn(dead))["Results"][0]
    )["Status"] == "FAILED" and found)  # fmt: skip
    assert task["FailureReason"] == "CouldNotDetermineMessageSource"
    assert counts(dead) == (1, 0, 0)
