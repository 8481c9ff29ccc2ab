"""Listing multipart uploads and their parts."""

from airside.kernel import Context, Request, Result, Snapshot, operation
from airside.protocol.scalars import is_size, read_size
from airside.services.s3 import errors, store
from airside.services.s3.bucket import Bucket, owner_of
from airside.services.s3.common import on_bucket, on_object, opened, tier1
from airside.services.s3.listing import Page, encoder, walk
from airside.services.s3.object import Part
from airside.services.s3.store import Upload

_PAGE = 1000


def _limit(request: Request, member: str, name: str) -> int:
    """How many are asked for, at most a page. Raises InvalidArgument."""
    limit: int = request.get(member, _PAGE)
    if limit < 0:
        raise errors.InvalidArgument(
            f"Argument {name} must be an integer between 0 and 2147483647",
            ArgumentName=name,
            ArgumentValue=str(limit),
        )
    return min(limit, _PAGE)


@operation("ListMultipartUploads", resource=on_bucket, action="s3:ListBucketMultipartUploads")
async def list_multipart_uploads(ctx: Context, request: Request) -> Result:
    """Uploads under way, by key and then by start."""
    limit = _limit(request, "MaxUploads", "max-uploads")
    prefix, delimiter = request.get("Prefix", ""), request.get("Delimiter", "")
    key_marker, id_marker = request.get("KeyMarker", ""), request.get("UploadIdMarker", "")

    def look(view: Snapshot) -> tuple[Bucket, Page[Upload]]:
        bucket = opened(view, ctx, request, "s3:ListBucketMultipartUploads")
        name = bucket.name
        start = None
        if key_marker and id_marker:
            start = store.row_after_upload(name, key_marker, id_marker)
        elif key_marker:
            start = store.row_after_key("upload", name, key_marker)
        page = walk(
            lambda prefix, row: store.scan_uploads(view, name, prefix, row),
            lambda common: store.row_after_prefix("upload", name, common),
            prefix=prefix,
            delimiter=delimiter,
            start=start,
            marker=key_marker,
            limit=limit,
        )
        return bucket, page

    bucket, page = await ctx.store.read(look)
    tier1(ctx, bucket.name)
    encoding_type = request.get("EncodingType") or None
    encode = encoder(encoding_type)
    return {
        "Bucket": bucket.name,
        "KeyMarker": encode(key_marker),
        "UploadIdMarker": id_marker,
        "NextKeyMarker": encode(page.last) if page.truncated or page.last_value else "",
        "NextUploadIdMarker": page.last_value.upload_id if page.last_value else "",
        "Prefix": encode(prefix) if prefix else None,
        "Delimiter": encode(delimiter) if delimiter else None,
        "MaxUploads": limit,
        "EncodingType": encoding_type,
        "IsTruncated": page.truncated,
        "Uploads": [_shown(encode(key), begun, bucket) for key, begun in page.entries],
        "CommonPrefixes": [{"Prefix": encode(common)} for common in page.prefixes],
    }


def _shown(key: str, begun: Upload, bucket: Bucket) -> Result:
    return {
        "Key": key,
        "UploadId": begun.upload_id,
        "Initiated": begun.initiated_at,
        "StorageClass": begun.version.storage_class,
        "Owner": owner_of(begun.version.owner),
        "Initiator": owner_of(begun.version.owner),
        "ChecksumAlgorithm": begun.algorithm or None,
        "ChecksumType": begun.checksum_type or None,
    }


def _part_number(text: str) -> int:
    if not is_size(text) or read_size(text) >= 1 << 31:
        raise errors.InvalidArgument(
            "Provided part-number-marker not an integer or within integer range",
            ArgumentName="part-number-marker",
            ArgumentValue=text,
        )
    return int(text)


@operation("ListParts", resource=on_object, action="s3:ListMultipartUploadParts")
async def list_parts(ctx: Context, request: Request) -> Result:
    """Parts uploaded so far."""
    key, upload_id = request["Key"], request["UploadId"]
    limit = _limit(request, "MaxParts", "max-parts")
    marker = _part_number(request.get("PartNumberMarker") or "0")

    def look(view: Snapshot) -> tuple[Bucket, Upload, list[Part]]:
        bucket = opened(view, ctx, request, "s3:ListMultipartUploadParts", key)
        begun = store.load_upload(view, bucket.name, key, upload_id)
        parts = list(store.scan_parts(view, bucket.name, key, upload_id, marker, limit + 1))
        return bucket, begun, parts

    bucket, begun, parts = await ctx.store.read(look)
    tier1(ctx, bucket.name)
    shown = parts[:limit]
    return {
        "Bucket": bucket.name,
        "Key": key,
        "UploadId": upload_id,
        "PartNumberMarker": marker,
        "NextPartNumberMarker": shown[-1].number if shown else 0,
        "MaxParts": limit,
        "IsTruncated": len(parts) > limit,
        "Parts": [
            {
                "PartNumber": part.number,
                "LastModified": part.modified_at,
                "ETag": f'"{part.etag}"',
                "Size": part.size,
                **(part.checksums if begun.algorithm else {}),
            }
            for part in shown
        ],
        "Owner": owner_of(begun.version.owner),
        "Initiator": owner_of(begun.version.owner),
        "StorageClass": begun.version.storage_class,
        "ChecksumAlgorithm": begun.algorithm or None,
        "ChecksumType": begun.checksum_type or None,
    }
