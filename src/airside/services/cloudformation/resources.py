"""The resource types of CloudFormation itself."""

from typing import Any

from airside.kernel import Context, Resource, ResourceRequest, ResourceType, ServiceError
from airside.services.cloudformation import store
from airside.services.cloudformation.deployments import Deployments
from airside.services.cloudformation.errors import ValidationError
from airside.services.cloudformation.lookup import stack_named
from airside.services.cloudformation.stack import Stack

_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_LOOKED_AT = 200


class NestedStack(ResourceType):
    """A stack within a stack."""

    name = "AWS::CloudFormation::Stack"

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Create the stack and wait for it."""
        name = request.physical_name(128)
        try:
            made = await ctx.call(
                "cloudformation", "CreateStack",
                {"StackName": name, **_request(request), "DisableRollback": False},
            )  # fmt: skip
            stack_id = made["StackId"]
        except ServiceError as error:
            if error.name != "AlreadyExistsException":
                raise
            stack_id = (await stack_named(ctx, name)).id  # made before a crash
        await _adopt(ctx, stack_id, request.stack_id)
        return await _outcome(ctx, stack_id, "CREATE_COMPLETE")

    async def update(
        self,
        ctx: Context,
        physical_id: str,
        old: Any,
        request: ResourceRequest,
    ) -> Resource:
        """Update the stack and wait for it."""
        try:
            await ctx.call(
                "cloudformation", "UpdateStack", {"StackName": physical_id, **_request(request)}
            )
        except ServiceError as error:
            if "No updates are to be performed" not in error.message:
                raise
        return await _outcome(
            ctx, physical_id, "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"
        )

    async def delete(self, ctx: Context, physical_id: str, properties: Any) -> None:
        """Delete the stack and wait for it."""
        await ctx.call("cloudformation", "DeleteStack", {"StackName": physical_id})
        stack = await _finished(ctx, physical_id)
        if stack is not None and not stack.is_gone:
            raise ValidationError(
                f"Embedded stack {physical_id} was not successfully deleted: {stack.status_reason}"
            )


def _request(request: ResourceRequest) -> dict[str, Any]:
    properties = request.properties
    parameters = properties.get("Parameters", {})
    return {
        "TemplateURL": properties.get("TemplateURL", ""),
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": _text(value)}
            for key, value in parameters.items()
        ],
        "Capabilities": _CAPABILITIES,
        "Tags": properties.get("Tags", []),
        "NotificationARNs": properties.get("NotificationARNs", []),
    }


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


async def _adopt(ctx: Context, stack_id: str, parent_id: str) -> None:
    """Record whose child a stack is."""
    parent = await stack_named(ctx, parent_id)
    child = (await stack_named(ctx, stack_id)).key
    root = parent.root_id or parent.id
    await ctx.store.transact(lambda tx: store.adopt(tx, child, parent.id, root))


async def _finished(ctx: Context, stack_id: str) -> Stack | None:
    stack = await stack_named(ctx, stack_id)
    return await ctx.component(Deployments).finished(stack.key)


async def _outcome(ctx: Context, stack_id: str, *good: str) -> Resource:
    stack = await _finished(ctx, stack_id)
    assert stack is not None
    if stack.status not in good:
        raise ValidationError(
            f"Embedded stack {stack_id} was not successfully deployed: {await _why(ctx, stack)}"
        )
    return Resource(stack_id, {f"Outputs.{output.key}": output.value for output in stack.outputs})


async def _why(ctx: Context, stack: Stack) -> str:
    """The reasons of what failed in a stack, first failure first."""
    events = await ctx.store.read(lambda view: store.events(view, stack.key, None, _LOOKED_AT))
    failed = [
        f"{event.logical_id}: {event.reason}"
        for _, event in reversed(events)
        if event.status.endswith("_FAILED") and event.reason
    ]
    return "; ".join(failed[-3:]) or stack.status_reason or stack.status


class WaitConditionHandle(ResourceType):
    """An address for signals; people use it as a resource that does nothing."""

    name = "AWS::CloudFormation::WaitConditionHandle"

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Nothing to make but an address."""
        endpoint = ctx.cloud.settings.endpoint
        return Resource(f"{endpoint}/_cloudformation/wait/{request.physical_name(128)}")

    async def update(
        self,
        ctx: Context,
        physical_id: str,
        old: Any,
        request: ResourceRequest,
    ) -> Resource:
        """Nothing to change."""
        return Resource(physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Any) -> None:
        """Nothing to remove."""


class CdkMetadata(ResourceType):
    """AWS::CDK::Metadata: what CDK's `Analytics` property tells AWS. Nothing is made, there either.

    https://docs.aws.amazon.com/cdk/v2/guide/usage-data.html
    """

    name = "AWS::CDK::Metadata"

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """A name, and nothing behind it."""
        return Resource(request.physical_name(128))

    async def update(
        self, ctx: Context, physical_id: str, old: Any, request: ResourceRequest
    ) -> Resource:
        """Nothing."""
        return Resource(physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Any) -> None:
        """Nothing."""
