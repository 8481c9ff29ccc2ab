"""A deploy of a site: a folder's files, or a former release's, in the order that `plan` gives."""

import contextlib
import getpass
import platform
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from airside.cli.cloud import Cloud
from airside.cli.errors import CommandError
from airside.cli.sites import edge, files
from airside.cli.sites.bucket import Bucket, Entry, open_bucket
from airside.cli.sites.memory import Memory
from airside.cli.sites.plan import Former, Plan, differences, make_plan
from airside.cli.sites.releases import Journal, Release, Releases, open_releases
from airside.cli.sites.transport import Refused

AT_ONCE = 16


class Watch(Protocol):
    """Told of what happens."""

    def looking(self, what: str) -> None: ...  # noqa: D102
    def begin(self, count: int, size: int) -> None: ...  # noqa: D102
    def done(self, what: str, name: str, size: int) -> None: ...  # noqa: D102
    def warn(self, text: str) -> None: ...  # noqa: D102


@dataclass
class Outcome:
    """What a deploy did, or would do."""

    uploaded: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    unchanged: int = 0
    invalidated: list[str] = field(default_factory=list)
    distributions: list[str] = field(default_factory=list)
    release: int | None = None
    bytes: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing had to be done."""
        return not self.uploaded and not self.deleted and not self.invalidated


@dataclass
class Deploy:
    """Deploys to one site."""

    cloud: Cloud
    site: Bucket
    watch: Watch
    record: bool = True
    """Whether deploys become releases: not where credentials do not reach so far."""
    _releases: Releases | None = field(default=None, repr=False)

    def sync(
        self, folder: Path, *, delete: bool = True, dry_run: bool = False, message: str = "",
        saved: bool = False,
    ) -> Outcome:  # fmt: skip
        """Make the bucket hold the files of `folder`. Interrupted, it is finished by the next.

        `saved`: on its own, because a file was saved.
        """
        self.watch.looking(f"Looking at {folder}")
        with ThreadPoolExecutor(2) as pool:  # the answers come while the folder is read
            listing, opening = pool.submit(self.site.list), pool.submit(self._open, create=False)
            found = files.scan(folder)
            memory = Memory.of(self.cloud.place, f"{self.site.name}/{self.site.prefix}", folder)
            live, (releases, journal) = listing.result(), opening.result()
        changed = _changed(found, live, memory)
        former = _former(releases) if delete and live.keys() - found.keys() else Former()
        plan = make_plan(
            found, live, changed, former, delete=delete, unfinished=journal is not None
        )  # fmt: skip
        size = sum(found[name].size for name in plan.put)
        if dry_run or (plan.is_empty and journal is None):
            memory.save(set(found))
            return Outcome(plan.put, plan.remove, plan.kept, plan.unchanged, bytes=size)
        self.watch.begin(len(plan.put), size)

        def put(name: str) -> str:
            file = found[name]
            headers = files.headers(name, replaced=name in plan.replaced)
            etag = self.site.put_file(name, file.path, headers)
            memory.remember(name, file, etag)
            self.watch.done("uploaded", name, file.size)
            return etag

        about = Release(0, "", "", len(found), source=str(folder.resolve()), message=message,
                        commit=_commit(folder), saved=saved)  # fmt: skip
        try:
            return self._publish(plan, live, put, about, journal, size)
        finally:
            memory.save(set(found))

    def rollback(self, to: int | None) -> Outcome:
        """Make the bucket hold what a former release had. Raises CommandError."""
        releases, journal = self._open(create=False)
        history = releases.all() if releases else []
        target = _target(history, to, self.site.name)
        assert releases is not None
        wanted = releases.manifest(target)
        live = self.site.list()
        here = {name: entry.etag for name, entry in live.items()}
        changed = differences(here, wanted)
        former = _former(releases)
        plan = make_plan(
            wanted, live, changed, former, delete=True, unfinished=journal is not None
        )  # fmt: skip
        if plan.is_empty and journal is None:
            return Outcome(unchanged=plan.unchanged)
        sources = {etag: name for name, etag in here.items()}
        archived = releases.archived()
        lost = [name for name in plan.put if wanted[name] not in archived | sources.keys()]
        if lost:
            raise CommandError(
                f"Release {target.number} cannot be gone back to: the content of {len(lost)} of "
                f"its files is not there any more, {lost[0]} for one.",
                "Something other than `airside sync` has replaced them. Sync the folder again.",
            )
        self.watch.begin(len(plan.put), 0)

        def put(name: str) -> str:
            etag = wanted[name]
            if etag in archived:
                made = self.site.copy(releases.store, f"content/{etag}", name)
            else:
                made = self._copy_within(releases, sources[etag], name, etag)
            self.watch.done("restored", name, 0)
            return made

        about = Release(0, "", "", len(wanted), rollback_of=target.content)
        return self._publish(plan, live, put, about, journal, 0)

    def _copy_within(self, releases: Releases, source: str, name: str, etag: str) -> str:
        """From a live name, which this very deploy may replace: through its archived copy."""
        try:
            return self.site.copy(releases.store, f"content/{etag}", name)
        except Refused:
            return self.site.copy(self.site, source, name, etag)

    def _publish(
        self, plan: Plan, live: Mapping[str, Entry], put: Callable[[str], str], about: Release,
        journal: Journal | None, size: int,
    ) -> Outcome:  # fmt: skip
        releases = self._prepare(plan, live, finished=journal is None)
        stale = list(dict.fromkeys([*plan.stale(), *(journal.stale if journal else [])]))
        outcome = Outcome(plan.put, plan.remove, plan.kept, plan.unchanged, bytes=size)
        if releases:
            releases.begin([*stale, *plan.remove])
        made: dict[str, str] = {}
        for phase in plan.phases():
            made.update(zip(phase, in_parallel(put, phase), strict=True))
        waiting = self._invalidate(stale if live else None, outcome)
        if plan.remove:
            for cloudfront, distribution, invalidation in waiting:
                self.watch.looking(f"Waiting until {distribution.id} has let go of the old pages")
                edge.wait(cloudfront, distribution, invalidation)
            self.site.delete(plan.remove)
            for name in plan.remove:
                self.watch.done("deleted", name, 0)
            self._invalidate([n for n in plan.remove if not files.is_hashed(n)], outcome)
        if releases:
            try:
                self._finish(releases, plan, live, made, about, outcome)
            except CommandError:  # another deploy may have taken this one's note for a dead one's
                releases.begin([*stale, *plan.remove])
                raise
        return outcome

    def _finish(
        self, releases: Releases, plan: Plan, live: Mapping[str, Entry], made: Mapping[str, str],
        about: Release, outcome: Outcome,
    ) -> None:  # fmt: skip
        gone = {*plan.remove, *plan.kept}
        manifest = {name: entry.etag for name, entry in live.items() if name not in gone}
        manifest |= made
        about.kept = plan.kept
        about.uploaded, about.deleted = len(plan.put), len(gone)
        latest = releases.latest()
        if latest is None or not plan.is_empty or releases.manifest(latest) != manifest:
            outcome.release = self._record(releases, about, manifest)
        releases.end()
        releases.prune()

    def _prepare(
        self, plan: Plan, live: Mapping[str, Entry], *, finished: bool
    ) -> Releases | None:  # fmt: skip
        """The releases, with what is live now safely among them, if it is a whole deploy."""
        releases, _ = self._open(create=True)
        if releases is None:
            return None
        latest = releases.latest()
        here = {name: entry.etag for name, entry in live.items()}
        for name in latest.kept if latest else []:
            here.pop(name, None)
        if here and finished and (latest is None or releases.manifest(latest) != here):
            self._record(releases, Release(0, "", "", len(here), found=True), here)
        releases.archive(self.site, _going(plan, live))
        return releases

    def _record(self, releases: Releases, about: Release, manifest: Mapping[str, str]) -> int:
        latest = releases.latest()
        about.number = latest.number + 1 if latest else 1
        about.at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        about.by, about.user = self.cloud.caller(), _user()
        try:
            releases.record(about, manifest)
        except Refused as refused:
            if refused.status != 412:
                raise
            raise CommandError(
                f"Somebody else has deployed to {self.site.name} at the same time.",
                "Look at `airside site releases`, then sync again.",
            ) from None
        return about.number

    def _open(self, *, create: bool) -> tuple[Releases | None, Journal | None]:
        """The releases and what an interrupted deploy has left; both None without permission."""
        if not self.record:
            return None, None
        if self._releases is not None:
            return self._releases, None
        try:
            self._releases = open_releases(self.cloud, self.site, create=create)
            return self._releases, self._releases.journal() if self._releases else None
        except Refused as refused:
            if refused.status != 403:
                raise
            self.record = False
            self.watch.warn(f"No release is kept, so there is no going back: {refused.message}")
            return None, None

    def _invalidate(
        self, names: Collection[str] | None, outcome: Outcome
    ) -> list[tuple[Any, edge.Distribution, str]]:
        """Let every distribution of the bucket forget names, or all; what was started."""
        if names is not None and not names:
            return []
        from botocore.exceptions import ClientError

        self.watch.looking("Telling the edge")
        cloudfront = self.cloud.client("cloudfront")
        started = []
        try:
            for distribution, _ in edge.find(cloudfront, self.site.name):
                paths = ["/*"] if names is None else distribution.paths(
                    self.site.prefix + name for name in sorted(names)
                )  # fmt: skip
                if not paths:
                    continue
                invalidation = edge.invalidate(cloudfront, distribution, paths)
                started.append((cloudfront, distribution, invalidation))
                outcome.invalidated += [p for p in paths if p not in outcome.invalidated]
                if distribution.id not in outcome.distributions:
                    outcome.distributions.append(distribution.id)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 403:
                raise
            said = error.response["Error"]["Message"]
            self.watch.warn(f"The edge keeps the old state until it is out of date: {said}")
        return started


def open_deploy(cloud: Cloud, target: str, watch: Watch) -> Deploy:
    """For `BUCKET` or `BUCKET/PREFIX`, with or without `s3://`. Raises Refused."""
    bucket, _, prefix = target.removeprefix("s3://").strip("/").partition("/")
    return Deploy(cloud, open_bucket(cloud, bucket, prefix.strip("/")), watch)


def in_parallel(work: Callable[[str], str], names: Collection[str]) -> Iterator[str]:
    """The results in order. The first failure, and Ctrl-C, end what has not begun."""
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        yield from pool.map(work, names)
    finally:
        pool.shutdown(cancel_futures=True)


def _changed(
    found: Mapping[str, files.File], live: Mapping[str, Entry], memory: Memory
) -> list[str]:
    changed = []
    for name, file in found.items():
        there = live.get(name)
        if there is None or there.size != file.size or not memory.is_same(name, file, there.etag):
            changed.append(name)
    return changed


def _former(releases: Releases | None) -> Former:
    latest = releases.latest() if releases else None
    if releases is None or latest is None:
        return Former()
    return Former(releases.manifest(latest), latest.kept)


def _going(plan: Plan, live: Mapping[str, Entry]) -> dict[str, str]:
    return {name: live[name].etag for name in (*plan.replaced, *plan.remove, *plan.kept)
            if name in live}  # fmt: skip


def _target(history: list[Release], to: int | None, site: str) -> Release:
    if not history:
        raise CommandError(
            f"{site} has no releases yet.", f"`airside sync DIR {site}` makes the first."
        )
    live = history[-1].content
    if to is None:
        before = [one for one in history if one.rollback_of is None and one.number < live]
        if not before:
            raise CommandError(f"Release {live} is the first: there is none before it.")
        return before[-1]
    for one in history:
        if one.number == to:
            return one
    numbers = f"{history[0].number} to {history[-1].number}"
    raise CommandError(
        f"{site} has no release {to}, but {numbers}.", f"`airside site releases {site}` lists them."
    )


def _user() -> str:
    with contextlib.suppress(OSError, KeyError, ImportError):
        return f"{getpass.getuser()}@{platform.node()}"
    return ""


def _commit(folder: Path) -> str:
    """What git calls the state of the folder, where there is git."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "describe", "--always", "--dirty", "--exclude=*"],
            capture_output=True, text=True, timeout=5, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
