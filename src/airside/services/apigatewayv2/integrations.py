"""Integrations: what stands behind routes."""

from airside.kernel import Context, OperationNotImplemented, Request, Result, operation
from airside.services.apigatewayv2.api import Api, Members
from airside.services.apigatewayv2.control import alter, api_arn, found, load, members, page
from airside.services.apigatewayv2.errors import ConflictException
from airside.services.apigatewayv2.validation import check_integration


@operation("CreateIntegration", resource=api_arn)
async def create_integration(ctx: Context, request: Request) -> Result:
    """A new integration."""
    if request.get("ConnectionType") == "VPC_LINK":
        raise OperationNotImplemented("Airside does not implement VPC links.")
    integration_id = ctx.ids.lower(7)
    integration = {
        "ConnectionType": "INTERNET",
        "PayloadFormatVersion": "1.0",
        "TimeoutInMillis": 30000,
        **members(request),
        "IntegrationId": integration_id,
    }
    if integration["IntegrationType"] == "AWS_PROXY":
        integration.setdefault("IntegrationMethod", "POST")
    check_integration(integration)

    def change(api: Api) -> Members:
        api.integrations[integration_id] = integration
        return integration

    return await alter(ctx, request["ApiId"], change)


@operation("GetIntegration", resource=api_arn)
async def get_integration(ctx: Context, request: Request) -> Result:
    """One integration."""
    api = await load(ctx, request["ApiId"])
    return found(api.integrations, request["IntegrationId"], "Integration")


@operation("GetIntegrations", resource=api_arn)
async def get_integrations(ctx: Context, request: Request) -> Result:
    """All integrations of an API."""
    return page(list((await load(ctx, request["ApiId"])).integrations.values()), request)


@operation("UpdateIntegration", resource=api_arn)
async def update_integration(ctx: Context, request: Request) -> Result:
    """Change an integration; members that are not given stay."""
    key = request["IntegrationId"]

    def change(api: Api) -> Members:
        integration = found(api.integrations, key, "Integration") | members(
            request, "IntegrationId"
        )
        check_integration(integration)
        api.integrations[key] = integration
        return integration

    return await alter(ctx, request["ApiId"], change)


@operation("DeleteIntegration", resource=api_arn)
async def delete_integration(ctx: Context, request: Request) -> Result | None:
    """Remove an integration that no route uses."""
    key = request["IntegrationId"]

    def change(api: Api) -> None:
        found(api.integrations, key, "Integration")
        users = [
            route["RouteId"]
            for route in api.routes.values()
            if route.get("Target") == f"integrations/{key}"
        ]
        if users:
            raise ConflictException(
                f"Cannot delete Integration '{key}' because it is referenced by Route '{users[0]}'."
            )
        del api.integrations[key]

    await alter(ctx, request["ApiId"], change)
    return None
