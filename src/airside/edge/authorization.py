"""May this principal do that? Decisions are recorded with what they were made from.

For now an account's own principals may do everything (enforcing identity policies comes with the
IAM issue); anonymous callers and AWS services acting for a resource need a resource policy.
"""

from collections import deque
from collections.abc import Awaitable
from typing import Any, NamedTuple

from airside.edge.exchange import Exchange
from airside.edge.parts import Parts
from airside.identity.policy import evaluate
from airside.kernel import AccessDeniedException, Cloud, Component, Context, Operation, Principal

_REMEMBERED = 1000
_OF_THE_ACCOUNT = frozenset({"root", "user", "assumed-role"})


class Decision(NamedTuple):
    """One answer and its inputs."""

    at: float
    request_id: str
    principal: str
    action: str
    resource: str
    allowed: bool
    reason: str


class Decisions(Component):
    """The latest decisions of an environment, newest last."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.latest: deque[Decision] = deque(maxlen=_REMEMBERED)


def authorize(parts: Parts, x: Exchange) -> Awaitable[None] | None:
    """Raise AccessDeniedException unless the principal may call the operation on its resource."""
    assert x.ctx is not None
    assert x.operation is not None
    return decide(x.ctx, x.operation, x.request)


def decide(ctx: Context, operation: Operation, request: dict[str, Any]) -> Awaitable[None] | None:
    """Find the decision, record it, and raise AccessDeniedException on a no.

    The account's own principals are not judged, so nothing is recorded of them.
    """
    if ctx.principal.kind in _OF_THE_ACCOUNT:
        return None
    resource = operation.resource(ctx, request) if operation.resource else "*"
    action = operation.action or f"{ctx.service}:{operation.name}"
    return _decide_by_resource_policy(ctx, action, resource)


async def _decide_by_resource_policy(ctx: Context, action: str, resource: str) -> None:
    principal = ctx.principal
    allowed, reason = await _by_resource_policy(ctx, principal, action, resource)
    _record(ctx, action, resource, allowed, reason)
    if not allowed:
        if principal.kind == "anonymous":
            raise AccessDeniedException("Access Denied")
        raise AccessDeniedException(
            f"User: {principal.arn} is not authorized to perform: {action} on resource: {resource} "
            f"because {reason}"
        )


def _record(ctx: Context, action: str, resource: str, allowed: bool, reason: str) -> None:
    ctx.component(Decisions).latest.append(
        Decision(
            ctx.clock.now(), ctx.request_id, ctx.principal.arn, action, resource, allowed, reason
        )
    )


async def _by_resource_policy(
    ctx: Context, principal: Principal, action: str, resource: str
) -> tuple[bool, str]:
    policy_of = ctx.cloud.services[ctx.service].policy
    if policy_of is None:
        if principal.kind == "service":
            return True, "an AWS service at a service without resource policies"
        return False, "no resource-based policy allows it"
    policy = await policy_of(ctx, resource)
    if policy is None:
        return False, "no resource-based policy allows it"
    conditions = {"aws:SourceArn": principal.source_arn, "aws:SourceAccount": principal.account_id}
    decision = evaluate([policy], action, resource, principal, conditions)
    if decision.allowed:
        return True, "a resource-based policy allows it"
    return False, (
        "a resource-based policy denies it" if decision.explicit_deny
        else "no resource-based policy allows it"
    )  # fmt: skip
