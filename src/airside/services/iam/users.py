"""Users: identities with long-term access keys."""

from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.iam import store
from airside.services.iam.entities import Group, User, tag_list, tags_of
from airside.services.iam.errors import (
    DeleteConflictException,
    EntityAlreadyExistsException,
    NoSuchEntityException,
)
from airside.services.iam.grantees import grantee_arn, load_group, load_user
from airside.services.iam.paging import marker, page, page_of_names
from airside.services.iam.roles import boundary_description


def user_name(ctx: Context, request: Request) -> str:
    """The user that a request means: the one it names, or the caller. NoSuchEntityException."""
    if "UserName" in request:
        return str(request["UserName"])
    if ctx.principal.kind == "user":
        return ctx.principal.arn.rpartition("/")[2]
    raise NoSuchEntityException(f"The user with name {ctx.account_id} cannot be found.")


def user_summary(user: User) -> dict[str, Any]:
    """A user as lists show it."""
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn,
        "CreateDate": user.created_at,
    }


def user_description(user: User) -> dict[str, Any]:
    """A user as its owner sees it."""
    return {
        **user_summary(user),
        "PermissionsBoundary": boundary_description(user.boundary),
        "Tags": tag_list(user.tags) or None,
    }


@operation("CreateUser", resource=grantee_arn)
async def create_user(ctx: Context, request: Request) -> Result:
    """Make a user without keys."""
    user = User(
        name=request["UserName"],
        id=User.ID_PREFIX + ctx.ids.upper(17),
        path=request.get("Path", "/"),
        account_id=ctx.account_id,
        created_at=float(int(ctx.clock.now())),
        boundary=request.get("PermissionsBoundary"),
        tags=tags_of(request.get("Tags")),
    )

    def body(tx: Transaction) -> None:
        if store.load(tx, ctx.account_id, User, user.name) is not None:
            raise EntityAlreadyExistsException(f"User with name {user.name} already exists.")
        store.save(tx, user)

    await ctx.store.transact(body)
    return {"User": user_description(user)}


@operation("GetUser", resource=grantee_arn)
async def get_user(ctx: Context, request: Request) -> Result:
    """One user; without a name, the caller."""
    if "UserName" not in request and ctx.principal.kind == "root":
        return {"User": {
            "Path": "/", "UserName": "root", "UserId": ctx.account_id, "CreateDate": 0.0,
            "Arn": f"arn:aws:iam::{ctx.account_id}:root",
        }}  # fmt: skip
    name = user_name(ctx, request)
    user = await ctx.store.read(lambda snapshot: load_user(snapshot, ctx.account_id, name))
    return {"User": user_description(user)}


@operation("ListUsers")
async def list_users(ctx: Context, request: Request) -> Result:
    """The account's users, below a path."""
    prefix = request.get("PathPrefix", "/")

    def body(snapshot: Snapshot) -> Result:
        found = store.listing(snapshot, ctx.account_id, User, marker(request))
        below = (user for user in found if user.path.startswith(prefix))
        return page("Users", below, request, name=lambda user: user.name, show=user_summary)

    return await ctx.store.read(body)


@operation("UpdateUser", resource=grantee_arn)
async def update_user(ctx: Context, request: Request) -> Result:
    """Give a user another name or path. Its access keys go on to be its own."""

    def body(tx: Transaction) -> None:
        user = load_user(tx, ctx.account_id, request["UserName"])
        wanted = request.get("NewUserName", user.name)
        taken = store.load(tx, ctx.account_id, User, wanted)
        if taken is not None and taken.id != user.id:
            raise EntityAlreadyExistsException(f"User with name {wanted} already exists.")
        store.remove(tx, user)
        user.name = wanted
        user.path = request.get("NewPath", user.path)
        store.save(tx, user)

    await ctx.store.transact(body)
    return {}


@operation("DeleteUser", resource=grantee_arn)
async def delete_user(ctx: Context, request: Request) -> Result:
    """Delete a user that has no keys, policies or groups."""

    def body(tx: Transaction) -> None:
        user = load_user(tx, ctx.account_id, request["UserName"])
        keys = store.keys(tx, ctx.account_id, ctx.cloud.name)
        if any(key.user_id == user.id for key in keys):
            raise DeleteConflictException("Cannot delete entity, must delete access keys first.")
        if user.groups:
            raise DeleteConflictException(
                "Cannot delete entity, must remove users from group first."
            )
        if user.attached:
            raise DeleteConflictException("Cannot delete entity, must detach all policies first.")
        if user.inline:
            raise DeleteConflictException("Cannot delete entity, must delete policies first.")
        store.remove(tx, user)

    await ctx.store.transact(body)
    return {}


@operation("PutUserPermissionsBoundary", resource=grantee_arn)
async def put_user_permissions_boundary(ctx: Context, request: Request) -> Result:
    """Set the policy that bounds what a user may do."""
    return await _set_boundary(ctx, request["UserName"], request["PermissionsBoundary"])


@operation("DeleteUserPermissionsBoundary", resource=grantee_arn)
async def delete_user_permissions_boundary(ctx: Context, request: Request) -> Result:
    """Remove that bound."""
    return await _set_boundary(ctx, request["UserName"], None)


async def _set_boundary(ctx: Context, name: str, boundary: str | None) -> Result:
    def body(tx: Transaction) -> None:
        user = load_user(tx, ctx.account_id, name)
        user.boundary = boundary
        store.save(tx, user)

    await ctx.store.transact(body)
    return {}


@operation("AddUserToGroup", resource=grantee_arn)
async def add_user_to_group(ctx: Context, request: Request) -> Result:
    """Put a user into a group."""

    def body(tx: Transaction) -> None:
        group = load_group(tx, ctx.account_id, request["GroupName"])
        user = load_user(tx, ctx.account_id, request["UserName"])
        if group.name not in user.groups:
            user.groups = [*user.groups, group.name]
            store.save(tx, user)

    await ctx.store.transact(body)
    return {}


@operation("RemoveUserFromGroup", resource=grantee_arn)
async def remove_user_from_group(ctx: Context, request: Request) -> Result:
    """Take a user out of a group."""

    def body(tx: Transaction) -> None:
        group = load_group(tx, ctx.account_id, request["GroupName"])
        user = load_user(tx, ctx.account_id, request["UserName"])
        user.groups = [name for name in user.groups if name != group.name]
        store.save(tx, user)

    await ctx.store.transact(body)
    return {}


@operation("ListGroupsForUser", resource=grantee_arn)
async def list_groups_for_user(ctx: Context, request: Request) -> Result:
    """The groups that a user is in."""

    def body(snapshot: Snapshot) -> Result:
        user = load_user(snapshot, ctx.account_id, request["UserName"])
        groups = {name: store.load(snapshot, ctx.account_id, Group, name) for name in user.groups}
        found = {name: group for name, group in groups.items() if group is not None}
        return page_of_names("Groups", found, request, lambda name: group_summary(found[name]))

    return await ctx.store.read(body)


def group_summary(group: Group) -> dict[str, Any]:
    """A group as lists show it."""
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn,
        "CreateDate": group.created_at,
    }
