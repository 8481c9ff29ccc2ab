"""APIs: create (also in one go with a target), import from OpenAPI, describe, change, delete."""

from typing import Any

from airside.kernel import (
    Context,
    OperationNotImplemented,
    Request,
    Result,
    Transaction,
    operation,
)
from airside.services.apigatewayv2 import store
from airside.services.apigatewayv2.api import Api, Members
from airside.services.apigatewayv2.control import (
    alter,
    api_arn,
    deploy,
    load,
    members,
    no_such_api,
    page,
)
from airside.services.apigatewayv2.errors import BadRequestException
from airside.services.apigatewayv2.gateway import Gateway
from airside.services.apigatewayv2.openapi import Definition, parse
from airside.services.apigatewayv2.validation import check_cors, check_route_key, default_stage

_QUICK = ("CredentialsArn", "RouteKey", "Target")


@operation("CreateApi", resource=api_arn)
async def create_api(ctx: Context, request: Request) -> Result:
    """A new HTTP API; with `Target` one that works at once."""
    if request["ProtocolType"] != "HTTP":
        raise OperationNotImplemented("Airside does not implement WebSocket APIs yet.")
    check_cors(request.get("CorsConfiguration"))
    api = _new_api(ctx, members(request, *_QUICK))
    if "Target" in request:
        _add_quick_route(ctx, api, request)
    return await _created(ctx, api)


def _new_api(ctx: Context, settings: Members) -> Api:
    api_id = ctx.ids.lower(10)
    api = Api(api_id, ctx.account_id, ctx.region, {})
    api.settings = {
        "ApiKeySelectionExpression": "$request.header.x-api-key",
        "DisableExecuteApiEndpoint": False,
        "IpAddressType": "ipv4",
        "ProtocolType": "HTTP",
        "RouteSelectionExpression": "$request.method $request.path",
        "Tags": {},
        **settings,
        "ApiEndpoint": f"https://{api.domain_name}",
        "ApiId": api_id,
        "CreatedDate": ctx.clock.now(),
    }
    return api


def _add_quick_route(ctx: Context, api: Api, request: Request) -> None:
    target = request["Target"]
    is_function = target.startswith("arn:")
    integration_id, route_id = ctx.ids.lower(7), ctx.ids.lower(7)
    key = request.get("RouteKey", "$default")
    check_route_key(key)
    api.integrations[integration_id] = {
        "ApiGatewayManaged": True,
        "ConnectionType": "INTERNET",
        "CredentialsArn": request.get("CredentialsArn"),
        "IntegrationId": integration_id,
        "IntegrationMethod": "POST" if is_function else "ANY",
        "IntegrationType": "AWS_PROXY" if is_function else "HTTP_PROXY",
        "IntegrationUri": target,
        "PayloadFormatVersion": "2.0" if is_function else "1.0",
        "TimeoutInMillis": 30000,
    }
    api.routes[route_id] = {
        "ApiGatewayManaged": True,
        "ApiKeyRequired": False,
        "AuthorizationType": "NONE",
        "RouteId": route_id,
        "RouteKey": key,
        "Target": f"integrations/{integration_id}",
    }
    stage = {"ApiGatewayManaged": True, "AutoDeploy": True}
    api.stages["$default"] = default_stage("$default", stage, ctx.clock.now())


async def _created(ctx: Context, api: Api) -> Result:
    deployment_id, api.stamp, now = ctx.ids.lower(6), ctx.ids.lower(12), ctx.clock.now()

    def body(tx: Transaction) -> None:
        deploy(tx, api, deployment_id, now)
        store.save(tx, api)

    await ctx.store.transact(body)
    ctx.component(Gateway).forget(api.id)
    return api.settings


@operation("ImportApi")
async def import_api(ctx: Context, request: Request) -> Result:
    """A new API from an OpenAPI 3 definition."""
    definition = parse(request["Body"], request.get("Basepath"))
    _check_warnings(definition, request)
    api = _new_api(ctx, definition.settings)
    _take_over(ctx, api, definition)
    return await _created(ctx, api) | {"Warnings": definition.warnings or None}


@operation("ReimportApi", resource=api_arn)
async def reimport_api(ctx: Context, request: Request) -> Result:
    """Put an OpenAPI 3 definition in the place of an API's configuration."""
    definition = parse(request["Body"], request.get("Basepath"))
    _check_warnings(definition, request)

    def change(api: Api) -> Members:
        api.settings = {
            **{key: value for key, value in api.settings.items() if key != "CorsConfiguration"},
            **definition.settings,
        }
        _take_over(ctx, api, definition)
        return api.settings

    settings = await alter(ctx, request["ApiId"], change)
    return settings | {"Warnings": definition.warnings or None}


def _check_warnings(definition: Definition, request: Request) -> None:
    if definition.warnings and request.get("FailOnWarnings"):
        raise BadRequestException(
            "Warnings found during import:\n" + "\n".join(definition.warnings)
        )


def _take_over(ctx: Context, api: Api, definition: Definition) -> None:
    """Give what the definition describes ids; routes and integrations that stay keep theirs."""
    route_ids = {route["RouteKey"]: name for name, route in api.routes.items()}
    authorizer_ids = {found["Name"]: name for name, found in api.authorizers.items()}
    named = {found["Name"]: authorizer_ids.get(found["Name"]) or ctx.ids.lower(6)
             for found in definition.authorizers}  # fmt: skip
    api.authorizers = {
        named[found["Name"]]: {**found, "AuthorizerId": named[found["Name"]]}
        for found in definition.authorizers
    }
    integration_of = {route["RouteKey"]: route.get("Target", "").rpartition("/")[2]
                      for route in api.routes.values()}  # fmt: skip
    routes: dict[str, Members] = {}
    integrations: dict[str, Members] = {}
    for described in definition.routes:
        key = described.route["RouteKey"]
        route_id = route_ids.get(key) or ctx.ids.lower(7)
        route = {**described.route, "RouteId": route_id}
        if described.authorizer is not None:
            route["AuthorizerId"] = named[described.authorizer]
        if described.integration is not None:
            integration_id = integration_of.get(key) or ctx.ids.lower(7)
            integrations[integration_id] = {
                **described.integration,
                "IntegrationId": integration_id,
            }
            route["Target"] = f"integrations/{integration_id}"
        routes[route_id] = route
    api.routes, api.integrations = routes, integrations


@operation("GetApi", resource=api_arn)
async def get_api(ctx: Context, request: Request) -> Result:
    """One API."""
    return (await load(ctx, request["ApiId"])).settings


@operation("GetApis", resource=api_arn)
async def get_apis(ctx: Context, request: Request) -> Result:
    """All APIs of the account."""
    held = await ctx.store.read(lambda view: store.list_apis(view, ctx.account_id, ctx.region))
    return page([api.settings for api in held], request)


@operation("UpdateApi", resource=api_arn)
async def update_api(ctx: Context, request: Request) -> Result:
    """Change an API; members that are not given stay."""
    check_cors(request.get("CorsConfiguration"))
    given = members(request, *_QUICK)

    def change(api: Api) -> Members:
        api.settings |= given
        _update_quick_route(api, request)
        return api.settings

    return await alter(ctx, request["ApiId"], change)


def _update_quick_route(api: Api, request: Request) -> None:
    for integration in api.integrations.values():
        if integration.get("ApiGatewayManaged") and "Target" in request:
            integration["IntegrationUri"] = request["Target"]
    for route in api.routes.values():
        if route.get("ApiGatewayManaged") and "RouteKey" in request:
            check_route_key(request["RouteKey"])
            route["RouteKey"] = request["RouteKey"]


@operation("DeleteCorsConfiguration", resource=api_arn)
async def delete_cors_configuration(ctx: Context, request: Request) -> Result | None:
    """Leave CORS to the integrations again."""

    def change(api: Api) -> Any:
        api.settings.pop("CorsConfiguration", None)

    await alter(ctx, request["ApiId"], change)
    return None


@operation("DeleteApi", resource=api_arn)
async def delete_api(ctx: Context, request: Request) -> Result | None:
    """Remove an API with everything in it."""
    api_id = request["ApiId"]

    def body(tx: Transaction) -> None:
        api = store.load(tx, ctx.account_id, ctx.region, api_id)
        if api is None:
            raise no_such_api(ctx, api_id)
        store.delete(tx, api)

    await ctx.store.transact(body)
    ctx.component(Gateway).forget(api_id)
    return None
