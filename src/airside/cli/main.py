"""`airside`: every command, with its options and help."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from airside import __version__
from airside.cli.errors import CommandError

app = typer.Typer(
    name="airside", no_args_is_help=True, add_completion=False, rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="A serverless cloud on your machine, speaking AWS's protocols. Start with `airside up`.",
)  # fmt: skip
environments_app = typer.Typer(no_args_is_help=True, help="Whole clouds side by side.")
app.add_typer(environments_app, name="env")
sites_app = typer.Typer(no_args_is_help=True, help="Sites and their releases.")
app.add_typer(sites_app, name="site")

DataDir = Annotated[
    Path, typer.Option("--data-dir", envvar="AIRSIDE_DATA_DIR", help="The server's data folder.")
]
Json = Annotated[bool, typer.Option("--json", help="One line of JSON, for scripts.")]
Environment = Annotated[
    str | None, typer.Option("--env", envvar="AIRSIDE_ENV", help="Environment; default main.")
]
Profile = Annotated[
    str | None, typer.Option("--profile", help="Go to AWS, with this profile of its configuration.")
]
Aws = Annotated[bool, typer.Option("--aws", help="Go to AWS, with the credentials set up there.")]
Site = Annotated[
    str | None, typer.Argument(help="Bucket or distribution; not needed when there is one site.")
]
DATA_DIR = Path(".airside")


def main() -> None:
    """Run the command line."""
    try:
        app(standalone_mode=True)
    except CommandError as error:
        _complain(error)
        sys.exit(1)
    except _refusals() as error:
        _complain(CommandError(str(error)))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _refusals() -> tuple[type[Exception], ...]:
    """What the SDK raises, when a command has loaded it at all."""
    found = sys.modules.get("botocore.exceptions")
    return () if found is None else (found.ClientError, found.BotoCoreError)


def _complain(error: CommandError) -> None:
    from airside.cli.display import plain, say

    say(f"[red]error:[/red] {plain(error.message)}")
    if error.hint:
        say(f"[dim]{plain(error.hint)}[/dim]")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        sys.stdout.write(f"airside {__version__}\n")
        raise typer.Exit


@app.command()
def up(
    path: Annotated[
        Path | None, typer.Argument(help="Template, or the folder that has it.")
    ] = None,
    watch: Annotated[bool, typer.Option(help="Deploy again what is saved.")] = True,
    detach: Annotated[bool, typer.Option("--detach", help="Leave the server running.")] = False,
    as_json: Json = False,
    port: Annotated[int | None, typer.Option(help="Port of the AWS APIs [4566].")] = None,
    site_port: Annotated[int | None, typer.Option(help="First port for sites [8000].")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on [127.0.0.1].")] = None,
    data_dir: DataDir = DATA_DIR,
    stack: Annotated[str | None, typer.Option(help="Stack name; default: the folder's.")] = None,
    parameter: Annotated[list[str] | None, typer.Option(help="KEY=VALUE, repeatable.")] = None,
    profile: Annotated[bool, typer.Option(help="Write the AWS profile `airside`.")] = True,
    tls: Annotated[bool, typer.Option("--tls", help="Speak HTTPS and HTTP/2, too.")] = False,
) -> None:
    """Start the cloud, deploy the template at PATH, sync its site, and watch for changes."""
    from airside.cli.up import UpOptions, run_up

    given = {"port": port, "site_port": site_port, "host": host}
    settings: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    settings["data_dir"] = str(data_dir.resolve())
    if tls:
        settings["tls"] = True
    options = UpOptions(path, stack, _parameters(parameter), watch, detach, as_json, profile)
    raise typer.Exit(run_up(settings, options))


@app.command()
def down(data_dir: DataDir = DATA_DIR) -> None:
    """End the running server. Everything acknowledged is on disk and comes back with `up`."""
    from airside.cli import process
    from airside.cli.connection import Connection
    from airside.cli.display import say

    connection = Connection.find(data_dir)
    process.stop(connection)
    say(f"Ended the server at {connection.endpoint}.")


@app.command()
def status(data_dir: DataDir = DATA_DIR, as_json: Json = False) -> None:
    """What runs: addresses, stacks, sites."""
    from airside.cli.show import show_status

    show_status(data_dir, as_json=as_json)


@app.command()
def deploy(
    path: Annotated[Path, typer.Argument(help="Template, or the folder that has it.")] = Path(),
    data_dir: DataDir = DATA_DIR,
    stack: Annotated[str | None, typer.Option(help="Stack name; default: the folder's.")] = None,
    parameter: Annotated[list[str] | None, typer.Option(help="KEY=VALUE, repeatable.")] = None,
    as_json: Json = False,
    environment: Environment = None,
) -> None:
    """Deploy a template to the running server."""
    from airside.cli.connection import Connection
    from airside.cli.deployment import Deployer
    from airside.cli.project import load
    from airside.cli.show import show_deployed

    connection = Connection.find(data_dir, environment)
    project = load(path)
    name = stack or project.name
    deployed = Deployer(connection, project, name, _parameters(parameter)).everything()
    show_deployed(connection, deployed, as_json=as_json)


@app.command()
def sync(
    folder: Annotated[Path, typer.Argument(help="Folder with the site.", exists=True)],
    bucket: Annotated[str, typer.Argument(help="BUCKET or BUCKET/PREFIX, s3:// allowed.")],
    data_dir: DataDir = DATA_DIR,
    delete: Annotated[bool, typer.Option(help="Delete what is not in the folder.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    message: Annotated[str, typer.Option("--message", "-m", help="What this release is.")] = "",
    as_json: Json = False,
    environment: Environment = None,
    profile: Profile = None,
    aws: Aws = False,
) -> None:
    """Upload what changed in FOLDER to BUCKET and invalidate it at the edge, here or on AWS.

    Assets go first and pages last, then the edge forgets what changed, then what is gone goes.
    Each deploy is a release: `airside site rollback` goes back.
    """
    from airside.cli.sites.commands import Where, run_sync

    where = Where(data_dir, environment, profile, aws)
    run_sync(
        where, folder, bucket, delete=delete, dry_run=dry_run, message=message, as_json=as_json
    )  # fmt: skip


@sites_app.command("list")
def site_list(
    data_dir: DataDir = DATA_DIR, as_json: Json = False, environment: Environment = None,
    profile: Profile = None, aws: Aws = False,
) -> None:  # fmt: skip
    """All sites: distributions with a bucket behind them."""
    from airside.cli.sites.commands import Where, run_list

    run_list(Where(data_dir, environment, profile, aws), as_json=as_json)


@sites_app.command("open")
def site_open(
    site: Site = None, data_dir: DataDir = DATA_DIR, environment: Environment = None,
    profile: Profile = None, aws: Aws = False,
) -> None:  # fmt: skip
    """Open a site in the browser and print its address."""
    from airside.cli.sites.commands import Where, run_open

    run_open(Where(data_dir, environment, profile, aws), site)


@sites_app.command("releases")
def site_releases(
    site: Site = None, data_dir: DataDir = DATA_DIR, as_json: Json = False,
    environment: Environment = None, profile: Profile = None, aws: Aws = False,
) -> None:  # fmt: skip
    """What was deployed to a site, when and by whom, newest first."""
    from airside.cli.sites.commands import Where, run_releases

    run_releases(Where(data_dir, environment, profile, aws), site, as_json=as_json)


@sites_app.command("rollback")
def site_rollback(
    site: Site = None,
    to: Annotated[int | None, typer.Option(help="Release; default: the one before.")] = None,
    data_dir: DataDir = DATA_DIR, as_json: Json = False, environment: Environment = None,
    profile: Profile = None, aws: Aws = False,
) -> None:  # fmt: skip
    """Go back to a former release, at once and at the edge as well. It is a release, too."""
    from airside.cli.sites.commands import Where, run_rollback

    run_rollback(Where(data_dir, environment, profile, aws), site, to, as_json=as_json)


@app.command()
def invoke(
    function: Annotated[str, typer.Argument(help="Function name, ARN, or logical id.")],
    event: Annotated[str, typer.Option(help="A file, or JSON; - for standard input.")] = "{}",
    generate: Annotated[
        str | None, typer.Option(help="Wrap the event as a source sends it: sqs, apigw, s3, ...")
    ] = None,
    asynchronous: Annotated[
        bool, typer.Option("--async", help="Only hand the event over (InvocationType Event).")
    ] = False,
    data_dir: DataDir = DATA_DIR,
    log: Annotated[bool, typer.Option(help="Show the log's tail on standard error.")] = True,
    environment: Environment = None,
) -> None:
    """Call a function and print its answer."""
    from airside.cli.functions import Invocation, run_invoke

    asked = Invocation(function, event, generate, asynchronous, log)
    raise typer.Exit(run_invoke(data_dir, environment, asked))


@app.command()
def functions(
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on, every second.")] = False,
    data_dir: DataDir = DATA_DIR,
    as_json: Json = False,
    environment: Environment = None,
) -> None:
    """What every function is doing: concurrency, cold starts, errors, times, memory, cost."""
    from airside.cli.function_table import run_functions

    run_functions(data_dir, environment, follow=follow, as_json=as_json)


@app.command()
def trace(
    request: Annotated[str, typer.Argument(help="A request id from the logs, or a trace's root.")],
    data_dir: DataDir = DATA_DIR,
    as_json: Json = False,
    environment: Environment = None,
) -> None:
    """What one request touched, as a waterfall."""
    from airside.cli.tracing import run_trace

    run_trace(data_dir, environment, request, as_json=as_json)


@app.command()
def logs(
    function: Annotated[str | None, typer.Argument(help="Function; default: all.")] = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as events come.")] = False,
    since: Annotated[str, typer.Option(help="How far back: 90s, 10m, 2h, 1d.")] = "10m",
    pattern: Annotated[str, typer.Option("--filter", help="A CloudWatch filter pattern.")] = "",
    request: Annotated[str, typer.Option(help="Only the events of this request id.")] = "",
    errors: Annotated[bool, typer.Option("--errors", help="Only what went wrong.")] = False,
    data_dir: DataDir = DATA_DIR,
    as_json: Json = False,
    environment: Environment = None,
) -> None:
    """The functions' logs, all together in time."""
    from airside.cli.functions import LogOptions, run_logs

    options = LogOptions(function, follow, since, pattern, request, errors, as_json)
    run_logs(data_dir, environment, options)


@app.command()
def costs(
    by: Annotated[str, typer.Option(help="resource, operation, principal or hour.")] = "resource",
    data_dir: DataDir = DATA_DIR,
    as_json: Json = False,
    environment: Environment = None,
) -> None:
    """What this environment has used, and what AWS would have charged for it."""
    from airside.cli.costs import run_costs

    run_costs(data_dir, environment, by, as_json=as_json)


@app.command()
def reset(
    data_dir: DataDir = DATA_DIR,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    environment: Environment = None,
) -> None:
    """Empty an environment."""
    from airside.cli.connection import Connection
    from airside.cli.display import say

    connection = Connection.find(data_dir, environment)
    if not yes:
        typer.confirm(f"Delete everything in '{environment or 'main'}'?", abort=True, err=True)
    say(f"Emptied '{connection.admin('reset')['environment']}'.")


@environments_app.command("create")
def env_create(
    name: Annotated[str, typer.Argument(help="a-z, 0-9 and '-'.")],
    parent: Annotated[str, typer.Option("--from", help="Environment to branch.")] = "main",
    data_dir: DataDir = DATA_DIR,
    as_json: Json = False,
) -> None:
    """Branch an environment: all its data, at once, with keys of its own."""
    from airside.cli.environments import run_create

    run_create(data_dir, name, parent, as_json=as_json)


@environments_app.command("list")
def env_list(data_dir: DataDir = DATA_DIR, as_json: Json = False) -> None:
    """All environments."""
    from airside.cli.environments import run_list

    run_list(data_dir, as_json=as_json)


@environments_app.command("delete")
def env_delete(name: Annotated[str, typer.Argument()], data_dir: DataDir = DATA_DIR) -> None:
    """Delete an environment with everything in it."""
    from airside.cli.environments import run_delete

    run_delete(data_dir, name)


@app.command()
def doctor(data_dir: DataDir = DATA_DIR, as_json: Json = False) -> None:
    """What this machine offers: sandbox parts, runtimes, ports, tools."""
    from airside.cli.doctor import run_doctor

    run_doctor(data_dir, as_json=as_json)


@app.command(
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": [],
    }
)
def aws(context: typer.Context) -> None:
    """The AWS CLI, pointed here: `airside aws s3 ls`. AIRSIDE_DATA_DIR and AIRSIDE_ENV apply."""
    from airside.cli.functions import run_aws

    run_aws(context.args)


def _parameters(given: list[str] | None) -> dict[str, str]:
    found = {}
    for one in given or []:
        key, equals, value = one.partition("=")
        if not equals:
            raise CommandError(f"'{one}' is not KEY=VALUE.")
        found[key] = value
    return found


def print_json(value: object) -> None:
    """One line on standard output."""
    sys.stdout.write(json.dumps(value, default=str) + "\n")
    sys.stdout.flush()
