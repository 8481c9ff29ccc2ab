"""Lambda functions at the edge: for viewers' requests and answers, and for those of origins.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-event-structure.html
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airside.kernel import BytesBody, Context, HttpResponse, Principal, ServiceError
from airside.services.cloudfront import limits, pages
from airside.services.cloudfront.choice import taken, told
from airside.services.cloudfront.forwarding import Question, forwarded_headers, forwarded_query
from airside.services.cloudfront.headers import Headers
from airside.services.cloudfront.origin import Answer
from airside.services.cloudfront.plan import Behavior, Origin, Plan
from airside.services.cloudfront.script_event import InvalidOutput, hidden, phrase
from airside.services.cloudfront.viewing import edge_headers, new_cf_id, own_page

VIEWER_REQUEST, VIEWER_RESPONSE = "viewer-request", "viewer-response"
ORIGIN_REQUEST, ORIGIN_RESPONSE = "origin-request", "origin-response"
EVENTS = frozenset({VIEWER_REQUEST, VIEWER_RESPONSE, ORIGIN_REQUEST, ORIGIN_RESPONSE})

_GENERATED = "LambdaGeneratedResponse from cloudfront"
_READ_ONLY = {
    VIEWER_REQUEST: frozenset({"content-length", "host", "transfer-encoding", "via"}),
    ORIGIN_REQUEST: frozenset({
        "accept-encoding", "content-length", "if-modified-since", "if-none-match", "if-range",
        "if-unmodified-since", "transfer-encoding", "via",
    }),
    ORIGIN_RESPONSE: frozenset({"transfer-encoding", "via"}),
    VIEWER_RESPONSE: frozenset({
        "content-encoding", "content-length", "transfer-encoding", "warning", "via",
    }),
}  # fmt: skip
"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-function-restrictions-all.html"""

Value = dict[str, Any]


class Failed(Exception):
    """The function did not do what it should: the status and X-Cache of the answer."""

    def __init__(self, status: int, result: str) -> None:
        super().__init__(result)
        self.status = status
        self.result = f"{result} from cloudfront"


async def before_cache(
    ctx: Context, plan: Plan, behavior: Behavior, question: Question
) -> HttpResponse | None:
    """Run the viewer-request function: it changes the question, or answers it."""
    attached = behavior.lambdas.get(VIEWER_REQUEST)
    if attached is None:
        return None
    part = _request(question.method, question.path, question.query, question.headers, question)
    if attached.body:
        part["body"] = await _body_part(question, limits.LAMBDA_VIEWER_BODY_BYTES_MAX)
    try:
        value = await _run(ctx, plan, attached.arn, VIEWER_REQUEST, question, {"request": part})
        if "status" in value:
            status, headers, body = _response(value, {}, VIEWER_REQUEST)
            shown = [*headers, *edge_headers(plan, _GENERATED), ("X-Amz-Cf-Id", new_cf_id(ctx))]
            return HttpResponse(status, shown, body or b"")
        _rewrite(question, value, part, VIEWER_REQUEST)
    except Failed as failed:
        return own_page(failed.status, pages.LAMBDA_FAILED, plan, new_cf_id(ctx), failed.result)
    return None


async def before_origin(
    ctx: Context, plan: Plan, behavior: Behavior, origin: Origin, question: Question
) -> tuple[Origin, Question] | Answer:
    """Run the origin-request function: what to ask whom, or the answer."""
    attached = behavior.lambdas.get(ORIGIN_REQUEST)
    if attached is None:
        return origin, question
    outgoing = forwarded_headers(plan, behavior, origin, question)
    asked = replace(question, query=forwarded_query(behavior, question.query), headers=outgoing)
    part = _request(question.method, question.path, asked.query, outgoing, question)
    part["origin"] = told(origin)
    if attached.body:
        part["body"] = await _body_part(asked, limits.LAMBDA_ORIGIN_BODY_BYTES_MAX)
    value = await _run(ctx, plan, attached.arn, ORIGIN_REQUEST, question, {"request": part})
    if "status" in value:
        status, headers, body = _response(value, {}, ORIGIN_REQUEST)
        return Answer(status, headers, body or b"")
    _rewrite(asked, value, part, ORIGIN_REQUEST)
    asked.headers = {name: text for name, text in asked.headers.items() if name != "cookie" or text}
    asked.outgoing = True
    said = value.get("origin")
    if said is None:
        return origin, asked
    try:
        other = taken(origin, said) if said != part["origin"] else origin
    except (InvalidOutput, TypeError, AttributeError):
        raise Failed(502, "LambdaValidationError") from None
    if other.domain != origin.domain and asked.headers.get("host") == origin.domain:
        asked.headers["host"] = other.domain
    asked.headers |= dict(other.headers)
    return other, asked


async def after_origin(
    ctx: Context, plan: Plan, behavior: Behavior, origin: Origin, question: Question, answer: Answer
) -> Answer:
    """Run the origin-response function: it changes what may be kept."""
    attached = behavior.lambdas.get(ORIGIN_RESPONSE)
    if attached is None or answer.status == 304:
        return answer
    part = _request(question.method, question.path, question.query, question.headers, question)
    part["origin"] = told(origin)
    own = [item for item in answer.headers if hidden(item[0].lower())]
    before = _response_part(answer.status, answer.headers)
    event = {"request": part, "response": before}
    value = await _run(ctx, plan, attached.arn, ORIGIN_RESPONSE, question, event)
    status, headers, body = _response(value, before["headers"], ORIGIN_RESPONSE)
    if body is not None:
        headers = [item for item in headers if item[0].lower() not in _OF_BODIES]
        return Answer(status, [*headers, *own], body, reached=answer.reached)
    return Answer(status, [*headers, *own], answer.body, answer.measured, answer.reached)


async def after_cache(
    ctx: Context, plan: Plan, behavior: Behavior, question: Question, response: HttpResponse
) -> HttpResponse:
    """Run the viewer-response function; errors of origins pass by it."""
    attached = behavior.lambdas.get(VIEWER_RESPONSE)
    if attached is None or response.status >= 400:
        return response
    part = _request(question.method, question.path, question.query, question.headers, question)
    own = [item for item in response.headers if hidden(item[0].lower())]
    before = _response_part(response.status, response.headers)
    event = {"request": part, "response": before}
    try:
        value = await _run(ctx, plan, attached.arn, VIEWER_RESPONSE, question, event)
        status, headers, body = _response(value, before["headers"], VIEWER_RESPONSE)
    except Failed as failed:
        return own_page(failed.status, pages.LAMBDA_FAILED, plan, new_cf_id(ctx), failed.result)
    if body is None:
        return HttpResponse(status, [*headers, *own], response.body)
    headers = [item for item in headers if item[0].lower() not in _OF_BODIES]
    return HttpResponse(status, [*headers, *own], body)


_OF_BODIES = frozenset({"content-length", "content-encoding", "etag"})


async def _run(
    ctx: Context, plan: Plan, arn: str, event_type: str, question: Question, parts: Value
) -> Value:
    """Invoke a function with one event; what it returned. Raises Failed."""
    config = {
        "distributionDomainName": plan.domain,
        "distributionId": plan.id,
        "eventType": event_type,
        "requestId": question.id or new_cf_id(ctx),
    }
    event = {"Records": [{"cf": {"config": config, **parts}}]}
    account = plan.account_id
    owner = Principal("root", f"arn:aws:iam::{account}:root", account, account)
    wanted = {"FunctionName": arn, "Payload": json.dumps(event).encode()}
    try:
        answer = await ctx.call("lambda", "Invoke", wanted, principal=owner)
    except ServiceError:
        raise Failed(503, "LambdaLimitExceeded") from None
    if answer.get("FunctionError"):
        raise Failed(503, "LambdaExecutionError")
    payload = answer["Payload"]
    data = payload if isinstance(payload, bytes) else b"".join([piece async for piece in payload])
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Failed(502, "LambdaValidationError")
    return value


def _request(
    method: str, path: str, query: str, headers: Mapping[str, str], question: Question
) -> Value:
    return {
        "clientIp": question.client,
        "headers": _named(headers.items()),
        "method": method,
        "querystring": query,
        "uri": path,
    }


def _response_part(status: int, headers: Headers) -> Value:
    shown = _named((name, value) for name, value in headers if not hidden(name.lower()))
    return {"status": str(status), "statusDescription": phrase(status), "headers": shown}


def _named(items: Any) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for name, value in items:
        found.setdefault(name.lower(), []).append({"key": name.title(), "value": value})
    return found


async def _body_part(question: Question, most: int) -> Value:
    data = await question.body.read()
    question.body = BytesBody(data)
    return {
        "inputTruncated": len(data) > most,
        "action": "read-only",
        "encoding": "base64",
        "data": base64.b64encode(data[:most]).decode(),
    }


def _rewrite(question: Question, value: Value, before: Value, event_type: str) -> None:
    """A request as the function left it. Raises Failed."""
    path, query = value.get("uri", before["uri"]), value.get("querystring", before["querystring"])
    if not isinstance(path, str) or not path.startswith("/") or not isinstance(query, str) \
            or any(ord(letter) <= 0x20 for letter in path + query) \
            or value.get("method", before["method"]) != before["method"]:  # fmt: skip
        raise Failed(502, "LambdaValidationError")
    lines = _lines(value, before["headers"], event_type)
    question.path, question.query = path, query
    headers: dict[str, str] = {}
    for name, text in lines:
        lowered = name.lower()
        joint = "; " if lowered == "cookie" else ","
        headers[lowered] = f"{headers[lowered]}{joint}{text}" if lowered in headers else text
    kept = {name: text for name, text in question.headers.items() if hidden(name)}
    question.headers = {**kept, **headers}
    body = value.get("body")
    if isinstance(body, dict) and body.get("action") == "replace":
        data = _decoded(body.get("data", ""), body.get("encoding", "base64"))
        question.body = BytesBody(data)
        question.headers["content-length"] = str(len(data))


def _response(
    value: Value, before: Value, event_type: str
) -> tuple[int, Headers, bytes | None]:  # fmt: skip
    """A response that a function made or left. Raises Failed."""
    status = value.get("status")
    text = str(status) if isinstance(status, str | int) else ""
    if not (text.isascii() and text.isdigit() and len(text) == 3 and 200 <= int(text) <= 599):
        raise Failed(502, "LambdaValidationError")
    headers = _lines(value, before, event_type)
    if "body" not in value or value["body"] is None:
        return int(text), headers, None
    body = _decoded(value["body"], value.get("bodyEncoding", "text"))
    viewer = event_type.startswith("viewer")
    most = limits.LAMBDA_VIEWER_BODY_BYTES_MAX if viewer else limits.LAMBDA_ORIGIN_BODY_BYTES_MAX
    if len(body) > most:
        raise Failed(502, "LambdaValidationError")
    return int(text), headers, body


def _lines(value: Value, before: Value, event_type: str) -> Headers:
    """Headers as a function left them: none that is not its business, none changed that may not."""
    found: Headers = []
    given = value.get("headers", {})
    try:
        for name, items in given.items():
            lowered = name.lower()
            if hidden(lowered) and lowered not in before:
                raise Failed(502, "LambdaValidationError")
            for item in items:
                text = str(item["value"])
                if any(letter in text for letter in "\r\n\0"):
                    raise Failed(502, "LambdaValidationError")
                found.append((str(item.get("key") or name.title()), text))
    except (AttributeError, TypeError, KeyError):
        raise Failed(502, "LambdaValidationError") from None
    after: dict[str, list[str]] = {}
    for name, text in found:
        after.setdefault(name.lower(), []).append(text)
    for name in _READ_ONLY[event_type]:
        if after.get(name, []) != [item["value"] for item in before.get(name, ())]:
            raise Failed(502, "LambdaValidationError")
    return found


def _decoded(data: Any, encoding: Any) -> bytes:
    if not isinstance(data, str) or encoding not in ("text", "base64"):
        raise Failed(502, "LambdaValidationError")
    if encoding == "text":
        return data.encode()
    try:
        return base64.b64decode(data, validate=True)
    except ValueError:
        raise Failed(502, "LambdaValidationError") from None
