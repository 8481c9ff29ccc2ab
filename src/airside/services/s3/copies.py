"""Copying objects, whole and as parts. Bytes are shared, not copied, where encryption allows."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import md5
from urllib.parse import unquote

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.protocol.scalars import is_size, read_size
from airside.services.s3 import (
    archive,
    attributes,
    encryption,
    errors,
    events,
    limits,
    multipart,
    reads,
    store,
    upload,
)
from airside.services.s3.bucket import Bucket
from airside.services.s3.checksum import ALGORITHMS, Hasher, member_of
from airside.services.s3.common import on_object, opened, tier1
from airside.services.s3.encryption import customer_key
from airside.services.s3.names import check_key
from airside.services.s3.object import (
    DEFAULT_CHECKSUM,
    EMPTY,
    INLINE,
    SEGMENTS,
    Part,
    Segment,
    Version,
    check_read_conditions,
    check_write_conditions,
    cut,
)
from airside.services.s3.objects import add_draft, draft_version

_KEPT = ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType",
         "Expires")  # fmt: skip


@dataclass(slots=True)
class Source:
    """What is copied from."""

    found: reads.Found
    key: encryption.CustomerKey | None

    @property
    def version(self) -> Version:
        """The version that is copied."""
        return self.found.version


class StreamOf:
    """A body made of a source's bytes."""

    def __init__(self, chunks: AsyncIterator[bytes], length: int) -> None:
        self._chunks = chunks
        self.length: int | None = length

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks

    async def read(self, limit: int | None = None) -> bytes:
        """The whole of it."""
        return b"".join([chunk async for chunk in self._chunks])


def parse_source(header: str) -> tuple[str, str, str | None]:
    """`/bucket/key?versionId=ID`, URL-encoded, as (bucket, key, version id)."""
    path, _, query = header.partition("?")
    version_id = None
    if query.startswith("versionId="):
        version_id = unquote(query.removeprefix("versionId=").partition("&")[0])
    path = unquote(path)
    if path.startswith("arn:aws:s3:::"):
        path = path.removeprefix("arn:aws:s3:::")
    bucket, _, key = path.removeprefix("/").partition("/")
    if not bucket or not key:
        raise errors.InvalidArgument(
            "Invalid copy source object key",
            ArgumentName="x-amz-copy-source",
            ArgumentValue="x-amz-copy-source",
        )
    return bucket, key, version_id


def _look(view: Snapshot, ctx: Context, request: Request) -> Source:
    """The source of a copy, its conditions checked."""
    bucket_name, key, version_id = parse_source(request["CopySource"])
    wanted: Request = {"Bucket": bucket_name, "Key": key}
    if version_id is not None:
        wanted["VersionId"] = version_id
    if request.get("ExpectedSourceBucketOwner"):
        wanted["ExpectedBucketOwner"] = request["ExpectedSourceBucketOwner"]
    try:
        bucket, version = reads.find(view, ctx, wanted)
    except errors.MethodNotAllowed:
        raise errors.InvalidRequest(
            "The source of a copy request may not specifically refer to a delete marker by version "
            "id."
        ) from None
    secret = customer_key(request, "CopySource")
    encryption.check_key(version, secret)
    archive.check_readable(
        version, ctx.clock.now(), "Operation is not valid for the source object's storage class"
    )
    check_read_conditions(version, request, ctx.clock.now(), "CopySource", copying=True)
    found = reads.Found(bucket, key, version)
    if version.place == INLINE:
        found.data = store.inline_body(view, bucket.name, key, version.number)
    elif secret is not None and version.parts_count:
        found.parts = store.parts_of(view, bucket.name, key, version.number)
    else:
        found.segments = store.segments_of(view, bucket.name, key, version)
    return Source(found, secret)


def _chunks(ctx: Context, source: Source, offset: int, length: int) -> AsyncIterator[bytes]:
    """The source's bytes in the clear."""
    if source.found.parts is None and source.key is None and not source.found.data:
        return reads.stream(ctx, cut(source.found.segments or [], offset, length))
    body = reads.body_of(ctx, source.found, offset, length, source.key)
    if isinstance(body, bytes):
        return _once(body)
    assert isinstance(body, AsyncIterator)
    return body


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


@operation("CopyObject", resource=on_object, action="s3:PutObject")
async def copy_object(ctx: Context, request: Request) -> Result:
    """Make an object out of another, with its metadata or new ones."""
    key = request["Key"]
    check_key(key)

    def look(view: Snapshot) -> tuple[Bucket, Source]:
        return opened(view, ctx, request, "s3:PutObject", key), _look(view, ctx, request)

    bucket, source = await ctx.store.read(look)
    if source.version.size > limits.PUT_BYTES_MAX:
        raise errors.InvalidRequest(
            "The specified copy source is larger than the maximum allowable size for a copy "
            "source: 5368709120"
        )
    _check_changes_something(request, bucket, source)
    draft = _draft(ctx, bucket, request, source)
    body = await _take(ctx, request, draft, source)
    random_bytes = ctx.ids.random_bytes(18)

    def put(tx: Transaction) -> tuple[Bucket, Version]:
        bucket = store.load_bucket(tx, request["Bucket"])
        check_write_conditions(store.current(tx, bucket.name, key), request, key)
        if body is None:
            _check_still_there(tx, source)
        if body is None and draft.place == SEGMENTS:
            # Held before the former version of this key goes, which may be the source itself.
            for segment in source.found.segments or []:
                ctx.blobs.hold(tx, segment.blob_id, _draft_owner(bucket, key))
        version = add_draft(tx, ctx, bucket, key, draft, random_bytes)
        if body is not None:
            upload.keep(tx, ctx, bucket.name, key, version, body.data)
        elif version.place == INLINE:
            store.save_inline_body(tx, bucket.name, key, version.number, source.found.data)
        elif version.place == SEGMENTS:
            segments = source.found.segments or []
            store.save_segments(tx, ctx.blobs, bucket.name, key, version.number, segments)
            for segment in segments:
                ctx.blobs.release(tx, segment.blob_id, _draft_owner(bucket, key))
        events.record(tx, ctx, bucket, "ObjectCreated:Copy", key, version)
        return bucket, version

    bucket, version = await ctx.store.transact(put)
    tier1(ctx, bucket.name)
    events.wake(ctx, bucket)
    shared = source.found.bucket.is_versioned
    return {
        **attributes.shown_encryption(version),
        "VersionId": version.version_id if bucket.versioning == "Enabled" else None,
        "CopyObjectResult": {
            "ETag": version.quoted_etag,
            "LastModified": version.modified_at,
            **version.checksums,
            "ChecksumType": version.checksum_type or None,
        },
        "CopySourceVersionId": source.version.version_id if shared else None,
    }


def _draft_owner(bucket: Bucket, key: str) -> bytes:
    return f"s3 copy {bucket.name}/{key}".encode()


def _check_still_there(tx: Transaction, source: Source) -> None:
    """The source's bytes are shared: they must not have gone since they were looked at."""
    found = source.found
    now = store.find_version(tx, found.bucket.name, found.key, found.version.version_id)
    if now is None or _body(now) != _body(found.version):
        raise errors.ConditionalRequestConflict(
            "A conflicting operation occurred on the source of the copy. Please try again."
        )


def _body(version: Version) -> tuple[object, ...]:
    """What tells one body from another."""
    return version.etag, version.number, version.blob_id, version.upload_id, version.nonce


def _check_changes_something(request: Request, bucket: Bucket, source: Source) -> None:
    same = source.found.bucket.name == bucket.name and source.found.key == request["Key"]
    if not same or "?" in request["CopySource"] or request.get("MetadataDirective") == "REPLACE":
        return
    changing = ("StorageClass", "ServerSideEncryption", "SSECustomerAlgorithm",
                "WebsiteRedirectLocation", "ChecksumAlgorithm")  # fmt: skip
    if any(request.get(name) for name in changing):
        return
    raise errors.InvalidRequest(
        "This copy request is illegal because it is trying to copy an object to itself without "
        "changing the object's metadata, storage class, website redirect location or encryption "
        "attributes."
    )


def _draft(ctx: Context, bucket: Bucket, request: Request, source: Source) -> Version:
    """The record of the copy: what is kept from the source, what is new."""
    draft = draft_version(ctx, bucket, request, customer_key(request))
    directive = request.get("MetadataDirective", "COPY")
    if directive not in ("COPY", "REPLACE"):
        raise errors.InvalidArgument(
            "Unknown metadata directive.",
            ArgumentName="x-amz-metadata-directive",
            ArgumentValue=directive,
        )
    if directive == "COPY":
        headers = source.version.headers
        redirect = draft.headers.get("WebsiteRedirectLocation")
        draft.headers = {name: headers[name] for name in _KEPT if name in headers}
        if redirect is not None:
            draft.headers["WebsiteRedirectLocation"] = redirect
        draft.metadata = source.version.metadata
    if request.get("TaggingDirective", "COPY") == "COPY":
        draft.tags = source.version.tags
    return draft


async def _take(
    ctx: Context, request: Request, draft: Version, source: Source
) -> upload.Received | None:
    """Settle the copy's size, ETag and checksums.

    None when the bytes can be shared; else they have been read, and written anew.
    """
    version, secret = source.version, customer_key(request)
    algorithm = (request.get("ChecksumAlgorithm") or "").upper()
    if not algorithm and version.checksums:
        algorithm = next(iter(version.checksums)).removeprefix("Checksum")
    if algorithm and algorithm not in ALGORITHMS:
        raise errors.InvalidRequest("Checksum algorithm provided is unsupported.")
    chunks = StreamOf(_chunks(ctx, source, 0, version.size), version.size)
    if secret is not None or source.key is not None:
        expected = upload.Expectation(algorithm=algorithm)
        received = await upload.receive(ctx, chunks, expected, secret=secret)
        draft.size, draft.etag, draft.checksums = version.size, received.etag, received.checksums
        draft.place, draft.blob_id, draft.nonce = received.place, received.blob_id, received.nonce
        draft.checksum_type = "FULL_OBJECT" if received.checksums else ""
        return received
    draft.size = version.size
    draft.place = version.place if version.place in (EMPTY, INLINE) else SEGMENTS
    member = member_of(algorithm) if algorithm else ""
    known = version.checksums.get(member) if version.checksum_type == "FULL_OBJECT" else None
    draft.checksum_type = "FULL_OBJECT" if algorithm else ""
    if not version.parts_count and (not algorithm or known):
        draft.etag, draft.checksums = version.etag, dict(version.checksums)
        return None
    hasher, digest = Hasher(algorithm), md5()
    async for chunk in chunks:
        digest.update(chunk)
        hasher.update(chunk)
    draft.etag = digest.hexdigest()
    draft.checksums = {member: hasher.base64()} if algorithm else {}
    return None


@operation("UploadPartCopy", resource=on_object, action="s3:PutObject")
async def upload_part_copy(ctx: Context, request: Request) -> Result:
    """Make a part out of (a range of) an object."""
    key, upload_id, number = request["Key"], request["UploadId"], request["PartNumber"]
    multipart.check_part_number(number)

    def look(view: Snapshot) -> tuple[Bucket, store.Upload, Source]:
        bucket = opened(view, ctx, request, "s3:PutObject", key)
        begun = store.load_upload(view, bucket.name, key, upload_id)
        return bucket, begun, _look(view, ctx, request)

    bucket, begun, source = await ctx.store.read(look)
    secret = customer_key(request)
    multipart.check_same_key(begun, secret.key_md5 if secret else None)
    offset, length = _copy_range(request.get("CopySourceRange"), source.version.size)
    part = await _copied_part(ctx, request, begun, source, (offset, length))
    await multipart.save(ctx, bucket, key, upload_id, part)
    tier1(ctx, bucket.name)
    shared = source.found.bucket.is_versioned
    return {
        "CopyPartResult": {
            "ETag": f'"{part.etag}"',
            "LastModified": part.modified_at,
            **(part.checksums if begun.algorithm else {}),
        },
        "CopySourceVersionId": source.version.version_id if shared else None,
        **attributes.shown_encryption(begun.version),
    }


async def _copied_part(
    ctx: Context, request: Request, begun: store.Upload, source: Source, span: tuple[int, int]
) -> Part:
    secret = customer_key(request)
    chunks = StreamOf(_chunks(ctx, source, *span), span[1])
    shareable = secret is None and source.key is None and source.version.place != INLINE
    segments: list[Segment]
    algorithm = begun.algorithm or DEFAULT_CHECKSUM.removeprefix("Checksum")
    if shareable:
        digest, hasher = md5(), Hasher(algorithm)
        async for chunk in chunks:
            digest.update(chunk)
            hasher.update(chunk)
        etag, nonce = digest.hexdigest(), b""
        checksums = {member_of(algorithm): hasher.base64()}
        segments = cut(source.found.segments or [], *span)
    else:
        expected = upload.Expectation(algorithm=algorithm)
        received = await upload.receive(ctx, chunks, expected, secret=secret, inline=False)
        etag, nonce, checksums = received.etag, received.nonce, received.checksums
        segments = received.segments
    return Part(
        number=request["PartNumber"],
        size=span[1],
        etag=etag,
        modified_at=float(int(ctx.clock.now())),
        segments=segments,
        checksums=checksums,
        nonce=nonce,
    )


def _copy_range(header: str | None, size: int) -> tuple[int, int]:
    """(offset, length) of `bytes=first-last`, which must lie within the source."""
    if header is None:
        return 0, size
    first, _, last = header.removeprefix("bytes=").partition("-")
    malformed = not header.startswith("bytes=") or not (is_size(first) and is_size(last))
    start, end = (0, 0) if malformed else (read_size(first), read_size(last))
    if malformed or end < start:
        raise errors.InvalidArgument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first "
            "and last are the zero-based offsets of the first and last bytes to copy",
            ArgumentName="x-amz-copy-source-range",
            ArgumentValue=header,
        )
    if start >= size:
        raise errors.InvalidRequest(
            "The specified copy range is invalid for the source object size"
        )
    if end >= size:
        raise errors.InvalidRange(
            f"Range specified is not valid for source object of size: {size}",
            ActualObjectSize=str(size),
            RangeRequested=header,
        )
    return start, end - start + 1
