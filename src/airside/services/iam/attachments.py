"""Managed policies on roles, users and groups."""

from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.iam import store
from airside.services.iam.entities import ATTACHED_MAX, Group, Role, User
from airside.services.iam.errors import LimitExceededException, NoSuchEntityException
from airside.services.iam.grantees import grantee_arn, load_grantee
from airside.services.iam.managed import AWS_PREFIX
from airside.services.iam.paging import marker, page, page_of_names
from airside.services.iam.policies import find_policy, policy_arn


def attached_description(arn: str) -> dict[str, Any]:
    """A managed policy as lists of attachments show it."""
    return {"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn}


async def _attach(ctx: Context, request: Request) -> Result:
    arn = request["PolicyArn"]

    def body(tx: Transaction) -> None:
        grantee = load_grantee(tx, ctx, request)
        if find_policy(tx, ctx.account_id, arn) is None and not arn.startswith(AWS_PREFIX):
            raise NoSuchEntityException(f"Policy {arn} does not exist or is not attachable.")
        grantee.attach(arn)
        if len(grantee.attached) > ATTACHED_MAX:
            raise LimitExceededException(
                f"Cannot exceed quota for PoliciesPer{grantee.KIND.capitalize()}: {ATTACHED_MAX}"
            )
        store.save(tx, grantee)

    await ctx.store.transact(body)
    return {}


async def _detach(ctx: Context, request: Request) -> Result:
    arn = request["PolicyArn"]

    def body(tx: Transaction) -> None:
        grantee = load_grantee(tx, ctx, request)
        if not grantee.detach(arn):
            raise NoSuchEntityException(f"Policy {arn} was not found.")
        store.save(tx, grantee)

    await ctx.store.transact(body)
    return {}


async def _list(ctx: Context, request: Request) -> Result:
    grantee = await ctx.store.read(lambda snapshot: load_grantee(snapshot, ctx, request))
    return page_of_names("AttachedPolicies", grantee.attached, request, attached_description)


@operation("ListEntitiesForPolicy", resource=policy_arn)
async def list_entities_for_policy(ctx: Context, request: Request) -> Result:
    """Roles, users and groups that have a managed policy."""
    arn = request["PolicyArn"]
    wanted = request.get("EntityFilter")

    def body(snapshot: Snapshot) -> Result:
        if find_policy(snapshot, ctx.account_id, arn) is None and not arn.startswith(AWS_PREFIX):
            raise NoSuchEntityException(f"Policy {arn} was not found.")
        found: list[tuple[str, str, dict[str, str]]] = []
        for noun, kind in (("Role", Role), ("User", User), ("Group", Group)):
            if wanted not in (None, noun):
                continue
            found.extend(
                (f"{noun}/{each.name}", noun, {f"{noun}Name": each.name, f"{noun}Id": each.id})
                for each in store.listing(snapshot, ctx.account_id, kind)
                if arn in each.attached and each.path.startswith(request.get("PathPrefix", "/"))
            )
        start = marker(request)
        rest = (entry for entry in sorted(found) if entry[0] > start)
        listed = page("All", rest, request, name=lambda entry: entry[0], show=lambda entry: entry)
        shown = listed.pop("All")
        members = {
            f"Policy{noun}s": [entry for _, kind, entry in shown if kind == noun]
            for noun in ("Role", "User", "Group")
        }
        return {**members, **listed}

    return await ctx.store.read(body)


@operation("AttachRolePolicy", resource=grantee_arn)
async def attach_role_policy(ctx: Context, request: Request) -> Result:
    """Attach a managed policy to a role."""
    return await _attach(ctx, request)


@operation("DetachRolePolicy", resource=grantee_arn)
async def detach_role_policy(ctx: Context, request: Request) -> Result:
    """Detach a managed policy from a role."""
    return await _detach(ctx, request)


@operation("ListAttachedRolePolicies", resource=grantee_arn)
async def list_attached_role_policies(ctx: Context, request: Request) -> Result:
    """Managed policies of a role."""
    return await _list(ctx, request)


@operation("AttachUserPolicy", resource=grantee_arn)
async def attach_user_policy(ctx: Context, request: Request) -> Result:
    """Attach a managed policy to a user."""
    return await _attach(ctx, request)


@operation("DetachUserPolicy", resource=grantee_arn)
async def detach_user_policy(ctx: Context, request: Request) -> Result:
    """Detach a managed policy from a user."""
    return await _detach(ctx, request)


@operation("ListAttachedUserPolicies", resource=grantee_arn)
async def list_attached_user_policies(ctx: Context, request: Request) -> Result:
    """Managed policies of a user."""
    return await _list(ctx, request)


@operation("AttachGroupPolicy", resource=grantee_arn)
async def attach_group_policy(ctx: Context, request: Request) -> Result:
    """Attach a managed policy to a group."""
    return await _attach(ctx, request)


@operation("DetachGroupPolicy", resource=grantee_arn)
async def detach_group_policy(ctx: Context, request: Request) -> Result:
    """Detach a managed policy from a group."""
    return await _detach(ctx, request)


@operation("ListAttachedGroupPolicies", resource=grantee_arn)
async def list_attached_group_policies(ctx: Context, request: Request) -> Result:
    """Managed policies of a group."""
    return await _list(ctx, request)
