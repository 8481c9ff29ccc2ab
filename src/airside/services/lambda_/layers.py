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


def _missing(arn: str) -> errors.ResourceNotFoundException:
    return errors.ResourceNotFoundException(
        f"The resource you requested does not exist: {arn}", Type="User"
    )


def _load(view: Snapshot, ctx: Context, request: Request) -> LayerVersion:
    found = store.find_layer(view, _place(ctx, request["LayerName"]), request["VersionNumber"])
    if found is None:
        raise _missing(layer_arn(ctx, request))
    return found


def _describe(ctx: Context, found: LayerVersion, *, content: bool = True) -> dict[str, Any]:
    result: dict[str, Any] = {
        "LayerVersionArn": found.arn,
        "Version": found.version,
        "Description": found.description,
        "CreatedDate": iso8601(found.created_at).replace("Z", "+0000"),
        "CompatibleRuntimes": found.runtimes or None,
        "CompatibleArchitectures": found.architectures or None,
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
            runtimes=request.get("CompatibleRuntimes", []),
            architectures=request.get("CompatibleArchitectures", []),
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
    return _describe(ctx, await ctx.store.read(lambda view: _load(view, ctx, request)))


def _arn_of(ctx: Context, request: Request) -> str:
    arn: str = request["Arn"]
    return arn


@operation("GetLayerVersionByArn", resource=_arn_of, action="lambda:GetLayerVersion")
async def get_layer_version_by_arn(ctx: Context, request: Request) -> Result:
    """One version of a layer, by its ARN."""
    return _describe(ctx, (await _find_all(ctx, [request["Arn"]]))[0])


@operation("DeleteLayerVersion", resource=layer_arn)
async def delete_layer_version(ctx: Context, request: Request) -> Result:
    """Delete a version; functions that use it keep their copy."""
    place = _place(ctx, request["LayerName"])

    def delete(tx: Transaction) -> None:
        found = store.find_layer(tx, place, request["VersionNumber"])
        if found is not None:
            store.delete_layer(tx, found)
            if found.code.blob_id:
                ctx.blobs.release(tx, found.code.blob_id, found.arn.encode())

    await ctx.store.transact(delete)
    return {}


def _fits(request: Request, found: LayerVersion) -> bool:
    runtime, architecture = request.get("CompatibleRuntime"), request.get("CompatibleArchitecture")
    return (runtime is None or runtime in found.runtimes) and (
        architecture is None or architecture in found.architectures
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

    def remove(tx: Transaction) -> None:
        found = _load(tx, ctx, request)
        left = [each for each in found.statements if each["Sid"] != request["StatementId"]]
        if len(left) == len(found.statements):
            raise errors.ResourceNotFoundException(
                f"Statement {request['StatementId']} is not found in resource policy.", Type="User"
            )
        found.statements = left
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
            f"Functions cannot have more than {limits.LAYERS_MAX} layers.", Type="User"
        )
    found = await _find_all(ctx, arns)
    if len({each.layer_arn for each in found}) < len(found):
        raise errors.InvalidParameterValueException(
            "Two different versions of the same layer are not allowed to be referenced in the "
            "same function.", Type="User",
        )  # fmt: skip
    return [
        {"Arn": each.arn, "CodeSize": each.code.size, "Sha256": each.code.sha256,
         "BlobId": each.code.blob_id, "OwnBoto3": each.code.own_boto3,
         "UsesBoto3": each.code.uses_boto3}
        for each in found
    ]  # fmt: skip


def code_of(stored: dict[str, Any]) -> Code:
    """A function's layer as a package."""
    return Code(
        sha256=stored["Sha256"], size=stored["CodeSize"], blob_id=stored["BlobId"],
        own_boto3=stored["OwnBoto3"], uses_boto3=stored["UsesBoto3"],
    )  # fmt: skip


async def opt_folder(ctx: Context, stored: list[dict[str, Any]]) -> Path | None:
    """The folder that becomes /opt: all layers, in order."""
    if not stored:
        return None
    folders = [await packages.unpacked(ctx, code_of(each)) for each in stored]
    if len(folders) == 1:
        return folders[0]
    target = packages.functions_folder(ctx) / layer.merged_name(folders)
    await asyncio.to_thread(layer.merge, folders, target)
    return target
