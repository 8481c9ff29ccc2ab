"""Who has the processors first: environments whose callers wait, before those in the background.

Those are what serves events that nobody waits for (docs/adr/0013-callers-go-first.md).

Where there are control groups of version 1, all environments in the background share one, so that
a thousand of them weigh no more than ten. Elsewhere each of them has a lower priority, and so has
the group of its session, which Linux may make (autogroup). On top of that they run in long slices:
Linux interrupts one at once for whoever wakes and asks for a shorter one, which is the default;
among equals, the other would wait for the slice's end (Linux 6.12).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct

from airside.runtime.guest import cgroup, cpu, system
from airside.runtime.guest.watcher import write

NICE = 10
"""Of each thread in the background."""
SHARES_EACH = 110
"""Where each has a group of its own: as much as its priority weighs."""
SHARES_OTHERS = 1024
WEIGHTS = 11, 100
"""The same for groups of version 2, in the background and not."""
SUFFIX = "-background"
_CPU, _ACCOUNTING = "/sys/fs/cgroup/cpu/", "/sys/fs/cgroup/cpuacct/"

_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
_SCHED_ATTR = struct.Struct("=IIQiIQQQII")
"""Size, policy, flags, nice, priority, runtime, deadline, period, least and most utilisation."""
_SLICE_NS = 10_000_000


def create_group(agent: int) -> str:
    """Make the group for the background; its folder, empty where there can be none."""
    with contextlib.suppress(OSError):
        folder = group_of(agent)
        if folder:
            for place in _places(folder):
                cgroup.sweep(os.path.dirname(place.rstrip("/")))  # noqa: PTH120
                os.makedirs(place, exist_ok=True)  # noqa: PTH103
            return folder
    return ""


def group_of(agent: int | None) -> str:
    """The folder of the group that an agent makes; empty where there can be none."""
    own = cpu.v1_folder() if agent and system.LINUX else ""
    return f"{own}/{cgroup.NAME}{agent}{SUFFIX}" if own else ""


def remove_group(folder: str) -> None:
    """Remove it again; processes in there are on their way out."""
    for place in _places(folder):
        cgroup.remove_base(place)


def _places(folder: str) -> list[str]:
    """A group of the cpu controller, and its twin where accounting has a hierarchy of its own."""
    root, mark, path = f"{folder}/".partition(_CPU)
    return [folder, f"{root}{_ACCOUNTING}{path}"] if mark else [folder]


def weigh_group(folder: str, shares: int) -> None:
    """Say what the whole background weighs, where a process of others weighs 1,024."""
    with contextlib.suppress(OSError), open(f"{folder}/cpu.shares", "w") as file:  # noqa: PTH123
        file.write(str(shares))


def used_seconds(folder: str) -> float | None:
    """The processor time that the background has had so far; None where nobody counts it."""
    usage = f"{_places(folder)[-1]}/cpuacct.usage"
    with contextlib.suppress(OSError), open(usage) as file:  # noqa: PTH123
        return int(file.read()) / 1e9
    return None


def join(folder: str, thread: int = 0) -> None:
    """Have a thread (0: this one) belong to a control group."""
    for place in _places(folder):
        with contextlib.suppress(OSError), open(f"{place}/tasks", "w") as file:  # noqa: PTH123
            file.write(str(thread))


def set_nice(nice: int, *, background: bool, thread: int = 0) -> None:
    """Give a thread (0: this one) its priority, as far as that is allowed."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, thread, nice)
    number = _SCHED_SETATTR.get(system.machine())
    if system.LINUX and number:
        policy, slice_ns = (os.SCHED_BATCH, _SLICE_NS) if background else (os.SCHED_OTHER, 0)
        size = _SCHED_ATTR.size
        attributes = _SCHED_ATTR.pack(size, policy, 0, nice, 0, slice_ns, 0, 0, 0, 0)
        with contextlib.suppress(OSError):
            system.call("syscall", ctypes.c_long(number), thread, attributes, 0)


def set_session_nice(nice: int, process: str = "/proc/self") -> None:
    """The same for the group of a process's session, where the kernel has such groups."""
    with contextlib.suppress(OSError), open(f"{process}/autogroup", "w") as file:  # noqa: PTH123
        file.write(str(nice))


def begin(nice: int, group: str, *, background: bool) -> None:
    """In a new process, before it runs anything of others: take its place."""
    if group:
        join(group)
    set_nice(nice, background=background)
    set_session_nice(nice)


def change(processes: list[int], nice: int, group: str, proc: str, *, background: bool) -> None:
    """Have processes that run take another place: every thread of theirs."""
    for pid in processes:
        with contextlib.suppress(OSError):
            for thread in map(int, os.listdir(f"{proc}/{pid}/task")):  # noqa: PTH208
                if group:
                    join(group, thread)
                set_nice(nice, background=background, thread=thread)
        set_session_nice(nice, f"{proc}/{pid}")


def weigh(cpu_folder: int, group: cgroup.Group | None, *, background: bool) -> None:
    """Say what an environment weighs that has a group of its own."""
    with contextlib.suppress(OSError):
        if cpu_folder >= 0:
            write(cpu_folder, "cpu.shares", str(SHARES_EACH if background else SHARES_OTHERS))
        elif group is not None and group.version == 2:
            write(group.folder, "cpu.weight", str(WEIGHTS[not background]))
