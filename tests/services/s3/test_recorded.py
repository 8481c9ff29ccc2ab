"""Answers that were recorded on AWS: what errors tell, what listings and copies say."""

import http.client
import time
from typing import Any

import pytest
from botocore.config import Config


@pytest.fixture
def listed_bucket(s3, account) -> str:
    """A bucket whose ACLs count."""
    name = f"acl-{account}"
    s3.create_bucket(Bucket=name, ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=name)
    return name


def test_acl_documents_that_are_none(s3, listed_bucket, refused):
    owner = s3.list_buckets()["Owner"]["ID"]
    everybody = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}
    grants = [{"Grantee": everybody, "Permission": "READ"}]

    def error(**policy: Any) -> dict[str, Any]:
        return refused(s3.put_bucket_acl, Bucket=listed_bucket, AccessControlPolicy=policy)

    assert error()["Code"] == "MalformedACLError"
    assert error(Grants=grants)["Code"] == "MalformedACLError"
    told = error(Owner={"ID": "wrong-id"}, Grants=grants)
    assert (told["Status"], told["Code"], told["Message"]) == (400, "InvalidArgument", "Invalid id")
    assert (told["ArgumentName"], told["ArgumentValue"]) == ("CanonicalUser/ID", "wrong-id")
    policy = {"Owner": {"ID": owner}, "Grants": grants}
    s3.put_bucket_acl(Bucket=listed_bucket, AccessControlPolicy=policy)


def test_a_delete_marker_has_no_grants(s3, versioned, refused):
    s3.put_object(Bucket=versioned, Key="k", Body=b"x")
    s3.delete_object(Bucket=versioned, Key="k")
    error = refused(s3.put_object_acl, Bucket=versioned, Key="k", ACL="bucket-owner-full-control")
    assert (error["Status"], error["Code"]) == (405, "MethodNotAllowed")
    assert (error["Method"], error["ResourceType"]) == ("PUT", "DeleteMarker")


def test_an_address_past_its_time_says_since_when(aws, bucket, server):
    for version, more in (("s3", set()), ("s3v4", {"X-Amz-Expires"})):
        client = aws("s3", config=Config(signature_version=version))
        url = client.generate_presigned_url(
            "get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=1 if more else -10
        )
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        text = ""
        while "Request has expired" not in text:  # version 4 takes no lifetime below a second
            time.sleep(0.1)
            connection.request("GET", url[url.index("/", len("http://")) :])
            text = connection.getresponse().read().decode()
        for name in {"Expires", "ServerTime"} | more:
            assert f"<{name}>" in text
        connection.close()


def test_where_a_completed_object_is(s3, bucket):
    key = "a b/—"
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    ids = {"Bucket": bucket, "Key": key, "UploadId": upload}
    etag = s3.upload_part(**ids, PartNumber=1, Body=b"x")["ETag"]
    listed = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert listed["NextKeyMarker"] == ""
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    done = s3.complete_multipart_upload(**ids, MultipartUpload=parts)
    assert done["Location"].endswith("/a%20b%2F%E2%80%94")


def test_a_copy_of_nothing(s3, bucket, refused):
    error = refused(s3.copy_object, Bucket=bucket, Key="k", CopySource="wrongformat")
    assert (error["Code"], error["Message"]) == (
        "InvalidArgument", "Invalid copy source object key",
    )  # fmt: skip
    assert (error["ArgumentName"], error["ArgumentValue"]) == (
        "x-amz-copy-source", "x-amz-copy-source",
    )  # fmt: skip


def test_answers_say_who_answers_and_where(s3, bucket):
    head = s3.list_objects_v2(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    assert (head["server"], head["x-amz-bucket-region"]) == ("AmazonS3", "us-east-1")


def test_a_script_that_wants_to_send_more_than_it_may(s3, bucket, server):
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "AllowedHeaders": ["x-a"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    for asked, allowed in (("X-A", "*"), ("x-b", None)):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        headers = {"Origin": "http://a", "Access-Control-Request-Headers": asked}
        connection.request("GET", url[url.index("/", len("http://")) :], headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.headers["Access-Control-Allow-Origin"] == allowed
        connection.close()


def test_where_buckets_cannot_be(aws, account, refused):
    def constraint(client: Any, where: str) -> dict[str, Any]:
        return refused(
            client.create_bucket, Bucket=f"b-{account}",
            CreateBucketConfiguration={"LocationConstraint": where},
        )  # fmt: skip

    for where in ("us-east-1", "eu-central-1", "us-gov-east-2"):
        error = constraint(aws("s3", config=Config(region_name="us-west-2")), where)
        assert error["Code"] == "IllegalLocationConstraintException"
        assert error["Message"].startswith(f"The {where} location constraint is incompatible")
    for where in ("us-east-1", "nowhere", "aws-global"):
        error = constraint(aws("s3"), where)
        assert (error["Code"], error["LocationConstraint"]) == ("InvalidLocationConstraint", where)


def test_a_lock_without_a_document(s3, versioned, refused):
    error = refused(s3.put_object_lock_configuration, Bucket=versioned)
    assert (error["Code"], error["Message"]) == ("MissingRequestBodyError", "Request Body is empty")
    head = s3.head_bucket(Bucket=versioned)["ResponseMetadata"]["HTTPHeaders"]
    assert head["content-type"] == "application/xml"
