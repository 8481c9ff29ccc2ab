"""Which interpreters this machine has, for the runtimes that functions name."""

import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

_PYTHON = re.compile(r"python3\.(\d+)")
_OLDEST_MINOR = 9
_PROGRAM_MAGIC = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


class Interpreter(NamedTuple):
    """A program that runs functions."""

    path: str
    version: str
    """`3.12`, or `` for what is not Python."""


def find_pythons() -> dict[int, str]:
    """Python 3 interpreters by minor version. Looks at names and file headers; runs nothing."""
    found = {sys.version_info.minor: sys.executable}
    home = Path.home()
    folders = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
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


def _is_program(path: Path) -> bool:
    """Whether it is a real program: version managers put shell scripts of the same name."""
    try:
        with path.open("rb") as file:
            return file.read(4) in _PROGRAM_MAGIC and os.access(path, os.X_OK)
    except OSError:
        return False
