"""Buckets: made, found, listed, removed."""

import base64
import re

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.s3 import attributes, errors, limits, store
from airside.services.s3.bucket import (
    ALL_BLOCKED,
    DEFAULT_ENCRYPTION,
    ENFORCED,
    Bucket,
    Grant,
    owner_of,
)
from airside.services.s3.common import default_grants, on_bucket, opened, tier1, tier2
from airside.services.s3.grants import asked, is_public
from airside.services.s3.names import REGIONS, bucket_arn, check_bucket_name

_WITHOUT_MEANING = ("private", "bucket-owner-read", "bucket-owner-full-control")
"""Canned ACLs that say nothing new about a bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
"""
_OWNERSHIPS = (ENFORCED, "BucketOwnerPreferred", "ObjectWriter")


@operation("CreateBucket", resource=on_bucket)
async def create_bucket(ctx: Context, request: Request) -> Result:
    """Make a bucket. Names are shared by all accounts.

    In us-east-1 making one's own bucket again succeeds and sets its ACL anew; elsewhere it is
    refused.
    """
    name = request["Bucket"]
    if not ctx.account_id:
        raise errors.AccessDenied("Access Denied")
    check_bucket_name(name)
    region = _region_asked(ctx, request)
    classic = ctx.cloud.settings.bucket_defaults == "2022"
    ownership = request.get("ObjectOwnership", "ObjectWriter" if classic else ENFORCED)
    if ownership not in _OWNERSHIPS:
        raise errors.InvalidArgument(
            f"Invalid x-amz-object-ownership header: {ownership}",
            ArgumentName="x-amz-object-ownership",
        )
    shared = _grants_asked(ctx, request, ownership, classic=classic)
    lock = bool(request.get("ObjectLockEnabledForBucket"))
    bucket = Bucket(
        name=name,
        owner=ctx.account_id,
        region=region,
        created_at=float(int(ctx.clock.now())),
        versioning="Enabled" if lock else "",
        ownership=ownership,
        object_lock=lock,
        encryption={} if classic else DEFAULT_ENCRYPTION,
        public_access_block={} if classic else ALL_BLOCKED,
        grants=default_grants(ctx.account_id) if shared is None else shared,
    )
    if lock:
        lock_configuration = {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}
    tags = request.get("CreateBucketConfiguration", {}).get("Tags")
    _check_tags(tags or [])

    def create(tx: Transaction) -> None:
        existing = store.find_bucket(tx, name)
        if existing is not None:
            _refuse_existing(existing, bucket)
            if shared is not None:
                existing.grants = shared
                store.save_bucket(tx, existing)
            return
        store.save_bucket(tx, bucket)
        if lock:
            store.save_setting(tx, name, "object-lock", lock_configuration)
        if tags:
            store.save_setting(tx, name, "tagging", {"TagSet": tags})

    await ctx.store.transact(create)
    tier1(ctx, name)
    return {"Location": f"/{name}", "BucketArn": bucket_arn(name)}


def _check_tags(tag_set: list[dict[str, str]]) -> None:
    if any(tag["Key"].lower().startswith("aws:") for tag in tag_set):
        raise errors.InvalidTag(
            'User-defined tag keys can\'t start with "aws:". This prefix is reserved for system '
            'tags. Remove "aws:" from your tag keys and try again.'
        )
    attributes.tags_of_set(tag_set, limits.BUCKET_TAGS_MAX)


def _grants_asked(
    ctx: Context, request: Request, ownership: str, *, classic: bool
) -> list[Grant] | None:
    """The ACL of a new bucket, if the bucket will take it."""
    shared = asked(request, ctx.account_id, ctx.account_id)
    if not classic and shared and any(map(is_public, shared)) and ownership != ENFORCED:
        raise errors.InvalidBucketAclWithBlockPublicAccessError(
            "Bucket cannot have public ACLs set with BlockPublicAccess enabled"
        )
    harmless = request.get("ACL") in _WITHOUT_MEANING
    if shared is not None and ownership == ENFORCED and not harmless:
        raise errors.InvalidBucketAclWithObjectOwnership(
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        )
    return shared


_REGION = re.compile("[a-z]{2}(-[a-z]+){1,3}-[1-9]")


def _region_asked(ctx: Context, request: Request) -> str:
    constraint = request.get("CreateBucketConfiguration", {}).get("LocationConstraint")
    if constraint is None:
        if ctx.region != "us-east-1":
            raise errors.IllegalLocationConstraintException(
                "The unspecified location constraint is incompatible for the region specific "
                "endpoint this request was sent to."
            )
        return ctx.region
    region: str = {"EU": "eu-west-1", "": "us-east-1"}.get(constraint, constraint)
    if ctx.region not in ("us-east-1", region):
        raise errors.IllegalLocationConstraintException(
            f"The {constraint} location constraint is incompatible for the region specific "
            "endpoint this request was sent to."
        )
    if constraint == "us-east-1" or not _REGION.fullmatch(region):
        raise errors.InvalidLocationConstraint(
            "The specified location-constraint is not valid", LocationConstraint=constraint
        )
    return region


def _refuse_existing(existing: Bucket, wanted: Bucket) -> None:
    if existing.owner != wanted.owner:
        raise errors.BucketAlreadyExists(
            "The requested bucket name is not available. The bucket namespace is shared by all "
            "users of the system. Please select a different name and try again.",
            BucketName=wanted.name,
        )
    if existing.region != "us-east-1" or wanted.region != "us-east-1":
        raise errors.BucketAlreadyOwnedByYou(
            "Your previous request to create the named bucket succeeded and you already own it.",
            BucketName=wanted.name,
        )


@operation("HeadBucket", resource=on_bucket, action="s3:ListBucket")
async def head_bucket(ctx: Context, request: Request) -> Result:
    """Say whether a bucket exists and where."""
    bucket = await ctx.store.read(lambda view: opened(view, ctx, request, "s3:ListBucket"))
    tier2(ctx, bucket.name)
    return {
        "BucketRegion": bucket.region,
        "BucketArn": bucket_arn(bucket.name),
        "AccessPointAlias": False,
        "ContentType": "application/xml",
    }


@operation("DeleteBucket", resource=on_bucket)
async def delete_bucket(ctx: Context, request: Request) -> Result:
    """Remove an empty bucket."""

    def delete(tx: Transaction) -> None:
        bucket = opened(tx, ctx, request, "s3:DeleteBucket")
        store.delete_bucket(tx, ctx.blobs, bucket)

    await ctx.store.transact(delete)
    return {}


@operation("ListBuckets", action="s3:ListAllMyBuckets")
async def list_buckets(ctx: Context, request: Request) -> Result:
    """The caller's buckets, by name."""
    limit = request.get("MaxBuckets", limits.BUCKETS_PER_ACCOUNT_MAX)
    prefix = request.get("Prefix", "")
    region = request.get("BucketRegion")
    if region is not None and region not in REGIONS:
        raise errors.InvalidArgument(
            f"Argument value {region} is not a valid AWS Region", ArgumentName="bucket-region"
        )
    start = _token_name(request.get("ContinuationToken")) or prefix

    def find(view: Snapshot) -> list[Bucket]:
        names = store.bucket_names(view, ctx.account_id, start, None)
        found: list[Bucket] = []
        for name in names:
            if not name.startswith(prefix) or len(found) > limit:
                break
            bucket = store.load_bucket(view, name)
            if region in (None, bucket.region):
                found.append(bucket)
        return found

    buckets = await ctx.store.read(find)
    more = buckets[limit].name if len(buckets) > limit else None
    ctx.use("Requests-Tier1", 1)
    return {
        "Buckets": [
            {
                "Name": bucket.name,
                "CreationDate": bucket.created_at,
                "BucketRegion": bucket.region if request.keys() & _PAGED else None,
                "BucketArn": bucket_arn(bucket.name),
            }
            for bucket in buckets[:limit]
        ],
        "Owner": owner_of(ctx.account_id),
        "Prefix": prefix or None,
        "ContinuationToken": base64.urlsafe_b64encode(more.encode()).decode() if more else None,
    }


_PAGED = {"MaxBuckets", "Prefix", "BucketRegion", "ContinuationToken"}


def _token_name(token: str | None) -> str:
    if not token:
        return ""
    try:
        return base64.urlsafe_b64decode(token).decode()
    except ValueError:
        raise errors.InvalidArgument(
            "The continuation token provided is incorrect", ArgumentName="continuation-token"
        ) from None


@operation("GetBucketLocation", resource=on_bucket)
async def get_bucket_location(ctx: Context, request: Request) -> Result:
    """Where a bucket is; us-east-1 has no name."""
    bucket = await ctx.store.read(lambda view: opened(view, ctx, request, "s3:GetBucketLocation"))
    tier2(ctx, bucket.name)
    return {"LocationConstraint": None if bucket.region == "us-east-1" else bucket.region}
