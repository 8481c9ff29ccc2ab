"""Groups: users that share policies."""

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.iam import store
from airside.services.iam.entities import Group, User
from airside.services.iam.errors import DeleteConflictException, EntityAlreadyExistsException
from airside.services.iam.grantees import grantee_arn, load_group
from airside.services.iam.paging import marker, page, page_of_names
from airside.services.iam.users import group_summary, user_summary


@operation("CreateGroup", resource=grantee_arn)
async def create_group(ctx: Context, request: Request) -> Result:
    """Make an empty group."""
    group = Group(
        name=request["GroupName"],
        id=Group.ID_PREFIX + ctx.ids.upper(17),
        path=request.get("Path", "/"),
        account_id=ctx.account_id,
        created_at=float(int(ctx.clock.now())),
    )

    def body(tx: Transaction) -> None:
        if store.load(tx, ctx.account_id, Group, group.name) is not None:
            raise EntityAlreadyExistsException(f"Group with name {group.name} already exists.")
        store.save(tx, group)

    await ctx.store.transact(body)
    return {"Group": group_summary(group)}


def _members(snapshot: Snapshot, account_id: str, group: Group) -> dict[str, User]:
    users = store.listing(snapshot, account_id, User)
    return {user.name: user for user in users if group.name in user.groups}


@operation("GetGroup", resource=grantee_arn)
async def get_group(ctx: Context, request: Request) -> Result:
    """A group and its users."""

    def body(snapshot: Snapshot) -> Result:
        group = load_group(snapshot, ctx.account_id, request["GroupName"])
        users = _members(snapshot, ctx.account_id, group)
        members = page_of_names("Users", users, request, lambda name: user_summary(users[name]))
        return {"Group": group_summary(group), **members}

    return await ctx.store.read(body)


@operation("ListGroups")
async def list_groups(ctx: Context, request: Request) -> Result:
    """The account's groups, below a path."""
    prefix = request.get("PathPrefix", "/")

    def body(snapshot: Snapshot) -> Result:
        found = store.listing(snapshot, ctx.account_id, Group, marker(request))
        below = (group for group in found if group.path.startswith(prefix))
        return page("Groups", below, request, name=lambda group: group.name, show=group_summary)

    return await ctx.store.read(body)


@operation("UpdateGroup", resource=grantee_arn)
async def update_group(ctx: Context, request: Request) -> Result:
    """Give a group another name or path; its users follow."""

    def body(tx: Transaction) -> None:
        group = load_group(tx, ctx.account_id, request["GroupName"])
        wanted = request.get("NewGroupName", group.name)
        taken = store.load(tx, ctx.account_id, Group, wanted)
        if taken is not None and taken.id != group.id:
            raise EntityAlreadyExistsException(f"Group with name {wanted} already exists.")
        for user in _members(tx, ctx.account_id, group).values():
            user.groups = [wanted if name == group.name else name for name in user.groups]
            store.save(tx, user)
        store.remove(tx, group)
        group.name = wanted
        group.path = request.get("NewPath", group.path)
        store.save(tx, group)

    await ctx.store.transact(body)
    return {}


@operation("DeleteGroup", resource=grantee_arn)
async def delete_group(ctx: Context, request: Request) -> Result:
    """Delete a group without users and policies."""

    def body(tx: Transaction) -> None:
        group = load_group(tx, ctx.account_id, request["GroupName"])
        if _members(tx, ctx.account_id, group):
            raise DeleteConflictException(
                "Cannot delete entity, must remove users from group first."
            )
        if group.attached:
            raise DeleteConflictException("Cannot delete entity, must detach all policies first.")
        if group.inline:
            raise DeleteConflictException("Cannot delete entity, must delete policies first.")
        store.remove(tx, group)

    await ctx.store.transact(body)
    return {}
