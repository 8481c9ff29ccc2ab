"""Shells: the namespaces of an environment, made before it is known which function they will hold.

A shell is a keeper, process 1, in namespaces of its own that have a /proc and a /tmp. The process
that runs the function is forked from the template into them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable
from typing import Any, NamedTuple

from airside.runtime.guest import freezing, keeper, priority, system
from airside.runtime.guest.cgroup import Group, Groups
from airside.runtime.guest.channel import Channel, place
from airside.runtime.guest.jail import HOST, Jail, uid_of
from airside.runtime.guest.watcher import write

Begin = Callable[[dict[str, Any]], None]


class Kept(NamedTuple):
    """What is left of an environment that broke, for the one that comes after it."""

    namespace: int
    """A descriptor of its mount namespace, with its /tmp."""
    uid: int
    """Whose files those are."""


class Shell:
    """One environment, from its shell to its end. Lives in the template."""

    def __init__(
        self, jail: Jail, groups: Groups | None, name: str, serial: int, kept: Kept | None = None
    ) -> None:
        self.jail = jail
        self.name = name
        self.serial = serial
        self.uid = kept.uid if kept else uid_of(serial)
        self._inherits = kept.namespace if kept else -1
        self.keeper = 0
        """Process 1; 0 when there is no namespace."""
        self.cpu = -1
        """A control group of its own for its processor time, where it takes one."""
        self.function = 0
        """The process that runs the function, once there is one."""
        self.group: Group | None = None
        self.environment_id: int | None = None
        self.status: int | None = None
        """How the function's process ended."""
        self.told = False
        """Whether the server knows that the function's process has ended."""
        self.lingers = False
        """Whether extensions outlive the function's process."""
        self.shared_bytes = 0
        """Memory of the template's that the function counts as its own."""
        self.nice = 0
        """Its priority while a caller waits for it."""
        self._namespaces = self._ready = -1
        self._orders: Channel | None = None
        if groups is not None:
            with contextlib.suppress(OSError):
                self.group = Group(groups, name)

    def build(self, program: int) -> None:
        """Fork the keeper; it furnishes the namespaces while we do other things."""
        if not self.jail.rooted:
            return
        self._ready, writer = os.pipe()
        self.jail.before_fork()
        try:
            self.keeper = os.fork()
            if self.keeper == 0:
                self._become_keeper(program, writer)
        finally:
            self.jail.after_fork()
        os.close(writer)
        if self._inherits >= 0:
            os.close(self._inherits)
            self._inherits = -1
        self._namespaces = os.pidfd_open(self.keeper)

    def _become_keeper(self, program: int, ready: int) -> None:
        try:
            system.default_signals()
            os.setsid()
            system.die_with_parent()
            last = 2
            for fd in sorted({program, ready, self._inherits} - {-1}):
                os.closerange(last + 1, fd)
                last = fd
            os.closerange(last + 1, 1024)
            self.jail.unshare(self.uid, self._inherits)
            os.write(ready, b"1")
            os.close(ready)
            keeper.become(program)
        except BaseException as error:
            os.write(2, f"airside: an environment could not be made: {error!r}\n".encode())
        finally:
            os._exit(126)

    def people(self, begin: Begin) -> bool:
        """Fork the function's process, which waits to be told its function.

        False when the shell has failed. Waits for the keeper to have furnished it.
        """
        if self.keeper:
            made = os.read(self._ready, 1)
            os.close(self._ready)
            self._ready = -1
            if not made:
                return False
            system.enter(self._namespaces, system.CLONE_NEWPID)
        ours, theirs = socket.socketpair()
        try:
            self.function = os.fork()
            if self.function == 0:
                ours.close()
                self._become_function(theirs, begin)
        finally:
            self.jail.after_fork()
        theirs.close()
        self._orders = Channel(ours)
        if self._namespaces >= 0:
            os.close(self._namespaces)
            self._namespaces = -1
        return True

    def start(self, config: dict[str, Any], fds: list[int]) -> None:
        """Tell the waiting process what to run."""
        assert self._orders is not None
        if self.group is not None:
            with contextlib.suppress(OSError):
                self.group.limit(config["memory_bytes"] + (config["tmp_mb"] << 20))
        with contextlib.suppress(OSError):  # it has just died, and will be reaped
            self._orders.send({"config": config}, fds)
        self._orders.sock.close()
        self._orders = None

    def _become_function(self, orders: socket.socket, begin: Begin) -> None:
        try:
            system.die_with_parent()
            system.default_signals()
            os.setsid()
            if self.group is not None:
                self.group.join()
            if self.cpu >= 0:
                write(self.cpu, "tasks", "0")
            if self.keeper:
                system.enter(self._namespaces, system.CLONE_NEWNS | system.CLONE_NEWIPC)
            place([orders.detach()])
            channel = Channel(socket.socket(fileno=3))
            received = channel.receive()
            if received is None:
                os._exit(0)
            message, fds = received
            config = message["config"]
            if config["nice"]:
                host = HOST if self.jail.rooted else ""
                group = config["group"] and host + config["group"]
                priority.begin(config["nice"], group, background=config["background"])
            channel.sock.close()
            place(fds)
            self.jail.furnish(config, self.name, self.uid)
            self.jail.confine(config, self.uid)
            begin(config)
        except BaseException as error:
            os.write(2, f"airside: an environment could not start: {error!r}\n".encode())
        finally:
            os._exit(126)

    def keep(self) -> Kept | None:
        """Hold on to its /tmp beyond its end; None where there is none of its own."""
        if not self.keeper:
            return None
        try:
            path = f"{HOST}/proc/{self.keeper}/ns/mnt"
            return Kept(os.open(path, os.O_RDONLY | os.O_CLOEXEC), self.uid)
        except OSError:  # it is ending
            return None

    def members(self) -> list[int]:
        """Its processes, without process 1."""
        if self.group is not None:
            return freezing.of_group(self.group.folder)
        proc = f"{HOST}/proc" if self.jail.rooted else "/proc"
        return freezing.below([self.keeper, self.function], proc)

    def kill(self) -> None:
        """Kill every process in it. Only while neither has been reaped."""
        if self.keeper:
            os.kill(self.keeper, signal.SIGKILL)
        elif self.function:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.function, signal.SIGKILL)
            os.kill(self.function, signal.SIGKILL)

    def close(self) -> None:
        """Let go of what the template holds of it."""
        for fd in (self._ready, self._namespaces):
            if fd >= 0:
                os.close(fd)
        self._ready = self._namespaces = -1
        if self._orders is not None:
            self._orders.sock.close()
        if self.group is not None:
            self.group.close()
        if self.cpu >= 0:
            os.close(self.cpu)
            self.cpu = -1
