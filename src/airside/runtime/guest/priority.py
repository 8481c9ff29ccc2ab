"""Who has the processors first: environments whose callers wait, before those in the background.

Those are what serves events that nobody waits for (docs/adr/0013-callers-go-first.md).

Each has a lower priority, and so has the group of its session, which Linux may make (autogroup). On
top of that they run in long slices: Linux interrupts one at once for whoever wakes and asks for a
shorter one, which is the default; among equals, the other would wait for the slice's end (Linux
6.12).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct

from airside.runtime.guest import cgroup, system
from airside.runtime.guest.watcher import write

NICE = 10
"""Of each thread in the background."""
SHARES_EACH = 110
"""Where each has a group of its own: as much as its priority weighs."""
SHARES_OTHERS = 1024
WEIGHTS = 11, 100
"""The same for groups of version 2, in the background and not."""
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
_SCHED_ATTR = struct.Struct("=IIQiIQQQII")
"""Size, policy, flags, nice, priority, runtime, deadline, period, least and most utilisation."""
_SLICE_NS = 10_000_000


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


def begin(nice: int, *, background: bool) -> None:
    """In a new process, before it runs anything of others: take its place."""
    set_nice(nice, background=background)
    set_session_nice(nice)


def change(processes: list[int], nice: int, proc: str, *, background: bool) -> None:
    """Have processes that run take another place: every thread of theirs."""
    for pid in processes:
        with contextlib.suppress(OSError):
            for thread in map(int, os.listdir(f"{proc}/{pid}/task")):  # noqa: PTH208
                set_nice(nice, background=background, thread=thread)
        set_session_nice(nice, f"{proc}/{pid}")


def weigh(cpu_folder: int, group: cgroup.Group | None, *, background: bool) -> None:
    """Say what an environment weighs that has a group of its own."""
    with contextlib.suppress(OSError):
        if cpu_folder >= 0:
            write(cpu_folder, "cpu.shares", str(SHARES_EACH if background else SHARES_OTHERS))
        elif group is not None and group.version == 2:
            write(group.folder, "cpu.weight", str(WEIGHTS[not background]))
