"""`airside up`: server, stack, site, addresses, watch."""

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airside.cli import process, profile, trust
from airside.cli.addresses import local_outputs, output_rows, site_urls, stack_outputs
from airside.cli.connection import Connection
from airside.cli.deployment import Deployer
from airside.cli.display import out, say, table
from airside.cli.errors import CommandError
from airside.cli.main import print_json
from airside.cli.project import find_template, load
from airside.cli.stack import Deployed


@dataclass(frozen=True)
class UpOptions:
    """What was asked for."""

    path: Path | None
    stack: str | None
    parameters: dict[str, str]
    watch: bool
    detach: bool
    as_json: bool
    profile: bool


def run_up(settings: dict[str, Any], options: UpOptions) -> int:
    """Start everything; stay until Ctrl-C unless detached; the exit status."""
    project = None
    if options.path is not None or find_template(Path()) is not None:
        project = load(options.path or Path())
    signal.signal(signal.SIGTERM, _interrupt)  # as Ctrl-C: the server goes with us
    server = process.start(settings, detach=options.detach)
    try:
        connection = Connection.find(Path(settings["data_dir"]))
        keys = connection.state["credentials"]
        if options.profile:
            _write_profile(connection, keys)
        deployer, deployed = None, None
        if project is not None:
            name = options.stack or project.name
            deployer = Deployer(connection, project, name, options.parameters, options.as_json)
            deployed = deployer.everything()
        _announce(connection, deployed, options)
        if options.detach:
            return 0
        return _stay(server, deployer, deployed, watch=options.watch)
    except KeyboardInterrupt:
        return 0
    except BaseException:
        if options.detach:
            server.stop()
        raise
    finally:
        if not options.detach:
            server.stop()


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _write_profile(connection: Connection, keys: dict[str, str]) -> None:
    try:
        profile.write(
            connection.endpoint, connection.region, keys["access_key_id"], keys["secret_access_key"]
        )
    except OSError as error:
        say(f"[yellow]The AWS profile 'airside' could not be written: {error}[/yellow]")


def _announce(connection: Connection, deployed: Deployed | None, options: UpOptions) -> None:
    sites = site_urls(connection)
    if options.as_json:
        print_json({
            "endpoint": connection.endpoint,
            "pid": connection.state["pid"],
            "sites": sites,
            "stacks": stack_outputs(connection),
            "credentials": connection.state["credentials"],
        })  # fmt: skip
        return
    keys = connection.state["credentials"]
    tls = connection.state.get("tls")
    rows = [(f"site {name}", url) for name, url in sites.items()]
    rows.append(("AWS endpoint", connection.endpoint))
    if tls:
        rows += [("AWS endpoint", tls["endpoint"]), ("authority", tls["authority"])]
    rows.append(("credentials", f"{keys['access_key_id']} / {keys['secret_access_key']}"))
    if options.profile:
        rows.append(("AWS profile", profile.PROFILE))
    rows.append(("data", str(connection.data_dir)))
    table(("what", "where"), rows)
    for line in trust.instructions(Path(tls["authority"])) if tls else ():
        say(line)
    if deployed is not None and deployed.outputs:
        local = local_outputs(connection, deployed.outputs)
        out.print()
        table(("output", "value"), output_rows(deployed.outputs, local))


def _stay(
    server: process.ServerProcess,
    deployer: Deployer | None,
    deployed: Deployed | None,
    *,
    watch: bool,
) -> int:
    if watch and deployer is not None and deployed is not None:
        from airside.cli.watch import watch as watch_project

        say("[dim]Watching for changes. Ctrl-C ends it.[/dim]")
        return watch_project(deployer, deployed, server.process)
    say("[dim]Ctrl-C ends it.[/dim]")
    status = server.process.wait()
    raise CommandError(f"The server ended (status {status}).", f"Its log is {server.log}.")
