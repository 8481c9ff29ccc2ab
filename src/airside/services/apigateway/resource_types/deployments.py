"""AWS::ApiGateway::Deployment and ::Stage."""

from typing import Any, ClassVar

from airside.kernel import (
    Context,
    OperationNotImplemented,
    Resource,
    ResourceRequest,
    ResourceType,
    ServiceError,
)
from airside.services.apigateway.resource_types.part import (
    SERVICE,
    Properties,
    listed,
    pick,
    plain,
    pointer,
    tags_of,
    texts,
    unless_gone,
)

_SETTINGS = {
    "CacheDataEncrypted": "caching/dataEncrypted",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CachingEnabled": "caching/enabled",
    "DataTraceEnabled": "logging/dataTrace",
    "LoggingLevel": "logging/loglevel",
    "MetricsEnabled": "metrics/enabled",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
}
Patches = list[dict[str, str]]


class DeploymentType(ResourceType):
    """A deployment, and the stage that it may bring with it."""

    name = "AWS::ApiGateway::Deployment"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"RestApiId", "DeploymentCanarySettings"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Freeze the API."""
        properties = request.properties
        if "DeploymentCanarySettings" in properties:
            raise OperationNotImplemented("Airside does not implement canary releases yet.")
        wanted = pick(properties, "RestApiId", "StageName", "Description")
        described = properties.get("StageDescription") or {}
        wanted |= pick(described, "TracingEnabled", "CacheClusterEnabled")
        wanted |= pick(described, "CacheClusterSize")
        if "Variables" in described:
            wanted["variables"] = described["Variables"]
        if "Description" in described:
            wanted["stageDescription"] = described["Description"]
        made = await ctx.call(SERVICE, "CreateDeployment", wanted)
        changes = _method_settings(described.get("MethodSettings") or [])
        changes += _access_log(described)
        if changes and properties.get("StageName"):
            where = {"restApiId": properties["RestApiId"], "stageName": properties["StageName"]}
            await ctx.call(SERVICE, "UpdateStage", where | {"patchOperations": changes})
        return _deployment(made["id"])

    async def find(self, ctx: Context, request: ResourceRequest) -> str | None:
        """The newest with the same description; SAM's and CDK's name what they deploy."""
        described = request.properties.get("Description")
        if described is None:
            return None
        where = {"restApiId": request.properties["RestApiId"]}
        for item in await listed(ctx, "GetDeployments", where):
            if item.get("description") == described:
                return str(item["id"])
        return None

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change its description; what it froze stays."""
        description = request.properties.get("Description", "")
        if description != old.get("Description", ""):
            changes = [{"op": "replace", "path": "/description", "value": description}]
            where = {"restApiId": request.properties["RestApiId"], "deploymentId": physical_id}
            await ctx.call(SERVICE, "UpdateDeployment", where | {"patchOperations": changes})
        return _deployment(physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete it with the stage that it brought, if that still serves it."""
        where = {"restApiId": properties["RestApiId"]}
        if properties.get("StageName"):
            stage = where | {"stageName": properties["StageName"]}
            try:
                held = await ctx.call(SERVICE, "GetStage", stage)
            except ServiceError as error:
                if error.name != "NotFoundException":
                    raise
            else:
                if held["deploymentId"] == physical_id:
                    await unless_gone(ctx, "DeleteStage", stage)
        await unless_gone(ctx, "DeleteDeployment", where | {"deploymentId": physical_id})


def _deployment(physical_id: str) -> Resource:
    return Resource(physical_id, {"DeploymentId": physical_id})


class StageType(ResourceType):
    """A stage; its name is its id."""

    name = "AWS::ApiGateway::Stage"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"RestApiId", "StageName"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Create it."""
        properties = request.properties
        if "CanarySetting" in properties:
            raise OperationNotImplemented("Airside does not implement canary releases yet.")
        wanted = pick(
            properties, "RestApiId", "StageName", "DeploymentId", "Description",
            "DocumentationVersion", "CacheClusterSize",
        )  # fmt: skip
        wanted |= pick(properties, "TracingEnabled", "CacheClusterEnabled")
        if properties.get("Variables"):
            wanted["variables"] = properties["Variables"]
        if properties.get("Tags"):
            wanted["tags"] = tags_of(properties)
        name = properties.get("StageName") or request.physical_name(128)
        wanted["stageName"] = name
        await ctx.call(SERVICE, "CreateStage", wanted)
        changes = _method_settings(properties.get("MethodSettings") or [])
        changes += _access_log(properties)
        if changes:
            where = {"restApiId": properties["RestApiId"], "stageName": name}
            await ctx.call(SERVICE, "UpdateStage", where | {"patchOperations": changes})
        return Resource(name)

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Patch it."""
        new = request.properties
        changes: Patches = []
        for name in ("DeploymentId", "Description", "DocumentationVersion", "TracingEnabled",
                     "CacheClusterEnabled", "CacheClusterSize"):  # fmt: skip
            if new.get(name) != old.get(name) and name in new:
                value = str(plain(new[name]))
                changes.append(
                    {"op": "replace", "path": f"/{name[0].lower()}{name[1:]}",
                     "value": value.lower() if value in {"True", "False"} else value}
                )  # fmt: skip
        before, after = texts(old.get("Variables") or {}), texts(new.get("Variables") or {})
        changes += [{"op": "remove", "path": f"/variables/{key}"} for key in before
                    if key not in after]  # fmt: skip
        changes += [
            {"op": "replace", "path": f"/variables/{key}", "value": value}
            for key, value in after.items()
            if before.get(key) != value
        ]
        changes += _settings_changes(old, new)
        if old.get("AccessLogSetting") and not new.get("AccessLogSetting"):
            changes.append({"op": "remove", "path": "/accessLogSettings"})
        changes += _access_log(new)
        where = {"restApiId": new["RestApiId"], "stageName": physical_id}
        if changes:
            await ctx.call(SERVICE, "UpdateStage", where | {"patchOperations": changes})
        await _retag(ctx, f"{new['RestApiId']}/stages/{physical_id}", old, new)
        return Resource(physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete it."""
        where = {"restApiId": properties["RestApiId"], "stageName": physical_id}
        await unless_gone(ctx, "DeleteStage", where)


async def _retag(ctx: Context, place: str, old: Properties, new: Properties) -> None:
    arn = f"arn:aws:apigateway:{ctx.region}::/restapis/{place}"
    before, after = tags_of(old), tags_of(new)
    gone = sorted(set(before) - set(after))
    if gone:
        await ctx.call(SERVICE, "UntagResource", {"resourceArn": arn, "tagKeys": gone})
    if after and after != before:
        await ctx.call(SERVICE, "TagResource", {"resourceArn": arn, "tags": after})


def _settings_changes(old: Properties, new: Properties) -> Patches:
    before = {_setting_path(item) for item in old.get("MethodSettings") or []}
    after = {_setting_path(item) for item in new.get("MethodSettings") or []}
    gone = [{"op": "remove", "path": path} for path in sorted(before - after)]
    return gone + _method_settings(new.get("MethodSettings") or [])


def _setting_path(item: Properties) -> str:
    path = str(item.get("ResourcePath", "/*"))
    path = "*" if path in {"/*", "*"} else pointer(path.replace("~1", "/"))
    return f"/{path}/{item.get('HttpMethod', '*')}"


def _method_settings(items: list[Any]) -> Patches:
    return [
        {"op": "replace", "path": f"{_setting_path(item)}/{place}",
         "value": str(plain(item[name])).lower() if name != "LoggingLevel" else item[name]}
        for item in items
        for name, place in _SETTINGS.items()
        if name in item
    ]  # fmt: skip


def _access_log(properties: Properties) -> Patches:
    given = properties.get("AccessLogSetting") or {}
    return [
        {"op": "replace", "path": f"/accessLogSettings/{name[0].lower()}{name[1:]}",
         "value": str(given[name])}
        for name in ("DestinationArn", "Format")
        if given.get(name)
    ]  # fmt: skip
