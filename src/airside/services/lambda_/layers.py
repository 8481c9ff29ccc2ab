"""Layers: packages that functions share, extracted to /opt."""

import asyncio
import re
from pathlib import Path
from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.kernel.clock import iso8601
from airside.services.lambda_ import code as packages
from airside.services.lambda_ import errors, layer, limits, policy
from airside.services.lambda_ import layer_store as store
from airside.services.lambda_.function import Code
from airside.services.lambda_.layer import LayerVersion
from airside.services.lambda_.paging import paginate

_ARN = re.compile(
    r"arn:aws[a-zA-Z-]*:lambda:([a-z0-9-]+):(\d{12}):layer:([a-zA-Z0-9-_]+)(?::(\d+))?"
)
_NAME = re.compile(r"[a-zA-Z0-9-_]+")

Place = tuple[str, str, str]
"""Account, region, name."""


def _place(ctx: Context, text: str) -> Place:
    found = _ARN.fullmatch(text)
    if found:
        return found.group(2), found.group(1), found.group(3)
    if not _NAME.fullmatch(text):
        raise errors.InvalidParameterValueException(f"Invalid Layer name: {text}", Type="User")
    return ctx.account_id, ctx.region, text


def layer_arn(ctx: Context, request: Request) -> str:
    """The ARN that policies speak about."""
    account_id, region, name = _place(ctx, request["LayerName"])
    arn = f"arn:aws:lambda:{region}:{account_id}:layer:{name}"
    return f"{arn}:{request['VersionNumber']}" if "VersionNumber" in request else arn


def _find(view: Snapshot, ctx: Context, request: Request) -> LayerVersion | None:
    if request["VersionNumber"] < 1:
        raise errors.InvalidParameterValueException(
            "Layer Version Cannot be less than 1", Type="User"
        )
    return store.find_layer(view, _place(ctx, request["LayerName"]), request["VersionNumber"])


def _load(view: Snapshot, ctx: Context, request: Request) -> LayerVersion:
    """The layer version whose policy a request is about."""
    found = _find(view, ctx, request)
    if found is None:
        raise errors.ResourceNotFoundException(
            f"Layer version {layer_arn(ctx, request)} does not exist.", Type="User"
        )
    return found


def _no_layer() -> errors.ResourceNotFoundException:
    return errors.ResourceNotFoundException(
        "The resource you requested does not exist.", Type="User"
    )


def _check_revision(request: Request, found: LayerVersion) -> None:
    given = request.get("RevisionId")
    if given and given != found.revision_id:
        raise errors.PreconditionFailedException(
            "The Revision Id provided does not match the latest Revision Id. Call the "
            "GetLayerPolicy API to retrieve the latest Revision Id", Type="User",
        )  # fmt: skip


def _describe(ctx: Context, found: LayerVersion, *, content: bool = True) -> dict[str, Any]:
    result: dict[str, Any] = {
        "LayerVersionArn": found.arn,
        "Version": found.version,
        "Description": found.description,
        "CreatedDate": iso8601(found.created_at).replace("Z", "+0000"),
        "CompatibleRuntimes": found.runtimes,
        "CompatibleArchitectures": found.architectures,
        "LicenseInfo": found.license_info or None,
    }
    if content:
        result["LayerArn"] = found.layer_arn
        place = f"/_aws/lambda-code/{found.code.blob_id}/layer.zip"
        result["Content"] = {
            "Location": ctx.cloud.settings.endpoint + place,
            "CodeSha256": found.code.sha256, "CodeSize": found.code.size,
        }  # fmt: skip
    return result


@operation("PublishLayerVersion", resource=layer_arn)
async def publish_layer_version(ctx: Context, request: Request) -> Result:
    """Publish the next version of a layer."""
    place = _place(ctx, request["LayerName"])
    code = await packages.obtain(ctx, request["Content"])
    now, revision = ctx.clock.now(), ctx.ids.uuid()

    def publish(tx: Transaction) -> LayerVersion:
        made = LayerVersion(
            account_id=place[0], region=place[1], name=place[2],
            version=store.next_layer_version(tx, place),
            description=request.get("Description", ""),
            license_info=request.get("LicenseInfo", ""),
            runtimes=request.get("CompatibleRuntimes"),
            architectures=request.get("CompatibleArchitectures"),
            code=code, created_at=now, revision_id=revision,
        )  # fmt: skip
        store.save_layer(tx, made)
        if code.blob_id:
            ctx.blobs.hold(tx, code.blob_id, made.arn.encode())
        return made

    return _describe(ctx, await ctx.store.transact(publish))


@operation("GetLayerVersion", resource=layer_arn)
async def get_layer_version(ctx: Context, request: Request) -> Result:
    """One version of a layer."""
    found = await ctx.store.read(lambda view: _find(view, ctx, request))
    if found is None:
        raise _no_layer()
    return _describe(ctx, found)


def _arn_of(ctx: Context, request: Request) -> str:
    arn: str = request["Arn"]
    return arn


@operation("GetLayerVersionByArn", resource=_arn_of, action="lambda:GetLayerVersion")
async def get_layer_version_by_arn(ctx: Context, request: Request) -> Result:
    """One version of a layer, by its ARN."""
    try:
        return _describe(ctx, (await _find_all(ctx, [request["Arn"]]))[0])
    except errors.InvalidParameterValueException:
        raise _no_layer() from None


@operation("DeleteLayerVersion", resource=layer_arn)
async def delete_layer_version(ctx: Context, request: Request) -> Result:
    """Delete a version; functions that use it keep their copy."""

    def delete(tx: Transaction) -> None:
        found = _find(tx, ctx, request)
        if found is not None:
            store.delete_layer(tx, found)
            if found.code.blob_id:
                ctx.blobs.release(tx, found.code.blob_id, found.arn.encode())

    await ctx.store.transact(delete)
    return {}


def _fits(request: Request, found: LayerVersion) -> bool:
    runtime, architecture = request.get("CompatibleRuntime"), request.get("CompatibleArchitecture")
    return (runtime is None or runtime in (found.runtimes or ())) and (
        architecture is None or architecture in (found.architectures or ())
    )


@operation("ListLayerVersions")
async def list_layer_versions(ctx: Context, request: Request) -> Result:
    """Versions of a layer, newest first."""
    place = _place(ctx, request["LayerName"])
    found = await ctx.store.read(lambda view: store.layer_versions(view, place))
    fitting = [
        _describe(ctx, each, content=False) for each in reversed(found) if _fits(request, each)
    ]
    page, marker = paginate(fitting, request)
    return {"LayerVersions": page, "NextMarker": marker}


@operation("ListLayers")
async def list_layers(ctx: Context, request: Request) -> Result:
    """Layers, each with its newest version that fits."""
    found = await ctx.store.read(lambda view: store.layers(view, ctx.account_id, ctx.region))
    newest: dict[str, LayerVersion] = {each.name: each for each in found if _fits(request, each)}
    shown = [
        {"LayerName": each.name, "LayerArn": each.layer_arn,
         "LatestMatchingVersion": _describe(ctx, each, content=False)}
        for each in newest.values()
    ]  # fmt: skip
    page, marker = paginate(shown, request)
    return {"Layers": page, "NextMarker": marker}


@operation("AddLayerVersionPermission", resource=layer_arn)
async def add_layer_version_permission(ctx: Context, request: Request) -> Result:
    """Let others use a version."""
    revision = ctx.ids.uuid()

    def add(tx: Transaction) -> dict[str, Any]:
        found = _load(tx, ctx, request)
        _check_revision(request, found)
        added = policy.statement(found.arn, request)
        if any(known["Sid"] == added["Sid"] for known in found.statements):
            raise errors.ResourceConflictException(
                f"The statement id ({added['Sid']}) provided already exists. Please provide a new "
                "statement id, or remove the existing statement.", Type="User",
            )  # fmt: skip
        found.statements.append(added)
        found.revision_id = revision
        store.save_layer(tx, found)
        return added

    added = await ctx.store.transact(add)
    return {"Statement": policy.json_text(added), "RevisionId": revision}


@operation("RemoveLayerVersionPermission", resource=layer_arn)
async def remove_layer_version_permission(ctx: Context, request: Request) -> Result:
    """Take a permission back."""
    revision = ctx.ids.uuid()

    def remove(tx: Transaction) -> None:
        found = _load(tx, ctx, request)
        _check_revision(request, found)
        left = [each for each in found.statements if each["Sid"] != request["StatementId"]]
        if len(left) == len(found.statements):
            raise errors.ResourceNotFoundException(
                f"Statement {request['StatementId']} is not found in resource policy.", Type="User"
            )
        found.statements, found.revision_id = left, revision
        store.save_layer(tx, found)

    await ctx.store.transact(remove)
    return {}


@operation("GetLayerVersionPolicy", resource=layer_arn)
async def get_layer_version_policy(ctx: Context, request: Request) -> Result:
    """Who may use a version."""
    found = await ctx.store.read(lambda view: _load(view, ctx, request))
    if not found.statements:
        raise errors.ResourceNotFoundException(
            "No policy is associated with the given resource.", Type="User"
        )
    return {"Policy": policy.text(found.statements), "RevisionId": found.revision_id}


async def _find_all(ctx: Context, arns: list[str]) -> list[LayerVersion]:
    def read(view: Snapshot) -> list[LayerVersion]:
        found = []
        for arn in arns:
            match = _ARN.fullmatch(arn)
            if not match or match.group(4) is None:
                raise errors.InvalidParameterValueException(
                    f"Layer version {arn} is not a layer version's ARN.", Type="User"
                )
            region, account_id, name, version = match.groups()
            one = store.find_layer(view, (account_id, region, name), int(version))
            if one is None:
                raise errors.InvalidParameterValueException(
                    f"Layer version {arn} does not exist.", Type="User"
                )
            found.append(one)
        return found

    return await ctx.store.read(read)


async def resolve_layers(ctx: Context, arns: list[str]) -> list[dict[str, Any]]:
    """The layer versions that a function names, in order, with what is needed to run them."""
    if len(arns) > limits.LAYERS_MAX:
        raise errors.InvalidParameterValueException(
            f"Cannot reference more than {limits.LAYERS_MAX} layers.", Type="User"
        )
    if any(arn.split(":")[3] not in {ctx.region, ""} for arn in arns):
        raise errors.InvalidParameterValueException(
            "Layers are not in the same region as the function. Layers are expected to be in "
            f"region {ctx.region}.", Type="User",
        )  # fmt: skip
    found = await _find_all(ctx, arns)
    seen: dict[str, str] = {}
    for each in found:
        if each.layer_arn in seen:
            raise errors.InvalidParameterValueException(
                "Two different versions of the same layer are not allowed to be referenced in the "
                f"same function. {seen[each.layer_arn]} and {each.arn} are versions of the same "
                "layer.", Type="User",
            )  # fmt: skip
        seen[each.layer_arn] = each.arn
    return [
        {"Arn": each.arn, "CodeSize": each.code.size, "Sha256": each.code.sha256,
         "BlobId": each.code.blob_id, "Folder": each.code.folder, "OwnBoto3": each.code.own_boto3,
         "UsesBoto3": each.code.uses_boto3, "Unzipped": each.code.unzipped}
        for each in found
    ]  # fmt: skip


def code_of(stored: dict[str, Any]) -> Code:
    """A function's layer as a package."""
    return Code(
        sha256=stored["Sha256"], size=stored["CodeSize"], blob_id=stored["BlobId"],
        folder=stored.get("Folder", ""), own_boto3=stored["OwnBoto3"],
        uses_boto3=stored["UsesBoto3"],
    )  # fmt: skip


async def opt_folder(ctx: Context, stored: list[dict[str, Any]]) -> Path | None:
    """The folder that becomes /opt: all layers, in order."""
    if not stored:
        return None
    folders = [await packages.unpacked(ctx, code_of(each)) for each in stored]
    if len(folders) == 1:
        return folders[0]
    return await asyncio.to_thread(layer.merged, folders, packages.functions_folder(ctx))
