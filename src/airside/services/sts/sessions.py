"""Temporary credentials: assumed roles and sessions.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from airside.identity.policy import Policy, PolicySyntaxError, evaluate
from airside.identity.sessions import Credentials, SessionTokens
from airside.kernel import Context, Principal, Request, Result, ServiceError, operation
from airside.kernel.principal import service_principal
from airside.services.sts.errors import (
    AccessDenied,
    MalformedPolicyDocumentException,
    ValidationError,
)

SESSION_SECONDS_DEFAULT = 3600
CHAINED_SECONDS_MAX = 3600
SESSION_TOKEN_SECONDS_DEFAULT = 43_200
PACKED_POLICY_CHARACTERS_MAX = 2048
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/(?:[\x21-\x7e]*/)?([\w+=,.@-]+)")


def role_arn(ctx: Context, request: Request) -> str:
    """The role that a request names, for policies."""
    arn: str = request["RoleArn"]
    return arn


def credentials_on_the_wire(credentials: Credentials) -> dict[str, Any]:
    """Credentials with their modelled names."""
    return {
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        "SessionToken": credentials.session_token,
        "Expiration": credentials.expires_at,
    }


@operation("AssumeRole", resource=role_arn)
async def assume_role(ctx: Context, request: Request) -> Result:
    """Credentials of a role, for whomever its trust policy names."""
    role = await _find_role(ctx, request["RoleArn"])
    _check_trust(ctx, role, request)
    duration = request.get("DurationSeconds", SESSION_SECONDS_DEFAULT)
    _check_duration(ctx.principal, role, duration)
    packed = _packed_size(request)
    session_name = request["RoleSessionName"]
    account_id = role["Arn"].split(":")[4]
    principal = Principal(
        kind="assumed-role",
        arn=f"arn:aws:sts::{account_id}:assumed-role/{role['RoleName']}/{session_name}",
        account_id=account_id,
        user_id=f"{role['RoleId']}:{session_name}",
        role_arn=role["Arn"],
        session_name=session_name,
    )
    credentials = ctx.cloud.resource(SessionTokens).issue(
        environment=ctx.cloud.name,
        principal=principal,
        expires_at=float(int(ctx.clock.now()) + duration),
    )
    return {
        "Credentials": credentials_on_the_wire(credentials),
        "AssumedRoleUser": {"AssumedRoleId": principal.user_id, "Arn": principal.arn},
        "PackedPolicySize": packed,
        "SourceIdentity": request.get("SourceIdentity"),
    }


async def _find_role(ctx: Context, arn: str) -> Mapping[str, Any]:
    """The role as IAM describes it; a role that is not there may not be assumed either."""
    match = _ROLE.fullmatch(arn)
    if match is None:
        raise ValidationError(f"{arn} is invalid")
    account_id, name = match.groups()
    sts = service_principal("sts.amazonaws.com", account_id)
    try:
        found = await ctx.call("iam", "GetRole", {"RoleName": name}, sts)
    except ServiceError as error:
        if error.name != "NoSuchEntityException":
            raise
        raise _denied(ctx, arn) from error
    role: Mapping[str, Any] = found["Role"]
    if role["Arn"] != arn:
        raise _denied(ctx, arn)
    return role


def _check_trust(ctx: Context, role: Mapping[str, Any], request: Request) -> None:
    context: dict[str, str] = {"sts:RoleSessionName": request["RoleSessionName"]}
    if "ExternalId" in request:
        context["sts:ExternalId"] = request["ExternalId"]
    if "SourceIdentity" in request:
        context["sts:SourceIdentity"] = request["SourceIdentity"]
    for tag in request.get("Tags", ()):
        context[f"aws:RequestTag/{tag['Key']}"] = tag["Value"]
    policy = Policy.parse(unquote(role["AssumeRolePolicyDocument"]))
    decision = evaluate([policy], "sts:AssumeRole", role["Arn"], ctx.principal, context)
    if not decision.allowed:
        raise _denied(ctx, role["Arn"])


def _denied(ctx: Context, arn: str) -> AccessDenied:
    return AccessDenied(
        f"User: {ctx.principal.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    )


def _check_duration(principal: Principal, role: Mapping[str, Any], duration: int) -> None:
    if principal.kind == "assumed-role" and duration > CHAINED_SECONDS_MAX:
        raise ValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
            "role chaining."
        )
    if duration > role["MaxSessionDuration"]:
        raise ValidationError(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )


def _packed_size(request: Request) -> int | None:
    """How much of the room for session policies and tags is used, in percent."""
    document = request.get("Policy", "")
    if document:
        try:
            Policy.parse(document)
        except PolicySyntaxError as error:
            raise MalformedPolicyDocumentException(str(error)) from error
    tags = "".join(tag["Key"] + tag["Value"] for tag in request.get("Tags", ()))
    size = len(document) + len(tags)
    return max(1, size * 100 // PACKED_POLICY_CHARACTERS_MAX) if size else None


@operation("GetSessionToken")
async def get_session_token(ctx: Context, request: Request) -> Result:
    """Temporary credentials of the caller itself."""
    if ctx.principal.kind not in ("root", "user"):
        raise AccessDenied("Cannot call GetSessionToken with session credentials")
    duration = request.get("DurationSeconds", SESSION_TOKEN_SECONDS_DEFAULT)
    if ctx.principal.kind == "root":
        duration = min(duration, SESSION_SECONDS_DEFAULT)
    credentials = ctx.cloud.resource(SessionTokens).issue(
        environment=ctx.cloud.name,
        principal=ctx.principal,
        expires_at=float(int(ctx.clock.now()) + duration),
    )
    return {"Credentials": credentials_on_the_wire(credentials)}
