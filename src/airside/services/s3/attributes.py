"""What a request says about an object besides its bytes, and what a result says back. Pure."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from airside.services.s3 import errors, limits
from airside.services.s3.bucket import Bucket
from airside.services.s3.encoded_words import decoded
from airside.services.s3.object import STORED_HEADERS, Version

STORAGE_CLASSES = frozenset(
    {"STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING",
     "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"}
)  # fmt: skip
_TAG_TEXT = re.compile(r"[\w\s+\-=.:/@]*").fullmatch
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-managing.html"""
_ENCRYPTION = ("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled", "SSEKMSEncryptionContext")
_SHOWN_ENCRYPTION = ("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled",
                     "SSECustomerAlgorithm", "SSECustomerKeyMD5")  # fmt: skip


def headers_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """The headers that are stored and given back. `aws-chunked` is of the transfer, not stored."""
    found = {name: request[name] for name in STORED_HEADERS if request.get(name) is not None}
    coding = found.get("ContentEncoding")
    if coding is not None and "aws-chunked" in coding:
        rest = [item.strip() for item in coding.split(",") if item.strip() != "aws-chunked"]
        found["ContentEncoding"] = ",".join(rest)
        if not rest:
            del found["ContentEncoding"]
    found.setdefault("ContentType", "binary/octet-stream")
    target = found.get("WebsiteRedirectLocation")
    if target is not None and not target.startswith(("/", "http://", "https://")):
        raise errors.InvalidArgument(
            "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
            ArgumentName="x-amz-website-redirect-location",
            ArgumentValue=target,
        )
    return found


def metadata_of(request: Mapping[str, Any]) -> dict[str, str]:
    """User metadata with names in lower case. Raises MetadataTooLarge."""
    if "Metadata" not in request:
        return {}
    metadata = {name.lower(): decoded(text) for name, text in request["Metadata"].items()}
    size = sum(len(name) + len(value.encode()) for name, value in metadata.items())
    if size > limits.METADATA_BYTES_MAX:
        raise errors.MetadataTooLarge(
            "Your metadata headers exceed the maximum allowed metadata size",
            Size=str(size),
            MaxSizeAllowed=str(limits.METADATA_BYTES_MAX),
        )
    return metadata


def storage_class_of(request: Mapping[str, Any]) -> str:
    """The storage class asked for. Raises InvalidStorageClass."""
    name = request.get("StorageClass") or "STANDARD"
    if name not in STORAGE_CLASSES:
        raise errors.InvalidStorageClass(
            "The storage class you specified is not valid", StorageClassRequested=name
        )
    return str(name)


def tags_of_header(header: str | None) -> dict[str, str]:
    """The tags of an `x-amz-tagging` header. Raises InvalidArgument, InvalidTag."""
    if not header:
        return {}
    pairs = parse_qsl(header, keep_blank_values=True)
    if len(dict(pairs)) != len(pairs) or not all(
        _TAG_TEXT(text) for pair in pairs for text in pair
    ):
        raise errors.InvalidArgument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query "
            "parameters without tag name duplicates.",
            ArgumentName="x-amz-tagging",
            ArgumentValue=header,
        )
    return check_tags(pairs, limits.OBJECT_TAGS_MAX)


def tags_of_set(tag_set: list[dict[str, str]], count_max: int) -> dict[str, str]:
    """The tags of a Tagging document. Raises InvalidTag, BadRequest's kin."""
    pairs = [(tag["Key"], tag.get("Value", "")) for tag in tag_set]
    if len(dict(pairs)) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise errors.InvalidTag("Cannot provide multiple Tags with the same key", TagKey=twice)
    return check_tags(pairs, count_max)


def check_tags(pairs: list[tuple[str, str]], count_max: int) -> dict[str, str]:
    """Raise InvalidTag for tags that S3 does not take."""
    if len(pairs) > count_max:
        what = "Object" if count_max == limits.OBJECT_TAGS_MAX else "Bucket"
        raise errors.BadRequest(f"{what} tags cannot be greater than {count_max}")
    for key, value in pairs:
        if not key or len(key) > limits.TAG_KEY_LENGTH_MAX or not _TAG_TEXT(key):
            raise errors.InvalidTag("The TagKey you have provided is invalid", TagKey=key)
        if len(value) > limits.TAG_VALUE_LENGTH_MAX or not _TAG_TEXT(value):
            raise errors.InvalidTag(
                "The TagValue you have provided is invalid", TagKey=key, TagValue=value
            )
        if key.lower().startswith("aws:"):
            if count_max == limits.OBJECT_TAGS_MAX:
                text = "Your TagKey cannot be prefixed with aws:"
            else:
                text = "System tags cannot be added/updated by requester"
            raise errors.InvalidTag(text, TagKey=key)
    return dict(pairs)


def tag_set(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as documents show them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def encryption_of(
    request: Mapping[str, Any], bucket: Bucket, customer: dict[str, str] | None
) -> dict[str, Any]:
    """How an object is said to be encrypted: as asked, else as the bucket does by default.

    `customer` is what is shown of a key of the caller's own.
    """
    if customer is None and request.keys().isdisjoint(_ENCRYPTION):
        return dict(bucket.encryption)
    asked = {name: request[name] for name in _ENCRYPTION if request.get(name) is not None}
    method = asked.get("ServerSideEncryption")
    if customer is not None:
        if method is not None:
            raise errors.InvalidArgument(
                "Server Side Encryption with Customer provided key is incompatible with the "
                "encryption method specified",
                ArgumentName="x-amz-server-side-encryption",
                ArgumentValue=method,
            )
        return dict(customer)
    if method not in (None, "AES256", "aws:kms", "aws:kms:dsse"):
        raise errors.InvalidArgument(
            "The encryption method specified is not supported",
            ArgumentName="x-amz-server-side-encryption",
            ArgumentValue=method,
        )
    if "SSEKMSKeyId" in asked and method not in ("aws:kms", "aws:kms:dsse"):
        raise errors.InvalidArgument(
            "Server Side Encryption with AWS KMS managed key requires HTTP header "
            "x-amz-server-side-encryption : aws:kms",
            ArgumentName="x-amz-server-side-encryption",
            ArgumentValue=method or "null",
        )
    if method is None:
        return dict(bucket.encryption)
    if method == "aws:kms" and "SSEKMSKeyId" not in asked:
        asked["SSEKMSKeyId"] = (
            bucket.encryption.get("SSEKMSKeyId")
            or f"arn:aws:kms:{bucket.region}:{bucket.owner}:alias/aws/s3"
        )
    return asked


def shown_encryption(version: Version) -> dict[str, Any]:
    """Encryption as answers show it."""
    known = version.encryption
    return {name: known[name] for name in _SHOWN_ENCRYPTION if name in known}


def shown_version_id(bucket: Bucket, version: Version) -> str | None:
    """The version id as answers show it: only where versioning has ever been on."""
    return version.version_id if bucket.is_versioned else None


def written(bucket: Bucket, version: Version, expiration: str | None = None) -> dict[str, Any]:
    """What the answer to a write says."""
    return {
        "Expiration": expiration,
        "ETag": version.quoted_etag,
        **version.checksums,
        "ChecksumType": version.checksum_type or None,
        **shown_encryption(version),
        "VersionId": version.version_id if bucket.versioning == "Enabled" else None,
    }
