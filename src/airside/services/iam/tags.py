"""Tags of roles, users, policies and instance profiles."""

from collections.abc import Callable

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.iam import store
from airside.services.iam.entities import TAGS_MAX, Entity, tags_of
from airside.services.iam.errors import LimitExceededException
from airside.services.iam.grantees import grantee_arn, load_user
from airside.services.iam.instance_profiles import load_profile, profile_arn
from airside.services.iam.paging import page_of_names
from airside.services.iam.policies import load_policy, policy_arn
from airside.services.iam.roles import load_role

Find = Callable[[Snapshot, str, str], Entity]


async def _tag(ctx: Context, request: Request, find: Find, member: str) -> Result:
    def body(tx: Transaction) -> None:
        entity = find(tx, ctx.account_id, request[member])
        entity.tags = {**entity.tags, **tags_of(request["Tags"])}
        if len(entity.tags) > TAGS_MAX:
            raise LimitExceededException(
                f"The number of tags has reached the maximum limit of {TAGS_MAX}."
            )
        store.save(tx, entity)

    await ctx.store.transact(body)
    return {}


async def _untag(ctx: Context, request: Request, find: Find, member: str) -> Result:
    def body(tx: Transaction) -> None:
        entity = find(tx, ctx.account_id, request[member])
        gone = set(request["TagKeys"])
        entity.tags = {key: value for key, value in entity.tags.items() if key not in gone}
        store.save(tx, entity)

    await ctx.store.transact(body)
    return {}


async def _list(ctx: Context, request: Request, find: Find, member: str) -> Result:
    entity = await ctx.store.read(lambda s: find(s, ctx.account_id, request[member]))
    tags = entity.tags
    return page_of_names("Tags", tags, request, lambda key: {"Key": key, "Value": tags[key]})


@operation("TagRole", resource=grantee_arn)
async def tag_role(ctx: Context, request: Request) -> Result:
    """Set tags of a role."""
    return await _tag(ctx, request, load_role, "RoleName")


@operation("UntagRole", resource=grantee_arn)
async def untag_role(ctx: Context, request: Request) -> Result:
    """Remove tags of a role."""
    return await _untag(ctx, request, load_role, "RoleName")


@operation("ListRoleTags", resource=grantee_arn)
async def list_role_tags(ctx: Context, request: Request) -> Result:
    """Tags of a role."""
    return await _list(ctx, request, load_role, "RoleName")


@operation("TagUser", resource=grantee_arn)
async def tag_user(ctx: Context, request: Request) -> Result:
    """Set tags of a user."""
    return await _tag(ctx, request, load_user, "UserName")


@operation("UntagUser", resource=grantee_arn)
async def untag_user(ctx: Context, request: Request) -> Result:
    """Remove tags of a user."""
    return await _untag(ctx, request, load_user, "UserName")


@operation("ListUserTags", resource=grantee_arn)
async def list_user_tags(ctx: Context, request: Request) -> Result:
    """Tags of a user."""
    return await _list(ctx, request, load_user, "UserName")


@operation("TagPolicy", resource=policy_arn)
async def tag_policy(ctx: Context, request: Request) -> Result:
    """Set tags of a policy."""
    return await _tag(ctx, request, load_policy, "PolicyArn")


@operation("UntagPolicy", resource=policy_arn)
async def untag_policy(ctx: Context, request: Request) -> Result:
    """Remove tags of a policy."""
    return await _untag(ctx, request, load_policy, "PolicyArn")


@operation("ListPolicyTags", resource=policy_arn)
async def list_policy_tags(ctx: Context, request: Request) -> Result:
    """Tags of a policy."""
    return await _list(ctx, request, load_policy, "PolicyArn")


@operation("TagInstanceProfile", resource=profile_arn)
async def tag_instance_profile(ctx: Context, request: Request) -> Result:
    """Set tags of an instance profile."""
    return await _tag(ctx, request, load_profile, "InstanceProfileName")


@operation("UntagInstanceProfile", resource=profile_arn)
async def untag_instance_profile(ctx: Context, request: Request) -> Result:
    """Remove tags of an instance profile."""
    return await _untag(ctx, request, load_profile, "InstanceProfileName")


@operation("ListInstanceProfileTags", resource=profile_arn)
async def list_instance_profile_tags(ctx: Context, request: Request) -> Result:
    """Tags of an instance profile."""
    return await _list(ctx, request, load_profile, "InstanceProfileName")
