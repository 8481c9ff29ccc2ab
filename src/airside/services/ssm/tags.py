"""Tags of parameters."""

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.ssm import store
from airside.services.ssm.errors import (
    InvalidResourceId,
    InvalidResourceType,
    TooManyTagsError,
)
from airside.services.ssm.parameter import TAGS_MAX, Parameter
from airside.services.ssm.parameters import arn_of


def _tagged_arn(ctx: Context, request: Request) -> str:
    return arn_of(ctx, request["ResourceId"])


def _load(snapshot: Snapshot, ctx: Context, request: Request) -> Parameter:
    if request["ResourceType"] != "Parameter":
        raise InvalidResourceType("The resource type is not valid here: only parameters are kept.")
    parameter = store.find(snapshot, ctx, request["ResourceId"])
    if parameter is None:
        raise InvalidResourceId("The resource ID isn't valid. Verify that you entered the correct "
                                "ID and try again.")  # fmt: skip
    return parameter


@operation("AddTagsToResource", resource=_tagged_arn)
async def add_tags_to_resource(ctx: Context, request: Request) -> Result:
    """Set tags."""

    def body(tx: Transaction) -> None:
        parameter = _load(tx, ctx, request)
        added = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        parameter.tags = {**parameter.tags, **added}
        if len(parameter.tags) > TAGS_MAX:
            raise TooManyTagsError("The Targets parameter includes too many tags.")
        store.save(tx, ctx, parameter)

    await ctx.store.transact(body)
    return {}


@operation("RemoveTagsFromResource", resource=_tagged_arn)
async def remove_tags_from_resource(ctx: Context, request: Request) -> Result:
    """Remove tags."""

    def body(tx: Transaction) -> None:
        parameter = _load(tx, ctx, request)
        gone = set(request["TagKeys"])
        parameter.tags = {key: each for key, each in parameter.tags.items() if key not in gone}
        store.save(tx, ctx, parameter)

    await ctx.store.transact(body)
    return {}


@operation("ListTagsForResource", resource=_tagged_arn)
async def list_tags_for_resource(ctx: Context, request: Request) -> Result:
    """All tags."""
    parameter = await ctx.store.read(lambda snapshot: _load(snapshot, ctx, request))
    tags = [{"Key": key, "Value": value} for key, value in parameter.tags.items()]
    return {"TagList": tags}
