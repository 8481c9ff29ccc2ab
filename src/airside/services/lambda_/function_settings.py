"""Settings of functions that stand apart: recursion, runtime management."""

from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.lambda_ import errors, store
from airside.services.lambda_.executor import Executor
from airside.services.lambda_.names import LATEST, function_arn, parse, requested, unqualified_arn


@operation("PutFunctionRecursionConfig", resource=unqualified_arn)
async def put_function_recursion_config(ctx: Context, request: Request) -> Result:
    """Say whether loops through this function are stopped."""
    name = parse(ctx, request["FunctionName"])

    def put(tx: Transaction) -> None:
        function = store.load_function(tx, name)
        function.recursive_loop = request["RecursiveLoop"]
        store.save_function(tx, name, function)

    await ctx.store.transact(put)
    ctx.component(Executor).changed_aliases(name)
    return {"RecursiveLoop": request["RecursiveLoop"]}


@operation("GetFunctionRecursionConfig", resource=unqualified_arn)
async def get_function_recursion_config(ctx: Context, request: Request) -> Result:
    """Whether loops through this function are stopped."""
    name = parse(ctx, request["FunctionName"])
    function = await ctx.store.read(lambda view: store.load_function(view, name))
    return {"RecursiveLoop": function.recursive_loop}


@operation("PutRuntimeManagementConfig", resource=function_arn)
async def put_runtime_management_config(ctx: Context, request: Request) -> Result:
    """Keep how the runtime is to be updated; here it is whatever the machine has."""
    name = requested(ctx, request)
    members = ("UpdateRuntimeOn", "RuntimeVersionArn")
    document: dict[str, Any] = {each: request[each] for each in members if each in request}
    if document["UpdateRuntimeOn"] == "Manual" and "RuntimeVersionArn" not in document:
        raise errors.InvalidParameterValueException(
            "RuntimeVersionArn is required when UpdateRuntimeOn is Manual.", Type="User"
        )

    def put(tx: Transaction) -> None:
        store.resolve(tx, name)
        store.save_document(tx, name, "runtime", name.qualifier or LATEST, document)

    await ctx.store.transact(put)
    return {**document, "FunctionArn": name.qualified_arn}


@operation("GetRuntimeManagementConfig", resource=function_arn)
async def get_runtime_management_config(ctx: Context, request: Request) -> Result:
    """How the runtime is to be updated."""
    name = requested(ctx, request)

    def read(view: Snapshot) -> dict[str, Any]:
        store.resolve(view, name)
        found = store.load_document(view, name, "runtime", name.qualifier or LATEST)
        return found or {"UpdateRuntimeOn": "Auto"}

    return {**await ctx.store.read(read), "FunctionArn": name.qualified_arn}
