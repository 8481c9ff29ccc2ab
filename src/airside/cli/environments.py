"""`airside env ...`."""

import json
from pathlib import Path

from airside.cli import profile
from airside.cli.connection import Connection
from airside.cli.display import say, table
from airside.cli.main import print_json


def _keys_file(data_dir: Path, name: str) -> Path:
    return data_dir / "environments" / f"{name}.json"


def run_create(data_dir: Path, name: str, parent: str, *, as_json: bool) -> None:
    """Branch an environment and keep its keys where `--env NAME` finds them."""
    connection = Connection.find(data_dir)
    made = connection.admin("environments/create", **{"name": name, "from": parent})
    path = _keys_file(data_dir, name)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(made))
    profile.write(
        connection.endpoint, connection.region, made["access_key_id"], made["secret_access_key"],
        f"{profile.PROFILE}-{name}",
    )  # fmt: skip
    if as_json:
        print_json(made | {"endpoint": connection.endpoint})
        return
    say(f"[green]✓[/green] Environment [bold]{name}[/bold], branched from {parent}.")
    table(("what", "value"), [
        ("access key id", made["access_key_id"]),
        ("secret access key", made["secret_access_key"]),
        ("AWS profile", f"{profile.PROFILE}-{name}"),
        ("use it", f"airside deploy --env {name}"),
    ])  # fmt: skip


def run_list(data_dir: Path, *, as_json: bool) -> None:
    """All environments."""
    names = Connection.find(data_dir).admin("environments")["environments"]
    if as_json:
        print_json({"environments": names})
        return
    table(("environment",), [(name,) for name in names])


def run_delete(data_dir: Path, name: str) -> None:
    """Delete an environment and forget its keys."""
    Connection.find(data_dir).admin("environments/delete", name=name)
    _keys_file(data_dir, name).unlink(missing_ok=True)
    say(f"Deleted the environment '{name}'.")
