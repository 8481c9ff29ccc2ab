"""Archived objects: closed until restored, open for the days that were asked for."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

CLOSED = "The operation is not valid for the object's storage class"
EXPIRED = "Fri, 31 Dec 9999 00:00:00 GMT"


def archived(s3: Any, bucket: str, storage_class: str = "GLACIER") -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"something", StorageClass=storage_class)


def restore(s3: Any, bucket: str, days: int = 1, **more: Any) -> int:
    answer = s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": days, **more})
    return int(answer["ResponseMetadata"]["HTTPStatusCode"])


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_an_archived_object_is_closed(s3, bucket, refused, storage_class):
    archived(s3, bucket, storage_class)
    error = refused(s3.get_object, Bucket=bucket, Key="k")
    assert (error["Status"], error["Code"], error["Message"], error["StorageClass"]) == (
        403, "InvalidObjectState", CLOSED, storage_class,
    )  # fmt: skip
    error = refused(
        s3.copy_object, Bucket=bucket, Key="k", CopySource=f"{bucket}/k", StorageClass="STANDARD"
    )
    assert (error["Status"], error["Code"]) == (403, "InvalidObjectState")
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["StorageClass"], "Restore" in head) == (storage_class, False)


@pytest.mark.parametrize("storage_class", ["GLACIER_IR", "STANDARD_IA", "INTELLIGENT_TIERING"])
def test_other_classes_are_open(s3, bucket, refused, storage_class):
    archived(s3, bucket, storage_class)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"something"
    error = refused(s3.restore_object, Bucket=bucket, Key="k", RestoreRequest={"Days": 1})
    assert (error["Status"], error["Code"], error["StorageClass"]) == (
        403, "InvalidObjectState", storage_class,
    )  # fmt: skip
    assert error["Message"] == "Restore is not allowed for the object's current storage class"


def test_restored_for_some_days(s3, bucket):
    archived(s3, bucket)
    assert restore(s3, bucket, 2, GlacierJobParameters={"Tier": "Expedited"}) == 202
    for _ in range(2):
        found = s3.get_object(Bucket=bucket, Key="k")
        assert found["Body"].read() == b"something"
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0) + timedelta(days=3)
    told = midnight.strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert found["Restore"] == f'ongoing-request="false", expiry-date="{told}"'
    assert s3.head_object(Bucket=bucket, Key="k")["Restore"] == found["Restore"]
    s3.copy_object(Bucket=bucket, Key="open", CopySource=f"{bucket}/k")
    copied = s3.head_object(Bucket=bucket, Key="open")
    assert "Restore" not in copied
    assert "StorageClass" not in copied
    listed = s3.list_objects_v2(Bucket=bucket, OptionalObjectAttributes=["RestoreStatus"])
    shown = {entry["Key"]: entry.get("RestoreStatus") for entry in listed["Contents"]}
    assert shown["open"] is None
    assert shown["k"]["IsRestoreInProgress"] is False
    assert shown["k"]["RestoreExpiryDate"] == midnight.replace(microsecond=0)
    assert restore(s3, bucket, 1 << 30) == 200
    assert EXPIRED in s3.head_object(Bucket=bucket, Key="k")["Restore"]


def test_requests_that_cannot_be(s3, bucket, refused):
    archived(s3, bucket, "DEEP_ARCHIVE")

    def code(**asked: Any) -> str:
        return str(refused(s3.restore_object, Bucket=bucket, **{"Key": "k", **asked})["Code"])

    assert code() == "MalformedXML"
    assert code(RestoreRequest={}) == "MalformedXML"
    assert code(RestoreRequest={"Days": 0}) == "InvalidArgument"
    assert code(RestoreRequest={"Days": -1}) == "InvalidArgument"
    assert code(RestoreRequest={"Days": 1, "GlacierJobParameters": {"Tier": "Now"}}) == (
        "MalformedXML"
    )
    assert code(RestoreRequest={"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}}) == (
        "InvalidArgument"
    )
    assert code(Key="other", RestoreRequest={"Days": 1}) == "NoSuchKey"
    assert code(VersionId="x", RestoreRequest={"Days": 1}) == "InvalidArgument"
    assert refused(s3.get_object, Bucket=bucket, Key="k")["Code"] == "InvalidObjectState"


def test_a_restored_version_is_one_of_several(s3, versioned, refused):
    archived(s3, versioned)
    old = s3.head_object(Bucket=versioned, Key="k")["VersionId"]
    s3.delete_object(Bucket=versioned, Key="k")
    request = {"Bucket": versioned, "Key": "k", "VersionId": old}
    assert refused(s3.get_object, **request)["Code"] == "InvalidObjectState"
    s3.restore_object(**request, RestoreRequest={"Days": 1})
    assert s3.get_object(**request)["Body"].read() == b"something"


def test_listeners_hear_of_it(s3, aws, bucket):
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="restored")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
                 "Action": "sqs:SendMessage", "Resource": arn["QueueArn"]}  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    rule = {"QueueArn": arn["QueueArn"], "Events": ["s3:ObjectRestore:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [rule]}
    )
    archived(s3, bucket)
    restore(s3, bucket)
    records: list[dict[str, Any]] = []
    deadline = time.monotonic() + 20
    while len(records) < 2 and time.monotonic() < deadline:
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", ()):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            records += json.loads(message["Body"]).get("Records", ())
    assert [event["eventName"] for event in records] == [
        "ObjectRestore:Post", "ObjectRestore:Completed",
    ]  # fmt: skip
    told = records[1]["glacierEventData"]["restoreEventData"]
    assert told["lifecycleRestoreStorageClass"] == "GLACIER"
    assert told["lifecycleRestorationExpiryTime"].endswith("T00:00:00.000Z")


def test_a_rule_of_a_million_years(s3, bucket):
    rule = {"ID": "r", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": (1 << 31) - 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert EXPIRED in s3.head_object(Bucket=bucket, Key="k")["Expiration"]
