"""Object lock: retention and legal hold on versions. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
"""

from collections.abc import Mapping
from typing import Any

from airside.services.s3 import errors
from airside.services.s3.bucket import Bucket
from airside.services.s3.object import Version

MODES = ("GOVERNANCE", "COMPLIANCE")
_DAY = 86_400
_MEMBERS = frozenset({"ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus"})


def apply_headers(version: Version, bucket: Bucket, request: Mapping[str, Any], now: float) -> None:
    """Lock a new version as its headers say, else as the bucket does by default."""
    if not bucket.object_lock and request.keys().isdisjoint(_MEMBERS):
        return
    mode = request.get("ObjectLockMode")
    until = request.get("ObjectLockRetainUntilDate")
    hold = request.get("ObjectLockLegalHoldStatus")
    if mode or until or hold:
        if not bucket.object_lock:
            raise errors.InvalidRequest("Bucket is missing Object Lock Configuration")
        if bool(mode) != bool(until):
            missing = "retain-until-date" if mode else "mode"
            raise errors.InvalidArgument(
                "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be "
                "supplied",
                ArgumentName=f"x-amz-object-lock-{missing}",
            )
        if mode and mode not in MODES:
            raise errors.InvalidArgument(
                "Unknown wormMode directive.",
                ArgumentName="x-amz-object-lock-mode",
                ArgumentValue=mode,
            )
        if until and until <= now:
            raise errors.InvalidArgument("The retain until date must be in the future!")
        if hold and hold not in ("ON", "OFF"):
            raise errors.InvalidArgument("Legal Hold must be either of 'ON' or 'OFF'")
        version.legal_hold, version.hold_was_set = hold == "ON", hold is not None
    if mode and until:
        version.lock_mode, version.locked_until = mode, float(until)
    elif bucket.default_retention:
        days = bucket.default_retention.get("Days") or 365 * bucket.default_retention["Years"]
        version.lock_mode = bucket.default_retention["Mode"]
        version.locked_until = now + days * _DAY


def check_removable(version: Version, now: float, *, bypass_governance: bool) -> None:
    """Raise AccessDenied when a version must stay."""
    if version.legal_hold:
        raise errors.AccessDenied("Access Denied because object protected by object lock.")
    if version.lock_mode and version.locked_until > now:
        if version.lock_mode == "GOVERNANCE" and bypass_governance:
            return
        raise errors.AccessDenied("Access Denied because object protected by object lock.")


def check_change(version: Version, mode: str, until: float, now: float, *, bypass: bool) -> None:
    """Raise AccessDenied when a retention must not be shortened or weakened."""
    if not version.lock_mode or version.locked_until <= now:
        return
    longer = until >= version.locked_until
    if version.lock_mode == "COMPLIANCE":
        if not longer or mode != "COMPLIANCE":
            raise errors.AccessDenied("Access Denied because object protected by object lock.")
    elif not bypass and (not longer or mode != version.lock_mode):
        raise errors.AccessDenied("Access Denied because object protected by object lock.")


def hold_status(version: Version) -> str | None:
    """ON or OFF; None where a hold was never spoken of."""
    if version.legal_hold:
        return "ON"
    return "OFF" if version.hold_was_set else None


def shown(version: Version) -> dict[str, Any]:
    """Lock members of a read."""
    if not version.lock_mode and not version.legal_hold and not version.hold_was_set:
        return {}
    return {
        "ObjectLockMode": version.lock_mode or None,
        "ObjectLockRetainUntilDate": version.locked_until or None,
        "ObjectLockLegalHoldStatus": hold_status(version),
    }
