"""Answers that are kept ready: each change of bucket or object is seen by the very next read."""

import json
from typing import Any

import pytest


@pytest.fixture
def read(s3, bucket):
    """Put `k`, and read it often enough for its answer to be kept."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"one", Metadata={"a": "1"})

    def get(client: Any = s3) -> tuple[bytes, Any]:
        answer = client.get_object(Bucket=bucket, Key="k")
        return answer["Body"].read(), answer

    for _ in range(3):
        assert get()[0] == b"one"
    return get


def test_a_kept_answer_is_the_whole_answer(s3, bucket, read):
    s3.put_object(Bucket=bucket, Key="k", Body=b"one", Metadata={"a": "1"}, CacheControl="no-store",
                  ContentType="text/x", StorageClass="STANDARD_IA")  # fmt: skip
    answers = [read()[1] for _ in range(3)]
    for answer in answers:
        for volatile in ("Body", "ResponseMetadata"):
            answer.pop(volatile)
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["StorageClass"] == "STANDARD_IA"
    assert answers[0]["ChecksumCRC32"]


def test_an_object_that_is_written_again_is_read_anew(s3, bucket, read):
    for number in range(5):
        s3.put_object(Bucket=bucket, Key="k", Body=b"%d" % number)
        assert read()[0] == read()[0] == b"%d" % number


def test_what_is_deleted_is_gone(s3, bucket, read, refused):
    s3.delete_object(Bucket=bucket, Key="k")
    assert refused(s3.get_object, Bucket=bucket, Key="k")["Code"] == "NoSuchKey"


def test_tags_and_versions_show(s3, bucket, read):
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert read()[1]["TagCount"] == 1
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert read()[1]["VersionId"] == "null"
    latest = s3.put_object(Bucket=bucket, Key="k", Body=b"two")["VersionId"]
    assert read()[1]["VersionId"] == read()[1]["VersionId"] == latest


def test_conditions_ranges_and_overrides_are_not_for_kept_answers(s3, bucket, read, refused):
    etag = read()[1]["ETag"]
    refusal = refused(s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag)
    assert refusal["Status"] == 304
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=1-1")["Body"].read() == b"n"
    answer = s3.get_object(Bucket=bucket, Key="k", ResponseContentType="text/z")
    assert answer["ContentType"] == "text/z"


def test_a_policy_that_comes_later_holds(s3, bucket, read, refused):
    denial = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
              "Resource": f"arn:aws:s3:::{bucket}/*"}  # fmt: skip
    s3.put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [denial]})
    )
    assert refused(s3.get_object, Bucket=bucket, Key="k")["Code"] == "AccessDenied"
    s3.delete_bucket_policy(Bucket=bucket)
    assert read()[0] == b"one"


def test_scripts_of_other_origins_are_told_by_kept_answers_too(s3, bucket, read):
    allow = {"AllowedOrigins": ["http://shop"], "AllowedMethods": ["GET"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [allow]})
    s3.meta.events.register(
        "before-sign.s3.GetObject",
        lambda request, **_: request.headers.add_header("Origin", "http://shop"),
    )
    for _ in range(3):
        headers = read()[1]["ResponseMetadata"]["HTTPHeaders"]
        assert headers["access-control-allow-origin"] == "http://shop"
        assert headers["content-length"] == "3"


def test_strangers_do_not_get_what_the_owner_got(aws, bucket, read, refused):
    stranger = aws("s3", key="999988887777")
    assert refused(stranger.get_object, Bucket=bucket, Key="k")["Code"] == "AccessDenied"


def test_a_rule_that_comes_later_shows_when_the_object_will_end(s3, bucket, read):
    rule = {"ID": "soon", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    assert "soon" in read()[1]["Expiration"]


def test_more_objects_than_are_kept_are_all_right(s3, bucket):
    body = bytes(60 << 10)
    for number in range(320):  # 18 MiB: more than is kept
        s3.put_object(Bucket=bucket, Key=f"n{number}", Body=b"%d" % number + body)
    for _ in range(2):
        for number in (*range(0, 320, 40), 319):
            got = s3.get_object(Bucket=bucket, Key=f"n{number}")["Body"].read()
            assert got == b"%d" % number + body
