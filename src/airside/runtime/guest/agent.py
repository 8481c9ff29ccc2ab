"""The agent: starts templates and other processes on the server's behalf.

One thread, nothing loaded, so that forking is cheap and safe. Its conversation with the server is
on descriptor 3; when that ends, or the server dies, it dies, and everything below dies with it.

    server -> agent   {"op": "exec", "id", "argv", "env", "fds": n}   descriptors become 3, 4, ...
                      {"op": "kill", "id"}
    agent -> server   {"exited": id, "status": wait status}
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
from typing import Any

from airside.runtime.guest import cgroup, cpu, ports, priority, system
from airside.runtime.guest.channel import Channel, close_all, place

CONTROL = 3


class Children:
    """Processes this one has started, by the id the server gave them."""

    def __init__(self) -> None:
        self._by_pid: dict[int, int] = {}

    def add(self, pid: int, child_id: int) -> None:
        """Remember a child."""
        self._by_pid[pid] = child_id

    def pid(self, child_id: int) -> int:
        """A child's process id; 0 when it has been reaped."""
        return next((pid for pid, known in self._by_pid.items() if known == child_id), 0)

    def kill(self, child_id: int) -> None:
        """Kill a child that has not been reaped, so its pid is still its own."""
        for pid, known in self._by_pid.items():
            if known == child_id:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                os.kill(pid, signal.SIGKILL)
                return

    def end(self) -> None:
        """Kill all and wait for their ends."""
        for pid in self._by_pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in self._by_pid:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)

    def reap(self) -> list[tuple[int, int]]:
        """Children that have ended since: (id, wait status)."""
        ended = []
        while self._by_pid:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            child_id = self._by_pid.pop(pid, None)
            if child_id is not None:
                ended.append((child_id, status))
        return ended


def wake_on_child() -> int:
    """A descriptor that becomes readable when a child ends."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return reader


def drain(fd: int) -> None:
    """Empty a wake-up pipe."""
    try:
        while os.read(fd, 512):
            pass
    except BlockingIOError:
        pass


def execute(message: dict[str, Any], fds: list[int], parent: int) -> None:
    """In a fresh child: become another program."""
    try:
        system.die_with_parent(parent)
        system.default_signals()
        os.setsid()
        place(fds)
        os.execve(message["argv"][0], message["argv"], message["env"])
    except BaseException as error:
        os.write(2, f"airside agent: {message['argv'][:1]}: {error}\n".encode())
    finally:
        os._exit(127)


CGROUP = "AIRSIDE_CGROUP"
"""Tells a template below which control group its environments have theirs."""
BACKGROUND = "AIRSIDE_BACKGROUND"
"""And which one is for those of events that nobody waits for."""


def serve(channel: Channel, children: Children, groups: dict[str, str]) -> None:
    """Do what the server says until it goes away."""
    wake = wake_on_child()
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    poll.register(wake, select.POLLIN)
    pid = os.getpid()
    while True:
        ready = dict(poll.poll())
        if wake in ready:
            drain(wake)
            for child_id, status in children.reap():
                channel.send({"exited": child_id, "status": status})
        if channel.fileno() in ready and not channel.fill():
            return
        while (received := channel.take()) is not None:
            message, fds = received
            if message["op"] == "exec":
                message["env"].update(groups)
                child = os.fork()
                if child == 0:
                    execute(message, fds, pid)
                children.add(child, message["id"])
                close_all(fds)
            elif message["op"] == "kill":
                children.kill(message["id"])


def _control_group() -> str:
    try:
        return cgroup.create_base(os.getpid())
    except OSError:
        return ""


def main() -> None:
    """Run the agent, given the server's process id and the descriptor of the conversation."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    system.die_with_parent(int(sys.argv[1]), by=signal.SIGTERM)
    place([int(sys.argv[2])])
    channel = Channel(socket.socket(fileno=CONTROL))
    base, background = _control_group(), priority.create_group(os.getpid())
    groups = {name: path for name, path in ((CGROUP, base), (BACKGROUND, background)) if path}
    with contextlib.suppress(OSError):  # `airside doctor` says why not
        _ = ports.separate()
    children = Children()
    with contextlib.suppress(BrokenPipeError, ConnectionError, SystemExit):
        serve(channel, children, groups)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    children.end()
    if base:
        cgroup.remove_base(base)
    if background:
        priority.remove_group(background)
    cpu.remove_base(os.getpid())
    os._exit(0)


def _leave(*_: object) -> None:
    raise SystemExit
