"""Provisioned concurrency: environments that are ready before anybody calls."""

from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.kernel.clock import iso8601
from airside.services.lambda_ import errors, limits, store
from airside.services.lambda_.executor import Executor
from airside.services.lambda_.names import (
    LATEST,
    FunctionName,
    function_arn,
    is_version,
    parse,
    requested,
    unqualified_arn,
)
from airside.services.lambda_.paging import paginate
from airside.services.lambda_.provisioning import Provisioning

_KIND = store.PROVISIONED
_UNPUBLISHED = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
_NO_RESOURCE = "The function resource provided must be an alias or a published version."


def _check(name: FunctionName, message: str) -> str:
    if not name.qualifier or name.qualifier == LATEST:
        raise errors.InvalidParameterValueException(message, Type="User")
    return name.qualifier


def _resolve(view: Snapshot, name: FunctionName) -> str:
    """The version that a qualifier, known to be there, leads to."""
    assert name.qualifier
    if is_version(name.qualifier):
        return store.load_version(view, name, name.qualifier).version
    return store.load_alias(view, name, name.qualifier).version


def _check_alone(view: Snapshot, name: FunctionName) -> None:
    """A version is provisioned by itself or by one alias."""
    version = _resolve(view, name)
    for qualifier, _ in store.documents(view, name, _KIND):
        if qualifier == name.qualifier:
            continue
        if _resolve(view, name._replace(qualifier=qualifier)) == version:
            by_version = name.qualifier == version
            raise errors.ResourceConflictException(
                "Version is pointed by a Provisioned Concurrency alias" if by_version else
                "Alias can't be used for Provisioned Concurrency configuration on an already "
                "Provisioned version", Type="User",
            )  # fmt: skip


async def _check_share(ctx: Context, name: FunctionName, count: int) -> None:
    """Refuse what would leave too little to all other functions."""
    limit = await ctx.component(Executor).limit(name)
    reserved = limit.reserved.get(name.arn)
    if reserved is not None:
        if count > reserved:
            raise errors.InvalidParameterValueException(
                "Requested Provisioned Concurrency should not be greater than the "
                f"reservedConcurrentExecution for function [{reserved}].", Type="User",
            )  # fmt: skip
        return
    free = limit.limit - sum(limit.reserved.values())
    if count > free:
        raise errors.InvalidParameterValueException(
            "Specified ConcurrentExecutions for function is greater than account's unreserved "
            f"concurrency [{free}]."
        )
    floor = min(limits.UNRESERVED_CONCURRENCY_MIN, limit.limit)
    if free - count < floor:
        raise errors.InvalidParameterValueException(
            "Specified ConcurrentExecutions for function decreases account's "
            f"UnreservedConcurrentExecution below its minimum value of [{floor}]."
        )


def _missing(name: FunctionName) -> errors.ProvisionedConcurrencyConfigNotFoundException:
    return errors.ProvisionedConcurrencyConfigNotFoundException(
        "No Provisioned Concurrency Config found for this function", Type="User"
    )


def _describe(document: dict[str, Any], available: int) -> dict[str, Any]:
    wanted = document["count"]
    return {
        "RequestedProvisionedConcurrentExecutions": wanted,
        "AvailableProvisionedConcurrentExecutions": available,
        "AllocatedProvisionedConcurrentExecutions": available,
        "Status": "READY" if available >= wanted else "IN_PROGRESS",
        "LastModified": iso8601(document["modified_at"]).replace("Z", "+0000"),
    }


@operation("PutProvisionedConcurrencyConfig", resource=function_arn)
async def put_provisioned_concurrency_config(ctx: Context, request: Request) -> Result:
    """Keep environments of a version, or of an alias's version, initialised."""
    name = requested(ctx, request)
    qualifier = _check(name, _UNPUBLISHED)
    document = {
        "count": request["ProvisionedConcurrentExecutions"], "modified_at": ctx.clock.now(),
    }  # fmt: skip

    def put(tx: Transaction) -> None:
        _check_alone(tx, name)
        store.save_provisioned(tx, name, qualifier, document)

    await ctx.store.read(lambda view: _resolve(view, name))
    await _check_share(ctx, name, document["count"])
    await ctx.store.transact(put)
    ctx.component(Provisioning).changed(name)
    return _describe(document, 0)


@operation("GetProvisionedConcurrencyConfig", resource=function_arn)
async def get_provisioned_concurrency_config(ctx: Context, request: Request) -> Result:
    """What is wanted and what is there."""
    name = requested(ctx, request)
    qualifier = _check(name, _NO_RESOURCE)

    def read(view: Snapshot) -> dict[str, Any]:
        _resolve(view, name)
        found = store.load_document(view, name, _KIND, qualifier)
        if found is None:
            raise _missing(name)
        return found

    document = await ctx.store.read(read)
    available = await ctx.component(Executor).provisioned(name)
    return _describe(document, min(available, document["count"]))


@operation("DeleteProvisionedConcurrencyConfig", resource=function_arn)
async def delete_provisioned_concurrency_config(ctx: Context, request: Request) -> Result:
    """Keep nothing ready any more."""
    name = requested(ctx, request)
    qualifier = _check(name, _NO_RESOURCE)

    def delete(tx: Transaction) -> None:
        _resolve(tx, name)
        store.delete_document(tx, name, _KIND, qualifier)

    await ctx.store.transact(delete)
    ctx.component(Provisioning).changed(name)
    return {}


@operation("ListProvisionedConcurrencyConfigs", resource=unqualified_arn)
async def list_provisioned_concurrency_configs(ctx: Context, request: Request) -> Result:
    """All of a function's."""
    name = parse(ctx, request["FunctionName"])

    def read(view: Snapshot) -> list[tuple[str, dict[str, Any]]]:
        store.load_function(view, name)
        return store.documents(view, name, _KIND)

    executor = ctx.component(Executor)
    found = []
    for qualifier, document in await ctx.store.read(read):
        available = await executor.provisioned(name._replace(qualifier=qualifier))
        shown = _describe(document, min(available, document["count"]))
        found.append({"FunctionArn": f"{name.arn}:{qualifier}", **shown})
    page, marker = paginate(found, request)
    return {"ProvisionedConcurrencyConfigs": page, "NextMarker": marker}
