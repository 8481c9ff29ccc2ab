"""Lifecycle rules act: days are a fraction of a second here."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest


@pytest.fixture(scope="module")
def quick(tmp_path_factory) -> Any:
    """A server where a day takes a second."""
    from tests.conftest import start_server

    server = start_server(
        tmp_path_factory.mktemp("lifecycle") / "data", lifecycle_day_seconds=1.0,
        blob_grace_seconds=1.0,
    )  # fmt: skip
    yield server
    server.stop()
    assert "Traceback" not in (server.data_dir / "server.log").read_text()


@pytest.fixture
def s3(quick, account) -> Any:
    return quick.client("s3", account)


def until(condition: Callable[[], Any], seconds: float = 15.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("did not come to pass")


def keys(s3: Any, bucket: str) -> set[str]:
    return {entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", ())}


def rule(s3: Any, bucket: str, **members: Any) -> None:
    members = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, **members}
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": [members]}
    )


def test_objects_expire_by_prefix_size_and_tag(s3, bucket):
    s3.put_object(Bucket=bucket, Key="log/small", Body=b"1", Tagging="a=b")
    s3.put_object(Bucket=bucket, Key="log/large", Body=b"1" * 500, Tagging="a=b")
    s3.put_object(Bucket=bucket, Key="log/untagged", Body=b"1")
    s3.put_object(Bucket=bucket, Key="else", Body=b"1", Tagging="a=b")
    narrow = {
        "And": {"Prefix": "log/", "Tags": [{"Key": "a", "Value": "b"}], "ObjectSizeLessThan": 100}
    }
    rule(s3, bucket, Filter=narrow, Expiration={"Days": 1})
    until(lambda: "log/small" not in keys(s3, bucket))
    assert keys(s3, bucket) == {"log/large", "log/untagged", "else"}


def test_a_rule_that_is_off_does_nothing_and_a_date_does(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a")
    s3.put_object(Bucket=bucket, Key="b")
    rules = [
        {"ID": "off", "Status": "Disabled", "Filter": {"Prefix": "a"}, "Expiration": {"Days": 1}},
        {"ID": "on", "Status": "Enabled", "Filter": {"Prefix": "b"},
         "Expiration": {"Date": datetime(2020, 1, 1, tzinfo=UTC)}},
    ]  # fmt: skip
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    until(lambda: keys(s3, bucket) == {"a"})


def test_where_versions_are_kept_expiry_leaves_a_marker_and_old_versions_go(s3, versioned):
    for body in (b"1", b"2", b"3"):
        s3.put_object(Bucket=versioned, Key="k", Body=body)
    rule(s3, versioned, Expiration={"Days": 1},
         NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 1})  # fmt: skip

    def settled() -> Any:
        found = s3.list_object_versions(Bucket=versioned)
        return found if len(found.get("Versions", ())) == 1 and "DeleteMarkers" in found else None

    found = until(settled)
    kept = found["Versions"][0]["VersionId"]
    body = s3.get_object(Bucket=versioned, Key="k", VersionId=kept)["Body"].read()
    assert body == b"3"
    assert found["DeleteMarkers"][0]["IsLatest"]


def test_a_delete_marker_with_nothing_beneath_it_goes(s3, versioned):
    s3.put_object(Bucket=versioned, Key="k")
    s3.delete_object(Bucket=versioned, Key="k")
    rule(s3, versioned, Expiration={"ExpiredObjectDeleteMarker": True},
         NoncurrentVersionExpiration={"NoncurrentDays": 1})  # fmt: skip

    def empty() -> bool:
        found = s3.list_object_versions(Bucket=versioned)
        return "Versions" not in found and "DeleteMarkers" not in found

    until(empty)


def test_a_locked_version_stays(s3, account):
    bucket = f"locked-{account}"
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    s3.put_object(Bucket=bucket, Key="held", ObjectLockLegalHoldStatus="ON", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==")  # fmt: skip
    s3.put_object(Bucket=bucket, Key="free")
    for key in ("held", "free"):
        s3.delete_object(Bucket=bucket, Key=key)
    rule(s3, bucket, NoncurrentVersionExpiration={"NoncurrentDays": 1})
    until(lambda: len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 1)
    assert s3.list_object_versions(Bucket=bucket)["Versions"][0]["Key"] == "held"


def test_storage_classes_change_step_by_step(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    rule(s3, bucket, Transitions=[{"Days": 1, "StorageClass": "STANDARD_IA"},
                                  {"Days": 3, "StorageClass": "GLACIER"}])  # fmt: skip
    classes: list[str] = []

    def cold() -> bool:
        found = s3.head_object(Bucket=bucket, Key="k").get("StorageClass", "STANDARD")
        if not classes or classes[-1] != found:
            classes.append(found)
        return found == "GLACIER"

    until(cold)
    assert classes[-2:] == ["STANDARD_IA", "GLACIER"]


def test_uploads_that_nobody_completes_are_aborted_and_their_bytes_collected(s3, bucket, quick):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    place = {"Bucket": bucket, "Key": "big", "UploadId": upload}
    s3.upload_part(**place, PartNumber=1, Body=bytes(5 << 20))
    blobs = quick.data_dir / "blobs"
    large = [path for path in blobs.rglob("*") if path.is_file() and path.stat().st_size == 5 << 20]
    assert len(large) == 1
    rule(s3, bucket, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1})
    until(lambda: "Uploads" not in s3.list_multipart_uploads(Bucket=bucket))
    until(lambda: not large[0].exists())


def test_what_will_expire_says_so(s3, bucket):
    rule(s3, bucket, ID="old logs", Filter={"Prefix": "log/"}, Expiration={"Days": 7})
    put = s3.put_object(Bucket=bucket, Key="log/1")
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    wanted = (
        f'expiry-date="{day + timedelta(days=8):%a, %d %b %Y} 00:00:00 GMT", rule-id="old%20logs"'
    )
    assert put["Expiration"] == wanted
    assert s3.head_object(Bucket=bucket, Key="log/1")["Expiration"] == wanted
    assert s3.get_object(Bucket=bucket, Key="log/1")["Expiration"] == wanted
    assert "Expiration" not in s3.put_object(Bucket=bucket, Key="else")


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Expiration": {"Days": 0}}, "InvalidArgument"),
        ({"Expiration": {"Days": 1}, "Status": "Sometimes"}, "MalformedXML"),
        ({"Expiration": {"Date": datetime(2030, 1, 1, 5, tzinfo=UTC)}}, "InvalidArgument"),
        ({}, "InvalidRequest"),
    ],
)
def test_rules_that_make_no_sense_are_refused(s3, bucket, refused, members, code):
    configuration = {"Rules": [{"Status": "Enabled", "Filter": {"Prefix": ""}, **members}]}
    call = s3.put_bucket_lifecycle_configuration
    assert refused(call, Bucket=bucket, LifecycleConfiguration=configuration)["Code"] == code


def test_a_restored_copy_goes_when_its_days_are_over(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", StorageClass="DEEP_ARCHIVE")
    s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 1})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    until(lambda: "Restore" not in s3.head_object(Bucket=bucket, Key="k"))
    assert refused(s3.get_object, Bucket=bucket, Key="k")["Code"] == "InvalidObjectState"
