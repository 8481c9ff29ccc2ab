"""Change sets: a proposed revision, what it would change, and its execution."""

from typing import Any

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.cloudformation import parameters, store
from airside.services.cloudformation.begin import begin, new_stack
from airside.services.cloudformation.blueprint import parse_processed, transforms
from airside.services.cloudformation.comparison import compare
from airside.services.cloudformation.errors import (
    AlreadyExistsException,
    ChangeSetNotFoundException,
    InvalidChangeSetStatusException,
    ValidationError,
)
from airside.services.cloudformation.journal import STACK_TYPE
from airside.services.cloudformation.lookup import (
    change_set_named,
    current_revision,
    no_such_stack,
    stack_arn,
    stack_named,
)
from airside.services.cloudformation.paging import page
from airside.services.cloudformation.proposal import TransformError, parse_source, propose
from airside.services.cloudformation.stack import ChangeSet, Event, Revision, Stack
from airside.services.cloudformation.stacks import check_updatable
from airside.services.cloudformation.store import changed

_UNCHANGED = (
    "The submitted information didn't contain changes. Submit different information to create a "
    "change set."
)
_UNCHANGED_AFTER_TRANSFORM = "No updates are to be performed."


@operation("CreateChangeSet", resource=stack_arn)
async def create_change_set(ctx: Context, request: Request) -> Result:
    """Work out what a new template or new parameters would change."""
    kind = request.get("ChangeSetType", "UPDATE")
    if kind == "IMPORT" or request.get("ResourcesToImport"):
        raise ValidationError("Importing existing resources is not supported by Airside.")
    stack, is_new = await _subject(ctx, request, kind)
    held = await ctx.store.read(
        lambda view: store.load_change_set(view, stack.key, request["ChangeSetName"])
    )
    # One that was executed is history: the AWS CLI names its change sets by the second, and a
    # deploy here takes less.
    if held is not None and held.execution_status != "EXECUTE_IN_PROGRESS":
        if held.client_token and held.client_token == request.get("ClientToken"):
            return {"Id": held.id, "StackId": held.stack_id}
        raise AlreadyExistsException(
            f"ChangeSet {held.name} cannot be created due to a mismatch with existing attribute "
            "ChangeSetName"
        )
    change_set = await _drafted(ctx, request, stack, kind)
    event = Event(
        ctx.ids.uuid(), stack.name, stack.id, STACK_TYPE, "REVIEW_IN_PROGRESS", ctx.clock.now(),
        "User Initiated",
    )  # fmt: skip

    def body(tx: Transaction) -> None:
        if is_new:
            reviewed = changed(stack, status="REVIEW_IN_PROGRESS", status_reason="User Initiated")
            if store.find(tx, ctx.account_id, ctx.region, stack.name) is not None:
                raise AlreadyExistsException(f"Stack [{stack.name}] already exists")
            store.save(tx, reviewed)
            store.add_event(tx, stack.key, event)
        store.save_change_set(tx, stack.key, change_set)

    await ctx.store.transact(body)
    return {"Id": change_set.id, "StackId": stack.id}


async def _subject(ctx: Context, request: Request, kind: str) -> tuple[Stack, bool]:
    """The stack that the change set is about, and whether it is yet to be recorded."""
    name = request["StackName"]
    held = await ctx.store.read(lambda view: store.find(view, ctx.account_id, ctx.region, name))
    if kind == "CREATE":
        if held is None:
            return new_stack(ctx, name), True
        if held.status != "REVIEW_IN_PROGRESS":
            raise ValidationError(
                f"Stack [{held.name}] already exists and cannot be created again with the "
                f"changeSet [{request['ChangeSetName']}]."
            )
        return held, False
    if held is None or held.is_gone:
        raise no_such_stack(name)
    check_updatable(held)
    return held, False


async def _drafted(ctx: Context, request: Request, stack: Stack, kind: str) -> ChangeSet:
    """The change set; in state FAILED when its transform fails or nothing would change."""
    name = request["ChangeSetName"]
    draft = ChangeSet(
        id=ctx.arn(f"changeSet/{name}/{ctx.ids.uuid()}", "cloudformation"),
        name=name,
        stack_id=stack.id,
        stack_name=stack.name,
        kind=kind,
        status="FAILED",
        execution_status="UNAVAILABLE",
        created_at=ctx.clock.now(),
        revision=Revision("", "{}"),
        description=request.get("Description"),
        on_failure=request.get("OnStackFailure"),
        client_token=request.get("ClientToken"),
        include_nested=request.get("IncludeNestedStacks", False),
    )
    current = await current_revision(ctx, stack)
    try:
        revision = await propose(ctx, request, stack, current)
    except TransformError as error:
        failed: ChangeSet = changed(draft, status_reason=error.message)
        return failed
    found, differs = await compare(ctx, stack, revision, current)
    draft = changed(draft, revision=revision, changes=found)
    if not differs:
        has_transform = bool(transforms(parse_source(revision.source)))
        reason = _UNCHANGED_AFTER_TRANSFORM if has_transform else _UNCHANGED
        unchanged: ChangeSet = changed(draft, status_reason=reason)
        return unchanged
    ready: ChangeSet = changed(draft, status="CREATE_COMPLETE", execution_status="AVAILABLE")
    return ready


async def _existing(ctx: Context, request: Request) -> ChangeSet:
    name = request["ChangeSetName"]
    found = await change_set_named(ctx, name, request.get("StackName"))
    if found is None:
        raise ChangeSetNotFoundException(f"ChangeSet [{name}] does not exist")
    return found


@operation("DescribeChangeSet", resource=stack_arn)
async def describe_change_set(ctx: Context, request: Request) -> Result:
    """A change set with its changes."""
    found = await _existing(ctx, request)
    stack = await stack_named(ctx, found.stack_id)
    listed, token = page(found.changes, request.get("NextToken"), 100)
    revision = found.revision
    named = parameters.listing(parse_processed(revision), revision.parameters, revision.resolved)
    return {
        "ChangeSetName": found.name,
        "ChangeSetId": found.id,
        "StackId": found.stack_id,
        "StackName": found.stack_name,
        "Description": found.description,
        "Parameters": named or None,
        "CreationTime": found.created_at,
        "ExecutionStatus": _execution_status(found, stack),
        "Status": found.status,
        "StatusReason": found.status_reason,
        "NotificationARNs": revision.notification_arns,
        "RollbackConfiguration": {},
        "Capabilities": revision.capabilities,
        "Tags": [{"Key": key, "Value": value} for key, value in revision.tags.items()] or None,
        "Changes": [_shown(change, request) for change in listed],
        "NextToken": token,
        "IncludeNestedStacks": found.include_nested,
        "OnStackFailure": found.on_failure,
    }


def _shown(change: dict[str, Any], request: Request) -> dict[str, Any]:
    if request.get("IncludePropertyValues"):
        return change
    hidden = {"BeforeContext", "AfterContext"}
    inner = {key: value for key, value in change["ResourceChange"].items() if key not in hidden}
    return {**change, "ResourceChange": inner}


def _execution_status(change_set: ChangeSet, stack: Stack) -> str:
    if change_set.execution_status != "EXECUTE_IN_PROGRESS":
        return change_set.execution_status
    if stack.is_busy:
        return "EXECUTE_IN_PROGRESS"
    succeeded = stack.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    return "EXECUTE_COMPLETE" if succeeded else "EXECUTE_FAILED"


@operation("ExecuteChangeSet", resource=stack_arn)
async def execute_change_set(ctx: Context, request: Request) -> Result:
    """Start deploying what a change set proposes."""
    found = await _existing(ctx, request)
    if found.execution_status != "AVAILABLE":
        raise InvalidChangeSetStatusException(
            f"ChangeSet [{found.id}] cannot be executed in its current status of [{found.status}]"
        )
    stack = await stack_named(ctx, found.stack_id)
    no_rollback = bool(request.get("DisableRollback", found.on_failure == "DO_NOTHING"))
    key = stack.key

    def settle(tx: Transaction) -> None:
        for other in store.change_sets(tx, key):
            store.delete_change_set(tx, key, other.name)
        store.save_change_set(tx, key, changed(found, execution_status="EXECUTE_IN_PROGRESS"))

    await begin(
        ctx, changed(stack, change_set_id=found.id, disable_rollback=no_rollback),
        "create" if found.kind == "CREATE" else "update", found.revision,
        also=settle, expected=stack.status, disable_rollback=no_rollback,
        on_failure=found.on_failure or "ROLLBACK", client_token=request.get("ClientRequestToken"),
    )  # fmt: skip
    return {}


@operation("DeleteChangeSet", resource=stack_arn)
async def delete_change_set(ctx: Context, request: Request) -> Result:
    """Drop a change set; nothing happens when there is none of that name."""
    found = await change_set_named(ctx, request["ChangeSetName"], request.get("StackName"))
    if found is None:
        return {}
    stack = await stack_named(ctx, found.stack_id)
    if _execution_status(found, stack) == "EXECUTE_IN_PROGRESS":
        raise InvalidChangeSetStatusException(
            f"ChangeSet [{found.id}] cannot be deleted in its current execution status of "
            "[EXECUTE_IN_PROGRESS]"
        )
    await ctx.store.transact(lambda tx: store.delete_change_set(tx, stack.key, found.name))
    return {}


@operation("ListChangeSets", resource=stack_arn)
async def list_change_sets(ctx: Context, request: Request) -> Result:
    """The change sets of a stack."""
    stack = await stack_named(ctx, request["StackName"])
    held = await ctx.store.read(lambda view: store.change_sets(view, stack.key))
    listed, token = page(held, request.get("NextToken"), 100)
    return {
        "Summaries": [
            {
                "StackId": found.stack_id,
                "StackName": found.stack_name,
                "ChangeSetId": found.id,
                "ChangeSetName": found.name,
                "ExecutionStatus": _execution_status(found, stack),
                "Status": found.status,
                "StatusReason": found.status_reason,
                "CreationTime": found.created_at,
                "Description": found.description,
                "IncludeNestedStacks": found.include_nested,
            }
            for found in listed
        ],
        "NextToken": token,
    }
