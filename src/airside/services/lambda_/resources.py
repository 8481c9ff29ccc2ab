"""Lambda's resource types in CloudFormation."""

from collections.abc import Mapping
from typing import Any, ClassVar

from airside.kernel import Context, Resource, ResourceRequest, ResourceType, ServiceError
from airside.services.lambda_ import errors
from airside.services.lambda_.package import inline_zip

Properties = Mapping[str, Any]


async def gone_is_fine(ctx: Context, operation: str, request: dict[str, Any]) -> None:
    """Call an operation that deletes; what is not there needs no deleting."""
    try:
        await ctx.call("lambda", operation, request)
    except ServiceError as error:
        if error.name != "ResourceNotFoundException":
            raise


def pick(properties: Properties, *members: str) -> dict[str, Any]:
    """The properties of these names that are there."""
    return {member: properties[member] for member in members if member in properties}


_CONFIGURATION = (
    "Description", "Handler", "Role", "Runtime", "Timeout", "MemorySize", "VpcConfig",
    "Environment", "DeadLetterConfig", "TracingConfig", "Layers", "FileSystemConfigs",
    "EphemeralStorage", "SnapStart", "LoggingConfig",
)  # fmt: skip
_EMPTY = {
    "Description": "", "Environment": {"Variables": {}}, "Layers": [], "Timeout": 3,
    "MemorySize": 128, "DeadLetterConfig": {"TargetArn": ""}, "EphemeralStorage": {"Size": 512},
    "TracingConfig": {"Mode": "PassThrough"},
}  # fmt: skip
"""What a property that was taken away goes back to."""


def tags_of(properties: Properties) -> dict[str, str]:
    """CloudFormation's list of tags as Lambda's map."""
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", ())}


class Function(ResourceType):
    """AWS::Lambda::Function."""

    name = "AWS::Lambda::Function"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"FunctionName", "PackageType"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Make the function."""
        properties = request.properties
        name = properties.get("FunctionName") or request.physical_name(64)
        made = await ctx.call("lambda", "CreateFunction", {
            "FunctionName": name, "Code": _code(properties), "Tags": tags_of(properties),
            **pick(properties, *_CONFIGURATION, "KmsKeyArn", "Architectures", "PackageType"),
        })  # fmt: skip
        try:
            await self._reserve(ctx, name, {}, properties)
        except ServiceError:
            await gone_is_fine(ctx, "DeleteFunction", {"FunctionName": name})
            raise
        return self._resource(name, made)

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change configuration, code, tags and reservation, as far as they differ."""
        new = request.properties
        changes = {
            member: new.get(member, _EMPTY.get(member))
            for member in _CONFIGURATION
            if new.get(member) != old.get(member) and (member in new or member in _EMPTY)
        }
        named = {"FunctionName": physical_id}
        if changes:
            await ctx.call("lambda", "UpdateFunctionConfiguration", {**named, **changes})
        if new.get("Code") != old.get("Code") or new.get("Architectures") != old.get(
            "Architectures"
        ):
            code = {**named, **_code(new), **pick(new, "Architectures")}
            await ctx.call("lambda", "UpdateFunctionCode", code)
        made = await ctx.call("lambda", "GetFunctionConfiguration", named)
        await self._retag(ctx, made["FunctionArn"], tags_of(old), tags_of(new))
        await self._reserve(ctx, physical_id, old, new)
        return self._resource(physical_id, made)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete the function."""
        await gone_is_fine(ctx, "DeleteFunction", {"FunctionName": physical_id})

    @staticmethod
    def _resource(name: str, made: Mapping[str, Any]) -> Resource:
        snap_start = made.get("SnapStart", {})
        return Resource(name, {
            "Arn": made["FunctionArn"], "SnapStartResponse": snap_start,
            "SnapStartResponse.ApplyOn": snap_start.get("ApplyOn"),
            "SnapStartResponse.OptimizationStatus": snap_start.get("OptimizationStatus"),
        })  # fmt: skip

    @staticmethod
    async def _retag(ctx: Context, arn: str, old: dict[str, str], new: dict[str, str]) -> None:
        if old.keys() - new.keys():
            gone = {"Resource": arn, "TagKeys": sorted(old.keys() - new.keys())}
            await ctx.call("lambda", "UntagResource", gone)
        if new != old and new:
            await ctx.call("lambda", "TagResource", {"Resource": arn, "Tags": new})

    @staticmethod
    async def _reserve(ctx: Context, name: str, old: Properties, new: Properties) -> None:
        count, before = (each.get("ReservedConcurrentExecutions") for each in (new, old))
        if count == before:
            return
        if count is None:
            await ctx.call("lambda", "DeleteFunctionConcurrency", {"FunctionName": name})
        else:
            request = {"FunctionName": name, "ReservedConcurrentExecutions": int(count)}
            await ctx.call("lambda", "PutFunctionConcurrency", request)


def _code(properties: Properties) -> dict[str, Any]:
    """The Code property: like CreateFunction's, but ZipFile is source text of one file."""
    code = dict(properties["Code"])
    if "ZipFile" in code:
        runtime = str(properties.get("Runtime", ""))
        code["ZipFile"] = inline_zip(code["ZipFile"], runtime)
    return code


class Permission(ResourceType):
    """AWS::Lambda::Permission."""

    name = "AWS::Lambda::Permission"
    replaced_by: ClassVar[frozenset[str]] = frozenset({
        "Action", "EventSourceToken", "FunctionName", "FunctionUrlAuthType", "Principal",
        "PrincipalOrgID", "SourceAccount", "SourceArn", "InvokedViaFunctionUrl",
    })  # fmt: skip

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Add the statement, named after the resource."""
        statement_id = request.physical_name(100)
        await ctx.call("lambda", "AddPermission", {
            "StatementId": statement_id, **pick(request.properties, *self.replaced_by),
        })  # fmt: skip
        return Resource(statement_id, {"Id": statement_id})

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Remove the statement."""
        request = {"FunctionName": properties["FunctionName"], "StatementId": physical_id}
        await gone_is_fine(ctx, "RemovePermission", request)


class EventSourceMapping(ResourceType):
    """AWS::Lambda::EventSourceMapping."""

    name = "AWS::Lambda::EventSourceMapping"
    replaced_by: ClassVar[frozenset[str]] = frozenset(
        {
            "EventSourceArn",
            "StartingPosition",
            "StartingPositionTimestamp",
            "SelfManagedEventSource",
        }
    )
    _MEMBERS = (
        "FunctionName", "BatchSize", "BisectBatchOnFunctionError", "DestinationConfig", "Enabled",
        "FilterCriteria", "FunctionResponseTypes", "MaximumBatchingWindowInSeconds",
        "MaximumRecordAgeInSeconds", "MaximumRetryAttempts", "ParallelizationFactor",
        "ScalingConfig", "TumblingWindowInSeconds", "ProvisionedPollerConfig", "MetricsConfig",
    )  # fmt: skip

    _EMPTY: ClassVar[dict[str, Any]] = {
        "FilterCriteria": {}, "ScalingConfig": {}, "FunctionResponseTypes": [], "Enabled": True,
        "BatchSize": 10, "MaximumBatchingWindowInSeconds": 0,
    }  # fmt: skip
    _EMPTY_OF_STREAMS: ClassVar[dict[str, Any]] = {
        "BatchSize": 100, "ParallelizationFactor": 1, "MaximumRecordAgeInSeconds": -1,
        "BisectBatchOnFunctionError": False, "MaximumRetryAttempts": -1, "DestinationConfig": {},
    }  # fmt: skip

    async def find(self, ctx: Context, request: ResourceRequest) -> str | None:
        """The one mapping between this source and this function."""
        named = pick(request.properties, "EventSourceArn", "FunctionName")
        found = await ctx.call("lambda", "ListEventSourceMappings", named)
        return next((each["UUID"] for each in found["EventSourceMappings"]), None)

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Begin polling."""
        properties = request.properties
        given = pick(properties, *self._MEMBERS, *self.replaced_by)
        given["Tags"] = tags_of(properties)
        return self._resource(await ctx.call("lambda", "CreateEventSourceMapping", given))

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change how it polls."""
        empty = {**self._EMPTY}
        if ":dynamodb:" in request.properties.get("EventSourceArn", ""):
            empty.update(self._EMPTY_OF_STREAMS)
            del empty["ScalingConfig"]
        changes = pick({**{key: empty[key] for key in empty if key in old}, **request.properties},
                       *self._MEMBERS)  # fmt: skip
        made = await ctx.call(
            "lambda", "UpdateEventSourceMapping", {"UUID": physical_id, **changes}
        )
        return self._resource(made)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Stop polling."""
        await gone_is_fine(ctx, "DeleteEventSourceMapping", {"UUID": physical_id})

    @staticmethod
    def _resource(made: Mapping[str, Any]) -> Resource:
        attributes = {"Id": made["UUID"], "EventSourceMappingArn": made["EventSourceMappingArn"]}
        return Resource(made["UUID"], attributes)


class Version(ResourceType):
    """AWS::Lambda::Version."""

    name = "AWS::Lambda::Version"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"FunctionName", "CodeSha256", "Description"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Publish."""
        properties = request.properties
        given = pick(properties, "FunctionName", "CodeSha256", "Description")
        made = await ctx.call("lambda", "PublishVersion", given)
        if made["State"] == "Failed":
            raise errors.ResourceConflictException(
                f"Resource of type 'AWS::Lambda::Version' with identifier '{made['FunctionArn']}' "
                f"did not stabilize. Status Reason is {made['StateReason']}", Type="User",
            )  # fmt: skip
        await _provision(ctx, made["FunctionName"], made["Version"], properties)
        return self._resource(made)

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Only provisioned concurrency can change."""
        _, _, _, _, _, _, name, version = physical_id.split(":")
        await _provision(ctx, name, version, request.properties)
        return Resource(physical_id, {"FunctionArn": physical_id, "Version": version})

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete the version."""
        _, _, _, _, _, _, name, version = physical_id.split(":")
        request = {"FunctionName": name, "Qualifier": version}
        await gone_is_fine(ctx, "DeleteFunction", request)

    @staticmethod
    def _resource(made: Mapping[str, Any]) -> Resource:
        attributes = {"FunctionArn": made["FunctionArn"], "Version": made["Version"]}
        return Resource(made["FunctionArn"], attributes)


async def _provision(ctx: Context, name: str, qualifier: str, properties: Properties) -> None:
    wanted = properties.get("ProvisionedConcurrencyConfig")
    if wanted:
        await ctx.call("lambda", "PutProvisionedConcurrencyConfig", {
            "FunctionName": name, "Qualifier": qualifier,
            "ProvisionedConcurrentExecutions": int(wanted["ProvisionedConcurrentExecutions"]),
        })  # fmt: skip


class Alias(ResourceType):
    """AWS::Lambda::Alias."""

    name = "AWS::Lambda::Alias"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"FunctionName", "Name"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Name a version."""
        made = await ctx.call("lambda", "CreateAlias", self._request(request.properties))
        await _provision(ctx, request.properties["FunctionName"], made["Name"], request.properties)
        return Resource(made["AliasArn"], {"AliasArn": made["AliasArn"]})

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Point it elsewhere."""
        given = self._request(request.properties)
        if "RoutingConfig" not in given and "RoutingConfig" in old:
            given["RoutingConfig"] = {"AdditionalVersionWeights": {}}
        await ctx.call("lambda", "UpdateAlias", given)
        await _provision(ctx, given["FunctionName"], given["Name"], request.properties)
        return Resource(physical_id, {"AliasArn": physical_id})

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Forget the name."""
        request = {"FunctionName": physical_id.rpartition(":")[0], "Name": properties["Name"]}
        await gone_is_fine(ctx, "DeleteAlias", request)

    @staticmethod
    def _request(properties: Properties) -> dict[str, Any]:
        given = pick(properties, "FunctionName", "Name", "FunctionVersion", "Description")
        weights = properties.get("RoutingConfig", {}).get("AdditionalVersionWeights", ())
        if weights:
            table = {each["FunctionVersion"]: each["FunctionWeight"] for each in weights}
            given["RoutingConfig"] = {"AdditionalVersionWeights": table}
        return given


class Url(ResourceType):
    """AWS::Lambda::Url."""

    name = "AWS::Lambda::Url"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"TargetFunctionArn", "Qualifier"})

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Open the URL."""
        return self._resource(
            await ctx.call("lambda", "CreateFunctionUrlConfig", self._request(request.properties))
        )

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change who may call it, and CORS."""
        given = {"Cors": {}, **self._request(request.properties)}
        return self._resource(await ctx.call("lambda", "UpdateFunctionUrlConfig", given))

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Close it."""
        named = pick(self._request(properties), "FunctionName", "Qualifier")
        await gone_is_fine(ctx, "DeleteFunctionUrlConfig", named)

    @staticmethod
    def _request(properties: Properties) -> dict[str, Any]:
        named = {"FunctionName": properties["TargetFunctionArn"]}
        return named | pick(properties, "Qualifier", "AuthType", "Cors", "InvokeMode")

    @staticmethod
    def _resource(made: Mapping[str, Any]) -> Resource:
        attributes = {"FunctionArn": made["FunctionArn"], "FunctionUrl": made["FunctionUrl"]}
        return Resource(made["FunctionArn"], attributes)


class LayerVersion(ResourceType):
    """AWS::Lambda::LayerVersion."""

    name = "AWS::Lambda::LayerVersion"
    replaced_by: ClassVar[frozenset[str]] = frozenset({
        "CompatibleArchitectures", "CompatibleRuntimes", "Content", "Description", "LayerName",
        "LicenseInfo",
    })  # fmt: skip

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Publish the layer."""
        properties = request.properties
        made = await ctx.call("lambda", "PublishLayerVersion", {
            **pick(properties, *self.replaced_by),
            "LayerName": properties.get("LayerName") or request.physical_name(64),
        })  # fmt: skip
        return Resource(made["LayerVersionArn"], {"LayerVersionArn": made["LayerVersionArn"]})

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete it; functions that use it keep it."""
        layer, _, version = physical_id.rpartition(":")
        request = {"LayerName": layer, "VersionNumber": int(version)}
        await gone_is_fine(ctx, "DeleteLayerVersion", request)


class LayerVersionPermission(ResourceType):
    """AWS::Lambda::LayerVersionPermission."""

    name = "AWS::Lambda::LayerVersionPermission"
    replaced_by: ClassVar[frozenset[str]] = frozenset(
        {"Action", "LayerVersionArn", "OrganizationId", "Principal"}
    )

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Let others use the layer."""
        properties = request.properties
        layer, _, version = str(properties["LayerVersionArn"]).rpartition(":")
        statement_id = request.physical_name(100)
        await ctx.call("lambda", "AddLayerVersionPermission", {
            "LayerName": layer, "VersionNumber": int(version), "StatementId": statement_id,
            **pick(properties, "Action", "OrganizationId", "Principal"),
        })  # fmt: skip
        identity = f"{properties['LayerVersionArn']}#{statement_id}"
        return Resource(identity, {"Id": identity})

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Let them no more."""
        arn, _, statement_id = physical_id.partition("#")
        layer, _, version = arn.rpartition(":")
        request = {"LayerName": layer, "VersionNumber": int(version), "StatementId": statement_id}
        await gone_is_fine(ctx, "RemoveLayerVersionPermission", request)


class EventInvokeConfig(ResourceType):
    """AWS::Lambda::EventInvokeConfig."""

    name = "AWS::Lambda::EventInvokeConfig"
    replaced_by: ClassVar[frozenset[str]] = frozenset({"FunctionName", "Qualifier"})
    _MEMBERS = (
        "FunctionName", "Qualifier", "DestinationConfig", "MaximumEventAgeInSeconds",
        "MaximumRetryAttempts",
    )  # fmt: skip

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Set it."""
        given = pick(request.properties, *self._MEMBERS)
        await ctx.call("lambda", "PutFunctionEventInvokeConfig", given)
        return Resource(f"{given['FunctionName']}:{given['Qualifier']}")

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Set it anew."""
        given = pick(request.properties, *self._MEMBERS)
        await ctx.call("lambda", "PutFunctionEventInvokeConfig", given)
        return Resource(physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Back to the defaults."""
        named = pick(properties, "FunctionName", "Qualifier")
        await gone_is_fine(ctx, "DeleteFunctionEventInvokeConfig", named)


RESOURCES = (
    Function, Permission, EventSourceMapping, Version, Alias, Url, LayerVersion,
    LayerVersionPermission, EventInvokeConfig,
)  # fmt: skip
