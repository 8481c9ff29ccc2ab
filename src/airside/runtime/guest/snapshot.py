"""SnapStart: an initialised function that environments are forked from.

The process has run INIT and the before-snapshot hooks in an environment of its own. Each copy gets
namespaces, a /tmp that begins as the snapshot's, and a process tree of its own; then the system
call filter comes into force, the after-restore hooks run, and it serves events.

Its conversation with the server is the template's: start, kill, freeze, thaw; exited. A copy keeps
the priority that it begins with: nobody in here may raise one.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import select
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

from airside.runtime.guest import frames, freezing, keeper, logs, priority, seccomp, system
from airside.runtime.guest.agent import Children, drain, wake_on_child
from airside.runtime.guest.channel import Channel, close_all
from airside.runtime.guest.connection import CONNECTION, LOG, Connection

CONTROL = 5
SPARE_AFTER_MS = 10
"""A spare copy is made when nothing was asked for this long."""
Serve = Callable[[], None]


def _hooks(name: str) -> list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]]:
    module = sys.modules.get("snapshot_restore_py")
    return list(getattr(module, name)()) if module is not None else []


def run_before_snapshot() -> None:
    """What the function wants done before it is copied; the last registered goes first."""
    for hook, arguments, named in reversed(_hooks("get_before_snapshot")):
        hook(*arguments, **named)


class Snapshot:
    """Makes copies of this process until the server hangs up."""

    def __init__(self, config: dict[str, Any], connection: Connection) -> None:
        self._config = config
        self._connection = connection
        self._channel = Channel(socket.socket(fileno=CONTROL))
        self._children = Children()
        self._keeper = keeper.file()
        self._filter = seccomp.program() if system.LINUX else None
        self._spare: tuple[int, Channel] | None = None
        """A copy that waits for its orders: its process here, and where to send them."""

    def serve(self, ready: Callable[[], None], serve: Serve) -> None:
        """Say that INIT is over, then copy; `serve` is what each copy does."""
        wake = wake_on_child()
        ready()
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        poll.register(wake, select.POLLIN)
        while True:
            events = dict(poll.poll(None if self._spare else SPARE_AFTER_MS))
            if not events:
                self._spare = self._copy(serve)
            if wake in events:
                drain(wake)
                for child_id, status in self._children.reap():
                    self._channel.send({"exited": child_id, "status": status})
            if self._channel.fileno() in events and not self._channel.fill():
                os._exit(0)
            while (received := self._channel.take()) is not None:
                self._obey(*received, serve)

    def _obey(self, message: dict[str, Any], fds: list[int], serve: Serve) -> None:
        if message["op"] == "start":
            child, orders = self._spare or self._copy(serve)
            self._spare = None
            self._children.add(child, message["id"])
            self._channel.send({"born": message["id"], "pid": 0, "uid": os.getuid()})
            with contextlib.suppress(OSError):  # it has died, and will be reaped
                orders.send({"config": message["config"]}, fds)
            orders.sock.close()
        elif message["op"] == "kill":
            self._children.kill(message["id"])
        else:
            child = self._children.pid(message["id"])
            if child:
                pause = freezing.stop if message["op"] == "freeze" else freezing.go_on
                pause(lambda: freezing.below([child]))
        close_all(fds)

    def _copy(self, serve: Serve) -> tuple[int, Channel]:
        ours, theirs = socket.socketpair()
        child = os.fork()
        if child == 0:
            ours.close()
            self._become_copy(Channel(theirs), serve)
        theirs.close()
        return child, Channel(ours)

    def _become_copy(self, orders: Channel, serve: Serve) -> None:
        """In a fresh child: the process that stands between the snapshot and the copy."""
        try:
            system.default_signals()
            system.die_with_parent()
            os.setsid()
            self._channel.sock.close()
            apart = self._leave_namespaces()
            if apart and os.fork() == 0:
                os.closerange(3, self._keeper)
                os.closerange(self._keeper + 1, 1024)
                system.die_with_parent()
                keeper.become(self._keeper)
            if apart:
                _pass_over_a_pid()
            function = os.fork()
            if function == 0:
                self._run(orders, serve, apart=apart)
            orders.sock.close()
            close_all([CONNECTION, LOG])
            _, status = os.waitpid(function, 0)
            if os.WIFSIGNALED(status):
                with contextlib.suppress(OSError):  # there is one that has no other meaning
                    signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
                os.kill(os.getpid(), os.WTERMSIG(status))
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
        except BaseException as error:
            os.write(2, f"airside: a snapshot could not be restored: {error!r}\n".encode())
        finally:
            os._exit(126)

    @staticmethod
    def _leave_namespaces() -> bool:
        """Begin namespaces of one's own; False where the kernel does not allow it."""
        uid, gid = os.getuid(), os.getgid()
        kinds = system.CLONE_NEWUSER | system.CLONE_NEWNS | system.CLONE_NEWPID
        try:
            system.unshare(kinds | system.CLONE_NEWIPC)
        except OSError:
            return False
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"),
                           ("gid_map", f"{gid} {gid} 1")):  # fmt: skip
            with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123
                file.write(text)
        return True

    def _run(self, orders: Channel, serve: Serve, *, apart: bool) -> None:
        system.die_with_parent()
        os.setsid()
        if apart:
            _own_tmp(self._config["tmp_mb"])
            _own_proc()
        system.drop_capabilities()
        if self._filter:
            seccomp.apply(self._filter)
        _limit_memory(self._config["memory_mb"])
        received = orders.receive()
        if received is None:
            os._exit(0)
        began = time.perf_counter()
        message, fds = received
        if message["config"]["background"]:
            priority.begin(priority.NICE, "", background=True)
        orders.sock.close()
        for fd, place in zip(fds, (CONNECTION, LOG), strict=True):
            os.dup2(fd, place)
            os.close(fd)
        for place in (1, 2):
            os.dup2(LOG, place)
        self._connection.send(frames.STARTED)
        os.environ.update(message["config"]["variables"])
        random.seed()
        numpy = sys.modules.get("numpy")
        if numpy is not None:
            with contextlib.suppress(Exception):
                numpy.random.seed()
        self._run_after_restore(began)
        serve()

    def _run_after_restore(self, began: float) -> None:
        try:
            for hook, arguments, named in _hooks("get_after_restore"):
                hook(*arguments, **named)
        except Exception as caught:
            error = {"errorType": "Runtime.AfterRestoreError", "errorMessage": str(caught)}
            os.write(2, logs.error_text({**error, "stackTrace": []}, False).encode() + b"\n")
            self._connection.send(frames.FAILED, json.dumps(error).encode())
            os._exit(1)
        took = int((time.perf_counter() - began) * 1e6)
        self._connection.send(frames.READY, frames.LENGTH.pack(took))


def _pass_over_a_pid() -> None:
    """Have copies be process 3, as the snapshot was 2.

    OpenSSL, wherever it is linked in, draws new random state only when the process id is another.
    """
    with contextlib.suppress(OSError):
        os.posix_spawn("/", ["/"], {})  # which is no program


def _own_tmp(size_mb: int) -> None:
    """A /tmp that holds what the snapshot's holds."""
    before = os.open("/tmp", os.O_RDONLY | os.O_DIRECTORY)  # noqa: S108
    flags = system.MS_NOSUID | system.MS_NODEV
    system.mount("tmpfs", "/tmp", "tmpfs", flags, f"size={size_mb}m,mode=700")  # noqa: S108
    if os.listdir(before):  # noqa: PTH208
        shutil.copytree(f"/proc/self/fd/{before}", "/tmp", symlinks=True, dirs_exist_ok=True)  # noqa: S108
    os.close(before)


def _own_proc() -> None:
    flags = system.MS_NOSUID | system.MS_NODEV | system.MS_NOEXEC
    system.mount("proc", "/proc", "proc", flags)


def _limit_memory(memory_mb: int) -> None:
    with open("/proc/self/status") as file:  # noqa: PTH123
        used = next(int(line.split()[1]) for line in file if line.startswith("VmData:"))
    limit = (memory_mb << 20) + (used << 10)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
