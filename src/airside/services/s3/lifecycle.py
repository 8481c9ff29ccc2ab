"""Which lifecycle rule acts on what, and when. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import quote

from airside.services.s3.object import Version

Rule = Mapping[str, Any]

DAY_SECONDS = 86_400.0
LAST_MIDNIGHT = 253_402_214_400.0
"""Of the year 9999: no date can be written that is later."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """How long a day is to rules: a real one, or a short one to see them act."""

    day_seconds: float = DAY_SECONDS

    def due(self, since: float, days: float) -> float:
        """When a number of days is over; real days end at midnight UTC."""
        at = min(since + days * self.day_seconds, LAST_MIDNIGHT)
        if self.day_seconds == DAY_SECONDS:
            return math.ceil(at / DAY_SECONDS) * DAY_SECONDS
        return at


def enabled(document: Mapping[str, Any] | None) -> list[Rule]:
    """The rules of a configuration that are switched on."""
    return [rule for rule in (document or {}).get("Rules", ()) if rule["Status"] == "Enabled"]


def applies(rule: Rule, key: str, version: Version | None) -> bool:
    """Whether a rule's filter takes an object in; without a version only its prefix counts."""
    given = rule.get("Filter") or {}
    terms: list[Mapping[str, Any]] = [
        given,
        given.get("And") or {},
        {"Prefix": rule.get("Prefix") or ""},
    ]
    for term in terms:
        if not key.startswith(term.get("Prefix") or ""):
            return False
        if version is None:
            continue
        above, below = term.get("ObjectSizeGreaterThan"), term.get("ObjectSizeLessThan")
        if (above is not None and version.size <= above) or (
            below is not None and version.size >= below
        ):
            return False
        wanted = [*term.get("Tags", ()), *([term["Tag"]] if term.get("Tag") else ())]
        if any(version.tags.get(tag["Key"]) != tag.get("Value", "") for tag in wanted):
            return False
    return True


def expiry(
    rules: Iterable[Rule], key: str, version: Version, calendar: Calendar
) -> tuple[float, str] | None:
    """When a current version expires, by the earliest rule, and that rule's id."""
    found: list[tuple[float, str]] = []
    for rule in rules:
        expiration = rule.get("Expiration") or {}
        if not applies(rule, key, version):
            continue
        if expiration.get("Days") is not None:
            found.append((calendar.due(version.modified_at, expiration["Days"]), rule["ID"]))
        elif expiration.get("Date") is not None:
            found.append((float(expiration["Date"]), rule["ID"]))
    return min(found, key=lambda one: one[0]) if found else None


def header(document: Mapping[str, Any] | None, key: str, version: Version) -> str | None:
    """The `x-amz-expiration` of an object: when it expires (by real days), and by which rule."""
    found = expiry(enabled(document), key, version, Calendar())
    if found is None:
        return None
    return f'expiry-date="{formatdate(found[0], usegmt=True)}", rule-id="{quote(found[1])}"'


def marker_goes(
    rules: Iterable[Rule], key: str, marker: Version, now: float, calendar: Calendar
) -> bool:
    """Whether a delete marker with nothing beneath it is to go."""
    for rule in rules:
        expiration = rule.get("Expiration") or {}
        if not applies(rule, key, None):
            continue
        if expiration.get("ExpiredObjectDeleteMarker"):
            return True
        days = expiration.get("Days")
        if days is not None and calendar.due(marker.modified_at, days) <= now:
            return True
    return False


def storage_class(
    rules: Iterable[Rule], key: str, version: Version, now: float, calendar: Calendar
) -> str | None:
    """The storage class a current version is to have by now; None to leave it as it is."""
    due: list[tuple[float, str]] = []
    for rule in rules:
        if not applies(rule, key, version):
            continue
        for step in rule.get("Transitions") or ():
            at = step.get("Date")
            if at is None:
                at = calendar.due(version.modified_at, step.get("Days") or 0)
            if at <= now:
                due.append((float(at), step["StorageClass"]))
    return _latest(due, version)


def noncurrent_storage_class(
    rules: Iterable[Rule], key: str, version: Version, age: "Age", calendar: Calendar
) -> str | None:
    """The storage class a noncurrent version is to have by now; None to leave it as it is."""
    due: list[tuple[float, str]] = []
    for rule in rules:
        if not applies(rule, key, version):
            continue
        for step in rule.get("NoncurrentVersionTransitions") or ():
            at = calendar.due(age.since, step.get("NoncurrentDays") or 0)
            if at <= age.now and age.newer >= (step.get("NewerNoncurrentVersions") or 0):
                due.append((at, step["StorageClass"]))
    return _latest(due, version)


def _latest(due: Sequence[tuple[float, str]], version: Version) -> str | None:
    wanted = max(due)[1] if due else version.storage_class
    return wanted if wanted != version.storage_class else None


@dataclass(frozen=True, slots=True)
class Age:
    """How long a version has not been the current one, and how many such are newer."""

    since: float
    newer: int
    now: float


def noncurrent_goes(
    rules: Iterable[Rule], key: str, version: Version, age: Age, calendar: Calendar
) -> bool:
    """Whether a noncurrent version is to be deleted for good."""
    for rule in rules:
        limits = rule.get("NoncurrentVersionExpiration") or {}
        days = limits.get("NoncurrentDays")
        if days is None or not applies(rule, key, version):
            continue
        kept = limits.get("NewerNoncurrentVersions") or 0
        if age.newer >= kept and calendar.due(age.since, days) <= age.now:
            return True
    return False


def upload_goes(
    rules: Iterable[Rule], key: str, initiated_at: float, now: float, calendar: Calendar
) -> bool:
    """Whether an upload that nobody completed is to be thrown away."""
    for rule in rules:
        days = (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation")
        if days is None or not applies(rule, key, None):
            continue
        if calendar.due(initiated_at, days) <= now:
            return True
    return False
