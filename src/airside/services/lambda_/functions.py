"""Functions: creating, reading, changing and deleting them."""

from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.lambda_ import code as packages
from airside.services.lambda_ import configuration, errors, store
from airside.services.lambda_.code_signing import attach, check_unsigned
from airside.services.lambda_.executor import Executor
from airside.services.lambda_.function import Code, Function, Version, listed
from airside.services.lambda_.function import configuration as describe
from airside.services.lambda_.layers import resolve_layers
from airside.services.lambda_.limits import NAME_LENGTH_MAX, PAGE_ITEMS, TAGS_MAX
from airside.services.lambda_.names import (
    LATEST,
    FunctionName,
    function_arn,
    is_version,
    parse,
    requested,
    unqualified_arn,
)  # fmt: skip
from airside.services.lambda_.package import check_together
from airside.services.lambda_.versions import publish

_BEING_CREATED = "The function is being created."


@operation("CreateFunction", resource=unqualified_arn)
async def create_function(ctx: Context, request: Request) -> Result:
    """Make a function of a package and a configuration; it is active at once."""
    name = _new_name(ctx, request)
    config = configuration.create(request)
    if request.get("Layers"):
        config["Layers"] = await resolve_layers(ctx, request["Layers"])
    if await ctx.store.read(lambda view: store.function_exists(view, name)):
        raise _exists(name)
    await ctx.component(Executor).check_runtime(config["Runtime"])
    code = await packages.obtain(ctx, request["Code"])
    check_together(code.unzipped, config.get("Layers", []))
    now, revision = ctx.clock.now(), ctx.ids.uuid()
    publishing = ctx.ids.uuid() if request.get("Publish") else ""

    def create(tx: Transaction) -> Version:
        if store.function_exists(tx, name):
            raise _exists(name)
        function = Function(name=name.name, created_at=now, tags=request.get("Tags", {}))
        version = Version(
            version=LATEST, config=config, code=code, modified_at=now, revision_id=revision
        )
        signing = request.get("CodeSigningConfigArn", "")
        check_unsigned(tx, name, signing)
        store.save_function(tx, name, function)
        if signing:
            attach(tx, name, signing)
        save_latest(ctx, tx, name, version)
        if publishing:
            return publish(ctx, tx, name, "", now, publishing)
        return version

    version = await ctx.store.transact(create)
    ctx.component(Executor).changed(name)
    ctx.component(Executor).prepare(version)
    version = await ctx.component(Executor).prepare_snapshot(name, version)
    made = {**describe(name.arn, version, qualified=False), "FunctionArn": name.arn}
    del made["LastUpdateStatus"]
    return {
        **made, "State": "Pending", "StateReason": _BEING_CREATED, "StateReasonCode": "Creating",
        "RevisionId": ctx.ids.uuid(),
    }  # fmt: skip


def _in_progress(ctx: Context, described: dict[str, Any]) -> dict[str, Any]:
    """An update as AWS answers it: under way, and under a revision that ends when it is done.

    Here it is done already; who looks again, waiters too, sees that.
    """
    return {
        **described, "LastUpdateStatus": "InProgress", "LastUpdateStatusReason": _BEING_CREATED,
        "LastUpdateStatusReasonCode": "Creating", "RevisionId": ctx.ids.uuid(),
    }  # fmt: skip


def _new_name(ctx: Context, request: Request) -> FunctionName:
    name = parse(ctx, request["FunctionName"])
    if len(name.name) > NAME_LENGTH_MAX:
        raise errors.InvalidParameterValueException(
            f"1 validation error detected: Value '{name.name}' at 'functionName' failed to satisfy "
            f"constraint: Member must have length less than or equal to {NAME_LENGTH_MAX}",
            Type="User",
        )
    if len(request.get("Tags", {})) > TAGS_MAX:
        raise errors.InvalidParameterValueException(
            "Number of tags exceeds resource tag limit.", Type="User"
        )
    return name


def save_latest(
    ctx: Context, tx: Transaction, name: FunctionName, version: Version, old: Code | None = None
) -> None:
    """Write $LATEST and say which blob it needs now, and which no more."""
    owner = f"{name.arn}:{LATEST}".encode()
    if old and old.blob_id and old.blob_id != version.code.blob_id:
        ctx.blobs.release(tx, old.blob_id, owner)
    if version.code.blob_id:
        ctx.blobs.hold(tx, version.code.blob_id, owner)
    store.save_version(tx, name, version)


@operation("GetFunction", resource=function_arn)
async def get_function(ctx: Context, request: Request) -> Result:
    """Configuration, where the code is, tags and reserved concurrency."""
    name = requested(ctx, request)

    def read(view: Snapshot) -> tuple[Function, Version]:
        function = store.load_function(view, name)
        return function, store.resolve(view, name)[0]

    function, version = await ctx.store.read(read)
    result: Result = {
        "Configuration": _described(name, version),
        "Code": {"RepositoryType": "S3", "Location": code_location(ctx, version.code)},
        "Tags": function.tags or None,
    }
    if function.reserved is not None:
        result["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved}
    return result


def code_location(ctx: Context, code: Code) -> str:
    """Where the package can be downloaded; its name cannot be guessed."""
    if code.folder:
        return f"file://{code.folder}"
    return f"{ctx.cloud.settings.endpoint}/_aws/lambda-code/{code.blob_id}/code.zip"


def _described(name: FunctionName, version: Version) -> dict[str, Any]:
    """The ARN answered ends as the qualifier asked for."""
    result = describe(name.arn, version, qualified=False)
    result["FunctionArn"] = name.qualified_arn
    return result


@operation("GetFunctionConfiguration", resource=function_arn)
async def get_function_configuration(ctx: Context, request: Request) -> Result:
    """The configuration of one version."""
    name = requested(ctx, request)
    version, _ = await ctx.store.read(lambda view: store.resolve(view, name))
    return _described(name, version)


@operation("ListFunctions")
async def list_functions(ctx: Context, request: Request) -> Result:
    """Functions by name; with FunctionVersion ALL also each version."""
    count = min(request.get("MaxItems", PAGE_ITEMS), PAGE_ITEMS)
    every = request.get("FunctionVersion") == "ALL"

    def read(view: Snapshot) -> list[tuple[FunctionName, list[Version]]]:
        found = store.functions(
            view, ctx.account_id, ctx.region, after_name=request.get("Marker", ""), limit=count + 1
        )
        page = []
        for function, latest in found:
            name = FunctionName(ctx.account_id, ctx.region, function.name, None)
            page.append((name, store.versions(view, name) if every else [latest]))
        return page

    page = await ctx.store.read(read)
    return {
        "Functions": [
            listed(name.arn, version, qualified=every)
            for name, versions in page[:count]
            for version in versions
        ],
        "NextMarker": page[count - 1][0].name if len(page) > count else None,
    }


@operation("UpdateFunctionCode", resource=unqualified_arn)
async def update_function_code(ctx: Context, request: Request) -> Result:
    """Replace the package of $LATEST."""
    name = _changeable(ctx, request)
    await ctx.store.read(lambda view: store.load_version(view, name, LATEST))
    code = await packages.obtain(ctx, request)
    now, revision = ctx.clock.now(), ctx.ids.uuid()
    publishing = ctx.ids.uuid() if request.get("Publish") else ""

    def update(tx: Transaction) -> Version:
        version = store.load_version(tx, name, LATEST)
        check_revision(request, version.revision_id)
        check_unsigned(tx, name)
        check_together(code.unzipped, version.config.get("Layers", []))
        old, version.code = version.code, code
        version.modified_at, version.revision_id = now, revision
        if "Architectures" in request:
            version.config["Architectures"] = request["Architectures"]
        if request.get("DryRun"):
            return version
        save_latest(ctx, tx, name, version, old)
        if publishing:
            return publish(ctx, tx, name, "", now, publishing)
        return version

    version = await ctx.store.transact(update)
    ctx.component(Executor).changed(name)
    ctx.component(Executor).prepare(version)
    version = await ctx.component(Executor).prepare_snapshot(name, version)
    described = describe(name.arn, version, qualified=False)
    return described if request.get("DryRun") else _in_progress(ctx, described)


@operation("UpdateFunctionConfiguration", resource=unqualified_arn)
async def update_function_configuration(ctx: Context, request: Request) -> Result:
    """Change the configuration of $LATEST; members that are absent stay."""
    name = _changeable(ctx, request)
    layers = await resolve_layers(ctx, request["Layers"]) if "Layers" in request else None
    if "Runtime" in request:
        await ctx.component(Executor).check_runtime(request["Runtime"])
    now, revision = ctx.clock.now(), ctx.ids.uuid()

    def update(tx: Transaction) -> Version:
        version = store.load_version(tx, name, LATEST)
        check_revision(request, version.revision_id)
        version.config = configuration.change(version.config, request, name.name)
        if layers is not None:
            version.config.pop("Layers", None)
            if layers:
                check_together(version.code.unzipped, layers)
                version.config["Layers"] = layers
        version.modified_at, version.revision_id = now, revision
        store.save_version(tx, name, version)
        return version

    version = await ctx.store.transact(update)
    ctx.component(Executor).changed(name)
    return _in_progress(ctx, describe(name.arn, version, qualified=False))


@operation("DeleteFunction", resource=function_arn)
async def delete_function(ctx: Context, request: Request) -> Result:
    """Remove a function, or with a qualifier one version of it."""
    name = requested(ctx, request)
    if name.qualifier and not is_version(name.qualifier):
        raise errors.InvalidParameterValueException(
            "Deletion of aliases is not currently supported.", Type="User"
        )
    if name.qualifier == LATEST:
        raise errors.InvalidParameterValueException(
            "$LATEST version cannot be deleted without deleting the function.", Type="User"
        )

    def delete(tx: Transaction) -> None:
        store.load_function(tx, name._replace(qualifier=None))
        going = store.versions(tx, name)
        if name.qualifier:  # a version that is not there needs no deleting
            going = [version for version in going if version.version == name.qualifier]
            _check_unaliased(tx, name)
            store.delete_version(tx, name, name.qualifier)
        for version in going:
            if version.code.blob_id:
                ctx.blobs.release(
                    tx, version.code.blob_id, f"{name.arn}:{version.version}".encode()
                )
        if not name.qualifier:
            store.delete_everything(tx, name)

    await ctx.store.transact(delete)
    ctx.component(Executor).changed(name, versions=True)
    return {"StatusCode": 204}


def _check_unaliased(view: Snapshot, name: FunctionName) -> None:
    users = [alias.name for alias in store.aliases(view, name)
             if name.qualifier in {alias.version, *alias.weights}]  # fmt: skip
    if users:
        raise errors.ResourceConflictException(
            f"Version [{name.qualifier}] is used by aliases [{', '.join(users)}]. "
            "Please delete the aliases or update them to point to another version.", Type="User",
        )  # fmt: skip


def check_revision(request: Request, current: str) -> None:
    """Refuse when the caller's RevisionId is not the current one."""
    given = request.get("RevisionId")
    if given and given != current:
        raise errors.PreconditionFailedException(
            "The Revision Id provided does not match the latest Revision Id. Call the "
            "GetFunction/GetAlias API to retrieve the latest Revision Id", Type="User",
        )  # fmt: skip


def _changeable(ctx: Context, request: Request) -> FunctionName:
    name = parse(ctx, request["FunctionName"])
    if name.qualifier and name.qualifier != LATEST:
        raise errors.InvalidParameterValueException(
            "This operation is permitted on Lambda functions' $LATEST version only.", Type="User"
        )
    return name


def _exists(name: FunctionName) -> errors.ResourceConflictException:
    return errors.ResourceConflictException(f"Function already exist: {name.name}", Type="User")
