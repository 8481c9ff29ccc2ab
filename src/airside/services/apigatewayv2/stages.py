"""Stages and deployments: what of an API is served under which name."""

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.apigatewayv2 import store
from airside.services.apigatewayv2.api import Api, Members
from airside.services.apigatewayv2.control import (
    alter,
    api_arn,
    found,
    load,
    members,
    no_such_api,
    page,
)
from airside.services.apigatewayv2.errors import BadRequestException, ConflictException
from airside.services.apigatewayv2.gateway import Gateway
from airside.services.apigatewayv2.validation import check_stage_name, default_stage


def _check(api: Api, stage: Members) -> None:
    deployment_id = stage.get("DeploymentId")
    if deployment_id is not None and deployment_id not in api.deployments:
        raise BadRequestException(f"Invalid Deployment identifier specified {deployment_id}")


@operation("CreateStage", resource=api_arn)
async def create_stage(ctx: Context, request: Request) -> Result:
    """A new stage, of a deployment or deploying by itself."""
    name = request["StageName"]
    check_stage_name(name)
    if request.get("AutoDeploy") and request.get("DeploymentId"):
        raise BadRequestException("DeploymentId cannot be specified when AutoDeploy is enabled")
    stage = default_stage(name, members(request), ctx.clock.now())

    def change(api: Api) -> Members:
        if name in api.stages:
            raise ConflictException("Stage already exists")
        _check(api, stage)
        api.stages[name] = stage
        return stage

    return await alter(ctx, request["ApiId"], change)


@operation("GetStage", resource=api_arn)
async def get_stage(ctx: Context, request: Request) -> Result:
    """One stage."""
    return found((await load(ctx, request["ApiId"])).stages, request["StageName"], "Stage")


@operation("GetStages", resource=api_arn)
async def get_stages(ctx: Context, request: Request) -> Result:
    """All stages of an API."""
    return page(list((await load(ctx, request["ApiId"])).stages.values()), request)


@operation("UpdateStage", resource=api_arn)
async def update_stage(ctx: Context, request: Request) -> Result:
    """Change a stage; members that are not given stay."""
    name, now = request["StageName"], ctx.clock.now()

    def change(api: Api) -> Members:
        stage = found(api.stages, name, "Stage") | members(request, "StageName")
        _check(api, stage)
        api.stages[name] = stage | {"LastUpdatedDate": now}
        return api.stages[name]

    return await alter(ctx, request["ApiId"], change)


@operation("DeleteStage", resource=api_arn)
async def delete_stage(ctx: Context, request: Request) -> Result | None:
    """Remove a stage."""

    def change(api: Api) -> None:
        found(api.stages, request["StageName"], "Stage")
        del api.stages[request["StageName"]]

    await alter(ctx, request["ApiId"], change, deploys=False)
    return None


@operation("DeleteRouteSettings", resource=api_arn)
async def delete_route_settings(ctx: Context, request: Request) -> Result | None:
    """Remove the settings of one route in a stage."""

    def change(api: Api) -> None:
        stage = found(api.stages, request["StageName"], "Stage")
        stage.get("RouteSettings", {}).pop(request["RouteKey"], None)

    await alter(ctx, request["ApiId"], change, deploys=False)
    return None


@operation("DeleteAccessLogSettings", resource=api_arn)
async def delete_access_log_settings(ctx: Context, request: Request) -> Result | None:
    """Stop access logs of a stage."""

    def change(api: Api) -> None:
        found(api.stages, request["StageName"], "Stage").pop("AccessLogSettings", None)

    await alter(ctx, request["ApiId"], change, deploys=False)
    return None


@operation("CreateDeployment", resource=api_arn)
async def create_deployment(ctx: Context, request: Request) -> Result:
    """Freeze the present configuration; with a stage's name, serve it there."""
    api_id, stage_name = request["ApiId"], request.get("StageName")
    deployment: Members = {
        "AutoDeployed": False,
        "CreatedDate": ctx.clock.now(),
        "DeploymentId": ctx.ids.lower(6),
        "DeploymentStatus": "DEPLOYED",
        "Description": request.get("Description"),
    }
    stamp = ctx.ids.lower(12)

    def body(tx: Transaction) -> None:
        api = store.load(tx, ctx.account_id, ctx.region, api_id)
        if api is None:
            raise no_such_api(ctx, api_id)
        api.deployments[deployment["DeploymentId"]] = deployment
        if stage_name is not None:
            stage = found(api.stages, stage_name, "Stage")
            stage["DeploymentId"] = deployment["DeploymentId"]
        api.stamp = stamp
        store.save_snapshot(tx, api, deployment["DeploymentId"], api.snapshot())
        store.save(tx, api)

    await ctx.store.transact(body)
    ctx.component(Gateway).forget(api_id)
    return deployment


@operation("GetDeployment", resource=api_arn)
async def get_deployment(ctx: Context, request: Request) -> Result:
    """One deployment."""
    api = await load(ctx, request["ApiId"])
    return found(api.deployments, request["DeploymentId"], "Deployment")


@operation("GetDeployments", resource=api_arn)
async def get_deployments(ctx: Context, request: Request) -> Result:
    """The deployments of an API, newest first."""
    held = (await load(ctx, request["ApiId"])).deployments.values()
    return page(sorted(held, key=lambda found: -float(found["CreatedDate"])), request)


@operation("UpdateDeployment", resource=api_arn)
async def update_deployment(ctx: Context, request: Request) -> Result:
    """Change a deployment's description."""

    def change(api: Api) -> Members:
        deployment = found(api.deployments, request["DeploymentId"], "Deployment")
        deployment["Description"] = request.get("Description", deployment.get("Description"))
        return deployment

    return await alter(ctx, request["ApiId"], change, deploys=False)


@operation("DeleteDeployment", resource=api_arn)
async def delete_deployment(ctx: Context, request: Request) -> Result | None:
    """Remove a deployment that no stage serves."""
    api_id, key = request["ApiId"], request["DeploymentId"]

    def body(tx: Transaction) -> None:
        api = store.load(tx, ctx.account_id, ctx.region, api_id)
        if api is None:
            raise no_such_api(ctx, api_id)
        found(api.deployments, key, "Deployment")
        if key in api.live_deployments():
            raise BadRequestException(
                "Active stages pointing to this deployment must be moved or deleted"
            )
        del api.deployments[key]
        store.delete_snapshot(tx, api, key)
        store.save(tx, api)

    await ctx.store.transact(body)
    return None
