"""The server's side of the agent: one process per machine that starts all others."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from airside.runtime import boot
from airside.runtime.background import Background
from airside.runtime.channel import LoopChannel, Message, socket_pair
from airside.runtime.guest import priority
from airside.runtime.interpreters import node_bundle
from airside.runtime.template import Template
from airside.settings import Settings

ENDING_SECONDS = 2.0
"""How long the agent may take to end what it has started."""


class TemplateKind(NamedTuple):
    """Environments of the same kind are forked from the same template."""

    interpreter: str
    boto3: bool
    node: str = ""
    """The `node` whose environments these are."""


def template_kind(runtime: str, interpreter: str, *, boto3: bool) -> TemplateKind:
    """Which template a function's environments come from."""
    if runtime.startswith("python"):
        return TemplateKind(interpreter, boto3)
    return TemplateKind(sys.executable, False, interpreter)


OnExit = Callable[[int | None], None]
"""Told the wait status of a process that has ended, None when nobody saw it end."""


class Agent:
    """Starts processes. Survives the agent's death by starting another one."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.scratch = (settings.data_dir / "run").absolute()
        self.born_at = time.time()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._channel: LoopChannel | None = None
        self._on_exit: dict[int, OnExit] = {}
        self._next_id = 0
        self._templates: dict[TemplateKind, Template] = {}
        self.background = Background(lambda: priority.group_of(self.pid))

    @classmethod
    def spawn(cls, settings: Settings) -> "Agent":
        """Start the agent, before there are threads or an event loop."""
        agent = cls(settings)
        agent._start()
        return agent

    @property
    def pid(self) -> int | None:
        """The agent's process, while there is one."""
        return self._process.pid if self._process else None

    def execute(self, argv: list[str], env: dict[str, str], fds: list[int], on_exit: OnExit) -> int:
        """Start a program with `fds` as its descriptors 3, 4, ...; an id to kill it by."""
        channel = self._attach()
        self._next_id += 1
        process_id = self._next_id
        self._on_exit[process_id] = on_exit
        channel.send({"op": "exec", "id": process_id, "argv": argv, "env": env}, fds)
        return process_id

    def kill(self, process_id: int) -> None:
        """Kill what `execute` started; its `on_exit` follows."""
        if self._channel:
            self._channel.send({"op": "kill", "id": process_id})

    def template(self, kind: TemplateKind) -> Template:
        """The living template of this kind, started when there is none."""
        found = self._templates.get(kind)
        if found is None or found.closed:
            found = self._templates[kind] = Template(self, kind)
        return found

    def templates(self) -> list[Template]:
        """Those that live."""
        return [template for template in self._templates.values() if not template.closed]

    def template_config(self, kind: TemplateKind) -> dict[str, Any]:
        """What a template is told when it starts."""
        folders, lang = {}, ""
        if kind.node:
            bundled = node_bundle(kind.node)
            lang = str(Path(kind.node).resolve().parent.parent)
            folders = {} if lang.startswith("/usr") else {lang: lang}
        else:
            bundled = {path.name: str(path.resolve()) for path in self.bundle().iterdir()}
            bundled["bootstrap.py"] = str(boot.GUEST / "bootstrap.py")
            bundled["_guest"] = str(boot.GUEST)
        return {
            "boto3": kind.boto3, "bundle": str(self.bundle()), "bundled": bundled,
            "cpu": self.settings.function_cpu, "folders": folders, "lang": lang,
            "sandbox": self.settings.sandbox, "scratch": str(self.scratch / "root"),
        }  # fmt: skip

    def bundle(self) -> Path:
        """A folder with the packages that AWS's Python runtimes bring, made on first use."""
        folder = self.scratch / "python"
        if not (folder / _BUNDLE[-1]).is_symlink():
            _link_bundle(folder)
        return folder

    def close(self) -> None:
        """End the agent and all it has started."""
        for template in self._templates.values():
            template.close()
        if self._channel:
            self._channel.close()
        if self._socket:
            self._socket.close()
        if self._process:
            try:
                self._process.wait(ENDING_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _start(self) -> None:
        ours, theirs = socket_pair()
        try:
            self._process = subprocess.Popen(
                [*boot.command(sys.executable, "agent"), str(os.getpid()), str(theirs)],
                pass_fds=[theirs], env={}, start_new_session=True, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        finally:
            os.close(theirs)
        self._socket = ours

    def _attach(self) -> LoopChannel:
        if self._socket is None:
            self._start()
        if self._channel is None:
            assert self._socket is not None
            self._channel = LoopChannel(self._socket, self._on_message, self._on_close)
        return self._channel

    def _on_message(self, message: Message) -> None:
        on_exit = self._on_exit.pop(message["exited"], None)
        if on_exit:
            on_exit(message["status"])

    def _on_close(self) -> None:
        """The agent is gone, and with it everything below: the next use starts another."""
        self._channel = self._socket = None
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
        ended, self._on_exit = self._on_exit, {}
        for on_exit in ended.values():
            on_exit(None)


_BUNDLE = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3",
           "snapshot_restore_py.py")  # fmt: skip


def _link_bundle(folder: Path) -> None:
    import boto3

    site = Path(boto3.__file__).parent.parent
    folder.mkdir(parents=True, exist_ok=True)
    for name in _BUNDLE:
        with contextlib.suppress(FileExistsError):
            (folder / name).symlink_to(site / name)
