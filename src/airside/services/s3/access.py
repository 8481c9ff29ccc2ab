"""Who may touch a bucket: policy, ACL and public access block as one decision."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from airside.identity.policy import Policy, evaluate
from airside.kernel import Context, Principal, Snapshot
from airside.services.s3 import errors, grants, store
from airside.services.s3.bucket import ENFORCED, Bucket
from airside.services.s3.conditions import condition_keys
from airside.services.s3.names import bucket_arn, object_arn, split_arn
from airside.services.s3.object import Version

_NARROWING_KEYS = frozenset(
    {
        "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount",
        "aws:userid", "aws:principalarn", "aws:principalaccount", "aws:principalorgid",
        "s3:dataaccesspointarn", "s3:dataaccesspointaccount", "aws:sourceip",
    }
)  # fmt: skip
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"""
_POLICY_ACTIONS = frozenset({"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"})
_ABOUT_WHAT_IS_THERE = (
    "s3:GetObject", "s3:PutObjectAcl", "s3:PutObjectVersionAcl", "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging", "s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging",
    "s3:PutObjectRetention", "s3:PutObjectLegalHold",
)  # fmt: skip


def may(
    view: Snapshot,
    ctx: Context,
    bucket: Bucket,
    key: str,
    action: str,
    request: Mapping[str, Any] | None = None,
) -> bool:
    """Whether the caller may do `action` to the bucket, or (with a key) to an object.

    Callers of the bucket's own account have been judged by their identity policies before; here
    only the bucket's policy can refuse them.
    """
    principal = ctx.principal
    own = owns(bucket, principal)
    if own and not bucket.has_policy and bucket.ownership == ENFORCED:
        return True
    request = request or {}
    version = _there(view, bucket, key, request)
    allowed = False
    if bucket.has_policy:
        policy = _policy(view, bucket)
        arn = object_arn(bucket.name, key) if key else bucket_arn(bucket.name)
        keys = {**ctx.condition_keys(), **condition_keys(bucket, request, version)}
        decision = evaluate([policy], action, arn, principal, keys)
        if decision.explicit_deny:
            return own and principal.kind == "root" and action in _POLICY_ACTIONS
        allowed = decision.allowed
    if bucket.ownership == ENFORCED:
        return own or allowed
    return _with_lists(bucket, version, action, principal, own=own, allowed=allowed, key=key)


def _there(view: Snapshot, bucket: Bucket, key: str, request: Mapping[str, Any]) -> Version | None:
    if not key:
        return None
    version_id = request.get("VersionId")
    if version_id is None:
        return store.current(view, bucket.name, key)
    return store.find_version(view, bucket.name, key, version_id)


def _with_lists(
    bucket: Bucket,
    version: Version | None,
    action: str,
    principal: Principal,
    *,
    own: bool,
    allowed: bool,
    key: str,
) -> bool:
    """The decision where ACLs count.

    An object that somebody else owns is the owner's: neither the bucket's owner nor the bucket's
    policy gives access to it.
    """
    ignore = bucket.blocks("IgnorePublicAcls")
    if version is not None and action.startswith(_ABOUT_WHAT_IS_THERE):
        theirs = version.owner != bucket.owner
        if _is_account(principal, version.owner):
            return True
        if grants.allow(version.grants or [], action, principal, about_object=True,
                        ignore_public=ignore):  # fmt: skip
            return True
        return not theirs and (own or allowed)
    if own or allowed:
        return True
    about_object = bool(key) and action.startswith(_ABOUT_WHAT_IS_THERE)
    return not about_object and grants.allow(
        bucket.grants, action, principal, about_object=False, ignore_public=ignore
    )


def owns(bucket: Bucket, principal: Principal) -> bool:
    """Whether the caller is of the bucket's account. A service acts under its own policy."""
    return _is_account(principal, bucket.owner)


def _is_account(principal: Principal, account_id: str) -> bool:
    return principal.kind not in ("anonymous", "service") and principal.account_id == account_id


def require(
    view: Snapshot,
    ctx: Context,
    bucket: Bucket,
    action: str,
    key: str = "",
    request: Mapping[str, Any] | None = None,
) -> None:
    """Raise AccessDenied unless the caller may."""
    if not may(view, ctx, bucket, key, action, request):
        raise errors.AccessDenied("Access Denied")


def _policy(view: Snapshot, bucket: Bucket) -> Policy:
    document = store.setting(view, bucket.name, "policy")
    assert document is not None
    return _compiled(document["Policy"], bucket.blocks("RestrictPublicBuckets"))


@lru_cache(maxsize=512)
def _compiled(text: str, restricted: bool) -> Policy:
    return Policy.parse(
        {"Version": json.loads(text).get("Version", "2008-10-17"),
         "Statement": effective_statements(text, restricted=restricted)}
    )  # fmt: skip


def effective_statements(text: str, *, restricted: bool) -> list[dict[str, Any]]:
    """A policy's statements, those that RestrictPublicBuckets takes away left out."""
    found = statements_of(json.loads(text))
    if restricted and any(map(is_public_statement, found)):
        return [entry for entry in found if _survives_restriction(entry)]
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


async def bucket_policy_of(ctx: Context, arn: str) -> Mapping[str, object] | None:
    """A policy that lets everybody through to an operation about a bucket.

    `authorize` knows nothing of S3's condition keys, ACLs, owners of objects, of forms that are
    signed inside and of preflights that nobody signs: each operation decides with `require`.
    """
    bucket, _ = split_arn(arn)
    return _LEFT_TO_OPERATIONS if bucket and bucket != "*" else None


_LEFT_TO_OPERATIONS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}],
}
