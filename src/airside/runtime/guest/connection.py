"""What an environment is born with: its socket to the server, its log, its variables."""

from __future__ import annotations

import os
import select
import socket
from typing import Any

from airside.runtime.guest import frames

CONNECTION, LOG = 3, 4
"""Descriptors that an environment is born with."""

_CHUNK = 65536
"""Read at once. What is larger would be mapped and given back by the allocator for each event,
which costs more than all the rest of it."""


class Connection:
    """The environment's end of its socket to the server."""

    def __init__(self, fd: int) -> None:
        self.sock = socket.socket(fileno=fd)
        self._pending = b""
        # A process that sleeps in recv() is woken once more when the server has read its answer,
        # because there is room to write again; poll() sleeps through that.
        readable = select.poll()
        readable.register(self.sock, select.POLLIN)
        self._wait = readable.poll

    def send(self, kind: int, *parts: bytes) -> None:
        """Write one frame."""
        length = sum(map(len, parts))
        self.sock.sendall(b"".join((frames.HEADER.pack(length, kind), *parts)))

    def receive(self) -> tuple[list[str], bytes]:
        """Wait for an event: its head and its body. Ends the process when the server is gone."""
        data = self._pending or self._more()
        while len(data) < frames.HEADER.size:
            data += self._more()
        length, _ = frames.HEADER.unpack_from(data)
        end = frames.HEADER.size + length
        if len(data) < end:
            data = self._rest(data, end)
        self._pending = data[end:]
        start = frames.HEADER.size + frames.LENGTH.size
        (head_length,) = frames.LENGTH.unpack_from(data, frames.HEADER.size)
        head = data[start : start + head_length].decode()
        return head.split("\n"), data[start + head_length : end]

    def receive_go(self) -> None:
        """Wait until INIT may begin."""
        data = self._more()
        while len(data) < frames.HEADER.size:
            data += self._more()

    def _more(self) -> bytes:
        self._wait()
        data = self.sock.recv(_CHUNK)
        if not data:
            os._exit(0)
        return data

    def _rest(self, data: bytes, end: int) -> bytes:
        buffer = bytearray(data)
        while len(buffer) < end:
            buffer += self._more()
        return bytes(buffer)


def placed(config: dict[str, Any]) -> dict[str, str]:
    """The environment variables, corrected where AWS's own paths are not to be had."""
    variables: dict[str, str] = config["variables"]
    if config["task"] != "/var/task":
        variables["LAMBDA_TASK_ROOT"] = config["task"]
        variables["TMPDIR"] = config["tmp"]
    return variables
