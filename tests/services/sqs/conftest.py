"""A client, and queues with little ceremony."""

import itertools

import pytest


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def make(sqs):
    """`make(VisibilityTimeout="1")` -> the URL of a new queue."""
    numbers = itertools.count(1)

    def create(name=None, **attributes):
        fifo = attributes.get("FifoQueue") == "true"
        name = name or f"q{next(numbers)}" + (".fifo" if fifo else "")
        return sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    return create


@pytest.fixture
def arn(sqs):
    """The ARN of a queue by its URL."""

    def find(url):
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return found["Attributes"]["QueueArn"]

    return find


@pytest.fixture
def counts(sqs):
    """(visible, in flight, delayed) of a queue."""
    names = ["", "NotVisible", "Delayed"]

    def count(url):
        asked = [f"ApproximateNumberOfMessages{name}" for name in names]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=asked)["Attributes"]
        return tuple(int(found[name]) for name in asked)

    return count


@pytest.fixture
def receive(sqs):
    """Received messages, as a list."""

    def take(url, count=10, **more):
        more.setdefault("AttributeNames", ["All"])
        asked = {"QueueUrl": url, "MaxNumberOfMessages": count, **more}
        return sqs.receive_message(**asked).get("Messages", [])

    return take
