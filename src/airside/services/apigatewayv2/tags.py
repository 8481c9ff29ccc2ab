"""Tags of APIs and stages."""

from airside.kernel import Context, Request, Result, operation
from airside.services.apigatewayv2.api import Api, Members
from airside.services.apigatewayv2.control import alter, found, load
from airside.services.apigatewayv2.errors import BadRequestException


def tagged_arn(ctx: Context, request: Request) -> str:
    """The resource itself."""
    return str(request["ResourceArn"])


def _split(arn: str) -> tuple[str, str | None]:
    """API id and stage name of `arn:aws:apigateway:REGION::/apis/ID[/stages/NAME]`."""
    parts = arn.rpartition(":")[2].strip("/").split("/")
    match parts:
        case ["apis", api_id]:
            return api_id, None
        case ["apis", api_id, "stages", stage]:
            return api_id, stage
    raise BadRequestException(f"Invalid resource ARN {arn}")


def _tags(api: Api, stage: str | None) -> Members:
    holder = api.settings if stage is None else found(api.stages, stage, "Stage")
    tags: Members = holder.setdefault("Tags", {})
    return tags


@operation("TagResource", resource=tagged_arn)
async def tag_resource(ctx: Context, request: Request) -> Result:
    """Add tags, or change them."""
    api_id, stage = _split(request["ResourceArn"])
    await alter(
        ctx, api_id, lambda api: _tags(api, stage).update(request.get("Tags", {})), deploys=False
    )
    return {}


@operation("UntagResource", resource=tagged_arn)
async def untag_resource(ctx: Context, request: Request) -> Result | None:
    """Remove tags."""
    api_id, stage = _split(request["ResourceArn"])

    def change(api: Api) -> None:
        for key in request["TagKeys"]:
            _tags(api, stage).pop(key, None)

    await alter(ctx, api_id, change, deploys=False)
    return None


@operation("GetTags", resource=tagged_arn)
async def get_tags(ctx: Context, request: Request) -> Result:
    """The tags of an API or a stage."""
    api_id, stage = _split(request["ResourceArn"])
    return {"Tags": _tags(await load(ctx, api_id), stage)}
