"""Stock command line clients, pointed at the server by the environment alone."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(server: Any, account: str, tmp_path: Path) -> Run:
    """`run("aws", "s3", "ls")` runs it in `tmp_path`; it must end with `status`."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    folders = [str(Path(sys.executable).parent), environment.get("PATH", "")]
    environment |= {
        "PATH": os.pathsep.join(folders), "HOME": str(tmp_path), "SAM_CLI_TELEMETRY": "0",
        "AWS_ENDPOINT_URL": server.endpoint, "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "test",
    }  # fmt: skip

    def command(
        *words: str, status: int = 0, folder: Path = tmp_path
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            words,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == status, f"{words}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done

    return command
