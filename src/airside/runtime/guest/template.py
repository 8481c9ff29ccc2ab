"""A template: an interpreter with the runtime loaded, from which environments are forked.

Its conversation with the server is on descriptor 3.

    server -> template   {"op": "start", "id", "config": {...}, "fds": 2}   event socket, log pipe
                         {"op": "kill", "id", "keep": bool}   its /tmp
                         {"op": "drop", "id"}   what was kept
                         {"op": "signal", "id", "number"}   only the function's own process
                         {"op": "freeze", "id", "freeze": a number}
                         {"op": "thaw", "id"}
                         {"op": "prioritize", "id", "background": bool}
                         a config's "inherits" is the id of one whose /tmp was kept
    template -> server   {"born": id, "pid", "uid": its own or null}
                         {"ready": {"version", "boto3": bool, "rooted": bool, "why": text}}
                         {"frozen": id, "freeze", "alone": bool}   whether there was but one process
                         {"exited": id, "status": wait status, "oom": bool, "peak": bytes,
                          "kept": bool}   its /tmp
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
from collections import deque
from typing import Any

from airside.runtime.guest import client, freezing, keeper, priority, watcher
from airside.runtime.guest.agent import BACKGROUND, CGROUP, CONTROL, drain, wake_on_child
from airside.runtime.guest.cgroup import LEAST_BYTES, Groups
from airside.runtime.guest.channel import Channel, close_all
from airside.runtime.guest.cpu import Processors, niceness
from airside.runtime.guest.jail import HOST, Jail
from airside.runtime.guest.shell import Kept, Shell
from airside.runtime.guest.starts import Starts
from airside.runtime.guest.warm import Warmth

RUNTIME = "/var/runtime"

SPARE_AFTER_MS = 25
"""A spare shell is made when nothing was asked for this long."""
SHELLS_AHEAD = 4
"""Under load, shells are begun before they are needed, so that they are ready then."""


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


class Template:
    """Forks environments until the server hangs up."""

    def __init__(self, channel: Channel, config: dict[str, Any]) -> None:
        self.channel = channel
        self.jail = Jail()
        self.groups: Groups | None = None
        self.pid = os.getpid()
        self._processors: Processors | None = None
        """Where functions have processor time in proportion to their memory."""
        self._shared_bytes = 0
        self._sandbox = bool(config["sandbox"])
        self._tmp = f"{config['scratch']}-tmp"
        self._keeper = keeper.file()
        self._warmth: Warmth | None = None
        self._serial = 0
        self.boto3 = False
        self._shells: deque[Shell] = deque()
        """Made and not yet used."""
        self._by_pid: dict[int, Shell] = {}
        self._by_id: dict[int, Shell] = {}
        self._waiting = Starts()
        self._kept: dict[int, Kept] = {}
        """What is left of environments that broke, by their ids."""
        self._watched: dict[int, Shell] = {}
        """By the serial number that the watcher knows them by."""
        self._watcher: Channel | None = None
        self._poll = select.poll()
        self._background = os.environ.pop(BACKGROUND, "")
        """The control group of environments that nobody waits for; empty where there is none."""
        base = os.environ.pop(CGROUP, "")
        if config["sandbox"] and base:
            with contextlib.suppress(OSError):
                self.groups = Groups(base)
                _, self._watcher = watcher.start()
        if config["cpu"]:
            self._processors = Processors(self.groups, os.getppid())
        if config["sandbox"]:
            self._enter_jail(config)

    def _enter_jail(self, config: dict[str, Any]) -> None:
        folders = {f"{RUNTIME}/{name}": path for name, path in config["bundled"].items()}
        prefixes = {sys.base_prefix, sys.base_exec_prefix}
        folders.update({path: path for path in prefixes if not path.startswith("/usr")})
        folders.update(config["folders"])
        folders["/var/lang"] = config["lang"] or sys.base_prefix
        self.jail.build(config["scratch"], folders)
        if self.jail.rooted:
            config["bundle"] = RUNTIME

    def serve(self) -> None:
        """Do what the server says."""
        wake = wake_on_child()
        self._poll.register(self.channel, select.POLLIN)
        self._warmth = Warmth(self.boto3)
        self._poll.register(wake, select.POLLIN)
        if self._watcher:
            self._poll.register(self._watcher, select.POLLIN)
        self._settle()
        while True:
            wait = SPARE_AFTER_MS if self._has_work() else None
            ready = dict(self._poll.poll(0 if self._waiting else wait))
            if not ready and not self._waiting:
                self._use_the_time()
            if wake in ready:
                drain(wake)
                self._reap()
            if self.channel.fileno() in ready and not self.channel.fill():
                return
            self._take_messages()
            if self._watcher and self._watcher.fileno() in ready:
                self._take_warnings(self._watcher)
            if self._waiting:
                self._start(*self._waiting.take())

    def _has_work(self) -> bool:
        """Whether there is something to get ready in time that is not asked for."""
        return self._warmth is not None or (self.jail.rooted and not self._shells)

    def _settle(self) -> None:
        """What has been loaded by now is shared with environments, and not theirs to collect."""
        gc.collect()
        gc.freeze()
        self._shared_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def _use_the_time(self) -> None:
        """Nothing was asked for a while: get ready for what may come."""
        if self._warmth is not None:
            if self._warmth.step():
                return
            self._warmth = None
            self._settle()
        if self.jail.rooted:
            self._prepare_spare()

    def _take_messages(self) -> None:
        while (received := self.channel.take()) is not None:
            message, fds = received
            if message["op"] == "start":
                self._waiting.put((message, fds))
            elif message["op"] == "kill":
                self._kill(message["id"], keep=message["keep"])
            elif message["op"] == "drop":
                self._drop(message["id"])
            elif message["op"] == "signal":
                shell = self._by_id.get(message["id"])
                if shell is not None and shell.function:
                    os.kill(shell.function, message["number"])
            elif message["op"] == "prioritize":
                self._prioritize(message["id"], background=message["background"])
            else:
                self._pause(message)

    def _pause(self, message: dict[str, Any]) -> None:
        """Freeze an environment, or let it go on."""
        shell = self._by_id.get(message["id"])
        if shell is None or shell.told:
            return
        if message["op"] == "thaw":
            freezing.go_on(shell.members)
        else:
            stopped = freezing.stop(shell.members)
            alone = stopped == {shell.function}
            self.channel.send(
                {"frozen": message["id"], "freeze": message["freeze"], "alone": alone}
            )

    def _prioritize(self, environment_id: int, *, background: bool) -> None:
        """Have an environment go before others, or after them."""
        shell = self._by_id.get(environment_id)
        if shell is None or shell.told:
            return
        nice = priority.NICE if background else shell.nice
        group, proc = self._group(shell), f"{HOST}/proc" if self.jail.rooted else "/proc"
        if group:
            host = HOST if self.jail.rooted else ""
            group = host + (group if background else os.path.dirname(group))  # noqa: PTH120
        priority.weigh(shell.cpu, shell.group, background=background)
        priority.change(shell.members(), nice, group, proc, background=background)

    def _group(self, shell: Shell) -> str:
        """The group it joins in the background; one that has its own for its time stays there."""
        return self._background if shell.cpu < 0 else ""

    def _make_shell(self, kept: Kept | None = None) -> Shell:
        self._serial += 1
        name = f"{self.pid}-{self._serial}"
        shell = Shell(self.jail, self.groups, name, self._serial, kept)
        if self._processors is not None:
            shell.cpu = self._processors.make(name)
        shell.build(self._keeper)
        if shell.keeper:
            self._by_pid[shell.keeper] = shell
        return shell

    def _add_shell(self) -> None:
        self._shells.append(self._make_shell())

    def _drop(self, environment_id: int) -> None:
        kept = self._kept.pop(environment_id, None)
        if kept is not None:
            os.close(kept.namespace)

    def _keep(self, shell: Shell) -> None:
        """Hold on to an environment's /tmp, which otherwise ends with its process 1."""
        if shell.environment_id is not None and shell.environment_id not in self._kept:
            kept = shell.keep()
            if kept is not None:
                self._kept[shell.environment_id] = kept

    def _prepare_spare(self) -> None:
        """Have one environment wait for its function."""
        self._add_shell()
        self._people(self._shells[0])

    def _people(self, shell: Shell) -> None:
        if shell.people(client.begin):
            self._by_pid[shell.function] = shell

    def _start(self, message: dict[str, Any], fds: list[int]) -> None:
        self._reap()
        config = message["config"]
        kept = self._kept.pop(config.get("inherits", 0), None)
        if kept is None:
            ahead = min(1 + len(self._waiting), SHELLS_AHEAD)
            while len(self._shells) < ahead:
                self._add_shell()
        shell = self._shells.popleft() if kept is None else self._make_shell(kept)
        shared = 0 if config.get("programs") else self._shared_bytes
        config["memory_bytes"] = max(LEAST_BYTES, (config["memory_mb"] << 20) - shared)
        config["tmp_base"] = self._tmp
        config["sandbox"] = self._sandbox
        if config.get("snapshot"):  # all its copies are in its group; each has a limit of its own
            config["memory_bytes"] = 1 << 40
        shell.shared_bytes = shared
        shell.lingers = bool(config["extensions"]) and bool(shell.keeper)
        if self._sandbox and shell.group is None:
            config["memory_rlimit"] = (config["memory_mb"] << 20) + shared
        if self._processors is not None:
            self._give_time(self._processors, shell, config["memory_mb"], config.get("snapshot"))
        config["nice"] = priority.NICE if config["background"] else shell.nice
        config["group"] = self._group(shell) if config["background"] else ""
        if config["background"]:
            priority.weigh(shell.cpu, shell.group, background=True)
        shell.environment_id = message["id"]
        self._by_id[message["id"]] = shell
        if not shell.function:
            self._people(shell)
        if shell.function:
            uid = shell.uid if self.jail.rooted and self.jail.privileged else None
            self.channel.send({"born": message["id"], "pid": shell.function, "uid": uid})
            shell.start(config, fds)
            self._watch(shell, config["memory_bytes"])
        elif not shell.keeper:
            self._ended(shell)
        close_all(fds)

    @staticmethod
    def _give_time(
        processors: Processors, shell: Shell, memory_mb: int, snapshot: bool | None
    ) -> None:
        """Have an environment's processor time be in proportion to its memory.

        All copies of a snapshot are in one group: there it is up to their priority.
        """
        if snapshot or not processors.limit(shell.cpu, shell.group, memory_mb):
            shell.nice = niceness(memory_mb)

    def _kill(self, environment_id: int, *, keep: bool) -> None:
        shell = self._by_id.get(environment_id)
        if shell is not None:
            if keep and not shell.told:
                self._keep(shell)
            shell.kill()
            return
        for _, fds in self._waiting.remove(environment_id):
            close_all(fds)
            self.channel.send({"exited": environment_id, "status": int(signal.SIGKILL)})

    def _watch(self, shell: Shell, memory_bytes: int) -> None:
        if shell.group is not None and self._watcher is not None:
            self._watched[shell.serial] = shell
            message = {
                "watch": shell.serial, "memory": memory_bytes, "version": shell.group.version,
            }  # fmt: skip
            self._watcher.send(message, [shell.group.folder])

    def _take_warnings(self, channel: Channel) -> None:
        if not channel.fill():
            self._poll.unregister(channel)
            self._watcher = None
        while (received := channel.take()) is not None:
            shell = self._watched.pop(received[0]["over"], None)
            if shell is not None and shell.group is not None and not shell.told:
                shell.group.out_of_memory = True
                self._keep(shell)
                shell.kill()

    def _reap(self) -> None:
        """Note which processes have ended; an environment has when all of its have."""
        while self._by_pid:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            shell = self._by_pid.pop(pid, None)
            if shell is None:
                continue
            if shell in self._shells:  # somebody has killed it before it was used
                self._shells.remove(shell)
            if pid == shell.function:
                shell.status = status
                shell.function = 0
                if shell.keeper:
                    self._keep(shell)
                if shell.keeper and not shell.lingers:
                    shell.kill()
                self._tell(shell)
            else:
                shell.keeper = 0
            if not shell.keeper and not shell.function:
                self._ended(shell)

    def _tell(self, shell: Shell) -> None:
        """Tell the server how an environment has ended, once."""
        if shell.told or shell.environment_id is None:
            return
        shell.told = True
        status = signal.SIGKILL if shell.status is None else shell.status
        kept = shell.environment_id in self._kept
        message = {"exited": shell.environment_id, "status": int(status), "kept": kept}
        if shell.group is not None:
            peak = shell.group.peak_bytes() + shell.shared_bytes
            message.update(oom=shell.group.was_killed(), peak=peak)
        self.channel.send(message)

    def _ended(self, shell: Shell) -> None:
        """Nothing of it is left running: clean up."""
        self._tell(shell)
        self._by_id.pop(shell.environment_id or 0, None)
        if shell.group is not None:
            watched = self._watched.pop(shell.serial, None)
            if watched and self._watcher is not None:
                self._watcher.send({"forget": shell.serial})
        shell.close()
        if self._processors is not None:
            self._processors.remove(shell.name)
        if self.groups is not None:
            self.groups.remove(shell.name)
        if not self.jail.rooted:
            shutil.rmtree(f"{self._tmp}/{shell.name}", ignore_errors=True)


def main() -> None:
    """Run the template; its configuration is the first argument, as JSON."""
    config = json.loads(sys.argv[1])
    sys.argv = [""]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = Channel(socket.socket(fileno=CONTROL))
    template = Template(channel, config)
    boto3 = template.boto3 = preload(config)
    version = ".".join(map(str, sys.version_info[:3]))
    jail = template.jail
    channel.send({"ready": {"version": version, "boto3": boto3, "rooted": jail.rooted,
                            "why": jail.why_not}})  # fmt: skip
    with contextlib.suppress(BrokenPipeError, ConnectionError):
        template.serve()
    os._exit(0)
