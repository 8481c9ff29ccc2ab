"""The resources of a stack."""

import json
from typing import Any

from airside.kernel import Context, Request, Result, operation
from airside.services.cloudformation import store
from airside.services.cloudformation.blueprint import parse_processed
from airside.services.cloudformation.errors import ValidationError
from airside.services.cloudformation.lookup import current_revision, stack_arn, stack_named
from airside.services.cloudformation.paging import page
from airside.services.cloudformation.stack import Resource, Stack

_UNCHECKED = {"StackResourceDriftStatus": "NOT_CHECKED"}


@operation("DescribeStackResource", resource=stack_arn)
async def describe_stack_resource(ctx: Context, request: Request) -> Result:
    """One resource, with its metadata."""
    stack = await stack_named(ctx, request["StackName"])
    name = request["LogicalResourceId"]
    found = await ctx.store.read(lambda view: store.load_resource(view, stack.key, name))
    if found is None:
        raise ValidationError(f"Resource {name} does not exist for stack {stack.name}")
    revision = await current_revision(ctx, stack)
    declared = parse_processed(revision).section("Resources").get(name, {}) if revision else {}
    metadata = declared.get("Metadata")
    return {
        "StackResourceDetail": {
            **_common(found),
            "StackName": stack.name,
            "StackId": stack.id,
            "LastUpdatedTimestamp": found.updated_at,
            "Metadata": json.dumps(metadata) if metadata is not None else "{}",
        }
    }


@operation("DescribeStackResources", resource=stack_arn)
async def describe_stack_resources(ctx: Context, request: Request) -> Result:
    """All resources of a stack, which may be named by one of its physical resources."""
    name, physical_id = request.get("StackName"), request.get("PhysicalResourceId")
    if name:
        stack = await stack_named(ctx, name)
    elif physical_id:
        stack = await _owner(ctx, physical_id)
    else:
        raise ValidationError("Either StackName or PhysicalResourceId must be specified.")
    held = await ctx.store.read(lambda view: store.resources(view, stack.key))
    wanted = request.get("LogicalResourceId")
    if wanted and wanted not in held:
        raise ValidationError(f"Resource {wanted} does not exist for stack {stack.name}")
    return {
        "StackResources": [
            {
                **_common(found),
                "StackName": stack.name,
                "StackId": stack.id,
                "Timestamp": found.updated_at,
            }
            for found in held.values()
            if not wanted or found.logical_id == wanted
        ]
    }


async def _owner(ctx: Context, physical_id: str) -> Stack:
    def find(view: Any) -> Stack | None:
        for stack in store.list_stacks(view, ctx.account_id, ctx.region):
            if not stack.is_gone:
                held = store.resources(view, stack.key).values()
                if any(resource.physical_id == physical_id for resource in held):
                    return stack
        return None

    found = await ctx.store.read(find)
    if found is None:
        raise ValidationError(f"Stack for {physical_id} does not exist")
    return found


@operation("ListStackResources", resource=stack_arn)
async def list_stack_resources(ctx: Context, request: Request) -> Result:
    """Summaries of the resources of a stack."""
    stack = await stack_named(ctx, request["StackName"])
    held = await ctx.store.read(lambda view: store.resources(view, stack.key))
    listed, token = page(list(held.values()), request.get("NextToken"), 100)
    return {
        "StackResourceSummaries": [
            {**_common(found), "LastUpdatedTimestamp": found.updated_at} for found in listed
        ],
        "NextToken": token,
    }


def _common(resource: Resource) -> dict[str, Any]:
    return {
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id or None,
        "ResourceType": resource.type,
        "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.status_reason,
        "DriftInformation": _UNCHECKED,
    }
