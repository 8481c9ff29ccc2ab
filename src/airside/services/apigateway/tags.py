"""Tags of APIs, stages, keys and usage plans."""

from collections.abc import Callable

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.apigateway import store
from airside.services.apigateway.api import Members, RestApi
from airside.services.apigateway.control import alter, found, load
from airside.services.apigateway.errors import BadRequestException, NotFoundException


def tagged_arn(ctx: Context, request: Request) -> str:
    """The resource itself."""
    return str(request["resourceArn"])


Change = Callable[[Members], None]


def _parts(arn: str) -> list[str]:
    """What stands after the last colon of `arn:aws:apigateway:REGION::/restapis/ID[/stages/S]`."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "apigateway":
        raise BadRequestException(f"Invalid ARN specified in the request: {arn}")
    return parts[5].strip("/").split("/")


def _of_api(api: RestApi, parts: list[str]) -> Members:
    if len(parts) == 4 and parts[2] == "stages":
        return found(api.stages, parts[3], "Invalid stage identifier specified")
    return api.settings


async def _alter(ctx: Context, arn: str, change: Change) -> None:
    parts = _parts(arn)
    match parts:
        case ["restapis", api_id] | ["restapis", api_id, "stages", _]:
            await alter(ctx, api_id, lambda api: change(_of_api(api, parts)))
        case ["apikeys", key]:
            await ctx.store.transact(lambda tx: _alter_key(tx, ctx, key, change))
        case ["usageplans", plan]:
            await ctx.store.transact(lambda tx: _alter_plan(tx, ctx, plan, change))
        case _:
            raise BadRequestException(f"Invalid ARN specified in the request: {arn}")


def _alter_key(tx: Transaction, ctx: Context, key: str, change: Change) -> None:
    held = store.load_document(tx, ctx.account_id, ctx.region, "key", key)
    if held is None:
        raise NotFoundException("Invalid API Key identifier specified")
    change(held)
    store.save_document(tx, ctx.account_id, ctx.region, "key", key, held)


def _alter_plan(tx: Transaction, ctx: Context, plan_id: str, change: Change) -> None:
    plan = store.load_plan(tx, ctx.account_id, ctx.region, plan_id)
    if plan is None:
        raise NotFoundException("Invalid Usage Plan ID specified")
    change(plan.members)
    store.save_document(tx, ctx.account_id, ctx.region, "plan", plan_id, plan)


@operation("TagResource", resource=tagged_arn, action="apigateway:PUT")
async def tag_resource(ctx: Context, request: Request) -> Result | None:
    """Add tags, or change them."""

    def change(holder: Members) -> None:
        holder["tags"] = {**holder.get("tags", {}), **request["tags"]}

    await _alter(ctx, request["resourceArn"], change)
    return None


@operation("UntagResource", resource=tagged_arn, action="apigateway:DELETE")
async def untag_resource(ctx: Context, request: Request) -> Result | None:
    """Remove tags."""

    def change(holder: Members) -> None:
        for key in request["tagKeys"]:
            holder.get("tags", {}).pop(key, None)

    await _alter(ctx, request["resourceArn"], change)
    return None


@operation("GetTags", resource=tagged_arn, action="apigateway:GET")
async def get_tags(ctx: Context, request: Request) -> Result:
    """The tags of a resource."""
    parts = _parts(request["resourceArn"])
    holder: Members | None
    match parts:
        case ["restapis", api_id] | ["restapis", api_id, "stages", _]:
            holder = _of_api(await load(ctx, api_id), parts)
        case ["apikeys", key]:
            holder = await ctx.store.read(
                lambda view: store.load_document(view, ctx.account_id, ctx.region, "key", key)
            )
        case ["usageplans", plan_id]:
            plan = await ctx.store.read(
                lambda view: store.load_plan(view, ctx.account_id, ctx.region, plan_id)
            )
            holder = plan.members if plan is not None else None
        case _:
            holder = None
    if holder is None:
        raise NotFoundException("Invalid resource identifier specified")
    return {"tags": holder.get("tags", {})}
