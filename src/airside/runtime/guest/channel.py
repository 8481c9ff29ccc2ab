"""Messages with file descriptors over a Unix socket: how server, agent and templates talk.

A message is four bytes of length (big-endian) and that much JSON; descriptors travel with its
first byte. Blocking; the server has a non-blocking twin in `airside.runtime.wire`.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import socket
import struct
from typing import Any

HEADER = struct.Struct(">I")
DESCRIPTORS_MAX = 16
_CHUNK = 65536


class Channel:
    """One end of a conversation."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = bytearray()
        self._descriptors: list[int] = []

    def fileno(self) -> int:
        """For poll()."""
        return self.sock.fileno()

    def send(self, message: dict[str, Any], fds: list[int] | None = None) -> None:
        """Write one message; `fds` stay open here. Raises OSError when nobody is there."""
        if fds:
            message["fds"] = len(fds)
        body = json.dumps(message).encode()
        data = HEADER.pack(len(body)) + body
        if fds:
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))
            data = data[self.sock.sendmsg([data], [rights]) :]
        if data:
            self.sock.sendall(data)

    def fill(self) -> bool:
        """Read what is there (waiting for something); False at the end of the conversation."""
        fds = array.array("i")
        space = socket.CMSG_SPACE(DESCRIPTORS_MAX * fds.itemsize)
        flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
        try:
            data, ancillary, _, _ = self.sock.recvmsg(_CHUNK, space, flags)
        except ConnectionError:
            return False
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
        self._descriptors.extend(fds)
        self._buffer += data
        return bool(data)

    def take(self) -> tuple[dict[str, Any], list[int]] | None:
        """The next whole message that has been read, with the descriptors it announces."""
        if len(self._buffer) < HEADER.size:
            return None
        (length,) = HEADER.unpack_from(self._buffer)
        end = HEADER.size + length
        if len(self._buffer) < end:
            return None
        message = json.loads(bytes(self._buffer[HEADER.size : end]))
        del self._buffer[:end]
        count = message.get("fds", 0)
        fds, self._descriptors = self._descriptors[:count], self._descriptors[count:]
        return message, fds

    def receive(self) -> tuple[dict[str, Any], list[int]] | None:
        """The next message, waiting for it; None at the end of the conversation."""
        while True:
            message = self.take()
            if message is not None:
                return message
            if not self.fill():
                return None


def close_all(fds: list[int]) -> None:
    """Close descriptors, whatever state they are in."""
    for fd in fds:
        with contextlib.suppress(OSError):
            os.close(fd)


def place(fds: list[int], first: int = 3) -> list[int]:
    """Move descriptors to `first`, `first`+1, ... and close everything above; where they are."""
    above = first + len(fds)
    high = [os.dup2(fd, 256 + at, inheritable=True) for at, fd in enumerate(fds)]
    for at, fd in enumerate(high):
        os.dup2(fd, first + at, inheritable=True)
    os.closerange(above, 256 + len(fds))
    return list(range(first, above))
