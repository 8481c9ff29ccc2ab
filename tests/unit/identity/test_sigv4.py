"""Signatures made by botocore are accepted; anything changed afterwards is not."""

import hashlib
import time
from calendar import timegm

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from airside.identity import errors, sigv4
from airside.kernel import HttpRequest

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEYS = Credentials("AKIDEXAMPLE", SECRET, "session/token+with=signs")

texts = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs"]))
names = st.text("abcdefghijklmnopqrstuvwxyzABC-_.~0123456789", min_size=1, max_size=8)
queries = st.dictionaries(names, texts, max_size=4)


def received(request: AWSRequest, body: bytes = b"") -> HttpRequest:
    """What the server sees of a request that botocore is about to send."""
    prepared = request.prepare()
    target = prepared.url.split("://", 1)[1]
    host, slash, rest = target.partition("/")
    path, _, query = (slash + rest).partition("?")
    headers = {
        name.lower(): value if isinstance(value, str) else value.decode()
        for name, value in prepared.headers.items()
    }
    headers["host"] = host
    return HttpRequest(prepared.method, path, query, headers)


def found(http: HttpRequest) -> sigv4.Signature:
    signature = sigv4.find(http, lambda name: "s3" if name == "s3" else "json")
    assert signature is not None
    return signature


def accepted(http: HttpRequest, body: bytes, secret: str = SECRET, *, s3: bool = False) -> bool:
    digest = http.headers.get("x-amz-content-sha256") or hashlib.sha256(body).hexdigest()
    return sigv4.verify(found(http), http, digest, secret, s3=s3)


@given(queries, st.binary(max_size=64), texts)
def test_header_signatures_by_botocore_are_accepted(params, body, value):
    request = AWSRequest("POST", "http://127.0.0.1:4566/", params=params, data=body)
    request.headers["X-Thing"] = "  a  b " + hashlib.sha256(value.encode()).hexdigest()
    SigV4Auth(KEYS, "dynamodb", "eu-west-1").add_auth(request)
    http = received(request)
    assert accepted(http, body)
    assert not accepted(http, body + b"x")
    assert not accepted(http, body, SECRET + "x")


@given(st.text("abc /%+~é.", min_size=1, max_size=12), queries)
def test_s3_paths_are_signed_as_sent(key, params):
    from urllib.parse import quote

    url = "http://127.0.0.1:4566/bucket/" + quote(key, safe="/~")
    request = AWSRequest("GET", url, params=params)
    S3SigV4Auth(KEYS, "s3", "us-east-1").add_auth(request)
    assert accepted(received(request), b"", s3=True)


@given(st.text("abc-:/%é", min_size=1, max_size=12))
def test_other_services_paths_are_encoded_twice(name):
    from urllib.parse import quote

    url = "http://127.0.0.1:4566/2015-03-31/functions/" + quote(name, safe="") + "/invocations"
    request = AWSRequest("POST", url, data=b"{}")
    SigV4Auth(KEYS, "lambda", "us-east-1").add_auth(request)
    assert accepted(received(request), b"{}")


def test_presigned_urls_hold_until_they_expire():
    request = AWSRequest("GET", "http://127.0.0.1:4566/bucket/a%20key", params={"versionId": "1"})
    S3SigV4QueryAuth(KEYS, "s3", "us-east-1", expires=60).add_auth(request)
    http = received(request)
    signature = found(http)
    assert signature.presigned
    assert signature.session_token == KEYS.token
    assert sigv4.verify(signature, http, sigv4.UNSIGNED_PAYLOAD, SECRET, s3=True)
    signed_at = timegm(time.strptime(signature.timestamp, "%Y%m%dT%H%M%SZ"))
    sigv4.check_time(signature, signed_at + 60, "s3")
    with pytest.raises(errors.RequestExpired) as refused:
        sigv4.check_time(signature, signed_at + 61, "s3")
    assert refused.value.name == "AccessDenied"


def test_a_request_from_another_time_is_refused():
    request = AWSRequest("POST", "http://127.0.0.1:4566/", data=b"{}")
    SigV4Auth(KEYS, "sqs", "us-east-1").add_auth(request)
    signature = found(received(request))
    signed_at = timegm(time.strptime(signature.timestamp, "%Y%m%dT%H%M%SZ"))
    sigv4.check_time(signature, signed_at + 14 * 60, "json")
    for family, name in (("json", "InvalidSignatureException"), ("s3", "RequestTimeTooSkewed")):
        with pytest.raises(errors.RequestTimeTooSkewed) as refused:
            sigv4.check_time(signature, signed_at + 16 * 60, family)
        assert refused.value.name == name


@pytest.mark.parametrize(
    "header",
    [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/sqs/aws4, SignedHeaders=h, Signature=0",
    ],
)
def test_a_malformed_authorization_header_is_refused(header):
    http = HttpRequest("POST", "/", "", {"host": "h", "authorization": header})
    with pytest.raises(errors.IncompleteSignature):
        sigv4.find(http, lambda _: "json")


def test_no_signature_is_no_signature():
    assert sigv4.find(HttpRequest("GET", "/", "a=b", {}), lambda _: "json") is None
    basic = HttpRequest("GET", "/", "", {"authorization": "Bearer token"})
    assert sigv4.find(basic, lambda _: "json") is None
