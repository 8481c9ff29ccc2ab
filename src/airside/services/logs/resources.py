"""CloudWatch Logs' resource types in CloudFormation."""

from collections.abc import Mapping
from typing import Any, ClassVar

from airside.kernel import Context, Resource, ResourceRequest, ResourceType, ServiceError

Properties = Mapping[str, Any]


async def gone_is_fine(ctx: Context, operation: str, request: dict[str, Any]) -> None:
    """Call an operation that deletes; what is not there needs no deleting."""
    try:
        await ctx.call("logs", operation, request)
    except ServiceError as error:
        if error.name != "ResourceNotFoundException":
            raise


class LogGroup(ResourceType):
    """AWS::Logs::LogGroup."""

    name = "AWS::Logs::LogGroup"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"LogGroupName"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make the group and set its retention."""
        properties = request.properties
        name = properties.get("LogGroupName") or request.physical_name(512)
        asked: dict[str, Any] = {"logGroupName": name}
        if properties.get("Tags"):
            asked["tags"] = _tags(properties)
        if "KmsKeyId" in properties:
            asked["kmsKeyId"] = properties["KmsKeyId"]
        if "LogGroupClass" in properties:
            asked["logGroupClass"] = properties["LogGroupClass"]
        await ctx.call("logs", "CreateLogGroup", asked)
        await self._retain(ctx, name, properties)
        return self._resource(ctx, name)

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change retention and tags."""
        await self._retain(ctx, physical_id, request.properties)
        arn = ctx.arn(f"log-group:{physical_id}", "logs")
        before, after = _tags(old), _tags(request.properties)
        if before.keys() - after.keys():
            gone = {"resourceArn": arn, "tagKeys": sorted(before.keys() - after.keys())}
            await ctx.call("logs", "UntagResource", gone)
        if after and after != before:
            await ctx.call("logs", "TagResource", {"resourceArn": arn, "tags": after})
        return self._resource(ctx, physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete the group with everything in it."""
        await gone_is_fine(ctx, "DeleteLogGroup", {"logGroupName": physical_id})

    async def _retain(self, ctx: Context, name: str, properties: Properties) -> None:
        days = properties.get("RetentionInDays")
        if days is None:
            await ctx.call("logs", "DeleteRetentionPolicy", {"logGroupName": name})
        else:
            asked = {"logGroupName": name, "retentionInDays": int(days)}
            await ctx.call("logs", "PutRetentionPolicy", asked)

    def _resource(self, ctx: Context, name: str) -> Resource:
        return Resource(name, {"Arn": ctx.arn(f"log-group:{name}:*", "logs")})


class LogStream(ResourceType):
    """AWS::Logs::LogStream."""

    name = "AWS::Logs::LogStream"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"LogGroupName", "LogStreamName"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make the stream."""
        name = request.properties.get("LogStreamName") or request.physical_name(512)
        group = request.properties["LogGroupName"]
        await ctx.call("logs", "CreateLogStream", {"logGroupName": group, "logStreamName": name})
        return Resource(name)

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Nothing can change without replacement."""
        return Resource(physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete the stream."""
        asked = {"logGroupName": properties["LogGroupName"], "logStreamName": physical_id}
        await gone_is_fine(ctx, "DeleteLogStream", asked)


def _tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", ())}
