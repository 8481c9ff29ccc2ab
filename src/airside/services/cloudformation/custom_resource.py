"""Custom resources: a function makes them, and answers to an address that only it knows.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

import asyncio
import json
from typing import Any

import msgspec

from airside.kernel import (
    Cloud,
    Component,
    Context,
    HttpRequest,
    HttpResponse,
    Resource,
    ResourceRequest,
    Result,
    ServiceError,
)
from airside.kernel.http import BodyTooLarge
from airside.services.cloudformation.errors import ValidationError
from airside.services.cloudformation.intrinsics import text_of
from airside.services.cloudformation.step_request import StepRequest
from airside.services.cloudformation.steps import CUSTOM, StackAware

ZONE = "cloudformation-response"
TIMEOUT_SECONDS = 3600
_RESPONSE_BYTES_MAX = 64 * 1024


class Answer(msgspec.Struct, rename="pascal"):
    """What a function sends to its ResponseURL."""

    status: str
    reason: str = ""
    physical_resource_id: str = ""
    data: dict[str, Any] = {}
    no_echo: bool = False


class Mailbox(Component):
    """Answers that are waited for, by the secret part of their address."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._waiting: dict[str, asyncio.Future[Answer]] = {}

    def open(self, token: str) -> asyncio.Future[Answer]:
        """Wait for an answer."""
        return self._waiting.setdefault(token, asyncio.get_running_loop().create_future())

    def close(self, token: str) -> None:
        """Wait no longer."""
        self._waiting.pop(token, None)

    def deliver(self, token: str, answer: Answer) -> bool:
        """Take an answer; whether somebody waits for it."""
        waiting = self._waiting.get(token)
        if waiting is None or waiting.done():
            return False
        waiting.set_result(answer)
        return True


async def front(ctx: Context, http: HttpRequest, label: str) -> HttpResponse:
    """Where functions PUT their answers: looks to them like a presigned URL of S3."""
    if http.method != "PUT":
        return HttpResponse(405)
    try:
        answer = msgspec.json.decode(await http.body.read(_RESPONSE_BYTES_MAX), type=Answer)
    except BodyTooLarge:
        return HttpResponse(413)
    except msgspec.DecodeError as error:
        return HttpResponse(400, [("content-type", "text/plain")], str(error).encode())
    return HttpResponse(200 if ctx.component(Mailbox).deliver(label, answer) else 403)


class CustomResource(StackAware):
    """`Custom::Anything`: made, changed and removed by the function in ServiceToken."""

    name = CUSTOM

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Ask the function to make it."""
        answer = await _ask(ctx, "Create", request)
        if answer.status != "SUCCESS":
            if answer.physical_resource_id:  # as AWS does: what failed is told to go
                await _ask(ctx, "Delete", request, PhysicalResourceId=answer.physical_resource_id)
            raise ValidationError(_reason(answer))
        return _made(answer, request)

    async def update(
        self, ctx: Context, physical_id: str, old: Any, request: ResourceRequest
    ) -> Resource:
        """Ask the function to change it. Another id in its answer means a replacement."""
        answer = await _ask(
            ctx, "Update", request,
            PhysicalResourceId=physical_id, OldResourceProperties=_texts(dict(old)),
        )  # fmt: skip
        if answer.status != "SUCCESS":
            raise ValidationError(_reason(answer))
        return _made(answer, request)

    async def remove(self, ctx: Context, physical_id: str, request: ResourceRequest) -> None:
        """Ask the function to remove it."""
        answer = await _ask(ctx, "Delete", request, PhysicalResourceId=physical_id)
        if answer.status != "SUCCESS":
            raise ValidationError(_reason(answer))


def _made(answer: Answer, request: ResourceRequest) -> Resource:
    fallback = f"{request.stack_name}_{request.logical_id}_{request.suffix}"
    return Resource(answer.physical_resource_id or fallback, answer.data)


def _reason(answer: Answer) -> str:
    said = answer.reason or "no reason given"
    return f"Received response status [FAILED] from custom resource. Message returned: {said}"


def _texts(value: Any) -> Any:
    """CloudFormation hands every scalar over as text."""
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return text_of(value)


async def _ask(ctx: Context, kind: str, request: ResourceRequest, **more: Any) -> Answer:
    """Invoke the function and wait for its answer. One that dies fails the resource at once."""
    token = str(request.properties.get("ServiceToken", ""))
    if ":lambda:" not in token:
        raise ValidationError(f"Invalid service token: {token}. Airside invokes functions only.")
    secret = ctx.ids.lower(48)
    event = {
        "RequestType": kind,
        "ResponseURL": f"{ctx.cloud.settings.endpoint}/_aws/{ZONE}/{secret}",
        "StackId": request.stack_id,
        "RequestId": ctx.ids.uuid(),
        "LogicalResourceId": request.logical_id,
        "ResourceType": request.type if isinstance(request, StepRequest) else CUSTOM,
        "ServiceToken": token,
        "ResourceProperties": _texts(dict(request.properties)),
        **more,
    }
    mailbox = ctx.component(Mailbox)
    waiting = mailbox.open(secret)
    invoked = asyncio.ensure_future(_invoke(ctx, token, event))
    try:
        return await _first(waiting, invoked, request)
    finally:
        mailbox.close(secret)
        invoked.cancel()


async def _invoke(ctx: Context, function: str, event: dict[str, Any]) -> Result:
    payload = json.dumps(event).encode()
    return await ctx.call("lambda", "Invoke", {"FunctionName": function, "Payload": payload})


async def _first(
    waiting: asyncio.Future[Answer], invoked: asyncio.Future[Result], request: ResourceRequest
) -> Answer:
    """The answer, or the function's failure when that comes first."""
    seconds = float(request.properties.get("ServiceTimeout", TIMEOUT_SECONDS))
    await asyncio.wait((waiting, invoked), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done() and invoked.done():
        _check(invoked)
        await asyncio.wait((waiting,), timeout=seconds)
    if waiting.done():
        return waiting.result()
    raise ValidationError(
        "CloudFormation did not receive a response from your Custom Resource in time. Please check "
        "the logs of its function."
    )


def _check(invoked: asyncio.Future[Result]) -> None:
    try:
        result = invoked.result()
    except ServiceError as error:
        raise ValidationError(f"Could not invoke the function: {error.message}") from None
    if "FunctionError" in result:
        said = (result.get("Payload") or b"").decode("utf-8", "replace")
        raise ValidationError(f"The function failed and will not respond: {said}")
