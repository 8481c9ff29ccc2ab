"""The Python runtime client as a program of its own, which speaks the Runtime API over HTTP.

Used where a function names a wrapper: that may change variables and arguments, and what it starts
is a new interpreter.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from typing import Any

from airside.runtime.guest import client, frames, logs

_BASE = "/2018-06-01/runtime"
_HEAD = (
    "Lambda-Runtime-Aws-Request-Id", "Lambda-Runtime-Deadline-Ms",
    "Lambda-Runtime-Invoked-Function-Arn", "Lambda-Runtime-Trace-Id",
    "Lambda-Runtime-Client-Context", "Lambda-Runtime-Cognito-Identity",
)  # fmt: skip


class Api:
    """The Runtime API, as the connection that the client otherwise has."""

    def __init__(self, address: str) -> None:
        self._http = http.client.HTTPConnection(address)
        self._request_id = ""

    def send(self, kind: int, *parts: bytes) -> None:
        """Tell what the frame tells; that INIT begins or is over needs no telling."""
        body = b"".join(parts)
        if kind == frames.FAILED:
            self._post("init/error", body, error=True)
        elif kind in {frames.RESULT, frames.ERROR}:
            failed = kind == frames.ERROR
            path = f"invocation/{self._request_id}/{'error' if failed else 'response'}"
            self._post(path, body[frames.LENGTH.size :], error=failed)

    def receive(self) -> tuple[list[str], bytes]:
        """Wait for an event."""
        self._http.request("GET", f"{_BASE}/invocation/next")
        answer = self._http.getresponse()
        event = answer.read()
        head = [answer.getheader(name) or "" for name in _HEAD]
        self._request_id = head[0]
        return head, event

    def _post(self, path: str, body: bytes, *, error: bool) -> None:
        headers = {"Content-Type": "application/json"}
        if error:
            headers["Lambda-Runtime-Function-Error-Type"] = str(json.loads(body)["errorType"])
        self._http.request("POST", f"{_BASE}/{path}", body, headers)
        self._http.getresponse().read()


def _log_descriptor() -> int:
    """Where the log goes: its own descriptor, unless the wrapper has closed it."""
    given = os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD", "")
    try:
        os.fstat(int(given))
    except (ValueError, OSError):
        return 1
    return int(given)


def begin() -> None:
    """Run the function that the variables describe. Never returns."""
    environ = os.environ
    time.tzset()
    sink = logs.Sink(os.dup(_log_descriptor()))
    logs.set_up(sink)
    config: dict[str, Any] = {"task": environ.get("LAMBDA_TASK_ROOT", "/var/task"), "opt": "/opt"}
    os.chdir(config["task"])
    client.search_path(config, dict(environ))
    runtime_dir = environ.get("LAMBDA_RUNTIME_DIR", "/var/runtime")
    if runtime_dir not in sys.path:
        sys.path.append(runtime_dir)
    name = environ.get("AWS_EXECUTION_ENV", "").removeprefix("AWS_Lambda_")
    runtime = client.Runtime(Api(environ["AWS_LAMBDA_RUNTIME_API"]), sink, name)
    client.run(runtime, environ["_HANDLER"], runtime.serve)
