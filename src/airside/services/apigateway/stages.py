"""Stages: which deployment is served under which name."""

from airside.kernel import Context, Request, Result, operation
from airside.services.apigateway.api import Members, RestApi
from airside.services.apigateway.authorization import Decisions
from airside.services.apigateway.control import alter, found, load, members, place
from airside.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
    LimitExceededException,
)
from airside.services.apigateway.limits import STAGES_MAX
from airside.services.apigateway.stage import check_name, check_variables, new_stage, patch

stages_arn = place("restapis", "$restApiId", "stages")
stage_arn = place("restapis", "$restApiId", "stages", "$stageName")
_ABSENT = "Invalid stage identifier specified"


@operation("CreateStage", resource=stages_arn, action="apigateway:POST")
async def create_stage(ctx: Context, request: Request) -> Result:
    """A new stage of a deployment."""
    name = request["stageName"]
    check_name(name)
    check_variables(request.get("variables") or {})
    if "canarySettings" in request:
        raise BadRequestException("Airside does not implement canary releases yet.")
    stage = new_stage(name, members(request), ctx.clock.now())

    def change(api: RestApi) -> Members:
        if name in api.stages:
            raise ConflictException("Stage already exists")
        if len(api.stages) >= STAGES_MAX:
            raise LimitExceededException("Maximum number of stages for this API has been reached.")
        _check(api, stage)
        api.stages[name] = stage
        return stage

    return await alter(ctx, request["restApiId"], change)


def _check(api: RestApi, stage: Members) -> None:
    if stage["deploymentId"] not in api.deployments:
        raise BadRequestException("Deployment id does not exist")


@operation("GetStage", resource=stage_arn, action="apigateway:GET")
async def get_stage(ctx: Context, request: Request) -> Result:
    """One stage."""
    return found((await load(ctx, request["restApiId"])).stages, request["stageName"], _ABSENT)


@operation("GetStages", resource=stages_arn, action="apigateway:GET")
async def get_stages(ctx: Context, request: Request) -> Result:
    """All stages of an API, or those of one deployment."""
    held = (await load(ctx, request["restApiId"])).stages
    wanted = request.get("deploymentId")
    return {
        "item": [
            held[name]
            for name in sorted(held)
            if wanted is None or held[name]["deploymentId"] == wanted
        ]
    }


@operation("UpdateStage", resource=stage_arn, action="apigateway:PATCH")
async def update_stage(ctx: Context, request: Request) -> Result:
    """Change a stage."""
    now = ctx.clock.now()

    def change(api: RestApi) -> Members:
        stage = found(api.stages, request["stageName"], _ABSENT)
        for operation_ in request.get("patchOperations", []):
            patch(stage, operation_)
        _check(api, stage)
        stage["lastUpdatedDate"] = now
        return stage

    return await alter(ctx, request["restApiId"], change)


@operation("DeleteStage", resource=stage_arn, action="apigateway:DELETE")
async def delete_stage(ctx: Context, request: Request) -> Result | None:
    """Remove a stage."""

    def change(api: RestApi) -> None:
        found(api.stages, request["stageName"], _ABSENT)
        del api.stages[request["stageName"]]

    await alter(ctx, request["restApiId"], change)
    return None


@operation("FlushStageCache", resource=stage_arn, action="apigateway:DELETE")
async def flush_stage_cache(ctx: Context, request: Request) -> Result | None:
    """Forget cached responses; none are ever kept here."""
    found((await load(ctx, request["restApiId"])).stages, request["stageName"], _ABSENT)
    return None


@operation("FlushStageAuthorizersCache", resource=stage_arn, action="apigateway:DELETE")
async def flush_stage_authorizers_cache(ctx: Context, request: Request) -> Result | None:
    """Forget what the stage's authorizers said."""
    found((await load(ctx, request["restApiId"])).stages, request["stageName"], _ABSENT)
    ctx.component(Decisions).forget(request["restApiId"], request["stageName"])
    return None
