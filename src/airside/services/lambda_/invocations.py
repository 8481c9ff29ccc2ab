"""Invoking functions."""

import base64
import binascii
from collections.abc import AsyncIterator
from typing import Any

from airside.kernel import Context, Request, Result, operation
from airside.runtime.spec import Event
from airside.services.lambda_ import errors, limits, payloads, streaming
from airside.services.lambda_.asynchronous import AsyncEvents
from airside.services.lambda_.executor import Executor, Target, check_state
from airside.services.lambda_.names import function_arn, requested


@operation("Invoke", resource=function_arn, action="lambda:InvokeFunction")
async def invoke(ctx: Context, request: Request) -> Result:
    """Run a function; Event only accepts the event, DryRun not even that."""
    name = requested(ctx, request)
    payload: bytes = request.get("Payload") or b"{}"
    kind = request.get("InvocationType", "RequestResponse")
    executor = ctx.component(Executor)
    target = await executor.target(name)
    payloads.check(payload, kind)
    if kind == "DryRun":
        return {"StatusCode": 204, "ExecutedVersion": target.version.version}
    event = Event(
        request_id=ctx.request_id, payload=payload, arn=name.qualified_arn, trace_id=ctx.trace_id,
        client_context=_client_context(request), tail=request.get("LogType") == "Tail",
    )  # fmt: skip
    if kind == "Event":
        return await accept(ctx, target, event)
    outcome = await executor.invoke(ctx, target, event)
    result: dict[str, Any] = {
        "StatusCode": 200,
        "ExecutedVersion": target.version.version,
        "Payload": outcome.payload,
    }
    if outcome.failed:
        result["FunctionError"] = "Unhandled"
    if event.tail:
        result["LogResult"] = base64.b64encode(outcome.tail).decode()
    return result


@operation("InvokeAsync", resource=function_arn, action="lambda:InvokeFunction")
async def invoke_async(ctx: Context, request: Request) -> Result:
    """Invoke of the year 2014: accept an event."""
    name = requested(ctx, request)
    target = await ctx.component(Executor).target(name)
    payload = await request["InvokeArgs"].read(limits.ASYNC_PAYLOAD_BYTES_MAX)
    payloads.check(payload or b"{}", "Event")
    event = Event(ctx.request_id, payload or b"{}", name.qualified_arn, ctx.trace_id)
    await ctx.component(AsyncEvents).accept(target, event)
    return {"Status": 202}


@operation("InvokeWithResponseStream", resource=function_arn, action="lambda:InvokeFunction")
async def invoke_with_response_stream(ctx: Context, request: Request) -> Result:
    """Run a function and stream what it answers; a function that does not stream is one chunk."""
    name = requested(ctx, request)
    payload: bytes = request.get("Payload") or b"{}"
    executor = ctx.component(Executor)
    target = await executor.target(name)
    payloads.check(payload, "RequestResponse")
    event = Event(
        request_id=ctx.request_id, payload=payload, arn=name.qualified_arn, trace_id=ctx.trace_id,
        client_context=_client_context(request), tail=request.get("LogType") == "Tail",
    )  # fmt: skip
    answer = await streaming.begin(executor.invoke(ctx, target, event), event)
    return {
        "StatusCode": 200,
        "ExecutedVersion": target.version.version,
        "EventStream": _stream_events(answer, tail=event.tail),
    }


async def _stream_events(answer: streaming.Answer, *, tail: bool) -> AsyncIterator[dict[str, Any]]:
    complete: dict[str, Any] = {}
    async for chunk in answer.chunks():
        yield {"PayloadChunk": {"Payload": chunk}}
    outcome = await answer.outcome()
    if outcome.failed:
        complete["ErrorCode"] = outcome.error_type or "Unhandled"
        complete["ErrorDetails"] = _details(outcome.payload)
    if tail:
        complete["LogResult"] = base64.b64encode(outcome.tail).decode()
    yield {"InvokeComplete": complete}


def _details(payload: bytes) -> str:
    """The error that a function ended with, as JSON."""
    return payload.decode("utf-8", "replace")


async def accept(ctx: Context, target: Target, event: Event) -> Result:
    """Take an asynchronous event: it is durable before this returns."""
    check_state(target)
    await ctx.component(AsyncEvents).accept(target, event)
    return {"StatusCode": 202, "Payload": b""}


def _client_context(request: Request) -> str:
    given = request.get("ClientContext")
    if not given:
        return ""
    try:
        return base64.b64decode(given, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise errors.InvalidRequestContentException(
            "Could not parse request body into json: Client context must be a valid Base64-encoded "
            "JSON object.", Type="User",
        ) from None  # fmt: skip
