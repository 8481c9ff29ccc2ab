"""Watches the memory of a template's environments, in a process of its own.

Having the kernel tell when a group's usage crosses a threshold takes it 5 ms and more; here nobody
waits for that.

    template -> watcher   {"watch": serial, "memory": bytes, "version", "fds": 1}   group's folder
                          {"forget": serial}
    watcher -> template   {"over": serial}   its own memory is more than it may have
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import socket
from typing import Any

from airside.runtime.guest import system
from airside.runtime.guest.channel import Channel

_STEP_BYTES = 1 << 20


class Watch:
    """One group."""

    def __init__(self, folder: int, version: int, memory_bytes: int) -> None:
        self.folder = folder
        self.version = version
        self.memory = memory_bytes
        self._usage = -1
        if version == 1:
            self.event = system.call("eventfd", 0, 0o4000)
            self._usage = os.open("memory.usage_in_bytes", os.O_RDONLY, dir_fd=folder)
            self.poll_for = select.POLLIN
        else:
            self.event = os.open("memory.events", os.O_RDONLY, dir_fd=folder)
            self.poll_for = select.POLLPRI
        self._tell_at(memory_bytes)

    def over(self) -> bool:
        """The threshold was crossed; whether the function's own memory is beyond its limit."""
        with contextlib.suppress(OSError):
            os.read(self.event, 4096)
        if self.version == 2:
            os.lseek(self.event, 0, os.SEEK_SET)
        left = self.memory - self._anonymous()
        if left <= 0:
            return True
        with contextlib.suppress(OSError):
            self._tell_at(self._used() + max(left, _STEP_BYTES))
        return False

    def close(self) -> None:
        """Let go."""
        for fd in (self.event, self._usage, self.folder):
            if fd >= 0:
                os.close(fd)

    def _tell_at(self, used: int) -> None:
        if self.version == 1:
            text = f"{self.event} {self._usage} {used}"
            write(self.folder, "cgroup.event_control", text)
        else:
            write(self.folder, "memory.high", str(used))

    def _anonymous(self) -> int:
        name = "total_rss" if self.version == 1 else "anon"
        with contextlib.suppress(OSError):
            found = re.search(rf"^{name} (\d+)", read(self.folder, "memory.stat"), re.MULTILINE)
            if found:
                return int(found.group(1))
        return 0

    def _used(self) -> int:
        name = "memory.usage_in_bytes" if self.version == 1 else "memory.current"
        return int(read(self.folder, name))


def read(folder: int, name: str) -> str:
    """A control file's text."""
    fd = os.open(name, os.O_RDONLY, dir_fd=folder)
    try:
        return os.read(fd, 16384).decode()
    finally:
        os.close(fd)


def write(folder: int, name: str, text: str) -> None:
    """Write a control file."""
    fd = os.open(name, os.O_WRONLY, dir_fd=folder)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def start() -> tuple[int, Channel]:
    """Fork the watcher: its process id and the conversation with it."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            system.die_with_parent()
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            os.closerange(3, theirs.fileno())
            os.closerange(theirs.fileno() + 1, 256)
            _serve(Channel(theirs))
        finally:
            os._exit(0)
    theirs.close()
    return pid, Channel(ours)


def _serve(channel: Channel) -> None:
    watches: dict[int, Watch] = {}
    serials: dict[int, int] = {}
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    while True:
        ready = [fd for fd, _ in poll.poll()]
        for fd in ready:
            serial = serials.get(fd)
            if serial is not None and watches[serial].over():
                channel.send({"over": serial})
                _drop(serial, watches, serials, poll)
        if channel.fileno() in ready and not channel.fill():
            return
        while (received := channel.take()) is not None:
            message, fds = received
            if "watch" in message:
                _add(message, fds[0], watches, serials, poll)
            else:
                _drop(message["forget"], watches, serials, poll)


def _add(
    message: dict[str, Any], folder: int, watches: dict[int, Watch], serials: dict[int, int],
    poll: Any,
) -> None:  # fmt: skip
    try:
        watch = Watch(folder, message["version"], message["memory"])
    except OSError:  # the group has gone
        os.close(folder)
        return
    watches[message["watch"]] = watch
    serials[watch.event] = message["watch"]
    poll.register(watch.event, watch.poll_for)


def _drop(serial: int, watches: dict[int, Watch], serials: dict[int, int], poll: Any) -> None:
    watch = watches.pop(serial, None)
    if watch is not None:
        poll.unregister(watch.event)
        del serials[watch.event]
        watch.close()
