"""Starting the extensions that layers bring as programs, before INIT."""

from __future__ import annotations

import json
import os
from typing import Any

from airside.runtime.guest import frames, system
from airside.runtime.guest.connection import Connection

LOG = 5
"""The descriptor of the log pipe that extensions write to."""
_KEPT_FROM_EXTENSIONS = (
    "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS", "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT", "_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT", "_HANDLER",
)  # fmt: skip


def launch(connection: Connection, config: dict[str, Any], variables: dict[str, str]) -> None:
    """Start each; come back when the server says that all have registered."""
    names = config["extensions"]
    if not names:
        return
    kept = {name: text for name, text in variables.items() if name not in _KEPT_FROM_EXTENSIONS}
    for name in names:
        path = f"{config['opt']}/extensions/{name}"
        said = _start(path, kept, apart=config["task"] == "/var/task")
        if said:
            message = f"RequestId: {{}} Error: fork/exec {path}: {said}"
            error = {"errorType": "Extension.LaunchError", "errorMessage": message}
            connection.send(frames.FAILED, json.dumps(error).encode())
            os._exit(1)
    os.close(LOG)
    connection.receive_go()


def _start(path: str, variables: dict[str, str], *, apart: bool) -> str:
    """Start one; why it did not start, or nothing.

    `apart`: as a child of process 1, so that it outlives the function's own process.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if apart and os.fork():
                os._exit(0)
            _become(path, variables, apart=apart)
        except OSError as error:
            os.write(writer, (error.strerror or "failed").lower().encode())
        finally:
            os._exit(1)
    os.close(writer)
    if apart:
        os.waitpid(pid, 0)
    said = os.read(reader, 1024)
    os.close(reader)
    return said.decode()


def _become(path: str, variables: dict[str, str], *, apart: bool) -> None:
    os.setsid()
    if not apart:
        system.die_with_parent()
    nothing = os.open("/dev/null", os.O_RDONLY)
    for source, target in ((nothing, 0), (LOG, 1), (LOG, 2)):
        os.dup2(source, target, inheritable=True)
    for fd in (nothing, 3, 4, LOG):
        os.set_inheritable(fd, False)
    os.chdir("/")
    os.execve(path, [path], variables)
