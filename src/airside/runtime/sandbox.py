"""What of the sandbox this machine's kernel allows, found out by trying. For `airside doctor`."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from airside.runtime import guest
from airside.runtime.guest import cgroup, landlock, seccomp, system

_TRY_NAMESPACES = """
import os, sys
sys.path.insert(0, sys.argv[1])
from airside.runtime.guest import system
flags = system.CLONE_NEWNS | system.CLONE_NEWPID
system.unshare(flags if os.geteuid() == 0 else flags | system.CLONE_NEWUSER)
"""
_SECONDS_MAX = 20


class Part(NamedTuple):
    """One part of the sandbox."""

    name: str
    in_force: bool
    why: str
    """What it does, or why it is not there."""


def probe() -> list[Part]:
    """Try every part, leaving nothing behind."""
    if not system.LINUX:
        return [Part("namespaces, seccomp, Landlock, cgroups", False, "only Linux has them")]
    return [_namespaces(), _seccomp(), _landlock(), _memory(), _parent()]


def _namespaces() -> Part:
    name = "mount and process namespaces"
    root = Path(guest.__file__).parents[3]
    tried = subprocess.run(
        [sys.executable, "-c", _TRY_NAMESPACES, str(root)],
        capture_output=True, text=True, timeout=_SECONDS_MAX, check=False,
    )  # fmt: skip
    if tried.returncode == 0:
        return Part(name, True, "a root, /var/task, /opt, /tmp and processes of its own")
    return Part(name, False, (tried.stderr.strip().splitlines() or ["refused"])[-1])


def _seccomp() -> Part:
    there = seccomp.program() is not None
    why = "system calls that functions have no use for are refused"
    return Part("seccomp", there, why if there else f"no filter for {system.machine()}")


def _landlock() -> Part:
    version = landlock.version()
    if version > 0:
        return Part("Landlock", True, f"version {version}: files and signals, once more")
    return Part("Landlock", False, "the kernel does not have it")


def _memory() -> Part:
    name = "memory limit by cgroup"
    try:
        base = cgroup.create_base(os.getpid())
    except OSError as error:
        return Part(name, False, f"{error}; resource limits hold instead")
    cgroup.remove_base(base)
    return Part(name, True, "memory as configured, the kill reported as on AWS")


def _parent() -> Part:
    return Part("parent-death signal", True, "nothing outlives the server")
