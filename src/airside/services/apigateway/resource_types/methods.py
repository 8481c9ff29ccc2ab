"""AWS::ApiGateway::Method, with its integration and its responses."""

from typing import Any, ClassVar

from airside.kernel import Context, Resource, ResourceRequest, ResourceType, ServiceError
from airside.services.apigateway.resource_types.part import (
    SERVICE,
    Properties,
    pick,
    unless_gone,
)


class MethodType(ResourceType):
    """A method; CloudFormation gives it an id that API Gateway does not know."""

    name = "AWS::ApiGateway::Method"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"RestApiId", "ResourceId", "HttpMethod"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Put it, its integration, and its responses."""
        try:
            await _put(ctx, request.properties)
        except ServiceError as error:
            if error.name != "ConflictException":
                await unless_gone(ctx, "DeleteMethod", _where(request.properties))
            raise
        parts = (request.stack_name[:5], request.logical_id[:5], request.suffix)
        return Resource("-".join(parts).lower())

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Put it anew: what is deployed does not change by that."""
        await unless_gone(ctx, "DeleteMethod", _where(request.properties))
        await _put(ctx, request.properties)
        return Resource(physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete it."""
        await unless_gone(ctx, "DeleteMethod", _where(properties))


def _where(properties: Properties) -> dict[str, Any]:
    return {
        "restApiId": properties["RestApiId"],
        "resourceId": properties["ResourceId"],
        "httpMethod": properties["HttpMethod"].upper(),
    }


async def _put(ctx: Context, properties: Properties) -> None:
    where = _where(properties)
    method = where | pick(
        properties, "AuthorizationScopes", "AuthorizationType", "AuthorizerId", "OperationName",
        "RequestModels", "RequestValidatorId",
    )  # fmt: skip
    method.setdefault("authorizationType", "NONE")
    method |= pick(properties, "ApiKeyRequired")
    if properties.get("RequestParameters"):
        method["requestParameters"] = properties["RequestParameters"]
    await ctx.call(SERVICE, "PutMethod", method)
    for response in properties.get("MethodResponses") or []:
        declared = where | {"statusCode": str(response["StatusCode"])}
        declared |= pick(response, "ResponseModels")
        if response.get("ResponseParameters"):
            declared["responseParameters"] = response["ResponseParameters"]
        await ctx.call(SERVICE, "PutMethodResponse", declared)
    integration = properties.get("Integration")
    if integration:
        await _put_integration(ctx, where, integration)


async def _put_integration(ctx: Context, where: dict[str, Any], given: Properties) -> None:
    wanted = where | pick(
        given, "CacheKeyParameters", "CacheNamespace", "ConnectionId", "ConnectionType",
        "ContentHandling", "Credentials", "PassthroughBehavior", "Type", "Uri",
    )  # fmt: skip
    wanted |= pick(given, "TimeoutInMillis")
    if "IntegrationHttpMethod" in given:
        wanted["integrationHttpMethod"] = given["IntegrationHttpMethod"]
    for name in ("RequestParameters", "RequestTemplates"):
        if given.get(name):
            wanted[name[0].lower() + name[1:]] = given[name]
    await ctx.call(SERVICE, "PutIntegration", wanted)
    for response in given.get("IntegrationResponses") or []:
        made = where | {"statusCode": str(response.get("StatusCode", "200"))}
        made |= pick(response, "ContentHandling", "SelectionPattern")
        for name in ("ResponseParameters", "ResponseTemplates"):
            if response.get(name):
                made[name[0].lower() + name[1:]] = response[name]
        await ctx.call(SERVICE, "PutIntegrationResponse", made)
