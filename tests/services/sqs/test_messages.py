"""Messages of standard queues through boto3, which checks every MD5 it is given."""

import threading
import time

import pytest
from botocore.exceptions import ClientError


def refused(raised):
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_message_is_sent_received_and_deleted(sqs, make, receive, counts):
    url = make()
    sent = sqs.send_message(QueueUrl=url, MessageBody="hellö")
    (message,) = receive(url)
    assert message["MessageId"] == sent["MessageId"]
    assert message["Body"] == "hellö"
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    attributes = message["Attributes"]
    assert attributes["ApproximateReceiveCount"] == "1"
    assert abs(int(attributes["SentTimestamp"]) / 1000 - time.time()) < 60
    assert set(attributes) == {"SenderId", "SentTimestamp", "ApproximateReceiveCount",
                               "ApproximateFirstReceiveTimestamp"}  # fmt: skip
    assert counts(url) == (0, 1, 0)
    assert receive(url) == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert counts(url) == (0, 0, 0)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_message_attributes_come_as_asked_for(sqs, make, receive):
    url = make()
    sqs.send_message(
        QueueUrl=url, MessageBody="b",
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "order"},
            "kind.more": {"DataType": "String.json", "StringValue": "{}"},
            "size": {"DataType": "Number", "StringValue": "12.5"},
            "raw": {"DataType": "Binary", "BinaryValue": bytes(range(256))},
        },
        MessageSystemAttributes={
            "AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-2-3"}
        },
    )  # fmt: skip

    def names(*asked):
        (message,) = receive(url, VisibilityTimeout=0, MessageAttributeNames=list(asked))
        assert message["Attributes"]["AWSTraceHeader"] == "Root=1-2-3"
        assert ("MD5OfMessageAttributes" in message) == bool(message.get("MessageAttributes"))
        return message.get("MessageAttributes", {})

    assert names() == {}
    assert names("size") == {"size": {"DataType": "Number", "StringValue": "12.5"}}
    assert sorted(names("kind.*")) == ["kind", "kind.more"]
    assert sorted(names("*")) == ["kind", "kind.more", "raw", "size"]
    assert names("All")["raw"]["BinaryValue"] == bytes(range(256))


def test_a_long_body_survives_several_receives(sqs, make, receive):
    url = make()
    body = "long " * 40_000
    sqs.send_message(QueueUrl=url, MessageBody=body)
    for _ in range(3):
        (message,) = receive(url, VisibilityTimeout=0)
        assert message["Body"] == body


def test_a_message_comes_back_after_its_visibility_timeout(sqs, make, receive):
    url = make(VisibilityTimeout="1")
    sqs.send_message(QueueUrl=url, MessageBody="again")
    (first,) = receive(url)
    started = time.monotonic()
    (second,) = receive(url, WaitTimeSeconds=10)
    assert 0.5 < time.monotonic() - started < 5
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    (third,) = receive(url, WaitTimeSeconds=10)
    assert third["MessageId"] == first["MessageId"], "an old receipt deletes nothing"


def test_visibility_is_changed(sqs, make, receive, counts):
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = receive(url)
    handle = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    sqs.change_message_visibility(**handle, VisibilityTimeout=0)
    assert counts(url) == (1, 0, 0)
    (again,) = receive(url)
    handle["ReceiptHandle"] = again["ReceiptHandle"]
    sqs.change_message_visibility(**handle, VisibilityTimeout=100)
    sqs.delete_message(**handle)
    assert counts(url) == (0, 0, 0)
    with pytest.raises(ClientError) as raised:
        sqs.change_message_visibility(**handle, VisibilityTimeout=5)
    code, text = refused(raised)
    assert code == "InvalidParameterValue"
    assert text.endswith("is not available for visibility timeout change.")


def test_a_delayed_message_is_not_seen_before_its_time(sqs, make, receive, counts):
    url = make(DelaySeconds="900")
    sqs.send_message(QueueUrl=url, MessageBody="late")
    sqs.send_message(QueueUrl=url, MessageBody="soon", DelaySeconds=1)
    assert counts(url) == (0, 0, 2)
    assert receive(url) == []
    (message,) = receive(url, WaitTimeSeconds=10)
    assert message["Body"] == "soon"
    assert counts(url) == (0, 1, 1)


def test_a_long_poll_ends_with_the_message(sqs, make, receive):
    url = make()
    timer = threading.Timer(0.3, lambda: sqs.send_message(QueueUrl=url, MessageBody="now"))
    started = time.monotonic()
    timer.start()
    (message,) = receive(url, WaitTimeSeconds=20)
    assert message["Body"] == "now"
    assert 0.2 < time.monotonic() - started < 5
    timer.join()


def test_a_long_poll_without_a_message_ends_in_time(make, receive):
    url = make(ReceiveMessageWaitTimeSeconds="1")
    started = time.monotonic()
    assert receive(url) == []
    assert 0.9 < time.monotonic() - started < 5


def test_waiting_receivers_share_what_comes(sqs, aws, make):
    url = make()
    got = []
    clients = [aws("sqs") for _ in range(4)]

    def wait(client):
        found = client.receive_message(QueueUrl=url, WaitTimeSeconds=20, MaxNumberOfMessages=1)
        got.extend(message["Body"] for message in found.get("Messages", []))

    threads = [threading.Thread(target=wait, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    entries = [{"Id": str(number), "MessageBody": str(number)} for number in range(4)]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    for thread in threads:
        thread.join(15)
    assert sorted(got) == ["0", "1", "2", "3"]


def test_a_batch_succeeds_and_fails_entry_by_entry(sqs, make, receive, counts):
    url = make()
    answer = sqs.send_message_batch(
        QueueUrl=url,
        Entries=[
            {"Id": "a", "MessageBody": "one"},
            {"Id": "b", "MessageBody": "two", "DelaySeconds": 901},
            {"Id": "c", "MessageBody": "bad\x01"},
            {"Id": "d", "MessageBody": "four", "MessageDeduplicationId": "x"},
        ],
    )
    assert [each["Id"] for each in answer["Successful"]] == ["a"]
    assert {each["Id"]: each["Code"] for each in answer["Failed"]} == {
        "b": "InvalidParameterValue", "c": "InvalidMessageContents", "d": "InvalidParameterValue",
    }  # fmt: skip
    (message,) = receive(url)
    answer = sqs.change_message_visibility_batch(
        QueueUrl=url,
        Entries=[
            {"Id": "a", "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 50},
            {"Id": "b", "ReceiptHandle": "nonsense", "VisibilityTimeout": 50},
        ],
    )
    assert [each["Id"] for each in answer["Successful"]] == ["a"]
    assert [each["Code"] for each in answer["Failed"]] == ["ReceiptHandleIsInvalid"]
    answer = sqs.delete_message_batch(
        QueueUrl=url, Entries=[{"Id": "a", "ReceiptHandle": message["ReceiptHandle"]}]
    )
    assert [each["Id"] for each in answer["Successful"]] == ["a"]
    assert counts(url) == (0, 0, 0)


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "AWS.SimpleQueueService.EmptyBatchRequest"),
        (["a", "a"], "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
        ([str(number) for number in range(11)], "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
        (["a b"], "AWS.SimpleQueueService.InvalidBatchEntryId"),
    ],
)  # fmt: skip
def test_batches_that_fail_as_a_whole(sqs, make, entries, code):
    with pytest.raises(ClientError) as raised:
        sqs.send_message_batch(
            QueueUrl=make(), Entries=[{"Id": each, "MessageBody": "x"} for each in entries]
        )
    assert refused(raised)[0] == code


def test_a_batch_that_is_too_long(sqs, make):
    with pytest.raises(ClientError) as raised:
        sqs.send_message_batch(
            QueueUrl=make(),
            Entries=[{"Id": str(n), "MessageBody": "x" * 600_000} for n in range(2)],
        )
    assert refused(raised) == (
        "AWS.SimpleQueueService.BatchRequestTooLong",
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1200000 bytes.",
    )


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        ({"MessageBody": ""}, "MissingParameter", "The request must contain the parameter MessageBody."),
        ({"DelaySeconds": 901}, "InvalidParameterValue",
         "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."),
        ({"MessageBody": "x" * 1_048_577}, "InvalidParameterValue",
         "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."),
        ({"MessageBody": "\x00"}, "InvalidMessageContents", "Invalid characters found."),
        ({"MessageDeduplicationId": "d"}, "InvalidParameterValue",
         "The request include parameter that is not valid for this queue type."),
    ],
)  # fmt: skip
def test_what_send_refuses(sqs, make, asked, code, message):
    with pytest.raises(ClientError) as raised:
        sqs.send_message(**{"QueueUrl": make(), "MessageBody": "x", **asked})
    assert refused(raised)[0] == code
    assert message in refused(raised)[1]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"MaxNumberOfMessages": 11}, "Must be between 1 and 10, if provided."),
        ({"WaitTimeSeconds": 21}, "Must be >= 0 and <= 20, if provided."),
        ({"VisibilityTimeout": 43201}, "Must be >= 0 and <= 43200, if provided."),
    ],
)
def test_what_receive_refuses(sqs, make, asked, message):
    with pytest.raises(ClientError) as raised:
        sqs.receive_message(QueueUrl=make(), **asked)
    assert refused(raised)[0] == "InvalidParameterValue"
    assert refused(raised)[1].endswith(message)


def test_a_handle_that_is_none(sqs, make):
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid) as raised:
        sqs.delete_message(QueueUrl=make(), ReceiptHandle="nonsense")
    assert raised.value.response["Error"]["Code"] == "ReceiptHandleIsInvalid"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_the_query_protocol_on_the_queues_own_path(server, account, make, receive):
    url = make()
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from botocore.httpsession import URLLib3Session

    def call(body):
        request = AWSRequest(
            "POST", url, data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        SigV4Auth(Credentials(account, "test"), "sqs", "us-east-1").add_auth(request)
        return URLLib3Session().send(request.prepare())

    answer = call(
        "Action=SendMessage&Version=2012-11-05&MessageBody=via+query"
        "&MessageAttribute.1.Name=a&MessageAttribute.1.Value.DataType=String"
        "&MessageAttribute.1.Value.StringValue=x"
    )
    assert answer.status_code == 200
    assert "<MD5OfMessageBody>" in answer.text
    (message,) = receive(url, VisibilityTimeout=0, MessageAttributeNames=["All"])
    assert message["Body"] == "via query"
    assert message["MessageAttributes"]["a"]["StringValue"] == "x"
    answer = call("Action=ReceiveMessage&Version=2012-11-05&AttributeName.1=All")
    assert "<Body>via query</Body>" in answer.text
    assert "<Name>SentTimestamp</Name>" in answer.text
    answer = call("Action=ReceiveMessage&Version=2012-11-05&MaxNumberOfMessages=11")
    assert answer.status_code == 400
    assert "<Code>InvalidParameterValue</Code>" in answer.text


def test_any_receipt_of_a_message_shows_it_again(sqs, make, receive):
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="b")
    (old,) = receive(url, VisibilityTimeout=0)
    assert len(receive(url, VisibilityTimeout=30)) == 1
    sqs.delete_message(QueueUrl=url, ReceiptHandle=old["ReceiptHandle"])  # does nothing, as on AWS
    sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=old["ReceiptHandle"], VisibilityTimeout=0
    )
    assert len(receive(url)) == 1


def test_a_queue_goes_by_its_name_too(sqs, make):
    url = make("plain")
    sqs.send_message(QueueUrl="plain", MessageBody="b")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "b"
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.send_message(QueueUrl="plane", MessageBody="b")


def test_attributes_hold_what_bodies_may(sqs, make):
    url = make()
    attributes = {"a": {"DataType": "String", "StringValue": "x\x08"}}
    with pytest.raises(ClientError) as raised:
        sqs.send_message(QueueUrl=url, MessageBody="b", MessageAttributes=attributes)
    code, message = refused(raised)
    assert code == "InvalidParameterValue"
    assert message.startswith("Invalid characters found.")


def test_what_a_queues_own_path_is_not_for(server, account, make):
    path = "/" + make("narrow").split("/", 3)[3]
    for action in ("CreateQueue", "FooBar"):
        answer = server.send("sqs", "GET", f"{path}?Action={action}&QueueName=q", key=account)
        assert answer.status_code == 400
        assert "<Code>InvalidAction</Code>" in answer.text
        assert f"<Message>The action {action} is not valid for this endpoint.</" in answer.text
    silent = server.send("sqs", "GET", path, key=account)
    assert (silent.status_code, silent.text.strip()) == (404, "<UnknownOperationException/>")
    found = server.send("sqs", "GET", f"{path}?Action=GetQueueUrl&QueueName=narrow", key=account)
    assert f"{path}</QueueUrl>" in found.text
    gone = server.send("sqs", "GET", f"{path}x?Action=GetQueueAttributes", key=account)
    assert "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in gone.text
    assert "The specified queue does not exist for this wsdl version.</" in gone.text
