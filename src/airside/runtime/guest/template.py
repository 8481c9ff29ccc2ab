"""A template: an interpreter with the runtime loaded, from which environments are forked.

Its conversation with the server is on descriptor 3.

    server -> template   {"op": "start", "id", "config": {...}, "fds": 2}   event socket, log pipe
                         {"op": "kill", "id"}
    template -> server   {"ready": {"version", "boto3": bool, "rooted": bool, "why": text}}
                         {"exited": id, "status": wait status, "oom": bool, "peak": bytes}
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
from typing import Any, NamedTuple

from airside.runtime.guest import client, init, system
from airside.runtime.guest.agent import CGROUP, CONTROL, drain, wake_on_child
from airside.runtime.guest.cgroup import Groups
from airside.runtime.guest.channel import Channel, close_all
from airside.runtime.guest.jail import Jail

RUNTIME = "/var/runtime"


def preload(config: dict[str, Any]) -> bool:
    """Load what environments will share; whether boto3 is among it."""
    import site

    site.setquit()
    site.setcopyright()
    site.sethelper()
    sys.path.append(config["bundle"])
    if not config["boto3"]:
        return False
    try:
        import boto3
        import botocore.session  # noqa: F401
    except ImportError:
        return False
    return bool(boto3)


SPARE_AFTER_MS = 25
"""A spare environment is made when nothing was asked for this long."""


class Environment(NamedTuple):
    """The first process of an environment, and the socket that brings its configuration."""

    pid: int
    sock: socket.socket


class Template:
    """Forks environments until the server hangs up."""

    def __init__(self, channel: Channel, config: dict[str, Any]) -> None:
        self.channel = channel
        self.jail = Jail()
        self.groups: Groups | None = None
        self.pid = os.getpid()
        self._reports, self._reporter = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._reports.setblocking(False)
        self._reported: dict[str, dict[str, Any]] = {}
        self._shared_bytes = 0
        self._sandbox = bool(config["sandbox"])
        self._ids: dict[int, int] = {}
        """The server's id of each environment, by process id."""
        self._names: dict[int, str] = {}
        self._serial = 0
        self._spare: Environment | None = None
        self._tmp = f"{config['scratch']}-tmp"
        base = os.environ.pop(CGROUP, "")
        if config["sandbox"]:
            if base:
                with contextlib.suppress(OSError):
                    self.groups = Groups(base)
            self._enter_jail(config)

    def _enter_jail(self, config: dict[str, Any]) -> None:
        folders = {f"{RUNTIME}/{name}": path for name, path in config["bundled"].items()}
        prefixes = {sys.base_prefix, sys.base_exec_prefix}
        folders.update({path: path for path in prefixes if not path.startswith("/usr")})
        folders["/var/lang"] = sys.base_prefix
        self.jail.build(config["scratch"], folders)
        if self.jail.rooted:
            config["bundle"] = RUNTIME

    def serve(self) -> None:
        """Do what the server says."""
        wake = wake_on_child()
        poll = select.poll()
        poll.register(self.channel, select.POLLIN)
        poll.register(wake, select.POLLIN)
        gc.collect()
        gc.freeze()
        self._shared_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        while True:
            quiet = None if self._spare else SPARE_AFTER_MS
            ready = dict(poll.poll(quiet))
            if not ready:
                self._spare = self._fork()
            if wake in ready:
                drain(wake)
                self._reap()
            if self.channel.fileno() in ready and not self.channel.fill():
                return
            while (received := self.channel.take()) is not None:
                message, fds = received
                if message["op"] == "start":
                    self._start(message, fds)
                elif message["op"] == "kill":
                    self._kill(message["id"])

    def _start(self, message: dict[str, Any], fds: list[int]) -> None:
        config = message["config"]
        config["memory_bytes"] = (config["memory_mb"] << 20) - self._shared_bytes
        config["tmp_base"] = self._tmp
        config["sandbox"] = self._sandbox
        if self._sandbox and self.groups is None:
            config["memory_rlimit"] = (config["memory_mb"] << 20) + self._shared_bytes
        found, self._spare = self._spare, None
        if found is None:
            ours, theirs = socket.socketpair()
            Channel(ours).send({"config": config}, fds)
            found = self._fork(ours, theirs)
        else:
            with contextlib.suppress(OSError):  # it has just died: _reap tells
                Channel(found.sock).send({"config": config}, fds)
        found.sock.close()
        self._ids[found.pid] = message["id"]
        close_all(fds)

    def _fork(
        self, ours: socket.socket | None = None, theirs: socket.socket | None = None
    ) -> Environment:
        """Make an environment that waits for its configuration on `theirs`."""
        if ours is None or theirs is None:
            ours, theirs = socket.socketpair()
        self._serial += 1
        name = f"{self.pid}-{self._serial}"
        self.jail.before_fork()
        child = os.fork()
        if child == 0:
            self._become_environment(name, theirs)
        self.jail.after_fork()
        theirs.close()
        self._names[child] = name
        return Environment(child, ours)

    def _become_environment(self, name: str, theirs: socket.socket) -> None:
        try:
            system.die_with_parent()
            system.default_signals()
            os.setsid()
            self.channel.sock.close()
            self._reports.close()
            environment = init.Init(self.jail, self.groups, name, self._serial)
            environment.run(theirs, self._reporter, client.begin)
        except BaseException as error:
            os.write(2, f"airside: an environment could not be made: {error!r}\n".encode())
        finally:
            os._exit(126)

    def _kill(self, environment_id: int) -> None:
        """Kill an environment that has not been reaped, so its pid is still its own."""
        for pid, known in self._ids.items():
            if known == environment_id:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                os.kill(pid, signal.SIGKILL)
                return

    def _reap(self) -> None:
        """Tell the server which environments have ended, and how."""
        while self._names:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._take_reports()
            name = self._names.pop(pid, None)
            if name is None:
                continue
            if self.groups is not None:
                self.groups.remove(name)
            if not self.jail.rooted:
                shutil.rmtree(f"{self._tmp}/{name}", ignore_errors=True)
            if self._spare and self._spare.pid == pid:
                self._spare = None
            self._tell(pid, name, status)

    def _take_reports(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                report = json.loads(self._reports.recv(4096))
                self._reported[report["name"]] = report

    def _tell(self, pid: int, name: str, status: int) -> None:
        environment_id = self._ids.pop(pid, None)
        report = self._reported.pop(name, {})
        if environment_id is None:
            return
        message = {"exited": environment_id, "status": report.get("status", status)}
        if "peak" in report:
            message.update(oom=report["oom"], peak=report["peak"] + self._shared_bytes)
        self.channel.send(message)


def main() -> None:
    """Run the template; its configuration is the first argument, as JSON."""
    config = json.loads(sys.argv[1])
    sys.argv = [""]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = Channel(socket.socket(fileno=CONTROL))
    template = Template(channel, config)
    boto3 = preload(config)
    version = ".".join(map(str, sys.version_info[:3]))
    jail = template.jail
    channel.send({"ready": {"version": version, "boto3": boto3, "rooted": jail.rooted,
                            "why": jail.why_not}})  # fmt: skip
    with contextlib.suppress(BrokenPipeError, ConnectionError):
        template.serve()
    os._exit(0)
