"""REST APIs: create, import from OpenAPI, describe, change, delete."""

import json
from collections.abc import Mapping
from typing import Any

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.apigateway import endpoints, openapi, store
from airside.services.apigateway.api import Configuration, Members, RestApi
from airside.services.apigateway.control import (
    alter,
    api_arn,
    load,
    members,
    no_such_api,
    page,
    place,
)
from airside.services.apigateway.errors import BadRequestException
from airside.services.apigateway.limits import COMPRESSION_BYTES_MAX
from airside.services.apigateway.live import Gateway
from airside.services.apigateway.models import default_models
from airside.services.apigateway.patches import Patch, boolean, text

_PATCH = Patch(
    scalars={"name": text, "apiKeySource": text, "disableExecuteApiEndpoint": boolean},
    optional={"description": text, "version": text, "policy": text},
    lists=("binaryMediaTypes",),
)


@operation("CreateRestApi", resource=place("restapis"), action="apigateway:POST")
async def create_rest_api(ctx: Context, request: Request) -> Result:
    """A new API with nothing but its root resource, or with what another one has."""
    if not request["name"]:
        raise BadRequestException("Name cannot be empty")
    if request.get("description") == "":
        raise BadRequestException("Description cannot be an empty string")
    size = request.get("minimumCompressionSize")
    if size is not None and not 0 <= size <= COMPRESSION_BYTES_MAX:
        raise BadRequestException(
            "Invalid minimum compression size, must be between 0 and 10485760"
        )
    if "policy" in request:
        check_policy(request["policy"])
    api = new_api(ctx, members(request, "cloneFrom"))
    if "cloneFrom" in request:
        await _clone(ctx, api, request["cloneFrom"])
    await _put_new(ctx, api)
    return shown(api)


def new_api(ctx: Context, settings: Members) -> RestApi:
    """An API that is not stored yet."""
    api_id, root_id = ctx.ids.lower(10), ctx.ids.lower(10)
    api = RestApi(api_id, ctx.account_id, ctx.region, Configuration())
    api.present.settings = {
        "apiKeySource": "HEADER",
        "disableExecuteApiEndpoint": False,
        **settings,
        "endpointConfiguration": endpoints.configuration(settings.get("endpointConfiguration")),
        "id": api_id,
        "createdDate": ctx.clock.now(),
        "rootResourceId": root_id,
    }
    if not settings.get("binaryMediaTypes"):
        api.settings.pop("binaryMediaTypes", None)
    api.resources[root_id] = {"id": root_id, "path": "/"}
    api.present.models = default_models(ctx)
    return api


async def _clone(ctx: Context, api: RestApi, source_id: str) -> None:
    source = await ctx.store.read(
        lambda view: store.load(view, ctx.account_id, ctx.region, source_id)
    )
    if source is None:
        raise BadRequestException("Invalid API identifier specified")
    present = source.present
    present.settings = {
        **api.settings,
        "rootResourceId": source.settings["rootResourceId"],
    }
    api.present = present


async def _put_new(ctx: Context, api: RestApi) -> None:
    api.stamp = ctx.ids.lower(12)
    await ctx.store.transact(lambda tx: store.save(tx, api))
    ctx.component(Gateway).forget(api.id)


def shown(api: RestApi) -> Result:
    """An API as it is described."""
    found = dict(api.settings)
    if not found.get("tags"):
        found.pop("tags", None)
    return found


@operation("ImportRestApi", resource=place("restapis"), action="apigateway:POST")
async def import_rest_api(ctx: Context, request: Request) -> Result:
    """A new API from an OpenAPI 3 or Swagger 2 definition."""
    document = openapi.load_document(request["body"])
    parameters = request.get("parameters") or {}
    api = new_api(ctx, {"name": "imported"})
    warnings = openapi.overwrite(ctx, api, document, parameters)
    _configure_endpoints(api, parameters)
    _refuse_warnings(warnings, request)
    await _put_new(ctx, api)
    return shown(api) | {"warnings": warnings or None}


@operation("PutRestApi", resource=api_arn, action="apigateway:PUT")
async def put_rest_api(ctx: Context, request: Request) -> Result:
    """Put a definition in the place of an API's configuration, or merge it into that."""
    document = openapi.load_document(request["body"])
    parameters = request.get("parameters") or {}
    write = openapi.overwrite if request.get("mode") == "overwrite" else openapi.merge

    def change(api: RestApi) -> Result:
        warnings = write(ctx, api, document, parameters)
        _configure_endpoints(api, parameters)
        _refuse_warnings(warnings, request)
        return shown(api) | {"warnings": warnings or None}

    return await alter(ctx, request["restApiId"], change)


def _configure_endpoints(api: RestApi, parameters: Mapping[str, str]) -> None:
    if "endpointConfigurationTypes" in parameters:
        api.settings["endpointConfiguration"] = endpoints.configuration(
            {"types": parameters["endpointConfigurationTypes"].split(",")}
        )


def _refuse_warnings(warnings: list[str], request: Request) -> None:
    if warnings and request.get("failOnWarnings"):
        raise BadRequestException("Warnings found during import:\n\t" + "\n\t".join(warnings))


@operation("GetRestApi", resource=api_arn, action="apigateway:GET")
async def get_rest_api(ctx: Context, request: Request) -> Result:
    """One API."""
    return shown(await load(ctx, request["restApiId"]))


@operation("GetRestApis", resource=place("restapis"), action="apigateway:GET")
async def get_rest_apis(ctx: Context, request: Request) -> Result:
    """All APIs of the account."""
    held = await ctx.store.read(lambda view: store.list_apis(view, ctx.account_id, ctx.region))
    return page([shown(api) for api in held], request)


@operation("UpdateRestApi", resource=api_arn, action="apigateway:PATCH")
async def update_rest_api(ctx: Context, request: Request) -> Result:
    """Change an API itself."""
    operations = request.get("patchOperations", [])

    def change(api: RestApi) -> Result:
        for found in operations:
            _update(api.settings, found)
        return {"tags": {}, **shown(api)}

    return await alter(ctx, request["restApiId"], change)


def _update(settings: Members, found: Mapping[str, Any]) -> None:
    path = found.get("path") or ""
    if path.startswith("/endpointConfiguration/"):
        endpoints.patch(settings, found)
    elif path == "/minimumCompressionSize":
        _set_compression(settings, found)
    else:
        _PATCH.apply(settings, [found])
    if path == "/policy" and settings.get("policy"):
        check_policy(settings["policy"])
    if path in {"/policy", "/description"} and not settings.get(path[1:]):
        settings.pop(path[1:], None)
    if not settings.get("binaryMediaTypes"):
        settings.pop("binaryMediaTypes", None)


def _set_compression(settings: Members, found: Mapping[str, Any]) -> None:
    if found.get("op") != "replace":
        raise BadRequestException("Invalid patch operation specified. Must be one of: [replace]")
    value = found.get("value")
    if value in {None, ""}:
        settings.pop("minimumCompressionSize", None)
        return
    try:
        size = int(str(value))
    except ValueError:
        size = -1
    if not 0 <= size <= COMPRESSION_BYTES_MAX:
        raise BadRequestException(
            "Invalid minimum compression size, must be between 0 and 10485760"
        )
    settings["minimumCompressionSize"] = size


def check_policy(policy: str) -> None:
    """Raise BadRequestException for what is no JSON document."""
    try:
        is_document = isinstance(json.loads(policy), dict)
    except ValueError:
        is_document = False
    if not is_document:
        raise BadRequestException(
            "Invalid policy document. Please check the policy syntax and ensure that Principals "
            "are valid."
        )


@operation("DeleteRestApi", resource=api_arn, action="apigateway:DELETE")
async def delete_rest_api(ctx: Context, request: Request) -> Result | None:
    """Remove an API with everything in it. Raises NotFoundException."""
    api_id = request["restApiId"]

    def body(tx: Transaction) -> None:
        api = store.load(tx, ctx.account_id, ctx.region, api_id)
        if api is None:
            raise no_such_api(ctx, api_id)
        _leave_plans(tx, api)
        store.delete(tx, api)

    await ctx.store.transact(body)
    ctx.component(Gateway).forget(api_id)
    return None


def _leave_plans(tx: Transaction, api: RestApi) -> None:
    for plan in store.list_plans(tx, api.account_id, api.region):
        stages = plan.members.get("apiStages", [])
        kept = [stage for stage in stages if stage["apiId"] != api.id]
        if len(kept) != len(stages):
            plan.members["apiStages"] = kept
            store.save_document(tx, api.account_id, api.region, "plan", plan.members["id"], plan)
