"""Uploads cut off and tampered with, keys that are paths, XML that is a weapon."""

import base64
import hashlib
import hmac
import http.client
import socket
import time
import zlib
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

STREAMING = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


class Chunked:
    """One aws-chunked PUT, signed by hand so that any part of it can be wrong."""

    def __init__(self, server: Any, account: str, bucket: str, kind: str, length: int) -> None:
        self.server, self.key = server, account
        self.path = f"/{bucket}/chunked"
        self.kind = kind
        self.now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self.scope = f"{self.now[:8]}/us-east-1/s3/aws4_request"
        key = b"AWS4test"
        for part in (self.now[:8], "us-east-1", "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        self.signing_key = key
        self.headers = {
            "host": f"127.0.0.1:{server.port}", "x-amz-content-sha256": kind,
            "x-amz-date": self.now, "x-amz-decoded-content-length": str(length),
            "content-encoding": "aws-chunked",
        }  # fmt: skip

    def sign_head(self) -> None:
        names = sorted(self.headers)
        lines = "".join(f"{name}:{self.headers[name]}\n" for name in names)
        request = f"PUT\n{self.path}\n\n{lines}\n{';'.join(names)}\n{self.kind}"
        digest = hashlib.sha256(request.encode()).hexdigest()
        self.signature = self._sign(f"AWS4-HMAC-SHA256\n{self.now}\n{self.scope}\n{digest}")
        self.headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.key}/{self.scope}, "
            f"SignedHeaders={';'.join(names)}, Signature={self.signature}"
        )

    def _sign(self, text: str) -> str:
        return hmac.new(self.signing_key, text.encode(), "sha256").hexdigest()

    def chunk(self, data: bytes) -> bytes:
        if self.kind == UNSIGNED:
            return b"%x\r\n%b\r\n" % (len(data), data) if data else b"0\r\n"
        empty = hashlib.sha256(b"").hexdigest()
        self.signature = self._sign(
            f"AWS4-HMAC-SHA256-PAYLOAD\n{self.now}\n{self.scope}\n{self.signature}\n{empty}\n"
            f"{hashlib.sha256(data).hexdigest()}"
        )
        return b"%x;chunk-signature=%b\r\n%b\r\n" % (len(data), self.signature.encode(), data)

    def send(self, body: bytes, announced: int | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        headers = {**self.headers, "content-length": str(announced or len(body))}
        connection.putrequest("PUT", self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        if announced:
            assert connection.sock is not None
            connection.sock.shutdown(socket.SHUT_WR)
        try:
            answer = connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError):
            return 0, ""
        text = answer.read().decode()
        connection.close()
        return answer.status, text


DATA = hashlib.shake_128(b"data").digest(100_000)


@pytest.fixture(params=[STREAMING, UNSIGNED])
def chunked(request, server, account, bucket) -> Chunked:
    made = Chunked(server, account, bucket, request.param, len(DATA))
    if request.param == UNSIGNED:
        made.headers["x-amz-trailer"] = "x-amz-checksum-crc32"
    made.sign_head()
    return made


def whole(chunked: Chunked) -> bytes:
    body = b"".join(chunked.chunk(DATA[at : at + 65536]) for at in range(0, len(DATA), 65536))
    body += chunked.chunk(b"")
    return body + trailer(DATA) if chunked.kind == UNSIGNED else body


def trailer(data: bytes) -> bytes:
    value = base64.b64encode(zlib.crc32(data).to_bytes(4, "big"))
    return b"x-amz-checksum-crc32:" + value + b"\r\n\r\n"


def stored(s3: Any, bucket: str) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]


def test_a_chunked_upload_arrives(chunked, s3, bucket):
    assert chunked.send(whole(chunked)) == (200, "")
    got = s3.get_object(Bucket=bucket, Key="chunked")
    assert got["Body"].read() == DATA
    assert "ContentEncoding" not in got


@pytest.mark.parametrize("cut", [10, 40_000, 65_700, 99_990, -5])
def test_a_truncated_one_stores_nothing(chunked, s3, bucket, cut):
    body = whole(chunked)
    status, text = chunked.send(body[:cut])
    assert status == 400
    assert "<Code>IncompleteBody</Code>" in text
    assert stored(s3, bucket) == []


def test_one_whose_sender_goes_away_stores_nothing(chunked, s3, bucket):
    body = whole(chunked)
    status, _ = chunked.send(body[:70_000], announced=len(body))
    assert status in (0, 400)
    assert stored(s3, bucket) == []


def test_a_changed_byte_is_found(chunked, s3, bucket):
    body = bytearray(whole(chunked))
    body[50_000] ^= 1
    status, text = chunked.send(bytes(body))
    wanted = {STREAMING: (403, "SignatureDoesNotMatch"), UNSIGNED: (400, "BadDigest")}
    assert (status, f"<Code>{wanted[chunked.kind][1]}</Code>" in text) == (
        wanted[chunked.kind][0], True,
    )  # fmt: skip
    assert stored(s3, bucket) == []


def test_chunks_out_of_order_are_found(server, account, bucket, s3):
    made = Chunked(server, account, bucket, STREAMING, 20_000)
    made.sign_head()
    first, second, last = made.chunk(b"a" * 10_000), made.chunk(b"b" * 10_000), made.chunk(b"")
    status, text = made.send(second + first + last)
    assert status == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in text
    assert stored(s3, bucket) == []


@pytest.mark.parametrize(
    "body",
    [b"ffffffffffffffffffff\r\n", b"-5\r\nhello\r\n", b"zz\r\n", b"\r\n", b"5" * 10_000,
     b"5\r\nhelloXX0\r\n\r\n", b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32"],
)  # fmt: skip
def test_malformed_chunks_are_refused(server, account, bucket, s3, body):
    made = Chunked(server, account, bucket, UNSIGNED, 5)
    made.headers["x-amz-trailer"] = "x-amz-checksum-crc32"
    made.sign_head()
    status, text = made.send(body)
    assert status == 400
    assert "<Error>" in text
    assert stored(s3, bucket) == []


# Keys ---------------------------------------------------------------------------------------

LONG = "ä" * 512
KEYS = ["../../etc/passwd", "..", ".", "./", "/", "//", "a//b", "/a", "a/", "a/../b", "a/./b",
        "%2e%2e/x", "a\\..\\b", " ", "+", "a b+c", "?x=1&y#z", "\u202e.txt", "😀", "a\tb", "C:\\x",
        "x" * 1024, LONG, "con", "~", "~/.ssh", "..%00", "-rf", ";", "'\"<>&"]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_a_key_is_a_name_and_no_path(server, s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert stored(s3, bucket) == [key]
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
    assert copied["CopyObjectResult"]["ETag"]
    gone = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]})
    assert [entry["Key"] for entry in gone["Deleted"]] == [key]
    assert stored(s3, bucket) == ["copy"]


def raw(server: Any, s3: Any, bucket: str, path: str, method: str = "GET") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest(method, path)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_paths_climb_out_of_no_bucket(server, s3, bucket, account):
    s3.create_bucket(Bucket=f"other-{account}")
    s3.put_object(Bucket=f"other-{account}", Key="secret", Body=b"secret")
    s3.delete_public_access_block(Bucket=bucket)
    public = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::%s/*"}]}'
    s3.put_bucket_policy(Bucket=bucket, Policy=public % bucket)
    for path in (f"../other-{account}/secret", f"%2e%2e/other-{account}/secret",
                 f"..%2fother-{account}%2fsecret"):  # fmt: skip
        status, body = raw(server, s3, bucket, f"/{bucket}/{path}")
        assert status in (403, 404)
        assert body != b"secret"


def test_keys_that_are_too_long_or_not_text_are_refused(server, s3, bucket, refused):
    for key in ("x" * 1025, LONG + "x"):
        error = refused(s3.put_object, Bucket=bucket, Key=key)
        assert (error["Code"], error["Message"]) == ("KeyTooLongError", "Your key is too long")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "KEY"})
    path = url.partition(f":{server.port}")[2]
    status, body = raw(server, s3, bucket, path.replace("KEY", "%ff%fe"))
    assert status in (400, 403)
    assert b"<Error>" in body


def test_nul_in_a_key_is_a_byte_like_others(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a\0b", Body=b"1")
    s3.put_object(Bucket=bucket, Key="a", Body=b"2")
    assert s3.get_object(Bucket=bucket, Key="a\0b")["Body"].read() == b"1"
    listed = s3.list_objects_v2(Bucket=bucket, EncodingType="url")["Contents"]
    assert [entry["Key"] for entry in listed] == ["a", "a%00b"]


# XML ----------------------------------------------------------------------------------------

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><Tagging><TagSet><Tag><Key>&i;</Key><Value>x</Value></Tag></TagSet></Tagging>"
)
FILE = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    "<Tagging><TagSet><Tag><Key>&x;</Key><Value>x</Value></Tag></TagSet></Tagging>"
)
DEEP = "<Tagging>" * 100_000
WIDE = "<Tagging>" + "<TagSet/>" * 300_000 + "</Tagging>"
TORN = "<Tagging><TagSet><Tag><Key>k</Key>"
LATIN = b"<Tagging><TagSet><Tag><Key>\xff</Key><Value>x</Value></Tag></TagSet></Tagging>"


@pytest.mark.parametrize(
    "document", [BOMB, FILE, DEEP, WIDE, TORN, LATIN, "", "no xml", "{}"], ids=range(9)
)
def test_xml_that_is_no_configuration_is_refused_at_once(server, account, bucket, document):
    body = document if isinstance(document, bytes) else document.encode()
    address = f"{server.endpoint}/{bucket}?tagging"
    digest = base64.b64encode(hashlib.md5(body).digest()).decode()
    request = AWSRequest("PUT", address, {"Content-MD5": digest}, body)
    S3SigV4Auth(Credentials(account, "test"), "s3", "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    started = time.monotonic()
    connection.request("PUT", f"/{bucket}?tagging", body, dict(request.headers.items()))
    answer = connection.getresponse()
    text = answer.read()
    assert time.monotonic() - started < 5
    assert answer.status == 400, text
    assert b"<Code>MalformedXML</Code>" in text or b"<Code>MissingRequestBodyError</Code>" in text
    assert b"root:" not in text


def test_more_than_one_put_may_bring_is_refused_before_it_is_sent(server, account, bucket):
    path = f"/{bucket}/k"
    request = AWSRequest("PUT", f"{server.endpoint}{path}", headers={
        "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "Content-Length": str((5 << 30) + 1),
    })  # fmt: skip
    S3SigV4Auth(Credentials(account, "test"), "s3", "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("PUT", path, headers={**request.headers, "Expect": "100-continue"})
    answer = connection.getresponse()
    page = answer.read()
    assert answer.status == 400
    assert b"<Code>EntityTooLarge</Code>" in page
    assert b"<ProposedSize>5368709121</ProposedSize><MaxSizeAllowed>5368709120<" in page
