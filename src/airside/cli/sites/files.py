"""A site's folder: which files, of what type, cached for how long."""

import hashlib
import mimetypes
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from airside.cli.errors import CommandError
from airside.cli.sites.bucket import PART_BYTES

PAGE = (".html", ".htm", ".xhtml")

FOREVER = "public, max-age=31536000, immutable"
REVALIDATE = "public, max-age=0, s-maxage=86400, must-revalidate"
"""Browsers ask each time; the edge keeps it for a day, or until the deploy's invalidation."""

_TEXT = ("text/", "application/javascript", "application/json", "application/manifest+json",
         "application/xml", "image/svg+xml")  # fmt: skip
_TYPES = {
    ".avif": "image/avif", ".cjs": "text/javascript", ".css": "text/css", ".csv": "text/csv",
    ".gif": "image/gif", ".gz": "application/gzip", ".htm": "text/html", ".html": "text/html",
    ".ico": "image/vnd.microsoft.icon", ".jpeg": "image/jpeg", ".jpg": "image/jpeg",
    ".js": "text/javascript", ".json": "application/json", ".jsonld": "application/ld+json",
    ".m4a": "audio/mp4", ".map": "application/json", ".md": "text/markdown",
    ".mjs": "text/javascript", ".mp3": "audio/mpeg", ".mp4": "video/mp4", ".ogg": "audio/ogg",
    ".otf": "font/otf", ".pdf": "application/pdf", ".png": "image/png",
    ".rss": "application/rss+xml", ".svg": "image/svg+xml", ".ttf": "font/ttf",
    ".txt": "text/plain", ".wasm": "application/wasm", ".webm": "video/webm",
    ".webmanifest": "application/manifest+json", ".webp": "image/webp", ".woff": "font/woff",
    ".woff2": "font/woff2", ".xhtml": "application/xhtml+xml", ".xml": "application/xml",
    ".zip": "application/zip",
}  # fmt: skip
"""The common ones, so that a machine's own tables do not decide."""

_HIDDEN_BUT_SERVED = ".well-known"
_IMMUTABLE_FOLDERS = ("_app/immutable/", "_next/static/", "_astro/", "_nuxt/")
"""Where build tools put nothing but hashed names."""

_TOKEN = re.compile(r"[.\-_]([0-9A-Za-z_\-]{8,})(?:\.\w+)+$")
_HEX = re.compile(r"(?:^|[.\-_])(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{8,64}(?=[.\-_])")
_CODE = re.compile(r"\.(?:m?js|css|woff2?|wasm)(?:\.map)?$")
_BASE32 = re.compile(r"[.\-_](?=[A-Z0-9]*[0-9][A-Z0-9]*[A-Z])[A-Z0-9]{8}\.")


@dataclass(slots=True)
class File:
    """One file of the folder, as it stood when looked at."""

    location: str
    size: int
    changed: int
    """Nanoseconds: the later of modification and status change."""

    @property
    def path(self) -> Path:
        """Where it is. Made when needed: ten thousand of them cost a tenth of a second."""
        return Path(self.location)


def scan(folder: Path) -> dict[str, File]:
    """Name -> file, sorted. Hidden ones are left out, all but `.well-known`.

    Links are followed. Raises CommandError for a name that is no text, or links that go round.
    """
    try:
        return dict(sorted(_below(str(folder), "", ())))
    except OSError as error:
        raise CommandError(f"{folder} cannot be read: {error}") from None


def _below(folder: str, prefix: str, above: tuple[str, ...]) -> Iterator[tuple[str, File]]:
    here = os.path.realpath(folder)
    if here in above:
        raise CommandError(f"{folder} is a link to a folder around it.")
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") and entry.name != _HIDDEN_BUT_SERVED:
                continue
            if entry.is_dir():
                yield from _below(entry.path, f"{prefix}{entry.name}/", (*above, here))
            elif entry.is_file():
                name = prefix + entry.name
                try:
                    name.encode()
                except UnicodeEncodeError:
                    raise CommandError(f"The name {name!r} is not UTF-8.") from None
                stat = entry.stat()
                changed = max(stat.st_mtime_ns, stat.st_ctime_ns)
                yield name, File(entry.path, stat.st_size, changed)


def is_page(name: str) -> bool:
    """Whether people come here by address, so that it must come after what it refers to."""
    return name.endswith(PAGE)


def is_hashed(name: str) -> bool:
    """Whether the name has a hash of the content in it, as build tools write.

    When in doubt it has none: a plain name held for a year is worse than a hashed one asked for.
    """
    if is_page(name):
        return False
    if any(part in f"/{name}" for part in map("/".__add__, _IMMUTABLE_FOLDERS)):
        return True
    base = name.rpartition("/")[2]
    if _HEX.search(base):
        return True
    return bool(_CODE.search(base)) and (bool(_BASE32.search(base)) or _looks_random(base))


def _looks_random(base: str) -> bool:
    """`index-DkLfX3aB.js`: eight signs that change their kind again and again."""
    found = _TOKEN.search(base)
    if found is None:
        return False
    token = found[1][-8:]
    if len(found[1]) > 8 and found[1][-9] not in "-_.":
        return False
    kinds = ["u" if c.isupper() else "l" if c.islower() else "d" for c in token]
    changes = sum(one != other for one, other in pairwise(kinds))
    return "d" in kinds and changes >= 4


def content_type(name: str) -> str:
    """The media type for a file's name, with the charset where it has one."""
    suffix = Path(name).suffix.lower()
    found = _TYPES.get(suffix) or mimetypes.guess_type(name)[0]
    if name.endswith("apple-app-site-association"):
        found = "application/json"
    found = found or "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith(_TEXT) else found


def headers(name: str, *, replaced: bool) -> dict[str, str]:
    """What an object is stored with. A name whose content changes is not hashed after all."""
    lasting = is_hashed(name) and not replaced
    control = FOREVER if lasting else REVALIDATE
    return {"content-type": content_type(name), "cache-control": control}


def etag_of(path: Path, like: str) -> str:
    """The ETag the file would have, in parts if the one it is compared with is: `HASH-N`."""
    size = path.stat().st_size
    _, dash, parts = like.partition("-")
    whole = hashlib.md5()
    if not dash:
        return _digest(path, 0, size).hex()
    for part_bytes in _part_sizes(size, int(parts)):
        digests = [_digest(path, at, part_bytes) for at in range(0, size, part_bytes)]
        whole = hashlib.md5(b"".join(digests))
        found = f"{whole.hexdigest()}-{len(digests)}"
        if found == like:
            return found
    return ""


def _part_sizes(size: int, parts: int) -> Iterator[int]:
    """Those that uploaders use and that give this number of parts."""
    for mebibytes in (PART_BYTES >> 20, 5, 15, 16, 32, 50, 64, 100, 128):
        part_bytes = mebibytes << 20
        if -(-size // part_bytes) == parts:
            yield part_bytes


def _digest(path: Path, start: int, length: int) -> bytes:
    digest = hashlib.md5()
    with path.open("rb") as file:
        file.seek(start)
        while length > 0 and (chunk := file.read(min(length, 1 << 20))):
            digest.update(chunk)
            length -= len(chunk)
    return digest.digest()
