"""The server's side of a template process."""

import asyncio
import json
import logging
import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from airside.runtime import boot
from airside.runtime.channel import LoopChannel, Message, socket_pair

if TYPE_CHECKING:
    from airside.runtime.agent import Agent, TemplateKind

log = logging.getLogger("airside.runtime")


class Ending(NamedTuple):
    """How an environment ended."""

    status: int | None
    """The wait status; None when nobody saw it."""
    out_of_memory: bool = False
    peak_bytes: int = 0
    kept: bool = False
    """Whether its /tmp was kept, for the environment that comes after it."""


OnExit = Callable[[Ending], None]


class Born(NamedTuple):
    """A process that was just made for an environment."""

    pid: int
    uid: int | None
    """Its own user id; None when it shares the server's."""
    rooted: bool
    """Whether it has a process namespace of its own."""


class Forker:
    """What environments are forked from, as the server sees it: messages to it and from it."""

    def __init__(self) -> None:
        self.closed = False
        self.rooted = False
        self._on_exit: dict[int, OnExit] = {}
        self._born: dict[int, Born] = {}
        self._frozen: dict[int, tuple[int, bool]] = {}
        """Which freeze it is, and whether the environment is known to have but one process."""
        self._freezes = 0
        self._next_id = 0
        self._loop = asyncio.get_running_loop()
        ours, self._theirs = socket_pair()
        self._channel = LoopChannel(ours, self._on_message, self._on_close)

    @property
    def environments(self) -> int:
        """How many of its environments live."""
        return len(self._on_exit)

    def start(self, config: dict[str, Any], fds: list[int], on_exit: OnExit) -> int:
        """Fork an environment; an id to kill it by. `on_exit` is called exactly once."""
        self._next_id += 1
        environment_id = self._next_id
        if self.closed:  # it has just died, and will tell nobody any more
            self._loop.call_soon(on_exit, Ending(None))
        else:
            self._on_exit[environment_id] = on_exit
        self._channel.send({"op": "start", "id": environment_id, "config": config}, fds)
        return environment_id

    def kill(self, environment_id: int, *, keep: bool = False) -> None:
        """Kill an environment and every process in it; `keep` its /tmp."""
        self._channel.send({"op": "kill", "id": environment_id, "keep": keep})

    def drop(self, environment_id: int) -> None:
        """Let go of the /tmp that was kept of an environment."""
        self._channel.send({"op": "drop", "id": environment_id})

    def signal(self, environment_id: int, number: int) -> None:
        """Signal the process that runs an environment's function, and it alone."""
        self._channel.send({"op": "signal", "id": environment_id, "number": number})

    def freeze(self, environment_id: int) -> None:
        """Stop every process of an environment."""
        self._freezes += 1
        self._frozen[environment_id] = self._freezes, False
        self._channel.send({"op": "freeze", "id": environment_id, "freeze": self._freezes})

    def thaw(self, environment_id: int) -> None:
        """Let every process of an environment go on."""
        born = self._born.get(environment_id)
        _, alone = self._frozen.pop(environment_id, (0, False))
        if born is not None and born.pid:  # the one that matters most need not wait for the others
            try:
                os.kill(born.pid, signal.SIGCONT)
            except OSError:
                alone = False
        if not alone:
            self._channel.send({"op": "thaw", "id": environment_id})

    def prioritize(self, environment_id: int, *, background: bool) -> bool:
        """Have it go after others, or before them, from now on; False when that cannot be.

        Only root may raise a priority, so nobody else lowers one.
        """
        if os.geteuid() != 0:
            return False
        message = {"op": "prioritize", "id": environment_id, "background": background}
        self._channel.send(message)
        return True

    def born(self, environment_id: int) -> Born | None:
        """Which process an environment is; None when it has not begun or has ended."""
        if environment_id not in self._born and not self.closed:
            self._channel.catch_up()
        return self._born.get(environment_id)

    def close(self) -> None:
        """Let the process end; its environments end with it."""
        self._channel.close()
        self._on_close()

    def _on_message(self, message: Message) -> None:
        if "born" in message:
            self._born[message["born"]] = Born(message["pid"], message["uid"], self.rooted)
        elif "frozen" in message:
            known = self._frozen.get(message["frozen"])
            if known is not None and known[0] == message["freeze"]:
                self._frozen[message["frozen"]] = known[0], message["alone"]
        elif "exited" in message:
            self._frozen.pop(message["exited"], None)
            self._born.pop(message["exited"], None)
            on_exit = self._on_exit.pop(message["exited"], None)
            if on_exit:
                on_exit(
                    Ending(
                        message["status"], message.get("oom", False), message.get("peak", 0),
                        message.get("kept", False),
                    )
                )  # fmt: skip

    def _on_close(self) -> None:
        self.closed = True
        self._born.clear()
        ended, self._on_exit = self._on_exit, {}
        for on_exit in ended.values():
            on_exit(Ending(None))


class Template(Forker):
    """Forks environments. Messages sent before it is ready wait in its socket."""

    def __init__(self, agent: "Agent", kind: "TemplateKind") -> None:
        super().__init__()
        self.version = ""
        self._idle_seconds = agent.settings.function_idle_seconds
        self._retirement: asyncio.TimerHandle | None = None
        config = agent.template_config(kind)
        argv = [*boot.command(os.path.realpath(kind.interpreter), "template"), json.dumps(config)]
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": ":UTC"}
        agent.execute(argv, env, [self._theirs], self._on_process_exit)
        self._retire_later()

    def start(self, config: dict[str, Any], fds: list[int], on_exit: OnExit) -> int:
        """Fork an environment; an id to kill it by. `on_exit` is called exactly once."""
        self._keep()
        return super().start(config, fds, on_exit)

    def _on_message(self, message: Message) -> None:
        if "ready" in message:
            self.version = message["ready"]["version"]
            self.rooted = message["ready"]["rooted"]
            if not self.rooted and message["ready"]["why"]:
                log.warning(
                    "functions run without a root of their own: %s", message["ready"]["why"]
                )
        super()._on_message(message)
        if "exited" in message and not self._on_exit:
            self._retire_later()

    def _retire_later(self) -> None:
        """With no environment left for the idle time, the template goes too."""
        self._keep()
        self._retirement = self._loop.call_later(self._idle_seconds, self.close)

    def _keep(self) -> None:
        if self._retirement:
            self._retirement.cancel()
            self._retirement = None

    def _on_process_exit(self, _: int | None) -> None:
        self.close()

    def _on_close(self) -> None:
        self._keep()
        super()._on_close()


def describe_exit(status: int | None) -> str:
    """How AWS words the end of a runtime process, from its wait status."""
    if status is None:
        return "Runtime exited with error: signal: killed"
    if os.WIFSIGNALED(status):
        return f"Runtime exited with error: signal: {_SIGNALS.get(os.WTERMSIG(status), 'killed')}"
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return "Runtime exited without providing a reason"
    return f"Runtime exited with error: exit status {code}"


# As Go's syscall package words them, because AWS's supervisor is written in Go.
_SIGNALS = {
    1: "hangup", 2: "interrupt", 3: "quit", 4: "illegal instruction", 5: "trace/breakpoint trap",
    6: "aborted", 7: "bus error", 8: "floating point exception", 9: "killed",
    10: "user defined signal 1", 11: "segmentation fault", 12: "user defined signal 2",
    13: "broken pipe", 14: "alarm clock", 15: "terminated", 24: "CPU time limit exceeded",
    25: "file size limit exceeded", 31: "bad system call",
}  # fmt: skip
