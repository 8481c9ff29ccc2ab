"""The server's end of a conversation with the agent or a template: never blocks the loop."""

import array
import asyncio
import json
import os
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

from airside.runtime.guest.channel import HEADER, Channel, close_all

Message = dict[str, Any]


class LoopChannel:
    """JSON messages with descriptors over a socket that the event loop watches.

    `on_message` is called for each message that comes in, `on_close` once when the other side is
    gone. Descriptors given to `send` belong to the channel: it closes them once they are sent.
    """

    def __init__(
        self, sock: socket.socket, on_message: Callable[[Message], None],
        on_close: Callable[[], None],
    ) -> None:  # fmt: skip
        sock.setblocking(False)
        self._sock = sock
        self._reader = Channel(sock)
        self._on_message = on_message
        self._on_close = on_close
        self._waiting: deque[tuple[bytes, list[int]]] = deque()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._readable)
        self.closed = False

    def send(self, message: Message, fds: list[int] | None = None) -> None:
        """Queue one message; what cannot be delivered is dropped and its descriptors closed."""
        if fds:
            message["fds"] = len(fds)
        body = json.dumps(message).encode()
        if self.closed:
            close_all(fds or [])
            return
        self._waiting.append((HEADER.pack(len(body)) + body, fds or []))
        if len(self._waiting) == 1:
            self._flush()

    def catch_up(self) -> None:
        """Take now what has come in and the loop has not yet noticed."""
        if not self.closed:
            self._readable()

    def close(self) -> None:
        """Hang up."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._sock.fileno())
        self._loop.remove_writer(self._sock.fileno())
        for _, fds in self._waiting:
            close_all(fds)
        self._waiting.clear()
        self._sock.close()

    def _flush(self) -> None:
        while self._waiting:
            data, fds = self._waiting[0]
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
            try:
                sent = self._sock.sendmsg([data], rights)
            except BlockingIOError:
                self._loop.add_writer(self._sock.fileno(), self._writable)
                return
            except OSError:
                self._gone()
                return
            close_all(fds)
            if sent < len(data):
                self._waiting[0] = (data[sent:], [])
                continue
            self._waiting.popleft()

    def _writable(self) -> None:
        self._loop.remove_writer(self._sock.fileno())
        self._flush()

    def _readable(self) -> None:
        try:
            alive = self._reader.fill()
        except BlockingIOError:
            return
        while (received := self._reader.take()) is not None:
            message, fds = received
            close_all(fds)
            self._on_message(message)
        if not alive:
            self._gone()

    def _gone(self) -> None:
        if not self.closed:
            self.close()
            self._on_close()


def socket_pair() -> tuple[socket.socket, int]:
    """A connected pair: our end, and the descriptor of the other to give away."""
    ours, theirs = socket.socketpair()
    return ours, theirs.detach()


def pipe() -> tuple[int, int]:
    """A pipe: our reading end, non-blocking, and the writing end to give away."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    return reader, writer
