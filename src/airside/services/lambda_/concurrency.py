"""Reserved concurrency: a function's own share of the account's."""

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.lambda_ import errors, limits, store
from airside.services.lambda_.executor import Executor
from airside.services.lambda_.names import LATEST, unqualified, unqualified_arn


@operation("PutFunctionConcurrency", resource=unqualified_arn)
async def put_function_concurrency(ctx: Context, request: Request) -> Result:
    """Reserve concurrency; 0 stops the function."""
    name = unqualified(ctx, request)
    count = request["ReservedConcurrentExecutions"]
    await ctx.store.read(
        lambda view: store.load_version(view, name._replace(qualifier=LATEST), LATEST)
    )
    limit = await ctx.component(Executor).limit(name)
    others = sum(reserved for arn, reserved in limit.reserved.items() if arn != name.arn)
    floor = min(limits.UNRESERVED_CONCURRENCY_MIN, limit.limit)
    if count and limit.limit - others - count < floor:
        raise errors.InvalidParameterValueException(
            "Specified ReservedConcurrentExecutions for function decreases account's "
            f"UnreservedConcurrentExecution below its minimum value of [{floor}]."
        )
    await _set(ctx, request, count)
    return {"ReservedConcurrentExecutions": count}


@operation("GetFunctionConcurrency", resource=unqualified_arn)
async def get_function_concurrency(ctx: Context, request: Request) -> Result:
    """What is reserved, if anything."""
    name = unqualified(ctx, request)
    function = await ctx.store.read(lambda view: store.load_function(view, name))
    return {"ReservedConcurrentExecutions": function.reserved}


@operation("DeleteFunctionConcurrency", resource=unqualified_arn)
async def delete_function_concurrency(ctx: Context, request: Request) -> Result:
    """Give the reservation back."""
    await _set(ctx, request, None)
    return {}


async def _set(ctx: Context, request: Request, count: int | None) -> None:
    name = unqualified(ctx, request)

    def put(tx: Transaction) -> None:
        function = store.load_function(tx, name)
        function.reserved = count
        store.save_function(tx, name, function)

    await ctx.store.transact(put)
    limit = await ctx.component(Executor).limit(name)
    limit.reserve(name.arn, count)
