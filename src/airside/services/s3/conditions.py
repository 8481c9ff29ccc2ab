"""The condition keys that S3 adds to a decision: what a request says, as policies name it. Pure.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from airside.kernel.clock import iso8601
from airside.services.s3.bucket import Bucket
from airside.services.s3.object import Version

_MEMBERS = {
    "ACL": "s3:x-amz-acl",
    "CopySource": "s3:x-amz-copy-source",
    "Delimiter": "s3:delimiter",
    "GrantFullControl": "s3:x-amz-grant-full-control",
    "GrantRead": "s3:x-amz-grant-read",
    "GrantReadACP": "s3:x-amz-grant-read-acp",
    "GrantWrite": "s3:x-amz-grant-write",
    "GrantWriteACP": "s3:x-amz-grant-write-acp",
    "IfMatch": "s3:if-match",
    "IfNoneMatch": "s3:if-none-match",
    "MaxKeys": "s3:max-keys",
    "MetadataDirective": "s3:x-amz-metadata-directive",
    "ObjectLockLegalHoldStatus": "s3:object-lock-legal-hold",
    "ObjectLockMode": "s3:object-lock-mode",
    "ObjectOwnership": "s3:x-amz-object-ownership",
    "Prefix": "s3:prefix",
    "SSECustomerAlgorithm": "s3:x-amz-server-side-encryption-customer-algorithm",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "StorageClass": "s3:x-amz-storage-class",
    "VersionId": "s3:versionid",
    "WebsiteRedirectLocation": "s3:x-amz-website-redirect-location",
}


def condition_keys(
    bucket: Bucket, request: Mapping[str, Any], version: Version | None
) -> dict[str, str | list[str]]:
    """Condition keys of a request, about an object that exists (then with its tags) or not."""
    keys: dict[str, str | list[str]] = {
        name: str(request[member])
        for member, name in _MEMBERS.items()
        if request.get(member) is not None
    }
    keys["s3:ResourceAccount"] = keys["aws:ResourceAccount"] = bucket.owner
    if "s3:x-amz-copy-source" in keys:
        keys["s3:x-amz-copy-source"] = unquote(request["CopySource"]).removeprefix("/")
    until = request.get("ObjectLockRetainUntilDate")
    if until:
        keys["s3:object-lock-retain-until-date"] = iso8601(until)
    for name, value in _request_tags(request).items():
        keys[f"s3:RequestObjectTag/{name}"] = value
        keys["s3:RequestObjectTagKeys"] = list(_request_tags(request))
    if version is not None:
        for name, value in version.tags.items():
            keys[f"s3:ExistingObjectTag/{name}"] = value
    return keys


def _request_tags(request: Mapping[str, Any]) -> dict[str, str]:
    given = request.get("Tagging")
    if isinstance(given, str):
        return dict(parse_qsl(given, keep_blank_values=True))
    if given:
        return {tag["Key"]: tag.get("Value", "") for tag in given.get("TagSet", ())}
    return {}
