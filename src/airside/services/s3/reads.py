"""Reading objects."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from airside.kernel import Context, FileSlice, Request, Result, Snapshot, operation
from airside.services.s3 import access, archive, attributes, encryption, errors, lock, store
from airside.services.s3.bucket import Bucket
from airside.services.s3.common import expected_bucket, expiration_of, on_object, opened, tier2
from airside.services.s3.encoded_words import encoded
from airside.services.s3.encryption import CustomerKey, customer_key
from airside.services.s3.names import bucket_arn, check_key
from airside.services.s3.object import (
    INLINE,
    NULL,
    Part,
    Segment,
    Version,
    check_read_conditions,
    cut,
    invalid_range,
    is_version_id,
    resolve_range,
)
from airside.services.s3.recent import PLAIN, Basis, Recent, basis_of

_OVERRIDES = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
}


@dataclass(slots=True)
class Found:
    """A version about to be read, with what is needed to send its body."""

    bucket: Bucket
    key: str
    version: Version
    now: float = 0.0
    data: bytes = b""
    segments: list[Segment] | None = None
    parts: list[Part] | None = None
    expiration: str | None = None
    part: Part | None = None
    """The one that was asked for by its number."""
    basis: Basis | None = None
    """What the answer rests on, if it can be kept."""


def find(
    view: Snapshot, ctx: Context, request: Mapping[str, Any], action: str = "s3:GetObject"
) -> tuple[Bucket, Version]:
    """The version that a read means. Raises NoSuchKey, NoSuchVersion, MethodNotAllowed.

    Who may not list the bucket is not told whether a key exists: AccessDenied.
    """
    key = request["Key"]
    version_id = request.get("VersionId")
    if version_id is not None:
        action = action.replace("Object", "ObjectVersion", 1)
    if version_id is not None:
        bucket = opened(view, ctx, request, action, key)
        return bucket, specified(view, bucket, key, version_id, ctx, marker_ok=False)
    bucket = expected_bucket(view, request)
    version = store.current(view, bucket.name, key)
    if version is None:
        if not access.may(view, ctx, bucket, "", "s3:ListBucket", {"Prefix": key}):
            raise errors.AccessDenied("Access Denied")
        marker = store.newest_older(view, bucket.name, key) if bucket.is_versioned else None
        told = {"DeleteMarker": True, "VersionId": marker.version_id} if marker else {}
        raise errors.NoSuchKey("The specified key does not exist.", Key=key, **told)
    access.require(view, ctx, bucket, action, key, request)
    return bucket, version


def find_kept(
    view: Snapshot, ctx: Context, request: Mapping[str, Any], action: str
) -> tuple[Bucket, Version]:
    """The version whose tags or grants are meant. A delete marker has none: MethodNotAllowed."""
    try:
        return find(view, ctx, request, action)
    except errors.NoSuchKey as error:
        if "DeleteMarker" not in error.members:
            raise
        raise errors.MethodNotAllowed(
            "The specified method is not allowed against this resource.",
            Method=ctx.http.method if ctx.http is not None else "GET",
            ResourceType="DeleteMarker",
            **{name: error.members[name] for name in ("DeleteMarker", "VersionId")},
        ) from None


def specified(
    view: Snapshot, bucket: Bucket, key: str, version_id: str, ctx: Context, *, marker_ok: bool
) -> Version:
    """A version by its id. Raises NoSuchVersion, InvalidArgument, MethodNotAllowed (a marker)."""
    version = store.find_version(view, bucket.name, key, version_id)
    if version is None:
        if not access.may(view, ctx, bucket, "", "s3:ListBucket", {"Prefix": key}):
            raise errors.AccessDenied("Access Denied")
        if not is_version_id(version_id) or (version_id != NULL and not bucket.is_versioned):
            raise errors.InvalidArgument(
                "Invalid version id specified",
                ArgumentName="versionId",
                ArgumentValue=version_id,
            )
        raise errors.NoSuchVersion(
            "The specified version does not exist.", Key=key, VersionId=version_id
        )
    if version.is_delete_marker and not marker_ok:
        raise errors.MethodNotAllowed(
            "The specified method is not allowed against this resource.",
            Method=ctx.http.method if ctx.http is not None else "GET",
            ResourceType="DeleteMarker",
            DeleteMarker=True,
            VersionId=version.version_id,
            LastModified=version.modified_at,
            Allow="DELETE",
        )
    return version


def _checked(request: Mapping[str, Any]) -> CustomerKey | None:
    """The SSE-C key of a read. Raises for headers that only writes may have."""
    check_key(request["Key"])
    if request.get("ServerSideEncryption") is not None:
        raise errors.InvalidArgument(
            "x-amz-server-side-encryption header is not supported for this operation.",
            ArgumentName="x-amz-server-side-encryption",
            ArgumentValue=request["ServerSideEncryption"],
        )
    return customer_key(request)


@operation("GetObject", resource=on_object)
async def get_object(ctx: Context, request: Request) -> Result:
    """An object's headers and bytes, all or a range or a part of them."""
    if request.keys() <= PLAIN:
        recent = ctx.component(Recent)
        kept = recent.find(ctx, request)
        if kept is not None:
            data = ctx.cloud.store
            if kept.state == data.state or await recent.holds(data, kept):
                _bill(ctx, kept.arn, kept.bytes)
                return kept.result if ctx.http is not None else dict(kept.result)
    return await _read(ctx, request)


async def _read(ctx: Context, request: Request) -> Result:
    secret = _checked(request)

    def look(view: Snapshot) -> tuple[Found, tuple[int, int] | None]:
        bucket, version = find(view, ctx, request)
        found = Found(bucket, request["Key"], version, ctx.clock.now())
        encryption.check_key(version, secret)
        archive.check_readable(version, found.now)
        check_read_conditions(version, request, found.now)
        if bucket.has_lifecycle and "VersionId" not in request:
            found.expiration = expiration_of(view, bucket, found.key, version)
        span = _span(view, found, request)
        if version.place == INLINE:
            found.data = store.inline_body(view, bucket.name, found.key, version.number)
            if not version.restored_until:
                found.basis = basis_of(view, bucket, request)
        elif secret is not None and version.parts_count:
            found.parts = store.parts_of(view, bucket.name, found.key, version.number)
        else:
            found.segments = store.segments_of(view, bucket.name, found.key, version)
        return found, span

    found, span = await ctx.store.read(look)
    offset, length = span if span is not None else (0, found.version.size)
    result = described(found, request, span)
    result["Body"] = body_of(ctx, found, offset, length, secret)
    result["ContentLength"] = length
    if span is not None:
        result["ContentRange"] = f"bytes {offset}-{offset + length - 1}/{found.version.size}"
        result["StatusCode"] = 206
    if found.basis is not None:
        ctx.component(Recent).keep(found.basis, request, result)
    _bill(ctx, bucket_arn(found.bucket.name), length)
    return result


def _bill(ctx: Context, arn: str, length: int) -> None:
    """A GET and what it sent; what AWS's own services fetch is not transferred out."""
    ctx.use("Requests-Tier2", 1, arn)
    if ctx.principal.kind != "service":
        ctx.use("DataTransfer-Out-Bytes", length, arn)


@operation("HeadObject", resource=on_object, action="s3:GetObject")
async def head_object(ctx: Context, request: Request) -> Result:
    """An object's headers."""
    secret = _checked(request)

    def look(view: Snapshot) -> tuple[Found, tuple[int, int] | None]:
        bucket, version = find(view, ctx, request)
        found = Found(bucket, request["Key"], version, ctx.clock.now())
        encryption.check_key(version, secret)
        check_read_conditions(version, request, found.now)
        if bucket.has_lifecycle and "VersionId" not in request:
            found.expiration = expiration_of(view, bucket, found.key, version)
        return found, _span(view, found, request)

    found, span = await ctx.store.read(look)
    result = described(found, request, span)
    result["ContentLength"] = span[1] if span is not None else found.version.size
    if span is not None:
        offset, length = span
        result["ContentRange"] = f"bytes {offset}-{offset + length - 1}/{found.version.size}"
        result["StatusCode"] = 206
    tier2(ctx, found.bucket.name)
    return result


def _span(view: Snapshot, found: Found, request: Mapping[str, Any]) -> tuple[int, int] | None:
    """(offset, length) that the request asks for; None for everything."""
    version = found.version
    number = request.get("PartNumber")
    if number is None:
        return resolve_range(request.get("Range"), version.size)
    if request.get("Range"):
        raise errors.InvalidRequest(
            "Cannot specify both Range header and partNumber query parameter"
        )
    if not version.parts_count:
        if number != 1:
            raise _no_such_part(number, 1)
        return (0, version.size) if version.size else None
    offset = 0
    parts = store.parts_of(view, found.bucket.name, found.key, version.number)
    if number > len(parts):
        raise _no_such_part(number, len(parts))
    found.part = parts[number - 1]
    offset = sum(part.size for part in parts[: number - 1])
    if not found.part.size:
        raise invalid_range(None, version.size)
    return offset, found.part.size


def _no_such_part(number: int, count: int) -> errors.InvalidPartNumber:
    return errors.InvalidPartNumber(
        "The requested partnumber is not satisfiable",
        PartNumberRequested=str(number),
        ActualPartCount=str(count),
    )


def described(found: Found, request: Mapping[str, Any], span: tuple[int, int] | None) -> Result:
    """What GetObject and HeadObject say about a version, or about a part of it.

    The checksum is told with what it is of: everything, or a part that was asked for.
    """
    whole = span is None or span[1] == found.version.size or found.part is not None
    bucket, version, part = found.bucket, found.version, found.part
    result: Result = {
        "AcceptRanges": "bytes",
        "LastModified": version.modified_at,
        "ETag": version.quoted_etag,
        **version.headers,
        **attributes.shown_encryption(version),
    }
    if found.expiration is not None:
        result["Expiration"] = found.expiration
    if version.metadata:
        result["Metadata"] = {name: encoded(text) for name, text in version.metadata.items()}
    if bucket.is_versioned:
        result["VersionId"] = version.version_id
    if version.storage_class != "STANDARD":
        result["StorageClass"] = version.storage_class
        result["Restore"] = archive.header(version, found.now)
    if version.tags:
        result["TagCount"] = len(version.tags)
    if version.parts_count and request.get("PartNumber"):
        result["PartsCount"] = version.parts_count
    if request.get("ChecksumMode", "").upper() == "ENABLED" and whole:
        if part is None or version.checksum_asked:
            result.update(version.checksums if part is None else part.checksums)
        result["ChecksumType"] = version.checksum_type or None
    result.update(lock.shown(version))
    for asked, member in _OVERRIDES.items():
        if request.get(asked) is not None:
            result[member] = request[asked]
    if "ResponseExpires" in request:
        result["Expires"] = formatdate(request["ResponseExpires"], usegmt=True)
    return result


def body_of(
    ctx: Context, found: Found, offset: int, length: int, secret: CustomerKey | None
) -> bytes | FileSlice | AsyncIterator[bytes]:
    """The bytes asked for, in the cheapest form: memory, one file, or a stream."""
    version = found.version
    if version.place == INLINE:
        data = found.data[offset : offset + length]
        if secret is None:
            return data
        return secret.cipher(version.nonce, offset).update(data)
    if found.parts is not None:
        assert secret is not None
        return _deciphered_parts(ctx, found.parts, offset, length, secret)
    segments = cut(found.segments or [], offset, length)
    if secret is not None:
        return encryption.deciphered(stream(ctx, segments), secret, version.nonce, offset)
    if not segments:
        return b""
    if len(segments) == 1:
        only = segments[0]
        return FileSlice(ctx.blobs.path(only.blob_id), only.offset, only.length)
    return stream(ctx, segments)


async def stream(ctx: Context, segments: list[Segment]) -> AsyncIterator[bytes]:
    """Pieces of blobs, one after the other."""
    for segment in segments:
        async for chunk in ctx.blobs.read(segment.blob_id, segment.offset, segment.length):
            yield chunk


async def _deciphered_parts(
    ctx: Context, parts: list[Part], offset: int, length: int, secret: CustomerKey
) -> AsyncIterator[bytes]:
    """Each part was encrypted on its own."""
    for part in parts:
        if length <= 0:
            return
        if offset >= part.size:
            offset -= part.size
            continue
        take = min(length, part.size - offset)
        chunks = stream(ctx, cut(part.segments, offset, take))
        async for chunk in encryption.deciphered(chunks, secret, part.nonce, offset):
            yield chunk
        length -= take
        offset = 0


@operation("GetObjectAttributes", resource=on_object)
async def get_object_attributes(ctx: Context, request: Request) -> Result:
    """Chosen facts about an object, with its parts."""
    secret = customer_key(request)
    wanted = set(request["ObjectAttributes"])
    marker, limit = request.get("PartNumberMarker", 0), request.get("MaxParts", 1000)

    def look(view: Snapshot) -> tuple[Bucket, Version, list[Part]]:
        bucket, version = find(view, ctx, request)
        encryption.check_key(version, secret)
        parts: list[Part] = []
        if version.parts_count and "ObjectParts" in wanted:
            parts = store.parts_of(view, bucket.name, request["Key"], version.number)
        return bucket, version, parts

    bucket, version, parts = await ctx.store.read(look)
    result: Result = {
        "LastModified": version.modified_at,
        "VersionId": attributes.shown_version_id(bucket, version),
    }
    if "ETag" in wanted:
        result["ETag"] = version.etag
    if "Checksum" in wanted and version.checksums:
        checksums = {name: text.partition("-")[0] for name, text in version.checksums.items()}
        result["Checksum"] = {**checksums, "ChecksumType": version.checksum_type}
    if "StorageClass" in wanted:
        result["StorageClass"] = version.storage_class
    if "ObjectSize" in wanted:
        result["ObjectSize"] = version.size
    if parts:
        result["ObjectParts"] = _shown_parts(version, parts, marker, limit)
    tier2(ctx, bucket.name)
    return result


def _shown_parts(version: Version, parts: list[Part], marker: int, limit: int) -> dict[str, Any]:
    """The parts, with their checksums where the upload had asked for any."""
    later = [part for part in parts if part.number > marker]
    return {
        "TotalPartsCount": len(parts),
        "PartNumberMarker": marker,
        "MaxParts": limit,
        "IsTruncated": len(later) > limit,
        "NextPartNumberMarker": later[:limit][-1].number if later[:limit] else 0,
        "Parts": [
            {"PartNumber": part.number, "Size": part.size,
             **(part.checksums if version.checksum_asked else {})}
            for part in later[:limit]
        ],
    }  # fmt: skip
