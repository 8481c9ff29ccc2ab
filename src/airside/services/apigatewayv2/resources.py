"""The CloudFormation resource types of HTTP APIs."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from airside.gateway.definitions import stored
from airside.kernel import (
    Context,
    OperationNotImplemented,
    Resource,
    ResourceRequest,
    ResourceType,
    ServiceError,
)
from airside.services.apigatewayv2.openapi import TAG_VALUE, cors_of, load_document

Properties = Mapping[str, Any]
_SERVICE = "apigatewayv2"


async def _unless_gone(ctx: Context, operation: str, request: dict[str, Any]) -> None:
    """Delete what may be gone already, with its API for one."""
    try:
        await ctx.call(_SERVICE, operation, request)
    except ServiceError as error:
        if error.name != "NotFoundException":
            raise


def _pick(properties: Properties, *names: str) -> dict[str, Any]:
    return {name: properties[name] for name in names if name in properties}


class ApiType(ResourceType):
    """An HTTP API, from properties or from an OpenAPI `Body` as SAM writes it."""

    name = "AWS::ApiGatewayV2::Api"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"ProtocolType"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Create or import it."""
        properties = request.properties
        if properties.get("ProtocolType", "HTTP") != "HTTP":
            raise OperationNotImplemented("Airside does not implement WebSocket APIs yet.")
        body = await _body(ctx, properties)
        if body is not None:
            wanted = _imported(body, properties, _marks(request))
            made = await ctx.call(_SERVICE, "ImportApi", wanted)
            api_id = made["ApiId"]
            more = self._settings(properties)
            if more:
                await ctx.call(_SERVICE, "UpdateApi", {"ApiId": api_id, **more})
            await self._tag(ctx, api_id, properties.get("Tags", {}))
        else:
            wanted = self._settings(properties) | _pick(
                properties, "Target", "RouteKey", "CredentialsArn"
            )
            made = await ctx.call(
                _SERVICE, "CreateApi",
                {"ProtocolType": "HTTP", "Name": request.logical_id, **wanted,
                 "Tags": {**properties.get("Tags", {}), **_marks(request)}},
            )  # fmt: skip
            api_id = made["ApiId"]
        return _api(ctx, api_id)

    async def find(self, ctx: Context, request: ResourceRequest) -> str | None:
        """The API that bears the marks of this resource."""
        marks = _marks(request).items()
        page: dict[str, Any] = {}
        while True:
            found = await ctx.call(_SERVICE, "GetApis", page)
            for api in found["Items"]:
                if marks <= api.get("Tags", {}).items():
                    return str(api["ApiId"])
            if found.get("NextToken") is None:
                return None
            page = {"NextToken": found["NextToken"]}

    def _settings(self, properties: Properties) -> dict[str, Any]:
        picked = _pick(
            properties, "ApiKeySelectionExpression", "Description", "DisableExecuteApiEndpoint",
            "DisableSchemaValidation", "IpAddressType", "Name", "RouteSelectionExpression",
            "Version",
        )  # fmt: skip
        if "CorsConfiguration" in properties:
            picked["CorsConfiguration"] = cors_of(properties["CorsConfiguration"])
        return picked

    async def _tag(self, ctx: Context, api_id: str, tags: Mapping[str, str]) -> None:
        if tags:
            arn = f"arn:aws:apigateway:{ctx.region}::/apis/{api_id}"
            await ctx.call(_SERVICE, "TagResource", {"ResourceArn": arn, "Tags": dict(tags)})

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Reimport it, or change its settings."""
        properties = request.properties
        body = await _body(ctx, properties)
        if body is not None and _definition(properties) != _definition(old):
            wanted = _imported(body, properties, _marks(request))
            await ctx.call(_SERVICE, "ReimportApi", {"ApiId": physical_id, **wanted})
        changed = self._settings(properties) | _pick(
            properties, "Target", "RouteKey", "CredentialsArn"
        )
        if "CorsConfiguration" in old and "CorsConfiguration" not in properties:
            await ctx.call(_SERVICE, "DeleteCorsConfiguration", {"ApiId": physical_id})
        if changed:
            await ctx.call(_SERVICE, "UpdateApi", {"ApiId": physical_id, **changed})
        await self._tag(ctx, physical_id, properties.get("Tags", {}))
        return _api(ctx, physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete it with all that is in it."""
        await _unless_gone(ctx, "DeleteApi", {"ApiId": physical_id})


def _marks(request: ResourceRequest) -> dict[str, str]:
    """The tags by which AWS, too, marks whose a resource is."""
    return {
        "aws:cloudformation:logical-id": request.logical_id,
        "aws:cloudformation:stack-id": request.stack_id,
        "aws:cloudformation:stack-name": request.stack_name,
    }


def _definition(properties: Properties) -> tuple[Any, Any]:
    return properties.get("Body"), properties.get("BodyS3Location")


async def _body(ctx: Context, properties: Properties) -> Any:
    """The definition, if there is one: a document or its text."""
    body, place = _definition(properties)
    if body is None and place:
        return (await stored(ctx, place)).decode("utf-8", "replace")
    return body


def _imported(body: Any, properties: Properties, marks: Mapping[str, str]) -> dict[str, Any]:
    """A request to import a definition, marked from its first moment."""
    document = dict(body) if isinstance(body, Mapping) else load_document(body)
    tags = [{"name": name, TAG_VALUE: value} for name, value in marks.items()]
    document["tags"] = [*document.get("tags", []), *tags]
    request: dict[str, Any] = {"Body": json.dumps(document)}
    if "BasePath" in properties:
        request["Basepath"] = properties["BasePath"]
    return request | _pick(properties, "FailOnWarnings")


def _api(ctx: Context, api_id: str) -> Resource:
    endpoint = f"https://{api_id}.execute-api.{ctx.region}.amazonaws.com"
    return Resource(api_id, {"ApiEndpoint": endpoint, "ApiId": api_id})


class Part(ResourceType):
    """A part of an API, whose properties are the members of its Create operation."""

    noun: ClassVar[str]
    key: ClassVar[str]
    """The member that holds its id."""
    members: ClassVar[tuple[str, ...]]
    unique: ClassVar[str | None] = None
    """The member that only one part of an API may bear."""
    replaced_by: ClassVar[frozenset[str]] = frozenset({"ApiId"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Create it."""
        wanted = _pick(request.properties, "ApiId", *self.members)
        made = await ctx.call(_SERVICE, f"Create{self.noun}", self.shaped(wanted))
        return self.described(made)

    def shaped(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """The request for what the template says."""
        return wanted

    def described(self, made: Mapping[str, Any]) -> Resource:
        """Ref gives the id, GetAtt too."""
        return Resource(made[self.key], {self.key: made[self.key]})

    async def find(self, ctx: Context, request: ResourceRequest) -> str | None:
        """The one with the same unique member in the same API."""
        if self.unique is None:
            return None
        found = await ctx.call(_SERVICE, f"Get{self.noun}s", {"ApiId": request.properties["ApiId"]})
        for item in found["Items"]:
            if item[self.unique] == request.properties.get(self.unique):
                return str(item[self.key])
        return None

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change it in place."""
        wanted = _pick(request.properties, "ApiId", *self.members)
        made = await ctx.call(
            _SERVICE, f"Update{self.noun}", self.shaped(wanted) | {self.key: physical_id}
        )
        return self.described(made)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete it."""
        await _unless_gone(
            ctx, f"Delete{self.noun}", {"ApiId": properties["ApiId"], self.key: physical_id}
        )


class RouteType(Part):
    """A route."""

    name = "AWS::ApiGatewayV2::Route"
    noun = "Route"
    key = "RouteId"
    unique = "RouteKey"
    members = (
        "ApiKeyRequired", "AuthorizationScopes", "AuthorizationType", "AuthorizerId",
        "OperationName", "RouteKey", "Target",
    )  # fmt: skip


class IntegrationType(Part):
    """An integration."""

    name = "AWS::ApiGatewayV2::Integration"
    noun = "Integration"
    key = "IntegrationId"
    members = (
        "ConnectionId", "ConnectionType", "CredentialsArn", "Description", "IntegrationMethod",
        "IntegrationSubtype", "IntegrationType", "IntegrationUri", "PayloadFormatVersion",
        "RequestParameters", "ResponseParameters", "TimeoutInMillis", "TlsConfig",
    )  # fmt: skip

    def shaped(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Response parameters are a list here and a map in the API."""
        if "ResponseParameters" in wanted:
            wanted["ResponseParameters"] = {
                status: {each["Destination"]: each["Source"]
                         for each in given.get("ResponseParameters") or ()}
                for status, given in wanted["ResponseParameters"].items()
            }  # fmt: skip
        return wanted


class AuthorizerType(Part):
    """An authorizer."""

    name = "AWS::ApiGatewayV2::Authorizer"
    noun = "Authorizer"
    key = "AuthorizerId"
    unique = "Name"
    members = (
        "AuthorizerCredentialsArn", "AuthorizerPayloadFormatVersion",
        "AuthorizerResultTtlInSeconds", "AuthorizerType", "AuthorizerUri", "EnableSimpleResponses",
        "IdentitySource", "JwtConfiguration", "Name",
    )  # fmt: skip


class DeploymentType(Part):
    """A deployment."""

    name = "AWS::ApiGatewayV2::Deployment"
    noun = "Deployment"
    key = "DeploymentId"
    members = ("Description", "StageName")
    replaced_by: ClassVar[frozenset[str]] = frozenset({"ApiId", "StageName"})


class StageType(Part):
    """A stage; its name is its id."""

    name = "AWS::ApiGatewayV2::Stage"
    noun = "Stage"
    key = "StageName"
    unique = "StageName"
    members = (
        "AccessLogSettings", "AutoDeploy", "DefaultRouteSettings", "DeploymentId", "Description",
        "RouteSettings", "StageName", "StageVariables", "Tags",
    )  # fmt: skip
    replaced_by: ClassVar[frozenset[str]] = frozenset({"ApiId", "StageName"})

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change it; tags go their own way."""
        wanted = self.shaped(_pick(request.properties, "ApiId", *self.members))
        tags = wanted.pop("Tags", {})
        made = await ctx.call(_SERVICE, "UpdateStage", wanted)
        if tags:
            arn = f"arn:aws:apigateway:{ctx.region}::/apis/{wanted['ApiId']}/stages/{physical_id}"
            await ctx.call(_SERVICE, "TagResource", {"ResourceArn": arn, "Tags": tags})
        return self.described(made)


class NotYet(ResourceType):
    """A type that is known and not implemented."""

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Say so."""
        raise OperationNotImplemented(f"Airside does not implement {self.name} yet.")


class ApiMappingType(NotYet):
    """A custom domain's way to an API."""

    name = "AWS::ApiGatewayV2::ApiMapping"


class DomainNameType(NotYet):
    """A custom domain."""

    name = "AWS::ApiGatewayV2::DomainName"
