"""Systems Manager's resource types in CloudFormation."""

from collections.abc import Mapping
from typing import Any, ClassVar

from airside.kernel import Context, Resource, ResourceRequest, ResourceType, ServiceError

_MEMBERS = ("Type", "Value", "Description", "AllowedPattern", "DataType", "Tier", "Policies")


class ParameterType(ResourceType):
    """AWS::SSM::Parameter: `Ref` is the name."""

    name = "AWS::SSM::Parameter"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"Name"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make the parameter."""
        properties = request.properties
        name = properties.get("Name") or request.physical_name(128)
        tags = [{"Key": key, "Value": str(value)} for key, value in _tags(properties).items()]
        await ctx.call("ssm", "PutParameter", {"Name": name, **_asked(properties), "Tags": tags})
        return _resource(name, properties)

    async def update(
        self, ctx: Context, physical_id: str, old: Mapping[str, Any], request: ResourceRequest
    ) -> Resource:
        """Give it a new version, and other tags."""
        properties = request.properties
        if _asked(old) != _asked(properties):
            asked = {"Name": physical_id, "Overwrite": True, **_asked(properties)}
            await ctx.call("ssm", "PutParameter", asked)
        resource = {"ResourceType": "Parameter", "ResourceId": physical_id}
        before, after = _tags(old), _tags(properties)
        gone = sorted(before.keys() - after.keys())
        if gone:
            await ctx.call("ssm", "RemoveTagsFromResource", {**resource, "TagKeys": gone})
        if after and after != before:
            tags = [{"Key": key, "Value": str(value)} for key, value in after.items()]
            await ctx.call("ssm", "AddTagsToResource", {**resource, "Tags": tags})
        return _resource(physical_id, properties)

    async def delete(self, ctx: Context, physical_id: str, properties: Mapping[str, Any]) -> None:
        """Delete it."""
        try:
            await ctx.call("ssm", "DeleteParameter", {"Name": physical_id})
        except ServiceError as error:
            if error.name != "ParameterNotFound":
                raise


def _asked(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {member: str(properties[member]) for member in _MEMBERS if member in properties}


def _tags(properties: Mapping[str, Any]) -> dict[str, Any]:
    tags = properties.get("Tags") or {}
    return {tag["Key"]: tag["Value"] for tag in tags} if isinstance(tags, list) else dict(tags)


def _resource(name: str, properties: Mapping[str, Any]) -> Resource:
    return Resource(name, {"Type": properties["Type"], "Value": properties["Value"]})
