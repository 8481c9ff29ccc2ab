"""Watching a project: a saved template is deployed, a saved page is synced, saved code is checked.

Function code needs no deploy: functions run from the project's folder.
"""

import subprocess
from pathlib import Path

from airside.cli.deployment import Deployer
from airside.cli.display import plain, say
from airside.cli.errors import CommandError
from airside.cli.project import load
from airside.cli.stack import Deployed
from airside.cli.syntax import CODE, problems

_IGNORED = {".git", "__pycache__", ".venv", "node_modules", ".aws-sam", ".airside", ".pytest_cache"}


def watch(deployer: Deployer, deployed: Deployed, server: "subprocess.Popen[str]") -> int:
    """React to saved files until Ctrl-C or until the server ends; the exit status."""
    from watchfiles import Change  # only needed here
    from watchfiles import watch as changes

    folder = deployer.project.path.parent.resolve()
    folders = {folder, *(site.folder for site in deployer.project.sites),
               *(code for code in deployer.project.code.values() if code.is_dir())}  # fmt: skip
    outside = [one for one in folders if one == folder or folder not in one.parents]

    def relevant(_: Change, path: str) -> bool:
        return not _IGNORED.intersection(Path(path).parts) and not path.endswith("~")

    for batch in changes(
        *outside, watch_filter=relevant, rust_timeout=500, yield_on_timeout=True,
        debounce=100, raise_interrupt=False,
    ):  # fmt: skip
        if server.poll() is not None:
            say(f"[red]The server ended (status {server.returncode}).[/red]")
            return 1
        if batch:
            deployed = _react(deployer, deployed, {Path(path).resolve() for _, path in batch})
    return 0


def _react(deployer: Deployer, deployed: Deployed, paths: set[Path]) -> Deployed:
    try:
        if deployer.project.files & paths:
            deployer.project = load(deployer.project.path)
            deployed = deployer.everything()
            paths = {path for path in paths if path.suffix in CODE}
        for site in deployer.project.sites:
            if any(site.folder in path.parents for path in paths):
                deployer.sync_site(site, deployed, saved=True)
    except CommandError as error:
        say(f"[red]{plain(error.message)}[/red]")
    _check_code(deployer, sorted(paths))
    return deployed


def _check_code(deployer: Deployer, paths: list[Path]) -> None:
    """Say what is wrong with saved code, or else whose next event uses it."""
    using: dict[Path, list[str]] = {}
    for path in paths:
        names = [name for name, code in deployer.project.code.items()
                 if code == path or code in path.parents]  # fmt: skip
        if names and path.exists():  # editors save through files that come and go
            using[path] = names
    wrong = problems(using)
    for path, said in wrong.items():
        say(f"[red]✗ {plain(f'{path.name}:{said}')}[/red]")
    good = [path for path in using if path not in wrong]
    names = sorted({name for path in good for name in using[path]})
    if not good:
        return
    shown = good[0].name if len(good) == 1 else f"{len(good)} files"
    who = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    say(f"[green]✓[/green] {shown}: in use by the next event of {who}")
