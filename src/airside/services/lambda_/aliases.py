"""Aliases: names for versions, with weights for gradual change."""

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.lambda_ import errors, store
from airside.services.lambda_.executor import Executor
from airside.services.lambda_.function import Alias, alias_configuration
from airside.services.lambda_.names import LATEST, FunctionName, parse, unqualified_arn
from airside.services.lambda_.paging import paginate
from airside.services.lambda_.provisioning import Provisioning


def _invalid(message: str) -> errors.InvalidParameterValueException:
    return errors.InvalidParameterValueException(message, Type="User")


def _weights(request: Request, version: str) -> dict[str, float]:
    weights: dict[str, float] = (
        request.get("RoutingConfig", {}).get("AdditionalVersionWeights") or {}
    )
    if len(weights) > 1:
        raise _invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    if version in weights:
        raise _invalid(
            f"Invalid function version {version}. Function version {version} is already included "
            "in routing configuration."
        )
    if weights and LATEST in {version, *weights}:
        raise errors.InvalidParameterValueException(
            "$LATEST is not supported for an alias pointing to more than 1 version"
        )
    return weights


def _check_versions(view: Snapshot, name: FunctionName, alias: Alias) -> None:
    for version in (alias.version, *alias.weights):
        found = store.load_version(view, name._replace(qualifier=version), version)
        if found.failed:
            raise errors.ResourceConflictException(
                "The operation cannot be performed at this time. The function is currently in the "
                "following state: 'Failed', StateReasonCode: 'FunctionError'", Type="User",
            )  # fmt: skip


def alias_arn(ctx: Context, request: Request) -> str:
    """The ARN that policies speak about."""
    return parse(ctx, request["FunctionName"]).arn


@operation("CreateAlias", resource=alias_arn)
async def create_alias(ctx: Context, request: Request) -> Result:
    """Name a version."""
    name = parse(ctx, request["FunctionName"])
    alias = Alias(
        name=request["Name"], version=request["FunctionVersion"],
        description=request.get("Description", ""), revision_id=ctx.ids.uuid(),
        weights=_weights(request, request["FunctionVersion"]),
    )  # fmt: skip

    def create(tx: Transaction) -> None:
        store.load_function(tx, name._replace(qualifier=alias.version))
        if store.find_alias(tx, name, alias.name):
            raise errors.ResourceConflictException(
                f"Alias already exists: {name.arn}:{alias.name}", Type="User"
            )
        _check_versions(tx, name, alias)
        store.save_alias(tx, name, alias)

    await ctx.store.transact(create)
    ctx.component(Executor).changed_aliases(name)
    return alias_configuration(name.arn, alias)


@operation("GetAlias", resource=alias_arn)
async def get_alias(ctx: Context, request: Request) -> Result:
    """One alias."""
    name = parse(ctx, request["FunctionName"])

    def read(view: Snapshot) -> Alias:
        store.load_function(view, name)
        return store.load_alias(view, name, request["Name"])

    return alias_configuration(name.arn, await ctx.store.read(read))


@operation("UpdateAlias", resource=alias_arn)
async def update_alias(ctx: Context, request: Request) -> Result:
    """Point an alias elsewhere."""
    name = parse(ctx, request["FunctionName"])
    revision = ctx.ids.uuid()

    def update(tx: Transaction) -> Alias:
        store.load_function(tx, name)
        found = store.find_alias(tx, name, request["Name"])
        if found is None:
            raise errors.ResourceNotFoundException(
                f"Alias not found: {name.arn}:{request['Name']}", Type="User"
            )
        alias = found
        given = request.get("RevisionId")
        if given and given != alias.revision_id:
            raise errors.PreconditionFailedException(
                "The Revision Id provided does not match the latest Revision Id. Call the "
                "GetFunction/GetAlias API to retrieve the latest Revision Id", Type="User",
            )  # fmt: skip
        alias.version = request.get("FunctionVersion", alias.version)
        alias.description = request.get("Description", alias.description)
        if "RoutingConfig" in request:
            alias.weights = _weights(request, alias.version)
        alias.revision_id = revision
        _check_versions(tx, name, alias)
        store.save_alias(tx, name, alias)
        return alias

    alias = await ctx.store.transact(update)
    ctx.component(Executor).changed_aliases(name)
    ctx.component(Provisioning).changed(name)
    return alias_configuration(name.arn, alias)


@operation("DeleteAlias", resource=alias_arn)
async def delete_alias(ctx: Context, request: Request) -> Result:
    """Forget an alias; it is no error when it is not there."""
    name = parse(ctx, request["FunctionName"])

    def delete(tx: Transaction) -> None:
        store.load_function(tx, name)
        store.delete_alias(tx, name, request["Name"])
        for kind in store.QUALIFIED_KINDS:
            store.delete_document(tx, name, kind, request["Name"])

    await ctx.store.transact(delete)
    ctx.component(Executor).changed_aliases(name)
    ctx.component(Provisioning).changed(name)
    return {}


@operation("ListAliases", resource=unqualified_arn)
async def list_aliases(ctx: Context, request: Request) -> Result:
    """Aliases by name, all or those of one version."""
    name = parse(ctx, request["FunctionName"])
    wanted = request.get("FunctionVersion")

    def read(view: Snapshot) -> list[Alias]:
        store.load_function(view, name)
        return [alias for alias in store.aliases(view, name)
                if wanted is None or wanted in {alias.version, *alias.weights}]  # fmt: skip

    found = [alias_configuration(name.arn, alias) for alias in await ctx.store.read(read)]
    page, marker = paginate(found, request)
    return {"Aliases": page, "NextMarker": marker}
