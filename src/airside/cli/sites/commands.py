"""`airside sync` and `airside site ...`."""

import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from airside.cli.cloud import Cloud, choose
from airside.cli.connection import Connection
from airside.cli.display import out, plain, say, table
from airside.cli.errors import CommandError
from airside.cli.main import print_json
from airside.cli.sites import edge
from airside.cli.sites.bucket import open_bucket
from airside.cli.sites.deploy import Outcome, open_deploy
from airside.cli.sites.releases import Release, Releases, open_releases
from airside.cli.sites.transport import Refused
from airside.cli.sites.watching import Lines, watcher


@dataclass(frozen=True)
class Where:
    """Which cloud was asked for."""

    data_dir: Path
    environment: str | None = None
    profile: str | None = None
    aws: bool = False

    def cloud(self) -> Cloud:
        """Found, or CommandError. News of AWS, which costs money, are told."""
        found = choose(self.data_dir, self.environment, self.profile, aws=self.aws)
        if found.is_aws:
            say(f"[dim]{plain(found.place)}[/dim]")
        return found


def run_sync(
    where: Where, folder: Path, target: str, *, delete: bool, dry_run: bool, message: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Upload what changed, tell the edge, and keep a release."""
    if not folder.is_dir():
        raise CommandError(f"{folder} is not a folder.")
    cloud, started = where.cloud(), time.monotonic()
    try:
        with watcher(as_json=as_json) as watch:
            deploy = _known(open_deploy, cloud, target, watch)
            outcome = deploy.sync(folder, delete=delete, dry_run=dry_run, message=message)
    except KeyboardInterrupt:
        say("[yellow]Interrupted.[/yellow] The same command again finishes it.")
        raise
    if as_json:
        print_json(_document(outcome) | {"dry_run": dry_run})
    elif dry_run:
        _print_plan(outcome)
    else:
        print_outcome(outcome, deploy.site.name, time.monotonic() - started)
        if not outcome.is_empty:
            for address in _addresses(cloud, outcome.distributions):
                say(f"  [link={address}]{address}[/link]")


def run_list(where: Where, *, as_json: bool) -> None:
    """Every site: a distribution with a bucket behind it."""
    cloud = where.cloud()
    sites = list(_sites(cloud))
    if as_json:
        print_json({"sites": sites})
        return
    if not sites:
        say("There are no sites: a site is a distribution with a bucket behind it.")
        say("[dim]`airside up PATH` deploys those of a template.[/dim]")
        return
    table(("site", "address", ">release", "deployed", "by"), [
        (site["bucket"], site["address"], _text(site["release"]), _when(site["deployed"]),
         site["by"] or "")
        for site in sites
    ])  # fmt: skip


def run_open(where: Where, name: str | None) -> None:
    """Open a site in the browser; in a pipe, its address only."""
    import webbrowser

    cloud = where.cloud()
    site = _pick(cloud, name)
    out.out(site["address"])
    if out.is_terminal and not webbrowser.open(site["address"]):
        say("[dim]There is no browser here to open it.[/dim]")


def run_releases(where: Where, name: str | None, *, as_json: bool) -> None:
    """The releases of a site, newest first."""
    cloud = where.cloud()
    target = _target(cloud, name)
    releases = _releases(cloud, target)
    history = releases.all()[::-1] if releases else []
    if as_json:
        documents = [msgspec.to_builtins(one) for one in history]
        live = history[0].number if history else None
        print_json({"site": target, "live": live, "releases": documents})
        return
    if not history:
        say(f"{target} has no releases yet. `airside sync DIR {target}` makes the first.")
        return
    rows = []
    for one in history:
        mark = "live" if one is history[0] else ""
        change = f"+{one.uploaded} -{one.deleted}"
        rows.append((
            str(one.number), _when(one.at), one.user or one.by, str(one.files), change,
            _about(one), mark,
        ))  # fmt: skip
    table((">release", "when", "who", ">files", "changed", "what", ""), rows)


def run_rollback(where: Where, name: str | None, to: int | None, *, as_json: bool) -> None:
    """Go back to a former release: the one before, or a named one."""
    cloud, started = where.cloud(), time.monotonic()
    target = _target(cloud, name)
    with watcher(as_json=as_json) as watch:
        deploy = _known(open_deploy, cloud, target, watch)
        outcome = deploy.rollback(to)
    if as_json:
        print_json(_document(outcome))
        return
    print_outcome(outcome, target, time.monotonic() - started, verb="restored")


def print_outcome(
    outcome: Outcome, site: str, seconds: float, *, verb: str = "uploaded"
) -> None:  # fmt: skip
    """What was done, in a line or two."""
    from rich.filesize import decimal

    if outcome.is_empty:
        say(f"[green]✓[/green] [bold]{site}[/bold]: nothing to change, "
            f"{outcome.unchanged:,} files, {seconds:.1f} s")  # fmt: skip
        return
    size = f" ({decimal(outcome.bytes)})" if outcome.bytes else ""
    parts = [f"{len(outcome.uploaded):,} {verb}{size}", f"{outcome.unchanged:,} unchanged"]
    if outcome.deleted:
        parts.append(f"{len(outcome.deleted):,} deleted")
    if outcome.kept:
        parts.append(f"{len(outcome.kept):,} kept for open pages")
    name, site = f"Release {outcome.release} of " if outcome.release else "", plain(site)
    say(f"[green]✓[/green] {name}[bold]{site}[/bold]: {', '.join(parts)}, {seconds:.1f} s")
    if outcome.invalidated:
        paths = " ".join(outcome.invalidated[:5]) + (" ..." if len(outcome.invalidated) > 5 else "")
        say(f"[green]✓[/green] Invalidated {paths}")


def _print_plan(outcome: Outcome) -> None:
    from rich.filesize import decimal

    lines = Lines()
    for name in outcome.uploaded:
        lines.done("would upload", name, 0)
    for name in outcome.deleted:
        lines.done("would delete", name, 0)
    for name in outcome.kept:
        lines.done("would keep for open pages", name, 0)
    say(f"{len(outcome.uploaded):,} to upload ({decimal(outcome.bytes)}), {len(outcome.deleted):,} "
        f"to delete, {outcome.unchanged:,} unchanged. Nothing was changed.")  # fmt: skip


def _document(outcome: Outcome) -> dict[str, Any]:
    return asdict(outcome)


def _known(make: Any, cloud: Cloud, target: str, *more: Any) -> Any:
    """Say what to do about a bucket that isn't there."""
    try:
        return make(cloud, target, *more)
    except Refused as refused:
        if refused.code == "NoSuchBucket":
            refused.hint = (
                f"`airside site list` names the sites; `airside aws s3 mb s3://{target}` makes it."
            )
        raise


def _sites(cloud: Cloud) -> list[dict[str, Any]]:
    found = []
    for distribution, bucket in edge.find(cloud.client("cloudfront")):
        prefix = distribution.origin_path.strip("/")
        target = f"{bucket}/{prefix}" if prefix else bucket
        try:
            releases = _releases(cloud, target)
            live = releases.latest() if releases else None
        except Refused:
            continue  # a bucket that is gone, or somebody else's
        found.append({
            "bucket": target, "distribution": distribution.id,
            "address": _address(cloud, distribution), "release": live.number if live else None,
            "deployed": live.at if live else None, "by": (live.user or live.by) if live else None,
        })  # fmt: skip
    return found


def _releases(cloud: Cloud, target: str) -> Releases | None:
    bucket, _, prefix = target.partition("/")
    return open_releases(cloud, open_bucket(cloud, bucket, prefix), create=False)


def _pick(cloud: Cloud, name: str | None) -> dict[str, Any]:
    """The site of a name: bucket, distribution, or a part of them that only one has."""
    sites = _sites(cloud)
    if not sites:
        raise CommandError("There are no sites.", "`airside up PATH` deploys those of a template.")
    wanted = (name or "").removeprefix("s3://").strip("/")
    exact = [one for one in sites if wanted in {one["bucket"], one["distribution"]}]
    found = exact or [one for one in sites if wanted in one["bucket"]]
    if len(found) == 1:
        return found[0]
    names = ", ".join(one["bucket"] for one in found or sites)
    if not found:
        raise CommandError(f"There is no site '{name}'.", f"There are: {names}.")
    raise CommandError("Which site?", f"Name one of: {names}.")


def _target(cloud: Cloud, name: str | None) -> str:
    """The bucket, with prefix, of a site; a bucket without a distribution is one, too."""
    if name is not None:
        target = name.removeprefix("s3://").strip("/")
        try:
            open_bucket(cloud, target.partition("/")[0])
        except Refused as refused:
            if refused.status != 404:
                raise
        else:
            return target
    return str(_pick(cloud, name)["bucket"])


def _addresses(cloud: Cloud, distributions: list[str]) -> list[str]:
    return [
        _address(cloud, one) for one, _ in edge.find(cloud.client("cloudfront"))
        if one.id in distributions
    ]  # fmt: skip


def _address(cloud: Cloud, distribution: edge.Distribution) -> str:
    """Where people go: a local port here, its own name on AWS."""
    if isinstance(cloud, Connection):
        local = cloud.site_addresses().get(distribution.id)
        if local:
            return local
    return f"https://{(*distribution.aliases, distribution.domain)[0]}/"


def _about(release: Release) -> str:
    if release.rollback_of is not None:
        return f"back to {release.rollback_of}"
    if release.found:
        return "found in the bucket"
    if release.saved:
        return "saved while watching"
    return " ".join(filter(None, (release.message, release.commit and f"({release.commit})")))


def _when(at: str | None) -> str:
    """A moment as people read it, in their own time."""
    if not at:
        return ""
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _text(value: object) -> str:
    return "" if value is None else str(value)
