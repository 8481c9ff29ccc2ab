"""A request that is signed wrong hears what should have been signed."""

import http.client
import re
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

WRONG = (
    "The request signature we calculated does not match the signature you provided. Check your key "
    "and signing method."
)


@pytest.fixture
def send(server) -> Any:
    """A request as it stands: status and body."""

    def call(method: str, path: str, headers: dict[str, str], body: str = "") -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request(method, path, body.encode(), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    return call


def element(text: str, name: str) -> str:
    found = re.search(f"<{name}>(.*?)</{name}>", text, re.DOTALL)
    assert found is not None, text
    return found[1].replace("&amp;", "&").replace("&#xa;", "\n")


def path_of(url: str) -> str:
    return url[url.index("/", len("http://")) :]


def test_a_wrong_secret_is_told_what_to_sign(server, account, bucket, refused):
    error = refused(
        server.client("s3", key=account, secret="no").get_object, Bucket=bucket, Key="k"
    )
    assert (error["Status"], error["Code"], error["Message"]) == (
        403, "SignatureDoesNotMatch", WRONG,
    )  # fmt: skip
    assert error["AWSAccessKeyId"] == account
    assert error["StringToSign"].startswith("AWS4-HMAC-SHA256\n20")
    assert error["CanonicalRequest"].startswith(f"GET\n/{bucket}/k\n")
    for name in ("StringToSign", "CanonicalRequest"):
        assert bytes.fromhex(error[f"{name}Bytes"]).decode() == error[name]
    assert re.fullmatch("[0-9a-f]{64}", error["SignatureProvided"])


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_an_address_that_was_changed(send, aws, bucket, version):
    url = aws("s3", config=Config(signature_version=version)).generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "k"}
    )
    status, text = send("GET", path_of(url).replace("/k?", "/other?"), {})
    assert (status, element(text, "Code")) == (403, "SignatureDoesNotMatch")
    assert f"/{bucket}/other" in element(
        text, "CanonicalRequest" if version == "s3v4" else "StringToSign"
    )
    assert ("CanonicalRequest" in text) == (version == "s3v4")


def test_a_parameter_that_is_said_twice_is_the_one_that_is_signed(send, s3, versioned):
    ids = [
        s3.put_object(Bucket=versioned, Key="k", Body=body)["VersionId"] for body in (b"1", b"2")
    ]
    url = s3.generate_presigned_url(
        "get_object", Params={"Bucket": versioned, "Key": "k", "VersionId": ids[1]}
    )
    assert send("GET", path_of(url), {}) == (200, "2")
    other = path_of(url).replace("?", f"?versionId={ids[0]}&", 1)
    assert send("GET", other, {})[0] == 403
    assert send("GET", f"{path_of(url)}&versionId={ids[0]}", {})[1] != "1"


def test_headers_that_an_address_does_not_sign_are_named(send, aws, bucket):
    url = aws("s3", config=Config(signature_version="s3v4")).generate_presigned_url(
        "put_object", Params={"Bucket": bucket, "Key": "k"}
    )
    status, text = send("PUT", path_of(url), {
        "x-amz-tagging": "a=b", "x-amz-acl": "private", "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    })  # fmt: skip
    assert (status, element(text, "Code")) == (403, "AccessDenied")
    assert element(text, "Message") == (
        "There were headers present in the request which were not signed"
    )
    assert element(text, "HeadersNotSigned") == "x-amz-acl, x-amz-tagging"


def test_a_header_added_after_signing_is_named(server, send, account, bucket):
    request = AWSRequest("PUT", f"{server.endpoint}/{bucket}/k", data=b"x")
    S3SigV4Auth(Credentials(account, "test"), "s3", "us-east-1").add_auth(request)
    headers = dict(request.headers.items())
    assert send("PUT", f"/{bucket}/k", headers, "x")[0] == 200
    status, text = send("PUT", f"/{bucket}/k", {**headers, "x-amz-tagging": "a=b"}, "x")
    assert (status, element(text, "Code")) == (403, "AccessDenied")
    assert element(text, "HeadersNotSigned") == "x-amz-tagging"


@pytest.mark.parametrize("signature", ["", "é", "%00", "a" * 5000])
def test_signatures_that_are_none(send, account, bucket, signature):
    told = quote(signature, safe="%")
    for query in (
        f"AWSAccessKeyId={account}&Signature={told}&Expires=9999999999",
        f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={account}/20260101/us-east-1/s3/"
        f"aws4_request&X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Expires=60"
        f"&X-Amz-Signature={told}",
    ):
        status, text = send("GET", f"/{bucket}/k?{query}", {})
        assert (status, element(text, "Code")) in (
            (403, "SignatureDoesNotMatch"), (403, "AccessDenied"),
        )  # fmt: skip


@pytest.mark.parametrize("expires", ["9" * 5000, "²", "--5", "5-", "", "1e3", "0x10", " 60"])
def test_times_that_are_none(send, account, bucket, expires):
    told = quote(expires)
    status, text = send(
        "GET", f"/{bucket}/k?AWSAccessKeyId={account}&Signature=x&Expires={told}", {}
    )
    assert (status, element(text, "Code")) == (403, "AccessDenied")
    status, text = send(
        "GET", f"/{bucket}/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={account}/20260101/"
        f"us-east-1/s3/aws4_request&X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host"
        f"&X-Amz-Expires={told}&X-Amz-Signature=00", {},
    )  # fmt: skip
    assert (status, element(text, "Code")) == (400, "AuthorizationQueryParametersError")
