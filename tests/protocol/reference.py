"""botocore as the other side of the wire: its serializers and parsers, on the same models."""

import json
from functools import lru_cache
from typing import Any

import botocore.awsrequest
import botocore.model
import botocore.parsers
import botocore.serialize
import msgspec

from airside.kernel import HttpRequest, HttpResponse
from airside.protocol import models, schema

SERVICES = (
    "dynamodb", "sqs", "lambda", "apigatewayv2", "apigateway", "logs", "s3", "cloudfront",
    "cloudformation", "iam", "sts", "cloudwatch", "resourcegroupstaggingapi",
)  # fmt: skip


@lru_cache
def lenient(service: str) -> models.ServiceModel:
    """Our model of a service, with validation off: the laws are about form, not constraints."""
    overlay = models.load_overlay(service)
    document = msgspec.json.decode(_content(service), type=schema.ModelDocument)
    skip = schema.ValidationEntry(skip=("*",))
    return models.ServiceModel(service, document, msgspec.structs.replace(overlay, validation=skip))


def _content(service: str) -> bytes:
    overlay = models.load_overlay(service)
    return json.dumps(models.merge(json.loads(models.model_bytes(service)), overlay.patch)).encode()


@lru_cache
def reference(service: str, protocol: str) -> botocore.model.ServiceModel:
    """botocore's model of a service, with what our overlay patches into it.

    Not for JSON: there botocore would take the names that only query clients use.
    """
    overlay = models.load_overlay(service)
    raw = json.loads(models.model_bytes(service))
    if protocol != "json":
        raw = models.merge(raw, overlay.patch)
    raw["metadata"]["protocol"] = protocol
    for operation in raw["operations"].values():
        operation.pop("endpoint", None)  # names in the host are for the route, not for the codec
        if protocol == "query" and "output" in operation:
            operation["output"].setdefault("resultWrapper", f"{operation['name']}Result")
    return botocore.model.ServiceModel(raw, service)


def request(service: str, protocol: str, operation: str, parameters: dict[str, Any]) -> tuple[
    HttpRequest, bytes
]:  # fmt: skip
    """The HTTP request botocore makes of `parameters`."""
    model = reference(service, protocol).operation_model(operation)
    serializer = botocore.serialize.create_serializer(protocol, include_validation=False)
    made = serializer.serialize_to_request(parameters, model)
    botocore.awsrequest.prepare_request_dict(made, endpoint_url="http://host:1234")
    prepared = botocore.awsrequest.create_request_object(made).prepare()
    target = prepared.url.removeprefix("http://").partition("/")[2]
    path, _, query = f"/{target}".partition("?")
    headers = {"host": "host:1234"}
    for name, value in prepared.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        headers[name.lower()] = text
    body = prepared.body or b""
    return (
        HttpRequest(prepared.method, path or "/", query, headers),
        body.encode() if isinstance(body, str) else bytes(body),
    )


def response(service: str, protocol: str, operation: str, answer: HttpResponse) -> dict[str, Any]:
    """What botocore reads from a response of ours."""
    model = reference(service, protocol).operation_model(operation)
    parser = botocore.parsers.create_parser(protocol)
    headers = botocore.awsrequest.HeadersDict()
    for name, value in answer.headers:
        headers[name] = value
    assert isinstance(answer.body, bytes)
    shape = model.output_shape
    payload = shape.serialization.get("payload") if shape is not None else None
    raw = payload is not None and shape.members[payload].type_name == "blob"
    body = Unread(answer.body) if raw else answer.body
    read = parser.parse({"status_code": answer.status, "headers": headers, "body": body}, shape)
    if raw:
        read[payload] = answer.body
    elif payload is not None and read.get(payload) in ({}, ""):
        del read[payload]  # botocore's reading of no body at all
    return {
        name: value for name, value in read.items()
        if value != {} or shape.members[name].serialization.get("location") != "headers"
    }  # fmt: skip


class Unread:
    """A body that botocore hands on as it is."""

    def __init__(self, data: bytes) -> None:
        self.data = data
