"""Tries each part of the sandbox and prints, as JSON, which are to be had."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable

from airside.runtime.guest import cgroup, cpu, keeper, landlock, ports, seccomp, system
from airside.runtime.guest.jail import Jail


def _tried(name: str, how: str, attempt: Callable[[], None]) -> tuple[str, bool, str]:
    try:
        attempt()
    except (OSError, KeyError) as error:
        return name, False, str(error)
    return name, True, how


def _memory() -> tuple[str, bool, str]:
    try:
        base = cgroup.create_base(os.getpid())
    except OSError as error:
        return "memory limit", True, f"address space only (no control group: {error})"
    version = cgroup.Groups(base).version
    cgroup.remove_base(base)
    return "memory limit", True, f"control groups version {version}"


def _processors() -> str:
    """How it would be done where the setting asks for it."""
    groups, base = None, ""
    with contextlib.suppress(OSError):
        base = cgroup.create_base(os.getpid())
        groups = cgroup.Groups(base)
    how = cpu.Processors(groups, os.getpid()).how
    cpu.remove_base(os.getpid())
    if base:
        cgroup.remove_base(base)
    return f"{how}, where the setting function_cpu asks for it"


def _ports() -> None:
    for link in ports.separate():
        os.close(link)


def _namespaces(scratch: str) -> list[tuple[str, bool, str]]:
    jail = Jail()
    jail.build(scratch, {})
    if not jail.rooted:
        why = jail.why_not
        return [("root, /var/task, /opt and /tmp of its own", False, why),
                ("process namespace", False, why)]  # fmt: skip
    how = "as root" if jail.privileged else "in a user namespace"
    parts = [("root, /var/task, /opt and /tmp of its own", True, how)]
    parts.append(_tried("process namespace", how, jail.before_fork))
    who = "a user id of its own" if jail.privileged else "capabilities dropped"
    return [*parts, ("no privileges", True, who)]


def main() -> None:
    """Print `[[name, in force?, why], ...]`."""
    if not system.LINUX:
        print(json.dumps([["sandbox", False, "only on Linux"]]))  # noqa: T201
        return
    parts = [
        _memory(),
        ("processor time by memory", True, _processors()),
        _tried("ports of its own", "BPF", _ports),
    ]
    parts += _namespaces(sys.argv[1])
    no_new_privs = lambda: system.prctl(system.PR_SET_NO_NEW_PRIVS, 1)  # noqa: E731
    parts.append(_tried("no new privileges", "prctl", no_new_privs))
    abi = landlock.version()
    parts.append(("Landlock", abi > 0, f"version {abi}" if abi else "not in this kernel"))
    code = seccomp.program()
    if code is None:
        parts.append(("system call filter", False, f"not written for {system.machine()}"))
    else:
        parts.append(_tried("system call filter", "seccomp", lambda: seccomp.apply(code)))
    small = keeper.program() is not None
    parts.append(("keeper", True, "4 KiB" if small else "a Python process"))
    print(json.dumps(parts))  # noqa: T201
