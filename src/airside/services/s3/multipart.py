"""Multipart uploads: begun, fed part by part, completed or aborted."""

from typing import Any
from urllib.parse import quote

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.s3 import attributes, errors, events, limits, store, upload
from airside.services.s3.assembly import assemble, check_promised, chosen_parts
from airside.services.s3.bucket import Bucket
from airside.services.s3.checksum import ALGORITHMS, COMBINABLE, member_of
from airside.services.s3.common import on_object, opened, tier1
from airside.services.s3.encryption import customer_key
from airside.services.s3.names import check_key
from airside.services.s3.object import SEGMENTS, Part, Version, check_write_conditions
from airside.services.s3.objects import add_draft, draft_version
from airside.services.s3.store import Upload


@operation("CreateMultipartUpload", resource=on_object, action="s3:PutObject")
async def create_multipart_upload(ctx: Context, request: Request) -> Result:
    """Begin an upload: headers, metadata and checksum algorithm are settled here."""
    key = request["Key"]
    check_key(key)
    bucket = await ctx.store.read(lambda view: opened(view, ctx, request, "s3:PutObject", key))
    algorithm = (request.get("ChecksumAlgorithm") or "").upper()
    kind = _checksum_type(algorithm, request.get("ChecksumType"))
    now = ctx.clock.now()
    begun = Upload(
        # Sorts by start: uploads of one key are listed in the order in which they began.
        upload_id=f"{int(now * 1000):012x}{ctx.ids.lower(36)}",
        initiated_at=float(int(now)),
        version=draft_version(ctx, bucket, request, customer_key(request)),
        algorithm=algorithm,
        checksum_type=kind,
        initiator=ctx.principal.arn,
        began_at=now,
    )

    def begin(tx: Transaction) -> None:
        store.load_bucket(tx, bucket.name)
        store.save_upload(tx, bucket.name, key, begun)

    await ctx.store.transact(begin)
    tier1(ctx, bucket.name)
    return {
        "Bucket": bucket.name,
        "Key": key,
        "UploadId": begun.upload_id,
        "ChecksumAlgorithm": algorithm or None,
        "ChecksumType": kind or None,
        **attributes.shown_encryption(begun.version),
    }


def _checksum_type(algorithm: str, asked: str | None) -> str:
    if not algorithm:
        if asked:
            raise errors.InvalidRequest(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm "
                "header."
            )
        return ""
    if algorithm not in ALGORITHMS:
        raise errors.InvalidRequest(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid "
            f"types: [{', '.join(ALGORITHMS)}]"
        )
    kind = asked or ("FULL_OBJECT" if algorithm == "CRC64NVME" else "COMPOSITE")
    fits = algorithm in COMBINABLE if kind == "FULL_OBJECT" else algorithm != "CRC64NVME"
    if kind not in ("FULL_OBJECT", "COMPOSITE") or not fits:
        raise errors.InvalidRequest(
            f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum "
            "algorithm."
        )
    return kind


def check_part_number(number: int) -> None:
    """Raise InvalidArgument outside 1 to 10,000."""
    if not 1 <= number <= limits.PART_NUMBER_MAX:
        raise errors.InvalidArgument(
            "Part number must be an integer between 1 and 10000, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=str(number),
        )


@operation("UploadPart", resource=on_object, action="s3:PutObject")
async def upload_part(ctx: Context, request: Request) -> Result:
    """Take in one part; an earlier one of the same number gives way."""
    key, upload_id, number = request["Key"], request["UploadId"], request["PartNumber"]
    check_part_number(number)

    def admit(view: Snapshot) -> tuple[Bucket, Upload]:
        bucket = opened(view, ctx, request, "s3:PutObject", key)
        return bucket, store.load_upload(view, bucket.name, key, upload_id)

    bucket, begun = await ctx.store.read(admit)
    secret = customer_key(request)
    check_same_key(begun, secret.key_md5 if secret else None)
    expected = upload.expectation(request, begun.algorithm)
    expected.default = not begun.algorithm and secret is None
    if begun.algorithm and expected.algorithm != begun.algorithm:
        raise errors.InvalidRequest(
            f"Checksum Type mismatch occurred, expected checksum Type: {begun.algorithm.lower()}, "
            f"actual checksum Type: {expected.algorithm.lower()}"
        )
    received = await upload.receive(
        ctx, request.get("Body", b""), expected, secret=secret, inline=False
    )
    part = Part(
        number=number,
        size=received.size,
        etag=received.etag,
        modified_at=float(int(ctx.clock.now())),
        segments=received.segments,
        checksums=received.checksums,
        nonce=received.nonce,
    )
    await save(ctx, bucket, key, upload_id, part)
    tier1(ctx, bucket.name)
    asked = member_of(expected.algorithm)
    return {
        "ETag": f'"{part.etag}"',
        **({} if expected.nothing_asked else {asked: part.checksums[asked]}),
        **attributes.shown_encryption(begun.version),
    }


async def save(ctx: Context, bucket: Bucket, key: str, upload_id: str, part: Part) -> None:
    """Keep a part, unless the upload is gone by now."""

    def keep(tx: Transaction) -> None:
        store.load_upload(tx, bucket.name, key, upload_id)
        store.save_part(tx, ctx.blobs, bucket.name, key, upload_id, part)

    await ctx.store.transact(keep)


def check_same_key(begun: Upload, key_md5: str | None) -> None:
    """Raise InvalidRequest unless a part comes with the key that the upload began with."""
    wanted = begun.version.encryption.get("SSECustomerKeyMD5")
    if wanted is None and key_md5 is not None:
        raise errors.InvalidRequest(
            "The multipart upload initiate requested no encryption. Subsequent part requests must "
            "be encrypted the same way."
        )
    if wanted is not None and key_md5 is None:
        raise errors.InvalidRequest(
            "The multipart upload initiate requested encryption. Subsequent part requests must "
            "include the appropriate encryption parameters."
        )
    if wanted != key_md5:
        raise errors.InvalidRequest(
            "The provided encryption parameters did not match the ones used originally."
        )


@operation("CompleteMultipartUpload", resource=on_object, action="s3:PutObject")
async def complete_multipart_upload(ctx: Context, request: Request) -> Result:
    """Make the object out of the listed parts, without copying a byte.

    Completing once more after success answers the same again.
    """
    key, upload_id = request["Key"], request["UploadId"]
    listed: list[dict[str, Any]] = request.get("MultipartUpload", {}).get("Parts", [])
    random_bytes = ctx.ids.random_bytes(18)
    now = ctx.clock.now()
    secret = customer_key(request)

    def complete(tx: Transaction) -> tuple[Bucket, Version]:
        bucket = opened(tx, ctx, request, "s3:PutObject", key)
        done = store.current(tx, bucket.name, key)
        if done is not None and done.upload_id == upload_id:
            return bucket, done
        begun = store.load_upload(tx, bucket.name, key, upload_id)
        if begun.algorithm or secret is not None:
            check_same_key(begun, secret.key_md5 if secret else None)
        uploaded = {part.number: part for part in store.scan_parts(tx, bucket.name, key, upload_id)}
        parts = chosen_parts(listed, uploaded, begun)
        check_write_conditions(done, request, key)
        _check_no_conflict(done, begun, request, key)
        draft = assemble(begun, parts, now)
        check_promised(draft, begun, request)
        version = add_draft(tx, ctx, bucket, key, draft, random_bytes)
        segments = [segment for part in parts for segment in part.segments]
        if version.place == SEGMENTS:
            store.save_segments(tx, ctx.blobs, bucket.name, key, version.number, segments)
        store.save_parts(tx, bucket.name, key, version.number, parts)
        store.delete_upload(tx, ctx.blobs, bucket.name, key, upload_id)
        events.record(tx, ctx, bucket, "ObjectCreated:CompleteMultipartUpload", key, version)
        return bucket, version

    bucket, version = await ctx.store.transact(complete)
    tier1(ctx, bucket.name)
    events.wake(ctx, bucket)
    return {
        "Location": f"http://{bucket.name}.s3.{bucket.region}.amazonaws.com/{quote(key, safe='')}",
        "Bucket": bucket.name,
        "Key": key,
        **_completed(bucket, version),
    }


def _check_no_conflict(current: Version | None, begun: Upload, request: Request, key: str) -> None:
    """Raise ConditionalRequestConflict where the object was written since the upload began."""
    if request.get("IfMatch") is None or current is None or not begun.began_at:
        return
    if current.written_at > begun.began_at:
        raise errors.ConditionalRequestConflict(
            "The conditional request cannot succeed due to a conflicting operation against this "
            "resource.",
            Condition="If-Match",
            Key=key,
        )


def _completed(bucket: Bucket, version: Version) -> Result:
    """The answer to a completion names no key of the caller's."""
    written = attributes.written(bucket, version)
    return {name: value for name, value in written.items() if not name.startswith("SSECustomer")}


@operation("AbortMultipartUpload", resource=on_object)
async def abort_multipart_upload(ctx: Context, request: Request) -> Result:
    """Throw an upload away."""
    key, upload_id = request["Key"], request["UploadId"]

    def abort(tx: Transaction) -> None:
        bucket = opened(tx, ctx, request, "s3:AbortMultipartUpload", key)
        begun = store.load_upload(tx, bucket.name, key, upload_id)
        initiated = request.get("IfMatchInitiatedTime")
        if initiated is not None and int(initiated) != int(begun.initiated_at):
            raise errors.PreconditionFailed(
                "At least one of the pre-conditions you specified did not hold",
                Condition="If-Match-Initiated-Time",
            )
        store.delete_upload(tx, ctx.blobs, bucket.name, key, upload_id)

    await ctx.store.transact(abort)
    return {}
