"""Requests and responses as AWS's documentation shows them, one table per protocol.

A case has some of: a `request` and what it is `parsed` to; a `result` and its `response`; an
`error`, which the `request` provokes and the `response` shows.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from airside.kernel import HttpRequest, ServiceError
from airside.protocol.codec import CODECS, codec_for
from airside.protocol.errors import Rejected
from airside.protocol.models import load

CASES = [
    (protocol, case)
    for protocol in CODECS
    for case in json.loads((Path(__file__).parent / "golden" / f"{protocol}.json").read_text())
]
PREFIXES = {"dynamodb": "DynamoDB_20120810", "logs": "Logs_20140328", "sqs": "AmazonSQS"}


def thaw(value: Any) -> Any:
    """`{"$bytes": "text"}` -> bytes."""
    if isinstance(value, dict):
        if value.keys() == {"$bytes"}:
            return value["$bytes"].encode("latin-1")
        return {key: thaw(item) for key, item in value.items()}
    return [thaw(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("protocol", "case"), CASES, ids=[f"{p}: {case['about']}" for p, case in CASES]
)
def test_golden(protocol: str, case: dict[str, Any]) -> None:
    model = load(case["service"])
    operation = model.operation(case["operation"])
    codec = CODECS[protocol]
    error = None
    if "request" in case:
        described = case["request"]
        http = HttpRequest(
            described.get("method", "POST"), described.get("path", "/"),
            described.get("query", ""), described.get("headers", {}),
        )  # fmt: skip
        body = bytes.fromhex(described["hex"]) if "hex" in described else b""
        body = body or described.get("body", "").encode()
        assert codec_for(model, http) is codec
        assert codec.operation_name(model, http, body) == operation.name
        if "parsed" in case:
            assert codec.parse(model, operation, http, body) == thaw(case["parsed"])
        else:
            with pytest.raises(ServiceError) as caught:
                codec.parse(model, operation, http, body)
            error = caught.value
            expected = case["error"]
            assert error.name == expected["name"]
            if "message" in expected:
                assert error.message == expected["message"]
            else:
                assert error.message.startswith(expected["starts"])
    if "response" not in case:
        return
    if "result" in case:
        answer = codec.serialize(model, operation, thaw(case["result"]), "RID")
    else:
        described = case["error"]
        if error is None:
            members = thaw(described.get("members", {}))
            error = Rejected(described["name"], described["message"], **members)
        extra = described.get("extra", {})
        answer = codec.serialize_error(model, operation, error, "RID", **extra)
    check_response(answer, case["response"])


def check_response(answer: Any, expected: dict[str, Any]) -> None:
    assert answer.status == expected["status"]
    for name, value in expected.get("headers", {}).items():
        assert answer.header(name) == value
    if "body" in expected:
        assert answer.body.decode() == expected["body"]
    if "hex" in expected:
        assert answer.body.hex() == expected["hex"]
