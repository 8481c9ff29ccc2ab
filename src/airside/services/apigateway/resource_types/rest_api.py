"""AWS::ApiGateway::RestApi."""

import json
from collections.abc import Mapping
from typing import Any

from airside.gateway.definitions import stored
from airside.kernel import Context, Resource, ResourceRequest, ResourceType, ServiceError
from airside.services.apigateway.resource_types.part import (
    SERVICE,
    Properties,
    listed,
    pick,
    pointer,
    tags_of,
    unless_gone,
)


class RestApiType(ResourceType):
    """An API, from properties or from an OpenAPI `Body` as SAM writes it."""

    name = "AWS::ApiGateway::RestApi"

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Create it and take in its definition."""
        properties = request.properties
        wanted = {
            "name": properties.get("Name") or await _title(ctx, properties) or request.logical_id,
            **_settings(properties),
            "tags": {**tags_of(properties), **_marks(request)},
        }
        if "CloneFrom" in properties:
            wanted["cloneFrom"] = properties["CloneFrom"]
        made = await ctx.call(SERVICE, "CreateRestApi", wanted)
        api_id = made["id"]
        try:
            await _define(ctx, api_id, properties)
        except ServiceError:
            await unless_gone(ctx, "DeleteRestApi", {"restApiId": api_id})
            raise
        return await _described(ctx, api_id)

    async def find(self, ctx: Context, request: ResourceRequest) -> str | None:
        """The API that bears the marks of this resource."""
        marks = _marks(request).items()
        for api in await listed(ctx, "GetRestApis", {}):
            if marks <= api.get("tags", {}).items():
                return str(api["id"])
        return None

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Take in the definition again where it changed, then change the settings."""
        properties = request.properties
        defined = ("Body", "BodyS3Location", "Parameters", "Mode")
        if any(properties.get(name) != old.get(name) for name in defined):
            await _define(ctx, physical_id, properties)
        changes = _changes(old, properties)
        if changes:
            await ctx.call(
                SERVICE, "UpdateRestApi", {"restApiId": physical_id, "patchOperations": changes}
            )
        arn = f"arn:aws:apigateway:{ctx.region}::/restapis/{physical_id}"
        gone = sorted(set(tags_of(old)) - set(tags_of(properties)))
        if gone:
            await ctx.call(SERVICE, "UntagResource", {"resourceArn": arn, "tagKeys": gone})
        tags = {**tags_of(properties), **_marks(request)}
        await ctx.call(SERVICE, "TagResource", {"resourceArn": arn, "tags": tags})
        return await _described(ctx, physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete it with all that is in it."""
        await unless_gone(ctx, "DeleteRestApi", {"restApiId": physical_id})


def _marks(request: ResourceRequest) -> dict[str, str]:
    """The tags by which AWS, too, marks whose a resource is."""
    return {
        "aws:cloudformation:logical-id": request.logical_id,
        "aws:cloudformation:stack-id": request.stack_id,
        "aws:cloudformation:stack-name": request.stack_name,
    }


def _settings(properties: Properties) -> dict[str, Any]:
    found = pick(properties, "Description", "BinaryMediaTypes", "Version")
    found |= pick(properties, "MinimumCompressionSize", "DisableExecuteApiEndpoint")
    if "BinaryMediaTypes" in properties:
        kinds = properties["BinaryMediaTypes"]
        found["binaryMediaTypes"] = [str(kind).replace("~1", "/") for kind in kinds]
    if "ApiKeySourceType" in properties:
        found["apiKeySource"] = properties["ApiKeySourceType"]
    if properties.get("Policy"):
        policy = properties["Policy"]
        found["policy"] = policy if isinstance(policy, str) else json.dumps(policy)
    if "EndpointConfiguration" in properties:
        given = properties["EndpointConfiguration"]
        if isinstance(given, Mapping):  # SAM's older templates write the type alone
            found["endpointConfiguration"] = pick(given, "Types", "VpcEndpointIds", "IpAddressType")
        else:
            found["endpointConfiguration"] = {"types": [given]}
    return found


async def _body(ctx: Context, properties: Properties) -> bytes | None:
    if "Body" in properties:
        body = properties["Body"]
        return body.encode() if isinstance(body, str) else json.dumps(body, default=str).encode()
    place = properties.get("BodyS3Location")
    if place:
        return await stored(ctx, place)
    return None


async def _title(ctx: Context, properties: Properties) -> str:
    """The name that a definition gives; only a template's own Body is looked into."""
    body = properties.get("Body")
    if isinstance(body, Mapping):
        return str((body.get("info") or {}).get("title") or "")
    return ""


async def _define(ctx: Context, api_id: str, properties: Properties) -> None:
    """Put the definition in, then what the template's own properties say beyond it."""
    body = await _body(ctx, properties)
    if body is None:
        return
    request: dict[str, Any] = {
        "restApiId": api_id,
        "mode": properties.get("Mode", "overwrite"),
        "body": body,
    }
    if properties.get("Parameters"):
        request["parameters"] = properties["Parameters"]
    request |= pick(properties, "FailOnWarnings")
    await ctx.call(SERVICE, "PutRestApi", request)
    changes = _changes({}, {key: value for key, value in properties.items() if key != "Name"})
    if properties.get("Name"):
        changes.append({"op": "replace", "path": "/name", "value": properties["Name"]})
    if changes:
        await ctx.call(SERVICE, "UpdateRestApi", {"restApiId": api_id, "patchOperations": changes})


def _changes(old: Properties, new: Properties) -> list[dict[str, str]]:
    before, after = _settings(old), _settings(new)
    changes = []
    for name in ("description", "policy", "apiKeySource", "minimumCompressionSize"):
        if before.get(name) != after.get(name):
            value = after.get(name, "HEADER" if name == "apiKeySource" else "")
            changes.append({"op": "replace", "path": f"/{name}", "value": str(value)})
    flag = bool(after.get("disableExecuteApiEndpoint", False))
    if bool(before.get("disableExecuteApiEndpoint", False)) != flag:
        changes.append(
            {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": str(flag).lower()}
        )
    kinds = (before.get("binaryMediaTypes", []), after.get("binaryMediaTypes", []))
    for op, have, lack in (("remove", kinds[0], kinds[1]), ("add", kinds[1], kinds[0])):
        changes += [
            {"op": op, "path": f"/binaryMediaTypes/{pointer(kind)}"}
            for kind in have
            if kind not in lack
        ]
    changed = new.get("Name")
    if old and changed and changed != old.get("Name"):
        changes.append({"op": "replace", "path": "/name", "value": changed})
    types = after.get("endpointConfiguration", {}).get("types")
    if types and types != before.get("endpointConfiguration", {}).get("types"):
        changes.append(
            {"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": types[0]}
        )
    return changes


async def _described(ctx: Context, api_id: str) -> Resource:
    api = await ctx.call(SERVICE, "GetRestApi", {"restApiId": api_id})
    return Resource(api_id, {"RestApiId": api_id, "RootResourceId": api["rootResourceId"]})
