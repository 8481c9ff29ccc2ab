"""Where a template URL leads. Every URL means an object of this cloud; nothing is ever fetched."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from airside.services.cloudformation.template import TemplateError

_REGION = r"[a-z]{2}(?:-[a-z]+)+-\d"
_SERVICE_HOST = re.compile(rf"s3(?:[.-](?:dualstack\.)?{_REGION})?\.amazonaws\.com(?:\.cn)?")
_BUCKET_HOST = re.compile(
    rf"(?P<bucket>.+?)\.(?:s3(?:[.-](?:dualstack\.)?{_REGION})?\.amazonaws\.com(?:\.cn)?"
    rf"|s3(?:\.{_REGION})?\.localhost(?:\.localstack\.cloud)?|localhost)"
)


@dataclass(frozen=True, slots=True)
class Location:
    """An object in a bucket."""

    bucket: str
    key: str
    version_id: str | None = None


def locate(url: str, *, s3_scheme: bool = False) -> Location:
    """The object a URL speaks of, in path style or virtual-host style, on any host.

    `s3://bucket/key` counts with `s3_scheme` only. Raises TemplateError for what is no such URL.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3" and s3_scheme and parts.netloc and parts.path.strip("/"):
        return Location(parts.netloc, unquote(parts.path).lstrip("/"))
    host = (parts.hostname or "").lower()
    path = unquote(parts.path).lstrip("/")
    version = parse_qs(parts.query).get("versionId", [None])[0]
    match = None if _SERVICE_HOST.fullmatch(host) else _BUCKET_HOST.fullmatch(host)
    bucket, key = (
        (match["bucket"], path) if match else path.split("/", 1) if "/" in path else ("", "")
    )
    if parts.scheme not in {"http", "https"} or not bucket or not key:
        raise TemplateError(f"TemplateURL must be a supported URL: {url}")
    return Location(bucket, key, version)
