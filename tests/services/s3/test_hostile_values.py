"""Numbers without end, policies that are none, forms that are not text: refused, never stumbled over."""

import base64
import hmac
import http.client
import json
import time
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ENDLESS = "9" * 5000


@pytest.fixture
def send(server, account) -> Any:
    """A signed request with strange headers: status and code."""

    def call(method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = AWSRequest(method, f"{server.endpoint}{path}", named, body)
        S3SigV4Auth(Credentials(account, "test"), "s3", "us-east-1").add_auth(request)
        return answered(server, method, path, body, dict(request.headers.items()))

    return call


def answered(
    server: Any, method: str, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text.partition("<Code>")[2].partition("</Code>")[0]


def test_numbers_without_end(send, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    assert send("GET", f"/{bucket}/k", range=f"bytes={ENDLESS}-") == (416, "InvalidRange")
    assert send("GET", f"/{bucket}/k", range=f"bytes=-{ENDLESS}") == (206, "")
    assert send("GET", f"/{bucket}/k", range=f"bytes=1-{ENDLESS}") == (206, "")
    assert send("GET", f"/{bucket}?uploads&max-uploads=-1") == (400, "InvalidArgument")
    parts = f"/{bucket}/k?uploadId={upload}"
    assert send("GET", f"{parts}&part-number-marker={ENDLESS}") == (400, "InvalidArgument")
    assert send("GET", f"/{bucket}/k?response-expires={'9' * 30}") == (400, "InvalidArgument")
    for span in (f"bytes=5-{ENDLESS}", f"bytes=0-{ENDLESS}", f"bytes={ENDLESS}-1"):
        status, _ = send("PUT", f"{parts}&partNumber=1", x_amz_copy_source=f"/{bucket}/k",
                         x_amz_copy_source_range=span)  # fmt: skip
        assert status in (400, 416)


STATEMENT = {"Sid": "s", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:GetObject"}


@pytest.mark.parametrize("document", [
    None, True, 1, [], ["a"], "x", {"Statement": "\ud800"},
    *({"Statement": [{**STATEMENT, "Resource": "*", "Sid": sid}]} for sid in ([], {}, 1, ["a"])),
], ids=str)  # fmt: skip
def test_policies_that_are_none(send, bucket, document):
    assert send("PUT", f"/{bucket}?policy", json.dumps(document).encode()) == (
        400, "MalformedPolicy",
    )  # fmt: skip


def posted(server: Any, account: str, bucket: str, *fields: tuple[str, bytes]) -> tuple[int, str]:
    date = time.strftime("%Y%m%d", time.gmtime())
    names = {"key", "x-amz-algorithm", "x-amz-credential", "x-amz-date"} | {n for n, _ in fields}
    conditions = [{"bucket": bucket}, *(["starts-with", f"${name}", ""] for name in sorted(names))]
    policy = base64.b64encode(
        json.dumps({"expiration": "2099-01-01T00:00:00Z", "conditions": conditions}).encode()
    )
    key = b"AWS4test"
    for part in (date, "us-east-1", "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    given = {
        "key": b"posted", "policy": policy, "x-amz-algorithm": b"AWS4-HMAC-SHA256",
        "x-amz-credential": f"{account}/{date}/us-east-1/s3/aws4_request".encode(),
        "x-amz-date": f"{date}T000000Z".encode(),
        "x-amz-signature": hmac.new(key, policy, "sha256").hexdigest().encode(), **dict(fields),
    }  # fmt: skip
    body = b"".join(
        b'--XX\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (name.encode(), value)
        for name, value in given.items()
    )
    body += (
        b'--XX\r\nContent-Disposition: form-data; name="file"; filename="\xff"\r\n\r\nx\r\n--XX--'
    )
    headers = {"Content-Type": "multipart/form-data; boundary=XX"}
    return answered(server, "POST", f"/{bucket}", body, headers)


@pytest.mark.parametrize("name", ["key", "tagging", "x-amz-meta-a", "Content-Type", "Expires"])
def test_forms_that_are_not_text(server, account, bucket, name):
    for value in (b"\xff\xfe", b"\xed\xa0\x80"):
        assert posted(server, account, bucket, (name, value)) == (400, "MalformedPOSTRequest")


def test_a_form_whose_redirect_is_no_address(server, account, bucket):
    for field in ("success_action_redirect", "redirect"):
        for value in (b"http://[::1", b"javascript:x", b"no address"):
            assert posted(server, account, bucket, (field, value)) == (204, "")


def test_a_name_of_a_file_that_is_not_text(server, account, bucket, s3):
    assert posted(server, account, bucket, ("key", b"in/${filename}")) == (204, "")
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["Key"] == "in/\ufffd"


def test_full_control_for_others_where_acls_are_off(s3, bucket, refused):
    owner = s3.list_buckets()["Owner"]["ID"]
    s3.put_object(Bucket=bucket, Key="k", GrantFullControl=f'id="{owner}"')
    for grantee in ("x", f'id="{"f" * 64}"', f'id="{owner}", id="{"f" * 64}"'):
        error = refused(s3.put_object, Bucket=bucket, Key="k", GrantFullControl=grantee)
        assert error["Code"] == "AccessControlListNotSupported"
