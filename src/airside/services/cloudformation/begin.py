"""Starting a deployment: the moment from which it survives a crash."""

from collections.abc import Callable
from typing import Any

from airside.kernel import Context, Principal, Transaction
from airside.services.cloudformation import store
from airside.services.cloudformation.deployments import Deployments
from airside.services.cloudformation.errors import AlreadyExistsException, ValidationError
from airside.services.cloudformation.journal import STACK_TYPE
from airside.services.cloudformation.stack import Deployment, Event, Kind, Revision, Stack
from airside.services.cloudformation.store import changed

_FIRST = {
    "create": "CREATE_IN_PROGRESS",
    "update": "UPDATE_IN_PROGRESS",
    "delete": "DELETE_IN_PROGRESS",
}
PATIENCE_SECONDS = 1.5
"""How long a request that starts a deployment waits for its end before it is answered.

Clients look at once and then sleep for 5 to 30 seconds; most stacks are done long before that."""


def acting_principal(ctx: Context, role_arn: str) -> Principal:
    """Who makes the calls: the service role when one is given, else the caller."""
    if not role_arn:
        return ctx.principal
    name = role_arn.rpartition("/")[2]
    session = f"arn:aws:sts::{ctx.account_id}:assumed-role/{name}/AWSCloudFormation"
    return Principal(
        "assumed-role", session, ctx.account_id, f"{name}:AWSCloudFormation",
        role_arn=role_arn, session_name="AWSCloudFormation",
    )  # fmt: skip


async def begin(
    ctx: Context,
    stack: Stack,
    kind: Kind,
    revision: Revision | None,
    *,
    also: Callable[[Transaction], None] | None = None,
    expected: str | None = None,
    status: str | None = None,
    **options: Any,
) -> Stack:
    """Write the deployment down and start it.

    `expected` is the status that the decision was based on; when the stack has another one by now
    the request is refused. `status` is the first one when it is not the usual one of its kind.
    `options` are members of Deployment.
    """
    number = stack.revision + 1 if revision is not None else stack.revision
    role_arn = options.pop("role_arn", "") or (revision.role_arn if revision else "")
    now, event_id = ctx.clock.now(), ctx.ids.uuid()
    deployment = Deployment(
        ctx.ids.uuid(), kind, acting_principal(ctx, role_arn),
        revision_before=stack.revision if revision is not None and stack.revision else None,
        **options,
    )  # fmt: skip
    started: Stack = changed(
        stack, status=status or _FIRST[kind], status_reason="User Initiated", revision=number,
        deployment=deployment, updated_at=now if kind == "update" else stack.updated_at,
    )  # fmt: skip
    event = Event(
        event_id, stack.name, stack.id, STACK_TYPE, started.status, now, "User Initiated",
        client_token=deployment.client_token,
    )  # fmt: skip

    def body(tx: Transaction) -> None:
        held = store.find(tx, ctx.account_id, ctx.region, stack.name)
        if expected is None:
            if held is not None:
                raise already_exists(stack.name)
        elif held is None or held.status != expected:
            found = held.status if held else "DELETE_COMPLETE"
            raise ValidationError(f"Stack:{stack.id} is in {found} state and can not be updated.")
        store.save(tx, started)
        store.add_event(tx, started.key, event)
        if revision is not None:
            store.save_revision(tx, started.key, number, revision)
        if also is not None:
            also(tx)

    await ctx.store.transact(body)
    deployments = ctx.component(Deployments)
    deployments.launch(started.key)
    await deployments.settled(started.key, PATIENCE_SECONDS)
    return started


def already_exists(name: str) -> Exception:
    """The name is taken."""
    return AlreadyExistsException(f"Stack [{name}] already exists")


def new_stack(ctx: Context, name: str, **members: Any) -> Stack:
    """A stack that does not exist yet."""
    stack_id = ctx.arn(f"stack/{name}/{ctx.ids.uuid()}", "cloudformation")
    return Stack(stack_id, name, "CREATE_IN_PROGRESS", ctx.clock.now(), **members)
