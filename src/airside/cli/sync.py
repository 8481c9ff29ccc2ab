"""A site's files into its bucket, and the invalidation that follows.

Only what changed goes up, in an order in which nobody ever sees half a deploy. These are plain S3
and CloudFront calls: they do the same on AWS.
"""

import hashlib
import mimetypes
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

UPLOADS_AT_ONCE = 8
INVALIDATION_PATHS_MAX = 15
"""More changed paths than these are invalidated as `/*`, which counts as one."""

_HASHED = re.compile(r"[.\-_][0-9a-f]{8,}\.\w+$")
_PAGE = (".html", ".htm")
_TEXT = ("text/", "application/javascript", "application/json", "image/svg+xml")
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".webmanifest":
          "application/manifest+json", ".woff2": "font/woff2", ".map": "application/json",
          ".svg": "image/svg+xml", ".wasm": "application/wasm", ".avif": "image/avif",
          ".webp": "image/webp"}  # fmt: skip

FOREVER = "public, max-age=31536000, immutable"
REVALIDATE = "public, max-age=0, s-maxage=86400, must-revalidate"
"""Browsers ask each time; the edge keeps it for a day, or until the deploy's invalidation."""


@dataclass(frozen=True)
class Synced:
    """What a sync did."""

    uploaded: list[str]
    deleted: list[str]
    unchanged: int
    paths: list[str]
    """The URL paths that were invalidated."""


Progress = Callable[[str], None]
"""Called with each key as it is done."""


def sync(
    s3: Any, folder: Path, bucket: str, *, delete: bool = True, progress: Progress | None = None
) -> Synced:
    """Make the bucket hold exactly the files of `folder` (hidden ones left out).

    Assets go up before pages, and what is gone is deleted last.
    """
    there = _listing(s3, bucket)
    files = dict(_files(folder))
    changed = [key for key, path in files.items() if there.get(key) != _etag(path)]
    gone = sorted(key for key in there if key not in files) if delete else []
    assets = [key for key in changed if not key.endswith(_PAGE)]
    pages = [key for key in changed if key.endswith(_PAGE)]

    def put(key: str) -> None:
        _put(s3, bucket, key, files[key])
        if progress is not None:
            progress(key)

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        list(pool.map(put, assets))
        list(pool.map(put, pages))
    for start in range(0, len(gone), 1000):
        keys = [{"Key": key} for key in gone[start : start + 1000]]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
    stale = changed + gone if there else []  # at the first deploy nobody has seen anything yet
    return Synced(
        changed, gone, len(files) - len(changed), _invalidation(stale, fallback=bool(pages))
    )


def count(s3: Any, folder: Path, bucket: str) -> int:
    """How many files a sync would upload."""
    there = _listing(s3, bucket)
    return sum(there.get(key) != _etag(path) for key, path in _files(folder))


def invalidate(cloudfront: Any, bucket: str, paths: list[str], caller: str) -> list[str]:
    """Invalidate `paths` in every distribution that has the bucket as an origin; their ids."""
    if not paths:
        return []
    found = []
    for page in cloudfront.get_paginator("list_distributions").paginate():
        for distribution in page["DistributionList"].get("Items", []):
            domains = [origin["DomainName"] for origin in distribution["Origins"]["Items"]]
            if any(domain.split(".s3", 1)[0] == bucket for domain in domains):
                found.append(distribution["Id"])
    for distribution_id in found:
        cloudfront.create_invalidation(
            DistributionId=distribution_id,
            InvalidationBatch={
                "Paths": {"Quantity": len(paths), "Items": paths}, "CallerReference": caller
            },
        )  # fmt: skip
    return found


def content_type(name: str) -> str:
    """The media type for a file's name, with the charset where it has one."""
    found = _TYPES.get(Path(name).suffix.lower()) or mimetypes.guess_type(name)[0]
    found = found or "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith(_TEXT) else found


def cache_control(name: str) -> str:
    """Hashed names never change; everything else is asked for again."""
    return FOREVER if _HASHED.search(name) else REVALIDATE


def _files(folder: Path) -> Iterable[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in relative.parts):
            yield relative.as_posix(), path


def _etag(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _listing(s3: Any, bucket: str) -> dict[str, str]:
    found = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for one in page.get("Contents", []):
            found[one["Key"]] = one["ETag"].strip('"')
    return found


def _put(s3: Any, bucket: str, key: str, path: Path) -> None:
    with path.open("rb") as file:
        s3.put_object(
            Bucket=bucket, Key=key, Body=file, ContentType=content_type(key),
            CacheControl=cache_control(key),
        )  # fmt: skip


def _invalidation(stale: list[str], *, fallback: bool) -> list[str]:
    """Paths to invalidate. A changed page may stand under any path (single-page fallback)."""
    if not stale:
        return []
    if fallback and any(key.endswith("index.html") for key in stale):
        return ["/*"]
    if len(stale) > INVALIDATION_PATHS_MAX:
        return ["/*"]
    return [f"/{key}" for key in stale]
