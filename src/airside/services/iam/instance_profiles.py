"""Instance profiles: what EC2 hands a role through."""

from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.iam import store
from airside.services.iam.entities import (
    INSTANCE_PROFILE_ROLES_MAX,
    InstanceProfile,
    Role,
    tag_list,
    tags_of,
)
from airside.services.iam.errors import (
    DeleteConflictException,
    EntityAlreadyExistsException,
    LimitExceededException,
    NoSuchEntityException,
)
from airside.services.iam.paging import marker, page
from airside.services.iam.roles import load_role, summary


def profile_arn(ctx: Context, request: Request) -> str:
    """The profile that a request names, for policies."""
    return f"arn:aws:iam::{ctx.account_id}:instance-profile/{request['InstanceProfileName']}"


def load_profile(snapshot: Snapshot, account_id: str, name: str) -> InstanceProfile:
    """The profile. Raises NoSuchEntityException."""
    profile = store.load(snapshot, account_id, InstanceProfile, name)
    if profile is None:
        raise NoSuchEntityException(f"Instance Profile {name} cannot be found.")
    return profile


def profile_description(snapshot: Snapshot, profile: InstanceProfile) -> dict[str, Any]:
    """A profile with its roles."""
    roles = (store.load(snapshot, profile.account_id, Role, name) for name in profile.roles)
    return {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": profile.arn,
        "CreateDate": profile.created_at,
        "Roles": [summary(role) for role in roles if role],
        "Tags": tag_list(profile.tags),
    }


@operation("CreateInstanceProfile", resource=profile_arn)
async def create_instance_profile(ctx: Context, request: Request) -> Result:
    """Make an empty profile."""
    profile = InstanceProfile(
        name=request["InstanceProfileName"],
        id=InstanceProfile.ID_PREFIX + ctx.ids.upper(17),
        path=request.get("Path", "/"),
        account_id=ctx.account_id,
        created_at=float(int(ctx.clock.now())),
        tags=tags_of(request.get("Tags")),
    )

    def body(tx: Transaction) -> Result:
        if store.load(tx, ctx.account_id, InstanceProfile, profile.name) is not None:
            raise EntityAlreadyExistsException(f"Instance Profile {profile.name} already exists.")
        store.save(tx, profile)
        return profile_description(tx, profile)

    return {"InstanceProfile": await ctx.store.transact(body)}


@operation("GetInstanceProfile", resource=profile_arn)
async def get_instance_profile(ctx: Context, request: Request) -> Result:
    """One profile with its roles."""

    def body(snapshot: Snapshot) -> Result:
        profile = load_profile(snapshot, ctx.account_id, request["InstanceProfileName"])
        return profile_description(snapshot, profile)

    return {"InstanceProfile": await ctx.store.read(body)}


@operation("ListInstanceProfiles")
async def list_instance_profiles(ctx: Context, request: Request) -> Result:
    """The account's profiles, below a path."""
    prefix = request.get("PathPrefix", "/")

    def body(snapshot: Snapshot) -> Result:
        found = store.listing(snapshot, ctx.account_id, InstanceProfile, marker(request))
        below = (profile for profile in found if profile.path.startswith(prefix))
        return _page(snapshot, below, request)

    return await ctx.store.read(body)


@operation("ListInstanceProfilesForRole")
async def list_instance_profiles_for_role(ctx: Context, request: Request) -> Result:
    """The profiles that hold a role."""

    def body(snapshot: Snapshot) -> Result:
        role = load_role(snapshot, ctx.account_id, request["RoleName"])
        found = store.listing(snapshot, ctx.account_id, InstanceProfile, marker(request))
        return _page(snapshot, (each for each in found if role.name in each.roles), request)

    return await ctx.store.read(body)


def _page(snapshot: Snapshot, found: Any, request: Request) -> Result:
    return page(
        "InstanceProfiles",
        found,
        request,
        name=lambda profile: profile.name,
        show=lambda profile: profile_description(snapshot, profile),
    )


@operation("AddRoleToInstanceProfile", resource=profile_arn)
async def add_role_to_instance_profile(ctx: Context, request: Request) -> Result:
    """Put a role into a profile, which holds at most one."""

    def body(tx: Transaction) -> None:
        profile = load_profile(tx, ctx.account_id, request["InstanceProfileName"])
        role = load_role(tx, ctx.account_id, request["RoleName"])
        if len(profile.roles) >= INSTANCE_PROFILE_ROLES_MAX:
            raise LimitExceededException(
                f"Cannot exceed quota for InstanceSessionsPerInstanceProfile: "
                f"{INSTANCE_PROFILE_ROLES_MAX}"
            )
        profile.roles = [*profile.roles, role.name]
        store.save(tx, profile)

    await ctx.store.transact(body)
    return {}


@operation("RemoveRoleFromInstanceProfile", resource=profile_arn)
async def remove_role_from_instance_profile(ctx: Context, request: Request) -> Result:
    """Take a role out of a profile."""

    def body(tx: Transaction) -> None:
        profile = load_profile(tx, ctx.account_id, request["InstanceProfileName"])
        role = load_role(tx, ctx.account_id, request["RoleName"])
        if role.name not in profile.roles:
            raise NoSuchEntityException(f"The role with name {role.name} cannot be found.")
        profile.roles = [name for name in profile.roles if name != role.name]
        store.save(tx, profile)

    await ctx.store.transact(body)
    return {}


@operation("DeleteInstanceProfile", resource=profile_arn)
async def delete_instance_profile(ctx: Context, request: Request) -> Result:
    """Delete an empty profile."""

    def body(tx: Transaction) -> None:
        profile = load_profile(tx, ctx.account_id, request["InstanceProfileName"])
        if profile.roles:
            raise DeleteConflictException(
                "Cannot delete entity, must remove roles from instance profile first."
            )
        store.remove(tx, profile)

    await ctx.store.transact(body)
    return {}
