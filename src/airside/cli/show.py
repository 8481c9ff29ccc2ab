"""`airside status`, and what `deploy` prints."""

from pathlib import Path

from airside.cli.addresses import local_outputs, output_rows, site_urls, stack_outputs
from airside.cli.connection import Connection
from airside.cli.display import table
from airside.cli.main import print_json
from airside.cli.stack import Deployed


def show_status(data_dir: Path, *, as_json: bool) -> None:
    """Addresses, stacks and sites of the running server."""
    connection = Connection.find(data_dir)
    stacks = stack_outputs(connection)
    sites = site_urls(connection)
    environments = connection.admin("environments")["environments"]
    if as_json:
        print_json({
            "endpoint": connection.endpoint, "pid": connection.state["pid"], "sites": sites,
            "stacks": stacks, "environments": environments,
        })  # fmt: skip
        return
    rows = [("AWS endpoint", connection.endpoint, f"pid {connection.state['pid']}")]
    rows += [("site", url, name) for name, url in sites.items()]
    for name, stack in stacks.items():
        rows.append(("stack", name, stack["status"]))
        rows += [(f"  {key}", url, "") for key, url in stack["local"].items()]
    rows += [("environment", name, "") for name in environments]
    table(("what", "where", ""), rows)


def show_deployed(connection: Connection, deployed: Deployed, *, as_json: bool) -> None:
    """A stack's outputs and sites."""
    sites = site_urls(connection)
    local = local_outputs(connection, deployed.outputs)
    if as_json:
        print_json({
            "stack": deployed.name, "changed": deployed.changed, "outputs": deployed.outputs,
            "local": local, "sites": sites,
        })  # fmt: skip
        return
    rows = [(f"site {name}", url) for name, url in sites.items()]
    table(("output", "value"), [*rows, *output_rows(deployed.outputs, local)])
