"""Deleting objects, one or many."""

from typing import Any

from airside.kernel import Context, Request, Result, ServiceError, Transaction, operation
from airside.services.s3 import access, errors, events, limits, lock, store
from airside.services.s3.bucket import Bucket
from airside.services.s3.common import expected_bucket, on_bucket, on_object, opened
from airside.services.s3.names import check_key
from airside.services.s3.object import Version, check_write_conditions, is_version_id

_INVALID_VERSION = "Invalid version id specified"


@operation("DeleteObject", resource=on_object)
async def delete_object(ctx: Context, request: Request) -> Result:
    """Delete an object; where versions are kept, leave a delete marker or delete one version."""
    key, version_id = request["Key"], request.get("VersionId")
    check_key(key)
    random_bytes = ctx.ids.random_bytes(18)
    now = ctx.clock.now()
    bypass = bool(request.get("BypassGovernanceRetention"))

    def delete(tx: Transaction) -> tuple[Bucket, Version | None]:
        action = "s3:DeleteObjectVersion" if version_id else "s3:DeleteObject"
        bucket = opened(tx, ctx, request, action, key)
        _check_bypass(bucket, request)
        gone = remove(tx, ctx, bucket, request, random_bytes, now, bypass=bypass)
        return bucket, gone

    bucket, gone = await ctx.store.transact(delete)
    events.wake(ctx, bucket)
    return _answer(bucket, gone, version_id)


def _check_bypass(bucket: Bucket, request: Request) -> None:
    given = request.get("BypassGovernanceRetention")
    if given is not None and not bucket.object_lock:
        raise errors.InvalidArgument(
            "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
            ArgumentName="x-amz-bypass-governance-retention",
        )


def _answer(bucket: Bucket, gone: Version | None, version_id: str | None) -> Result:
    if not bucket.is_versioned:
        return {}
    if version_id is not None:
        marker = gone is not None and gone.is_delete_marker
        return {"VersionId": version_id, "DeleteMarker": True if marker else None}
    assert gone is not None
    return {"VersionId": gone.version_id, "DeleteMarker": True}


def remove(
    tx: Transaction,
    ctx: Context,
    bucket: Bucket,
    request: Request,
    random_bytes: bytes,
    now: float,
    *,
    bypass: bool,
) -> Version | None:
    """Delete what `request` (Key, VersionId, conditions) names.

    What was removed for good, or the delete marker that was put on top.
    """
    key, version_id = request["Key"], request.get("VersionId")
    if version_id is None:
        _check_conditions(store.current(tx, bucket.name, key), request, key)
        if not bucket.is_versioned:
            gone = store.remove_current(tx, ctx.blobs, bucket.name, key)
            if gone is not None:
                events.record(tx, ctx, bucket, "ObjectRemoved:Delete", key, gone)
            return gone
        marker = put_marker(tx, ctx, bucket, key, random_bytes, now)
        events.record(tx, ctx, bucket, "ObjectRemoved:DeleteMarkerCreated", key, marker)
        return marker
    version = store.find_version(tx, bucket.name, key, version_id)
    if version is None:
        if not is_version_id(version_id):
            raise errors.InvalidArgument(
                _INVALID_VERSION, ArgumentName="versionId", ArgumentValue=version_id
            )
        return None
    _check_conditions(version, request, key)
    lock.check_removable(version, now, bypass_governance=bypass)
    store.remove_version(tx, ctx.blobs, bucket.name, key, version)
    events.record(tx, ctx, bucket, "ObjectRemoved:Delete", key, version)
    return version


def _check_conditions(version: Version | None, request: Request, key: str) -> None:
    """If-Match, and the two conditions of directory buckets that S3 now takes everywhere."""
    if version is None:
        if request.get("IfMatch") not in (None, "*"):
            check_write_conditions(None, request, key)
        return
    check_write_conditions(version, {"IfMatch": request.get("IfMatch")}, key)
    size = request.get("IfMatchSize")
    modified_at = request.get("IfMatchLastModifiedTime")
    if (size is not None and size != version.size) or (
        modified_at is not None and int(modified_at) != int(version.modified_at)
    ):
        raise errors.PreconditionFailed(
            "At least one of the pre-conditions you specified did not hold", Condition="If-Match"
        )


def put_marker(
    tx: Transaction, ctx: Context, bucket: Bucket, key: str, random_bytes: bytes, now: float
) -> Version:
    """Put a delete marker on top."""
    owner = ctx.account_id or bucket.owner

    def make(number: int) -> Version:
        return Version(
            size=0,
            etag="",
            modified_at=float(int(now)),
            number=number,
            owner=owner,
            is_delete_marker=True,
        )

    marker, _ = store.add_version(tx, ctx.blobs, bucket, key, make, random_bytes)
    return marker


@operation("DeleteObjects", resource=on_bucket, action="s3:DeleteObject")
async def delete_objects(ctx: Context, request: Request) -> Result:
    """Delete up to 1,000 keys in one transaction; each fails or succeeds on its own."""
    wanted: list[dict[str, Any]] = request["Delete"]["Objects"]
    if len(wanted) > limits.DELETE_KEYS_MAX or not wanted:
        raise errors.MalformedXML(
            "The XML you provided was not well-formed or did not validate against our published "
            "schema"
        )
    quiet = bool(request["Delete"].get("Quiet"))
    draws = [ctx.ids.random_bytes(18) for _ in wanted]
    now = ctx.clock.now()
    bypass = bool(request.get("BypassGovernanceRetention"))

    def delete(tx: Transaction) -> tuple[Bucket, list[dict[str, Any]], list[dict[str, Any]]]:
        bucket = expected_bucket(tx, request)
        done: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for item, random_bytes in zip(wanted, draws, strict=True):
            entry = {"Key": item["Key"], "VersionId": item.get("VersionId"),
                     "IfMatch": item.get("ETag"), "IfMatchSize": item.get("Size"),
                     "IfMatchLastModifiedTime": item.get("LastModifiedTime")}  # fmt: skip
            asked = {name: value for name, value in entry.items() if value is not None}
            try:
                action = "s3:DeleteObjectVersion" if "VersionId" in asked else "s3:DeleteObject"
                access.require(tx, ctx, bucket, action, item["Key"], asked)
                gone = remove(tx, ctx, bucket, asked, random_bytes, now, bypass=bypass)
            except ServiceError as error:
                failed.append(_failed(item, error))
                continue
            done.append(_deleted(bucket, asked, gone))
        return bucket, done, failed

    bucket, done, failed = await ctx.store.transact(delete)
    events.wake(ctx, bucket)
    return {"Deleted": [] if quiet else done, "Errors": failed}


def _failed(item: dict[str, Any], error: ServiceError) -> dict[str, Any]:
    told = {"Key": item["Key"], "VersionId": item.get("VersionId"),
            "Code": error.name, "Message": error.message}  # fmt: skip
    if error.message == _INVALID_VERSION:  # of many, it is said otherwise
        told["Code"], told["Message"] = "NoSuchVersion", "The specified version does not exist."
    return told


def _deleted(bucket: Bucket, asked: Request, gone: Version | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"Key": asked["Key"], "VersionId": asked.get("VersionId")}
    if gone is not None and gone.is_delete_marker and bucket.is_versioned:
        entry["DeleteMarker"] = True
        entry["DeleteMarkerVersionId"] = gone.version_id
    return entry
