"""Deployments: what of an API was frozen when."""

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.apigateway import store
from airside.services.apigateway.api import Members, RestApi
from airside.services.apigateway.control import alter, alter_stored, found, load, page, place
from airside.services.apigateway.errors import BadRequestException
from airside.services.apigateway.patches import Patch, text
from airside.services.apigateway.stage import check_name, new_stage

deployments_arn = place("restapis", "$restApiId", "deployments")
deployment_arn = place("restapis", "$restApiId", "deployments", "$deploymentId")
_PATCH = Patch(scalars={"description": text})
_ABSENT = "Invalid Deployment identifier specified"
_OF_STAGE = ("cacheClusterEnabled", "cacheClusterSize", "tracingEnabled", "variables")


@operation("CreateDeployment", resource=deployments_arn, action="apigateway:POST")
async def create_deployment(ctx: Context, request: Request) -> Result:
    """Freeze the present configuration; with a stage's name, serve it there."""
    name, now = request.get("stageName"), ctx.clock.now()
    if "canarySettings" in request:
        raise BadRequestException("Airside does not implement canary releases yet.")
    deployment: Members = {"id": ctx.ids.lower(6), "createdDate": now}
    if "description" in request:
        deployment["description"] = request["description"]
    if name:
        check_name(name)
    given = {key: request[key] for key in _OF_STAGE if key in request}
    if "stageDescription" in request:
        given["description"] = request["stageDescription"]

    def change(tx: Transaction, api: RestApi) -> Members:
        check_complete(api)
        api.deployments[deployment["id"]] = deployment
        store.save_snapshot(tx, api, deployment["id"], api.present)
        if name:
            held = api.stages.get(name)
            made = new_stage(name, given, now) if held is None else held | given
            api.stages[name] = made | {"deploymentId": deployment["id"], "lastUpdatedDate": now}
        return deployment

    return await alter_stored(ctx, request["restApiId"], change)


def check_complete(api: RestApi) -> None:
    """Raise BadRequestException for an API that cannot be served."""
    methods = [
        method
        for resource in api.resources.values()
        for method in resource.get("resourceMethods", {}).values()
    ]
    if not methods:
        raise BadRequestException("The REST API doesn't contain any methods")
    if any("methodIntegration" not in method for method in methods):
        raise BadRequestException("No integration defined for method")


@operation("GetDeployment", resource=deployment_arn, action="apigateway:GET")
async def get_deployment(ctx: Context, request: Request) -> Result:
    """One deployment, on request with a summary of what it serves."""
    api = await load(ctx, request["restApiId"])
    deployment = found(api.deployments, request["deploymentId"], _ABSENT)
    if "apisummary" not in [name.lower() for name in request.get("embed", [])]:
        return deployment
    frozen = await ctx.store.read(lambda view: store.load_snapshot(view, api, deployment["id"]))
    summary = {
        resource["path"]: {
            verb: {
                "authorizationType": method.get("authorizationType"),
                "apiKeyRequired": method.get("apiKeyRequired", False),
            }
            for verb, method in resource["resourceMethods"].items()
        }
        for resource in (frozen.resources.values() if frozen is not None else ())
        if resource.get("resourceMethods")
    }
    return deployment | {"apiSummary": summary}


@operation("GetDeployments", resource=deployments_arn, action="apigateway:GET")
async def get_deployments(ctx: Context, request: Request) -> Result:
    """The deployments of an API, newest first."""
    held = (await load(ctx, request["restApiId"])).deployments.values()
    return page(sorted(held, key=lambda made: -float(made["createdDate"])), request)


@operation("UpdateDeployment", resource=deployment_arn, action="apigateway:PATCH")
async def update_deployment(ctx: Context, request: Request) -> Result:
    """Change a deployment's description."""

    def change(api: RestApi) -> Members:
        deployment = found(api.deployments, request["deploymentId"], _ABSENT)
        _PATCH.apply(deployment, request.get("patchOperations", []))
        return deployment

    return await alter(ctx, request["restApiId"], change)


@operation("DeleteDeployment", resource=deployment_arn, action="apigateway:DELETE")
async def delete_deployment(ctx: Context, request: Request) -> Result | None:
    """Remove a deployment that no stage serves."""
    key = request["deploymentId"]

    def change(tx: Transaction, api: RestApi) -> None:
        found(api.deployments, key, _ABSENT)
        if key in api.live_deployments():
            raise BadRequestException(
                "Active stages pointing to this deployment must be moved or deleted"
            )
        del api.deployments[key]
        store.delete_snapshot(tx, api, key)

    await alter_stored(ctx, request["restApiId"], change)
    return None
