"""Routes."""

from airside.kernel import Context, Request, Result, operation
from airside.services.apigatewayv2.api import Api, Members
from airside.services.apigatewayv2.control import alter, api_arn, found, load, members, page
from airside.services.apigatewayv2.errors import BadRequestException, ConflictException
from airside.services.apigatewayv2.validation import check_route_key


def _check(api: Api, route: Members) -> None:
    check_route_key(route["RouteKey"])
    kind, target = route.get("AuthorizationType", "NONE"), route.get("Target")
    if target is not None:
        integration_id = target.removeprefix("integrations/")
        if integration_id == target or integration_id not in api.integrations:
            raise BadRequestException(f"Invalid target {target}")
    if kind in {"JWT", "CUSTOM"} and route.get("AuthorizerId") not in api.authorizers:
        raise BadRequestException(
            "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or JWT "
            "requires a valid authorizer."
        )
    for other in api.routes.values():
        if other["RouteKey"] == route["RouteKey"] and other["RouteId"] != route["RouteId"]:
            raise ConflictException(
                f"Route with key {route['RouteKey']} already exists for this API"
            )


@operation("CreateRoute", resource=api_arn)
async def create_route(ctx: Context, request: Request) -> Result:
    """A new route."""
    route_id = ctx.ids.lower(7)
    route = {
        "ApiKeyRequired": False,
        "AuthorizationType": "NONE",
        **members(request),
        "RouteId": route_id,
    }

    def change(api: Api) -> Members:
        _check(api, route)
        api.routes[route_id] = route
        return route

    return await alter(ctx, request["ApiId"], change)


@operation("GetRoute", resource=api_arn)
async def get_route(ctx: Context, request: Request) -> Result:
    """One route."""
    api = await load(ctx, request["ApiId"])
    return found(api.routes, request["RouteId"], "Route")


@operation("GetRoutes", resource=api_arn)
async def get_routes(ctx: Context, request: Request) -> Result:
    """All routes of an API."""
    return page(list((await load(ctx, request["ApiId"])).routes.values()), request)


@operation("UpdateRoute", resource=api_arn)
async def update_route(ctx: Context, request: Request) -> Result:
    """Change a route; members that are not given stay."""

    def change(api: Api) -> Members:
        route = found(api.routes, request["RouteId"], "Route") | members(request, "RouteId")
        _check(api, route)
        api.routes[request["RouteId"]] = route
        return route

    return await alter(ctx, request["ApiId"], change)


@operation("DeleteRoute", resource=api_arn)
async def delete_route(ctx: Context, request: Request) -> Result | None:
    """Remove a route."""

    def change(api: Api) -> None:
        found(api.routes, request["RouteId"], "Route")
        del api.routes[request["RouteId"]]

    await alter(ctx, request["ApiId"], change)
    return None
