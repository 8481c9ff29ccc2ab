"""Which interpreters this machine has, for the runtimes that functions name."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from airside.runtime import boot

WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"
"""https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper"""
NODE_CLIENT = boot.GUEST / "node"
"""The runtime client for Node, which stands at /var/runtime."""
_PYTHON = re.compile(r"python3\.(\d+)")
_NODE = re.compile(r"nodejs(\d+)\.x")
_OLDEST_MINOR = 9
_OLDEST_NODE = 18
_PROGRAM_MAGIC = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_VERSION_SECONDS_MAX = 10.0
_VERSIONED_NODES = (
    ".nvm/versions/node/v*/bin/node",
    ".local/share/fnm/node-versions/v*/installation/bin/node",
    ".volta/tools/image/node/*/bin/node",
    ".asdf/installs/nodejs/*/bin/node",
    ".local/share/mise/installs/node/*/bin/node",
)
"""Where version managers put each version, below the home folder."""


class RuntimeUnavailable(Exception):
    """This machine cannot run what a function names; the text says what to install."""


class Interpreter(NamedTuple):
    """A program that runs functions."""

    path: str
    version: str
    """`3.12`, `22.11.0`; empty for a program of the function's own."""
    warning: str = ""
    """What a person should know: that it is not the version asked for."""


class Interpreters:
    """Looks once, on first use, and remembers."""

    def __init__(self) -> None:
        self._pythons: dict[int, str] | None = None
        self._nodes: dict[tuple[int, ...], str] | None = None

    def find(self, runtime: str) -> Interpreter:
        """What runs `runtime`. Raises RuntimeUnavailable. May run `node --version`."""
        if runtime.startswith("provided"):
            return Interpreter("", "")
        if runtime.startswith("nodejs"):
            if not self._nodes:
                self._nodes = find_nodes()
            return choose_node(runtime, self._nodes)
        if _PYTHON.fullmatch(runtime):
            if self._pythons is None:
                self._pythons = find_pythons()
            path, minor = choose_python(runtime, self._pythons)
            return Interpreter(path, f"3.{minor}", _nearest(runtime, f"python3.{minor}"))
        raise RuntimeUnavailable(f"The runtime {runtime} cannot be run here.")


def _nearest(wanted: str, had: str) -> str:
    if wanted == had:
        return ""
    return f"{wanted} is not on this machine: its functions run on {had}."


def find_pythons() -> dict[int, str]:
    """Python 3 interpreters by minor version. Looks at names and file headers; runs nothing."""
    found = {sys.version_info.minor: sys.executable}
    home = Path.home()
    folders = _search_path()
    folders += sorted(home.glob(".pyenv/versions/3.*/bin"), reverse=True)
    folders += [Path("/usr/bin"), Path("/usr/local/bin"), Path("/opt/homebrew/bin")]
    folders += sorted(home.glob(".local/share/uv/python/cpython-3.*/bin"), reverse=True)
    for folder in folders:
        for minor in range(_OLDEST_MINOR, 20):
            path = folder / f"python3.{minor}"
            if minor not in found and _is_program(path):
                found[minor] = str(path)
    return found


def choose_python(runtime: str, found: dict[int, str]) -> tuple[str, int]:
    """The interpreter for `python3.X` and its minor version: that one, else the nearest."""
    match = _PYTHON.fullmatch(runtime)
    wanted = int(match.group(1)) if match else sys.version_info.minor
    minor = min(found, key=lambda have: (abs(have - wanted), -have))
    return found[minor], minor


def find_nodes() -> dict[tuple[int, ...], str]:
    """Node programs by version: those that version managers keep, and those of the PATH."""
    found: dict[tuple[int, ...], str] = {}
    for pattern in _VERSIONED_NODES:
        for path in Path.home().glob(pattern):
            version = _numbers(str(path.relative_to(Path.home())))
            if version and _is_program(path):
                found[version] = str(path)
    for folder in [*_search_path(), Path("/usr/bin"), Path("/usr/local/bin"),
                   Path("/opt/homebrew/bin")]:  # fmt: skip
        path = folder / "node"
        if _is_program(path) and str(path) not in found.values():
            version = _ask_version(path)
            if version:
                found.setdefault(version, str(path))
    return {version: path for version, path in found.items() if version[0] >= _OLDEST_NODE}


def choose_node(runtime: str, found: dict[tuple[int, ...], str]) -> Interpreter:
    """The Node for `nodejsX.x`: the newest of that major version, else the nearest major."""
    match = _NODE.fullmatch(runtime)
    if not match or not found:
        raise RuntimeUnavailable(
            f"The runtime {runtime} needs Node.js on this machine, and there is none: install "
            f"Node.js {match.group(1) if match else ''} so that `node` is in the PATH, then start "
            "Airside again."
        )
    wanted = int(match.group(1))
    version = min(found, key=lambda have: (abs(have[0] - wanted), [-part for part in have]))
    text = ".".join(map(str, version))
    return Interpreter(found[version], text, _nearest(f"nodejs{wanted}.x", f"nodejs{version[0]}.x"))


def node_bundle(node: str) -> dict[str, str]:
    """What stands in /var/runtime for Node: our client, and AWS's SDK where npm installed it."""
    files = {path.name: str(path) for path in NODE_CLIENT.iterdir() if path.is_file()}
    modules = Path(node).resolve().parent.parent / "lib" / "node_modules"
    for folder in (modules, Path("/usr/local/lib/node_modules"), Path("/usr/lib/node_modules")):
        if (folder / "@aws-sdk").is_dir():
            files["node_modules"] = str(folder)
            break
    return files


def program_config(runtime: str, interpreter: str, memory_mb: int) -> dict[str, Any]:
    """What an environment is told that becomes a program: alternatives, the first that is there."""
    if runtime.startswith("provided"):
        programs = [["/var/task/bootstrap"], ["/opt/bootstrap"]]
        return {"programs": programs, "wrapped": False, "runtime_dir": ""}
    if runtime.startswith("python"):
        programs = [[os.path.realpath(interpreter), "/var/runtime/bootstrap.py"]]
        return {"programs": programs, "wrapped": True, "runtime_dir": str(boot.GUEST)}
    flags = ["--max-http-header-size=81920", f"--max-old-space-size={memory_mb * 9 // 10}"]
    program = [os.path.realpath(interpreter), *flags, "/var/runtime/index.mjs"]
    return {"programs": [program], "wrapped": True, "runtime_dir": str(NODE_CLIENT)}


def _search_path() -> list[Path]:
    return [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]


def _ask_version(node: Path) -> tuple[int, ...]:
    try:
        done = subprocess.run(
            [node, "--version"], capture_output=True, text=True, check=False, env={},
            timeout=_VERSION_SECONDS_MAX,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ()
    return _numbers(done.stdout)


def _numbers(text: str) -> tuple[int, ...]:
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(int(part) for part in found.groups()) if found else ()


def _is_program(path: Path) -> bool:
    """Whether it is a real program: version managers put shell scripts of the same name."""
    try:
        with path.open("rb") as file:
            return file.read(4) in _PROGRAM_MAGIC and os.access(path, os.X_OK)
    except OSError:
        return False
