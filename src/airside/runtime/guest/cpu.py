"""Processor time in proportion to memory, as on AWS, where 1,769 MB is one processor.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
By control groups, version 2 (cpu.max of the group that limits memory) or 1 (one of its own), else
by priority: then a function has what others leave.
"""

from __future__ import annotations

import contextlib
import math
import os

from airside.runtime.guest import cgroup
from airside.runtime.guest.watcher import write

MEMORY_OF_ONE_MB = 1769
_PERIOD_US = 100_000
_NICE_STEP = 1.25
"""How much less a process gets for each step of niceness."""


def quota_us(memory_mb: int) -> int:
    """Microseconds of processor time in each tenth of a second."""
    return max(1000, memory_mb * _PERIOD_US // MEMORY_OF_ONE_MB)


def niceness(memory_mb: int) -> int:
    """The priority that comes nearest to that where nothing else is to be had."""
    return min(19, max(0, round(math.log(MEMORY_OF_ONE_MB / memory_mb, _NICE_STEP))))


def v1_folder() -> str:
    """This process's own group of version 1 with the cpu controller; empty when there is none."""
    with open("/proc/self/cgroup") as file:  # noqa: PTH123
        for line in file:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            if "cpu" in controllers.split(","):
                for root in (f"/sys/fs/cgroup/{controllers}", "/sys/fs/cgroup/cpu"):
                    if os.path.exists(f"{root}/cpu.cfs_quota_us"):  # noqa: PTH110
                        own = root + path.rstrip("/")
                        return own if os.path.isdir(own) else root  # noqa: PTH112
    return ""


class Processors:
    """How one template's environments are given processor time."""

    def __init__(self, groups: cgroup.Groups | None, agent: int) -> None:
        """`agent` is the process that tidies up in the end."""
        self.how = "priority"
        self._fd = -1
        if groups is not None and groups.version == 2 and _offers_cpu(groups.fd):
            self.how = "control groups version 2"
            return
        with contextlib.suppress(OSError):
            own = v1_folder()
            if own:
                cgroup.sweep(own)
                base = f"{own}/{cgroup.NAME}{agent}"
                os.makedirs(base, exist_ok=True)  # noqa: PTH103
                self._fd = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                self.how = "control groups version 1"

    def make(self, name: str) -> int:
        """A group for one environment: a descriptor of its folder; -1 when it needs none."""
        if self._fd < 0:
            return -1
        try:
            os.mkdir(name, 0o755, dir_fd=self._fd)
            return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._fd)
        except OSError:
            return -1

    def limit(self, folder: int, group: cgroup.Group | None, memory_mb: int) -> bool:
        """Set what an environment gets; False when that is up to its priority."""
        quota = quota_us(memory_mb)
        with contextlib.suppress(OSError):
            if folder >= 0:
                write(folder, "cpu.cfs_period_us", str(_PERIOD_US))
                write(folder, "cpu.cfs_quota_us", str(quota))
                return True
            if group is not None and self.how.endswith("2"):
                write(group.folder, "cpu.max", f"{quota} {_PERIOD_US}")
                return True
        return False

    def remove(self, name: str) -> None:
        """An environment has ended."""
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                os.rmdir(name, dir_fd=self._fd)


def remove_base(agent: int) -> None:
    """Remove what templates have made for their environments, which are on their way out."""
    own = v1_folder()
    base = f"{own}/{cgroup.NAME}{agent}"
    if own and os.path.isdir(base):  # noqa: PTH112
        cgroup.remove_base(base)


def _offers_cpu(base: int) -> bool:
    """Whether groups below have the cpu controller, now or when asked to."""
    with contextlib.suppress(OSError):
        write(base, "../cgroup.subtree_control", "+cpu")
        write(base, "cgroup.subtree_control", "+cpu")
        return True
    return False
