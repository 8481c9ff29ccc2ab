"""Signatures are verified, and each protocol family hears no in its own words."""

import json
import re
import urllib.error
import urllib.request
from datetime import UTC, datetime
from urllib.parse import quote

import botocore.exceptions
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def refusal(call) -> tuple[str, int]:
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        call()
    error = refused.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


CALLS = {
    "dynamodb": lambda client: client.list_tables(),
    "sqs": lambda client: client.list_queues(),
    "lambda": lambda client: client.list_functions(),
    "sts": lambda client: client.get_caller_identity(),
    "s3": lambda client: client.list_buckets(),
}


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("dynamodb", "InvalidSignatureException", 400),
        ("sqs", "SignatureDoesNotMatch", 400),
        ("lambda", "InvalidSignatureException", 403),
        ("sts", "SignatureDoesNotMatch", 403),
        ("s3", "SignatureDoesNotMatch", 403),
    ],
)
def test_a_wrong_secret(server, service, code, status):
    client = server.client(service, secret="wrong")
    assert refusal(lambda: CALLS[service](client)) == (code, status)


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("dynamodb", "UnrecognizedClientException", 400),
        ("lambda", "UnrecognizedClientException", 403),
        ("sts", "InvalidClientTokenId", 403),
        ("s3", "InvalidAccessKeyId", 403),
    ],
)
def test_an_unknown_key(server, service, code, status):
    client = server.client(service, key="AKIAIOSFODNN7EXAMPLE")
    assert refusal(lambda: CALLS[service](client)) == (code, status)


def test_a_twelve_digit_key_owns_that_account(server):
    identity = server.client("sts", key="123456789012").get_caller_identity()
    assert identity["Account"] == "123456789012"
    assert identity["Arn"] == "arn:aws:iam::123456789012:root"


def test_nothing_signed_at_all(server):
    request = urllib.request.Request(
        server.endpoint,
        data=b"{}",
        headers={
            "X-Amz-Target": "DynamoDB_20120810.ListTables",
            "Content-Type": "application/x-amz-json-1.0",
        },
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 400
    assert b"MissingAuthenticationTokenException" in refused.value.read()


def test_a_service_that_does_not_exist_yet_names_itself(server):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        server.client("kinesis").list_streams()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "kinesis" in str(refused.value)


def test_an_operation_that_does_not_exist_yet_names_itself(server):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        server.client("iam").list_virtual_mfa_devices()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "ListVirtualMFADevices" in str(refused.value)


def test_reset_needs_the_owners_signature(server):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(
            urllib.request.Request(server.endpoint + "/_airside/reset", data=b"{}")
        )
    assert refused.value.code == 403


@pytest.mark.parametrize("path", ["/_airside/health", "/_localstack/health"])
def test_health_is_for_everybody(server, path):
    with urllib.request.urlopen(server.endpoint + path) as answer:
        assert b'"sts": "available"' in answer.read()


def presigned(server, expires, **changes):
    """The address that EKS's clients send around instead of their keys."""
    request = AWSRequest(
        "GET", f"{server.endpoint}/?Action=GetCallerIdentity&Version=2011-06-15",
        headers={"x-k8s-aws-id": "cluster"},
    )  # fmt: skip
    SigV4QueryAuth(Credentials("test", "test"), "sts", "us-east-1", expires=expires).add_auth(
        request
    )
    address = request.prepare().url
    for name, value in changes.items():
        address = re.sub(f"X-Amz-{name}=[^&]*", value, address)
    return urllib.request.Request(address, headers={"x-k8s-aws-id": "cluster"})


@pytest.mark.parametrize("expires", [0, 60, 10**7])
def test_only_s3_looks_at_the_lifetime_of_an_address(server, expires):
    with urllib.request.urlopen(presigned(server, expires)) as answer:
        assert b"<Arn>arn:aws:iam::000000000000:root</Arn>" in answer.read()


def test_an_address_that_lacks_something_says_what(server):
    for changes, code, text in (
        ({"Date": "a=b", "SignedHeaders": "c=d"}, b"IncompleteSignature",
         b"AWS query-string parameters must include &apos;X-Amz-SignedHeaders&apos;. "),
        ({"Date": "X-Amz-Date=20200101T000000Z"}, b"SignatureDoesNotMatch", b"Signature expired"),
        ({"Signature": "X-Amz-Signature=00"}, b"SignatureDoesNotMatch", b"does not match"),
    ):  # fmt: skip
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(presigned(server, 60, **changes))
        answer = refused.value.read()
        assert code in answer
        assert text in answer.replace(b"'", b"&apos;")


def test_without_a_lifetime(server):
    """Signed by hand: nothing but S3 wants one."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    request = AWSRequest("GET", f"{server.endpoint}/?Action=GetCallerIdentity&Version=2011-06-15")
    request.context["timestamp"] = now
    auth = SigV4QueryAuth(Credentials("test", "test"), "sts", "us-east-1")
    scope = auth.credential_scope(request)
    query = (
        "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Credential={quote(f'test/{scope}', safe='')}&X-Amz-Date={now}"
        "&X-Amz-SignedHeaders=host"
    )
    request.url = f"{server.endpoint}/?{query}"
    to_sign = auth.string_to_sign(request, auth.canonical_request(request))
    address = f"{request.url}&X-Amz-Signature={auth.signature(to_sign, request)}"
    with urllib.request.urlopen(address) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("headers", "query", "code", "message"),
    [
        ({}, "", "MissingAuthenticationTokenException", "Request is missing Authentication Token"),
        ({"Authorization": "AWS4-"}, "", "IncompleteSignatureException",
         "Authorization header requires 'Credential' parameter. Authorization header requires "
         "'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. "
         "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
         "(Hashed with SHA-256 and encoded with Base64) Authorization="
         "JYgSZISbb+IceCTPYFPItoz618G3XCO+tvXHRyzn7Bo="),
        ({"Authorization": "AWS4- Signature=b,Credential=a", "Date": "a"}, "",
         "IncompleteSignatureException", "Authorization header requires 'SignedHeaders' parameter. "
         "(Hashed with SHA-256 and encoded with Base64) Authorization="
         "N5van34yNMRKNKzVDBxhg03IHJqY/ssMAMLLufW2e+4="),
        ({"Authorization": "X"}, "?X-Amz-Algorithm", "InvalidSignatureException",
         "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
         ),
        ({}, "?X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-Date=d",
         "IncompleteSignatureException", "AWS query-string parameters must include "
         "'X-Amz-SignedHeaders'. Re-examine the query-string parameters."),
    ],
)  # fmt: skip
def test_signatures_that_are_none(server, headers, query, code, message):
    request = urllib.request.Request(
        f"{server.endpoint}/{query}", data=b"{}",
        headers={"X-Amz-Target": "DynamoDB_20120810.ListTables", **headers},
    )  # fmt: skip
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.headers["x-amz-crc32"]
    assert json.load(refused.value) == {
        "__type": f"com.amazon.coral.service#{code}", "message": message,
    }  # fmt: skip


@pytest.mark.parametrize("expires", ["--5", "²", "9" * 5000, "", "1.5"])
def test_a_lifetime_that_is_no_number(server, expires):
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test/20260101/us-east-1/s3/aws4_request"
        f"&X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
        f"&X-Amz-Expires={quote(expires)}"
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{server.endpoint}/bucket/key?{query}")
    assert refused.value.code == 400
    assert b"<Code>AuthorizationQueryParametersError</Code>" in refused.value.read()
