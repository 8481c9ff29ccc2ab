"""Tags on distributions."""

from airside.kernel import Arn, Context, Request, Result, Snapshot, Transaction, operation
from airside.services.cloudfront import errors, store
from airside.services.cloudfront.distributions import KIND
from airside.services.cloudfront.store import Entity


def _find(view: Snapshot, ctx: Context, resource: str) -> Entity:
    try:
        kind, _, identifier = Arn.parse(resource).resource.partition("/")
    except ValueError:
        raise errors.InvalidArgument("The resource ARN is not valid.") from None
    found = store.find(view, ctx.account_id, KIND, identifier) if kind == KIND else None
    if found is None:
        raise errors.NoSuchResource("The specified resource does not exist.")
    return found


@operation("TagResource")
async def tag_resource(ctx: Context, request: Request) -> Result:
    """Add tags, or change their values."""
    more = {tag["Key"]: tag.get("Value", "") for tag in request["Tags"].get("Items") or ()}

    def put(tx: Transaction) -> None:
        entity = _find(tx, ctx, request["Resource"])
        entity.tags.update(more)
        store.save(tx, ctx.account_id, KIND, entity)

    await ctx.store.transact(put)
    return {}


@operation("UntagResource")
async def untag_resource(ctx: Context, request: Request) -> Result:
    """Remove tags."""
    names = request["TagKeys"].get("Items") or ()

    def put(tx: Transaction) -> None:
        entity = _find(tx, ctx, request["Resource"])
        for name in names:
            entity.tags.pop(name, None)
        store.save(tx, ctx.account_id, KIND, entity)

    await ctx.store.transact(put)
    return {}


@operation("ListTagsForResource")
async def list_tags_for_resource(ctx: Context, request: Request) -> Result:
    """The tags of a distribution."""
    entity = await ctx.store.read(lambda view: _find(view, ctx, request["Resource"]))
    items = [{"Key": key, "Value": value} for key, value in entity.tags.items()]
    return {"Tags": {"Items": items}}
