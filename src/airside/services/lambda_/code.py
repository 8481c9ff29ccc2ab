"""Getting a function's package from where a request says it is."""

import asyncio
from pathlib import Path
from typing import Any

from airside.kernel import Context, OperationNotImplemented, ServiceError
from airside.services.lambda_ import errors, limits, package
from airside.services.lambda_.function import Code

LOCAL_BUCKET = "airside-local"
"""Names a folder of this machine as S3Key, for development: used in place, reloaded on change."""


def functions_folder(ctx: Context) -> Path:
    """Where packages are unpacked."""
    folder: Path = ctx.cloud.settings.data_dir / "functions"
    return folder


async def obtain(ctx: Context, source: dict[str, Any]) -> Code:
    """Fetch, check, store and unpack the package that `Code` (or UpdateFunctionCode) names."""
    if source.get("ImageUri"):
        raise OperationNotImplemented("Container images (PackageType Image) are not implemented.")
    if source.get("S3Bucket") == LOCAL_BUCKET:
        return await _local(ctx, source.get("S3Key", ""))
    if "ZipFile" in source:
        data: bytes = source["ZipFile"]
        if len(data) > limits.ZIP_BYTES_MAX:
            raise errors.RequestEntityTooLargeException(
                f"Zipped size must be smaller than {limits.ZIP_BYTES_MAX} bytes"
            )
    elif source.get("S3Bucket"):
        data = await _from_s3(ctx, source)
    else:
        raise errors.InvalidParameterValueException(
            "Please provide a source for function code.", Type="User"
        )
    return await store_zip(ctx, data)


async def store_zip(ctx: Context, data: bytes) -> Code:
    """Keep a zip as a blob and unpack it."""
    contents = await asyncio.to_thread(package.inspect_zip, data)
    writer = ctx.blobs.create()
    try:
        await writer.write(data)
        blob_id = await writer.commit()
    except BaseException:
        await writer.abort()
        raise
    code = Code(
        sha256=contents.sha256, size=contents.size, blob_id=blob_id,
        own_boto3=contents.own_boto3, uses_boto3=contents.uses_boto3,
        unzipped=contents.unzipped,
    )  # fmt: skip
    await unpacked(ctx, code)
    return code


async def unpacked(ctx: Context, code: Code) -> Path:
    """The folder that holds a package's files, made again when it is missing."""
    if code.folder:
        return Path(code.folder)
    folder = functions_folder(ctx) / code.folder_name
    if not folder.exists():
        await asyncio.to_thread(package.unpack, ctx.blobs.path(code.blob_id), folder)
    return folder


async def _local(ctx: Context, key: str) -> Code:
    if ctx.principal.kind != "root" or not ctx.cloud.settings.is_loopback:
        raise errors.InvalidParameterValueException(
            f"The bucket {LOCAL_BUCKET} is for the account's owner on this machine only.",
            Type="User",
        )
    folder = Path(key)
    if not folder.is_absolute() or not await asyncio.to_thread(folder.is_dir):
        raise errors.InvalidParameterValueException(
            f"S3Key must be the absolute path of a folder: {key}", Type="User"
        )
    if folder.stat().st_mode & 0o005 != 0o005 and folder.stat().st_uid == 0:  # noqa: ASYNC240
        raise errors.InvalidParameterValueException(
            f"Functions run as a user of their own, who may not read {key}: "
            f"chmod -R o+rX {key}", Type="User",
        )  # fmt: skip
    contents = await asyncio.to_thread(package.inspect_folder, folder)
    return Code(
        sha256=contents.sha256, size=contents.size, folder=str(folder),
        own_boto3=contents.own_boto3, uses_boto3=contents.uses_boto3,
    )  # fmt: skip


async def _from_s3(ctx: Context, source: dict[str, Any]) -> bytes:
    request = {"Bucket": source["S3Bucket"], "Key": source.get("S3Key", "")}
    if source.get("S3ObjectVersion"):
        request["VersionId"] = source["S3ObjectVersion"]
    try:
        result = await ctx.call("s3", "GetObject", request)
    except ServiceError as error:
        raise errors.InvalidParameterValueException(
            "Error occurred while GetObject. S3 Error Code: "
            f"{error.name}. S3 Error Message: {error.message}", Type="User",
        ) from None  # fmt: skip
    return await _read_all(result["Body"])


async def _read_all(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    if hasattr(body, "path"):
        return await asyncio.to_thread(_read_slice, body.path, body.offset, body.length)
    chunks = bytearray()
    async for chunk in body:
        chunks += chunk
        if len(chunks) > limits.UNZIPPED_BYTES_MAX:
            raise package.too_large()
    return bytes(chunks)


def _read_slice(path: Path, offset: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)
