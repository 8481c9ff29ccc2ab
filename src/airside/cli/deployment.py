"""What `up`, `deploy` and the watcher do with a project: stack, then sites, then addresses."""

import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.status import Status

from airside.cli.connection import Connection
from airside.cli.display import err, plain, say
from airside.cli.project import Project, SiteSource
from airside.cli.sites.commands import print_outcome
from airside.cli.sites.deploy import Outcome, open_deploy
from airside.cli.sites.watching import Bar, Quiet
from airside.cli.stack import Deployed, deploy
from airside.runtime.interpreters import Interpreters, node_bundle

_DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE")
_SDK_CLIENT = re.compile(r"['\"](@aws-sdk/[a-z0-9-]+)['\"]")


@dataclass
class Deployer:
    """Deploys one project to one server, again and again."""

    connection: Connection
    project: Project
    stack: str
    parameters: dict[str, str]
    quiet: bool = False

    def everything(self) -> Deployed:
        """Deploy the stack, then the sites. Raises CommandError."""
        deployed = self.deploy_stack()
        for source in self.project.sites:
            self.sync_site(source, deployed)
        return deployed

    def deploy_stack(self) -> Deployed:
        """Create or update the stack, showing what happens."""
        started = time.monotonic()
        done: set[str] = set()
        with Status(f"Deploying [bold]{self.stack}[/bold]", console=err.console) as status:

            def watch(event: dict[str, Any]) -> None:
                self._show(event, status, done)

            deployed = deploy(self.connection, self.project, self.stack, self.parameters, watch)
        took = time.monotonic() - started
        if not self.quiet:
            news = f"{len(done)} resources" if deployed.changed else "nothing to change"
            say(f"[green]✓[/green] Deployed [bold]{self.stack}[/bold]: {news}, {took:.1f} s")
            if deployed.changed:
                self._warn(deployed)
        return deployed

    def _warn(self, deployed: Deployed) -> None:
        warnings = runtime_warnings(self.connection, deployed)
        for warning in [*warnings, *sdk_warnings(self.project)]:
            say(f"[yellow]![/yellow] {plain(warning)}")

    def sync_site(
        self, source: SiteSource, deployed: Deployed, *, saved: bool = False
    ) -> Outcome:  # fmt: skip
        """Bring a site's bucket and the edge up to date; `saved`: because a file was saved."""
        started = time.monotonic()
        _, bucket = deployed.resources[source.bucket_logical_id]
        with Bar() if err.is_terminal and not self.quiet else Quiet() as watch:
            deploy = open_deploy(self.connection, bucket, watch)
            outcome = deploy.sync(source.folder, saved=saved)
        if not self.quiet:
            print_outcome(outcome, f"{source.folder.name}/", time.monotonic() - started)
        return outcome

    def _show(self, event: dict[str, Any], status: Status, done: set[str]) -> None:
        state, name = event["ResourceStatus"], event["LogicalResourceId"]
        if state in _DONE and name != self.stack:
            done.add(name)
        status.update(f"Deploying [bold]{self.stack}[/bold]  {len(done)} done  [dim]{name}[/dim]")
        failed = state.endswith("FAILED")
        if failed or (not err.is_terminal and not self.quiet):
            reason = event.get("ResourceStatusReason", "")
            text = f"{state:<28} {event['ResourceType']:<40} {name} {reason}".rstrip()
            say(f"[red]{plain(text)}[/red]" if failed else plain(text))


def runtime_warnings(connection: Connection, deployed: Deployed) -> list[str]:
    """What a person should know of the runtimes that a stack's functions name."""
    functions = [
        physical for kind, physical in deployed.resources.values()
        if kind == "AWS::Lambda::Function"
    ]  # fmt: skip
    client = connection.client("lambda")
    runtimes = {
        client.get_function_configuration(FunctionName=name)["Runtime"] for name in functions
    }
    interpreters = Interpreters()
    return [warning for name in sorted(runtimes) if (warning := interpreters.find(name).warning)]


def sdk_warnings(project: Project) -> list[str]:
    """What to install for functions in Node that count on the SDK in AWS's runtime."""
    node = shutil.which("node")
    if node is None or "node_modules" in node_bundle(node):
        return []
    folders = [
        code for code in project.code.values() if not (code / "node_modules" / "@aws-sdk").exists()
    ]
    wanted = {name for folder in folders for name in _sdk_clients(folder)}
    if not wanted:
        return []
    install = " ".join(sorted(wanted))
    return [
        "On AWS the Node.js runtime brings the AWS SDK; this machine has it after "
        f"`npm install -g {install}`."
    ]


def _sdk_clients(folder: Path) -> set[str]:
    found: set[str] = set()
    for path in folder.rglob("*"):
        if path.suffix in {".js", ".mjs", ".cjs"} and "node_modules" not in path.parts:
            found.update(_SDK_CLIENT.findall(path.read_text(errors="replace")))
    return found
