"""The first process of an environment: furnishes it, starts the function, waits for its end.

It is process 1 of its namespace: when it goes, the kernel kills every process in there. The
function's own process is its child, made and confined before it is known which function it will
run, so that a template can have a spare environment ready.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
from collections.abc import Callable
from typing import Any

from airside.runtime.guest import system
from airside.runtime.guest.cgroup import Group, Groups
from airside.runtime.guest.channel import Channel, close_all, place
from airside.runtime.guest.jail import Jail, uid_of

Begin = Callable[[dict[str, Any]], None]


class Init:
    """One environment's first process."""

    def __init__(self, jail: Jail, groups: Groups | None, name: str, serial: int) -> None:
        self.jail = jail
        self.groups = groups
        self.name = name
        self.uid = uid_of(serial)
        self.group: Group | None = None
        self.child = 0

    def run(self, template: socket.socket, reports: socket.socket, begin: Begin) -> None:
        """Serve one function; `template` brings its configuration. Never returns."""
        channel = Channel(template)
        spare = not _readable(template)
        self.jail.unshare(self.uid)
        wake = _wake_on_child()
        ours, theirs = socket.socketpair()
        self.child = os.fork()
        if self.child == 0:
            template.close()
            reports.close()
            ours.close()
            self._become_function(theirs, begin)
        theirs.close()
        if not self.jail.privileged and system.LINUX:
            system.prctl(system.PR_SET_DUMPABLE, 0)
        if spare:  # joining a group can take the kernel 20 ms: do it while nobody waits
            self._join_group()
        received = channel.receive()
        if received is None:
            os._exit(0)
        message, fds = received
        config = message["config"]
        if spare:
            self._limit_group(config)
        self.jail.furnish(config, self.name)
        _pass_on(ours, config, fds)
        if not spare:
            self._join_group()
            self._limit_group(config)
        status = self._watch(wake)
        report: dict[str, Any] = {"name": self.name, "status": status}
        if self.group is not None:
            report.update(oom=self.group.was_killed(), peak=self.group.peak_bytes())
        reports.send(json.dumps(report).encode())
        os._exit(0)

    def _join_group(self) -> None:
        if self.groups is not None:
            with contextlib.suppress(OSError):
                self.group = Group(self.groups, self.name)
                self.group.join(self.child)

    def _limit_group(self, config: dict[str, Any]) -> None:
        if self.group is not None:
            with contextlib.suppress(OSError):
                self.group.limit(config["memory_bytes"], config["tmp_mb"] << 20)

    def _become_function(self, parent: socket.socket, begin: Begin) -> None:
        try:
            system.default_signals()
            os.setsid()
            (fd,) = place([parent.detach()])
            self.jail.confine(self.uid)
            channel = Channel(socket.socket(fileno=fd))
            received = channel.receive()
            if received is None:
                os._exit(0)
            message, fds = received
            channel.sock.close()
            place(fds)
            config = message["config"]
            self.jail.close(config)
            begin(config)
        except BaseException as error:
            os.write(2, f"airside: an environment could not start: {error!r}\n".encode())
        finally:
            os._exit(126)

    def _watch(self, wake: int) -> int:
        """Reap everything until the function's process has ended; its wait status."""
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        if self.group is not None:
            poll.register(self.group.event, self.group.poll_for)
        while True:
            status = _reap(self.child)
            if status is not None:
                return status
            ready = [fd for fd, _ in poll.poll()]
            group = self.group
            if group is not None and group.event in ready and not group.pressed():
                os.kill(self.child, signal.SIGKILL)
            if wake in ready:
                os.read(wake, 512)


def _readable(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _wake_on_child() -> int:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return reader


def _pass_on(sock: socket.socket, config: dict[str, Any], fds: list[int]) -> None:
    Channel(sock).send({"config": config}, fds)
    close_all(fds)
    sock.close()


def _reap(child: int) -> int | None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if pid == child:
            return status
        if pid == 0:
            return None
