"""Objects: written, read whole and in part, listed, copied, deleted."""

import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError

KIB = 1024


@pytest.fixture
def s3(aws) -> Any:
    return aws("s3")


@pytest.fixture
def bucket(s3, account) -> str:
    name = f"objects-{account}"
    s3.create_bucket(Bucket=name)
    return name


def refused(call, **arguments) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response


@pytest.mark.parametrize("size", [0, 1, 10 * KIB, 64 * KIB, 64 * KIB + 1, 300 * KIB])
def test_an_object_comes_back_as_it_was_put(s3, bucket, size):
    body = hashlib.shake_128(b"x").digest(size)
    put = s3.put_object(
        Bucket=bucket, Key="a/b c+d", Body=body, ContentType="text/x", Metadata={"Who": "me"}
    )
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="a/b c+d")
    assert got["Body"].read() == body
    assert got["ContentLength"] == size
    assert got["ContentType"] == "text/x"
    assert got["Metadata"] == {"who": "me"}
    assert got["ETag"] == put["ETag"]
    assert got["AcceptRanges"] == "bytes"
    assert "VersionId" not in got
    head = s3.head_object(Bucket=bucket, Key="a/b c+d")
    assert head["ContentLength"] == size
    assert head["ETag"] == put["ETag"]


@pytest.mark.parametrize("size", [1000, 100 * KIB])
def test_a_range_is_a_206_with_its_place(s3, bucket, size):
    body = hashlib.shake_128(b"y").digest(size)
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    got = s3.get_object(Bucket=bucket, Key="k", Range="bytes=10-19")
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert got["ContentRange"] == f"bytes 10-19/{size}"
    assert got["Body"].read() == body[10:20]
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=-7")["Body"].read() == body[-7:]
    error = refused(s3.get_object, Bucket=bucket, Key="k", Range=f"bytes={size}-")
    assert error["Error"]["Code"] == "InvalidRange"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 416
    assert error["Error"]["ActualObjectSize"] == str(size)


def test_what_is_missing_says_so(s3, bucket):
    error = refused(s3.get_object, Bucket=bucket, Key="no")
    assert error["Error"]["Code"] == "NoSuchKey"
    assert error["Error"]["Message"] == "The specified key does not exist."
    assert error["Error"]["Key"] == "no"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert refused(s3.head_object, Bucket=bucket, Key="no")["Error"]["Code"] == "404"
    error = refused(s3.get_object, Bucket="no-such-bucket-here", Key="no")
    assert error["Error"]["Code"] == "NoSuchBucket"
    assert error["Error"]["BucketName"] == "no-such-bucket-here"
    s3.delete_object(Bucket=bucket, Key="no")


def test_conditional_reads(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"one")["ETag"]
    error = refused(s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag)
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 304
    assert error["ResponseMetadata"]["HTTPHeaders"]["etag"] == etag
    error = refused(s3.get_object, Bucket=bucket, Key="k", IfMatch='"other"')
    assert error["Error"]["Code"] == "PreconditionFailed"
    assert error["Error"]["Condition"] == "If-Match"
    assert s3.get_object(Bucket=bucket, Key="k", IfMatch=etag)["Body"].read() == b"one"


def test_conditional_writes(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"one", IfNoneMatch="*")["ETag"]
    error = refused(s3.put_object, Bucket=bucket, Key="k", Body=b"two", IfNoneMatch="*")
    assert error["Error"]["Code"] == "PreconditionFailed"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 412
    s3.put_object(Bucket=bucket, Key="k", Body=b"two", IfMatch=etag)
    error = refused(s3.put_object, Bucket=bucket, Key="k", Body=b"three", IfMatch=etag)
    assert error["Error"]["Code"] == "PreconditionFailed"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"two"
    error = refused(s3.put_object, Bucket=bucket, Key="new", Body=b"x", IfMatch=etag)
    assert error["Error"]["Code"] == "NoSuchKey"


@pytest.mark.parametrize("size", [100, 200 * KIB])
def test_a_wrong_md5_or_checksum_stores_nothing(s3, bucket, size):
    error = refused(
        s3.put_object,
        Bucket=bucket,
        Key="k",
        Body=bytes(size),
        ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==",
    )
    assert error["Error"]["Code"] == "BadDigest"
    error = refused(
        s3.put_object, Bucket=bucket, Key="k", Body=bytes(size), ChecksumCRC32="AAAAAA=="
    )
    assert error["Error"]["Code"] == "BadDigest"
    assert error["Error"]["Message"] == (
        "The CRC32 you specified did not match the calculated checksum."
    )
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_a_checksum_is_kept_and_given_back(s3, bucket, algorithm):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ChecksumAlgorithm=algorithm)
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"]
    assert got["ChecksumType"] == "FULL_OBJECT"
    got["Body"].read()


def test_response_headers_can_be_overridden(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentType="text/plain")
    got = s3.get_object(
        Bucket=bucket, Key="k", ResponseContentType="text/html", ResponseCacheControl="no-store"
    )
    assert got["ContentType"] == "text/html"
    assert got["CacheControl"] == "no-store"


def test_many_are_deleted_at_once(s3, bucket):
    for key in "abc":
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    answer = s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}, {"Key": "nope"}]}
    )
    assert {entry["Key"] for entry in answer["Deleted"]} == {"a", "b", "nope"}
    assert "Errors" not in answer
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["c"]


@pytest.mark.parametrize("size", [100, 100 * KIB])
def test_a_copy_has_the_bytes_and_the_metadata(s3, bucket, size):
    body = hashlib.shake_128(b"z").digest(size)
    s3.put_object(Bucket=bucket, Key="from/ü", Body=body, ContentType="text/x", Metadata={"a": "1"})
    answer = s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from/ü"})
    assert answer["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    s3.delete_object(Bucket=bucket, Key="from/ü")
    got = s3.get_object(Bucket=bucket, Key="to")
    assert got["Body"].read() == body
    assert got["ContentType"] == "text/x"
    assert got["Metadata"] == {"a": "1"}
    s3.copy_object(
        Bucket=bucket, Key="to", CopySource=f"{bucket}/to", MetadataDirective="REPLACE",
        Metadata={"b": "2"},
    )  # fmt: skip
    got = s3.get_object(Bucket=bucket, Key="to")
    assert got["Metadata"] == {"b": "2"}
    assert got["Body"].read() == body
    error = refused(s3.copy_object, Bucket=bucket, Key="to", CopySource=f"{bucket}/to")
    assert error["Error"]["Code"] == "InvalidRequest"


def test_bodies_of_every_kind_take_each_others_place(s3, bucket):
    """Small, none, a file, parts: each goes without a trace when the next one comes."""
    large = hashlib.shake_128(b"z").digest(300 * KIB)

    def in_parts() -> bytes:
        begun = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
        place = {"Bucket": bucket, "Key": "k", "UploadId": begun}
        etag = s3.upload_part(**place, PartNumber=1, Body=large)["ETag"]
        parts = [{"PartNumber": 1, "ETag": etag}]
        s3.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})
        return large

    def put(body: bytes) -> bytes:
        s3.put_object(Bucket=bucket, Key="k", Body=body)
        return body

    kinds = [lambda: put(b"small"), lambda: put(b""), lambda: put(large), in_parts]
    for first in kinds:
        for second in kinds:
            for write in (first, second, second):
                body = write()
                assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [entry["Key"] for entry in listed] == ["k"]
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
