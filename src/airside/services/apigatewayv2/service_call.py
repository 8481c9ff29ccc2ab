"""First-class integrations: a route that is an operation of a service.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from airside.gateway.roles import role_principal
from airside.kernel import (
    Context,
    HttpRequest,
    HttpResponse,
    OperationNotImplemented,
    ServiceError,
)
from airside.protocol.codec import codec_for
from airside.protocol.coercion import as_modelled
from airside.protocol.documents import load_json
from airside.protocol.models import load
from airside.protocol.shapes import Shape
from airside.services.apigatewayv2.api import Members
from airside.services.apigatewayv2.errors import BadRequestException
from airside.services.apigatewayv2.event import Call
from airside.services.apigatewayv2.mapping import request_lookup, value
from airside.services.apigatewayv2.response import message


class Subtype(NamedTuple):
    """An operation that a route can be."""

    service: str
    operation: str
    required: frozenset[str]
    optional: frozenset[str] = frozenset()


_QUEUE = frozenset({"QueueUrl"})
_SUBTYPES = {
    "SQS-SendMessage": Subtype(
        "sqs", "SendMessage", _QUEUE | {"MessageBody"},
        frozenset({"DelaySeconds", "MessageAttributes", "MessageDeduplicationId",
                   "MessageGroupId", "MessageSystemAttributes"}),
    ),
    "SQS-ReceiveMessage": Subtype(
        "sqs", "ReceiveMessage", _QUEUE,
        frozenset({"AttributeNames", "MaxNumberOfMessages", "MessageAttributeNames",
                   "ReceiveRequestAttemptId", "VisibilityTimeout", "WaitTimeSeconds"}),
    ),
    "SQS-DeleteMessage": Subtype("sqs", "DeleteMessage", _QUEUE | {"ReceiptHandle"}),
    "SQS-PurgeQueue": Subtype("sqs", "PurgeQueue", _QUEUE),
}  # fmt: skip
_NOT_YET = frozenset({
    "EventBridge-PutEvents", "AppConfig-GetConfiguration", "Kinesis-PutRecord",
    "StepFunctions-StartExecution", "StepFunctions-StartSyncExecution",
    "StepFunctions-StopExecution",
})  # fmt: skip
_FORM = {"content-type": "application/x-www-form-urlencoded"}


def check(integration: Members) -> None:
    """Raise BadRequestException for an operation that is none or parameters that do not fit it."""
    name = integration["IntegrationSubtype"]
    if name in _NOT_YET:
        raise OperationNotImplemented(f"Airside does not implement {name} integrations yet.")
    subtype = _SUBTYPES.get(name)
    if subtype is None:
        raise BadRequestException(f"Invalid integration subtype: {name}")
    if not integration.get("CredentialsArn"):
        raise BadRequestException("CredentialsArn is required for integrations with AWS services")
    given = (integration.get("RequestParameters") or {}).keys()
    for parameter in sorted(subtype.required - given):
        raise BadRequestException(f"Parameter: {parameter} is required for {name}")
    for parameter in sorted(given - subtype.required - subtype.optional - {"Region"}):
        raise BadRequestException(f"Parameter: {parameter} does not fit schema for {name}")


async def ask(ctx: Context, integration: Members, call: Call) -> HttpResponse:
    """What the service answers, in its Query protocol, as the gateway passes it on."""
    subtype = _SUBTYPES[integration["IntegrationSubtype"]]
    mapping: Mapping[str, str] = integration.get("RequestParameters") or {}
    look = request_lookup(call)
    values = {name: value(expression, look) for name, expression in mapping.items()}
    region = values.pop("Region", None) or ctx.region
    role = role_principal(integration["CredentialsArn"], call.account_id)
    if role is None or any(not values[name] for name in subtype.required):
        return message(400, "Bad Request")
    model = load(subtype.service)
    operation = model.operation(subtype.operation)
    codec = codec_for(model, HttpRequest("POST", "/", "", _FORM))
    own = Context(ctx.cloud, role, region, ctx.request_id, subtype.service, "", ctx.trace_id)
    try:
        assert operation.input is not None
        request = {
            name: _typed(operation.input.members[name].shape, text)
            for name, text in values.items() if text is not None
        }  # fmt: skip
        result = await own.call(subtype.service, subtype.operation, request)
    except ValueError:
        return message(400, "Bad Request")
    except ServiceError as error:
        return codec.serialize_error(model, operation, error, ctx.request_id)
    return codec.serialize(model, operation, result, ctx.request_id)


def _typed(shape: Shape, text: str) -> Any:
    """A mapped text as the operation takes it; lists and structures are JSON."""
    if shape.type in {"map", "structure"} or (shape.type == "list" and text.startswith("[")):
        return as_modelled(shape, load_json(text))
    if shape.type == "list":
        return [as_modelled(shape.element.shape, part.strip()) for part in text.split(",")]
    return as_modelled(shape, text)
