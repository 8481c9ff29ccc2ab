"""Managed policies and their versions: the account's own and AWS's."""

import re
from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.iam import store
from airside.services.iam.documents import check_identity_policy, encoded
from airside.services.iam.entities import (
    MANAGED_VERSIONS_MAX,
    Group,
    ManagedPolicy,
    PolicyVersion,
    Role,
    User,
    tag_list,
    tags_of,
)
from airside.services.iam.errors import (
    DeleteConflictException,
    EntityAlreadyExistsException,
    LimitExceededException,
    NoSuchEntityException,
)
from airside.services.iam.managed import AWS_PREFIX, aws_managed, aws_managed_policies
from airside.services.iam.paging import marker, page

_ARN = re.compile(r"arn:aws:iam::(\d{12}):policy/(?:.*/)?([\w+=,.@-]+)")


def policy_arn(ctx: Context, request: Request) -> str:
    """The policy that a request names, for policies."""
    arn: str = request.get("PolicyArn", "*")
    return arn


def find_policy(snapshot: Snapshot, account_id: str, arn: str) -> ManagedPolicy | None:
    """The policy behind an ARN, or None."""
    if arn.startswith(AWS_PREFIX):
        return aws_managed(arn)
    found = _ARN.fullmatch(arn)
    if found is None or found[1] != account_id:
        return None
    policy = store.load(snapshot, account_id, ManagedPolicy, found[2])
    return policy if policy and policy.arn == arn else None


def load_policy(snapshot: Snapshot, account_id: str, arn: str) -> ManagedPolicy:
    """The policy behind an ARN. Raises NoSuchEntityException."""
    policy = find_policy(snapshot, account_id, arn)
    if policy is None:
        raise NoSuchEntityException(f"Policy {arn} was not found.")
    return policy


def summary(snapshot: Snapshot, account_id: str, policy: ManagedPolicy) -> dict[str, Any]:
    """A policy as lists show it."""
    roles = list(store.listing(snapshot, account_id, Role))
    users = list(store.listing(snapshot, account_id, User))
    groups = list(store.listing(snapshot, account_id, Group))
    arn = policy.arn
    attached = sum(arn in grantee.attached for grantee in (*roles, *users, *groups))
    bounding = [*(r.boundary for r in roles), *(u.boundary for u in users)].count(arn)
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default_version,
        "AttachmentCount": attached,
        "PermissionsBoundaryUsageCount": bounding,
        "IsAttachable": True,
        "CreateDate": policy.created_at,
        "UpdateDate": policy.updated_at,
    }


def version_description(policy: ManagedPolicy, version: PolicyVersion) -> dict[str, Any]:
    """A version without its document."""
    return {
        "VersionId": version.id,
        "IsDefaultVersion": version.id == policy.default_version,
        "CreateDate": version.created_at,
    }


@operation("CreatePolicy")
async def create_policy(ctx: Context, request: Request) -> Result:
    """Make a managed policy with its first version."""
    document = request["PolicyDocument"]
    check_identity_policy(document)
    now = float(int(ctx.clock.now()))
    policy = ManagedPolicy(
        name=request["PolicyName"],
        id=ManagedPolicy.ID_PREFIX + ctx.ids.upper(17),
        path=request.get("Path", "/"),
        account_id=ctx.account_id,
        created_at=now,
        updated_at=now,
        description=request.get("Description"),
        versions=[PolicyVersion("v1", document, now)],
        tags=tags_of(request.get("Tags")),
    )

    def body(tx: Transaction) -> Result:
        if store.load(tx, ctx.account_id, ManagedPolicy, policy.name) is not None:
            raise EntityAlreadyExistsException(
                f"A policy called {policy.name} already exists. Duplicate names are not allowed."
            )
        store.save(tx, policy)
        return {**summary(tx, ctx.account_id, policy), "Tags": tag_list(policy.tags) or None}

    return {"Policy": await ctx.store.transact(body)}


@operation("GetPolicy", resource=policy_arn)
async def get_policy(ctx: Context, request: Request) -> Result:
    """One managed policy."""

    def body(snapshot: Snapshot) -> Result:
        policy = load_policy(snapshot, ctx.account_id, request["PolicyArn"])
        return {
            **summary(snapshot, ctx.account_id, policy),
            "Description": policy.description,
            "Tags": tag_list(policy.tags),
        }

    return {"Policy": await ctx.store.read(body)}


@operation("ListPolicies")
async def list_policies(ctx: Context, request: Request) -> Result:
    """The account's managed policies (`Local`), AWS's (`AWS`) or all of them."""
    scope = request.get("Scope", "All")
    prefix = request.get("PathPrefix", "/")

    def body(snapshot: Snapshot) -> Result:
        found: list[ManagedPolicy] = []
        if scope in ("All", "Local"):
            found.extend(store.listing(snapshot, ctx.account_id, ManagedPolicy))
        if scope in ("All", "AWS"):
            found.extend(aws_managed_policies())
        start = marker(request)
        rest = sorted(
            (policy for policy in found if policy.arn > start and policy.path.startswith(prefix)),
            key=lambda policy: policy.arn,
        )
        shown = (
            (policy.arn, line)
            for policy in rest
            if (line := summary(snapshot, ctx.account_id, policy))["AttachmentCount"]
            or not request.get("OnlyAttached")
        )
        return page(
            "Policies", shown, request, name=lambda entry: entry[0], show=lambda entry: entry[1]
        )

    return await ctx.store.read(body)


@operation("DeletePolicy", resource=policy_arn)
async def delete_policy(ctx: Context, request: Request) -> Result:
    """Delete a managed policy that nothing uses."""

    def body(tx: Transaction) -> None:
        policy = load_policy(tx, ctx.account_id, request["PolicyArn"])
        usage = summary(tx, ctx.account_id, policy)
        if usage["AttachmentCount"] or usage["PermissionsBoundaryUsageCount"]:
            raise DeleteConflictException("Cannot delete a policy attached to entities.")
        if len(policy.versions) > 1:
            raise DeleteConflictException(
                "This policy has more than one version. Before you delete a policy, you must "
                "delete the policy's versions. The default version is deleted with the policy."
            )
        store.remove(tx, policy)

    await ctx.store.transact(body)
    return {}


@operation("CreatePolicyVersion", resource=policy_arn)
async def create_policy_version(ctx: Context, request: Request) -> Result:
    """Add a version, perhaps as the one in force."""
    check_identity_policy(request["PolicyDocument"])
    now = float(int(ctx.clock.now()))

    def body(tx: Transaction) -> Result:
        policy = load_policy(tx, ctx.account_id, request["PolicyArn"])
        if len(policy.versions) >= MANAGED_VERSIONS_MAX:
            raise LimitExceededException(
                "A managed policy can have up to 5 versions. Before you create a new version, "
                "you must delete an existing version."
            )
        version = policy.add_version(
            request["PolicyDocument"], now, default=request.get("SetAsDefault", False)
        )
        store.save(tx, policy)
        return version_description(policy, version)

    return {"PolicyVersion": await ctx.store.transact(body)}


def _load_version(policy: ManagedPolicy, version_id: str) -> PolicyVersion:
    version = policy.version(version_id)
    if version is None:
        raise NoSuchEntityException(
            f"Policy {policy.arn} version {version_id} does not exist or is not attachable."
        )
    return version


@operation("GetPolicyVersion", resource=policy_arn)
async def get_policy_version(ctx: Context, request: Request) -> Result:
    """One version with its document."""

    def body(snapshot: Snapshot) -> Result:
        policy = load_policy(snapshot, ctx.account_id, request["PolicyArn"])
        version = _load_version(policy, request["VersionId"])
        return {**version_description(policy, version), "Document": encoded(version.document)}

    return {"PolicyVersion": await ctx.store.read(body)}


@operation("ListPolicyVersions", resource=policy_arn)
async def list_policy_versions(ctx: Context, request: Request) -> Result:
    """All versions, newest first."""

    def body(snapshot: Snapshot) -> Result:
        policy = load_policy(snapshot, ctx.account_id, request["PolicyArn"])
        newest_first = [version_description(policy, version) for version in policy.versions[::-1]]
        return {"Versions": newest_first, "IsTruncated": False}

    return await ctx.store.read(body)


@operation("SetDefaultPolicyVersion", resource=policy_arn)
async def set_default_policy_version(ctx: Context, request: Request) -> Result:
    """Choose the version in force."""

    def body(tx: Transaction) -> None:
        policy = load_policy(tx, ctx.account_id, request["PolicyArn"])
        policy.default_version = _load_version(policy, request["VersionId"]).id
        store.save(tx, policy)

    await ctx.store.transact(body)
    return {}


@operation("DeletePolicyVersion", resource=policy_arn)
async def delete_policy_version(ctx: Context, request: Request) -> Result:
    """Delete a version that is not in force."""

    def body(tx: Transaction) -> None:
        policy = load_policy(tx, ctx.account_id, request["PolicyArn"])
        version = _load_version(policy, request["VersionId"])
        if version.id == policy.default_version:
            raise DeleteConflictException("Cannot delete the default version of a policy.")
        policy.versions = [each for each in policy.versions if each.id != version.id]
        store.save(tx, policy)

    await ctx.store.transact(body)
    return {}
