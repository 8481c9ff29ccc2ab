"""Queues themselves: making, finding, setting up, purging, deleting."""

import json

import pytest
from botocore.exceptions import ClientError


def refused(raised):
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_queue_is_made_once(sqs, account, server):
    url = sqs.create_queue(QueueName="orders", Attributes={"DelaySeconds": "5"})["QueueUrl"]
    assert url == f"{server.endpoint}/{account}/orders"
    assert sqs.create_queue(QueueName="orders")["QueueUrl"] == url
    assert sqs.create_queue(QueueName="orders", Attributes={"DelaySeconds": "5"})["QueueUrl"] == url
    with pytest.raises(ClientError) as raised:
        sqs.create_queue(QueueName="orders", Attributes={"DelaySeconds": "6"})
    assert refused(raised) == (
        "QueueAlreadyExists",
        "A queue already exists with the same name and a different value for attribute "
        "DelaySeconds",
    )
    assert sqs.get_queue_url(QueueName="orders")["QueueUrl"] == url


def test_the_host_of_a_queue_url_does_not_matter(sqs, make, account):
    make("orders")
    for host in ("https://sqs.us-east-1.amazonaws.com", "http://elsewhere:1", "http://x/queue"):
        sqs.send_message(QueueUrl=f"{host}/{account}/orders", MessageBody="x")


def test_what_is_not_there(sqs, make):
    url = make("orders")
    for call in (
        lambda: sqs.get_queue_url(QueueName="none"),
        lambda: sqs.send_message(QueueUrl=url + "x", MessageBody="x"),
        lambda: sqs.receive_message(QueueUrl=url + "x"),
        lambda: sqs.delete_queue(QueueUrl=url + "x"),
        lambda: sqs.get_queue_attributes(QueueUrl="nonsense", AttributeNames=["All"]),
    ):
        with pytest.raises(sqs.exceptions.QueueDoesNotExist) as raised:
            call()
        assert refused(raised) == (
            "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."
        )  # fmt: skip


@pytest.mark.parametrize("name", ["a b", "x" * 81, "", "a.fifo", "a/b"])
def test_names_that_cannot_be(sqs, name):
    with pytest.raises(ClientError) as raised:
        sqs.create_queue(QueueName=name)
    assert refused(raised)[0] in ("InvalidParameterValue", "MissingParameter")


def test_attributes_have_defaults_and_are_set(sqs, make, account):
    url = make("orders")
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes.pop("CreatedTimestamp") == attributes.pop("LastModifiedTimestamp")
    assert attributes == {
        "QueueArn": f"arn:aws:sqs:us-east-1:{account}:orders",
        "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0", "DelaySeconds": "0",
        "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600",
        "ReceiveMessageWaitTimeSeconds": "0", "VisibilityTimeout": "30",
        "SqsManagedSseEnabled": "true",
    }  # fmt: skip
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "7"})
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert found["Attributes"] == {"VisibilityTimeout": "7"}
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url)
    with pytest.raises(sqs.exceptions.InvalidAttributeName):
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Nonsense"])
    with pytest.raises(sqs.exceptions.InvalidAttributeValue):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "x"})


def test_without_a_key_there_is_no_reuse_of_data_keys(sqs, make):
    url = make()
    for attributes in (
        {"KmsMasterKeyId": "k", "KmsDataKeyReusePeriodSeconds": "6000"},
        {"KmsMasterKeyId": "", "KmsDataKeyReusePeriodSeconds": "300"},
    ):
        sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert "KmsMasterKeyId" not in found
    assert "KmsDataKeyReusePeriodSeconds" not in found
    assert found["SqsManagedSseEnabled"] == "false"


def test_queues_are_listed_in_pages(sqs, make):
    for name in ("a1", "a2", "a3", "b1"):
        make(name)

    def names(**how):
        pages = sqs.get_paginator("list_queues").paginate(**how)
        return [url.rpartition("/")[2] for page in pages for url in page.get("QueueUrls", [])]

    assert names() == ["a1", "a2", "a3", "b1"]
    assert names(QueueNamePrefix="a", PaginationConfig={"PageSize": 2}) == ["a1", "a2", "a3"]
    assert names(QueueNamePrefix="c") == []


def test_a_purge_empties_a_queue_in_flight_and_all(sqs, make, receive, counts):
    url = make()
    for number in range(5):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    (message,) = receive(url, 1)
    sqs.purge_queue(QueueUrl=url)
    assert counts(url) == (0, 0, 0)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    sqs.send_message(QueueUrl=url, MessageBody="after")
    assert [each["Body"] for each in receive(url)] == ["after"]


def test_a_queue_is_purged_once_a_minute(sqs, make):
    url = make("cleared")
    sqs.purge_queue(QueueUrl=url)
    with pytest.raises(sqs.exceptions.PurgeQueueInProgress) as refused:
        sqs.purge_queue(QueueUrl=url)
    assert refused.value.response["Error"] == {
        "Type": "Sender",
        "Code": "AWS.SimpleQueueService.PurgeQueueInProgress",
        "Message": "Only one PurgeQueue operation on cleared is allowed every 60 seconds.",
        "QueryErrorCode": "PurgeQueueInProgress",
    }
    sqs.purge_queue(QueueUrl=make("other"))


def test_the_name_of_a_deleted_queue_is_free_after_a_minute(sqs, make):
    sqs.delete_queue(QueueUrl=make("gone"))
    with pytest.raises(sqs.exceptions.QueueDeletedRecently) as refused:
        make("gone")
    assert refused.value.response["Error"]["Code"] == "AWS.SimpleQueueService.QueueDeletedRecently"
    assert refused.value.response["Error"]["Message"] == (
        "You must wait 60 seconds after deleting a queue before you can create another with the "
        "same name."
    )
    make("another")


def test_without_that_wait_a_deleted_queue_that_comes_back_is_empty(start):
    sqs = start(queue_wait_seconds=0).client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="before")
    sqs.purge_queue(QueueUrl=url)
    sqs.purge_queue(QueueUrl=url)
    sqs.send_message(QueueUrl=url, MessageBody="between")
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.receive_message(QueueUrl=url)
    assert sqs.create_queue(QueueName="orders")["QueueUrl"] == url
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_tags(sqs):
    url = sqs.create_queue(QueueName="t", tags={"a": "1", "b": "2"})["QueueUrl"]
    sqs.tag_queue(QueueUrl=url, Tags={"b": "3", "c": "4"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["a"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"b": "3", "c": "4"}
    with pytest.raises(ClientError, match="Too many tags"):
        sqs.tag_queue(QueueUrl=url, Tags={str(number): "x" for number in range(50)})


def test_permissions_become_statements_of_the_policy(sqs, make, arn):
    url = make()
    sqs.add_permission(
        QueueUrl=url, Label="partner", AWSAccountIds=["999988887777"], Actions=["SendMessage"]
    )

    def policy():
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        return json.loads(found["Attributes"]["Policy"]) if "Attributes" in found else None

    assert policy()["Statement"] == [
        {"Sid": "partner", "Effect": "Allow", "Action": "SQS:SendMessage", "Resource": arn(url),
         "Principal": {"AWS": "arn:aws:iam::999988887777:root"}}
    ]  # fmt: skip
    with pytest.raises(ClientError, match="Already exists"):
        sqs.add_permission(
            QueueUrl=url, Label="partner", AWSAccountIds=["999988887777"], Actions=["*"]
        )
    sqs.remove_permission(QueueUrl=url, Label="partner")
    assert policy() is None
    with pytest.raises(ClientError, match="can't find label"):
        sqs.remove_permission(QueueUrl=url, Label="partner")


def test_another_account_needs_the_queues_policy(sqs, aws, make, receive):
    url = make()
    stranger = aws("sqs", key="999988887777")
    with pytest.raises(ClientError) as raised:
        stranger.send_message(QueueUrl=url, MessageBody="x")
    assert refused(raised)[0] == "AccessDenied"
    sqs.add_permission(
        QueueUrl=url, Label="p", AWSAccountIds=["999988887777"], Actions=["SendMessage"]
    )
    stranger.send_message(QueueUrl=url, MessageBody="let in")
    with pytest.raises(ClientError):
        stranger.receive_message(QueueUrl=url)
    (message,) = receive(url)
    assert message["Body"] == "let in"
    assert message["Attributes"]["SenderId"] == "999988887777"


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        ({"Actions": []}, "MissingParameter", "The request must contain the parameter Actions."),
        (
            {"AWSAccountIds": []},
            "InvalidParameterValue",
            "Value [] for parameter PrincipalId is invalid. Reason: Unable to verify.",
        ),
        (
            {"Actions": ["SendMessage"] * 8},
            "OverLimit",
            "8 Actions were found, maximum allowed is 7.",
        ),
    ],
)
def test_permissions_that_permit_nothing(sqs, make, asked, code, message):
    given = {"Label": "l", "AWSAccountIds": ["111111111111"], "Actions": ["SendMessage"], **asked}
    with pytest.raises(ClientError) as refused:
        sqs.add_permission(QueueUrl=make(), **given)
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, message)


def test_tags_that_are_none(sqs, make):
    url = make()
    with pytest.raises(ClientError, match="The request must contain the parameter Tags"):
        sqs.tag_queue(QueueUrl=url, Tags={})
    with pytest.raises(ClientError, match="Tag keys must be between 1 and 128 characters"):
        sqs.untag_queue(QueueUrl=url, TagKeys=[])


@pytest.mark.parametrize("token", ["é", "x", "/w=="])
def test_a_token_of_no_page(sqs, token):
    with pytest.raises(ClientError, match="Invalid or expired next token"):
        sqs.list_queues(NextToken=token, MaxResults=1)
