"""What most operations begin with."""

from collections.abc import Mapping
from typing import Any

from airside.kernel import Context, Request, Snapshot
from airside.services.s3 import access, errors, lifecycle, store
from airside.services.s3.bucket import ENFORCED, Bucket, Grant, canonical_id
from airside.services.s3.grants import asked, full_control, is_public
from airside.services.s3.names import bucket_arn, object_arn
from airside.services.s3.object import Version

_ACL_MEMBERS = frozenset({"ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP"})


def on_bucket(ctx: Context, request: Request) -> str:
    """The ARN of the request's bucket."""
    return bucket_arn(request["Bucket"])


def on_object(ctx: Context, request: Request) -> str:
    """The ARN of the request's object."""
    return object_arn(request["Bucket"], request["Key"])


def opened(
    view: Snapshot, ctx: Context, request: Mapping[str, Any], action: str, key: str = ""
) -> Bucket:
    """The request's bucket, checked for existence, expected owner and access.

    Raises NoSuchBucket, AccessDenied.
    """
    bucket = expected_bucket(view, request, anonymous=ctx.principal.kind == "anonymous")
    access.require(view, ctx, bucket, action, key, request)
    return bucket


def expected_bucket(
    view: Snapshot, request: Mapping[str, Any], *, anonymous: bool = False
) -> Bucket:
    """The request's bucket, if it belongs to whom the request says.

    Raises NoSuchBucket, AccessDenied, InvalidBucketOwnerAWSAccountID (not to just anybody).
    """
    bucket = store.load_bucket(view, request["Bucket"])
    expected = request.get("ExpectedBucketOwner")
    is_account = expected is None or (len(expected) == 12 and expected.isdecimal())
    if not is_account and not anonymous:
        raise errors.InvalidBucketOwnerAWSAccountID(
            "The value of the expected bucket owner parameter must be an AWS Account ID... "
            f"[{expected}]"
        )
    if expected not in (None, bucket.owner):
        raise errors.AccessDenied("Access Denied")
    return bucket


def expiration_of(view: Snapshot, bucket: Bucket, key: str, version: Version) -> str | None:
    """When the bucket's rules will delete an object, as `x-amz-expiration` says it."""
    if not bucket.has_lifecycle:
        return None
    return lifecycle.header(store.setting(view, bucket.name, "lifecycle"), key, version)


def grants_asked(bucket: Bucket, request: Mapping[str, Any], owner: str) -> list[Grant] | None:
    """The ACL of a new object. Raises AccessControlListNotSupported, AccessDenied."""
    if bucket.ownership == ENFORCED:
        if request.keys().isdisjoint(_ACL_MEMBERS):
            return None
        if (
            request.get("ACL") in (None, "", "bucket-owner-full-control")
            and not any(
                request.get(name) for name in ("GrantRead", "GrantReadACP", "GrantWriteACP")
            )
            and _to_owner_alone(bucket, request.get("GrantFullControl"))
        ):
            return None
        raise errors.AccessControlListNotSupported("The bucket does not allow ACLs")
    grants = asked(request, owner, bucket.owner)
    if grants and bucket.blocks("BlockPublicAcls") and any(map(is_public, grants)):
        raise errors.AccessDenied("Access Denied")
    return grants


def _to_owner_alone(bucket: Bucket, grantees: str | None) -> bool:
    """Whether full control goes to the bucket's owner and nobody else, who has it anyway."""
    if not grantees:
        return True
    identifier = f'id="{canonical_id(bucket.owner)}"'
    return grantees.replace("'", '"').strip() in (identifier, identifier.replace('"', ""))


def owner_of_new(ctx: Context, bucket: Bucket, request: Mapping[str, Any]) -> str:
    """The account that will own a new object."""
    handed_over = request.get("ACL") == "bucket-owner-full-control"
    if bucket.ownership == ENFORCED or not ctx.account_id:
        return bucket.owner
    if bucket.ownership == "BucketOwnerPreferred" and handed_over:
        return bucket.owner
    return ctx.account_id


def default_grants(owner: str) -> list[Grant]:
    """Private: the owner alone."""
    return [full_control(owner)]


def tier1(ctx: Context, bucket: str, count: int = 1) -> None:
    """Bill a PUT, COPY, POST or LIST."""
    ctx.use("Requests-Tier1", count, bucket_arn(bucket))


def tier2(ctx: Context, bucket: str, count: int = 1) -> None:
    """Bill a GET or anything else but DELETE, which is free."""
    ctx.use("Requests-Tier2", count, bucket_arn(bucket))
