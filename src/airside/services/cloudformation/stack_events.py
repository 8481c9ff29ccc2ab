"""The history of a stack."""

from typing import Any

from airside.kernel import Context, Request, Result, operation
from airside.services.cloudformation import store
from airside.services.cloudformation.lookup import stack_arn, stack_named
from airside.services.cloudformation.paging import position
from airside.services.cloudformation.stack import Event, Stack

_PAGE = 100


@operation("DescribeStackEvents", resource=stack_arn)
async def describe_stack_events(ctx: Context, request: Request) -> Result:
    """Events, newest first. A page's token names the last event on it, so pages never shift."""
    stack = await stack_named(ctx, request.get("StackName", ""))
    token = request.get("NextToken")
    before = position(token) if token else None
    found = await ctx.store.read(lambda view: store.events(view, stack.key, before, _PAGE + 1))
    listed = found[:_PAGE]
    return {
        "StackEvents": [_shown(stack, event) for _, event in listed],
        "NextToken": str(listed[-1][0]) if len(found) > _PAGE else None,
    }


def _shown(stack: Stack, event: Event) -> dict[str, Any]:
    return {
        "StackId": stack.id,
        "EventId": event.id,
        "StackName": stack.name,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type,
        "Timestamp": event.at,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
        "ResourceProperties": event.properties,
        "ClientRequestToken": event.client_token,
    }
