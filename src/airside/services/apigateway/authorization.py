"""Who may call a method: resource policies, signatures, Lambda authorizers.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from airside.gateway.calls import Calls, TimedOut
from airside.gateway.uris import function_in, substitute
from airside.identity.fronts import signer
from airside.identity.policy import Decision, Policy, PolicySyntaxError, evaluate
from airside.kernel import Cloud, Component, Context, Principal, ServiceError
from airside.kernel.principal import ANONYMOUS
from airside.kernel.regular_expressions import Effort, PatternError
from airside.protocol.documents import load_json
from airside.services.apigateway import acting, mapping
from airside.services.apigateway.api import Members
from airside.services.apigateway.call import Call
from airside.services.apigateway.event import request_part
from airside.services.apigateway.limits import AUTHORIZER_TTL_SECONDS_DEFAULT
from airside.services.apigateway.live import LiveMethod
from airside.services.apigateway.refusals import Refusal

INVOKE = "execute-api:Invoke"
_REMEMBERED_MAX = 10_000
_POLICY = "an identity-based policy"


class Decisions(Component):
    """What Lambda authorizers said, for as long as they may be remembered."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._held: dict[tuple[str, ...], tuple[float, Members]] = {}

    def recall(self, key: tuple[str, ...]) -> Members | None:
        """An answer that still holds; keys start with API and stage."""
        held = self._held.get(key)
        if held is None or held[0] <= self.cloud.clock.monotonic():
            return None
        return held[1]

    def remember(self, key: tuple[str, ...], seconds: int, answer: Members) -> None:
        """Keep an answer for a while."""
        if len(self._held) >= _REMEMBERED_MAX:
            self._held.clear()
        self._held[key] = (self.cloud.clock.monotonic() + seconds, answer)

    def forget(self, api_id: str, stage: str) -> None:
        """Ask the authorizers of a stage anew."""
        for key in [key for key in self._held if key[:2] == (api_id, stage)]:
            del self._held[key]


async def authorize(ctx: Context, call: Call, method: LiveMethod) -> None:
    """Raise Refusal unless the caller may pass; notes what is known about the caller."""
    arn = method_arn(call)
    policy = call.stage.frozen.settings.get("policy")
    if method.authorization == "AWS_IAM":
        _check_signature(ctx, call, arn, policy)
        return
    if policy:
        decision = _by_policy(ctx, call, policy, arn, ANONYMOUS)
        if not decision.allowed:
            raise _denied("anonymous", arn, decision)
    if method.authorization == "NONE":
        return
    if method.authorization != "CUSTOM" or method.authorizer is None:
        raise Refusal(
            "DEFAULT_5XX",
            f"Airside does not implement {method.authorization} authorization yet.", 501,
        )  # fmt: skip
    await _ask_function(ctx, call, method, method.authorizer, arn)


def method_arn(call: Call) -> str:
    """The ARN of what is called: method and path as requested."""
    live = call.live
    return (
        f"arn:aws:execute-api:{live.region}:{live.account_id}:{live.id}/{call.stage.name}/"
        f"{call.http.method}{call.path}"
    )


def _denied(who: str, arn: str, decision: Decision) -> Refusal:
    account = arn.split(":")[4]
    masked = arn.replace(f":{account}:", f":********{account[-4:]}:", 1)
    text = f"User: {who} is not authorized to perform: {INVOKE} on resource: {masked}"
    if decision.explicit_deny:
        text += " with an explicit deny in a resource-based policy"
    return Refusal("ACCESS_DENIED", text)


# -- resource policies


@lru_cache(maxsize=256)
def _compiled(policy: str, prefix: str) -> Policy:
    """A resource policy; `execute-api:/...` is short for the API's own ARN."""

    def full(value: Any) -> Any:
        if isinstance(value, list):
            return [full(item) for item in value]
        short = isinstance(value, str) and value.startswith("execute-api:/")
        return prefix + value.removeprefix("execute-api:") if short else value

    document = json.loads(policy)
    statements = document.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        for name in ("Resource", "NotResource"):
            if name in statement:
                statement[name] = full(statement[name])
    return Policy.parse(document)


def _by_policy(ctx: Context, call: Call, policy: str, arn: str, who: Principal) -> Decision:
    live = call.live
    prefix = f"arn:aws:execute-api:{live.region}:{live.account_id}:{live.id}"
    keys = {
        "aws:SourceIp": call.http.client,
        "aws:CurrentTime": _iso(ctx),
        "aws:UserAgent": call.http.headers.get("user-agent", ""),
        "aws:Referer": call.http.headers.get("referer", ""),
    }
    try:
        return evaluate([_compiled(policy, prefix)], INVOKE, arn, who, keys)
    except PolicySyntaxError:
        raise Refusal("API_CONFIGURATION_ERROR") from None


def _iso(ctx: Context) -> str:
    return ctx.condition_keys()["aws:CurrentTime"]


# -- signatures


def _check_signature(ctx: Context, call: Call, arn: str, policy: str | None) -> None:
    headers = call.http.headers
    if "authorization" not in headers and "X-Amz-Signature" not in call.http.query:
        raise Refusal("MISSING_AUTHENTICATION_TOKEN")
    front = f"/_aws/execute-api/{call.live.id}"
    found = signer(ctx, call.http, call.body, "execute-api", front)
    if found is None:
        raise Refusal("INVALID_SIGNATURE")
    call.signer = found
    own = found.account_id == call.live.account_id
    if not policy:
        if own:
            return
        raise Refusal("ACCESS_DENIED", _implicit(found, arn))
    decision = _by_policy(ctx, call, policy, arn, found)
    if decision.explicit_deny or not (own or decision.allowed):
        raise _denied(found.arn, arn, decision)


def _implicit(who: Principal, arn: str) -> str:
    account = arn.split(":")[4]
    masked = arn.replace(f":{account}:", f":********{account[-4:]}:", 1)
    return (
        f"User: {who.arn} is not authorized to perform: {INVOKE} on resource: {masked} "
        f"because no resource-based policy allows the {INVOKE} action"
    )


# -- Lambda authorizers


async def _ask_function(
    ctx: Context, call: Call, method: LiveMethod, authorizer: Members, arn: str
) -> None:
    identity = _identity(call, authorizer)
    seconds = authorizer.get("authorizerResultTtlInSeconds", AUTHORIZER_TTL_SECONDS_DEFAULT)
    key = (call.live.id, call.stage.name, call.stage.deployment_id, authorizer["id"], *identity)
    decisions = ctx.component(Decisions)
    answer = decisions.recall(key) if seconds and identity else None
    if answer is None:
        event = _event(call, authorizer, identity, arn)
        answer = await _invoke(ctx, call, method, authorizer, event)
        if seconds and identity:
            decisions.remember(key, seconds, answer)
    _judge(call, answer, arn)


def _identity(call: Call, authorizer: Members) -> list[str]:
    """What the authorizer goes by. Raises Refusal when some of it is missing."""
    found = []
    for expression in filter(None, (authorizer.get("identitySource") or "").split(",")):
        value = mapping.source(call, expression)
        text = ",".join(value) if isinstance(value, list) else value
        if not text:
            raise Refusal("UNAUTHORIZED")
        found.append(text)
    pattern = authorizer.get("identityValidationExpression")
    if authorizer["type"] == "TOKEN" and pattern and found:
        try:
            fits = Effort().fullmatch(pattern, found[0])
        except PatternError:
            raise Refusal("AUTHORIZER_CONFIGURATION_ERROR") from None
        if not fits:
            raise Refusal("UNAUTHORIZED")
    return found


def _event(call: Call, authorizer: Members, identity: list[str], arn: str) -> dict[str, Any]:
    if authorizer["type"] == "TOKEN":
        return {
            "type": "TOKEN",
            "methodArn": arn,
            "authorizationToken": identity[0] if identity else "",
        }
    return {"type": "REQUEST", "methodArn": arn, **request_part(call)}


async def _invoke(
    ctx: Context, call: Call, method: LiveMethod, authorizer: Members, event: dict[str, Any]
) -> Members:
    """What the authorizer's function answers, checked. Raises Refusal."""
    function = function_in(substitute(authorizer.get("authorizerUri", ""), call.stage.variables))
    if function is None:
        raise Refusal("AUTHORIZER_CONFIGURATION_ERROR")
    live = call.live
    source = f"arn:aws:execute-api:{live.region}:{live.account_id}:{live.id}"
    source += f"/authorizers/{authorizer['id']}"
    who = acting.principal(call, method, authorizer.get("authorizerCredentials"), source)
    own = Context(
        ctx.cloud, who, live.region, ctx.request_id, ctx.service, ctx.operation, ctx.trace_id
    )
    running = ctx.component(Calls)
    payload = msgspec.json.encode(event)
    try:
        result = await running.function(own, function, payload, method.timeout_seconds)
    except (TimedOut, ServiceError):
        raise Refusal("AUTHORIZER_CONFIGURATION_ERROR") from None
    try:
        answer = load_json(result.get("Payload") or b"null")
    except ValueError:
        answer = None
    if "FunctionError" in result:
        said = answer.get("errorMessage") if isinstance(answer, dict) else None
        raise Refusal("UNAUTHORIZED" if said == "Unauthorized" else
                      "AUTHORIZER_CONFIGURATION_ERROR")  # fmt: skip
    if not isinstance(answer, dict) or not isinstance(answer.get("principalId"), str):
        raise Refusal("AUTHORIZER_CONFIGURATION_ERROR")
    if not isinstance(answer.get("policyDocument"), dict):
        raise Refusal("AUTHORIZER_CONFIGURATION_ERROR")
    return answer


def _judge(call: Call, answer: Mapping[str, Any], arn: str) -> None:
    """Pass or refuse, by the policy that the authorizer returned."""
    try:
        decision = evaluate([answer["policyDocument"]], INVOKE, arn, ANONYMOUS)
    except PolicySyntaxError:
        raise Refusal("AUTHORIZER_CONFIGURATION_ERROR") from None
    shown = _shown(answer)
    if decision.explicit_deny:
        call.authorizer = shown
        raise Refusal(
            "ACCESS_DENIED",
            f"User is not authorized to access this resource with an explicit deny in {_POLICY}",
        )
    if not decision.allowed:
        call.authorizer = shown
        raise Refusal(
            "ACCESS_DENIED",
            "User is not authorized to access this resource because no identity-based policy "
            f"allows the {INVOKE} action",
        )
    call.authorizer = shown
    call.usage_key = answer.get("usageIdentifierKey")


def _shown(answer: Mapping[str, Any]) -> dict[str, Any]:
    """`requestContext.authorizer`: the context as texts. Raises Refusal for what is none."""
    context = answer.get("context") or {}
    if not isinstance(context, dict) or any(
        isinstance(value, dict | list) for value in context.values()
    ):
        raise Refusal("AUTHORIZER_CONFIGURATION_ERROR")
    shown = {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in context.items()
        if value is not None
    }
    return {**shown, "principalId": answer["principalId"], "integrationLatency": 0}
