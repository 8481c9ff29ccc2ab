"""CloudFormation: AWS::DynamoDB::Table, and AWS::DynamoDB::GlobalTable in a single region."""

from collections.abc import Mapping
from typing import Any

from airside.kernel import (
    Context,
    OperationNotImplemented,
    Resource,
    ResourceRequest,
    ResourceType,
    ServiceError,
)
from airside.services.dynamodb import provisioning
from airside.services.dynamodb.provisioning import Properties

_NUMBERS = frozenset(
    {"ReadCapacityUnits", "WriteCapacityUnits", "MaxReadRequestUnits", "MaxWriteRequestUnits",
     "ReadUnitsPerSecond", "WriteUnitsPerSecond", "RecoveryPeriodInDays", "MinCapacity",
     "MaxCapacity", "SeedCapacity"}
)  # fmt: skip
_FLAGS = frozenset(
    {"DeletionProtectionEnabled", "Enabled", "SSEEnabled", "PointInTimeRecoveryEnabled"}
)
_SAME = (
    "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput",
    "OnDemandThroughput", "WarmThroughput", "LocalSecondaryIndexes", "TableClass",
    "DeletionProtectionEnabled", "Tags",
)  # fmt: skip
_IMPORTED = (
    "TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput",
    "OnDemandThroughput", "SSESpecification", "GlobalSecondaryIndexes",
)  # fmt: skip
_OF_REPLICA = (
    "TableClass", "DeletionProtectionEnabled", "PointInTimeRecoverySpecification", "Tags",
    "ContributorInsightsSpecification", "KinesisStreamSpecification", "ResourcePolicy",
)  # fmt: skip
_OF_TABLE = (
    "TableName", "AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes", "BillingMode",
    "SSESpecification", "StreamSpecification", "TimeToLiveSpecification", "WarmThroughput",
)  # fmt: skip


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


class Table(ResourceType):
    """A table with its indexes, stream, time to live, recovery, policies and tags."""

    name = "AWS::DynamoDB::Table"
    replaced_by = frozenset(
        {"TableName", "KeySchema", "LocalSecondaryIndexes", "ImportSourceSpecification"}
    )

    def properties(self, ctx: Context, given: Properties) -> dict[str, Any]:
        """The properties with the types that operations take."""
        found: dict[str, Any] = _typed(given)
        return found

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Create the table and what belongs to it."""
        properties = self.properties(ctx, request.properties)
        name = properties.get("TableName") or request.physical_name(255)
        call = _creation(name, properties)
        source = properties.get("ImportSourceSpecification")
        if source:
            wanted = {key: call[key] for key in _IMPORTED if key in call}
            await provisioning.fill_from(ctx, source, wanted)
        else:
            await ctx.call("dynamodb", "CreateTable", call)
        try:
            if source:
                before = await provisioning.as_it_is(ctx, name)
                await provisioning.change(ctx, name, before, properties)
            else:
                await provisioning.complete(ctx, name, {}, properties)
        except ServiceError:
            await ctx.call(
                "dynamodb", "UpdateTable", {"TableName": name, "DeletionProtectionEnabled": False}
            )
            await ctx.call("dynamodb", "DeleteTable", {"TableName": name})
            raise
        return await provisioning.resource_of(ctx, name)

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Change settings and indexes."""
        before = self.properties(ctx, old) if old else {}
        if not before:
            before = await provisioning.as_it_is(ctx, physical_id)
        after = self.properties(ctx, request.properties)
        await provisioning.change(ctx, physical_id, before, after)
        return await provisioning.resource_of(ctx, physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete the table; it may be gone already."""
        try:
            await ctx.call("dynamodb", "DeleteTable", {"TableName": physical_id})
        except ServiceError as error:
            if error.name != "ResourceNotFoundException":
                raise


def _creation(name: str, properties: Properties) -> dict[str, Any]:
    """The CreateTable request."""
    call: dict[str, Any] = {"TableName": name}
    call.update({key: properties[key] for key in _SAME if key in properties})
    indexes = properties.get("GlobalSecondaryIndexes")
    if indexes:
        call["GlobalSecondaryIndexes"] = [provisioning.index_of(given) for given in indexes]
    if properties.get("StreamSpecification"):
        call["StreamSpecification"] = provisioning.stream_of(properties["StreamSpecification"])
    if properties.get("SSESpecification"):
        call["SSESpecification"] = provisioning.encryption_of(properties["SSESpecification"])
    return call


class GlobalTable(Table):
    """A global table whose only replica is in the stack's region, as CDK's TableV2 makes them."""

    name = "AWS::DynamoDB::GlobalTable"
    replaced_by = frozenset({"TableName", "KeySchema", "LocalSecondaryIndexes"})

    def properties(self, ctx: Context, given: Properties) -> dict[str, Any]:
        """The properties of the table that the only replica is."""
        typed: dict[str, Any] = _typed(given)
        replicas: list[dict[str, Any]] = typed.get("Replicas") or []
        if len(replicas) != 1 or replicas[0].get("Region") != ctx.region:
            raise OperationNotImplemented(
                "AWS::DynamoDB::GlobalTable with replicas in other regions is not implemented: "
                f"Replicas must be one, in {ctx.region}"
            )
        (replica,) = replicas
        found: dict[str, Any] = {key: typed[key] for key in _OF_TABLE if key in typed}
        found |= {key: replica[key] for key in _OF_REPLICA if key in replica}
        found |= _throughput(typed, replica, found.get("BillingMode", "PROVISIONED"))
        if replica.get("ReplicaStreamSpecification") and found.get("StreamSpecification"):
            found["StreamSpecification"] = {
                **found["StreamSpecification"], **replica["ReplicaStreamSpecification"],
            }  # fmt: skip
        if replica.get("SSESpecification") and found.get("SSESpecification"):
            found["SSESpecification"] = {**found["SSESpecification"], **replica["SSESpecification"]}
        of_replica = {each["IndexName"]: each for each in replica.get("GlobalSecondaryIndexes", ())}
        found["GlobalSecondaryIndexes"] = [
            {
                **provisioning.index_of(index),
                **_throughput(
                    index,
                    of_replica.get(index["IndexName"], {}),
                    found.get("BillingMode", "PROVISIONED"),
                ),
            }
            for index in typed.get("GlobalSecondaryIndexes") or ()
        ]
        return found


def _throughput(table: Properties, replica: Properties, mode: str) -> dict[str, Any]:
    """What a table (or index) and its replica say about throughput."""
    if mode == "PROVISIONED":
        return {
            "ProvisionedThroughput": {
                "ReadCapacityUnits": _capacity(replica, "Read"),
                "WriteCapacityUnits": _capacity(table, "Write"),
            }
        }
    found = {
        **(table.get("WriteOnDemandThroughputSettings") or {}),
        **(replica.get("ReadOnDemandThroughputSettings") or {}),
    }
    return {"OnDemandThroughput": found} if found else {}


def _capacity(given: Properties, kind: str) -> int:
    """Fixed units, or those that scaling begins with."""
    settings = given.get(f"{kind}ProvisionedThroughputSettings") or {}
    scaling = settings.get(f"{kind}CapacityAutoScalingSettings") or {}
    fixed = settings.get(f"{kind}CapacityUnits")
    return int(fixed or scaling.get("SeedCapacity") or scaling.get("MinCapacity") or 1)
