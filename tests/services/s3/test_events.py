"""Events: to queues and functions, filtered, in AWS's form."""

import io
import json
import time
import zipfile
from typing import Any
from urllib.parse import unquote_plus

import pytest


@pytest.fixture
def queue(aws, account) -> tuple[Any, str, str]:
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = arn["Attributes"]["QueueArn"]
    policy = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
              "Action": "sqs:SendMessage", "Resource": arn}  # fmt: skip
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(policy)})
    return sqs, url, arn


def received(sqs: Any, url: str, count: int) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    deadline = time.monotonic() + 20
    while len(records) < count and time.monotonic() < deadline:
        answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10)
        for message in answer.get("Messages", ()):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            document = json.loads(message["Body"])
            records += document.get("Records", ())
    return records


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def listen(s3: Any, bucket: str, arn: str, *events: str, **rules: str) -> None:
    filters = [{"Name": name, "Value": value} for name, value in rules.items()]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
        "QueueConfigurations": [{"Id": "told", "QueueArn": arn, "Events": list(events),
                                 "Filter": {"Key": {"FilterRules": filters}}}],
    })  # fmt: skip


def test_a_queue_hears_of_what_it_asked_for(s3, bucket, queue):
    sqs, url, arn = queue
    listen(
        s3, bucket, arn, "s3:ObjectCreated:*", "s3:ObjectRemoved:Delete", prefix="in/", suffix=".t"
    )
    put = s3.put_object(Bucket=bucket, Key="in/a b.t", Body=b"12345")
    s3.put_object(Bucket=bucket, Key="out/a.t", Body=b"1")
    s3.put_object(Bucket=bucket, Key="in/a.x", Body=b"1")
    s3.copy_object(Bucket=bucket, Key="in/c.t", CopySource=f"{bucket}/in/a b.t")
    s3.delete_object(Bucket=bucket, Key="in/c.t")
    events = received(sqs, url, 3)
    assert [event["eventName"] for event in events] == [
        "ObjectCreated:Put", "ObjectCreated:Copy", "ObjectRemoved:Delete",
    ]  # fmt: skip
    first = events[0]
    assert first["eventSource"] == "aws:s3"
    assert first["eventVersion"] == "2.1"
    assert first["s3"]["configurationId"] == "told"
    assert first["s3"]["bucket"]["arn"] == f"arn:aws:s3:::{bucket}"
    assert unquote_plus(first["s3"]["object"]["key"]) == "in/a b.t"
    assert first["s3"]["object"]["size"] == 5
    assert first["s3"]["object"]["eTag"] == put["ETag"].strip('"')
    sequencers = [event["s3"]["object"]["sequencer"] for event in events]
    assert sequencers == sorted(sequencers)


def test_multipart_and_versions_tell_what_they_are(s3, versioned, queue):
    sqs, url, arn = queue
    listen(s3, versioned, arn, "s3:ObjectCreated:CompleteMultipartUpload", "s3:ObjectRemoved:*")
    place = {"Bucket": versioned, "Key": "k"}
    upload = s3.create_multipart_upload(**place)["UploadId"]
    tag = s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    done = s3.complete_multipart_upload(
        **place, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]}
    )
    marker = s3.delete_object(**place)
    events = received(sqs, url, 2)
    assert [event["eventName"] for event in events] == [
        "ObjectCreated:CompleteMultipartUpload", "ObjectRemoved:DeleteMarkerCreated",
    ]  # fmt: skip
    ids = [event["s3"]["object"]["versionId"] for event in events]
    assert ids == [done["VersionId"], marker["VersionId"]]


def test_a_function_is_invoked(s3, bucket, aws, account, queue):
    sqs, url, _ = queue
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", (
            "import boto3, json\n"
            "def handler(event, context):\n"
            "    record = event['Records'][0]\n"
            "    s3, sqs = boto3.client('s3'), boto3.client('sqs')\n"
            "    place = record['s3']\n"
            "    body = s3.get_object(Bucket=place['bucket']['name'], Key=place['object']['key'])\n"
            "    text = body['Body'].read().decode()\n"
            f"    sqs.send_message(QueueUrl='{url}',\n"
            "                     MessageBody=json.dumps({'Records': [{'text': text}]}))\n"
        ))  # fmt: skip
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
             "Action": "sts:AssumeRole"}  # fmt: skip
    may = {"Effect": "Allow", "Action": ["s3:*", "sqs:*"], "Resource": "*"}
    iam = aws("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=document(trust))
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document(may))
    made = aws("lambda").create_function(
        FunctionName="listener", Runtime="python3.12", Handler="index.handler",
        Role=f"arn:aws:iam::{account}:role/r", Code={"ZipFile": code.getvalue()}, Timeout=30,
    )  # fmt: skip
    aws("lambda").add_permission(
        FunctionName="listener", StatementId="s3", Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com", SourceArn=f"arn:aws:s3:::{bucket}",
    )  # fmt: skip
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
        "LambdaFunctionConfigurations": [
            {"LambdaFunctionArn": made["FunctionArn"], "Events": ["s3:ObjectCreated:*"]}
        ],
    })  # fmt: skip
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    assert received(sqs, url, 1) == [{"text": "hello"}]


def test_a_configuration_comes_back_and_nonsense_is_refused(s3, bucket, queue, refused):
    _, _, arn = queue
    listen(s3, bucket, arn, "s3:ObjectCreated:Put", prefix="a/")
    kept = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"][0]
    assert kept["Id"] == "told"
    assert kept["Events"] == ["s3:ObjectCreated:Put"]
    error = refused(
        s3.put_bucket_notification_configuration, Bucket=bucket,
        NotificationConfiguration={"QueueConfigurations": [
            {"QueueArn": arn + "-unknown", "Events": ["s3:ObjectCreated:Put"]}]},
    )  # fmt: skip
    assert error["Code"] == "InvalidArgument"
    assert "Unable to validate the following destination configurations" in error["Message"]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)


def test_tags_and_lists_that_change_are_told(s3, bucket, queue):
    sqs, url, arn = queue
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    listen(s3, bucket, arn, "s3:ObjectTagging:*", "s3:ObjectAcl:Put")
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tags)
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="bucket-owner-full-control")
    events = received(sqs, url, 3)
    assert [event["eventName"] for event in events] == [
        "ObjectTagging:Put", "ObjectTagging:Delete", "ObjectAcl:Put",
    ]  # fmt: skip
    assert events[0]["eventVersion"] == "2.3"
    assert events[0]["s3"]["object"] == {"key": "k", "eTag": put["ETag"].strip('"')}


def test_a_destination_that_is_no_arn_is_refused(s3, bucket, refused):
    rule = {"QueueArn": "nowhere", "Events": ["s3:ObjectCreated:*"]}
    error = refused(
        s3.put_bucket_notification_configuration, Bucket=bucket,
        NotificationConfiguration={"QueueConfigurations": [rule]},
    )  # fmt: skip
    assert (error["Status"], error["Message"]) == (400, "The ARN could not be parsed")
    assert (error["ArgumentName"], error["ArgumentValue"]) == ("Queue", "nowhere")
