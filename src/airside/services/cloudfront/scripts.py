"""Functions at the edge: before a request is looked at, and before a response goes out."""

import json
from typing import Any

from airside.kernel import Context, HttpResponse
from airside.services.cloudfront import pages
from airside.services.cloudfront.choice import chosen
from airside.services.cloudfront.edge import Edge
from airside.services.cloudfront.forwarding import Question
from airside.services.cloudfront.plan import Behavior, Plan
from airside.services.cloudfront.script_event import (
    VIEWER_REQUEST,
    VIEWER_RESPONSE,
    Generated,
    InvalidOutput,
    generated,
    hidden,
    request_part,
    response_part,
    returned,
    rewritten,
)
from airside.services.cloudfront.viewing import (
    FUNCTION_FAILED,
    GENERATED,
    edge_headers,
    new_cf_id,
    own_page,
)

_USAGE = "Executions-CloudFrontFunctions"


def _event(ctx: Context, plan: Plan, question: Question, event_type: str) -> dict[str, Any]:
    return {
        "version": "1.0",
        "context": {
            "distributionDomainName": plan.domain,
            "distributionId": plan.id,
            "eventType": event_type,
            "requestId": new_cf_id(ctx),
        },
        "viewer": {"ip": question.client},
        "request": request_part(question.method, question.path, question.query, question.headers),
    }


async def on_request(
    ctx: Context, plan: Plan, behavior: Behavior, question: Question
) -> HttpResponse | None:
    """Run the viewer-request function: it changes the question, or answers it itself."""
    script = behavior.scripts.get(VIEWER_REQUEST)
    if script is None:
        return None
    event = _event(ctx, plan, question, VIEWER_REQUEST)
    ctx.use(_USAGE, 1, plan.arn)
    values = await ctx.component(Edge).key_values(plan.account_id, script.store)
    run = script.run(event, values)
    if run.error:
        return _failed(ctx, plan)
    try:
        kind, value = returned(run.output, VIEWER_REQUEST)
        if kind == "response":
            return _made(ctx, plan, generated(value, None))
        changed = rewritten(value, event, question.query)
        if run.origin:
            question.origins = chosen(plan, behavior, json.loads(run.origin))
    except InvalidOutput:
        return _failed(ctx, plan)
    kept = {name: text for name, text in question.headers.items() if hidden(name)}
    question.path, question.query = changed.path, changed.query
    question.headers = {**kept, **changed.headers}
    return None


async def on_response(
    ctx: Context, plan: Plan, behavior: Behavior, question: Question, response: HttpResponse
) -> HttpResponse:
    """Run the viewer-response function; errors of origins pass by it."""
    script = behavior.scripts.get(VIEWER_RESPONSE)
    if script is None or response.status >= 400:
        return response
    event = _event(ctx, plan, question, VIEWER_RESPONSE)
    event["response"] = response_part(response.status, response.headers)
    ctx.use(_USAGE, 1, plan.arn)
    values = await ctx.component(Edge).key_values(plan.account_id, script.store)
    run = script.run(event, values)
    if run.error:
        return _failed(ctx, plan)
    try:
        _, value = returned(run.output, VIEWER_RESPONSE)
        changed = generated(value, event["response"])
    except InvalidOutput:
        return _failed(ctx, plan)
    own = [item for item in response.headers if hidden(item[0].lower())]
    body, headers = response.body, changed.headers
    if changed.body is not None:
        body = changed.body
        headers = [item for item in headers if item[0] not in ("content-encoding", "etag")]
    return HttpResponse(changed.status, [*headers, *own], body)


def _made(ctx: Context, plan: Plan, made: Generated) -> HttpResponse:
    headers = [
        *made.headers,
        ("Server", "CloudFront"),
        *edge_headers(plan, GENERATED),
        ("X-Amz-Cf-Id", new_cf_id(ctx)),
    ]
    return HttpResponse(made.status, headers, made.body or b"")


def _failed(ctx: Context, plan: Plan) -> HttpResponse:
    return own_page(503, pages.FUNCTION_FAILED, plan, new_cf_id(ctx), FUNCTION_FAILED)
