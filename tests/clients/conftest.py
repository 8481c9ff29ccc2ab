"""Stock command line clients, pointed at the server by the environment alone."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
NPM_SECONDS_MAX = 240


@pytest.fixture(scope="session")
def npm(request: pytest.FixtureRequest) -> Callable[[dict[str, str]], Path]:
    """`npm({"dynamoose": "^4.0.0"})` -> a `node_modules` with it, installed once, or a skip."""

    def install(packages: dict[str, str]) -> Path:
        program = shutil.which("npm")
        if program is None or shutil.which("node") is None:
            pytest.skip("Node.js with npm is not installed")
        wanted = json.dumps({"private": True, "dependencies": packages}, sort_keys=True)
        name = "npm-" + hashlib.sha256(wanted.encode()).hexdigest()[:16]
        folder = request.config.cache.mkdir(name)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "done").exists():
                (folder / "package.json").write_text(wanted)
                try:
                    subprocess.run(
                        [program, "install", "--no-audit", "--no-fund", "--loglevel=error"],
                        cwd=folder, check=True, capture_output=True, text=True,
                        timeout=NPM_SECONDS_MAX,
                    )  # fmt: skip
                except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                    pytest.skip(f"npm could not install {', '.join(packages)}: {error.stderr}")
                (folder / "done").touch()
        return folder / "node_modules"

    return install


@pytest.fixture
def run(server: Any, account: str, tmp_path: Path) -> Run:
    """`run("aws", "s3", "ls")` runs it in `tmp_path`; it must end with `status`."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    folders = [str(Path(sys.executable).parent), environment.get("PATH", "")]
    environment |= {
        "PATH": os.pathsep.join(folders), "HOME": str(tmp_path), "SAM_CLI_TELEMETRY": "0",
        "AWS_ENDPOINT_URL": server.endpoint, "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
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
