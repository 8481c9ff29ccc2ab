"""Finding the stack that a request speaks of."""

from airside.kernel import Context, Request
from airside.services.cloudformation import store
from airside.services.cloudformation.errors import ValidationError
from airside.services.cloudformation.stack import ChangeSet, Revision, Stack


def stack_arn(ctx: Context, request: Request) -> str:
    """The ARN that policies speak about: names come with any id."""
    name = request.get("StackName") or "*"
    if name.startswith("arn:"):
        return str(name)
    return ctx.arn(f"stack/{name}/*", "cloudformation")


def no_such_stack(name: str) -> ValidationError:
    """The sentence that clients match."""
    return ValidationError(f"Stack with id {name} does not exist")


async def stack_named(ctx: Context, name: str) -> Stack:
    """A stack by name or id. Raises ValidationError."""
    found = await ctx.store.read(lambda view: store.find(view, ctx.account_id, ctx.region, name))
    if found is None:
        raise no_such_stack(name)
    return found


async def current_revision(ctx: Context, stack: Stack) -> Revision | None:
    """What the stack is told to be; None before its first deployment."""
    return await ctx.store.read(
        lambda view: (
            store.load_revision(view, stack.key, stack.revision) if stack.revision else None
        )
    )


async def change_set_named(ctx: Context, name: str, stack_name: str | None) -> ChangeSet | None:
    """A change set by id, or by name and stack. Raises ValidationError when that is not there."""
    if name.startswith("arn:"):
        return await ctx.store.read(
            lambda view: store.find_change_set(view, ctx.account_id, ctx.region, name)
        )
    if stack_name is None:
        raise ValidationError(
            "StackName must be specified if ChangeSetName is not specified as an ARN."
        )
    stack = await stack_named(ctx, stack_name)
    return await ctx.store.read(lambda view: store.load_change_set(view, stack.key, name))
