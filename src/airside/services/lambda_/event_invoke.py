"""How asynchronous events of a function are retried, and who is told what became of them."""

from functools import partial
from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.lambda_ import errors, store
from airside.services.lambda_.names import (
    LATEST,
    FunctionName,
    from_arn,
    function_arn,
    parse,
    requested,
    unqualified_arn,
)
from airside.services.lambda_.paging import paginate

_KIND = "retry"
DESTINATIONS = frozenset({"lambda", "sqs", "sns", "events", "s3"})
_MEMBERS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")


def find(view: Snapshot, name: FunctionName) -> dict[str, Any]:
    """The configuration that applies to a qualifier; empty when there is none."""
    return store.load_document(view, name, _KIND, name.qualifier or LATEST) or {}


def _describe(name: FunctionName, qualifier: str, document: dict[str, Any]) -> Result:
    return {"FunctionArn": f"{name.arn}:{qualifier}", **document}


def _missing(name: FunctionName) -> errors.ResourceNotFoundException:
    return errors.ResourceNotFoundException(
        f"The function {name.arn}:{name.qualifier or LATEST} doesn't have an EventInvokeConfig",
        Type="User",
    )


def _check_exists(view: Snapshot, name: FunctionName) -> None:
    try:
        store.load_function(view, name)
        store.resolve(view, name)
    except errors.ResourceNotFoundException:
        raise errors.ResourceNotFoundException("The function doesn't exist.", Type="User") from None


async def _check_destinations(ctx: Context, name: FunctionName, given: dict[str, Any]) -> None:
    """Refuse what could never be told."""
    for side in ("OnSuccess", "OnFailure"):
        arn = given[side].get("Destination")
        if not arn:
            continue
        service = arn.split(":")[2]
        if service not in DESTINATIONS:
            told = ", ".join(_java(given, each) for each in ("OnSuccess", "OnFailure"))
            raise _invalid(f"The provided destination config DestinationConfig({told}) is invalid.")
        if service != "lambda":
            continue
        if arn.split(":")[:7] == name.arn.split(":"):
            raise _invalid("You can't specify the function as a destination for itself.")
        other = from_arn(arn)
        if not await ctx.store.read(partial(store.function_exists, name=other)):
            raise _invalid(f"The destination ARN {arn} is invalid.")


def _java(given: dict[str, Any], side: str) -> str:
    """One member as AWS prints it."""
    word = side[0].lower() + side[1:]
    arn = given[side].get("Destination")
    return f"{word}={side}(destination={arn})" if arn else f"{word}=null"


def _invalid(message: str) -> errors.InvalidParameterValueException:
    return errors.InvalidParameterValueException(message, Type="User")


async def _write(ctx: Context, request: Request, *, replace: bool) -> Result:
    name = requested(ctx, request)
    qualifier = name.qualifier or LATEST
    given = {member: request[member] for member in _MEMBERS if member in request}
    now = ctx.clock.now()
    if not given:
        raise errors.InvalidParameterValueException(
            "You must specify at least one of error handling or destination setting.", Type="User"
        )

    if "DestinationConfig" in given:
        given["DestinationConfig"] = {
            "OnSuccess": {},
            "OnFailure": {},
            **given["DestinationConfig"],
        }
        await _check_destinations(ctx, name, given["DestinationConfig"])

    def write(tx: Transaction) -> dict[str, Any]:
        _check_exists(tx, name)
        old = store.load_document(tx, name, _KIND, qualifier)
        if old is None and not replace:
            raise _missing(name)
        base: dict[str, Any] = {"DestinationConfig": {"OnSuccess": {}, "OnFailure": {}}}
        document = {**(base if replace else old or base), **given, "LastModified": now}
        store.save_document(tx, name, _KIND, qualifier, document)
        return document

    return _describe(name, qualifier, await ctx.store.transact(write))


@operation("PutFunctionEventInvokeConfig", resource=function_arn)
async def put_function_event_invoke_config(ctx: Context, request: Request) -> Result:
    """Set the configuration, forgetting what was set before."""
    return await _write(ctx, request, replace=True)


@operation("UpdateFunctionEventInvokeConfig", resource=function_arn)
async def update_function_event_invoke_config(ctx: Context, request: Request) -> Result:
    """Change members of the configuration."""
    return await _write(ctx, request, replace=False)


@operation("GetFunctionEventInvokeConfig", resource=function_arn)
async def get_function_event_invoke_config(ctx: Context, request: Request) -> Result:
    """The configuration."""
    name = requested(ctx, request)

    document = await ctx.store.read(lambda view: find(view, name))
    if not document:
        raise _missing(name)
    return _describe(name, name.qualifier or LATEST, document)


@operation("DeleteFunctionEventInvokeConfig", resource=function_arn)
async def delete_function_event_invoke_config(ctx: Context, request: Request) -> Result:
    """Back to the defaults."""
    name = requested(ctx, request)

    def delete(tx: Transaction) -> None:
        if not find(tx, name):
            raise _missing(name)
        store.delete_document(tx, name, _KIND, name.qualifier or LATEST)

    await ctx.store.transact(delete)
    return {}


@operation("ListFunctionEventInvokeConfigs", resource=unqualified_arn)
async def list_function_event_invoke_configs(ctx: Context, request: Request) -> Result:
    """The configurations of all qualifiers."""
    name = parse(ctx, request["FunctionName"])

    def read(view: Snapshot) -> list[tuple[str, dict[str, Any]]]:
        _check_exists(view, name)
        return store.documents(view, name, _KIND)

    found = [_describe(name, *each) for each in await ctx.store.read(read)]
    page, marker = paginate(found, request)
    return {"FunctionEventInvokeConfigs": page, "NextMarker": marker}
