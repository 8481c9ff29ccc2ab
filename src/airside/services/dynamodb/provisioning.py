"""Bringing a table from one set of template properties to another, by UpdateTable and its kin."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from airside.kernel import Context, Resource, ServiceError

Properties = Mapping[str, Any]

_INDEX = ("IndexName", "KeySchema", "Projection", "ProvisionedThroughput", "OnDemandThroughput",
          "WarmThroughput")  # fmt: skip
_UPDATABLE = (
    "ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput", "TableClass",
    "DeletionProtectionEnabled",
)  # fmt: skip
_INDEX_SETTINGS = ("ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput")
_UNITS = ("ReadCapacityUnits", "WriteCapacityUnits")
_POLL_SECONDS = 0.05


def index_of(given: Properties) -> dict[str, Any]:
    """An index as CreateTable takes it."""
    return {name: given[name] for name in _INDEX if name in given}


def encryption_of(given: Properties | None) -> dict[str, Any] | None:
    """SSESpecification as CreateTable takes it."""
    if given is None:
        return None
    found = {"Enabled": given.get("SSEEnabled", False)}
    found.update({name: given[name] for name in ("SSEType", "KMSMasterKeyId") if name in given})
    return found


def stream_of(given: Properties) -> dict[str, Any]:
    """StreamSpecification as CreateTable takes it."""
    return {"StreamEnabled": True, "StreamViewType": given.get("StreamViewType")}


def policy_of(given: Properties) -> str | None:
    """The policy of a ResourcePolicy, as text."""
    document = (given.get("ResourcePolicy") or {}).get("PolicyDocument")
    if not document:
        return None
    return document if isinstance(document, str) else json.dumps(document)


async def describe(ctx: Context, name: str) -> dict[str, Any]:
    """TableDescription."""
    described = await ctx.call("dynamodb", "DescribeTable", {"TableName": name})
    table: dict[str, Any] = described["Table"]
    return table


async def resource_of(ctx: Context, name: str) -> Resource:
    """The table as `Ref` and `Fn::GetAtt` see it."""
    described = await describe(ctx, name)
    attributes = {"Arn": described["TableArn"], "TableId": described["TableId"]}
    if described.get("LatestStreamArn"):
        attributes["StreamArn"] = described["LatestStreamArn"]
    return Resource(name, attributes)


async def as_it_is(ctx: Context, name: str) -> dict[str, Any]:
    """The properties that a table has, when no template tells: after a crash, or an import."""
    table = await describe(ctx, name)
    summary = table.get("BillingModeSummary") or {}
    found: dict[str, Any] = {
        "BillingMode": summary.get("BillingMode", "PROVISIONED"),
        "DeletionProtectionEnabled": table["DeletionProtectionEnabled"],
        "OnDemandThroughput": table.get("OnDemandThroughput"),
        "TableClass": (table.get("TableClassSummary") or {}).get("TableClass"),
        "GlobalSecondaryIndexes": [
            _index_as_it_is(each) for each in table.get("GlobalSecondaryIndexes") or ()
        ],
    }
    if found["BillingMode"] == "PROVISIONED":
        found["ProvisionedThroughput"] = _units_of(table)
    if table.get("StreamSpecification"):
        view = table["StreamSpecification"]["StreamViewType"]
        found["StreamSpecification"] = {"StreamViewType": view}
    if table.get("SSEDescription"):
        found["SSESpecification"] = {"SSEEnabled": True}
    lifetime = await ctx.call("dynamodb", "DescribeTimeToLive", {"TableName": name})
    if lifetime["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED":
        attribute = lifetime["TimeToLiveDescription"]["AttributeName"]
        found["TimeToLiveSpecification"] = {"AttributeName": attribute, "Enabled": True}
    tags = await ctx.call("dynamodb", "ListTagsOfResource", {"ResourceArn": table["TableArn"]})
    found["Tags"] = tags["Tags"]
    return {key: value for key, value in found.items() if value is not None}


def _index_as_it_is(described: Properties) -> dict[str, Any]:
    found = {name: described[name] for name in ("IndexName", "KeySchema", "Projection")}
    if described["ProvisionedThroughput"]["WriteCapacityUnits"]:
        found["ProvisionedThroughput"] = _units_of(described)
    return found


def _units_of(described: Properties) -> dict[str, Any]:
    return {name: described["ProvisionedThroughput"][name] for name in _UNITS}


async def change(ctx: Context, name: str, before: Properties, after: Properties) -> None:
    """Change settings and indexes, one index at a time as AWS demands."""
    await _drop_indexes(ctx, name, before, after)
    await _set_table(ctx, name, before, after)
    await _set_indexes(ctx, name, before, after)
    await _set_stream(ctx, name, before, after)
    await _set_tags(ctx, name, before, after)
    await complete(ctx, name, before, after)


async def complete(ctx: Context, name: str, before: Properties, after: Properties) -> None:
    """What CreateTable does not take."""
    await _set_lifetime(ctx, name, before, after)
    await _set_recovery(ctx, name, before, after)
    await _set_policies(ctx, name, before, after)
    if (after.get("KinesisStreamSpecification") or {}).get("StreamArn"):
        request = {"TableName": name, "StreamArn": after["KinesisStreamSpecification"]["StreamArn"]}
        await ctx.call("dynamodb", "EnableKinesisStreamingDestination", request)
    if (after.get("ContributorInsightsSpecification") or {}).get("Enabled"):
        request = {"TableName": name, "ContributorInsightsAction": "ENABLE"}
        await ctx.call("dynamodb", "UpdateContributorInsights", request)


async def _update(ctx: Context, name: str, changes: dict[str, Any]) -> None:
    await ctx.call("dynamodb", "UpdateTable", {"TableName": name, **changes})


def _mode(properties: Properties) -> str:
    return str(properties.get("BillingMode", "PROVISIONED"))


async def _set_table(ctx: Context, name: str, before: Properties, after: Properties) -> None:
    changes: dict[str, Any] = {
        key: after[key] for key in _UPDATABLE if key in after and after[key] != before.get(key)
    }
    if _mode(after) != _mode(before):
        changes["BillingMode"] = _mode(after)
        if changes["BillingMode"] == "PROVISIONED":
            changes["ProvisionedThroughput"] = after.get("ProvisionedThroughput")
            updates = [
                {"Update": {key: index[key] for key in ("IndexName", "ProvisionedThroughput")}}
                for index in _kept(before, after)
                if "ProvisionedThroughput" in index
            ]
            changes.update({"GlobalSecondaryIndexUpdates": updates} if updates else {})
    if _encrypted(after) != _encrypted(before):
        changes["SSESpecification"] = encryption_of(after.get("SSESpecification") or {})
    if before.get("DeletionProtectionEnabled") and "DeletionProtectionEnabled" not in after:
        changes["DeletionProtectionEnabled"] = False
    if before.get("TableClass", "STANDARD") != "STANDARD" and "TableClass" not in after:
        changes["TableClass"] = "STANDARD"
    if changes:
        await _update(ctx, name, changes)


def _encrypted(properties: Properties) -> tuple[bool, Any]:
    given = properties.get("SSESpecification") or {}
    return bool(given.get("SSEEnabled")), given.get("KMSMasterKeyId")


async def _set_stream(ctx: Context, name: str, before: Properties, after: Properties) -> None:
    old, new = before.get("StreamSpecification"), after.get("StreamSpecification")
    old_view, new_view = (old or {}).get("StreamViewType"), (new or {}).get("StreamViewType")
    if old_view == new_view:
        return
    if old:
        await _update(ctx, name, {"StreamSpecification": {"StreamEnabled": False}})
    if new:
        await _update(ctx, name, {"StreamSpecification": stream_of(new)})


def _by_name(properties: Properties) -> dict[str, dict[str, Any]]:
    return {
        given["IndexName"]: index_of(given)
        for given in properties.get("GlobalSecondaryIndexes") or ()
    }


def _kept(before: Properties, after: Properties) -> list[dict[str, Any]]:
    """Indexes of `after` that are there already."""
    old = _by_name(before)
    return [
        index
        for name, index in _by_name(after).items()
        if name in old and _identity(old[name]) == _identity(index)
    ]


def _identity(index: Properties) -> tuple[Any, Any, Any]:
    projection = index.get("Projection") or {}
    included = projection.get("NonKeyAttributes") or ()
    return index.get("KeySchema"), projection.get("ProjectionType"), sorted(included)


async def _drop_indexes(ctx: Context, name: str, before: Properties, after: Properties) -> None:
    kept = {index["IndexName"] for index in _kept(before, after)}
    for index_name in _by_name(before):
        if index_name not in kept:
            update = {"Delete": {"IndexName": index_name}}
            await _update(ctx, name, {"GlobalSecondaryIndexUpdates": [update]})


async def _set_indexes(ctx: Context, name: str, before: Properties, after: Properties) -> None:
    old, new = _by_name(before), _by_name(after)
    kept = {index["IndexName"] for index in _kept(before, after)}
    for index_name, index in new.items():
        if index_name not in kept:
            changes = {
                "AttributeDefinitions": after["AttributeDefinitions"],
                "GlobalSecondaryIndexUpdates": [{"Create": index}],
            }
            await _update(ctx, name, changes)
            await _until_active(ctx, name, index_name)
            continue
        settings = {
            key: index[key]
            for key in _INDEX_SETTINGS
            if key in index and index[key] != old[index_name].get(key)
        }
        if _mode(after) != _mode(before):
            settings.pop("ProvisionedThroughput", None)
        if settings:
            update = {"Update": {"IndexName": index_name, **settings}}
            await _update(ctx, name, {"GlobalSecondaryIndexUpdates": [update]})


async def _until_active(ctx: Context, name: str, index_name: str) -> None:
    """Wait until a new index is filled: only one may be built at a time."""
    while True:
        table = await describe(ctx, name)
        states = {
            index["IndexName"]: index["IndexStatus"]
            for index in table.get("GlobalSecondaryIndexes") or ()
        }
        if states.get(index_name) == "ACTIVE":
            return
        await asyncio.sleep(_POLL_SECONDS)


async def _set_lifetime(ctx: Context, name: str, before: Properties, after: Properties) -> None:
    old = _lifetime(before.get("TimeToLiveSpecification"))
    new = _lifetime(after.get("TimeToLiveSpecification"))
    if old == new:
        return
    for attribute, enabled in ((old, False), (new, True)):
        if attribute is not None:
            given = {"AttributeName": attribute, "Enabled": enabled}
            request = {"TableName": name, "TimeToLiveSpecification": given}
            await ctx.call("dynamodb", "UpdateTimeToLive", request)


def _lifetime(given: Properties | None) -> str | None:
    """The attribute by which items expire."""
    return given.get("AttributeName") if given and given.get("Enabled") else None


async def _set_recovery(ctx: Context, name: str, before: Properties, after: Properties) -> None:
    old = before.get("PointInTimeRecoverySpecification")
    new = after.get("PointInTimeRecoverySpecification")
    if old == new:
        return
    given = {"PointInTimeRecoveryEnabled": False, **(new or {})}
    request = {"TableName": name, "PointInTimeRecoverySpecification": given}
    await ctx.call("dynamodb", "UpdateContinuousBackups", request)


async def _set_policies(ctx: Context, name: str, before: Properties, after: Properties) -> None:
    """The policies of the table and of its stream."""
    table = await describe(ctx, name)
    await _set_policy(ctx, table["TableArn"], policy_of(before), policy_of(after))
    new = policy_of(after.get("StreamSpecification") or {})
    if table.get("StreamSpecification"):
        old = policy_of(before.get("StreamSpecification") or {})
        await _set_policy(ctx, table["LatestStreamArn"], old, new)


async def _set_policy(ctx: Context, arn: str, old: str | None, new: str | None) -> None:
    if new is not None:
        request = {"ResourceArn": arn, "Policy": new}
        await ctx.call("dynamodb", "PutResourcePolicy", request)
    elif old is not None:
        await ctx.call("dynamodb", "DeleteResourcePolicy", {"ResourceArn": arn})


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


async def fill_from(ctx: Context, source: Properties, table: dict[str, Any]) -> None:
    """ImportSourceSpecification: make the table of what lies in a bucket. Raises ServiceError."""
    request = {**source, "TableCreationParameters": table}
    made = (await ctx.call("dynamodb", "ImportTable", request))["ImportTableDescription"]
    while made["ImportStatus"] == "IN_PROGRESS":
        await asyncio.sleep(_POLL_SECONDS)
        found = await ctx.call("dynamodb", "DescribeImport", {"ImportArn": made["ImportArn"]})
        made = found["ImportTableDescription"]
    if made["ImportStatus"] != "COMPLETED":
        raise ServiceError(f"{made.get('FailureCode')}: {made.get('FailureMessage')}")
