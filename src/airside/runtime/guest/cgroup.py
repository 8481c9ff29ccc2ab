"""Memory limits through control groups, version 1 or 2.

A function's own pages count, and so do its files in /tmp, which is memory too. On AWS /tmp is a
disk, so whatever /tmp holds is added to the limit when the limit is reached.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import struct

from airside.runtime.guest import system

_V1 = "/sys/fs/cgroup/memory"
_V2 = "/sys/fs/cgroup"
_NAME = "airside-"
_MARGIN_BYTES = 2 << 20
_LEAST_BYTES = 24 << 20
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
    _sweep(own)
    base = f"{own}/{_NAME}{pid}"
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


def _sweep(own: str) -> None:
    """Remove what agents that were killed have left."""
    for name in os.listdir(own):  # noqa: PTH208
        found = re.fullmatch(_NAME + r"(\d+)", name)
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
    """The group of one environment, held by its first process, which is not in it."""

    def __init__(self, groups: Groups, name: str) -> None:
        self.version = groups.version
        self.out_of_memory = False
        self._memory = self._limit = self._tmp = 0
        os.mkdir(name, 0o755, dir_fd=groups.fd)
        self._dir = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=groups.fd)
        if self.version == 1:
            self._write("memory.oom_control", "1")
            self.event = system.call("eventfd", 0, 0o4000)
            self._watched = os.open("memory.oom_control", os.O_RDONLY, dir_fd=self._dir)
            self._write("cgroup.event_control", f"{self.event} {self._watched}")
            self.poll_for = select.POLLIN
        else:
            self.event = os.open("memory.events", os.O_RDONLY, dir_fd=self._dir)
            self.poll_for = select.POLLPRI

    def join(self, pid: int) -> None:
        """Have a process and its children to come belong to the group."""
        self._write("cgroup.procs", str(pid))

    def limit(self, memory_bytes: int, tmp_bytes: int) -> None:
        """Set how much memory the group may use, and how much more its files in /tmp."""
        self._memory = self._limit = max(memory_bytes, _LEAST_BYTES)
        self._tmp = tmp_bytes
        if self.version == 1:
            self._write("memory.limit_in_bytes", str(self._limit))
            return
        self._write("memory.high", str(self._limit))
        self._write("memory.max", str(self._limit + tmp_bytes + _MARGIN_BYTES))
        with contextlib.suppress(OSError):
            self._write("memory.swap.max", "0")

    def pressed(self) -> bool:
        """The limit was reached: raise it by what /tmp holds; False when that is no help."""
        self._drain()
        inside = os.statvfs("/tmp")  # noqa: S108
        held = min((inside.f_blocks - inside.f_bfree) * inside.f_frsize, self._tmp)
        wanted = self._memory + held + _MARGIN_BYTES
        if self._used() < self._limit - _MARGIN_BYTES or wanted > self._limit:
            self._limit = max(wanted, self._limit)
            name = "memory.limit_in_bytes" if self.version == 1 else "memory.high"
            with contextlib.suppress(OSError):
                self._write(name, str(self._limit))
            return True
        self.out_of_memory = True
        return False

    def peak_bytes(self) -> int:
        """The most that was ever used."""
        name = "memory.max_usage_in_bytes" if self.version == 1 else "memory.peak"
        with contextlib.suppress(OSError, ValueError):
            return int(self._read(name))
        return 0

    def was_killed(self) -> bool:
        """Whether memory ran out."""
        if self.version == 2 and not self.out_of_memory:
            with contextlib.suppress(OSError):
                found = re.search(r"oom_kill (\d+)", self._read("memory.events"))
                self.out_of_memory = bool(found and int(found.group(1)))
        return self.out_of_memory

    def _used(self) -> int:
        name = "memory.usage_in_bytes" if self.version == 1 else "memory.current"
        with contextlib.suppress(OSError, ValueError):
            return int(self._read(name))
        return self._limit

    def _drain(self) -> None:
        with contextlib.suppress(OSError):
            data = os.read(self.event, 4096)
            if self.version == 1:
                struct.unpack("=Q", data)
        if self.version == 2:
            os.lseek(self.event, 0, os.SEEK_SET)

    def _read(self, name: str) -> str:
        fd = os.open(name, os.O_RDONLY, dir_fd=self._dir)
        try:
            return os.read(fd, 4096).decode()
        finally:
            os.close(fd)

    def _write(self, name: str, text: str) -> None:
        fd = os.open(name, os.O_WRONLY, dir_fd=self._dir)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)
