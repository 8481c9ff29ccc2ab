"""An object's version: its record, and the rules about conditions and ranges. Pure."""

import base64
import re
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from msgspec import Struct

from airside.protocol.scalars import read_size
from airside.services.s3 import errors

EMPTY, INLINE, BLOB, SEGMENTS = 0, 1, 2, 3
"""Where a body is: nowhere, in a row of its own, in one blob, in a row that lists segments."""

DEFAULT_CHECKSUM = "ChecksumCRC64NVME"
"""What S3 computes of every object whose sender asks for nothing else, since December 2024."""

NULL = "null"
"""The version id of objects written while versioning was not enabled."""

STORED_HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "WebsiteRedirectLocation",
)

_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]*)\s*-\s*([0-9]*)\s*", re.IGNORECASE)


class Segment(Struct, array_like=True):
    """A piece of a body: some bytes of a blob."""

    blob_id: str
    offset: int
    length: int


class Part(Struct, array_like=True, kw_only=True):
    """A part of a multipart upload, and of the object that was made of it."""

    number: int
    size: int
    etag: str
    modified_at: float
    segments: list[Segment]
    checksums: dict[str, str] = {}
    nonce: bytes = b""
    """For SSE-C: what its cipher began with."""


class Version(Struct, array_like=True, kw_only=True):
    """One version of one object, or a delete marker. The body lies elsewhere."""

    size: int
    etag: str
    """Without its quotes."""
    modified_at: float
    """Whole seconds, as S3 keeps it."""
    number: int
    """Counts up with each write of a key; newer versions have higher numbers."""
    owner: str
    version_id: str = NULL
    is_delete_marker: bool = False
    place: int = EMPTY
    blob_id: str = ""
    headers: dict[str, Any] = {}
    metadata: dict[str, str] = {}
    storage_class: str = "STANDARD"
    encryption: dict[str, Any] = {}
    checksums: dict[str, str] = {}
    checksum_type: str = ""
    parts_count: int = 0
    """Parts of the multipart upload it came from, else 0."""
    upload_id: str = ""
    tags: dict[str, str] = {}
    grants: list[dict[str, Any]] | None = None
    """None: private to its owner."""
    lock_mode: str = ""
    locked_until: float = 0.0
    legal_hold: bool = False
    nonce: bytes = b""
    noncurrent_at: float = 0.0
    written_at: float = 0.0
    """When it was put there, to the microsecond."""
    checksum_asked: bool = False
    """Whether the multipart upload that it came from had asked for a checksum."""
    hold_was_set: bool = False
    """Whether a legal hold was ever placed or lifted."""
    restored_until: float = 0.0
    """Until when an archived version can be read."""

    @property
    def quoted_etag(self) -> str:
        """As it appears on the wire."""
        return f'"{self.etag}"'


def new_version_id(number: int, random_bytes: bytes) -> str:
    """A version id of 32 characters that tells the version's number; takes 18 random bytes."""
    content = number.to_bytes(6, "big") + random_bytes[:14]
    return base64.b64encode(content + crc32(content).to_bytes(4, "big"), b"._").decode()


def is_version_id(text: str) -> bool:
    """Whether S3 would recognise it as one that it gave out, whether or not it is still there."""
    if text == NULL:
        return True
    if len(text) != 32:
        return False
    try:
        content = base64.b64decode(text, b"._", validate=True)
    except ValueError:
        return False
    return content[20:] == crc32(content[:20]).to_bytes(4, "big")


def number_of_version_id(version_id: str) -> int | None:
    """The number inside a version id; None when it is not one of ours."""
    if len(version_id) != 32:
        return None
    try:
        return int.from_bytes(base64.b64decode(version_id[:8], b"._", validate=True), "big")
    except ValueError:
        return None


def _matches(condition: str, etag: str) -> bool:
    if condition.strip() == "*":
        return True
    return any(
        candidate.strip().removeprefix("W/").strip('"') == etag
        for candidate in condition.split(",")
    )


def check_read_conditions(
    version: Version,
    request: Mapping[str, Any],
    now: float,
    prefix: str = "",
    *,
    copying: bool = False,
) -> None:
    """Raise PreconditionFailed or NotModified as the conditions of a read say (RFC 9110, 13.2.2).

    A date in the future is none. A copy has no NotModified: its conditions (`prefix` CopySource)
    all fail with 412.
    """
    if_match = request.get(f"{prefix}IfMatch")
    if if_match is not None:
        if not _matches(if_match, version.etag):
            raise _failed("If-Match", copying)
    else:
        since = request.get(f"{prefix}IfUnmodifiedSince")
        if since is not None and version.modified_at > since:
            raise _failed("If-Unmodified-Since", copying)
    if_none_match = request.get(f"{prefix}IfNoneMatch")
    if if_none_match is not None:
        if _matches(if_none_match, version.etag):
            raise _failed("If-None-Match", copying) if copying else not_modified(version)
    else:
        since = request.get(f"{prefix}IfModifiedSince")
        if since is not None and version.modified_at <= since <= now:
            raise _failed("If-Modified-Since", copying) if copying else not_modified(version)


def not_modified(version: Version) -> errors.NotModified:
    """A 304 with what a cache needs to freshen its copy."""
    members = {
        name: version.headers[name]
        for name in ("CacheControl", "Expires")
        if name in version.headers
    }
    return errors.NotModified(
        "Not Modified",
        ETag=version.quoted_etag,
        LastModified=version.modified_at,
        **members,
    )


def check_write_conditions(current: Version | None, request: Mapping[str, Any], key: str) -> None:
    """Raise PreconditionFailed or NoSuchKey as If-Match and If-None-Match of a write say.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    if_none_match = request.get("IfNoneMatch")
    if if_none_match is not None and current is not None and _matches(if_none_match, current.etag):
        raise _failed("If-None-Match", copying=False)
    if_match = request.get("IfMatch")
    if if_match is not None:
        if current is None:
            raise errors.NoSuchKey("The specified key does not exist.", Key=key)
        if not _matches(if_match, current.etag):
            raise _failed("If-Match", copying=False)


def _failed(condition: str, copying: bool) -> errors.PreconditionFailed:
    name = f"x-amz-copy-source-{condition}" if copying else condition
    return errors.PreconditionFailed(
        "At least one of the pre-conditions you specified did not hold", Condition=name
    )


def resolve_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(offset, length) of a Range header; None when the whole body is meant.

    A header that makes no sense, or asks for several ranges, is ignored as S3 does. Raises
    InvalidRange when it lies outside.
    """
    match = _RANGE.fullmatch(header) if header else None
    if match is None:
        return None
    first, last = match.groups()
    if first:
        start = read_size(first)
        end = min(read_size(last), size - 1) if last else size - 1
        if last and read_size(last) < start:
            return None
        if start >= size:
            raise invalid_range(header, size)
        return start, end - start + 1
    if not last:
        return None
    length = min(read_size(last), size)
    if length == 0:
        raise invalid_range(header, size)
    return size - length, length


def invalid_range(header: str | None, size: int) -> errors.InvalidRange:
    """A 416 that says how long the object is."""
    return errors.InvalidRange(
        "The requested range is not satisfiable",
        RangeRequested=header or "",
        ActualObjectSize=str(size),
        ContentRange=f"bytes */{size}",
    )


def cut(segments: list[Segment], offset: int, length: int) -> list[Segment]:
    """The segments that hold `length` bytes from `offset`."""
    found: list[Segment] = []
    for segment in segments:
        if length <= 0:
            break
        if offset >= segment.length:
            offset -= segment.length
            continue
        take = min(length, segment.length - offset)
        found.append(Segment(segment.blob_id, segment.offset + offset, take))
        length -= take
        offset = 0
    return found
