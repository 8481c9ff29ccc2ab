"""Signatures are verified, and each protocol family hears no in its own words."""

import urllib.error
import urllib.request

import botocore.exceptions
import pytest


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
