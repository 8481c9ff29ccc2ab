"""The account as a whole: everything in it, its summary, its alias."""

from collections.abc import Iterator
from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.iam import store
from airside.services.iam.attachments import attached_description
from airside.services.iam.documents import encoded
from airside.services.iam.entities import (
    Entity,
    Grantee,
    Group,
    InstanceProfile,
    ManagedPolicy,
    Role,
    User,
    tag_list,
)
from airside.services.iam.errors import EntityAlreadyExistsException, NoSuchEntityException
from airside.services.iam.instance_profiles import profile_description
from airside.services.iam.managed import aws_managed_policies
from airside.services.iam.paging import marker, page
from airside.services.iam.policies import summary as policy_summary
from airside.services.iam.policies import version_description
from airside.services.iam.roles import boundary_description
from airside.services.iam.roles import description as role_description
from airside.services.iam.users import group_summary, user_description

_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


def _granted(grantee: Grantee, member: str) -> dict[str, Any]:
    return {
        member: [
            {"PolicyName": name, "PolicyDocument": encoded(document)}
            for name, document in grantee.inline.items()
        ],
        "AttachedManagedPolicies": [attached_description(arn) for arn in grantee.attached],
    }


def _detail(snapshot: Snapshot, entity: Entity) -> tuple[str, dict[str, Any]]:
    """The list that an entity belongs to, and how it looks there."""
    if isinstance(entity, User):
        shown = {**user_description(entity), **_granted(entity, "UserPolicyList")}
        return "UserDetailList", {**shown, "GroupList": entity.groups}
    if isinstance(entity, Group):
        return "GroupDetailList", {**group_summary(entity), **_granted(entity, "GroupPolicyList")}
    if isinstance(entity, Role):
        profiles = store.listing(snapshot, entity.account_id, InstanceProfile)
        shown = role_description(entity)
        del shown["Description"], shown["MaxSessionDuration"]
        return "RoleDetailList", {
            **shown,
            **_granted(entity, "RolePolicyList"),
            "InstanceProfileList": [
                profile_description(snapshot, profile)
                for profile in profiles
                if entity.name in profile.roles
            ],
            "PermissionsBoundary": boundary_description(entity.boundary),
            "Tags": tag_list(entity.tags),
        }
    assert isinstance(entity, ManagedPolicy)
    return "Policies", {
        **policy_summary(snapshot, entity.account_id, entity),
        "Description": entity.description,
        "PolicyVersionList": [
            {**version_description(entity, version), "Document": encoded(version.document)}
            for version in entity.versions[::-1]
        ],
    }


@operation("GetAccountAuthorizationDetails")
async def get_account_authorization_details(ctx: Context, request: Request) -> Result:
    """Every user, group, role and policy with what it is granted."""
    wanted = request.get("Filter") or [
        "User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy"
    ]  # fmt: skip

    def everything(snapshot: Snapshot) -> Iterator[Entity]:
        kinds: dict[str, type[Entity]] = {
            "Group": Group, "LocalManagedPolicy": ManagedPolicy, "Role": Role, "User": User,
        }  # fmt: skip
        for name, kind in kinds.items():
            if name in wanted:
                yield from store.listing(snapshot, ctx.account_id, kind)
        if "AWSManagedPolicy" in wanted:
            used = {
                arn
                for kind in (Role, User, Group)
                for grantee in store.listing(snapshot, ctx.account_id, kind)
                for arn in grantee.attached
            }
            yield from (policy for policy in aws_managed_policies() if policy.arn in used)

    def body(snapshot: Snapshot) -> Result:
        found = sorted(everything(snapshot), key=lambda entity: entity.arn)
        start = marker(request)
        rest = (entity for entity in found if entity.arn > start)
        listed = page(
            "All", rest, request, name=lambda entity: entity.arn,
            show=lambda entity: _detail(snapshot, entity),
        )  # fmt: skip
        shown = listed.pop("All")
        lists = {name: [detail for where, detail in shown if where == name] for name in _LISTS}
        return {**lists, **listed}

    return await ctx.store.read(body)


@operation("GetAccountSummary")
async def get_account_summary(ctx: Context, request: Request) -> Result:
    """How much there is of everything, and how much there may be."""

    def count(snapshot: Snapshot, kind: type[Entity]) -> int:
        return sum(1 for _ in store.listing(snapshot, ctx.account_id, kind))

    def body(snapshot: Snapshot) -> dict[str, int]:
        return {
            "Users": count(snapshot, User), "UsersQuota": 5000,
            "Groups": count(snapshot, Group), "GroupsQuota": 300,
            "Roles": count(snapshot, Role), "RolesQuota": 1000,
            "Policies": count(snapshot, ManagedPolicy), "PoliciesQuota": 1500,
            "InstanceProfiles": count(snapshot, InstanceProfile), "InstanceProfilesQuota": 1000,
            "AccessKeysPerUserQuota": 2, "AttachedPoliciesPerRoleQuota": 10,
            "AttachedPoliciesPerUserQuota": 10, "AttachedPoliciesPerGroupQuota": 10,
            "VersionsPerPolicyQuota": 5, "AccountMFAEnabled": 0, "AccountAccessKeysPresent": 1,
        }  # fmt: skip

    return {"SummaryMap": await ctx.store.read(body)}


@operation("CreateAccountAlias")
async def create_account_alias(ctx: Context, request: Request) -> Result:
    """Give the account a name; it replaces the one before."""
    wanted = request["AccountAlias"]

    def body(tx: Transaction) -> None:
        owner = store.alias_owner(tx, wanted)
        if owner not in (None, ctx.account_id):
            raise EntityAlreadyExistsException(f"The account alias {wanted} already exists.")
        store.set_alias(tx, ctx.account_id, wanted)

    await ctx.store.transact(body)
    return {}


@operation("ListAccountAliases")
async def list_account_aliases(ctx: Context, request: Request) -> Result:
    """The account's name, if it has one."""
    found = await ctx.store.read(lambda snapshot: store.alias(snapshot, ctx.account_id))
    return {"AccountAliases": [found] if found else [], "IsTruncated": False}


@operation("DeleteAccountAlias")
async def delete_account_alias(ctx: Context, request: Request) -> Result:
    """Take the account's name away."""

    def body(tx: Transaction) -> None:
        if store.alias(tx, ctx.account_id) != request["AccountAlias"]:
            raise NoSuchEntityException(
                f"The account alias {request['AccountAlias']} cannot be found."
            )
        store.set_alias(tx, ctx.account_id, None)

    await ctx.store.transact(body)
    return {}
