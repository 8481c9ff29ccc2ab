"""Function URLs: the operations."""

from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.kernel.clock import iso8601
from airside.services.lambda_ import errors, store
from airside.services.lambda_.function_url import Url
from airside.services.lambda_.names import (
    LATEST,
    FunctionName,
    function_arn,
    parse,
    requested,
    unqualified_arn,
)
from airside.services.lambda_.paging import paginate

ID_LENGTH = 32


def _describe(ctx: Context, url: Url) -> dict[str, Any]:
    name = FunctionName(url.account_id, url.region, url.function, url.qualifier or None)
    return {
        "FunctionUrl": f"{ctx.cloud.settings.endpoint}/_aws/lambda-url/{url.url_id}/",
        "FunctionArn": name.qualified_arn,
        "AuthType": url.auth_type,
        "Cors": url.cors or None,
        "CreationTime": iso8601(url.created_at),
        "LastModifiedTime": iso8601(url.modified_at),
        "InvokeMode": url.invoke_mode,
    }


def _named(ctx: Context, request: Request) -> FunctionName:
    name = requested(ctx, request)
    if name.qualifier and (name.qualifier == LATEST or name.qualifier.isdigit()):
        raise errors.InvalidParameterValueException(
            "Function URLs are not supported for function versions; use an alias.", Type="User"
        )
    return name


def _check_exists(view: Snapshot, name: FunctionName) -> None:
    try:
        store.load_function(view, name)
        store.resolve(view, name)
    except errors.ResourceNotFoundException:
        raise errors.ResourceNotFoundException("Function does not exist", Type="User") from None


def _load(view: Snapshot, name: FunctionName) -> Url:
    found = store.find_url(view, name)
    if found is None:
        raise errors.ResourceNotFoundException(
            "The resource you requested does not exist.", Type="User"
        )
    return found


@operation("CreateFunctionUrlConfig", resource=function_arn)
async def create_function_url_config(ctx: Context, request: Request) -> Result:
    """Give a function, or an alias of it, an address."""
    name = _named(ctx, request)
    now = ctx.clock.now()
    url = Url(
        url_id=ctx.ids.lower(ID_LENGTH), account_id=name.account_id, region=name.region,
        function=name.name, qualifier=name.qualifier or "", auth_type=request["AuthType"],
        invoke_mode=request.get("InvokeMode", "BUFFERED"), cors=request.get("Cors", {}),
        created_at=now, modified_at=now,
    )  # fmt: skip

    def create(tx: Transaction) -> None:
        _check_exists(tx, name)
        if store.find_url(tx, name):
            raise errors.ResourceConflictException(
                f"Failed to create function url config for [functionArn = {name.qualified_arn}]. "
                "Error message:  FunctionUrlConfig exists for this Lambda function",
                Type="User",
            )
        store.save_url(tx, name, url)

    await ctx.store.transact(create)
    result = _describe(ctx, url)
    del result["LastModifiedTime"]
    return result


@operation("GetFunctionUrlConfig", resource=function_arn)
async def get_function_url_config(ctx: Context, request: Request) -> Result:
    """The address and who may use it."""
    name = _named(ctx, request)
    return _describe(ctx, await ctx.store.read(lambda view: _load(view, name)))


@operation("UpdateFunctionUrlConfig", resource=function_arn)
async def update_function_url_config(ctx: Context, request: Request) -> Result:
    """Change who may use it, CORS, or how answers are sent."""
    name = _named(ctx, request)
    now = ctx.clock.now()

    def update(tx: Transaction) -> Url:
        _check_exists(tx, name)
        url = _load(tx, name)
        url.auth_type = request.get("AuthType", url.auth_type)
        url.invoke_mode = request.get("InvokeMode", url.invoke_mode)
        url.cors = request.get("Cors", url.cors)
        url.modified_at = now
        store.save_url(tx, name, url)
        return url

    return _describe(ctx, await ctx.store.transact(update))


@operation("DeleteFunctionUrlConfig", resource=function_arn)
async def delete_function_url_config(ctx: Context, request: Request) -> Result:
    """Take the address away."""
    name = _named(ctx, request)
    await ctx.store.transact(lambda tx: store.delete_url(tx, name, _load(tx, name)))
    return {}


@operation("ListFunctionUrlConfigs", resource=unqualified_arn)
async def list_function_url_configs(ctx: Context, request: Request) -> Result:
    """The addresses of a function and its aliases."""
    name = parse(ctx, request["FunctionName"])

    def read(view: Snapshot) -> list[Url]:
        _check_exists(view, name)
        return store.urls(view, name)

    found = [_describe(ctx, url) for url in await ctx.store.read(read)]
    page, marker = paginate(found, request)
    return {"FunctionUrlConfigs": page, "NextMarker": marker}
