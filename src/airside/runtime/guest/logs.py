"""What a Python function's output becomes: AWS's log formats, written to the log pipe."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import time
import traceback
from typing import Any

from airside.runtime.guest.frames import LOG_HEAD, LOG_MAGIC, LOG_TEXT

_TEXT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
_OWN_FIELDS = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {
    "message", "asctime", "aws_request_id", "taskName"}  # fmt: skip


class Sink:
    """The log pipe, on a descriptor of its own so that a handler may close stdout."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.request_id = ""

    def write(self, message: str) -> None:
        """Write one log event, which may have several lines."""
        body = message.encode("utf-8", "backslashreplace")
        now = time.time_ns() // 1000
        data = LOG_HEAD.pack(LOG_MAGIC, LOG_TEXT, len(body), now) + body
        try:
            while data:
                data = data[os.write(self.fd, data) :]
        except OSError:
            pass


class LambdaHandler(logging.Handler):
    """The root logger's handler."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self.log_sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        try:
            self.log_sink.write(self.format(record))
        except Exception:
            self.handleError(record)


class JsonFormatter(logging.Formatter):
    """Records as AWS's JSON log format writes them."""

    def __init__(self) -> None:
        super().__init__(datefmt="%Y-%m-%dT%H:%M:%SZ")

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object and a newline."""
        info = record.exc_info if record.exc_info and record.exc_info[0] else None
        dictionary = isinstance(record.msg, dict) and not record.args
        fields: dict[str, Any] = {
            "timestamp": self.formatTime(record, self.datefmt),
            "level": record.levelname,
            "message": record.msg if dictionary else record.getMessage(),
            "logger": record.name,
            "stackTrace": traceback.format_tb(info[2]) if info else None,
            "errorType": info[0].__name__ if info and info[0] else None,
            "errorMessage": str(info[1]) if info else None,
            "requestId": getattr(record, "aws_request_id", None),
            "location": f"{record.pathname}:{record.funcName}:{record.lineno}" if info else None,
        }
        for key, value in vars(record).items():
            if key not in _OWN_FIELDS and key not in fields:
                fields[key] = value
        present = {key: value for key, value in fields.items() if value is not None}
        return json.dumps(present, ensure_ascii=False, default=str) + "\n"


def _formatter(as_json: bool) -> logging.Formatter:
    if as_json:
        return JsonFormatter()
    formatter = logging.Formatter(_TEXT, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    return formatter


def set_up(sink: Sink) -> None:
    """Point stdout, stderr and the root logger at the log pipe."""
    os.dup2(sink.fd, 1)
    os.dup2(sink.fd, 2)
    for fd, name in ((1, "stdout"), (2, "stderr")):
        raw = io.FileIO(fd, "w", closefd=False)
        stream = io.TextIOWrapper(raw, "utf-8", "backslashreplace", write_through=True)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    handler = LambdaHandler(sink)
    handler.setFormatter(_formatter(os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"))

    def identify(record: logging.LogRecord) -> bool:
        record.aws_request_id = sink.request_id
        return True

    handler.addFilter(identify)
    root = logging.getLogger()
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    if level:
        root.setLevel("DEBUG" if level == "TRACE" else level)
    root.addHandler(handler)


def error_text(error: dict[str, Any], as_json: bool) -> str:
    """How an error appears in the log."""
    if as_json:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return json.dumps({"timestamp": stamp, "level": "ERROR", **error}, ensure_ascii=False)
    what = ": ".join(part for part in (error["errorType"], error["errorMessage"]) if part)
    lines = [f"[ERROR] {what}", "Traceback (most recent call last):"]
    for element in error["stackTrace"]:
        for line in element.splitlines():
            bare = line.lstrip(" ")
            lines.append("\u00a0" * (len(line) - len(bare)) + bare)
    return "\n".join(lines)
