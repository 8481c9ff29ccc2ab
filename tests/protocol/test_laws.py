"""Two laws per protocol, botocore being the other side:

parse(botocore.serialize(x)) == x      botocore.parse(serialize(y)) == y

Every operation of every implemented service once with a fixed seed, then Hypothesis at large.
"""

import zlib
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.protocol import reference
from tests.protocol.values import Rules, Values, from_botocore, to_botocore

from airside.kernel.http import BytesBody
from airside.protocol.codec import CODECS, codec_for

RULES = {
    "json": (Rules(empty_flattened=True, milliseconds=False), Rules(empty_flattened=True)),
    "rest-json": (Rules(empty_flattened=True, milliseconds=False), Rules(empty_flattened=True)),
    "rest-xml": (Rules(), Rules()),
    "smithy-rpc-v2-cbor": (Rules(empty_flattened=True), Rules(empty_flattened=True)),
    "query": (Rules(empty_structures=False, empty_maps=False), Rules()),
}
"""What botocore can write in requests, and what it can read in responses."""

CASES = [
    (service, protocol, operation)
    for service in reference.SERVICES
    for protocol in reference.lenient(service).protocols
    for operation in reference.lenient(service).operation_names
    if not reference.lenient(service).operation(operation).deprecated
]
AMBIGUOUS = {("s3", "ListDirectoryBuckets"), ("s3", "CreateSession")}
"""Operations of other hosts, which no route leads to."""


def check_request(service: str, protocol: str, operation_name: str, random: Random) -> None:
    model = reference.lenient(service)
    operation = model.operation(operation_name)
    shape = operation.input
    if shape is None or any(member.shape.event_stream for member in shape.members.values()):
        return
    sent = Values(random, RULES[protocol][0]).structure(shape)
    http, body = reference.request(service, protocol, operation_name, to_botocore(shape, sent))
    codec = codec_for(model, http)
    assert codec is CODECS[protocol]
    if (service, operation_name) not in AMBIGUOUS:
        assert codec.operation_name(model, http, body) == operation_name
    streamed = operation.streaming_input
    parsed = codec.parse(model, operation, http, BytesBody(body) if streamed else body)
    if streamed:
        parsed[streamed] = parsed[streamed].data
        sent.setdefault(streamed, b"")
        if isinstance(sent[streamed], str):
            sent[streamed] = sent[streamed].encode()
    if shape.payload and parsed.get(shape.payload) == {}:
        sent.setdefault(shape.payload, {})  # botocore writes {} for a document that is not there
    assert without_transport(parsed, sent) == sent


def without_transport(parsed: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """Members that mirror headers HTTP itself adds are no part of the law."""
    extra = {"ContentLength", "ContentType", "contentType"} - sent.keys()
    return {name: value for name, value in parsed.items() if name not in extra}


def check_response(service: str, protocol: str, operation_name: str, random: Random) -> None:
    model = reference.lenient(service)
    operation = model.operation(operation_name)
    shape = operation.output
    if shape is None or operation.event_stream_output:
        return
    result = Values(random, RULES[protocol][1]).structure(shape)
    answer = CODECS[protocol].serialize(model, operation, result, "request-id")
    read = reference.response(service, protocol, operation_name, answer)
    metadata = read.pop("ResponseMetadata")
    assert metadata["RequestId"] == "request-id"
    for name, member in shape.members.items():
        if member.location == "statusCode":
            result.setdefault(name, answer.status)
    payload = shape.payload
    if payload is not None and shape.members[payload].shape.type == "blob":
        result.setdefault(payload, b"")
    if (service, operation_name) == ("s3", "GetBucketLocation"):
        return  # its odd document is read by a handler of botocore's: see the golden table
    assert from_botocore(shape, read) == result


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_every_request_reads_as_botocore_wrote_it(case: tuple[str, str, str]) -> None:
    for round_number in range(3):
        check_request(*case, Random(zlib.crc32("".join(case).encode()) + round_number))


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_botocore_reads_every_result_as_it_was_written(case: tuple[str, str, str]) -> None:
    for round_number in range(3):
        check_response(*case, Random(zlib.crc32("".join(case).encode()) + round_number))


relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(st.sampled_from(CASES), st.randoms(use_true_random=False))
def test_requests_read_as_botocore_wrote_them(case: tuple[str, str, str], random: Random) -> None:
    check_request(*case, random)


@relaxed
@given(st.sampled_from(CASES), st.randoms(use_true_random=False))
def test_botocore_reads_results_as_they_were_written(
    case: tuple[str, str, str], random: Random
) -> None:
    check_response(*case, random)
