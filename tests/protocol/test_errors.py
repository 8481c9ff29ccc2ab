"""Every error every service knows, as botocore reads it."""

from random import Random
from typing import Any

import botocore.awsrequest
import botocore.parsers
import pytest
from tests.protocol import reference
from tests.protocol.values import Rules, Values, from_botocore

from airside.protocol.codec import CODECS
from airside.protocol.errors import Rejected
from airside.protocol.models import load

CASES = [
    (service, protocol, name)
    for service in reference.SERVICES
    for protocol in load(service).protocols
    for name in load(service).errors
    if load(service).errors[name].status != 304  # no document
]


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_botocore_reads_every_error(case: tuple[str, str, str]) -> None:
    service, protocol, name = case
    model = load(service)
    facts = model.error(name)
    members: dict[str, Any] = {}
    if facts.shape is not None and protocol in {"json", "rest-json", "smithy-rpc-v2-cbor"}:
        members = Values(Random(name), Rules(empty_flattened=True)).structure(facts.shape)
        members = {key: value for key, value in members.items() if key.lower() != "message"}
        members.pop("Type", None)
    message = "What happened: a <b> & 'c' ü"
    shown = model.overlay.query_messages.get(name, message) if protocol == "query" else message
    answer = CODECS[protocol].serialize_error(
        model, None, Rejected(name, message, **members), "request-id"
    )
    headers = botocore.awsrequest.HeadersDict(dict(answer.headers))
    response = {"status_code": answer.status, "headers": headers, "body": answer.body}
    parser = botocore.parsers.create_parser(protocol)
    read = parser.parse(response, None)
    assert answer.status >= 300
    assert read["Error"]["Message"] == shown
    expected = facts.query_code if protocol == "query" or model.query_compatible else facts.code
    if model.query_compatible and protocol != "query":
        code, _, fault = answer.header("x-amzn-query-error").partition(";")
        assert fault == ("Sender" if facts.sender_fault else "Receiver")
        assert code == expected
    assert read["Error"]["Code"] == expected
    if facts.shape is not None and members:
        shape = reference.reference(service, protocol).shape_for(facts.name)
        more = parser.parse(response, shape)
        found = {key: value for key, value in more.items() if key in members}
        assert from_botocore(facts.shape, found) == members


def test_a_name_of_another_protocol_is_translated() -> None:
    assert load("s3").error("AccessDeniedException").code == "AccessDenied"
    assert load("iam").error("AccessDeniedException").code == "AccessDenied"
    assert load("lambda").error("AccessDenied").code == "AccessDeniedException"
    assert load("dynamodb").error("SignatureDoesNotMatch").code == "InvalidSignatureException"
    assert load("s3").error("ThrottlingException").code == "SlowDown"


def test_an_unheard_of_error_keeps_its_name_and_the_status_of_its_class() -> None:
    facts = load("s3").error("NeverHeardOf", 418)
    assert (facts.code, facts.status, facts.sender_fault) == ("NeverHeardOf", 418, True)
    assert load("s3").error("NeverHeardOf").status == 400
