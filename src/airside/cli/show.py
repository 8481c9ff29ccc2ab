"""`airside status`, and what `deploy` and `sync` print."""

from pathlib import Path

from airside.cli import sync as site_sync
from airside.cli.connection import Connection
from airside.cli.deployment import site_urls, stack_outputs
from airside.cli.display import say, table
from airside.cli.main import print_json
from airside.cli.stack import Deployed


def show_status(data_dir: Path, *, as_json: bool) -> None:
    """Addresses, stacks and sites of the running server."""
    connection = Connection.find(data_dir)
    stacks = stack_outputs(connection)
    sites = site_urls(connection, None)
    environments = connection.admin("environments")["environments"]
    if as_json:
        print_json({
            "endpoint": connection.endpoint, "pid": connection.state["pid"], "sites": sites,
            "stacks": stacks, "environments": environments,
        })  # fmt: skip
        return
    rows = [("endpoint", connection.endpoint), ("pid", str(connection.state["pid"]))]
    rows += [("site", f"{url}  ({name})") for name, url in sites.items()]
    rows += [("stack", name) for name in stacks]
    rows += [("environment", name) for name in environments]
    table(("what", "where"), rows)


def show_deployed(connection: Connection, deployed: Deployed, *, as_json: bool) -> None:
    """A stack's outputs and sites."""
    sites = site_urls(connection, deployed)
    if as_json:
        print_json({
            "stack": deployed.name, "changed": deployed.changed, "outputs": deployed.outputs,
            "sites": sites,
        })  # fmt: skip
        return
    rows = [(f"site {name}", url) for name, url in sites.items()]
    rows += list(deployed.outputs.items())
    table(("output", "value"), rows)


def run_sync(
    data_dir: Path, environment: str | None, folder: Path, bucket: str, *, delete: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Upload what changed and invalidate it."""
    connection = Connection.find(data_dir, environment)
    s3 = connection.client("s3", max_pool_connections=site_sync.UPLOADS_AT_ONCE)
    synced = site_sync.sync(s3, folder, bucket, delete=delete)
    distributions = site_sync.invalidate(
        connection.client("cloudfront"), bucket, synced.paths,
        caller=f"airside-{connection.client('sts').get_caller_identity()['Account']}-"
        f"{abs(hash((tuple(synced.uploaded), tuple(synced.deleted))))}",
    )  # fmt: skip
    if as_json:
        print_json({
            "uploaded": synced.uploaded, "deleted": synced.deleted, "unchanged": synced.unchanged,
            "invalidated": synced.paths, "distributions": distributions,
        })  # fmt: skip
        return
    say(f"[green]✓[/green] {len(synced.uploaded)} uploaded, {synced.unchanged} unchanged, "
        f"{len(synced.deleted)} deleted")  # fmt: skip
    if distributions:
        say(f"[green]✓[/green] invalidated {' '.join(synced.paths)} in {' '.join(distributions)}")
