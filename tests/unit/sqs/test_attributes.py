"""Attributes of messages and queues."""

import pytest

from airside.services.sqs import message_attributes, queue_attributes
from airside.services.sqs.errors import (
    InvalidAttributeName,
    InvalidAttributeValue,
    InvalidParameterValueException,
    UnsupportedOperation,
)

TEXT = {"DataType": "String", "StringValue": "value"}
TARGET = "arn:aws:sqs:us-east-1:111122223333:dead"


def test_the_checksum_of_attributes():
    attributes = {
        "b": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        "a": {"DataType": "String", "StringValue": "x"},
    }
    # As boto3's own check of SendMessage computes it; see tests/services/sqs as well.
    assert message_attributes.checksum(attributes) == "fa20e2def088daf7b14bc51e836c5547"
    assert message_attributes.checksum({}) is None


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ([], []), (["All"], ["a.b", "ab", "c"]), ([".*"], ["a.b", "ab", "c"]), (["c"], ["c"]),
        (["a.*"], ["a.b", "ab"]), (["a.b", "x"], ["a.b"]),
    ],
)  # fmt: skip
def test_attributes_are_selected_by_name_and_prefix(names, chosen):
    attributes = dict.fromkeys(["a.b", "ab", "c"], TEXT)
    assert sorted(message_attributes.select(attributes, names)) == chosen


@pytest.mark.parametrize(
    ("name", "attribute", "message"),
    [
        ("AWS.x", TEXT, "reserved for internal use"),
        ("a..b", TEXT, "is invalid. Attribute name can contain"),
        (".a", TEXT, "is invalid. Attribute name can contain"),
        ("a b", TEXT, "is invalid. Attribute name can contain"),
        ("a" * 257, TEXT, "between 1 and 256 characters"),
        ("a", {"DataType": "", "StringValue": "x"}, "must contain a non-empty message attribute type"),
        ("a", {"DataType": "Text", "StringValue": "x"}, "invalid message attribute type"),
        ("a", {"DataType": "String", "StringValue": ""}, "must contain a non-empty value of type 'String'"),
        ("a", {"DataType": "Number", "StringValue": "1x"}, "Can't cast the value"),
        ("a", {"DataType": "Number.int", "StringValue": "NaN"}, "Can't cast the value"),
    ],
)  # fmt: skip
def test_malformed_attributes(name, attribute, message):
    with pytest.raises(InvalidParameterValueException) as raised:
        message_attributes.check_attributes({name: attribute})
    assert message in str(raised.value)


def test_lists_are_not_supported_nor_more_than_ten():
    with pytest.raises(UnsupportedOperation):
        message_attributes.check_attributes({"a": {**TEXT, "StringListValues": ["x"]}})
    with pytest.raises(InvalidParameterValueException, match=r"\[11\] exceeds"):
        message_attributes.check_attributes({f"a{n}": TEXT for n in range(11)})


def check(name, value, *, fifo=False, creating=True):
    return queue_attributes.check({name: value}, fifo=fifo, creating=creating)[name]


@pytest.mark.parametrize(
    ("name", "value"),
    [("VisibilityTimeout", "43201"), ("VisibilityTimeout", "-1"), ("VisibilityTimeout", "x"),
     ("DelaySeconds", "901"), ("MessageRetentionPeriod", "59"), ("MaximumMessageSize", "1023"),
     ("ReceiveMessageWaitTimeSeconds", "21"), ("SqsManagedSseEnabled", "yes"), ("Policy", "{")],
)  # fmt: skip
def test_values_out_of_range(name, value):
    with pytest.raises(InvalidAttributeValue) as raised:
        check(name, value)
    assert str(raised.value) == f"Invalid value for the parameter {name}."


@pytest.mark.parametrize("name", ["Nonsense", "FifoQueue", "ContentBasedDeduplication", "QueueArn"])
def test_names_unknown_to_a_standard_queue(name):
    with pytest.raises(InvalidAttributeName, match=f"Unknown Attribute {name}"):
        check(name, "true")


def test_a_redrive_policy_is_kept_in_one_form():
    text = f'{{"maxReceiveCount": "5", "deadLetterTargetArn": "{TARGET}", "x": 1}}'
    kept = f'{{"deadLetterTargetArn":"{TARGET}","maxReceiveCount":5}}'
    assert check("RedrivePolicy", text) == kept
    assert check("RedrivePolicy", "") == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x", "not a valid JSON map"), ("[]", "not a valid JSON map"),
        ('{"maxReceiveCount": 5}', "mandatory attribute: deadLetterTargetArn"),
        (f'{{"deadLetterTargetArn": "{TARGET}"}}', "mandatory attribute: maxReceiveCount"),
        (f'{{"deadLetterTargetArn": "{TARGET}", "maxReceiveCount": 0}}', "from 1 to 1000"),
        (f'{{"deadLetterTargetArn": "{TARGET}", "maxReceiveCount": true}}', "from 1 to 1000"),
        ('{"deadLetterTargetArn": "x", "maxReceiveCount": 1}', "ARN is invalid"),
    ],
)  # fmt: skip
def test_malformed_redrive_policies(text, reason):
    with pytest.raises(InvalidParameterValueException, match=reason):
        check("RedrivePolicy", text)


@pytest.mark.parametrize(
    "text",
    ["x", '{"redrivePermission": "some"}', '{"redrivePermission": "byQueue"}',
     '{"redrivePermission": "allowAll", "sourceQueueArns": ["a"]}'],
)  # fmt: skip
def test_malformed_redrive_allow_policies(text):
    with pytest.raises(InvalidParameterValueException, match="redrive allow policy"):
        check("RedriveAllowPolicy", text)


def test_who_may_redrive():
    def permits(text):
        return queue_attributes.redrive_allow_policy(text).permits("arn:a")

    assert permits("")
    assert permits('{"redrivePermission":"allowAll"}')
    assert not permits('{"redrivePermission":"denyAll"}')
    assert permits('{"redrivePermission":"byQueue","sourceQueueArns":["arn:a"]}')
    assert not permits('{"redrivePermission":"byQueue","sourceQueueArns":["arn:b"]}')
