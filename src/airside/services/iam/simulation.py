"""Asking what policies would say, without doing anything."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from airside.identity.policy import Decision, Effect, Policy, PolicySyntaxError, evaluate
from airside.kernel import Context, Principal, Request, Result, Snapshot, operation
from airside.services.iam import store
from airside.services.iam.entities import Group, Role, User
from airside.services.iam.errors import InvalidInputException, NoSuchEntityException
from airside.services.iam.grants import Grants, of_identity

_ARN = re.compile(r"arn:aws:iam::(\d{12}):(user|role|group)/(?:.*/)?([^/]+)")
_KINDS: dict[str, type[User | Role | Group]] = {"user": User, "role": Role, "group": Group}


@operation("SimulateCustomPolicy")
async def simulate_custom_policy(ctx: Context, request: Request) -> Result:
    """What given documents say about some actions."""
    policies = _parsed(request["PolicyInputList"], "PolicyInputList")
    return _simulate(ctx, request, Grants(policies, None), ctx.principal)


@operation("SimulatePrincipalPolicy")
async def simulate_principal_policy(ctx: Context, request: Request) -> Result:
    """What the policies of a user, role or group say about some actions."""
    match = _ARN.fullmatch(request["PolicySourceArn"])
    if match is None:
        raise InvalidInputException("Invalid Entity Arn: " + request["PolicySourceArn"])
    account_id, kind, name = match.groups()

    def body(snapshot: Snapshot) -> tuple[Grants, Principal]:
        found = store.load(snapshot, account_id, _KINDS[kind], name)
        if found is None or account_id != ctx.account_id:
            raise NoSuchEntityException(f"The {kind} with name {name} cannot be found.")
        principal = Principal("user", found.arn, account_id, found.id)
        if isinstance(found, Group):
            as_user = User(name=found.name, id=found.id, path="/", account_id=account_id,
                           created_at=0.0, groups=[found.name])  # fmt: skip
            return of_identity(snapshot, as_user), principal
        return of_identity(snapshot, found), principal

    grants, principal = await ctx.store.read(body)
    extra = _parsed(request.get("PolicyInputList", ()), "PolicyInputList")
    return _simulate(ctx, request, Grants(grants.policies + extra, grants.boundary), principal)


def _parsed(documents: Sequence[str], parameter: str) -> tuple[Policy, ...]:
    try:
        return tuple(
            Policy.parse(document, f"{parameter}.{number}")
            for number, document in enumerate(documents, 1)
        )
    except PolicySyntaxError as error:
        raise InvalidInputException(f"Invalid policy document: {error}") from error


def _simulate(ctx: Context, request: Request, grants: Grants, principal: Principal) -> Result:
    context = {
        entry["ContextKeyName"]: entry.get("ContextKeyValues", [])
        for entry in request.get("ContextEntries", ())
    }
    boundaries = _parsed(
        request.get("PermissionsBoundaryPolicyInputList", ()), "PermissionsBoundaryPolicyInputList"
    )
    if grants.boundary is not None:
        boundaries += (grants.boundary,)
    resources = request.get("ResourceArns") or ["*"]
    results = [
        _result(action, resource, grants.policies, boundaries, principal, context)
        for action in request["ActionNames"]
        for resource in resources
    ]
    return {"EvaluationResults": results, "IsTruncated": False}


def _result(
    action: str, resource: str, policies: tuple[Policy, ...], boundaries: tuple[Policy, ...],
    principal: Principal, context: Mapping[str, Sequence[str]],
) -> dict[str, Any]:  # fmt: skip
    decision = evaluate(policies, action, resource, principal, context)
    shown: dict[str, Any] = {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "MissingContextValues": [],
    }
    if boundaries:
        within = all(
            evaluate([boundary], action, resource, principal, context).allowed
            for boundary in boundaries
        )
        shown["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": within}
        if decision.allowed and not within:
            decision = Decision(Effect.IMPLICIT_DENY)
    matched = []
    if decision.policy is not None:
        matched = [{"SourcePolicyId": decision.policy.name, "SourcePolicyType": "IAM Policy"}]
    return {**shown, "EvalDecision": decision.effect.value, "MatchedStatements": matched}
