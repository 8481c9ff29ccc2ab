"""Answers as AWS gives them, code for code: tags, versions, checksums, conditions, ranges."""

from typing import Any

import pytest
from botocore.config import Config

BOGUS_VERSION = "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"


@pytest.fixture
def plain(aws) -> Any:
    """A client that adds no checksums of its own and validates nothing."""
    return aws("s3", config=Config(
        request_checksum_calculation="when_required", parameter_validation=False
    ))  # fmt: skip


def test_a_version_id_that_was_never_given_out_is_no_version_id(s3, versioned, refused):
    s3.put_object(Bucket=versioned, Key="k", Body=b"x")
    for call in (s3.get_object, s3.head_object, s3.delete_object):
        error = refused(call, Bucket=versioned, Key="k", VersionId=BOGUS_VERSION)
        assert error["Status"] == 400
    assert error["Code"] == "InvalidArgument"
    assert error["Message"] == "Invalid version id specified"
    doomed = [{"Key": "k", "VersionId": BOGUS_VERSION}]
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": doomed})
    assert answer["Errors"] == [{
        "Key": "k", "VersionId": BOGUS_VERSION, "Code": "NoSuchVersion",
        "Message": "The specified version does not exist.",
    }]  # fmt: skip


def test_a_version_that_is_gone_is_known_to_have_been_one(s3, versioned, refused):
    version = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]
    s3.delete_object(Bucket=versioned, Key="k", VersionId=version)
    s3.delete_object(Bucket=versioned, Key="k", VersionId=version)
    error = refused(s3.get_object, Bucket=versioned, Key="k", VersionId=version)
    assert (error["Status"], error["Code"]) == (404, "NoSuchVersion")


def test_a_bucket_with_versions_says_that_they_must_go(s3, versioned, refused):
    s3.delete_object(Bucket=versioned, Key="k")
    error = refused(s3.delete_bucket, Bucket=versioned)
    assert error["Message"] == (
        "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
    )


@pytest.mark.parametrize(("tag", "message"), [
    ({"Key": "a,b", "Value": "c"}, "The TagKey you have provided is invalid"),
    ({"Key": "a", "Value": "b,c"}, "The TagValue you have provided is invalid"),
    ({"Key": "aws:a", "Value": "b"}, "System tags cannot be added/updated by requester"),
])  # fmt: skip
def test_tags_that_are_none(s3, bucket, refused, tag, message):
    error = refused(s3.put_bucket_tagging, Bucket=bucket, Tagging={"TagSet": [tag]})
    assert (error["Code"], error["Message"], error["TagKey"]) == ("InvalidTag", message, tag["Key"])


def test_tags_of_letters_of_all_scripts_are_tags(s3, bucket):
    tags = [{"Key": "größe +-=._:/@", "Value": "数 1"}]
    answer = s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags


def test_an_empty_set_of_tags_is_none(s3, bucket, refused):
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": []})
    assert refused(s3.get_bucket_tagging, Bucket=bucket)["Code"] == "NoSuchTagSet"


def test_a_delete_marker_has_no_tags(s3, versioned, refused):
    s3.put_object(Bucket=versioned, Key="k", Body=b"x")
    s3.delete_object(Bucket=versioned, Key="k")
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    error = refused(s3.put_object_tagging, Bucket=versioned, Key="k", Tagging=tags)
    assert (error["Status"], error["Code"], error["Method"]) == (405, "MethodNotAllowed", "PUT")
    error = refused(s3.delete_object_tagging, Bucket=versioned, Key="k")
    assert (error["Method"], error["ResourceType"]) == ("DELETE", "DeleteMarker")


def test_an_object_without_a_checksum_gets_one(plain, s3, bucket):
    put = plain.put_object(Bucket=bucket, Key="k", Body=b"123456789")
    assert put["ChecksumCRC64NVME"] == "rosUhgp5mIg="
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (got["ChecksumCRC64NVME"], got["ChecksumType"]) == ("rosUhgp5mIg=", "FULL_OBJECT")


def test_parts_without_checksums_make_an_object_with_one(plain, s3, bucket):
    place = {"Bucket": bucket, "Key": "k"}
    upload = plain.create_multipart_upload(**place)["UploadId"]
    bodies = [b"a" * (5 << 20), b"b" * 70_000]
    parts = []
    for number, body in enumerate(bodies, 1):
        client = (plain, s3)[number - 1]  # one part says a CRC-32 of its own, the other nothing
        sent = client.upload_part(**place, UploadId=upload, PartNumber=number, Body=body)
        assert ("ChecksumCRC32" in sent) == (client is s3)
        assert "ChecksumCRC64NVME" not in sent
        parts.append({"PartNumber": number, "ETag": sent["ETag"]})
    assert not any("Checksum" in name for part in s3.list_parts(**place, UploadId=upload)["Parts"]
                   for name in part)  # fmt: skip
    done = s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Parts": parts})
    whole = plain.put_object(Bucket=bucket, Key="whole", Body=b"".join(bodies))
    assert done["ChecksumCRC64NVME"] == whole["ChecksumCRC64NVME"]
    assert done["ChecksumType"] == "FULL_OBJECT"
    told = s3.get_object_attributes(**place, ObjectAttributes=["ObjectParts", "Checksum"])
    assert "Parts" not in told["ObjectParts"]
    assert told["Checksum"]["ChecksumCRC64NVME"] == done["ChecksumCRC64NVME"]


@pytest.mark.parametrize(("asked", "whole"), [
    ("bytes=0-100", True), ("bytes=-15", True), ("bytes=-", True), ("bytes=1-0", True),
    ("bytes=0-1,3-4", True), ("bytes=0-8", False),
])  # fmt: skip
def test_the_checksum_is_told_with_all_that_it_is_of(s3, bucket, asked, whole):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    got = s3.get_object(Bucket=bucket, Key="k", Range=asked, ChecksumMode="ENABLED")
    assert ("ChecksumCRC32" in got) == whole


def test_a_completion_knows_of_writes_since_its_upload_began(s3, bucket, refused):
    place = {"Bucket": bucket, "Key": "k"}

    def begun() -> dict[str, Any]:
        upload = s3.create_multipart_upload(**place)["UploadId"]
        etag = s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        return {**place, "UploadId": upload, "MultipartUpload": parts}

    s3.put_object(**place, Body=b"one")
    early = begun()
    etag = s3.put_object(**place, Body=b"one")["ETag"]
    error = refused(s3.complete_multipart_upload, **early, IfMatch=etag)
    assert (error["Status"], error["Code"]) == (409, "ConditionalRequestConflict")
    s3.complete_multipart_upload(**begun(), IfMatch=etag)


def test_ranges_of_copied_parts_outside_the_source(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="source", Body=b"0123456789")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    error = refused(
        s3.upload_part_copy, Bucket=bucket, Key="k", UploadId=upload, PartNumber=1,
        CopySource=f"{bucket}/source", CopySourceRange="bytes=100-200",
    )  # fmt: skip
    assert (error["Status"], error["Code"]) == (400, "InvalidRequest")


@pytest.mark.parametrize(("sent", "answered"), [
    ("plain text", "plain text"),
    ("=?UTF-8?B?YWJj?=", "abc"),
    ("=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?=", "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?="),
    ("=?UTF-8?B?AAECAw==?=", "=?UTF-8?B?AAECAw==?="),
])  # fmt: skip
def test_metadata_in_encoded_words_is_read_and_written(s3, bucket, sent, answered):
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"a": sent})
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"]["a"] == answered


def test_buckets_say_their_arns(s3, bucket, account, refused):
    made = s3.create_bucket(Bucket=f"other-{account}")
    assert made["BucketArn"] == f"arn:aws:s3:::other-{account}"
    arns = {entry["BucketArn"] for entry in s3.list_buckets()["Buckets"]}
    assert arns == {f"arn:aws:s3:::other-{account}", f"arn:aws:s3:::{bucket}"}
    error = refused(s3.list_buckets, BucketRegion="eu-east-1")
    assert error["Message"] == "Argument value eu-east-1 is not a valid AWS Region"


def test_an_empty_policy_is_malformed(s3, bucket, refused):
    error = refused(s3.put_bucket_policy, Bucket=bucket, Policy="")
    assert error["Message"] == "Policies must be valid JSON and the first byte must be '{'"
    error = refused(s3.put_bucket_policy, Bucket=bucket, Policy="{}")
    assert error["Message"] == "Missing required field Statement"


def test_whoever_may_not_write_is_not_told_what_else_is_wrong(aws, bucket, refused):
    stranger = aws("s3", key="999988887777")
    error = refused(stranger.put_object, Bucket=bucket, Key="k", ServerSideEncryption="AES192")
    assert error["Code"] == "AccessDenied"
