"""The smaller parts of an API: resources, authorizers, models, validators, gateway responses."""

import json
from typing import Any, ClassVar

from airside.kernel import Context, Resource, ResourceRequest
from airside.services.apigateway.resource_types.part import (
    SERVICE,
    Part,
    Properties,
    pick,
    unless_gone,
)


class ResourceOfApiType(Part):
    """A resource."""

    name = "AWS::ApiGateway::Resource"
    noun = "Resource"
    key = "resourceId"
    attribute = "ResourceId"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"RestApiId", "ParentId", "PathPart"})

    def members(self, properties: Properties, request: ResourceRequest) -> dict[str, Any]:
        """What CreateResource takes."""
        return pick(properties, "RestApiId", "ParentId", "PathPart")

    async def find(self, ctx: Context, request: ResourceRequest) -> str | None:
        """The one with the same name below the same parent."""
        properties = request.properties
        where = {"restApiId": properties["RestApiId"], "limit": 500}
        for item in (await ctx.call(SERVICE, "GetResources", where))["items"]:
            same = item.get("pathPart") == properties["PathPart"]
            if same and item.get("parentId") == properties["ParentId"]:
                return str(item["id"])
        return None

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Whatever could change makes another resource of it."""
        return self.described(physical_id)


class AuthorizerType(Part):
    """An authorizer."""

    name = "AWS::ApiGateway::Authorizer"
    noun = "Authorizer"
    key = "authorizerId"
    attribute = "AuthorizerId"

    def members(self, properties: Properties, request: ResourceRequest) -> dict[str, Any]:
        """What CreateAuthorizer takes."""
        found = pick(
            properties, "RestApiId", "AuthorizerCredentials", "AuthorizerUri", "AuthType",
            "IdentitySource", "IdentityValidationExpression", "Name", "Type",
        )  # fmt: skip
        found |= pick(properties, "AuthorizerResultTtlInSeconds")
        if "ProviderARNs" in properties:
            found["providerARNs"] = properties["ProviderARNs"]
        return {"name": request.logical_id, **found}


class ModelType(Part):
    """A model; its name is its id."""

    name = "AWS::ApiGateway::Model"
    noun = "Model"
    key = "modelName"
    held = "name"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"RestApiId", "Name", "ContentType"})

    def members(self, properties: Properties, request: ResourceRequest) -> dict[str, Any]:
        """What CreateModel takes."""
        name = "".join(part for part in request.physical_name(128) if part.isalnum())
        schema = properties.get("Schema", {})
        return {
            "name": name,
            "contentType": "application/json",
            **pick(properties, "RestApiId", "ContentType", "Description", "Name"),
            "schema": schema if isinstance(schema, str) else json.dumps(schema),
        }

    def flat(self, members: Any) -> dict[str, Any]:
        """Only these two can change."""
        return {key: value for key, value in members.items() if key in {"schema", "description"}}


class RequestValidatorType(Part):
    """A request validator."""

    name = "AWS::ApiGateway::RequestValidator"
    noun = "RequestValidator"
    key = "requestValidatorId"
    attribute = "RequestValidatorId"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"RestApiId", "Name"})

    def members(self, properties: Properties, request: ResourceRequest) -> dict[str, Any]:
        """What CreateRequestValidator takes."""
        return {
            "name": request.physical_name(64),
            **pick(properties, "RestApiId", "Name"),
            **pick(properties, "ValidateRequestBody", "ValidateRequestParameters"),
        }

    def flat(self, members: Any) -> dict[str, Any]:
        """Its name stays."""
        return {key: value for key, value in members.items() if key.startswith("validate")}


class GatewayResponseType(Part):
    """A gateway response; its type is its id."""

    name = "AWS::ApiGateway::GatewayResponse"
    noun = "GatewayResponse"
    key = "responseType"
    attribute = "Id"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"RestApiId", "ResponseType"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Put it."""
        given = request.properties
        wanted = pick(given, "RestApiId", "ResponseType")
        if given.get("StatusCode"):
            wanted["statusCode"] = str(given["StatusCode"])
        for name in ("ResponseParameters", "ResponseTemplates"):
            if given.get(name):
                wanted[name[0].lower() + name[1:]] = given[name]
        await ctx.call(SERVICE, "PutGatewayResponse", wanted)
        return self.described(str(given["ResponseType"]))

    async def find(self, ctx: Context, request: ResourceRequest) -> str | None:
        """To put it twice does no harm."""
        return None

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Put it anew."""
        return await self.create(ctx, request)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Let AWS's default answer again."""
        where = {"restApiId": properties["RestApiId"], "responseType": physical_id}
        await unless_gone(ctx, "DeleteGatewayResponse", where)
