"""Stopping every process of an environment between its events, and letting all go on.

As on AWS, nothing of a function runs while it has no event: no thread, no child, no extension.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable

from airside.runtime.guest.watcher import read

_ROUNDS = 5
"""How often to look for children that were made while others were being stopped."""

Members = Callable[[], list[int]]


def of_group(folder: int) -> list[int]:
    """The processes of a control group."""
    try:
        return [int(pid) for pid in read(folder, "cgroup.procs").split()]
    except OSError:
        return []


def below(roots: list[int], proc: str = "/proc") -> list[int]:
    """These processes and all that descend from them."""
    children: dict[int, list[int]] = {}
    for name in os.listdir(proc):  # noqa: PTH208
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"{proc}/{name}/stat", "rb") as file:  # noqa: PTH123
                parent = int(file.read().rpartition(b")")[2].split()[1])
                children.setdefault(parent, []).append(int(name))
    found = [pid for pid in roots if pid]
    for pid in found:
        found += children.get(pid, [])
    return found


def stop(members: Members) -> set[int]:
    """Stop all, also those that come to be meanwhile; who they are."""
    stopped: set[int] = set()
    for _ in range(_ROUNDS):
        fresh = [pid for pid in members() if pid not in stopped]
        if not fresh:
            break
        _signal(fresh, signal.SIGSTOP)
        stopped.update(fresh)
    return stopped


def go_on(members: Members) -> None:
    """Let all go on; the last to be made go first."""
    _signal(members()[::-1], signal.SIGCONT)


def _signal(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
