"""API keys, usage plans, and the account's settings."""

from typing import Any, ClassVar

from airside.kernel import Context, Resource, ResourceRequest, ResourceType, ServiceError
from airside.services.apigateway.resource_types.part import (
    SERVICE,
    Properties,
    listed,
    lower,
    patches,
    pick,
    pointer,
    tags_of,
    unless_gone,
)


class ApiKeyType(ResourceType):
    """An API key."""

    name = "AWS::ApiGateway::ApiKey"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"GenerateDistinctId", "Name", "Value"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Create it."""
        made = await ctx.call(SERVICE, "CreateApiKey", _key(request))
        return _identified(made["id"], "APIKeyId")

    async def find(self, ctx: Context, request: ResourceRequest) -> str | None:
        """The key with the same name."""
        name = _key(request)["name"]
        for item in await listed(ctx, "GetApiKeys", {"nameQuery": name}):
            if item.get("name") == name:
                return str(item["id"])
        return None

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Patch it."""
        names = ("CustomerId", "Description", "Enabled")
        changes = patches(pick(old, *names), pick(request.properties, *names))
        changes = [change for change in changes if change["op"] == "replace"]
        before, after = _stage_keys(old), _stage_keys(request.properties)
        changes += [{"op": "remove", "path": "/stages", "value": key} for key in before - after]
        changes += [{"op": "add", "path": "/stages", "value": key} for key in after - before]
        if changes:
            await ctx.call(
                SERVICE, "UpdateApiKey", {"apiKey": physical_id, "patchOperations": changes}
            )
        return _identified(physical_id, "APIKeyId")

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete it."""
        await unless_gone(ctx, "DeleteApiKey", {"apiKey": physical_id})


def _identified(physical_id: str, attribute: str) -> Resource:
    return Resource(physical_id, {attribute: physical_id})


def _key(request: ResourceRequest) -> dict[str, Any]:
    properties = request.properties
    wanted = {
        "name": request.physical_name(64),
        **pick(properties, "CustomerId", "Description", "Name", "Value"),
        **pick(properties, "Enabled", "GenerateDistinctId"),
    }
    if properties.get("Tags"):
        wanted["tags"] = tags_of(properties)
    if properties.get("StageKeys"):
        wanted["stageKeys"] = [
            pick(key, "RestApiId", "StageName") for key in properties["StageKeys"]
        ]
    return wanted


def _stage_keys(properties: Properties) -> set[str]:
    return {f"{key['RestApiId']}/{key['StageName']}" for key in properties.get("StageKeys") or []}


class UsagePlanType(ResourceType):
    """A usage plan."""

    name = "AWS::ApiGateway::UsagePlan"

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Create it."""
        made = await ctx.call(SERVICE, "CreateUsagePlan", _plan(request))
        return _identified(made["id"], "Id")

    async def find(self, ctx: Context, request: ResourceRequest) -> str | None:
        """The plan with the same name."""
        name = _plan(request)["name"]
        for item in await listed(ctx, "GetUsagePlans", {}):
            if item.get("name") == name:
                return str(item["id"])
        return None

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Patch it."""
        new = request.properties
        changes = []
        if new.get("Description") != old.get("Description"):
            value = new.get("Description", "")
            changes.append({"op": "replace", "path": "/description", "value": value})
        if new.get("UsagePlanName") and new.get("UsagePlanName") != old.get("UsagePlanName"):
            changes.append({"op": "replace", "path": "/name", "value": new["UsagePlanName"]})
        for name in ("Quota", "Throttle"):
            if new.get(name) and new.get(name) != old.get(name):
                changes += [
                    {"op": "replace", "path": f"/{lower(name)}/{lower(key)}", "value": str(value)}
                    for key, value in new[name].items()
                ]
            elif old.get(name) and not new.get(name):
                changes.append({"op": "remove", "path": f"/{lower(name)}"})
        changes += _stage_changes(old, new)
        if changes:
            await ctx.call(
                SERVICE, "UpdateUsagePlan", {"usagePlanId": physical_id, "patchOperations": changes}
            )
        return _identified(physical_id, "Id")

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete it, after it let go of its stages."""
        where = {"usagePlanId": physical_id}
        changes = [
            {"op": "remove", "path": "/apiStages", "value": key} for key in _stages(properties)
        ]
        if changes:
            try:
                await ctx.call(SERVICE, "UpdateUsagePlan", where | {"patchOperations": changes})
            except ServiceError as error:
                if error.name != "NotFoundException":
                    raise
        await unless_gone(ctx, "DeleteUsagePlan", where)


def _plan(request: ResourceRequest) -> dict[str, Any]:
    properties = request.properties
    wanted = {
        "name": properties.get("UsagePlanName") or request.physical_name(64),
        **pick(properties, "Description"),
    }
    if properties.get("Quota"):
        wanted["quota"] = pick(properties["Quota"], "Limit", "Offset", "Period")
    if properties.get("Throttle"):
        wanted["throttle"] = _throttle(properties["Throttle"])
    if properties.get("Tags"):
        wanted["tags"] = tags_of(properties)
    wanted["apiStages"] = [
        {
            **pick(stage, "ApiId", "Stage"),
            "throttle": {
                key: _throttle(value) for key, value in (stage.get("Throttle") or {}).items()
            },
        }
        for stage in properties.get("ApiStages") or []
    ]
    return wanted


def _throttle(given: Properties) -> dict[str, Any]:
    return pick(given, "BurstLimit", "RateLimit")


def _stages(properties: Properties) -> dict[str, Any]:
    return {f"{stage['ApiId']}:{stage['Stage']}": stage.get("Throttle") or {}
            for stage in properties.get("ApiStages") or []}  # fmt: skip


def _stage_changes(old: Properties, new: Properties) -> list[dict[str, str]]:
    before, after = _stages(old), _stages(new)
    changes = [
        {"op": "remove", "path": "/apiStages", "value": key} for key in before if key not in after
    ]
    for key, throttle in after.items():
        if key not in before:
            changes.append({"op": "add", "path": "/apiStages", "value": key})
        if throttle != before.get(key, {}):
            changes += [
                {"op": "replace",
                 "path": f"/apiStages/{key}/throttle/{pointer(place)}/{lower(name)}",
                 "value": str(value)}
                for place, limits in throttle.items()
                for name, value in limits.items()
            ]  # fmt: skip
    return changes


class UsagePlanKeyType(ResourceType):
    """A key's place in a plan."""

    name = "AWS::ApiGateway::UsagePlanKey"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"KeyId", "KeyType", "UsagePlanId"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Put the key into the plan."""
        wanted = pick(request.properties, "KeyId", "KeyType", "UsagePlanId")
        await ctx.call(SERVICE, "CreateUsagePlanKey", wanted)
        return _identified(f"{wanted['keyId']}:{wanted['usagePlanId']}", "Id")

    async def find(self, ctx: Context, request: ResourceRequest) -> str | None:
        """Whether the key is in the plan already."""
        where = pick(request.properties, "KeyId", "UsagePlanId")
        try:
            await ctx.call(SERVICE, "GetUsagePlanKey", where)
        except ServiceError:
            return None
        return f"{where['keyId']}:{where['usagePlanId']}"

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Whatever could change makes another one of it."""
        return _identified(physical_id, "Id")

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Take the key out of the plan."""
        await unless_gone(ctx, "DeleteUsagePlanKey", pick(properties, "KeyId", "UsagePlanId"))


class AccountType(ResourceType):
    """The account's settings."""

    name = "AWS::ApiGateway::Account"

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Name the role that may write logs."""
        await _set_role(ctx, request.properties.get("CloudWatchRoleArn", ""))
        return _identified(request.physical_name(64), "Id")

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Name another one."""
        await _set_role(ctx, request.properties.get("CloudWatchRoleArn", ""))
        return _identified(physical_id, "Id")

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Settings stay, as they do on AWS."""


async def _set_role(ctx: Context, arn: str) -> None:
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}
    await ctx.call(SERVICE, "UpdateAccount", {"patchOperations": [change]})
