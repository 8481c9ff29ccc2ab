"""Who may touch a bucket: policy, ACL and public access block as one policy document."""

import json
from collections.abc import Mapping
from typing import Any

from airside.identity.policy import Policy, PolicySyntaxError, evaluate
from airside.kernel import Context, Principal, Snapshot
from airside.services.s3 import errors, grants, store
from airside.services.s3.bucket import ENFORCED, Bucket
from airside.services.s3.names import bucket_arn, object_arn, split_arn

_NARROWING_KEYS = frozenset(
    {
        "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount",
        "aws:userid", "aws:principalarn", "aws:principalaccount", "aws:principalorgid",
        "s3:dataaccesspointarn", "s3:dataaccesspointaccount", "aws:sourceip",
    }
)  # fmt: skip
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"""


async def bucket_policy_of(ctx: Context, arn: str) -> Mapping[str, object] | None:
    """The policy in effect for a bucket or an object; None when nothing grants or denies."""
    bucket_name, key = split_arn(arn)

    def find(view: Snapshot) -> Mapping[str, object] | None:
        bucket = store.find_bucket(view, bucket_name)
        if bucket is None:
            return None
        statements = effective_statements(view, bucket, key)
        return {"Version": "2012-10-17", "Statement": statements} if statements else None

    return await ctx.store.read(find)


def effective_statements(view: Snapshot, bucket: Bucket, key: str) -> list[dict[str, Any]]:
    """Every statement that counts for a bucket, and for one object in it."""
    found: list[dict[str, Any]] = []
    document = store.setting(view, bucket.name, "policy")
    if document is not None:
        found = statements_of(json.loads(document["Policy"]))
        if bucket.blocks("RestrictPublicBuckets") and any(map(is_public_statement, found)):
            found = [entry for entry in found if _survives_restriction(entry)]
    if bucket.ownership != ENFORCED:
        ignore = bucket.blocks("IgnorePublicAcls")
        found += grants.statements(bucket.grants, bucket.name, "", ignore_public=ignore)
        version = store.current(view, bucket.name, key) if key else None
        if version is not None and version.grants:
            found += grants.statements(version.grants, bucket.name, key, ignore_public=ignore)
    return found


def statements_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A policy's statements; one need not stand in a list."""
    raw = document.get("Statement", [])
    return [raw] if isinstance(raw, dict) else list(raw)


def is_public_statement(statement: Mapping[str, Any]) -> bool:
    """Whether a statement grants something to the world."""
    if statement.get("Effect") != "Allow":
        return False
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        principal = principal.get("AWS")
    everyone = principal == "*" or (isinstance(principal, list) and "*" in principal)
    if not everyone and "NotPrincipal" not in statement:
        return False
    return not any(
        name.lower() in _NARROWING_KEYS and _is_fixed(values)
        for operator, block in statement.get("Condition", {}).items()
        if not operator.lower().startswith(("stringnot", "arnnot", "null"))
        for name, values in block.items()
    )


def _is_fixed(values: Any) -> bool:
    items = values if isinstance(values, list) else [values]
    return not any(str(item) in ("*", "0.0.0.0/0", "::/0") or "${" in str(item) for item in items)


def _survives_restriction(statement: Mapping[str, Any]) -> bool:
    """With RestrictPublicBuckets only AWS's services keep what a public policy grants."""
    if statement.get("Effect") != "Allow":
        return True
    principal = statement.get("Principal")
    return isinstance(principal, dict) and set(principal) == {"Service"}


def may(view: Snapshot, bucket: Bucket, key: str, action: str, principal: Principal) -> bool:
    """Whether `principal` may do `action`; the bucket's own account may, unless refused."""
    arn = object_arn(bucket.name, key) if key else bucket_arn(bucket.name)
    try:
        policy = Policy.parse(
            {"Version": "2012-10-17", "Statement": effective_statements(view, bucket, key)}
        )
    except PolicySyntaxError:
        return False
    decision = evaluate([policy], action, arn, principal)
    if owns(bucket, principal):
        return not decision.explicit_deny
    return decision.allowed


def owns(bucket: Bucket, principal: Principal) -> bool:
    """Whether the caller is of the bucket's account. A service acts under its own policy."""
    return principal.kind not in ("anonymous", "service") and principal.account_id == bucket.owner


def require(view: Snapshot, ctx: Context, bucket: Bucket, action: str, key: str = "") -> None:
    """Raise AccessDenied when a caller from outside the bucket's account is not let in.

    Callers of the bucket's own account have been judged by `authorize` before.
    """
    if not owns(bucket, ctx.principal) and not may(view, bucket, key, action, ctx.principal):
        raise errors.AccessDenied("Access Denied")
