"""Tells a function's destinations and its dead-letter queue what became of an event."""

import json
import logging
from typing import Any, NamedTuple

from airside.kernel import Arn, Context, OperationNotImplemented, ServiceError
from airside.kernel.clock import iso8601
from airside.protocol.documents import load_json
from airside.runtime.spec import Outcome
from airside.services.lambda_.async_event import AsyncEvent
from airside.services.lambda_.executor import Target

log = logging.getLogger("airside.lambda")


class Verdict(NamedTuple):
    """The end of an asynchronous event."""

    target: Target
    event: AsyncEvent
    condition: str
    """Success, RetriesExhausted or EventAgeExceeded."""
    outcome: Outcome | None
    settings: dict[str, Any]

    @property
    def version_arn(self) -> str:
        """The version that ran it."""
        return f"{self.target.name.arn}:{self.target.version.version}"


async def deliver(ctx: Context, verdict: Verdict) -> None:
    """Send the invocation record to the destination, and failed events to the dead-letter queue."""
    good = verdict.condition == "Success"
    destinations = verdict.settings.get("DestinationConfig", {})
    destination = destinations.get("OnSuccess" if good else "OnFailure", {}).get("Destination")
    if destination:
        record = invocation_record(verdict, ctx.clock.now())
        await _try(ctx, verdict, destination, json.dumps(record), {})
    dead_letters = verdict.target.version.config.get("DeadLetterConfig", {}).get("TargetArn")
    if dead_letters and not good:
        text = verdict.event.payload.decode("utf-8", "replace")
        await _try(ctx, verdict, dead_letters, text, _dead_letter_attributes(verdict))


def invocation_record(verdict: Verdict, now: float) -> dict[str, Any]:
    """What a destination gets."""
    event, outcome = verdict.event, verdict.outcome
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": iso8601(now),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": verdict.version_arn,
            "condition": verdict.condition,
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": json_value(event.payload),
    }
    if outcome is not None:
        record["responseContext"] = {
            "statusCode": 200, "executedVersion": verdict.target.version.version,
        }  # fmt: skip
        if outcome.failed:
            record["responseContext"]["functionError"] = "Unhandled"
        record["responsePayload"] = json_value(outcome.payload)
    return record


def json_value(payload: bytes) -> Any:
    """A payload as JSON, or as text when it is none."""
    try:
        return load_json(payload) if payload else None
    except ValueError:
        return payload.decode("utf-8", "replace")


def _dead_letter_attributes(verdict: Verdict) -> dict[str, dict[str, str]]:
    message = ""
    if verdict.outcome is not None:
        error = json_value(verdict.outcome.payload)
        message = str(error.get("errorMessage", ""))[:1024] if isinstance(error, dict) else ""
    attributes = {
        "RequestID": {"DataType": "String", "StringValue": verdict.event.request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
    }
    if message:
        attributes["ErrorMessage"] = {"DataType": "String", "StringValue": message}
    return attributes


class Parcel(NamedTuple):
    """What is sent, and how places that want names and order know it."""

    text: str
    group: str
    """Of messages that a FIFO queue keeps in order."""
    parcel_id: str
    key: str
    """Under which a bucket keeps it."""
    attributes: dict[str, dict[str, str]]


async def _try(
    ctx: Context, verdict: Verdict, arn: str, text: str, attributes: dict[str, dict[str, str]]
) -> None:
    name, event_id = verdict.target.name.name, verdict.event.event_id
    at = iso8601(ctx.clock.now()).partition(".")[0]
    day, moment = at[:10].replace("-", "/"), at.replace(":", ".")
    key = f"aws/lambda/async/{name}/{day}/{moment}-{event_id}"
    try:
        if Arn.parse(arn).service == "events":
            await _put_event(ctx, arn, text, verdict)
        else:
            await send(ctx, arn, Parcel(text, name, event_id, key, attributes))
    except ServiceError as error:
        log.warning("%s could not be told of an event: %s: %s", arn, error.name, error.message)


async def _put_event(ctx: Context, arn: str, text: str, verdict: Verdict) -> None:
    good = verdict.condition == "Success"
    entry = {
        "Source": "lambda", "Detail": text, "EventBusName": arn,
        "DetailType": f"Lambda Function Invocation Result - {'Success' if good else 'Failure'}",
        "Resources": [verdict.version_arn],
    }  # fmt: skip
    await ctx.call("events", "PutEvents", {"Entries": [entry]})


async def send(ctx: Context, arn: str, parcel: Parcel) -> None:
    """Hand something to a queue, topic, function or bucket. Raises its ServiceError."""
    place = Arn.parse(arn)
    more: dict[str, Any] = {}
    if parcel.attributes:
        more["MessageAttributes"] = parcel.attributes
    if place.resource.endswith(".fifo"):
        more["MessageGroupId"] = parcel.group
        more["MessageDeduplicationId"] = parcel.parcel_id
    if place.service == "sqs":
        named = {"QueueName": place.resource, "QueueOwnerAWSAccountId": place.account_id}
        url = (await ctx.call("sqs", "GetQueueUrl", named))["QueueUrl"]
        await ctx.call("sqs", "SendMessage", {"QueueUrl": url, "MessageBody": parcel.text, **more})
    elif place.service == "sns":
        await ctx.call("sns", "Publish", {"TopicArn": arn, "Message": parcel.text, **more})
    elif place.service == "lambda":
        payload = parcel.text.encode()
        request = {"FunctionName": arn, "InvocationType": "Event", "Payload": payload}
        await ctx.call("lambda", "Invoke", request)
    elif place.service == "s3":
        body = parcel.text.encode()
        await ctx.call(
            "s3", "PutObject", {"Bucket": place.resource, "Key": parcel.key, "Body": body}
        )
    else:
        raise OperationNotImplemented(f"{place.service} is no destination of functions.")
