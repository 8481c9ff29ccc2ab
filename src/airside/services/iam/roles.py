"""Roles: identities that functions, services and other accounts assume."""

from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.iam import store
from airside.services.iam.documents import check_trust_policy, encoded
from airside.services.iam.entities import InstanceProfile, Role, tag_list, tags_of
from airside.services.iam.errors import (
    DeleteConflictException,
    EntityAlreadyExistsException,
    NoSuchEntityException,
)
from airside.services.iam.paging import marker, page


def role_arn(ctx: Context, request: Request) -> str:
    """The role that a request names, for policies."""
    return f"arn:aws:iam::{ctx.account_id}:role/{request['RoleName']}"


def load_role(snapshot: Snapshot, account_id: str, name: str) -> Role:
    """The role. Raises NoSuchEntityException."""
    role = store.load(snapshot, account_id, Role, name)
    if role is None:
        raise NoSuchEntityException(f"The role with name {name} cannot be found.")
    return role


def summary(role: Role) -> dict[str, Any]:
    """A role as lists show it."""
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.created_at,
        "AssumeRolePolicyDocument": encoded(role.trust_policy),
        "Description": role.description,
        "MaxSessionDuration": role.session_seconds_max,
    }


def description(role: Role) -> dict[str, Any]:
    """A role as its owner sees it."""
    return {
        **summary(role),
        "PermissionsBoundary": boundary_description(role.boundary),
        "Tags": tag_list(role.tags) or None,
        "RoleLastUsed": {},
    }


def boundary_description(boundary: str | None) -> dict[str, str] | None:
    """A permissions boundary on the wire."""
    if boundary is None:
        return None
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}


@operation("CreateRole", resource=role_arn)
async def create_role(ctx: Context, request: Request) -> Result:
    """Make a role; its trust policy says who may assume it."""
    check_trust_policy(request["AssumeRolePolicyDocument"])
    role = Role(
        name=request["RoleName"],
        id=Role.ID_PREFIX + ctx.ids.upper(17),
        path=request.get("Path", "/"),
        account_id=ctx.account_id,
        created_at=float(int(ctx.clock.now())),
        trust_policy=request["AssumeRolePolicyDocument"],
        description=request.get("Description"),
        session_seconds_max=request.get("MaxSessionDuration", 3600),
        boundary=request.get("PermissionsBoundary"),
        tags=tags_of(request.get("Tags")),
    )

    def body(tx: Transaction) -> None:
        if store.load(tx, ctx.account_id, Role, role.name) is not None:
            raise EntityAlreadyExistsException(f"Role with name {role.name} already exists.")
        store.save(tx, role)

    await ctx.store.transact(body)
    return {"Role": {**description(role), "RoleLastUsed": None}}


@operation("GetRole", resource=role_arn)
async def get_role(ctx: Context, request: Request) -> Result:
    """One role."""
    role = await ctx.store.read(lambda s: load_role(s, ctx.account_id, request["RoleName"]))
    return {"Role": description(role)}


@operation("ListRoles")
async def list_roles(ctx: Context, request: Request) -> Result:
    """The account's roles, below a path."""
    prefix = request.get("PathPrefix", "/")

    def body(snapshot: Snapshot) -> Result:
        found = store.listing(snapshot, ctx.account_id, Role, marker(request))
        below = (role for role in found if role.path.startswith(prefix))
        return page("Roles", below, request, name=lambda role: role.name, show=summary)

    return await ctx.store.read(body)


@operation("UpdateRole", resource=role_arn)
async def update_role(ctx: Context, request: Request) -> Result:
    """Change a role's description and longest session."""

    def body(tx: Transaction) -> None:
        role = load_role(tx, ctx.account_id, request["RoleName"])
        role.description = request.get("Description", role.description)
        role.session_seconds_max = request.get("MaxSessionDuration", role.session_seconds_max)
        store.save(tx, role)

    await ctx.store.transact(body)
    return {}


@operation("UpdateRoleDescription", resource=role_arn)
async def update_role_description(ctx: Context, request: Request) -> Result:
    """Change a role's description, the old way."""

    def body(tx: Transaction) -> Role:
        role = load_role(tx, ctx.account_id, request["RoleName"])
        role.description = request["Description"]
        store.save(tx, role)
        return role

    return {"Role": description(await ctx.store.transact(body))}


@operation("UpdateAssumeRolePolicy", resource=role_arn)
async def update_assume_role_policy(ctx: Context, request: Request) -> Result:
    """Replace a role's trust policy."""
    check_trust_policy(request["PolicyDocument"])

    def body(tx: Transaction) -> None:
        role = load_role(tx, ctx.account_id, request["RoleName"])
        role.trust_policy = request["PolicyDocument"]
        store.save(tx, role)

    await ctx.store.transact(body)
    return {}


@operation("PutRolePermissionsBoundary", resource=role_arn)
async def put_role_permissions_boundary(ctx: Context, request: Request) -> Result:
    """Set the policy that bounds what a role may do."""
    return await _set_boundary(ctx, request["RoleName"], request["PermissionsBoundary"])


@operation("DeleteRolePermissionsBoundary", resource=role_arn)
async def delete_role_permissions_boundary(ctx: Context, request: Request) -> Result:
    """Remove that bound."""
    return await _set_boundary(ctx, request["RoleName"], None)


async def _set_boundary(ctx: Context, name: str, boundary: str | None) -> Result:
    def body(tx: Transaction) -> None:
        role = load_role(tx, ctx.account_id, name)
        role.boundary = boundary
        store.save(tx, role)

    await ctx.store.transact(body)
    return {}


@operation("DeleteRole", resource=role_arn)
async def delete_role(ctx: Context, request: Request) -> Result:
    """Delete a role that has no policies and is in no instance profile."""

    def body(tx: Transaction) -> None:
        role = load_role(tx, ctx.account_id, request["RoleName"])
        profiles = store.listing(tx, ctx.account_id, InstanceProfile)
        if any(role.name in profile.roles for profile in profiles):
            raise DeleteConflictException(
                "Cannot delete entity, must remove roles from instance profile first."
            )
        if role.attached:
            raise DeleteConflictException("Cannot delete entity, must detach all policies first.")
        if role.inline:
            raise DeleteConflictException("Cannot delete entity, must delete policies first.")
        store.remove(tx, role)

    await ctx.store.transact(body)
    return {}
