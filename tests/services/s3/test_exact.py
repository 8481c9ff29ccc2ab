"""Answers as AWS gives them, code for code: tags, versions, checksums, conditions, ranges."""

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

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
    assert [part["Size"] for part in told["ObjectParts"]["Parts"]] == [5 << 20, 70_000]
    assert not any("Checksum" in name for part in told["ObjectParts"]["Parts"] for name in part)
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


def test_a_signed_address_carries_headers_in_its_query(server, account, bucket, s3):
    """As the SDKs for Java and JavaScript make them."""
    url = f"{server.endpoint}/{bucket}/k"

    def signed(**parameters: str) -> str:
        request = AWSRequest("PUT", url, data={}, params=parameters, headers={})
        S3SigV4QueryAuth(Credentials(account, "test"), "s3", "us-east-1").add_auth(request)
        return request.prepare().url

    first = signed(**{"x-amz-meta-who": "me", "If-None-Match": "*"})
    assert put(first) == 200
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"who": "me"}
    assert put(first) == 412


def test_what_a_signed_address_lacks_is_told_in_s3s_words(server, bucket, aws):
    for version, gone, code in (
        ("s3", "Expires", "AccessDenied"),
        ("s3v4", "X-Amz-Date", "AuthorizationQueryParametersError"),
    ):
        client = aws("s3", config=Config(signature_version=version))
        url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
        head, _, query = url.partition("?")
        kept = "&".join(part for part in query.split("&") if not part.startswith(gone))
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{head}?{kept}")
        page = caught.value.read().decode()
        assert page.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>' + code)


def test_when_a_signature_of_version_2_ends_is_not_when_the_object_expires(aws, bucket):
    s3 = aws("s3", config=Config(signature_version="s3"))
    url = s3.generate_presigned_url(
        "put_object", Params={"Bucket": bucket, "Key": "k", "ContentType": "text/x"}
    )
    request = urllib.request.Request(url, b"", {"Content-Type": "text/x"}, method="PUT")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    assert "Expires" not in s3.head_object(Bucket=bucket, Key="k")


def put(url: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, b"", method="PUT")) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_a_date_in_the_future_is_no_condition(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    now = datetime.now(UTC)
    s3.get_object(Bucket=bucket, Key="k", IfModifiedSince=now + timedelta(days=1))
    since = now - timedelta(seconds=2)
    s3.get_object(Bucket=bucket, Key="k", IfModifiedSince=since - timedelta(days=1))
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    error = refused(s3.get_object, Bucket=bucket, Key="k", IfModifiedSince=modified)
    assert error["Status"] == 304


def test_an_expected_owner_must_be_an_account(s3, bucket, refused, account):
    error = refused(s3.get_bucket_policy, Bucket=bucket, ExpectedBucketOwner="0000")
    assert (error["Status"], error["Code"]) == (400, "InvalidBucketOwnerAWSAccountID")
    error = refused(s3.get_bucket_policy, Bucket=bucket, ExpectedBucketOwner="999988887777")
    assert error["Code"] == "AccessDenied"


def test_lifecycle_says_which_sizes_move(s3, bucket, refused):
    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 3}}
    rules = {"Rules": [rule]}
    answer = s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rules)
    assert answer["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    error = refused(
        s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration=rules,
        TransitionDefaultMinimumObjectSize="value",
    )  # fmt: skip
    assert error["Message"] == "Invalid TransitionDefaultMinimumObjectSize found: value"


def test_of_rules_that_end_an_object_at_once_the_first_is_told(s3, bucket):
    rules = [{"ID": name, "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 3}}
             for name in ("rule_two", "rule_three")]  # fmt: skip
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    assert "rule_two" in s3.put_object(Bucket=bucket, Key="k", Body=b"x")["Expiration"]


def test_uploads_are_listed_with_where_the_next_page_would_begin(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    listed = s3.list_multipart_uploads(Bucket=bucket)
    assert (listed["NextKeyMarker"], listed["NextUploadIdMarker"]) == ("k", upload)
    assert "Prefix" not in listed


def test_a_website_tells_of_its_missing_error_page(s3, bucket, server):
    s3.delete_public_access_block(Bucket=bucket)
    see = {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"],
           "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}  # fmt: skip
    s3.put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [see]})
    )
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={
        "IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"},
    })  # fmt: skip
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{server.endpoint}/_aws/s3-website/{bucket}/")
    page = caught.value.read().decode()
    assert "<li>Key: index.html</li>\n<li>RequestId: " in page
    assert "<li>HostId: " in page
    assert (
        "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n<ul>\n"
        "<li>Code: NoSuchKey</li>\n<li>Message: The specified key does not exist.</li>\n"
        "<li>Key: error.html</li>\n</ul>\n<hr/>\n"
    ) in page


@pytest.mark.parametrize(("rule", "code"), [
    ({}, "MalformedXML"),
    ({"Filter": {}, "NoncurrentVersionExpiration": {}}, "MalformedXML"),
    ({"Filter": {"Prefix": "", "ObjectSizeGreaterThan": 5}}, "MalformedXML"),
    ({"Filter": {"And": {"Tags": [{"Key": "a", "Value": "b"}] * 2}}}, "InvalidRequest"),
    ({"Filter": {}, "Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}, "MalformedXML"),
])  # fmt: skip
def test_lifecycle_rules_that_are_none(s3, bucket, refused, rule, code):
    rule = {"ID": "a", "Status": "Enabled", "Expiration": {"Days": 7}, **rule}
    error = refused(s3.put_bucket_lifecycle_configuration, Bucket=bucket,
                    LifecycleConfiguration={"Rules": [rule]})  # fmt: skip
    assert error["Code"] == code


@pytest.mark.parametrize(("website", "message"), [
    ({"IndexDocument": {"Suffix": ""}}, "The IndexDocument Suffix is not well formed"),
    ({"IndexDocument": {"Suffix": "i"}, "RoutingRules": [
        {"Redirect": {"ReplaceKeyPrefixWith": "a", "ReplaceKeyWith": "b"}}]},
     "You can only define ReplaceKeyPrefix or ReplaceKey but not both."),
    ({"IndexDocument": {"Suffix": "i"}, "RoutingRules": [{"Redirect": {"Protocol": "ftp"}}]},
     "Invalid protocol, protocol can be http or https. If not defined the protocol will be "
     "selected automatically."),
])  # fmt: skip
def test_websites_that_are_none(s3, bucket, refused, website, message):
    error = refused(s3.put_bucket_website, Bucket=bucket, WebsiteConfiguration=website)
    assert (error["Status"], error["Message"]) == (400, message)


def test_a_legal_hold_that_was_never_placed_is_no_hold(s3, account, refused):
    name = f"held-{account}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    place = {"Bucket": name, "Key": "k"}
    error = refused(s3.get_object_legal_hold, **place)
    assert (error["Status"], error["Code"]) == (404, "NoSuchObjectLockConfiguration")
    assert "ObjectLockLegalHoldStatus" not in s3.head_object(**place)
    for status in ("ON", "OFF"):
        s3.put_object_legal_hold(**place, LegalHold={"Status": status})
        assert s3.get_object_legal_hold(**place)["LegalHold"]["Status"] == status
        assert s3.head_object(**place)["ObjectLockLegalHoldStatus"] == status
    error = refused(s3.put_object, **place, Body=b"", ObjectLockMode="BAD")
    assert error["ArgumentName"] == "x-amz-object-lock-retain-until-date"


def post(made: dict[str, Any], file_name: str | None, **fields: str) -> tuple[int, bytes]:
    boundary = "b0undary"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {**made["fields"], **fields}.items()
    ]
    named = f'; filename="{file_name}"' if file_name else ""
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"{named}\r\n\r\nbody\r\n'
        f"--{boundary}--\r\n"
    )
    request = urllib.request.Request(
        made["url"], "".join(parts).encode(),
        {"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_condition_of_a_form_needs_its_dollar_sign(s3, bucket):
    for subject, status in (("$success_action_status", 201), ("success_action_status", 403)):
        made = s3.generate_presigned_post(
            bucket, "k", Fields={"success_action_status": "201"},
            Conditions=[["eq", subject, "201"]],
        )  # fmt: skip
        assert post(made, "f")[0] == status
    wrong = s3.generate_presigned_post(bucket, "k", Conditions=[["content-length-range", "a", 9]])
    status, page = post(wrong, "f")
    assert status == 403
    assert b"Policy Condition failed: [&quot;content-length-range&quot;" in page


def test_a_form_says_what_it_says(s3, bucket):
    made = s3.generate_presigned_post(
        bucket, "up-${filename}", Fields={"x-amz-meta-a": "=?UTF-8?Q?as-it-is?="},
        Conditions=[["starts-with", "$x-amz-meta-a", ""]],
    )  # fmt: skip
    assert post(made, None)[0] == 204
    assert post(made, "f.txt")[0] == 204
    listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert listed == ["up-${filename}", "up-f.txt"]
    got = s3.head_object(Bucket=bucket, Key="up-f.txt")["Metadata"]["a"]
    assert got == "=?UTF-8?Q?as-it-is?="


def test_a_form_without_a_signature_is_not_let_in(s3, bucket):
    made = s3.generate_presigned_post(bucket, "k")
    fields = made["fields"]
    for name in [name for name in fields if name.lower() not in ("key", "policy")]:
        del fields[name]
    assert post(made, "f")[0] == 403
