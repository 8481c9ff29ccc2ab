"""`airside status`, and what `deploy` and `sync` print."""

from pathlib import Path

from airside.cli.connection import Connection
from airside.cli.deployment import site_urls, stack_outputs
from airside.cli.display import table
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
