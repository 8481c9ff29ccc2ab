"""Stacks: create, update, delete, describe."""

from typing import Any

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.cloudformation import parameters, store
from airside.services.cloudformation.begin import already_exists, begin, new_stack
from airside.services.cloudformation.blueprint import parse_processed
from airside.services.cloudformation.comparison import compare
from airside.services.cloudformation.deployments import Deployments
from airside.services.cloudformation.errors import ValidationError
from airside.services.cloudformation.lookup import (
    current_revision,
    no_such_stack,
    stack_arn,
    stack_named,
)
from airside.services.cloudformation.paging import page
from airside.services.cloudformation.proposal import check_expansion, propose, source_of
from airside.services.cloudformation.stack import UPDATABLE, Revision, Stack
from airside.services.cloudformation.store import changed

_UNDELETABLE = frozenset(
    {
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    }
)


@operation("CreateStack", resource=stack_arn)
async def create_stack(ctx: Context, request: Request) -> Result:
    """Start making a stack."""
    name, token = request["StackName"], request.get("ClientRequestToken")
    held = await ctx.store.read(lambda view: store.find(view, ctx.account_id, ctx.region, name))
    if held is not None:
        if token and held.deployment and held.deployment.client_token == token:
            return {"StackId": held.id}
        raise already_exists(name)
    check_expansion(await source_of(ctx, request, None), request)
    no_rollback = _no_rollback(request)
    stack = new_stack(
        ctx, name, disable_rollback=no_rollback,
        termination_protection=request.get("EnableTerminationProtection", False),
        timeout_minutes=request.get("TimeoutInMinutes"), policy=request.get("StackPolicyBody"),
    )  # fmt: skip
    revision = await propose(ctx, request, stack, None)
    await compare(ctx, stack, revision, None)
    stack = await begin(
        ctx, stack, "create", revision, disable_rollback=no_rollback,
        on_failure=request.get("OnFailure", "ROLLBACK"), client_token=token,
    )  # fmt: skip
    return {"StackId": stack.id}


def _no_rollback(request: Request) -> bool:
    config = request.get("DeploymentConfig", {})
    return bool(request.get("DisableRollback", config.get("DisableRollback", False)))


@operation("UpdateStack", resource=stack_arn)
async def update_stack(ctx: Context, request: Request) -> Result:
    """Start bringing a stack to a new template, new parameters, new tags."""
    stack = await stack_named(ctx, request["StackName"])
    check_updatable(stack)
    current = await current_revision(ctx, stack)
    source = await source_of(ctx, request, current)
    if not request.get("UsePreviousTemplate"):
        check_expansion(source, request)
    revision = await propose(ctx, request, stack, current)
    _, differs = await compare(ctx, stack, revision, current)
    if not differs:
        raise ValidationError("No updates are to be performed.")
    stack = await begin(
        ctx, stack, "update", revision, expected=stack.status,
        disable_rollback=_no_rollback(request), client_token=request.get("ClientRequestToken"),
    )  # fmt: skip
    return {"StackId": stack.id}


def check_updatable(stack: Stack) -> None:
    """Raise ValidationError unless the stack may be updated now."""
    if stack.status not in UPDATABLE:
        raise ValidationError(
            f"Stack:{stack.id} is in {stack.status} state and can not be updated."
        )


@operation("CancelUpdateStack", resource=stack_arn)
async def cancel_update_stack(ctx: Context, request: Request) -> Result | None:
    """Make a running update stop and roll back."""
    stack = await stack_named(ctx, request["StackName"])
    if stack.status != "UPDATE_IN_PROGRESS":
        raise ValidationError(
            f"CancelUpdateStack cannot be called from current stack status {stack.status}"
        )
    ctx.component(Deployments).cancel(stack.key)
    return None


@operation("ContinueUpdateRollback", resource=stack_arn)
async def continue_update_rollback(ctx: Context, request: Request) -> Result:
    """Try a rollback that failed once more, perhaps without some resources."""
    stack = await stack_named(ctx, request["StackName"])
    if stack.status != "UPDATE_ROLLBACK_FAILED":
        raise ValidationError(
            f"Stack:{stack.id} is in {stack.status} state and can not be continued for rollback."
        )
    skip = request.get("ResourcesToSkip", [])
    held = await ctx.store.read(lambda view: store.resources(view, stack.key))
    unknown = [name for name in skip if name not in held]
    if unknown:
        raise ValidationError(f"Resources [{', '.join(unknown)}] do not exist in the stack")
    await begin(
        ctx, stack, "update", None, expected=stack.status, status="UPDATE_ROLLBACK_IN_PROGRESS",
        phase="rollback", skip=skip, role_arn=request.get("RoleARN", ""),
        client_token=request.get("ClientRequestToken"),
    )  # fmt: skip
    return {}


@operation("DeleteStack", resource=stack_arn)
async def delete_stack(ctx: Context, request: Request) -> Result | None:
    """Start removing a stack; nothing happens when there is none."""
    name = request["StackName"]
    stack = await ctx.store.read(lambda view: store.find(view, ctx.account_id, ctx.region, name))
    if stack is None or stack.is_gone or stack.status == "DELETE_IN_PROGRESS":
        return None
    _check_deletable(stack, request)
    if stack.status == "REVIEW_IN_PROGRESS":
        stack = changed(stack, status="DELETE_FAILED")  # nothing was made; go the usual way
        await ctx.store.transact(lambda tx: store.save(tx, stack))
    await begin(
        ctx, stack, "delete", None, expected=stack.status,
        retain=request.get("RetainResources", []), role_arn=request.get("RoleARN", ""),
        client_token=request.get("ClientRequestToken"),
    )  # fmt: skip
    return None


def _check_deletable(stack: Stack, request: Request) -> None:
    if stack.termination_protection:
        raise ValidationError(
            f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        )
    if stack.status in _UNDELETABLE:
        raise ValidationError(
            f"Stack [{stack.name}] cannot be deleted while in status {stack.status}"
        )
    if request.get("RetainResources") and stack.status != "DELETE_FAILED":
        raise ValidationError(
            "Invalid operation on stack [" + stack.id + "]. RetainResources can be specified only "
            "when the stack is in the DELETE_FAILED state."
        )


@operation("UpdateTerminationProtection", resource=stack_arn)
async def update_termination_protection(ctx: Context, request: Request) -> Result:
    """Guard a stack against deletion, or stop to."""
    name, enabled = request["StackName"], request["EnableTerminationProtection"]

    def body(tx: Transaction) -> str:
        stack = store.find(tx, ctx.account_id, ctx.region, name)
        if stack is None or stack.is_gone:
            raise no_such_stack(name)
        store.save(tx, changed(stack, termination_protection=enabled))
        return stack.id

    return {"StackId": await ctx.store.transact(body)}


@operation("DescribeStacks", resource=stack_arn)
async def describe_stacks(ctx: Context, request: Request) -> Result:
    """One stack, or all that are not deleted."""
    name = request.get("StackName")
    if name:
        stack = await stack_named(ctx, name)
        return {"Stacks": [_described(stack, await current_revision(ctx, stack))]}

    def load(view: Any) -> list[tuple[Stack, Revision | None]]:
        stacks = store.list_stacks(view, ctx.account_id, ctx.region)
        return [(found, store.load_revision(view, found.key, found.revision))
                for found in stacks if not found.is_gone]  # fmt: skip

    found, token = page(await ctx.store.read(load), request.get("NextToken"), 100)
    return {"Stacks": [_described(*pair) for pair in found], "NextToken": token}


def _described(stack: Stack, revision: Revision | None) -> dict[str, Any]:
    described: dict[str, Any] = {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": stack.change_set_id,
        "CreationTime": stack.created_at,
        "LastUpdatedTime": stack.updated_at,
        "DeletionTime": stack.deleted_at,
        "StackStatus": stack.status,
        "StackStatusReason": stack.status_reason
        if stack.status_reason != "User Initiated" or stack.is_busy
        else None,
        "DisableRollback": stack.disable_rollback,
        "RollbackConfiguration": {},
        "EnableTerminationProtection": stack.termination_protection,
        "TimeoutInMinutes": stack.timeout_minutes,
        "ParentId": stack.parent_id,
        "RootId": stack.root_id,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        "NotificationARNs": [],
        "Tags": [],
        "Outputs": [
            {
                "OutputKey": output.key,
                "OutputValue": output.value,
                "Description": output.description,
                "ExportName": output.export_name,
            }
            for output in stack.outputs
        ],
    }
    if not described["Outputs"]:
        del described["Outputs"]
    if revision is not None:
        described |= _revised(revision)
    return described


def _revised(revision: Revision) -> dict[str, Any]:
    template = parse_processed(revision)
    listed = parameters.listing(template, revision.parameters, revision.resolved)
    return {
        "Description": revision.description,
        "Capabilities": revision.capabilities or None,
        "NotificationARNs": revision.notification_arns,
        "RoleARN": revision.role_arn or None,
        "Tags": [{"Key": key, "Value": value} for key, value in revision.tags.items()],
        "Parameters": listed or None,
    }


@operation("ListStacks")
async def list_stacks(ctx: Context, request: Request) -> Result:
    """Stacks in the wanted states, deleted ones too."""
    wanted = set(request.get("StackStatusFilter", []))

    def load(view: Any) -> list[tuple[Stack, str | None]]:
        found = []
        for stack in store.list_stacks(view, ctx.account_id, ctx.region):
            if not wanted or stack.status in wanted:
                revision = store.load_revision(view, stack.key, stack.revision)
                found.append((stack, revision.description if revision else None))
        return found

    found, token = page(await ctx.store.read(load), request.get("NextToken"), 100)
    return {
        "StackSummaries": [_summary(stack, description) for stack, description in found],
        "NextToken": token,
    }


def _summary(stack: Stack, description: str | None) -> dict[str, Any]:
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "TemplateDescription": description,
        "CreationTime": stack.created_at,
        "LastUpdatedTime": stack.updated_at,
        "DeletionTime": stack.deleted_at,
        "StackStatus": stack.status,
        "StackStatusReason": stack.status_reason,
        "ParentId": stack.parent_id,
        "RootId": stack.root_id,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }
