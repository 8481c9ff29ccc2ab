"""API definitions that lie in buckets."""

from collections.abc import Mapping
from typing import Any

from airside.kernel import Context, Request
from airside.kernel.http import whole


async def stored(ctx: Context, place: Mapping[str, Any]) -> bytes:
    """The document at a `BodyS3Location`. Raises S3's errors."""
    request: Request = {"Bucket": place["Bucket"], "Key": place["Key"]}
    if place.get("Version"):
        request["VersionId"] = place["Version"]
    found = await ctx.call("s3", "GetObject", request)
    return await whole(found["Body"])
