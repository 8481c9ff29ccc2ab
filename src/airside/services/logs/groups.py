"""Log groups: create, delete, describe, retention, tags."""

import base64

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.logs import errors, limits
from airside.services.logs.store import Group, Space


def group_arn(ctx: Context, request: Request) -> str:
    """The ARN that policies speak about."""
    name = request.get("logGroupName") or named(request.get("logGroupIdentifier", "*"))
    return ctx.arn(f"log-group:{name}")


def named(identifier: str) -> str:
    """A group's name from its name or ARN."""
    if identifier.startswith("arn:"):
        return identifier.split(":log-group:", 1)[-1].removesuffix(":*")
    return identifier


def require(space: Space, view: Snapshot, name: str) -> Group:
    """The group. Raises ResourceNotFoundException."""
    group = space.group(view, name)
    if group is None:
        raise errors.ResourceNotFoundException("The specified log group does not exist.")
    return group


@operation("CreateLogGroup", resource=group_arn)
async def create_log_group(ctx: Context, request: Request) -> Result:
    """Make a group."""
    space, name = Space.of(ctx), request["logGroupName"]
    group = Group(
        ctx.ids.lower(16), name, int(ctx.clock.now() * 1000), tags=request.get("tags", {}),
        kms_key_id=request.get("kmsKeyId"), log_class=request.get("logGroupClass", "STANDARD"),
    )  # fmt: skip

    def body(tx: Transaction) -> None:
        if space.group(tx, name) is not None:
            raise errors.ResourceAlreadyExistsException("The specified log group already exists")
        space.put_group(tx, group)

    await ctx.store.transact(body)
    return {}


@operation("DeleteLogGroup", resource=group_arn)
async def delete_log_group(ctx: Context, request: Request) -> Result:
    """Delete a group with everything in it."""
    space = Space.of(ctx)

    def body(tx: Transaction) -> None:
        space.bury_group(tx, require(space, tx, request["logGroupName"]))

    await ctx.store.transact(body)
    return {}


@operation("DescribeLogGroups")
async def describe_log_groups(ctx: Context, request: Request) -> Result:
    """List groups by prefix or pattern."""
    space, limit = Space.of(ctx), request.get("limit", limits.GROUPS_PAGE)
    pattern = request.get("logGroupNamePattern")
    if pattern is not None and "logGroupNamePrefix" in request:
        raise errors.InvalidParameterException(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
        )
    past = _opened(request.get("nextToken"))

    def body(view: Snapshot) -> list[Group]:
        found: list[Group] = []
        for group in space.groups(view, request.get("logGroupNamePrefix", ""), past):
            if pattern is None or pattern.lower() in group.name.lower():
                found.append(group)
            if len(found) > limit:
                break
        return found

    groups = await ctx.store.read(body)
    more = _sealed(groups[limit - 1].name) if len(groups) > limit else None
    return {"logGroups": [_described(ctx, group) for group in groups[:limit]], "nextToken": more}


def _described(ctx: Context, group: Group) -> Result:
    arn = ctx.arn(f"log-group:{group.name}")
    return {
        "logGroupName": group.name,
        "creationTime": group.created_at,
        "retentionInDays": group.retention_days,
        "metricFilterCount": 0,
        "arn": f"{arn}:*",
        "logGroupArn": arn,
        "storedBytes": group.stored_bytes,
        "kmsKeyId": group.kms_key_id,
        "logGroupClass": group.log_class,
    }


def _sealed(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _opened(token: str | None) -> str | None:
    if token is None:
        return None
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        raise errors.InvalidParameterException("The specified nextToken is invalid.") from None


@operation("PutRetentionPolicy", resource=group_arn)
async def put_retention_policy(ctx: Context, request: Request) -> Result:
    """Say for how many days events are kept."""
    await _retain(ctx, request["logGroupName"], request["retentionInDays"])
    return {}


@operation("DeleteRetentionPolicy", resource=group_arn)
async def delete_retention_policy(ctx: Context, request: Request) -> Result:
    """Keep events for ever."""
    await _retain(ctx, request["logGroupName"], None)
    return {}


async def _retain(ctx: Context, name: str, days: int | None) -> None:
    space = Space.of(ctx)

    def body(tx: Transaction) -> None:
        group = require(space, tx, name)
        group.retention_days = days
        space.put_group(tx, group)

    await ctx.store.transact(body)


@operation("TagLogGroup", resource=group_arn)
async def tag_log_group(ctx: Context, request: Request) -> Result:
    """Add tags (the older operation)."""
    return await _tag(ctx, request["logGroupName"], request["tags"], [])


@operation("UntagLogGroup", resource=group_arn)
async def untag_log_group(ctx: Context, request: Request) -> Result:
    """Remove tags (the older operation)."""
    return await _tag(ctx, request["logGroupName"], {}, request["tags"])


@operation("ListTagsLogGroup", resource=group_arn)
async def list_tags_log_group(ctx: Context, request: Request) -> Result:
    """List tags (the older operation)."""
    return await _tags(ctx, request["logGroupName"])


@operation("TagResource")
async def tag_resource(ctx: Context, request: Request) -> Result:
    """Add tags."""
    return await _tag(ctx, named(request["resourceArn"]), request["tags"], [])


@operation("UntagResource")
async def untag_resource(ctx: Context, request: Request) -> Result:
    """Remove tags."""
    return await _tag(ctx, named(request["resourceArn"]), {}, request["tagKeys"])


@operation("ListTagsForResource")
async def list_tags_for_resource(ctx: Context, request: Request) -> Result:
    """List tags."""
    return await _tags(ctx, named(request["resourceArn"]))


async def _tag(ctx: Context, name: str, more: dict[str, str], fewer: list[str]) -> Result:
    space = Space.of(ctx)

    def body(tx: Transaction) -> None:
        group = require(space, tx, name)
        group.tags = {
            key: value for key, value in {**group.tags, **more}.items() if key not in fewer
        }
        space.put_group(tx, group)

    await ctx.store.transact(body)
    return {}


async def _tags(ctx: Context, name: str) -> Result:
    space = Space.of(ctx)
    group = await ctx.store.read(lambda view: require(space, view, name))
    return {"tags": group.tags}
