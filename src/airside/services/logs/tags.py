"""Tags of log groups, by ARN and the old way."""

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.logs import limits, store
from airside.services.logs.address import group_arn, load_group, name_of
from airside.services.logs.errors import TooManyTagsException


def _resource(ctx: Context, request: Request) -> str:
    arn: str = request["resourceArn"]
    return arn


async def _change(ctx: Context, name: str, add: dict[str, str], remove: list[str]) -> Result:
    def body(tx: Transaction) -> None:
        group = load_group(tx, ctx, name)
        tags = {**group.tags, **add}
        group.tags = {key: value for key, value in tags.items() if key not in remove}
        if len(group.tags) > limits.TAGS_MAX:
            raise TooManyTagsException("The resource has too many tags.")
        store.save_group(tx, group)

    await ctx.store.transact(body)
    return {}


async def _list(ctx: Context, name: str) -> Result:
    group = await ctx.store.read(lambda snapshot: load_group(snapshot, ctx, name))
    return {"tags": group.tags}


@operation("TagResource", resource=_resource)
async def tag_resource(ctx: Context, request: Request) -> Result:
    """Set tags of a group."""
    return await _change(ctx, name_of(request["resourceArn"]), request["tags"], [])


@operation("UntagResource", resource=_resource)
async def untag_resource(ctx: Context, request: Request) -> Result:
    """Remove tags of a group."""
    return await _change(ctx, name_of(request["resourceArn"]), {}, request["tagKeys"])


@operation("ListTagsForResource", resource=_resource)
async def list_tags_for_resource(ctx: Context, request: Request) -> Result:
    """Tags of a group."""
    return await _list(ctx, name_of(request["resourceArn"]))


@operation("TagLogGroup", resource=group_arn)
async def tag_log_group(ctx: Context, request: Request) -> Result:
    """Set tags of a group, by name."""
    return await _change(ctx, request["logGroupName"], request["tags"], [])


@operation("UntagLogGroup", resource=group_arn)
async def untag_log_group(ctx: Context, request: Request) -> Result:
    """Remove tags of a group, by name."""
    return await _change(ctx, request["logGroupName"], {}, request["tags"])


@operation("ListTagsLogGroup", resource=group_arn)
async def list_tags_log_group(ctx: Context, request: Request) -> Result:
    """Tags of a group, by name."""
    return await _list(ctx, request["logGroupName"])
