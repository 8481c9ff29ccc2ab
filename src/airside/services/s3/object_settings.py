"""What can be changed about an object that exists: tags, retention, legal hold."""

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.s3 import attributes, errors, events, limits, lock, reads, rules, store
from airside.services.s3.bucket import Bucket
from airside.services.s3.common import on_bucket, on_object, opened, tier1, tier2
from airside.services.s3.object import Version
from airside.services.s3.settings import change


@operation("PutObjectTagging", resource=on_object)
async def put_object_tagging(ctx: Context, request: Request) -> Result:
    """Replace an object's tags."""
    tags = attributes.tags_of_set(request["Tagging"].get("TagSet", []), limits.OBJECT_TAGS_MAX)
    return await _retag(ctx, request, tags, "s3:PutObjectTagging")


@operation("DeleteObjectTagging", resource=on_object)
async def delete_object_tagging(ctx: Context, request: Request) -> Result:
    """Drop an object's tags."""
    return await _retag(ctx, request, {}, "s3:DeleteObjectTagging")


async def _retag(ctx: Context, request: Request, tags: dict[str, str], action: str) -> Result:
    def retag(tx: Transaction) -> tuple[Bucket, Version]:
        bucket, version = reads.find_kept(tx, ctx, request, action)
        version.tags = tags
        store.save_in_place(tx, bucket.name, request["Key"], version)
        name = "ObjectTagging:Delete" if action == "s3:DeleteObjectTagging" else "ObjectTagging:Put"
        events.record(tx, ctx, bucket, name, request["Key"], version)
        return bucket, version

    bucket, version = await ctx.store.transact(retag)
    tier1(ctx, bucket.name)
    events.wake(ctx, bucket)
    return {"VersionId": attributes.shown_version_id(bucket, version)}


@operation("GetObjectTagging", resource=on_object)
async def get_object_tagging(ctx: Context, request: Request) -> Result:
    """An object's tags."""
    bucket, version = await ctx.store.read(
        lambda view: reads.find_kept(view, ctx, request, "s3:GetObjectTagging")
    )
    tier2(ctx, bucket.name)
    return {
        "TagSet": attributes.tag_set(version.tags),
        "VersionId": attributes.shown_version_id(bucket, version),
    }


# Object lock --------------------------------------------------------------------------------


@operation("PutObjectLockConfiguration", resource=on_bucket,
           action="s3:PutBucketObjectLockConfiguration")  # fmt: skip
async def put_object_lock_configuration(ctx: Context, request: Request) -> Result:
    """Switch object lock on, with or without a default retention."""
    document = request.get("ObjectLockConfiguration")
    if document is None:
        raise errors.MissingRequestBodyError("Request Body is empty")
    retention = document.get("Rule", {}).get("DefaultRetention", {})
    if document.get("ObjectLockEnabled") != "Enabled":
        raise errors.MalformedXML(rules.MALFORMED)
    if "Rule" in document:
        periods = [retention[name] for name in ("Days", "Years") if name in retention]
        if len(periods) != 1 or retention.get("Mode") not in lock.MODES:
            raise errors.MalformedXML(rules.MALFORMED)
        if periods[0] <= 0:
            raise errors.InvalidRetentionPeriod(
                "Default retention period must be a positive integer value."
            )

    def switch(tx: Transaction, bucket: Bucket) -> None:
        if bucket.versioning != "Enabled":
            raise errors.InvalidBucketState(
                "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
            )
        bucket.object_lock = True
        bucket.default_retention = retention
        store.save_bucket(tx, bucket)
        store.save_setting(tx, bucket.name, "object-lock", {"ObjectLockConfiguration": document})

    return await change(ctx, request, "s3:PutBucketObjectLockConfiguration", switch)


@operation("GetObjectLockConfiguration", resource=on_bucket,
           action="s3:GetBucketObjectLockConfiguration")  # fmt: skip
async def get_object_lock_configuration(ctx: Context, request: Request) -> Result:
    """The bucket's object lock."""

    def look(view: Snapshot) -> Result | None:
        bucket = opened(view, ctx, request, "s3:GetBucketObjectLockConfiguration")
        return store.setting(view, bucket.name, "object-lock")

    found = await ctx.store.read(look)
    tier2(ctx, request["Bucket"])
    if found is None:
        raise errors.ObjectLockConfigurationNotFoundError(
            "Object Lock configuration does not exist for this bucket",
            BucketName=request["Bucket"],
        )
    return found


@operation("PutObjectRetention", resource=on_object)
async def put_object_retention(ctx: Context, request: Request) -> Result:
    """Set or lengthen a version's retention; weaken it only with leave."""
    retention = request.get("Retention", {})
    mode, until = retention.get("Mode", ""), float(retention.get("RetainUntilDate") or 0.0)
    now = ctx.clock.now()
    bypass = bool(request.get("BypassGovernanceRetention"))
    if bool(mode) != bool(until) or mode not in ("", *lock.MODES):
        raise errors.MalformedXML(rules.MALFORMED)
    if until and until <= now:
        raise errors.InvalidArgument("The retain until date must be in the future!")

    def retain(tx: Transaction) -> None:
        version = _lockable(tx, ctx, request, "s3:PutObjectRetention")
        lock.check_change(version, mode, until, now, bypass=bypass)
        version.lock_mode, version.locked_until = mode, until
        store.save_in_place(tx, request["Bucket"], request["Key"], version)

    await ctx.store.transact(retain)
    tier1(ctx, request["Bucket"])
    return {}


def _lockable(view: Snapshot, ctx: Context, request: Request, action: str) -> Version:
    bucket, version = reads.find(view, ctx, request, action)
    if not bucket.object_lock:
        raise errors.InvalidRequest("Bucket is missing Object Lock Configuration")
    return version


@operation("GetObjectRetention", resource=on_object)
async def get_object_retention(ctx: Context, request: Request) -> Result:
    """A version's retention."""
    version = await ctx.store.read(
        lambda view: _lockable(view, ctx, request, "s3:GetObjectRetention")
    )
    tier2(ctx, request["Bucket"])
    if not version.lock_mode:
        raise _no_lock()
    return {"Retention": {"Mode": version.lock_mode, "RetainUntilDate": version.locked_until}}


def _no_lock() -> errors.NoSuchObjectLockConfiguration:
    return errors.NoSuchObjectLockConfiguration(
        "The specified object does not have a ObjectLock configuration"
    )


@operation("PutObjectLegalHold", resource=on_object)
async def put_object_legal_hold(ctx: Context, request: Request) -> Result:
    """Place or lift a legal hold."""
    status = request.get("LegalHold", {}).get("Status")
    if status not in ("ON", "OFF"):
        raise errors.MalformedXML(rules.MALFORMED)

    def hold(tx: Transaction) -> None:
        version = _lockable(tx, ctx, request, "s3:PutObjectLegalHold")
        version.legal_hold, version.hold_was_set = status == "ON", True
        store.save_in_place(tx, request["Bucket"], request["Key"], version)

    await ctx.store.transact(hold)
    tier1(ctx, request["Bucket"])
    return {}


@operation("GetObjectLegalHold", resource=on_object)
async def get_object_legal_hold(ctx: Context, request: Request) -> Result:
    """Whether a legal hold is on a version."""
    version = await ctx.store.read(
        lambda view: _lockable(view, ctx, request, "s3:GetObjectLegalHold")
    )
    tier2(ctx, request["Bucket"])
    status = lock.hold_status(version)
    if status is None:
        raise _no_lock()
    return {"LegalHold": {"Status": status}}
