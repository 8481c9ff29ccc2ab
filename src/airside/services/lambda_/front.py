"""The front doors: function URLs, and the download of packages."""

import json
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from airside.identity.fronts import signer
from airside.kernel import Context, FileSlice, HttpRequest, HttpResponse, Principal, ServiceError
from airside.kernel.http import BodyTooLarge
from airside.runtime.spec import Event, Outcome
from airside.services.lambda_ import function_url, limits, store, streaming
from airside.services.lambda_.executor import Executor
from airside.services.lambda_.function_url import Url
from airside.services.lambda_.names import FunctionName


async def answer_url(ctx: Context, http: HttpRequest, label: str) -> HttpResponse:
    """Serve one request to a function URL."""
    url_id = label.partition(".")[0]
    url = await ctx.store.read(lambda view: store.find_url_by_id(view, url_id))
    if url is None:
        return function_url.failure(404, "Not Found")
    if http.method == "OPTIONS" and url.cors and "access-control-request-method" in http.headers:
        return function_url.preflight(url.cors, http.headers)
    try:
        body = await http.body.read(limits.PAYLOAD_BYTES_MAX)
    except BodyTooLarge:
        return function_url.failure(413, "Request Entity Too Large")
    caller = None
    if url.auth_type == "AWS_IAM":
        caller = signer(ctx, http, body, "lambda", f"/_aws/lambda-url/{url_id}")
        if caller is None:
            return function_url.failure(403, "Forbidden")
    response = await _invoke(ctx, url, http, body, caller)
    if url.cors:
        response.headers += function_url.cors_headers(url.cors, http.headers)
    response.headers.append(("x-amzn-requestid", ctx.request_id))
    return response


async def _invoke(
    ctx: Context, url: Url, http: HttpRequest, body: bytes, caller: Principal | None
) -> HttpResponse:
    name = FunctionName(url.account_id, url.region, url.function, url.qualifier or None)
    ctx.account_id, ctx.region, ctx.operation = url.account_id, url.region, "Invoke"
    executor = ctx.component(Executor)
    event = function_url.event(url, http, body, ctx.request_id, ctx.clock.now(), caller)
    payload = json.dumps(event).encode()
    invoked = Event(ctx.request_id, payload, name.qualified_arn, ctx.trace_id)
    try:
        target = await executor.target(name)
        if url.invoke_mode == "RESPONSE_STREAM":
            return await _stream(executor.invoke(ctx, target, invoked), invoked)
        outcome = await executor.invoke(ctx, target, invoked)
    except ServiceError as error:
        status = 429 if error.name == "TooManyRequestsException" else 502
        return function_url.failure(status, error.message or "Internal Server Error")
    if outcome.failed:
        return function_url.failure(502, "Internal Server Error")
    return function_url.response(outcome.payload)


async def _stream(
    invocation: Coroutine[Any, Any, Outcome], event: Event
) -> HttpResponse:  # fmt: skip
    answer = await streaming.begin(invocation, event)
    if answer.content_type != streaming.INTEGRATION:
        if not answer.content_type and (await answer.outcome()).failed:
            return function_url.failure(502, "Internal Server Error")
        kind = answer.content_type or "application/json"
        return HttpResponse(200, [("content-type", kind)], answer.chunks())
    chunks = answer.chunks()
    try:
        prelude, first = await streaming.split_prelude(chunks)
    except ValueError:
        return function_url.failure(502, "Internal Server Error")
    headers = [pair for pair in prelude.headers if pair[0] not in function_url.OWN_HEADERS]
    headers += [("set-cookie", cookie) for cookie in prelude.cookies]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/octet-stream"))
    return HttpResponse(prelude.status, headers, _with_first(first, chunks))


async def _with_first(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for chunk in rest:
        yield chunk


async def answer_code(ctx: Context, http: HttpRequest, label: str) -> HttpResponse:
    """Serve a package by its blob's name, which only those know who may read the function."""
    try:
        path = ctx.blobs.path(label)
        length = path.stat().st_size
    except (OSError, ValueError):
        return HttpResponse(404, [("content-type", "text/plain")], b"Not Found\n")
    return HttpResponse(200, [("content-type", "application/zip")], FileSlice(path, 0, length))
