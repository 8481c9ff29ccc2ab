"""DynamoDB's resource types in CloudFormation."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from airside.kernel import Context, Resource, ResourceRequest, ResourceType, ServiceError

Properties = Mapping[str, Any]

_PLAIN = (
    "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput",
    "LocalSecondaryIndexes", "TableClass", "DeletionProtectionEnabled", "Tags",
    "OnDemandThroughput",
)  # fmt: skip


class Table(ResourceType):
    """AWS::DynamoDB::Table."""

    name = "AWS::DynamoDB::Table"
    replaced_by: ClassVar[frozenset[str]] = frozenset(
        {"TableName", "KeySchema", "LocalSecondaryIndexes", "ImportSourceSpecification"}
    )

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make the table with its indexes, then its time to live."""
        properties = request.properties
        name = properties.get("TableName") or request.physical_name(255)
        asked = {member: properties[member] for member in _PLAIN if member in properties}
        if properties.get("GlobalSecondaryIndexes"):
            asked["GlobalSecondaryIndexes"] = [
                _index(index) for index in properties["GlobalSecondaryIndexes"]
            ]
        stream = properties.get("StreamSpecification")
        if stream:
            asked["StreamSpecification"] = {"StreamEnabled": True, **stream}
        if "SSESpecification" in properties:
            asked["SSESpecification"] = _encryption(properties["SSESpecification"])
        if "ResourcePolicy" in properties:
            document = properties["ResourcePolicy"]["PolicyDocument"]
            asked["ResourcePolicy"] = (
                document if isinstance(document, str) else json.dumps(document)
            )
        await ctx.call("dynamodb", "CreateTable", {"TableName": name, **asked})
        try:
            await self._set_lifetime(ctx, name, {}, properties)
            return await self._resource(ctx, name)
        except ServiceError:
            await self.delete(ctx, name, properties)
            raise

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change throughput, class, protection and stream, then indexes one by one, TTL, tags."""
        new = request.properties
        asked = {
            member: new[member]
            for member in ("BillingMode", "ProvisionedThroughput", "TableClass",
                           "DeletionProtectionEnabled", "OnDemandThroughput")
            if new.get(member) != old.get(member) and member in new
        }  # fmt: skip
        if new.get("StreamSpecification") != old.get("StreamSpecification"):
            stream = new.get("StreamSpecification")
            asked["StreamSpecification"] = (
                {"StreamEnabled": True, **stream} if stream else {"StreamEnabled": False}
            )
        if asked:
            await ctx.call("dynamodb", "UpdateTable", {"TableName": physical_id, **asked})
        for change in _index_changes(old, new):
            await ctx.call("dynamodb", "UpdateTable", {
                "TableName": physical_id, "AttributeDefinitions": new["AttributeDefinitions"],
                "GlobalSecondaryIndexUpdates": [change],
            })  # fmt: skip
        await self._set_lifetime(ctx, physical_id, old, new)
        made = await self._resource(ctx, physical_id)
        await self._retag(ctx, made.attributes["Arn"], old, new)
        return made

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete the table."""
        try:
            await ctx.call("dynamodb", "DeleteTable", {"TableName": physical_id})
        except ServiceError as error:
            if error.name != "ResourceNotFoundException":
                raise

    async def _resource(self, ctx: Context, name: str) -> Resource:
        table = (await ctx.call("dynamodb", "DescribeTable", {"TableName": name}))["Table"]
        attributes = {"Arn": table["TableArn"]}
        if table.get("LatestStreamArn"):
            attributes["StreamArn"] = table["LatestStreamArn"]
        return Resource(name, attributes)

    async def _set_lifetime(
        self, ctx: Context, name: str, old: Properties, new: Properties
    ) -> None:
        before, after = old.get("TimeToLiveSpecification"), new.get("TimeToLiveSpecification")
        if before == after:
            return
        asked = after or {**(before or {}), "Enabled": False}
        if asked.get("Enabled") or (before or {}).get("Enabled"):
            await ctx.call(
                "dynamodb",
                "UpdateTimeToLive",
                {"TableName": name, "TimeToLiveSpecification": asked},
            )

    async def _retag(self, ctx: Context, arn: str, old: Properties, new: Properties) -> None:
        before = {tag["Key"] for tag in old.get("Tags", ())}
        after = {tag["Key"] for tag in new.get("Tags", ())}
        if before - after:
            gone = {"ResourceArn": arn, "TagKeys": sorted(before - after)}
            await ctx.call("dynamodb", "UntagResource", gone)
        if new.get("Tags") and new.get("Tags") != old.get("Tags"):
            await ctx.call("dynamodb", "TagResource", {"ResourceArn": arn, "Tags": new["Tags"]})


def _index(properties: Properties) -> dict[str, Any]:
    known = ("IndexName", "KeySchema", "Projection", "ProvisionedThroughput", "OnDemandThroughput")
    return {member: properties[member] for member in known if member in properties}


def _encryption(properties: Properties) -> dict[str, Any]:
    return {
        ("Enabled" if member == "SSEEnabled" else member): value
        for member, value in properties.items()
    }


def _index_changes(old: Properties, new: Properties) -> list[dict[str, Any]]:
    """What UpdateTable is asked for, index by index: it takes one creation or deletion a call."""
    before = {index["IndexName"]: index for index in old.get("GlobalSecondaryIndexes", ())}
    after = {index["IndexName"]: index for index in new.get("GlobalSecondaryIndexes", ())}
    changes: list[dict[str, Any]] = [
        {"Delete": {"IndexName": name}}
        for name, index in before.items()
        if name not in after or _shape(index) != _shape(after[name])
    ]
    for name, index in after.items():
        if name not in before or _shape(before[name]) != _shape(index):
            changes.append({"Create": _index(index)})
        elif index.get("ProvisionedThroughput") != before[name].get("ProvisionedThroughput"):
            changes.append({"Update": {
                "IndexName": name, "ProvisionedThroughput": index["ProvisionedThroughput"]
            }})  # fmt: skip
    return changes


def _shape(index: Properties) -> tuple[Any, Any]:
    return index["KeySchema"], index.get("Projection")
