"""Whatever a client sends, the answer is a request or a ServiceError: never another exception."""

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.protocol import reference
from tests.protocol.test_laws import CASES, RULES
from tests.protocol.values import Values, to_botocore

from airside.kernel import HttpRequest, ServiceError
from airside.kernel.http import BytesBody
from airside.protocol.codec import CODECS, codec_for
from airside.protocol.models import load

relaxed = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


def attempt(service: str, protocol: str, name: str, http: HttpRequest, body: bytes) -> None:
    model = load(service)
    operation = model.operation(name)
    codec = CODECS[protocol]
    given_body: Any = BytesBody(body) if operation.streaming_input else body
    try:
        found = codec.operation_name(model, http, body)
        if http.method == operation.method and found is not None:
            operation = model.operation(found)
            given_body = BytesBody(body) if operation.streaming_input else body
        elif "rest" in protocol:
            return  # no route leads here
        parsed = codec.parse(model, operation, http, given_body)
    except ServiceError as error:
        answer = codec.serialize_error(model, operation, error, "id")
        assert 400 <= answer.status < 500, answer
    else:
        assert isinstance(parsed, dict)


def mutated(random: Random, data: bytes) -> bytes:
    """`data` with a few bytes changed, removed, doubled or swapped for trouble."""
    trouble = (b"\xff", b"\x00", b"<", b"&", b"%", b'"', b"{}", b"[]", b"null", b"-1", b"1e999",
               b"\xed\xa0\x80", b"%zz", b"%ff", b".", b"true", b"<a>", b"&lt;",
               b"\\ud800")  # fmt: skip
    result = bytearray(data)
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(result))
        kind = random.randint(0, 3)
        if kind == 0:
            result[at:at] = random.choice(trouble)
        elif kind == 1:
            del result[at : at + random.randint(1, 8)]
        elif kind == 2:
            result[at : at + 1] = random.choice(trouble)
        else:
            result[at:at] = result[: random.randint(0, 20)]
    return bytes(result)


@relaxed
@given(st.sampled_from(CASES), st.randoms(use_true_random=False))
def test_damaged_requests(case: tuple[str, str, str], random: Random) -> None:
    service, protocol, name = case
    shape = reference.lenient(service).operation(name).input
    if shape is None or any(member.shape.event_stream for member in shape.members.values()):
        return
    sent = Values(random, RULES[protocol][0]).structure(shape)
    http, body = reference.request(service, protocol, name, to_botocore(shape, sent))
    path = mutated(random, http.path.encode()).decode("latin-1") if random.random() < 0.2 else None
    query = mutated(random, http.query.encode()).decode("latin-1")
    headers = {
        key: mutated(random, value.encode("latin-1")).decode("latin-1")
        for key, value in http.headers.items()
    }
    damaged = HttpRequest(http.method, http.path, query, headers)
    attempt(service, protocol, name, damaged, mutated(random, body))
    if path is not None:
        damaged.path = path
        attempt(service, protocol, name, damaged, body)


@relaxed
@given(st.sampled_from(CASES), st.binary(max_size=200))
def test_any_bytes(case: tuple[str, str, str], body: bytes) -> None:
    service, protocol, name = case
    operation = load(service).operation(name)
    http = HttpRequest("POST", "/" + "a/" * operation.uri.count("/"), "", {})
    attempt(service, protocol, name, http, body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["S", "Item", "TableName", "Key", "Tags"]), inner)
    ),
    max_leaves=8,
)


@relaxed
@given(st.sampled_from([c for c in CASES if "json" in c[1]]), st.data())
def test_json_of_any_shape(case: tuple[str, str, str], data: st.DataObject) -> None:
    import json

    service, protocol, name = case
    shape = load(service).operation(name).input
    names = [m.wire for m in shape.members.values()] if shape is not None else []
    body = data.draw(st.dictionaries(st.sampled_from(names or ["x"]), JSON) | JSON)
    operation = load(service).operation(name)
    http = HttpRequest("POST", "/" + "a/" * operation.uri.count("/"), "", {})
    attempt(service, protocol, name, http, json.dumps(body).encode())


BOMB = (
    b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    b"<Delete><Object><Key>&b;</Key></Object></Delete>"
)
OUTSIDE = (
    b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b"<Delete><Object><Key>&x;</Key></Object></Delete>"
)


@pytest.mark.parametrize(
    "body",
    [
        BOMB, OUTSIDE, b"<!DOCTYPE Delete><Delete/>", b"<a>" * 100_000, b"", b" ", b"<Delete>",
        b"<Delete></Delete><Delete/>", b"text", b"<Delete>&nbsp;</Delete>",
        b"<?xml version='1.0' encoding='nonsense'?><Delete/>",
        b"<?xml version='1.0' encoding='utf-16'?><Delete/>",
        "<Delete><Object><Key>ü</Key></Object></Delete>".encode("latin-1"),
        b"<Delete><Object><Key><b/></Key></Object></Delete>",
        b"<Delete><Object/></Delete>",
        b"<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>",
        b"<Delete><Object><Key>a</Key></Object><Quiet>perhaps</Quiet></Delete>",
        b"<Delete><Object><Key>a\x01</Key></Object></Delete>",
    ],
    ids=lambda body: body[:30].decode("latin-1"),
)  # fmt: skip
def test_documents_that_are_refused(body: bytes) -> None:
    model = load("s3")
    http = HttpRequest("POST", "/b", "delete")
    with pytest.raises(ServiceError) as caught:
        CODECS["rest-xml"].parse(model, model.operation("DeleteObjects"), http, body)
    assert caught.value.name in {"MalformedXML", "MissingRequestBodyError"}


@pytest.mark.parametrize(
    "body",
    [b"[]", b"1", b"null", b'"a"', b"{", b'{"a":}', b"{" * 5000, b"[" * 100_000, b'{"QueueUrl": 1}',
     b'{"QueueUrl": "\xff"}', b'{"QueueUrl": "\\ud800"}', b'{"QueueUrl": {}}', b'{"QueueUrl": []}',
     b'{"MessageAttributes": []}', b'{"MessageAttributes": {"a": 1}}', b'{"DelaySeconds": 1e400}',
     b'{"DelaySeconds": true}', b'{"MessageAttributes": {"a": {"BinaryValue": "*"}}}', b"{}}",
     b'{"MessageAttributes": {"a": {"StringListValues": "x"}}}'],
    ids=lambda body: body[:30].decode("latin-1"),
)  # fmt: skip
def test_json_that_is_refused(body: bytes) -> None:
    model = load("sqs")
    http = HttpRequest("POST", "/", "", {"x-amz-target": "AmazonSQS.SendMessage"})
    with pytest.raises(ServiceError) as caught:
        CODECS["json"].parse(model, model.operation("SendMessage"), http, body)
    assert caught.value.name == "SerializationException"


@pytest.mark.parametrize(
    "body",
    [b"MessageBody=%ff", b"MessageBody.a=b", b"MessageAttribute=x", b"MessageAttribute.x.Name=a",
     b"DelaySeconds=1.5", b"DelaySeconds=1_0", b"MessageAttribute.1=x",
     b"&".join([b"a=b"] * 20_000),
     b"MessageAttribute.1.Name=a&MessageAttribute.1.Value=x",
     b"MessageAttribute.1.Value.DataType=x",
     b"MessageAttribute." + b"9" * 5000 + b".Name=a"],
    ids=lambda body: body[:50].decode("latin-1"),
)  # fmt: skip
def test_forms_that_are_refused(body: bytes) -> None:
    model = load("sqs")
    with pytest.raises(ServiceError) as caught:
        CODECS["query"].parse(model, model.operation("SendMessage"), HttpRequest("POST", "/"), body)
    assert caught.value.name == "MalformedInput"


def test_a_protocol_we_lack_is_named() -> None:
    http = HttpRequest("POST", "/", "", {"smithy-protocol": "rpc-v3-protobuf"})
    with pytest.raises(ServiceError) as caught:
        codec_for(load("cloudwatch"), http)
    assert caught.value.name == "UnsupportedProtocol"
    assert "rpc-v3-protobuf" in caught.value.message


@pytest.mark.parametrize(
    ("service", "name", "body"),
    [
        ("logs", "GetLogEvents", b'{"limit": 2147483648}'),
        ("logs", "GetLogEvents", b'{"startTime": 9223372036854775808}'),
        ("logs", "GetLogEvents", b'{"startTime": 1e30}'),
    ],
)
def test_numbers_too_large_for_their_type(service, name, body):
    model = load(service)
    with pytest.raises(ServiceError) as caught:
        CODECS["json"].parse(model, model.operation(name), HttpRequest("POST", "/"), body)
    assert caught.value.name == "SerializationException"


def test_a_number_too_large_for_a_query_string():
    model = load("s3")
    http = HttpRequest("GET", "/b", "list-type=2&max-keys=2147483648")
    with pytest.raises(ServiceError) as caught:
        CODECS["rest-xml"].parse(model, model.operation("ListObjectsV2"), http, b"")
    assert caught.value.members == {"ArgumentName": "max-keys", "ArgumentValue": "2147483648"}


def test_more_elements_than_any_document_has():
    model = load("s3")
    body = b"<Delete>" + b"<Object/>" * 300_000 + b"</Delete>"
    with pytest.raises(ServiceError) as caught:
        CODECS["rest-xml"].parse(
            model, model.operation("DeleteObjects"), HttpRequest("POST", "/b", "delete"), body
        )
    assert caught.value.name == "MalformedXML"


def test_names_with_more_parts_than_any_parameter_has():
    model = load("sqs")
    body = b"QueueUrl=u&MessageBody=b&" + b"a." * 100_000 + b"=1"
    request = CODECS["query"].parse(
        model, model.operation("SendMessage"), HttpRequest("POST", "/"), body
    )
    assert request == {"QueueUrl": "u", "MessageBody": "b"}
