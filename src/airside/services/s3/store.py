"""How buckets, versions and uploads lie in storage; the only caller of the store.

    bucket   name                     Bucket
    owned    account, name            (nothing): which buckets an account has
    setting  name, kind               a configuration document, as the model has it
    current  bucket, key              the newest Version, unless it is a delete marker
    older    bucket, key, -number     every other Version, newest first; delete markers too
    null     bucket, key              number of the version `null` when it is among the older ones
    body     bucket, key, number      a small body
    pieces   bucket, key, number      the segments of a large body that is not one blob
    parts    bucket, key, number      the parts a version was completed from
    upload   bucket, key, upload id   Upload
    part     bucket, key, id, number  Part of an upload under way
    event    number, request, rule, key   an event that waits to be delivered

Records are apart from bodies, so that listing reads little. An unversioned bucket has no older
versions, so that its writes touch two rows. Records are arrays: new members go last, with defaults.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from airside.kernel import Blobs, Snapshot, Transaction
from airside.services.s3 import errors
from airside.services.s3.bucket import Bucket
from airside.services.s3.object import (
    BLOB,
    INLINE,
    NULL,
    SEGMENTS,
    Part,
    Segment,
    Version,
    new_version_id,
    number_of_version_id,
)
from airside.storage.keys import after, pack, prefix_range, starting_with, unpack


class Upload(Struct, array_like=True, kw_only=True):
    """A multipart upload under way: the Version it will become, and how its checksums go."""

    upload_id: str
    initiated_at: float
    version: Version
    algorithm: str = ""
    checksum_type: str = ""
    initiator: str = ""
    began_at: float = 0.0
    """To the microsecond."""


_encode = msgspec.msgpack.Encoder().encode
_bucket = msgspec.msgpack.Decoder(Bucket).decode
_version = msgspec.msgpack.Decoder(Version).decode
_upload = msgspec.msgpack.Decoder(Upload).decode
_part = msgspec.msgpack.Decoder(Part).decode
_parts = msgspec.msgpack.Decoder(list[Part]).decode
_segments = msgspec.msgpack.Decoder(list[Segment]).decode
_document = msgspec.msgpack.Decoder(dict[str, Any]).decode


# Buckets ------------------------------------------------------------------------------------


def find_bucket(view: Snapshot, name: str) -> Bucket | None:
    """The bucket, whoever owns it."""
    raw = view.get(pack(("s3", "bucket", name)))
    return None if raw is None else _bucket(raw)


def load_bucket(view: Snapshot, name: str) -> Bucket:
    """The bucket. Raises NoSuchBucket."""
    raw = view.get(pack(("s3", "bucket", name)))
    if raw is None:
        raise errors.NoSuchBucket("The specified bucket does not exist", BucketName=name)
    return _bucket(raw)


def save_bucket(tx: Transaction, bucket: Bucket) -> None:
    """Create or change a bucket."""
    tx.put(pack(("s3", "bucket", bucket.name)), _encode(bucket))
    tx.put(pack(("s3", "owned", bucket.owner, bucket.name)), b"")


def delete_bucket(tx: Transaction, blobs: Blobs, bucket: Bucket) -> None:
    """Remove an empty bucket with its settings and its uploads under way. Raises BucketNotEmpty."""
    for kind in ("current", "older"):
        if any(tx.scan(*prefix_range(("s3", kind, bucket.name)), limit=1)):
            more = ". You must delete all versions in the bucket." if bucket.is_versioned else ""
            raise errors.BucketNotEmpty(
                f"The bucket you tried to delete is not empty{more}", BucketName=bucket.name
            )
    for key, raw in list(tx.scan(*prefix_range(("s3", "upload", bucket.name)))):
        delete_upload(tx, blobs, bucket.name, unpack(key)[3], _upload(raw).upload_id)
    for key, _ in list(tx.scan(*prefix_range(("s3", "setting", bucket.name)))):
        tx.delete(key)
    tx.delete(pack(("s3", "bucket", bucket.name)))
    tx.delete(pack(("s3", "owned", bucket.owner, bucket.name)))


def bucket_names(view: Snapshot, account_id: str, start: str, limit: int | None) -> list[str]:
    """Names of an account's buckets from `start` on, in order."""
    first, end = prefix_range(("s3", "owned", account_id))
    if start:
        first = pack(("s3", "owned", account_id, start))
    return [unpack(key)[3] for key, _ in view.scan(first, end, limit=limit)]


def all_buckets(view: Snapshot) -> list[Bucket]:
    """Every bucket of this environment, for sweepers."""
    return [_bucket(raw) for _, raw in view.scan(*prefix_range(("s3", "bucket")))]


def setting(view: Snapshot, bucket: str, kind: str) -> dict[str, Any] | None:
    """A configuration document of a bucket, e.g. `policy`, `website`, `cors`."""
    raw = view.get(pack(("s3", "setting", bucket, kind)))
    return None if raw is None else _document(raw)


def save_setting(tx: Transaction, bucket: str, kind: str, document: dict[str, Any] | None) -> None:
    """Set or (with None) remove a configuration document."""
    key = pack(("s3", "setting", bucket, kind))
    if document is None:
        tx.delete(key)
    else:
        tx.put(key, _encode(document))


# Versions -----------------------------------------------------------------------------------


def current(view: Snapshot, bucket: str, key: str) -> Version | None:
    """The newest version, unless there is none or it is a delete marker."""
    raw = view.get(pack(("s3", "current", bucket, key)))
    return None if raw is None else _version(raw)


def rows_of(bucket: str, key: str) -> tuple[bytes, bytes]:
    """Where the records of a bucket and of what is current in it are."""
    return pack(("s3", "bucket", bucket)), pack(("s3", "current", bucket, key))


def records_at(view: Snapshot, rows: tuple[bytes, bytes]) -> tuple[bytes | None, bytes | None]:
    """The two records as they are stored, to see whether they are still what they were."""
    return view.get(rows[0]), view.get(rows[1])


def newest_older(view: Snapshot, bucket: str, key: str) -> Version | None:
    """The newest of the older versions: the current delete marker when nothing is current."""
    for _, raw in view.scan(*prefix_range(("s3", "older", bucket, key)), limit=1):
        return _version(raw)
    return None


def older_versions(view: Snapshot, bucket: str, key: str) -> list[Version]:
    """All the older versions and delete markers of a key, newest first."""
    return [_version(raw) for _, raw in view.scan(*prefix_range(("s3", "older", bucket, key)))]


def find_version(view: Snapshot, bucket: str, key: str, version_id: str) -> Version | None:
    """A version by its id (`null` is one)."""
    found = current(view, bucket, key)
    if found is not None and found.version_id == version_id:
        return found
    if version_id == NULL:
        raw_number = view.get(pack(("s3", "null", bucket, key)))
        number = None if raw_number is None else int.from_bytes(raw_number, "big")
    else:
        number = number_of_version_id(version_id)
    if number is None:
        return None
    raw = view.get(pack(("s3", "older", bucket, key, -number)))
    if raw is None:
        return None
    older = _version(raw)
    return older if older.version_id == version_id else None


def save_in_place(tx: Transaction, bucket: str, key: str, version: Version) -> None:
    """Change the record of a version that exists (tags, ACL, locks)."""
    row = pack(("s3", "current", bucket, key))
    raw = tx.get(row)
    if raw is None or _version(raw).version_id != version.version_id:
        row = pack(("s3", "older", bucket, key, -version.number))
    tx.put(row, _encode(version))


def add_version(
    tx: Transaction,
    blobs: Blobs,
    bucket: Bucket,
    key: str,
    make: Callable[[int], Version],
    random_bytes: bytes,
) -> tuple[Version, Version | None]:
    """Put a new version on top: (it, the one that was current).

    `make` gets the version's number and makes the record; the version id, and what happens to the
    former version, follow from the bucket's versioning.
    """
    former = current(tx, bucket.name, key)
    top = former
    if top is None and bucket.is_versioned:
        top = newest_older(tx, bucket.name, key)
    replaces = former is not None and former.version_id == NULL and bucket.versioning != "Enabled"
    # What takes another's place takes its rows, too.
    version = make(0 if top is None else top.number if replaces else top.number + 1)
    if bucket.versioning == "Enabled":
        version.version_id = new_version_id(version.number, random_bytes)
        if former is not None:
            _demote(tx, bucket.name, key, former, version.modified_at)
    else:
        version.version_id = NULL
        if former is not None and former.version_id != NULL:
            _demote(tx, bucket.name, key, former, version.modified_at)
            _remove_older_null(tx, blobs, bucket.name, key)
        elif former is not None:
            delete_body(tx, blobs, bucket.name, key, former)
        elif bucket.is_versioned:
            _remove_older_null(tx, blobs, bucket.name, key)
    if version.is_delete_marker:
        if former is not None:
            tx.delete(pack(("s3", "current", bucket.name, key)))
        _save_older(tx, bucket.name, key, version)
    else:
        tx.put(pack(("s3", "current", bucket.name, key)), _encode(version))
    return version, former


def remove_current(tx: Transaction, blobs: Blobs, bucket: str, key: str) -> Version | None:
    """Delete from a bucket without versioning; what was deleted."""
    row = pack(("s3", "current", bucket, key))
    raw = tx.get(row)
    if raw is None:
        return None
    version = _version(raw)
    tx.delete(row)
    delete_body(tx, blobs, bucket, key, version)
    return version


def remove_version(tx: Transaction, blobs: Blobs, bucket: str, key: str, gone: Version) -> None:
    """Delete one version for good; the next one becomes current when it was on top."""
    newest = current(tx, bucket, key)
    if newest is not None and newest.version_id == gone.version_id:
        tx.delete(pack(("s3", "current", bucket, key)))
        newest = None
    else:
        _delete_older(tx, bucket, key, gone)
    delete_body(tx, blobs, bucket, key, gone)
    if newest is None:
        heir = newest_older(tx, bucket, key)
        if heir is not None and not heir.is_delete_marker:
            _delete_older(tx, bucket, key, heir)
            heir.noncurrent_at = 0.0
            tx.put(pack(("s3", "current", bucket, key)), _encode(heir))


def _demote(tx: Transaction, bucket: str, key: str, version: Version, now: float) -> None:
    version.noncurrent_at = now
    _save_older(tx, bucket, key, version)


def _save_older(tx: Transaction, bucket: str, key: str, version: Version) -> None:
    tx.put(pack(("s3", "older", bucket, key, -version.number)), _encode(version))
    if version.version_id == NULL:
        number = version.number.to_bytes(6, "big")
        tx.put(pack(("s3", "null", bucket, key)), number)


def _delete_older(tx: Transaction, bucket: str, key: str, version: Version) -> None:
    tx.delete(pack(("s3", "older", bucket, key, -version.number)))
    if version.version_id == NULL:
        tx.delete(pack(("s3", "null", bucket, key)))


def _remove_older_null(tx: Transaction, blobs: Blobs, bucket: str, key: str) -> None:
    found = find_version(tx, bucket, key, NULL)
    if found is not None:
        _delete_older(tx, bucket, key, found)
        delete_body(tx, blobs, bucket, key, found)


# Bodies -------------------------------------------------------------------------------------


def inline_body(view: Snapshot, bucket: str, key: str, number: int) -> bytes:
    """A small body."""
    return view.get(pack(("s3", "body", bucket, key, number))) or b""


def save_inline_body(tx: Transaction, bucket: str, key: str, number: int, data: bytes) -> None:
    """Keep a small body."""
    tx.put(pack(("s3", "body", bucket, key, number)), data)


def hold_blob(tx: Transaction, blobs: Blobs, bucket: str, key: str, version: Version) -> None:
    """Record that the version needs its one blob."""
    blobs.hold(tx, version.blob_id, pack(("s3", "body", bucket, key, version.number)))


def segments_of(view: Snapshot, bucket: str, key: str, version: Version) -> list[Segment]:
    """The pieces of blobs a body consists of; none for a small or empty one."""
    if version.place == BLOB:
        return [Segment(version.blob_id, 0, version.size)]
    if version.place != SEGMENTS:
        return []
    raw = view.get(pack(("s3", "pieces", bucket, key, version.number)))
    return [] if raw is None else _segments(raw)


def save_segments(
    tx: Transaction, blobs: Blobs, bucket: str, key: str, number: int, segments: list[Segment]
) -> None:
    """Keep a body that consists of pieces of blobs."""
    owner = pack(("s3", "pieces", bucket, key, number))
    tx.put(owner, _encode(segments))
    for blob_id in dict.fromkeys(segment.blob_id for segment in segments):
        blobs.hold(tx, blob_id, owner)


def parts_of(view: Snapshot, bucket: str, key: str, number: int) -> list[Part]:
    """The parts a version was completed from."""
    raw = view.get(pack(("s3", "parts", bucket, key, number)))
    return [] if raw is None else _parts(raw)


def save_parts(tx: Transaction, bucket: str, key: str, number: int, parts: list[Part]) -> None:
    """Remember the parts a version was completed from."""
    tx.put(pack(("s3", "parts", bucket, key, number)), _encode(parts))


def delete_body(tx: Transaction, blobs: Blobs, bucket: str, key: str, version: Version) -> None:
    """Forget a version's body, wherever it is."""
    owner = pack(("s3", "body", bucket, key, version.number))
    if version.place == INLINE:
        tx.delete(owner)
    elif version.place == BLOB:
        blobs.release(tx, version.blob_id, owner)
    elif version.place == SEGMENTS:
        owner = pack(("s3", "pieces", bucket, key, version.number))
        for segment in segments_of(tx, bucket, key, version):
            blobs.release(tx, segment.blob_id, owner)
        tx.delete(owner)
    if version.parts_count:
        tx.delete(pack(("s3", "parts", bucket, key, version.number)))


# Scans --------------------------------------------------------------------------------------


def scan_current(
    view: Snapshot, bucket: str, prefix: str, start: bytes | None = None
) -> Iterator[tuple[str, Version]]:
    """(key, version) of what is current below a prefix, from the row `start` on."""
    base = len(pack(("s3", "current", bucket))) + 1
    first, end = starting_with(("s3", "current", bucket), prefix)
    for row, raw in view.scan(max(first, start) if start else first, end):
        key = row[base:-1]
        yield key.decode() if b"\0" not in key else unpack(row)[3], _version(raw)


def scan_older(
    view: Snapshot, bucket: str, prefix: str, start: bytes | None = None
) -> Iterator[tuple[str, Version]]:
    """(key, version) of the older versions and delete markers, newest first within a key."""
    first, end = starting_with(("s3", "older", bucket), prefix)
    for row, raw in view.scan(max(first, start) if start else first, end):
        yield unpack(row)[3], _version(raw)


def scan_uploads(
    view: Snapshot, bucket: str, prefix: str, start: bytes | None = None
) -> Iterator[tuple[str, Upload]]:
    """(key, upload), by key and then by start of the upload."""
    first, end = starting_with(("s3", "upload", bucket), prefix)
    for row, raw in view.scan(max(first, start) if start else first, end):
        yield unpack(row)[3], _upload(raw)


def row_after_key(kind: str, bucket: str, key: str) -> bytes:
    """Where rows of later keys begin: past everything under exactly this key."""
    return prefix_range(("s3", kind, bucket, key))[1]


def row_after_prefix(kind: str, bucket: str, prefix: str) -> bytes:
    """Where rows begin whose keys sort after everything that starts with `prefix`."""
    return starting_with(("s3", kind, bucket), prefix)[1]


def twin_row(row: bytes) -> bytes:
    """The row among the current ones that stands where `row` stands among the older ones."""
    return pack(("s3", "current")) + row.removeprefix(pack(("s3", "older")))


def row_after_version(bucket: str, key: str, number: int) -> bytes:
    """Where the older versions of a key go on after `number`."""
    return after(pack(("s3", "older", bucket, key, -number)))


def row_after_upload(bucket: str, key: str, upload_id: str) -> bytes:
    """Where uploads go on after one of them."""
    return after(pack(("s3", "upload", bucket, key, upload_id)))


# Uploads ------------------------------------------------------------------------------------


def load_upload(view: Snapshot, bucket: str, key: str, upload_id: str) -> Upload:
    """An upload under way. Raises NoSuchUpload."""
    raw = view.get(pack(("s3", "upload", bucket, key, upload_id)))
    if raw is None:
        raise errors.NoSuchUpload(
            "The specified upload does not exist. The upload ID may be invalid, or the upload may "
            "have been aborted or completed.",
            UploadId=upload_id,
        )
    return _upload(raw)


def save_upload(tx: Transaction, bucket: str, key: str, upload: Upload) -> None:
    """Begin an upload."""
    tx.put(pack(("s3", "upload", bucket, key, upload.upload_id)), _encode(upload))


def delete_upload(tx: Transaction, blobs: Blobs, bucket: str, key: str, upload_id: str) -> None:
    """Forget an upload and its parts."""
    for part in list(scan_parts(tx, bucket, key, upload_id)):
        delete_part(tx, blobs, bucket, key, upload_id, part)
    tx.delete(pack(("s3", "upload", bucket, key, upload_id)))


def find_part(view: Snapshot, bucket: str, key: str, upload_id: str, number: int) -> Part | None:
    """One part of an upload under way."""
    raw = view.get(pack(("s3", "part", bucket, key, upload_id, number)))
    return None if raw is None else _part(raw)


def scan_parts(
    view: Snapshot, bucket: str, key: str, upload_id: str, after_number: int = 0,
    limit: int | None = None,
) -> Iterator[Part]:  # fmt: skip
    """Parts in order, those after a number."""
    _, end = prefix_range(("s3", "part", bucket, key, upload_id))
    start = pack(("s3", "part", bucket, key, upload_id, after_number + 1))
    for _, raw in view.scan(start, end, limit=limit):
        yield _part(raw)


def save_part(
    tx: Transaction, blobs: Blobs, bucket: str, key: str, upload_id: str, part: Part
) -> None:
    """Keep a part; an earlier one of the same number goes."""
    owner = pack(("s3", "part", bucket, key, upload_id, part.number))
    former = tx.get(owner)
    if former is not None:
        delete_part(tx, blobs, bucket, key, upload_id, _part(former))
    tx.put(owner, _encode(part))
    for segment in part.segments:
        blobs.hold(tx, segment.blob_id, owner)


def delete_part(
    tx: Transaction, blobs: Blobs, bucket: str, key: str, upload_id: str, part: Part
) -> None:
    """Forget a part."""
    owner = pack(("s3", "part", bucket, key, upload_id, part.number))
    for segment in part.segments:
        blobs.release(tx, segment.blob_id, owner)
    tx.delete(owner)


# Events -------------------------------------------------------------------------------------


def add_event(
    tx: Transaction, request_id: str, rule_id: str, key: str, target: dict[str, Any]
) -> None:
    """Keep an event until it is delivered, in the order in which things happened."""
    last = 0
    for row, _ in tx.scan(*prefix_range(("s3", "event")), reverse=True, limit=1):
        last = unpack(row)[2]
    tx.put(pack(("s3", "event", last + 1, request_id, rule_id, key)), _encode(target))


def first_events(view: Snapshot, limit: int) -> list[tuple[bytes, dict[str, Any]]]:
    """The oldest events that wait, with their rows."""
    return [
        (row, _document(raw)) for row, raw in view.scan(*prefix_range(("s3", "event")), limit=limit)
    ]


def delete_event(tx: Transaction, row: bytes) -> None:
    """An event was delivered."""
    tx.delete(row)
