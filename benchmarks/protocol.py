"""Microseconds the codecs take to parse a request and to serialize its result, beside botocore's
own generic code doing the client's half of the same work.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import botocore.awsrequest
import botocore.model
import botocore.parsers
import botocore.serialize

from airside.kernel import HttpRequest
from airside.kernel.http import BytesBody
from airside.protocol import models
from airside.protocol.codec import CODECS
from benchmarks.command import parser

ITEM = {
    "pk": {"S": "customer#000000001"}, "sk": {"S": "order#2026-11-23T09:00:00Z"},
    "name": {"S": "A customer with a name of ordinary length"}, "count": {"N": "42"},
    "active": {"BOOL": True}, "tags": {"SS": ["red", "green", "blue"]},
    "address": {"M": {"street": {"S": "1 Main Street"}, "city": {"S": "Springfield"}}},
    "lines": {"L": [{"S": "first"}, {"S": "second"}, {"N": "3"}]},
}  # fmt: skip
JSON_HEADERS = {
    "host": "127.0.0.1:4566", "content-type": "application/x-amz-json-1.0", "accept": "*/*",
    "authorization": "AWS4-HMAC-SHA256 ...", "x-amz-date": "20261123T090000Z",
    "user-agent": "Boto3/1.44.5", "content-length": "444", "connection": "keep-alive",
}  # fmt: skip
CASES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("dynamodb", "GetItem", {"TableName": "orders", "Key": {"pk": ITEM["pk"], "sk": ITEM["sk"]}},
     {"Item": ITEM}),
    ("dynamodb", "PutItem", {"TableName": "orders", "Item": ITEM}, {}),
    ("sqs", "SendMessage", {"QueueUrl": "http://127.0.0.1:4566/000000000000/orders",
                            "MessageBody": "x" * 200},
     {"MessageId": "3f8a", "MD5OfMessageBody": "d41d8cd98f00b204e9800998ecf8427e"}),
    ("s3", "GetObject", {"Bucket": "site", "Key": "assets/app.js"},
     {"ContentLength": 10240, "ContentType": "text/javascript", "ETag": '"d41d8cd9"',
      "LastModified": 1_790_000_000.0, "AcceptRanges": "bytes", "Metadata": {"a": "b"},
      "Body": b""}),
    ("lambda", "Invoke", {"FunctionName": "list-products", "Payload": b'{"path": "/products"}'},
     {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": b'{"products": []}'}),
]  # fmt: skip


def measure(function: Callable[[], object], seconds: float) -> float:
    """The best of several rounds, in microseconds per call."""
    function()
    count = 200
    best = float("inf")
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        start = time.perf_counter()
        for _ in range(count):
            function()
        best = min(best, (time.perf_counter() - start) / count)
    return best * 1e6


def figures(
    service: str, name: str, parameters: dict[str, Any], result: dict[str, Any], seconds: float
) -> list[float]:
    """Ours: route, parse, write; then botocore's write and parse."""
    model = models.load(service)
    operation = model.operation(name)
    protocol = model.protocols[0]
    codec = CODECS[protocol]
    described = json.loads(models.model_bytes(service))
    theirs = botocore.model.ServiceModel(described, service).operation_model(name)
    serializer = botocore.serialize.create_serializer(protocol, include_validation=False)
    parser = botocore.parsers.create_parser(protocol)
    made = serializer.serialize_to_request(parameters, theirs)
    botocore.awsrequest.prepare_request_dict(made, endpoint_url="http://127.0.0.1:4566")
    prepared = botocore.awsrequest.create_request_object(made).prepare()
    headers = JSON_HEADERS | {key.lower(): str(value) for key, value in made["headers"].items()}
    path, _, query = prepared.url.removeprefix("http://127.0.0.1:4566").partition("?")
    http = HttpRequest(made["method"], path, query, headers)
    sent: Any = prepared.body or b""
    body = sent.encode() if isinstance(sent, str) else bytes(sent)
    given: Any = BytesBody(body) if operation.streaming_input else body
    answer = codec.serialize(model, operation, result, "request-id")
    response = {
        "status_code": answer.status,
        "headers": botocore.awsrequest.HeadersDict(answer.headers),
        "body": answer.body,
    }
    work: list[Callable[[], object]] = [
        lambda: codec.operation_name(model, http, body),
        lambda: codec.parse(model, operation, http, given),
        lambda: codec.serialize(model, operation, result, "request-id"),
        lambda: serializer.serialize_to_request(parameters, theirs),
        lambda: parser.parse(response, theirs.output_shape),
    ]
    return [measure(function, seconds) for function in work]


def main() -> None:
    """Print one line per operation."""
    command = parser("benchmarks.protocol", __doc__)
    command.add_argument("--seconds", type=float, default=0.2, help="for each figure")
    seconds = command.parse_args().seconds
    titles = ("route", "parse", "write", "botocore: write", "parse")
    print("us per call".ljust(20) + "".join(title.rjust(len(title) + 4) for title in titles))
    for service, name, parameters, result in CASES:
        found = zip(titles, figures(service, name, parameters, result, seconds), strict=True)
        cells = "".join(f"{figure:.2f}".rjust(len(title) + 4) for title, figure in found)
        print(f"{service}.{name}".ljust(20) + cells)


if __name__ == "__main__":
    main()
