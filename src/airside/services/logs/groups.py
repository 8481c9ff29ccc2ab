"""Log groups: create, list, keep for how long, delete."""

from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.logs import limits, store
from airside.services.logs.address import group_arn, load_group, name_of
from airside.services.logs.errors import (
    InvalidParameterException,
    ResourceAlreadyExistsException,
    ValidationException,
)
from airside.services.logs.group import Group
from airside.services.logs.housekeeping import Housekeeping


@operation("CreateLogGroup", resource=group_arn)
async def create_log_group(ctx: Context, request: Request) -> Result:
    """Make a group."""
    if request["logGroupName"].startswith("aws/"):
        raise InvalidParameterException("Log groups starting with AWS/ are reserved for AWS.")
    group = Group(
        name=request["logGroupName"],
        id=ctx.ids.lower(16),
        account_id=ctx.account_id,
        region=ctx.region,
        created_ms=int(ctx.clock.now() * 1000),
        kms_key_id=request.get("kmsKeyId"),
        log_class=request.get("logGroupClass", "STANDARD"),
        protected=request.get("deletionProtectionEnabled", False),
        tags=dict(request.get("tags", {})),
    )

    def body(tx: Transaction) -> None:
        if store.find_group(tx, ctx.account_id, ctx.region, group.name) is not None:
            raise ResourceAlreadyExistsException("The specified log group already exists")
        store.save_group(tx, group)

    await ctx.store.transact(body)
    return {}


@operation("DeleteLogGroup", resource=group_arn)
async def delete_log_group(ctx: Context, request: Request) -> Result:
    """Delete a group with all it holds."""

    def body(tx: Transaction) -> None:
        group = load_group(tx, ctx, request["logGroupName"])
        if group.protected:
            raise ValidationException(
                "The specified log group has deletion protection enabled and cannot be deleted."
            )
        store.remove_group(tx, group)

    await ctx.store.transact(body)
    ctx.component(Housekeeping).wake()
    return {}


@operation("PutLogGroupDeletionProtection")
async def put_log_group_deletion_protection(ctx: Context, request: Request) -> Result:
    """Protect a group from deletion, or no longer."""
    name = name_of(request["logGroupIdentifier"])

    def body(tx: Transaction) -> None:
        group = load_group(tx, ctx, name)
        group.protected = request["deletionProtectionEnabled"]
        store.save_group(tx, group)

    await ctx.store.transact(body)
    return {}


def description(snapshot: Snapshot, group: Group) -> dict[str, Any]:
    """A group as lists show it."""
    return {
        "logGroupName": group.name,
        "creationTime": group.created_ms,
        "retentionInDays": group.retention_days,
        "metricFilterCount": 0,
        "arn": f"{group.arn}:*",
        "logGroupArn": group.arn,
        "storedBytes": store.stored_bytes(snapshot, group),
        "kmsKeyId": group.kms_key_id,
        "logGroupClass": group.log_class,
        "deletionProtectionEnabled": group.protected,
    }


@operation("DescribeLogGroups")
async def describe_log_groups(ctx: Context, request: Request) -> Result:
    """Groups by the beginning of their names, or by a part of it."""
    if "logGroupNamePrefix" in request and "logGroupNamePattern" in request:
        raise InvalidParameterException(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
        )
    pattern = request.get("logGroupNamePattern", "").lower()
    chosen = {name_of(each) for each in request.get("logGroupIdentifiers", ())}
    limit = request.get("limit", limits.LIST_MAX)

    def body(snapshot: Snapshot) -> Result:
        prefix, start = request.get("logGroupNamePrefix", ""), request.get("nextToken", "")
        shown: list[dict[str, Any]] = []
        for group in store.groups(snapshot, ctx.account_id, ctx.region, prefix, start):
            if pattern not in group.name.lower() or (chosen and group.name not in chosen):
                continue
            if request.get("logGroupClass", group.log_class) != group.log_class:
                continue
            if len(shown) == limit:
                return {"logGroups": shown, "nextToken": shown[-1]["logGroupName"]}
            shown.append(description(snapshot, group))
        return {"logGroups": shown}

    return await ctx.store.read(body)


@operation("PutRetentionPolicy", resource=group_arn)
async def put_retention_policy(ctx: Context, request: Request) -> Result:
    """Let a group's events expire after some days."""
    days = request["retentionInDays"]
    if days not in limits.RETENTION_DAYS:
        allowed = ", ".join(str(each) for each in sorted(limits.RETENTION_DAYS))
        raise InvalidParameterException(
            "1 validation error detected: Value '"
            f"{days}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum "
            f"value set: [{allowed}]"
        )
    return await _set_retention(ctx, request["logGroupName"], days)


@operation("DeleteRetentionPolicy", resource=group_arn)
async def delete_retention_policy(ctx: Context, request: Request) -> Result:
    """Let a group's events stay for ever."""
    return await _set_retention(ctx, request["logGroupName"], None)


async def _set_retention(ctx: Context, name: str, days: int | None) -> Result:
    def body(tx: Transaction) -> None:
        group = load_group(tx, ctx, name)
        group.retention_days = days
        store.save_group(tx, group)

    await ctx.store.transact(body)
    ctx.component(Housekeeping).wake()
    return {}
