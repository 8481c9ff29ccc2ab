"""Provisioned concurrency: environments that are ready before anybody calls."""

from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.kernel.clock import iso8601
from airside.services.lambda_ import errors, store
from airside.services.lambda_.executor import Executor
from airside.services.lambda_.names import (
    LATEST,
    FunctionName,
    function_arn,
    parse,
    requested,
    unqualified_arn,
)
from airside.services.lambda_.paging import paginate

_KIND = "provisioned"


def _check(name: FunctionName) -> str:
    if not name.qualifier or name.qualifier == LATEST:
        raise errors.InvalidParameterValueException(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
            Type="User",
        )
    return name.qualifier


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
    qualifier = _check(name)
    document = {
        "count": request["ProvisionedConcurrentExecutions"], "modified_at": ctx.clock.now(),
    }  # fmt: skip

    def put(tx: Transaction) -> None:
        store.load_function(tx, name)
        store.resolve(tx, name)
        store.save_document(tx, name, _KIND, qualifier, document)

    await ctx.store.transact(put)
    available = await ctx.component(Executor).provision(name, document["count"])
    return _describe(document, available)


@operation("GetProvisionedConcurrencyConfig", resource=function_arn)
async def get_provisioned_concurrency_config(ctx: Context, request: Request) -> Result:
    """What is wanted and what is there."""
    name = requested(ctx, request)
    qualifier = _check(name)

    def read(view: Snapshot) -> dict[str, Any]:
        store.load_function(view, name)
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
    qualifier = _check(name)

    def delete(tx: Transaction) -> None:
        store.load_function(tx, name)
        if store.load_document(tx, name, _KIND, qualifier) is None:
            raise _missing(name)
        store.delete_document(tx, name, _KIND, qualifier)

    await ctx.store.transact(delete)
    await ctx.component(Executor).provision(name, 0)
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
