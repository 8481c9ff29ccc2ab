"""Writing objects."""

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.s3 import attributes, errors, events, lock, store, upload
from airside.services.s3.bucket import Bucket
from airside.services.s3.common import (
    expiration_of,
    grants_asked,
    on_object,
    opened,
    owner_of_new,
    tier1,
)
from airside.services.s3.encryption import CustomerKey, customer_key
from airside.services.s3.names import check_key
from airside.services.s3.object import Version, check_write_conditions


@operation("PutObject", resource=on_object)
async def put_object(ctx: Context, request: Request) -> Result:
    """Store an object; whatever had its key before gives way or becomes an older version."""
    return await store_object(ctx, request, "ObjectCreated:Put")


async def store_object(ctx: Context, request: Request, event: str) -> Result:
    """Store an object, from whichever operation brings it."""
    key = request["Key"]
    check_key(key)

    def admit(view: Snapshot) -> Bucket:
        return opened(view, ctx, request, "s3:PutObject", key)

    bucket = await ctx.store.read(admit)
    secret = customer_key(request)
    draft = draft_version(ctx, bucket, request, secret)
    expected = upload.expectation(request)
    if (draft.lock_mode or draft.legal_hold) and not (expected.md5 or expected.algorithm):
        raise errors.InvalidRequest(
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with "
            "Object Lock parameters"
        )
    received = await upload.receive(ctx, request.get("Body", b""), expected, secret=secret)
    draft.size, draft.etag = received.size, received.etag
    draft.place, draft.blob_id, draft.nonce = received.place, received.blob_id, received.nonce
    draft.checksums = received.checksums
    draft.checksum_type = "FULL_OBJECT" if received.checksums else ""
    random_bytes = ctx.ids.random_bytes(18)

    def put(tx: Transaction) -> tuple[Bucket, Version, str | None]:
        bucket = store.load_bucket(tx, request["Bucket"])
        if "IfMatch" in request or "IfNoneMatch" in request:
            check_write_conditions(store.current(tx, bucket.name, key), request, key)
        version = add_draft(tx, ctx, bucket, key, draft, random_bytes)
        upload.keep(tx, ctx, bucket.name, key, version, received.data)
        events.record(tx, ctx, bucket, event, key, version)
        return bucket, version, expiration_of(tx, bucket, key, version)

    bucket, version, expiration = await ctx.store.transact(put)
    tier1(ctx, bucket.name)
    events.wake(ctx, bucket)
    return attributes.written(bucket, version, expiration)


def draft_version(
    ctx: Context, bucket: Bucket, request: Request, secret: CustomerKey | None
) -> Version:
    """The record of a version about to be written, as far as headers tell.

    Raises for headers that S3 refuses.
    """
    now = float(int(ctx.clock.now()))
    owner = owner_of_new(ctx, bucket, request)
    draft = Version(
        size=0,
        etag="",
        modified_at=now,
        number=0,
        owner=owner,
        headers=attributes.headers_of(request),
        metadata=attributes.metadata_of(request),
        storage_class=attributes.storage_class_of(request),
        encryption=attributes.encryption_of(request, bucket, secret.shown if secret else None),
        tags=attributes.tags_of_header(request.get("Tagging")),
        grants=grants_asked(bucket, request, owner),
    )
    lock.apply_headers(draft, bucket, request, ctx.clock.now())
    return draft


def add_draft(
    tx: Transaction, ctx: Context, bucket: Bucket, key: str, draft: Version, random_bytes: bytes
) -> Version:
    """Put a drafted version on top."""

    def make(number: int) -> Version:
        draft.number, draft.written_at = number, ctx.clock.now()
        return draft

    version, _ = store.add_version(tx, ctx.blobs, bucket, key, make, random_bytes)
    return version
