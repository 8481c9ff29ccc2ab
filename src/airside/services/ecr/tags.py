"""Tags of repositories."""

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.ecr import store
from airside.services.ecr.errors import InvalidParameterException


def _tagged_arn(ctx: Context, request: Request) -> str:
    return str(request["resourceArn"])


def _name(request: Request) -> str:
    name = request["resourceArn"].partition(":repository/")[2]
    if not name:
        raise InvalidParameterException(
            "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'"
        )
    return str(name)


@operation("TagResource", resource=_tagged_arn)
async def tag_resource(ctx: Context, request: Request) -> Result:
    """Set tags."""

    def body(tx: Transaction) -> None:
        repository = store.load(tx, ctx, _name(request))
        repository.tags |= {tag["Key"]: tag["Value"] for tag in request["tags"]}
        store.save(tx, ctx, repository)

    await ctx.store.transact(body)
    return {}


@operation("UntagResource", resource=_tagged_arn)
async def untag_resource(ctx: Context, request: Request) -> Result:
    """Remove tags."""

    def body(tx: Transaction) -> None:
        repository = store.load(tx, ctx, _name(request))
        for key in request["tagKeys"]:
            repository.tags.pop(key, None)
        store.save(tx, ctx, repository)

    await ctx.store.transact(body)
    return {}


@operation("ListTagsForResource", resource=_tagged_arn)
async def list_tags_for_resource(ctx: Context, request: Request) -> Result:
    """All tags."""
    repository = await ctx.store.read(lambda view: store.load(view, ctx, _name(request)))
    return {"tags": [{"Key": key, "Value": value} for key, value in repository.tags.items()]}
