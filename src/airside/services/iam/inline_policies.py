"""Policies that are part of one role, user or group."""

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.iam import store
from airside.services.iam.documents import check_identity_policy, encoded
from airside.services.iam.errors import NoSuchEntityException
from airside.services.iam.grantees import KINDS, grantee_arn, load_grantee
from airside.services.iam.paging import page_of_names


async def _put(ctx: Context, request: Request) -> Result:
    check_identity_policy(request["PolicyDocument"])

    def body(tx: Transaction) -> None:
        grantee = load_grantee(tx, ctx, request)
        grantee.inline = {**grantee.inline, request["PolicyName"]: request["PolicyDocument"]}
        store.save(tx, grantee)

    await ctx.store.transact(body)
    return {}


async def _get(ctx: Context, request: Request) -> Result:
    grantee = await ctx.store.read(lambda snapshot: load_grantee(snapshot, ctx, request))
    document = grantee.inline.get(request["PolicyName"])
    if document is None:
        raise _absent(grantee.KIND, request)
    names = {member: request[member] for member in KINDS if member in request}
    return {**names, "PolicyName": request["PolicyName"], "PolicyDocument": encoded(document)}


async def _list(ctx: Context, request: Request) -> Result:
    grantee = await ctx.store.read(lambda snapshot: load_grantee(snapshot, ctx, request))
    return page_of_names("PolicyNames", grantee.inline, request)


async def _delete(ctx: Context, request: Request) -> Result:
    def body(tx: Transaction) -> None:
        grantee = load_grantee(tx, ctx, request)
        inline = dict(grantee.inline)
        if inline.pop(request["PolicyName"], None) is None:
            raise _absent(grantee.KIND, request)
        grantee.inline = inline
        store.save(tx, grantee)

    await ctx.store.transact(body)
    return {}


def _absent(kind: str, request: Request) -> NoSuchEntityException:
    return NoSuchEntityException(
        f"The {kind} policy with name {request['PolicyName']} cannot be found."
    )


@operation("PutRolePolicy", resource=grantee_arn)
async def put_role_policy(ctx: Context, request: Request) -> Result:
    """Write a policy into a role."""
    return await _put(ctx, request)


@operation("GetRolePolicy", resource=grantee_arn)
async def get_role_policy(ctx: Context, request: Request) -> Result:
    """One policy of a role."""
    return await _get(ctx, request)


@operation("DeleteRolePolicy", resource=grantee_arn)
async def delete_role_policy(ctx: Context, request: Request) -> Result:
    """Remove a policy from a role."""
    return await _delete(ctx, request)


@operation("ListRolePolicies", resource=grantee_arn)
async def list_role_policies(ctx: Context, request: Request) -> Result:
    """Names of the policies that are part of a role."""
    return await _list(ctx, request)


@operation("PutUserPolicy", resource=grantee_arn)
async def put_user_policy(ctx: Context, request: Request) -> Result:
    """Write a policy into a user."""
    return await _put(ctx, request)


@operation("GetUserPolicy", resource=grantee_arn)
async def get_user_policy(ctx: Context, request: Request) -> Result:
    """One policy of a user."""
    return await _get(ctx, request)


@operation("DeleteUserPolicy", resource=grantee_arn)
async def delete_user_policy(ctx: Context, request: Request) -> Result:
    """Remove a policy from a user."""
    return await _delete(ctx, request)


@operation("ListUserPolicies", resource=grantee_arn)
async def list_user_policies(ctx: Context, request: Request) -> Result:
    """Names of the policies that are part of a user."""
    return await _list(ctx, request)


@operation("PutGroupPolicy", resource=grantee_arn)
async def put_group_policy(ctx: Context, request: Request) -> Result:
    """Write a policy into a group."""
    return await _put(ctx, request)


@operation("GetGroupPolicy", resource=grantee_arn)
async def get_group_policy(ctx: Context, request: Request) -> Result:
    """One policy of a group."""
    return await _get(ctx, request)


@operation("DeleteGroupPolicy", resource=grantee_arn)
async def delete_group_policy(ctx: Context, request: Request) -> Result:
    """Remove a policy from a group."""
    return await _delete(ctx, request)


@operation("ListGroupPolicies", resource=grantee_arn)
async def list_group_policies(ctx: Context, request: Request) -> Result:
    """Names of the policies that are part of a group."""
    return await _list(ctx, request)
