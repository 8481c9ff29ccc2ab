"""Who else may use a function: its resource policy."""

from collections.abc import Mapping
from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.lambda_ import errors, limits, policy, store
from airside.services.lambda_.executor import Executor
from airside.services.lambda_.names import (
    LATEST,
    FunctionName,
    from_arn,
    function_arn,
    is_version,
    requested,
)

_KIND = "policy"


def _no_policy() -> errors.ResourceNotFoundException:
    return errors.ResourceNotFoundException(
        "The resource you requested does not exist.", Type="User"
    )


def _statements(view: Snapshot, name: FunctionName) -> list[dict[str, Any]]:
    found = store.load_document(view, name, _KIND, name.qualifier or "")
    return found["statements"] if found else []


def _save(
    tx: Transaction, name: FunctionName, statements: list[dict[str, Any]], revision: str
) -> None:
    """Write the policy; its revision is that of the version or alias it belongs to."""
    qualifier = name.qualifier or ""
    if statements:
        store.save_document(tx, name, _KIND, qualifier, {"statements": statements})
    else:
        store.delete_document(tx, name, _KIND, qualifier)
    version, alias = store.resolve(tx, name)
    if alias:
        alias.revision_id = revision
        store.save_alias(tx, name, alias)
    else:
        version.revision_id = revision
        store.save_version(tx, name, version)


def _revision(view: Snapshot, name: FunctionName) -> str:
    version, alias = store.resolve(view, name)
    return alias.revision_id if alias else version.revision_id


def _check_alias(view: Snapshot, name: FunctionName) -> None:
    if name.qualifier and not is_version(name.qualifier) and "$" not in name.qualifier:
        store.load_alias(view, name, name.qualifier)


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
    if name.qualifier == LATEST:
        raise _invalid("We currently do not support adding policies for $LATEST.")
    if not policy.is_principal(request["Principal"]):
        raise _invalid(
            "The provided principal was invalid. Please check the principal and try again."
        )
    added = policy.statement(name.qualified_arn, request)
    revision = ctx.ids.uuid()

    def add(tx: Transaction) -> None:
        store.load_function(tx, name)
        _check_alias(tx, name)
        _check_revision(request, _revision(tx, name))
        known = _statements(tx, name)
        if any(each["Sid"] == added["Sid"] for each in known):
            raise errors.ResourceConflictException(
                f"The statement id ({added['Sid']}) provided already exists. Please provide a new "
                "statement id, or remove the existing statement.", Type="User",
            )  # fmt: skip
        statements = [*known, added]
        if len(policy.text(statements)) > limits.POLICY_BYTES_MAX:
            raise errors.PolicyLengthExceededException(
                f"The final policy size ({len(policy.text(statements))}) is bigger than the limit "
                f"({limits.POLICY_BYTES_MAX}).", Type="User",
            )  # fmt: skip
        _save(tx, name, statements, revision)

    await ctx.store.transact(add)
    ctx.component(Executor).changed_aliases(name)
    return {"Statement": policy.json_text(added)}


@operation("RemovePermission", resource=function_arn)
async def remove_permission(ctx: Context, request: Request) -> Result:
    """Remove a statement."""
    name = requested(ctx, request)
    revision = ctx.ids.uuid()

    def remove(tx: Transaction) -> None:
        if not store.function_exists(tx, name):
            raise errors.ResourceNotFoundException(
                f"No policy found for: {name.qualified_arn}", Type="User"
            )
        _check_alias(tx, name)
        known = _statements(tx, name)
        if not known:
            raise errors.ResourceNotFoundException(
                "No policy is associated with the given resource.", Type="User"
            )
        _check_revision(request, _revision(tx, name))
        left = [each for each in known if each["Sid"] != request["StatementId"]]
        if len(left) == len(known):
            raise errors.ResourceNotFoundException(
                f"Statement {request['StatementId']} is not found in resource policy.", Type="User"
            )
        _save(tx, name, left, revision)

    await ctx.store.transact(remove)
    ctx.component(Executor).changed_aliases(name)
    return {}


@operation("GetPolicy", resource=function_arn)
async def get_policy(ctx: Context, request: Request) -> Result:
    """The policy of a function, version or alias."""
    name = requested(ctx, request)

    def read(view: Snapshot) -> tuple[list[dict[str, Any]], str]:
        known = _statements(view, name)
        return known, _revision(view, name) if known else ""

    statements, revision = await ctx.store.read(read)
    if not statements:
        raise _no_policy()
    return {"Policy": policy.text(statements), "RevisionId": revision}


async def policy_of(ctx: Context, resource: str) -> Mapping[str, object] | None:
    """The policy that `authorize` asks for; None when there is none."""
    if ":function:" not in resource:
        return None
    name = from_arn(resource)
    found = await ctx.store.read(lambda view: _statements(view, name))
    return policy.document(found) if found else None


def _invalid(message: str) -> errors.InvalidParameterValueException:
    return errors.InvalidParameterValueException(message, Type="User")
