"""Archived objects: they cannot be read until they are restored, and then for some days.

Restoring takes no time here: the copy is there with the answer.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html
"""

from email.utils import formatdate
from typing import Any

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.s3 import errors, events, rules, store
from airside.services.s3.bucket import Bucket
from airside.services.s3.common import on_object, opened, tier1
from airside.services.s3.lifecycle import Calendar
from airside.services.s3.object import NULL, Version, is_version_id

CLASSES = ("GLACIER", "DEEP_ARCHIVE")
_TIERS = {"GLACIER": ("Expedited", "Standard", "Bulk"), "DEEP_ARCHIVE": ("Standard", "Bulk")}


def check_readable(version: Version, now: float, message: str = "") -> None:
    """Raise InvalidObjectState for a version that is archived and not restored."""
    if version.storage_class in CLASSES and version.restored_until <= now:
        raise errors.InvalidObjectState(
            message or "The operation is not valid for the object's storage class",
            StorageClass=version.storage_class,
        )


def header(version: Version, now: float) -> str | None:
    """The `x-amz-restore` of a version."""
    if version.restored_until <= now:
        return None
    until = formatdate(version.restored_until, usegmt=True)
    return f'ongoing-request="false", expiry-date="{until}"'


def status(version: Version, now: float) -> dict[str, Any] | None:
    """The RestoreStatus that listings show to whoever asks for it."""
    if version.restored_until <= now:
        return None
    return {"IsRestoreInProgress": False, "RestoreExpiryDate": version.restored_until}


@operation("RestoreObject", resource=on_object)
async def restore_object(ctx: Context, request: Request) -> Result:
    """Make an archived object readable for some days; 200 when it is already, and stays longer."""
    calendar = Calendar(ctx.cloud.settings.lifecycle_day_seconds)

    def restore(tx: Transaction) -> tuple[Bucket, bool]:
        bucket = opened(tx, ctx, request, "s3:RestoreObject", request["Key"])
        version = _archived(tx, ctx, bucket, request)
        days = _days(request, version.storage_class)
        now = ctx.clock.now()
        again = version.restored_until > now
        version.restored_until = calendar.due(now, days)
        store.save_in_place(tx, bucket.name, request["Key"], version)
        if not again:
            for name in ("ObjectRestore:Post", "ObjectRestore:Completed"):
                events.record(tx, ctx, bucket, name, request["Key"], version)
        return bucket, again

    bucket, again = await ctx.store.transact(restore)
    tier1(ctx, bucket.name)
    events.wake(ctx, bucket)
    return {"StatusCode": 200 if again else 202}


def _archived(tx: Transaction, ctx: Context, bucket: Bucket, request: Request) -> Version:
    """The version that is meant. Raises NoSuchKey, NoSuchVersion, InvalidObjectState."""
    key, version_id = request["Key"], request.get("VersionId")
    if version_id is None:
        version = store.current(tx, bucket.name, key)
        if version is None:
            raise errors.NoSuchKey("The specified key does not exist.", Key=key)
    else:
        found = store.find_version(tx, bucket.name, key, version_id)
        if found is None and (
            not is_version_id(version_id) or (version_id != NULL and not bucket.is_versioned)
        ):
            raise errors.InvalidArgument(
                "Invalid version id specified",
                ArgumentName="versionId", ArgumentValue=version_id,
            )  # fmt: skip
        if found is None:
            raise errors.NoSuchVersion(
                "The specified version does not exist.", Key=key, VersionId=version_id
            )
        version = found
    if version.is_delete_marker:
        raise errors.MethodNotAllowed(
            "The specified method is not allowed against this resource.",
            Method="POST", ResourceType="DeleteMarker",
        )  # fmt: skip
    if version.storage_class not in CLASSES:
        raise errors.InvalidObjectState(
            "Restore is not allowed for the object's current storage class",
            StorageClass=version.storage_class,
        )
    return version


def _days(request: Request, storage_class: str) -> int:
    """For how long. Raises MalformedXML, InvalidArgument."""
    asked = request.get("RestoreRequest") or {}
    days: int | None = asked.get("Days")
    if days is None or asked.get("Type") or asked.get("OutputLocation"):
        raise errors.MalformedXML(rules.MALFORMED)
    tier = (asked.get("GlacierJobParameters") or {}).get("Tier") or asked.get("Tier") or "Standard"
    if tier not in ("Expedited", "Standard", "Bulk"):
        raise errors.MalformedXML(rules.MALFORMED)
    if tier not in _TIERS[storage_class]:
        raise errors.InvalidArgument(
            "Retrieval option is not supported by this storage class",
            ArgumentName="Tier", ArgumentValue=tier,
        )  # fmt: skip
    if not 0 < days < 1 << 31:
        raise errors.InvalidArgument(
            "'Days' for Restore action must be a positive integer",
            ArgumentName="Days", ArgumentValue=str(days),
        )  # fmt: skip
    return days
