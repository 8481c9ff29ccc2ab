"""CloudFormation: AWS::DynamoDB::Table."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from airside.kernel import Context, Resource, ResourceRequest, ResourceType, ServiceError

Properties = Mapping[str, Any]

_NUMBERS = frozenset(
    {"ReadCapacityUnits", "WriteCapacityUnits", "MaxReadRequestUnits", "MaxWriteRequestUnits",
     "ReadUnitsPerSecond", "WriteUnitsPerSecond", "RecoveryPeriodInDays"}
)  # fmt: skip
_FLAGS = frozenset(
    {"DeletionProtectionEnabled", "Enabled", "SSEEnabled", "PointInTimeRecoveryEnabled"}
)
_SAME = (
    "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput",
    "OnDemandThroughput", "WarmThroughput", "LocalSecondaryIndexes", "TableClass",
    "DeletionProtectionEnabled", "Tags",
)  # fmt: skip
_INDEX = ("IndexName", "KeySchema", "Projection", "ProvisionedThroughput", "OnDemandThroughput",
          "WarmThroughput")  # fmt: skip
_UPDATABLE = (
    "ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput", "TableClass",
    "DeletionProtectionEnabled",
)  # fmt: skip
_POLL_SECONDS = 0.05


def _typed(value: Any, name: str = "") -> Any:
    """Templates write numbers and flags as text as often as not."""
    if isinstance(value, Mapping):
        return {key: _typed(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [_typed(member) for member in value]
    if name in _NUMBERS:
        return int(value)
    if name in _FLAGS and isinstance(value, str):
        return value.lower() == "true"
    return value


def _index(given: Properties) -> dict[str, Any]:
    return {name: given[name] for name in _INDEX if name in given}


def _encryption(given: Properties | None) -> dict[str, Any] | None:
    if given is None:
        return None
    found = {"Enabled": given.get("SSEEnabled", False)}
    found.update({name: given[name] for name in ("SSEType", "KMSMasterKeyId") if name in given})
    return found


class Table(ResourceType):
    """A table with its indexes, stream, time to live and tags."""

    name = "AWS::DynamoDB::Table"
    replaced_by = frozenset(
        {"TableName", "KeySchema", "LocalSecondaryIndexes", "ImportSourceSpecification"}
    )

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Create the table and what belongs to it."""
        properties = _typed(request.properties)
        name = properties.get("TableName") or request.physical_name(255)
        call: dict[str, Any] = {"TableName": name}
        call.update({key: properties[key] for key in _SAME if key in properties})
        indexes = properties.get("GlobalSecondaryIndexes")
        if indexes:
            call["GlobalSecondaryIndexes"] = [_index(given) for given in indexes]
        if properties.get("StreamSpecification"):
            call["StreamSpecification"] = _stream(properties["StreamSpecification"])
        if _encryption(properties.get("SSESpecification")):
            call["SSESpecification"] = _encryption(properties["SSESpecification"])
        policy = (properties.get("ResourcePolicy") or {}).get("PolicyDocument")
        if policy:
            call["ResourcePolicy"] = policy if isinstance(policy, str) else json.dumps(policy)
        await ctx.call("dynamodb", "CreateTable", call)
        try:
            await _set_lifetime(ctx, name, {}, properties)
            await _set_recovery(ctx, name, {}, properties)
        except ServiceError:
            await ctx.call("dynamodb", "DeleteTable", {"TableName": name})
            raise
        return await _resource(ctx, name)

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change settings and indexes, one index at a time as AWS demands."""
        before, after = _typed(old), _typed(request.properties)
        await _set_table(ctx, physical_id, before, after)
        await _set_indexes(ctx, physical_id, before, after)
        await _set_lifetime(ctx, physical_id, before, after)
        await _set_recovery(ctx, physical_id, before, after)
        await _set_tags(ctx, physical_id, before, after)
        return await _resource(ctx, physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete the table; it may be gone already."""
        try:
            await ctx.call("dynamodb", "DeleteTable", {"TableName": physical_id})
        except ServiceError as error:
            if error.name != "ResourceNotFoundException":
                raise


def _stream(given: Properties) -> dict[str, Any]:
    return {"StreamEnabled": True, "StreamViewType": given.get("StreamViewType")}


async def _resource(ctx: Context, name: str) -> Resource:
    described = (await ctx.call("dynamodb", "DescribeTable", {"TableName": name}))["Table"]
    attributes = {"Arn": described["TableArn"], "TableId": described["TableId"]}
    if described.get("LatestStreamArn"):
        attributes["StreamArn"] = described["LatestStreamArn"]
    return Resource(name, attributes)


async def _set_table(ctx: Context, name: str, before: Properties, after: Properties) -> None:
    changes: dict[str, Any] = {
        key: after[key] for key in _UPDATABLE if key in after and after[key] != before.get(key)
    }
    if after.get("BillingMode", "PROVISIONED") != before.get("BillingMode", "PROVISIONED"):
        changes["BillingMode"] = after.get("BillingMode", "PROVISIONED")
        if changes["BillingMode"] == "PROVISIONED":
            changes["ProvisionedThroughput"] = after.get("ProvisionedThroughput")
    if after.get("SSESpecification") != before.get("SSESpecification"):
        changes["SSESpecification"] = _encryption(after.get("SSESpecification") or {})
    if before.get("DeletionProtectionEnabled") and "DeletionProtectionEnabled" not in after:
        changes["DeletionProtectionEnabled"] = False
    if changes:
        await ctx.call("dynamodb", "UpdateTable", {"TableName": name, **changes})
    if after.get("StreamSpecification") != before.get("StreamSpecification"):
        await _set_stream(ctx, name, before, after)


async def _set_stream(ctx: Context, name: str, before: Properties, after: Properties) -> None:
    if before.get("StreamSpecification"):
        await _update(ctx, name, {"StreamSpecification": {"StreamEnabled": False}})
    if after.get("StreamSpecification"):
        await _update(ctx, name, {"StreamSpecification": _stream(after["StreamSpecification"])})


async def _update(ctx: Context, name: str, changes: dict[str, Any]) -> None:
    await ctx.call("dynamodb", "UpdateTable", {"TableName": name, **changes})


def _by_name(properties: Properties) -> dict[str, dict[str, Any]]:
    return {
        given["IndexName"]: _index(given)
        for given in properties.get("GlobalSecondaryIndexes") or ()
    }


async def _set_indexes(ctx: Context, name: str, before: Properties, after: Properties) -> None:
    old, new = _by_name(before), _by_name(after)
    for index_name in old:
        if index_name not in new or _identity(old[index_name]) != _identity(new[index_name]):
            await _update(
                ctx, name, {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": index_name}}]}
            )
    for index_name, index in new.items():
        if index_name not in old or _identity(old[index_name]) != _identity(index):
            await _update(
                ctx, name,
                {
                    "AttributeDefinitions": after["AttributeDefinitions"],
                    "GlobalSecondaryIndexUpdates": [{"Create": index}],
                },
            )  # fmt: skip
            await _until_active(ctx, name, index_name)
        elif index.get("ProvisionedThroughput") != old[index_name].get("ProvisionedThroughput"):
            update = {
                "IndexName": index_name, "ProvisionedThroughput": index["ProvisionedThroughput"],
            }  # fmt: skip
            await _update(ctx, name, {"GlobalSecondaryIndexUpdates": [{"Update": update}]})


def _identity(index: Properties) -> tuple[Any, Any]:
    return index.get("KeySchema"), index.get("Projection")


async def _until_active(ctx: Context, name: str, index_name: str) -> None:
    """Wait until a new index is filled: only one may be built at a time."""
    while True:
        table = (await ctx.call("dynamodb", "DescribeTable", {"TableName": name}))["Table"]
        states = {
            index["IndexName"]: index["IndexStatus"]
            for index in table.get("GlobalSecondaryIndexes") or ()
        }
        if states.get(index_name) == "ACTIVE":
            return
        await asyncio.sleep(_POLL_SECONDS)


async def _set_lifetime(ctx: Context, name: str, before: Properties, after: Properties) -> None:
    old, new = before.get("TimeToLiveSpecification"), after.get("TimeToLiveSpecification")
    if old == new:
        return
    if old and old.get("Enabled"):
        await ctx.call(
            "dynamodb", "UpdateTimeToLive",
            {"TableName": name, "TimeToLiveSpecification": {**old, "Enabled": False}},
        )  # fmt: skip
    if new and new.get("Enabled"):
        await ctx.call(
            "dynamodb", "UpdateTimeToLive",
            {"TableName": name, "TimeToLiveSpecification": dict(new)},
        )  # fmt: skip


async def _set_recovery(ctx: Context, name: str, before: Properties, after: Properties) -> None:
    old = before.get("PointInTimeRecoverySpecification")
    new = after.get("PointInTimeRecoverySpecification")
    if old == new:
        return
    specification = dict(new) if new else {"PointInTimeRecoveryEnabled": False}
    await ctx.call(
        "dynamodb", "UpdateContinuousBackups",
        {"TableName": name, "PointInTimeRecoverySpecification": specification},
    )  # fmt: skip


async def _set_tags(ctx: Context, name: str, before: Properties, after: Properties) -> None:
    old = {tag["Key"]: tag["Value"] for tag in before.get("Tags") or ()}
    new = {tag["Key"]: tag["Value"] for tag in after.get("Tags") or ()}
    arn = ctx.arn(f"table/{name}", "dynamodb")
    gone = [key for key in old if key not in new]
    if gone:
        await ctx.call("dynamodb", "UntagResource", {"ResourceArn": arn, "TagKeys": gone})
    changed = [{"Key": k, "Value": v} for k, v in new.items() if old.get(k) != v]
    if changed:
        await ctx.call("dynamodb", "TagResource", {"ResourceArn": arn, "Tags": changed})
