"""Listing objects: ListObjects, ListObjectsV2, ListObjectVersions."""

import base64
import heapq
from collections.abc import Iterator, Mapping
from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, operation
from airside.services.s3 import archive, errors, limits, store
from airside.services.s3.bucket import Bucket, owner_of
from airside.services.s3.common import on_bucket, opened, tier1
from airside.services.s3.listing import Page, encoder, walk
from airside.services.s3.object import NULL, Version, number_of_version_id


def _limit(request: Mapping[str, Any]) -> int:
    limit = int(request.get("MaxKeys", limits.LIST_KEYS_MAX))
    if limit < 0:
        raise errors.InvalidArgument(
            "Argument maxKeys must be an integer between 0 and 2147483647",
            ArgumentName="maxKeys",
            ArgumentValue=str(limit),
        )
    return min(limit, limits.LIST_KEYS_MAX)


def _check_encoding(request: Mapping[str, Any]) -> None:
    if request.get("EncodingType") not in (None, "", "url"):
        raise errors.InvalidArgument(
            "Invalid Encoding Method specified in Request",
            ArgumentName="encoding-type",
            ArgumentValue=request["EncodingType"],
        )


async def _page(
    ctx: Context, request: Request, marker: str, limit: int
) -> tuple[Bucket, Page[Version]]:
    """Current objects after `marker`."""
    prefix, delimiter = request.get("Prefix", ""), request.get("Delimiter", "")

    def look(view: Snapshot) -> tuple[Bucket, Page[Version]]:
        bucket = opened(view, ctx, request, "s3:ListBucket")
        name = bucket.name
        page = walk(
            lambda prefix, row: store.scan_current(view, name, prefix, row),
            lambda common: store.row_after_prefix("current", name, common),
            prefix=prefix,
            delimiter=delimiter,
            start=store.row_after_key("current", name, marker) if marker else None,
            marker=marker,
            limit=limit,
        )
        return bucket, page

    bucket, page = await ctx.store.read(look)
    tier1(ctx, bucket.name)
    return bucket, page


def _asked_now(ctx: Context, request: Mapping[str, Any]) -> float:
    """The time, for whoever asks for RestoreStatus, else 0."""
    asked = request.get("OptionalObjectAttributes") or ()
    return ctx.clock.now() if "RestoreStatus" in asked else 0.0


def _contents(
    page: Page[Version], encoding_type: str | None, now: float, *, with_owner: bool
) -> list[dict[str, Any]]:
    """The page's objects; with a `now`, those that are restored say so."""
    encode = encoder(encoding_type)
    found = []
    for key, version in page.entries:
        entry: dict[str, Any] = {
            "Key": encode(key),
            "LastModified": version.modified_at,
            "ETag": version.quoted_etag,
            "Size": version.size,
            "StorageClass": version.storage_class,
        }
        if version.checksums:
            entry["ChecksumAlgorithm"] = [name[8:] for name in version.checksums]
            entry["ChecksumType"] = version.checksum_type
        if now and version.restored_until:
            entry["RestoreStatus"] = archive.status(version, now)
        if with_owner:
            entry["Owner"] = owner_of(version.owner)
        found.append(entry)
    return found


@operation("ListObjects", resource=on_bucket, action="s3:ListBucket")
async def list_objects(ctx: Context, request: Request) -> Result:
    """A page of current objects, version 1 of the interface: by marker."""
    _check_encoding(request)
    marker, limit = request.get("Marker", ""), _limit(request)
    bucket, page = await _page(ctx, request, marker, limit)
    encoding_type = request.get("EncodingType") or None
    encode = encoder(encoding_type)
    delimiter = request.get("Delimiter") or None
    return {
        "Name": bucket.name,
        "BucketRegion": bucket.region,
        "Prefix": request.get("Prefix", ""),
        "Marker": encode(marker),
        "NextMarker": encode(page.last) if page.truncated and delimiter else None,
        "Delimiter": encode(delimiter) if delimiter else None,
        "MaxKeys": limit,
        "EncodingType": encoding_type,
        "IsTruncated": page.truncated,
        "Contents": _contents(page, encoding_type, _asked_now(ctx, request), with_owner=True),
        "CommonPrefixes": [{"Prefix": encode(prefix)} for prefix in page.prefixes],
    }


@operation("ListObjectsV2", resource=on_bucket, action="s3:ListBucket")
async def list_objects_v2(ctx: Context, request: Request) -> Result:
    """A page of current objects, by continuation token."""
    _check_encoding(request)
    token, start_after = request.get("ContinuationToken"), request.get("StartAfter", "")
    marker, limit = start_after, _limit(request)
    if token is not None:
        marker = _opened_token(token)
    bucket, page = await _page(ctx, request, marker, limit)
    encoding_type = request.get("EncodingType") or None
    encode = encoder(encoding_type)
    delimiter = request.get("Delimiter") or None
    with_owner = bool(request.get("FetchOwner"))
    return {
        "Name": bucket.name,
        "BucketRegion": bucket.region,
        "Prefix": encode(request.get("Prefix", "")),
        "StartAfter": encode(start_after) if start_after else None,
        "ContinuationToken": token,
        "NextContinuationToken": _sealed_token(page.last) if page.truncated else None,
        "Delimiter": encode(delimiter) if delimiter else None,
        "KeyCount": page.count,
        "MaxKeys": limit,
        "EncodingType": encoding_type,
        "IsTruncated": page.truncated,
        "Contents": _contents(page, encoding_type, _asked_now(ctx, request), with_owner=with_owner),
        "CommonPrefixes": [{"Prefix": encode(prefix)} for prefix in page.prefixes],
    }


def _sealed_token(marker: str) -> str:
    return base64.b64encode(b"1" + marker.encode("utf-8", "surrogatepass")).decode()


def _opened_token(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True)[1:].decode("utf-8", "surrogatepass")
    except ValueError:
        raise errors.InvalidArgument(
            "The continuation token provided is incorrect",
            ArgumentName="continuation-token",
            ArgumentValue=token,
        ) from None


@operation("ListObjectVersions", resource=on_bucket, action="s3:ListBucketVersions")
async def list_object_versions(ctx: Context, request: Request) -> Result:
    """A page of versions and delete markers: by key, newest first."""
    _check_encoding(request)
    limit = _limit(request)
    key_marker = request.get("KeyMarker", "")
    id_marker = request.get("VersionIdMarker", "")
    if id_marker and not key_marker:
        raise errors.InvalidArgument(
            "A version-id marker cannot be specified without a key marker.",
            ArgumentName="version-id-marker",
            ArgumentValue=id_marker,
        )

    def look(view: Snapshot) -> tuple[Bucket, Page[tuple[Version, bool]]]:
        bucket = opened(view, ctx, request, "s3:ListBucketVersions")
        return bucket, _version_page(view, bucket, request, limit)

    bucket, page = await ctx.store.read(look)
    tier1(ctx, bucket.name)
    encoding_type = request.get("EncodingType") or None
    encode = encoder(encoding_type)
    delimiter = request.get("Delimiter") or None
    versions, markers, now = [], [], _asked_now(ctx, request)
    for key, (version, is_latest) in page.entries:
        if version.is_delete_marker:
            markers.append(_shown_marker(encode(key), version, is_latest=is_latest))
        else:
            versions.append(_shown_version(encode(key), version, is_latest=is_latest))
            if now and version.restored_until:
                versions[-1]["RestoreStatus"] = archive.status(version, now)
    last = page.last_value[0].version_id if page.last_value else None
    return {
        "Name": bucket.name,
        "Prefix": encode(request.get("Prefix", "")),
        "KeyMarker": encode(key_marker),
        "VersionIdMarker": id_marker,
        "NextKeyMarker": encode(page.last) if page.truncated else None,
        "NextVersionIdMarker": last if page.truncated else None,
        "Delimiter": encode(delimiter) if delimiter else None,
        "MaxKeys": limit,
        "EncodingType": encoding_type,
        "IsTruncated": page.truncated,
        "Versions": versions,
        "DeleteMarkers": markers,
        "CommonPrefixes": [{"Prefix": encode(prefix)} for prefix in page.prefixes],
    }


def _version_page(
    view: Snapshot, bucket: Bucket, request: Mapping[str, Any], limit: int
) -> Page[tuple[Version, bool]]:
    name = bucket.name
    key_marker, id_marker = request.get("KeyMarker", ""), request.get("VersionIdMarker", "")
    resume_older: bytes | None = None
    if key_marker and id_marker:
        resume_older = _after_version(view, name, key_marker, id_marker)
    elif key_marker:
        resume_older = store.row_after_key("older", name, key_marker)

    def source(prefix: str, row: bytes | None) -> Iterator[tuple[str, tuple[Version, bool]]]:
        """`row` is in the range of older versions; the current ones have a twin of it."""
        twin = store.twin_row(row) if row is not None else None
        newest = store.scan_current(view, name, prefix, twin)
        older = store.scan_older(view, name, prefix, row)
        seen = key_marker if row == resume_older and id_marker else None
        for key, version in heapq.merge(newest, older, key=lambda item: item[0].encode()):
            yield key, (version, key != seen)
            seen = key

    return walk(
        source,
        lambda common: store.row_after_prefix("older", name, common),
        prefix=request.get("Prefix", ""),
        delimiter=request.get("Delimiter", ""),
        start=resume_older,
        marker=key_marker,
        limit=limit,
    )


def _after_version(view: Snapshot, bucket: str, key: str, version_id: str) -> bytes:
    version = store.find_version(view, bucket, key, version_id)
    number = version.number if version is not None else number_of_version_id(version_id)
    if number is None:
        if version_id == NULL:
            return store.row_after_key("older", bucket, key)
        raise errors.InvalidArgument(
            "Invalid version id specified",
            ArgumentName="version-id-marker",
            ArgumentValue=version_id,
        )
    return store.row_after_version(bucket, key, number)


def _shown_version(key: str, version: Version, *, is_latest: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Key": key,
        "VersionId": version.version_id,
        "IsLatest": is_latest,
        "LastModified": version.modified_at,
        "ETag": version.quoted_etag,
        "Size": version.size,
        "StorageClass": version.storage_class,
        "Owner": owner_of(version.owner),
    }
    if version.checksums:
        shown["ChecksumAlgorithm"] = [name[8:] for name in version.checksums]
        shown["ChecksumType"] = version.checksum_type
    return shown


def _shown_marker(key: str, version: Version, *, is_latest: bool) -> dict[str, Any]:
    return {
        "Key": key,
        "VersionId": version.version_id,
        "IsLatest": is_latest,
        "LastModified": version.modified_at,
        "Owner": owner_of(version.owner),
    }
