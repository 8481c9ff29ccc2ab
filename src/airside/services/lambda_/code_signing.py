"""Code signing configurations. No package is signed here, so those that enforce refuse them all."""

from typing import Any

from airside.kernel import (
    Context,
    Request,
    Result,
    Snapshot,
    Transaction,
    operation,
)
from airside.kernel.clock import iso8601
from airside.services.lambda_ import errors, store
from airside.services.lambda_.names import FunctionName, parse, unqualified_arn
from airside.services.lambda_.paging import paginate

_KIND = "signing"
_POLICIES = {"UntrustedArtifactOnDeployment": "Warn"}
ID_LENGTH = 17


def _arn_of(ctx: Context, request: Request) -> str:
    arn: str = request["CodeSigningConfigArn"]
    return arn


def _load(view: Snapshot, arn: str) -> dict[str, Any]:
    found = store.find_signing(view, arn)
    if found is None:
        raise errors.ResourceNotFoundException(
            f"The Lambda code signing configuration {arn} can not be found."
        )
    return found


def check_unsigned(view: Snapshot, name: FunctionName, config_arn: str = "") -> None:
    """Refuse a package, none of which is signed here, where a policy enforces signatures."""
    attached = store.load_document(view, name, _KIND, "")
    arn = config_arn or (attached["CodeSigningConfigArn"] if attached else "")
    if not arn:
        return
    config = store.find_signing(view, arn)
    if config is None:
        raise _not_there(arn)
    if config["CodeSigningPolicies"]["UntrustedArtifactOnDeployment"] == "Enforce":
        raise errors.CodeVerificationFailedException(
            "Lambda cannot deploy the function. The function or layer might be signed using a "
            "signature that the client is not configured to accept. Check the provided signature "
            f"for {name.name}.", Type="User",
        )  # fmt: skip


def attach(tx: Transaction, name: FunctionName, arn: str) -> None:
    """Hang a configuration on a function."""
    if store.find_signing(tx, arn) is None:
        raise _not_there(arn)
    store.save_document(tx, name, _KIND, "", {"CodeSigningConfigArn": arn})


def _not_there(arn: str) -> errors.CodeSigningConfigNotFoundException:
    return errors.CodeSigningConfigNotFoundException(
        "The code signing configuration cannot be found. Check that the provided "
        f"configuration is not deleted: {arn}.", Type="User",
    )  # fmt: skip


@operation("CreateCodeSigningConfig")
async def create_code_signing_config(ctx: Context, request: Request) -> Result:
    """Make a configuration."""
    config_id = "csc-" + ctx.ids.lower(ID_LENGTH)
    config = {
        "CodeSigningConfigId": config_id,
        "CodeSigningConfigArn": ctx.arn(f"code-signing-config:{config_id}"),
        "Description": request.get("Description", ""),
        "AllowedPublishers": request["AllowedPublishers"],
        "CodeSigningPolicies": request.get("CodeSigningPolicies") or _POLICIES,
        "LastModified": iso8601(ctx.clock.now()),
    }
    await ctx.store.transact(lambda tx: store.save_signing(tx, config))
    return {"CodeSigningConfig": config}


@operation("GetCodeSigningConfig", resource=_arn_of)
async def get_code_signing_config(ctx: Context, request: Request) -> Result:
    """One configuration."""
    arn = request["CodeSigningConfigArn"]
    return {"CodeSigningConfig": await ctx.store.read(lambda view: _load(view, arn))}


@operation("UpdateCodeSigningConfig", resource=_arn_of)
async def update_code_signing_config(ctx: Context, request: Request) -> Result:
    """Change a configuration; members that are absent stay."""
    now = iso8601(ctx.clock.now())
    members = ("Description", "AllowedPublishers", "CodeSigningPolicies")
    given = {member: request[member] for member in members if member in request}

    def update(tx: Transaction) -> dict[str, Any]:
        config = {**_load(tx, request["CodeSigningConfigArn"]), **given, "LastModified": now}
        store.save_signing(tx, config)
        return config

    return {"CodeSigningConfig": await ctx.store.transact(update)}


@operation("DeleteCodeSigningConfig", resource=_arn_of)
async def delete_code_signing_config(ctx: Context, request: Request) -> Result:
    """Forget a configuration that no function uses."""
    arn = request["CodeSigningConfigArn"]

    def delete(tx: Transaction) -> None:
        _load(tx, arn)
        if _users(tx, ctx, arn):
            raise errors.ResourceConflictException(
                f"Code signing config {arn} is used by functions.", Type="User"
            )
        store.delete_signing(tx, arn)

    await ctx.store.transact(delete)
    return {}


@operation("ListCodeSigningConfigs")
async def list_code_signing_configs(ctx: Context, request: Request) -> Result:
    """All configurations."""
    found = await ctx.store.read(lambda view: store.signings(view, ctx.account_id, ctx.region))
    page, marker = paginate(found, request)
    return {"CodeSigningConfigs": page, "NextMarker": marker}


def _users(view: Snapshot, ctx: Context, arn: str) -> list[str]:
    """The functions that a configuration is attached to."""
    found = []
    for function, _ in store.functions(view, ctx.account_id, ctx.region):
        name = FunctionName(ctx.account_id, ctx.region, function.name, None)
        attached = store.load_document(view, name, _KIND, "")
        if attached and attached["CodeSigningConfigArn"] == arn:
            found.append(name.arn)
    return found


@operation("ListFunctionsByCodeSigningConfig", resource=_arn_of)
async def list_functions_by_code_signing_config(ctx: Context, request: Request) -> Result:
    """Who uses a configuration."""
    arn = request["CodeSigningConfigArn"]

    def read(view: Snapshot) -> list[str]:
        _load(view, arn)
        return _users(view, ctx, arn)

    page, marker = paginate(await ctx.store.read(read), request)
    return {"FunctionArns": page, "NextMarker": marker}


@operation("PutFunctionCodeSigningConfig", resource=unqualified_arn)
async def put_function_code_signing_config(ctx: Context, request: Request) -> Result:
    """Attach a configuration to a function."""
    name, arn = parse(ctx, request["FunctionName"]), request["CodeSigningConfigArn"]

    def put(tx: Transaction) -> None:
        if store.find_signing(tx, arn) is None:
            raise _not_there(arn)
        store.load_function(tx, name)
        attach(tx, name, arn)

    await ctx.store.transact(put)
    return {"CodeSigningConfigArn": arn, "FunctionName": name.name}


@operation("GetFunctionCodeSigningConfig", resource=unqualified_arn)
async def get_function_code_signing_config(ctx: Context, request: Request) -> Result:
    """The configuration attached to a function; nothing when there is none."""
    name = parse(ctx, request["FunctionName"])

    def read(view: Snapshot) -> Result:
        store.load_function(view, name)
        attached = store.load_document(view, name, _KIND, "")
        return {**attached, "FunctionName": name.name} if attached else {}

    return await ctx.store.read(read)


@operation("DeleteFunctionCodeSigningConfig", resource=unqualified_arn)
async def delete_function_code_signing_config(ctx: Context, request: Request) -> Result:
    """Detach it."""
    name = parse(ctx, request["FunctionName"])

    def delete(tx: Transaction) -> None:
        store.load_function(tx, name)
        store.delete_document(tx, name, _KIND, "")

    await ctx.store.transact(delete)
    return {}
