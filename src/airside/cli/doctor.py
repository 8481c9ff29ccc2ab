"""`airside doctor`: what this machine offers, and what is missing."""

import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from airside.cli import trust
from airside.cli.display import table
from airside.cli.main import print_json
from airside.runtime.interpreters import node_bundle
from airside.runtime.sandbox import probe


class Finding(NamedTuple):
    """One thing that was looked at."""

    area: str
    what: str
    ok: bool
    detail: str


def run_doctor(data_dir: Path, *, as_json: bool) -> None:
    """Print every finding."""
    findings = list(look(data_dir))
    if as_json:
        print_json([finding._asdict() for finding in findings])
        return
    table(
        ("area", "what", "", "detail"),
        [(one.area, one.what, "✓" if one.ok else "✗", one.detail) for one in findings],
    )


def look(data_dir: Path) -> Iterator[Finding]:
    """Look at everything."""
    yield Finding(
        "system", "platform", True,
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
    )  # fmt: skip
    for part in probe():
        yield Finding("sandbox", part.name, part.in_force, part.why)
    yield from _runtimes()
    yield _authority(data_dir)
    for port in (4566, 8000):
        free = _free(port)
        yield Finding("ports", str(port), free, "free" if free else "somebody listens there")
    for tool, hint in (("aws", "pip install awscli"), ("sam", "pip install aws-sam-cli")):
        found = shutil.which(tool)
        yield Finding("tools", tool, found is not None, found or f"not installed: {hint}")


def _authority(data_dir: Path) -> Finding:
    path = trust.authority_of(data_dir)
    if path is None:
        return Finding("tls", "authority", False, "none yet: `airside up --tls` makes one")
    if trust.is_trusted(path):
        return Finding("tls", "authority", True, f"{path}, trusted by this machine")
    return Finding("tls", "authority", False, f"{path}, not trusted: {trust.command(path)}")


def _runtimes() -> Iterator[Finding]:
    yield Finding(
        "runtimes", f"python{sys.version_info.major}.{sys.version_info.minor}", True, sys.executable
    )
    for minor in range(9, 16):
        name = f"python3.{minor}"
        found = shutil.which(name)
        if found and minor != sys.version_info.minor:
            yield Finding("runtimes", name, True, found)
    node = shutil.which("node")
    version = ""
    if node:
        version = subprocess.run([node, "--version"], capture_output=True, text=True,
                                 check=False).stdout.strip()  # fmt: skip
    yield Finding("runtimes", "node", node is not None, version or "not installed")
    if node:
        sdk = node_bundle(node).get("node_modules")
        missing = "not installed, on AWS it is there: npm install -g @aws-sdk/client-..."
        yield Finding("runtimes", "AWS SDK for Node", sdk is not None, sdk or missing)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
