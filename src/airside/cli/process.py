"""Starting and ending the server process."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airside.cli.connection import STATE_FILE, Connection
from airside.cli.errors import CommandError

START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 30.0


@dataclass
class ServerProcess:
    """A server that this command started."""

    process: "subprocess.Popen[str]"
    log: Path

    def stop(self) -> None:
        """Ask it to end, and see to it that it does."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def start(settings: dict[str, Any], *, detach: bool) -> ServerProcess:
    """Start the server; returns when it is ready. Raises CommandError with the reason if not."""
    data_dir = Path(settings["data_dir"])
    data_dir.mkdir(parents=True, exist_ok=True)
    _refuse_second(data_dir)
    log = data_dir / "server.log"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "airside.serve", json.dumps(settings)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=output, text=True,
            env=environment, start_new_session=True,
        )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait(START_SECONDS_MAX)
        said = log.read_text().strip().splitlines()
        raise CommandError(
            "The server did not start: " + (said[-1] if said else "it said nothing"),
            _hint(said[-1] if said else "", settings) or f"The whole story is in {log}.",
        )
    if detach:
        process.stdout.close()
    return ServerProcess(process, log)


def _hint(said: str, settings: dict[str, Any]) -> str:
    if "taken" in said or "in use" in said:
        return "Choose others with --port and --site-port, or end the server that has it."
    return ""


def _refuse_second(data_dir: Path) -> None:
    try:
        running = Connection.find(data_dir)
    except CommandError:
        (data_dir / STATE_FILE).unlink(missing_ok=True)
        return
    raise CommandError(
        f"Airside is running already with this data folder, at {running.endpoint} "
        f"(pid {running.state['pid']}).",
        "`airside deploy PATH` deploys to it, `airside down` ends it.",
    )


def stop(connection: Connection) -> None:
    """End the server of a data folder. Raises CommandError when it will not go."""
    pid = int(connection.state["pid"])
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            Connection.find(connection.data_dir)
        except CommandError:
            return
        time.sleep(0.02)  # a command line has no clock of its own to wait on
    raise CommandError(f"The server (pid {pid}) does not end.", f"kill -9 {pid} ends it safely.")
