"""What of the sandbox this machine allows, for `airside doctor` and the start-up line."""

import json
import subprocess
import sys
import tempfile
from typing import NamedTuple

from airside.runtime import boot

PROBE_SECONDS_MAX = 10.0


class Part(NamedTuple):
    """One part of the sandbox."""

    name: str
    in_force: bool
    why: str
    """What is missing, or how it is done."""


def probe() -> list[Part]:
    """Try every part in a process of its own."""
    try:
        with tempfile.TemporaryDirectory(prefix="airside-") as scratch:
            done = subprocess.run(
                [*boot.command(sys.executable, "probe"), scratch], env={}, check=False,
                capture_output=True, text=True, timeout=PROBE_SECONDS_MAX,
            )  # fmt: skip
        return [Part(*part) for part in json.loads(done.stdout)]
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return [Part("sandbox", False, f"could not be tried: {error}")]
