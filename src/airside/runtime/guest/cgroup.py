"""Memory limits through control groups, version 1 or 2.

/tmp is memory too, but has a size of its own, as the disk that it is on AWS: only the function's
own pages count against the function's memory.
"""

from __future__ import annotations

import contextlib
import os
import re
import select

from airside.runtime.guest.watcher import read, write

_V1 = "/sys/fs/cgroup/memory"
_V2 = "/sys/fs/cgroup"
NAME = "airside-"
_MARGIN_BYTES = 2 << 20
LEAST_BYTES = 24 << 20
_REMOVAL_TRIES = 50


def _own_path() -> tuple[str, int]:
    """The folder of this process's own group and the version (0 when there is none)."""
    with open("/proc/self/cgroup") as file:  # noqa: PTH123
        lines = [line.rstrip("\n").split(":", 2) for line in file]
    for _, controllers, path in lines:
        if "memory" in controllers.split(","):
            return _existing(_V1, path), 1
    for _, controllers, path in lines:
        if not controllers and os.path.exists(f"{_V2}/cgroup.controllers"):  # noqa: PTH110
            return _existing(_V2, path), 2
    return "", 0


def _existing(root: str, path: str) -> str:
    full = root + path.rstrip("/")
    return full if os.path.isdir(full) else root  # noqa: PTH112


def create_base(pid: int) -> str:
    """Make the group below which all environments' groups lie. Raises OSError."""
    own, version = _own_path()
    if not version:
        raise OSError("the memory controller is not there")
    sweep(own)
    base = f"{own}/{NAME}{pid}"
    if version == 2:
        _enable_memory(own)
    with contextlib.suppress(FileExistsError):
        os.mkdir(base)  # noqa: PTH102
    if version == 2:
        _enable_memory(base)
    return base


def _enable_memory(folder: str) -> None:
    with open(f"{folder}/cgroup.controllers") as file:  # noqa: PTH123
        if "memory" not in file.read().split():
            raise OSError("the memory controller is not delegated")
    with open(f"{folder}/cgroup.subtree_control", "w") as file:  # noqa: PTH123
        file.write("+memory")


def sweep(own: str) -> None:
    """Remove what agents that were killed have left."""
    for name in os.listdir(own):  # noqa: PTH208
        found = re.fullmatch(NAME + r"(\d+)(-\w+)?", name)
        if found and not os.path.exists(f"/proc/{found.group(1)}"):  # noqa: PTH110
            _remove(f"{own}/{name}")


def remove_base(base: str) -> None:
    """Remove the group with all below it; processes in there are on their way out."""
    for _ in range(_REMOVAL_TRIES):
        if _remove(base):
            return
        select.select([], [], [], 0.02)


def _remove(folder: str) -> bool:
    with contextlib.suppress(OSError):
        for inner in os.listdir(folder):  # noqa: PTH208
            if os.path.isdir(f"{folder}/{inner}"):  # noqa: PTH112
                os.rmdir(f"{folder}/{inner}")  # noqa: PTH106
        os.rmdir(folder)  # noqa: PTH106
        return True
    return False


class Groups:
    """The groups of one template's environments."""

    def __init__(self, base: str) -> None:
        self.version = 1 if base.startswith(_V1) else 2
        self.fd = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._leftover: list[str] = []

    def remove(self, name: str) -> None:
        """Remove the group of an environment that has ended; try again later what is busy."""
        waiting, self._leftover = [*self._leftover, name], []
        for each in waiting:
            try:
                os.rmdir(each, dir_fd=self.fd)
            except FileNotFoundError:
                pass
            except OSError:
                self._leftover.append(each)


class Group:
    """The group of one environment.

    The hard limit is the function's memory and its /tmp together; the watcher sees to it that the
    function's own memory stays within its part.
    """

    def __init__(self, groups: Groups, name: str) -> None:
        self.version = groups.version
        self.out_of_memory = False
        os.mkdir(name, 0o755, dir_fd=groups.fd)
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        self.folder = os.open(name, flags, dir_fd=groups.fd)

    def join(self) -> None:
        """Have this process, which has one thread, and its children to come belong to the group.

        Version 1 moves a thread in 0.5 ms; moving a process takes the kernel 10.
        """
        write(self.folder, "tasks" if self.version == 1 else "cgroup.procs", "0")

    def limit(self, hard_bytes: int) -> None:
        """Set how much memory the group may use, /tmp included."""
        name = "memory.limit_in_bytes" if self.version == 1 else "memory.max"
        write(self.folder, name, str(hard_bytes + _MARGIN_BYTES))
        with contextlib.suppress(OSError):
            name = "memory.swappiness" if self.version == 1 else "memory.swap.max"
            write(self.folder, name, "0")

    def peak_bytes(self) -> int:
        """The most that was ever used."""
        name = "memory.max_usage_in_bytes" if self.version == 1 else "memory.peak"
        with contextlib.suppress(OSError, ValueError):
            return int(read(self.folder, name))
        return 0

    def was_killed(self) -> bool:
        """Whether memory ran out, by the watcher's count or the kernel's."""
        if not self.out_of_memory:
            name = "memory.oom_control" if self.version == 1 else "memory.events"
            with contextlib.suppress(OSError):
                found = re.search(r"oom_kill (\d+)", read(self.folder, name))
                self.out_of_memory = bool(found and int(found.group(1)))
        return self.out_of_memory

    def close(self) -> None:
        """Let go of it."""
        os.close(self.folder)
