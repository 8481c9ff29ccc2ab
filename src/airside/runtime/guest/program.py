"""Environments that are programs of their own: `bootstrap`, Node.

Instead of running a handler itself, the forked process becomes the program, which talks to the
Runtime API over HTTP. What keeps it from starting is told on the socket that Python uses.
"""

from __future__ import annotations

import errno
import json
import os
from typing import Any

from airside.runtime.guest import extension, frames
from airside.runtime.guest.connection import CONNECTION, LOG, Connection, placed

_GO_WORDING = {errno.ENOENT: "no such file or directory", errno.EACCES: "permission denied",
               errno.ENOEXEC: "exec format error"}  # fmt: skip
"""As AWS's supervisor, which is written in Go, words why a program does not start."""


def _found(config: dict[str, Any]) -> list[str] | None:
    """The first of the alternatives that is there, with AWS's paths where those are to be had."""
    for argv in config["programs"]:
        placed = [_place(config, argument) for argument in argv]
        if os.path.exists(placed[0]):  # noqa: PTH110
            return placed
    return None


def _place(config: dict[str, Any], path: str) -> str:
    """Where a path of AWS's is to be found here."""
    rooted = config["task"] == "/var/task"
    places = {"/var/task": config["task"], "/opt": config["opt"] or "/opt",
              "/var/runtime": "/var/runtime" if rooted else config["runtime_dir"]}  # fmt: skip
    for inside, outside in places.items():
        if path.startswith(inside + "/"):
            return f"{outside}{path[len(inside) :]}"
    return path


def _fail(connection: Connection, kind: str, message: str) -> None:
    error = {"errorType": kind, "errorMessage": f"RequestId: {{}} Error: {message}"}
    connection.send(frames.FAILED, json.dumps(error).encode())
    os._exit(1)


def _wrap(wrapper: str, argv: list[str], variables: dict[str, str]) -> None:
    """Have the function's own program start the runtime. Never returns."""
    if not os.path.isfile(wrapper):  # noqa: PTH113
        os.write(2, f"{wrapper}: does not exist\n".encode())
        os._exit(127)
    try:
        os.execve(wrapper, [wrapper, *argv], variables)
    except OSError as error:
        if error.errno == errno.ENOEXEC:  # a script that does not say what it is written in
            os.execve("/bin/sh", ["/bin/sh", wrapper, *argv], variables)
        os.write(2, f"{wrapper}: is not an executable\n".encode())
        os._exit(126)


def begin(config: dict[str, Any]) -> None:
    """Become the program. Never returns."""
    connection = Connection(CONNECTION)
    connection.sock.set_inheritable(False)
    connection.send(frames.STARTED)
    variables = placed(config)
    extension.launch(connection, config, variables)
    argv = _found(config)
    if argv is None:
        names = " ".join(argv[0] for argv in config["programs"])
        _fail(
            connection, "Runtime.InvalidEntrypoint", f"Couldn't find valid bootstrap(s): [{names}]"
        )
        return
    wrapper = variables.get("AWS_LAMBDA_EXEC_WRAPPER") if config.get("wrapped") else None
    os.chdir(config["task"])
    nothing = os.open("/dev/null", os.O_RDONLY)
    for source, target in ((nothing, 0), (LOG, 1), (LOG, 2)):
        os.dup2(source, target, inheritable=True)
    os.close(nothing)
    variables["_LAMBDA_TELEMETRY_LOG_FD"] = str(LOG)
    if wrapper:
        _wrap(_place(config, wrapper), argv, variables)
        return
    try:
        os.execve(argv[0], argv, variables)
    except OSError as error:
        why = _GO_WORDING.get(error.errno or 0, (error.strerror or "").lower())
        _fail(connection, "Runtime.InvalidEntrypoint", f"fork/exec {argv[0]}: {why}")
