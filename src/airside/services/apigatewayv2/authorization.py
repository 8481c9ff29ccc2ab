"""Who may pass a route: what its authorizer says."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

from airside.gateway.uris import function_in
from airside.identity.fronts import signer
from airside.identity.policy import PolicySyntaxError, evaluate
from airside.kernel import Cloud, Component, Context, HttpRequest, HttpResponse, ServiceError
from airside.kernel.principal import ANONYMOUS
from airside.protocol.documents import load_json
from airside.services.apigatewayv2 import jwt
from airside.services.apigatewayv2.api import Members
from airside.services.apigatewayv2.event import (
    Call,
    authorizer_event_1,
    authorizer_event_2,
)
from airside.services.apigatewayv2.integration import Integrations
from airside.services.apigatewayv2.issuers import Issuers
from airside.services.apigatewayv2.live import LiveRoute
from airside.services.apigatewayv2.response import message

_UNAUTHORIZED = (401, "Unauthorized")
_FORBIDDEN = (403, "Forbidden")
_BROKEN = (500, "Internal Server Error")
_REMEMBERED_MAX = 10_000
_INVOKE = "execute-api:Invoke"


class Decisions(Component):
    """What Lambda authorizers said, for as long as they may be remembered."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._held: dict[tuple[str, ...], tuple[float, dict[str, Any]]] = {}

    def recall(self, key: tuple[str, ...]) -> dict[str, Any] | None:
        """An answer that still holds."""
        held = self._held.get(key)
        if held is None or held[0] <= self.cloud.clock.monotonic():
            return None
        return held[1]

    def remember(self, key: tuple[str, ...], seconds: int, answer: dict[str, Any]) -> None:
        """Keep an answer for a while."""
        if len(self._held) >= _REMEMBERED_MAX:
            self._held.clear()
        self._held[key] = (self.cloud.clock.monotonic() + seconds, answer)


async def authorize(
    ctx: Context, route: LiveRoute, call: Call, http: HttpRequest
) -> HttpResponse | None:
    """Ask the route's authorizer. None lets the call pass, with what is known about the caller."""
    if route.authorization == "CUSTOM" and route.authorizer is not None:
        return await _ask_function(ctx, route, route.authorizer, call)
    if route.authorization == "JWT" and route.authorizer is not None:
        return await _check_token(ctx, route, route.authorizer, call)
    if route.authorization == "AWS_IAM":
        return await _check_signature(ctx, call, http)
    return message(501, f"Airside does not implement {route.authorization} authorization yet")


async def _check_token(
    ctx: Context, route: LiveRoute, authorizer: Members, call: Call
) -> HttpResponse | None:
    [source] = authorizer["IdentitySource"]
    text = _source(source, call)
    if text is None:
        return _refused("")
    configuration = authorizer.get("JwtConfiguration") or {}
    issuer = configuration.get("Issuer", "")
    wanted = route.scopes
    try:
        token = jwt.take_apart(text.removeprefix("Bearer ").removeprefix("bearer ").strip())
        scopes = jwt.check_claims(
            token, issuer, configuration.get("Audience") or [], wanted, ctx.clock.now()
        )
        jwt.check_signature(token, await ctx.component(Issuers).keys(ctx, issuer))
    except jwt.InvalidToken as error:
        return _refused(f' error="invalid_token" error_description="{error}"')
    if wanted and not scopes:
        return message(*_FORBIDDEN)
    call.authorizer = {"jwt": {"claims": jwt.shown(token.claims), "scopes": scopes or None}}
    return None


async def _check_signature(ctx: Context, call: Call, http: HttpRequest) -> HttpResponse | None:
    """Callers of the API's own account pass; others would need a policy on both sides."""
    principal = signer(ctx, http, call.body, "execute-api", f"/_aws/execute-api/{call.api_id}")
    if principal is None or principal.account_id != call.account_id:
        return message(*_FORBIDDEN)
    call.authorizer = {
        "iam": {
            "accessKey": principal.access_key_id,
            "accountId": principal.account_id,
            "callerId": principal.user_id,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": principal.arn,
            "userId": principal.user_id,
        }
    }
    return None


def _refused(said: str) -> HttpResponse:
    response = message(*_UNAUTHORIZED)
    response.headers.append(("www-authenticate", f"Bearer{said}"))
    return response


async def _ask_function(
    ctx: Context, route: LiveRoute, authorizer: Members, call: Call
) -> HttpResponse | None:
    identity = [_source(source, call) for source in authorizer.get("IdentitySource") or []]
    if any(value is None for value in identity):
        return message(*_UNAUTHORIZED)
    known = [value for value in identity if value is not None]
    seconds = int(authorizer.get("AuthorizerResultTtlInSeconds") or 0)
    key = (call.api_id, call.stage, authorizer["AuthorizerId"], *known)
    decisions = ctx.component(Decisions)
    answer = decisions.recall(key) if seconds and known else None
    if answer is None:
        answer = await _invoke(ctx, route, authorizer, call, known)
        if answer is None:
            return message(*_BROKEN)
        if seconds and known:
            decisions.remember(key, seconds, answer)
    return _judge(route, authorizer, call, answer)


def _source(expression: str, call: Call) -> str | None:
    """The value of an identity source; None when the request has none."""
    kind, _, name = expression.removeprefix("$request.").partition(".")
    match kind:
        case "header":
            return call.headers.get(name.lower()) or None
        case "querystring":
            return parse_qs(call.query).get(name, [None])[-1] or None
        case "$stageVariables":
            return call.stage_variables.get(name) or None
        case "$context":
            return _context_value(name, call)
    return None


def _context_value(name: str, call: Call) -> str | None:
    known = {
        "routeKey": call.route_key,
        "stage": call.stage,
        "httpMethod": call.method,
        "path": call.path,
        "identity.sourceIp": call.source_ip,
    }
    return known.get(name)


async def _invoke(
    ctx: Context, route: LiveRoute, authorizer: Members, call: Call, identity: list[str]
) -> dict[str, Any] | None:
    """What the authorizer's function answers; None when it fails."""
    function = function_in(authorizer["AuthorizerUri"])
    build = (
        authorizer_event_2
        if authorizer.get("AuthorizerPayloadFormatVersion") == "2.0"
        else authorizer_event_1
    )
    payload = msgspec.json.encode(build(call, identity, _method_arn(route, call)))
    try:
        result = await ctx.component(Integrations).call_function(ctx, route, payload, function)
    except ServiceError:
        return None
    if result is None or "FunctionError" in result:
        return None
    try:
        answer = load_json(result.get("Payload") or b"null")
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _method_arn(route: LiveRoute, call: Call) -> str:
    """The ARN of what is called: method and path as requested."""
    base = "/".join(route.arn.split("/")[:2])
    return f"{base}/{call.method}{call.decoded_path}"


def _judge(
    route: LiveRoute, authorizer: Members, call: Call, answer: Mapping[str, Any]
) -> HttpResponse | None:
    if authorizer.get("EnableSimpleResponses"):
        allowed = answer.get("isAuthorized") is True
    elif "policyDocument" in answer:
        document = answer["policyDocument"]
        try:
            allowed = evaluate([document], _INVOKE, _method_arn(route, call), ANONYMOUS).allowed
        except PolicySyntaxError:
            return message(*_BROKEN)
    else:
        return message(*_BROKEN)
    if not allowed:
        return message(*_FORBIDDEN)
    call.authorizer = {"lambda": answer.get("context")}
    return None
