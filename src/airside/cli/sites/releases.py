"""The releases of a site: what was deployed, when, by whom, and the content to go back to.

They lie in a bucket of their own, `airside-releases-ACCOUNT-REGION`, so that the site's bucket
holds the site and nothing else, and viewers can read neither history nor names:

    SITE/releases/000007.json      one release; written last, and only if nobody else has written it
    SITE/manifests/000007-TOKEN.gz  name -> ETag of everything that belonged to it
    SITE/content/ETAG              content that a later deploy has replaced or removed
    SITE/deploying/TOKEN.json      what a deploy is about to change; the next one finishes it

Content is copied here only when it is about to be replaced: a first deploy copies nothing.
"""

import gzip
import secrets
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import msgspec

from airside.cli.cloud import Cloud
from airside.cli.sites.bucket import Bucket, open_bucket
from airside.cli.sites.transport import Refused

KEPT = 25
"""Releases that can be gone back to."""

PRUNED_EVERY = 5

AT_ONCE = 16


class Release(msgspec.Struct, omit_defaults=True):
    """One deploy."""

    number: int
    at: str
    by: str
    files: int
    uploaded: int = 0
    deleted: int = 0
    user: str = ""
    source: str = ""
    commit: str = ""
    message: str = ""
    rollback_of: int | None = None
    manifest: str = ""
    """Where its files are listed. Of its own: two deploys may reach for the same number."""
    found: bool = False
    """Not deployed: what was in the bucket when the next release came."""
    kept: list[str] = []
    saved: bool = False
    """Made by a file that was saved while `up` watched: the next such one takes its place."""

    @property
    def content(self) -> int:
        """The release whose content this is: its own, or the one that it went back to."""
        return self.number if self.rollback_of is None else self.rollback_of


class Journal(msgspec.Struct):
    """A deploy on its way: what the edge has to forget once it is through."""

    stale: list[str]


@dataclass
class Releases:
    """The releases of one site."""

    store: Bucket
    _latest: Release | None = field(default=None, repr=False)
    _adopted: list[str] = field(default_factory=list, repr=False)
    _manifests: dict[int, dict[str, str]] = field(default_factory=dict, repr=False)

    def all(self) -> list[Release]:
        """Oldest first."""
        names = list(self.store.list("releases/"))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            bodies = list(pool.map(self.store.get, names))
        return [msgspec.json.decode(body, type=Release) for body in bodies if body is not None]

    def latest(self) -> Release | None:
        """The one that is live. Asked for once: `record` notices when it is not any more."""
        if self._latest is None:
            names = list(self.store.list("releases/"))
            body = self.store.get(names[-1]) if names else None
            self._latest = None if body is None else msgspec.json.decode(body, type=Release)
        return self._latest

    def manifest(self, release: Release) -> dict[str, str]:
        """Name -> ETag of a release's files."""
        if release.number not in self._manifests:
            body = self.store.get(release.manifest)
            self._manifests[release.number] = _unpacked(body)
        return self._manifests[release.number]

    def record(self, release: Release, manifest: Mapping[str, str]) -> None:
        """Write a release down. Raises Refused when another one has just taken its number."""
        packed = gzip.compress(msgspec.json.encode(dict(manifest)), 6, mtime=0)
        release.manifest = f"manifests/{release.number:06d}-{secrets.token_hex(4)}.gz"
        self.store.put(release.manifest, packed, {"content-type": "application/gzip"})
        body = msgspec.json.encode(release)
        headers = {"content-type": "application/json", "if-none-match": "*"}
        self.store.put(_release(release.number), body, headers)
        before = self._latest
        if release.saved and before is not None and before.saved:
            self.store.delete([_release(before.number), before.manifest])
            self._manifests.pop(before.number, None)
        self._latest = release
        self._manifests[release.number] = dict(manifest)

    def archive(self, live: Bucket, going: Mapping[str, str]) -> None:
        """Keep the content of names that are about to change, by the ETags they have now."""
        have = set(self.store.list("content/"))
        needed = {etag: name for name, etag in going.items() if f"content/{etag}" not in have}

        def keep(item: tuple[str, str]) -> None:
            etag, name = item
            self.store.copy(live, name, f"content/{etag}", etag)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(keep, needed.items()))

    def archived(self) -> set[str]:
        """ETags of the content kept."""
        return {name.removeprefix("content/") for name in self.store.list("content/")}

    def journal(self) -> Journal | None:
        """What interrupted deploys have left, or others are just doing."""
        self._adopted = list(self.store.list("deploying/"))
        found = [body for name in self._adopted if (body := self.store.get(name)) is not None]
        if not found:
            return None
        journals = [msgspec.json.decode(body, type=Journal) for body in found]
        return Journal(sorted({name for journal in journals for name in journal.stale}))

    def begin(self, stale: Iterable[str]) -> None:
        """Before anything is changed."""
        name = f"deploying/{secrets.token_hex(8)}.json"
        body = msgspec.json.encode(Journal(sorted(stale)))
        self.store.put(name, body, {"content-type": "application/json"})
        self._adopted.append(name)

    def end(self) -> None:
        """After everything is done: this deploy, and those that it has finished."""
        self.store.delete(self._adopted)

    def prune(self) -> None:
        """Forget the oldest releases, and content that none has any more, now and then."""
        latest = self.latest()
        if latest is None or latest.number % PRUNED_EVERY:
            return
        names = list(self.store.list("releases/"))
        first = int(names[-KEPT:][0][-11:-5])
        manifests = list(self.store.list("manifests/"))
        old = [name for name in manifests if int(name[10:16]) < first]
        self.store.delete([*names[:-KEPT], *old])
        kept = [name for name in manifests if name not in old]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            bodies = list(pool.map(self.store.get, kept))
        needed: set[str] = set()
        for body in bodies:
            needed |= set(_unpacked(body).values())
        self.store.delete(f"content/{etag}" for etag in self.archived() - needed)


def bucket_name(account: str, region: str) -> str:
    """Where an account's releases lie in a region."""
    return f"airside-releases-{account}-{region}"


def open_releases(cloud: Cloud, site: Bucket, *, create: bool) -> Releases | None:
    """The releases of a site; None where there are none yet. Raises Refused."""
    name = bucket_name(cloud.account(), site.region)
    place = site.name + ("!" + site.prefix.strip("/").replace("/", "!") if site.prefix else "")
    try:
        return Releases(open_bucket(cloud, name, place))
    except Refused as refused:
        if refused.code != "NoSuchBucket":
            raise
    if not create:
        return None
    _create(cloud.client("s3", region=site.region), name, site.region)
    return Releases(open_bucket(cloud, name, place))


def _create(s3: Any, name: str, region: str) -> None:
    where = {} if region == "us-east-1" else {
        "CreateBucketConfiguration": {"LocationConstraint": region}
    }  # fmt: skip
    try:
        s3.create_bucket(Bucket=name, **where)
    except s3.exceptions.BucketAlreadyOwnedByYou:
        return
    except s3.exceptions.ClientError as error:
        said = error.response["Error"]
        raise Refused(said["Code"], said["Message"], 403) from None
    s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration=dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"),
            True,
        ),
    )  # fmt: skip


def _unpacked(body: bytes | None) -> dict[str, str]:
    return {} if body is None else msgspec.json.decode(gzip.decompress(body), type=dict[str, str])


def _release(number: int) -> str:
    return f"releases/{number:06d}.json"
