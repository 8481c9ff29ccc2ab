"""Who else may use a function: its resource policy."""

from collections.abc import Mapping
from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.lambda_ import errors, limits, policy, store
from airside.services.lambda_.names import FunctionName, function_arn, parse, requested

_KIND = "policy"


def _no_policy() -> errors.ResourceNotFoundException:
    return errors.ResourceNotFoundException(
        "The resource you requested does not exist.", Type="User"
    )


def _load(view: Snapshot, name: FunctionName) -> dict[str, Any]:
    found = store.load_document(view, name, _KIND, name.qualifier or "")
    return found or {"statements": [], "revision": ""}


def _check_revision(request: Request, current: str) -> None:
    given = request.get("RevisionId")
    if given and given != current:
        raise errors.PreconditionFailedException(
            "The Revision Id provided does not match the latest Revision Id. Call the "
            "GetPolicy API to retrieve the latest Revision Id", Type="User",
        )  # fmt: skip


@operation("AddPermission", resource=function_arn)
async def add_permission(ctx: Context, request: Request) -> Result:
    """Add a statement to the policy of a function, version or alias."""
    name = requested(ctx, request)
    added = policy.statement(name.qualified_arn, request)
    revision = ctx.ids.uuid()

    def add(tx: Transaction) -> None:
        store.load_function(tx, name)
        store.resolve(tx, name)
        found = _load(tx, name)
        _check_revision(request, found["revision"])
        if any(known["Sid"] == added["Sid"] for known in found["statements"]):
            raise errors.ResourceConflictException(
                f"The statement id ({added['Sid']}) provided already exists. Please provide a new "
                "statement id, or remove the existing statement.", Type="User",
            )  # fmt: skip
        statements = [*found["statements"], added]
        if len(policy.text(statements)) > limits.POLICY_BYTES_MAX:
            raise errors.PolicyLengthExceededException(
                f"The final policy size ({len(policy.text(statements))}) is bigger than the limit "
                f"({limits.POLICY_BYTES_MAX}).", Type="User",
            )  # fmt: skip
        document = {"statements": statements, "revision": revision}
        store.save_document(tx, name, _KIND, name.qualifier or "", document)

    await ctx.store.transact(add)
    return {"Statement": policy.json_text(added)}


@operation("RemovePermission", resource=function_arn)
async def remove_permission(ctx: Context, request: Request) -> Result:
    """Remove a statement."""
    name = requested(ctx, request)
    revision = ctx.ids.uuid()

    def remove(tx: Transaction) -> None:
        store.load_function(tx, name)
        found = _load(tx, name)
        if not found["statements"]:
            raise errors.ResourceNotFoundException(
                "No policy is associated with the given resource.", Type="User"
            )
        _check_revision(request, found["revision"])
        left = [known for known in found["statements"] if known["Sid"] != request["StatementId"]]
        if len(left) == len(found["statements"]):
            raise errors.ResourceNotFoundException(
                f"Statement {request['StatementId']} is not found in resource policy.", Type="User"
            )
        if left:
            document = {"statements": left, "revision": revision}
            store.save_document(tx, name, _KIND, name.qualifier or "", document)
        else:
            store.delete_document(tx, name, _KIND, name.qualifier or "")

    await ctx.store.transact(remove)
    return {}


@operation("GetPolicy", resource=function_arn)
async def get_policy(ctx: Context, request: Request) -> Result:
    """The policy of a function, version or alias."""
    name = requested(ctx, request)

    def read(view: Snapshot) -> dict[str, Any]:
        store.load_function(view, name)
        return _load(view, name)

    found = await ctx.store.read(read)
    if not found["statements"]:
        raise _no_policy()
    return {"Policy": policy.text(found["statements"]), "RevisionId": found["revision"]}


async def policy_of(ctx: Context, resource: str) -> Mapping[str, object] | None:
    """The policy that `authorize` asks for; None when there is none."""
    if ":function:" not in resource:
        return None
    name = parse(ctx, resource)
    found = await ctx.store.read(lambda view: _load(view, name))
    return policy.document(found["statements"]) if found["statements"] else None
