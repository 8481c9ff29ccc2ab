"""A little HTTP/1.1 server for one environment: what the Runtime API is spoken over.

The edge's server is not used here: this one knows who may connect, gives each request to one plain
function, and lets an answer wait as long as it takes (`next`).
"""

import asyncio
import json
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import httptools

from airside.runtime.peers import Address

HEADER_BYTES_MAX = 64 * 1024


class Exchange:
    """One request, and the way to answer it: once, at any time."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self.method = ""
        self.path = ""
        self.headers: dict[str, str] = {}
        """By lower-case name; trailers join them at the end of the body."""
        self.body = bytearray()
        self.body_bytes_max = 0
        """What is above is not kept, and `too_large` says so; 0 means no body is wanted."""
        self.too_large = False
        self.body_bytes = 0
        self.sink: Callable[[bytes], None] | None = None
        """Takes the body piece by piece, instead of `body`."""
        self.complete = False
        self.on_gone: Callable[[], None] | None = None
        """Called when the other side hangs up before it is answered."""

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None,
               content_type: str = "application/json") -> None:  # fmt: skip
        """Send the response."""
        self.on_gone = None
        self._connection.respond(status, {"Content-Type": content_type, **(headers or {})}, body)

    def answer_json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        """Send a JSON response."""
        self.answer(status, json.dumps(value).encode(), headers)

    def pause(self) -> None:
        """Read no more of the body for now."""
        self._connection.hold(True)

    def resume(self) -> None:
        """Read on."""
        self._connection.hold(False)

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        """Do something after a while."""
        asyncio.get_running_loop().call_later(seconds, what)

    @property
    def gone(self) -> bool:
        """Whether nobody is there any more to be answered."""
        return self._connection.closed


Handler = Callable[[Exchange], None]


class Connection(asyncio.Protocol):
    """One connection: requests one after another."""

    def __init__(
        self, on_head: Handler, on_request: Handler, admits: Callable[[Address, Address], bool]
    ) -> None:
        self.closed = False
        self._on_head = on_head
        self._on_request = on_request
        self._admits = admits
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._header_bytes = 0
        self._keep_alive = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit whom this is for, and nobody else."""
        self._transport = cast("asyncio.Transport", transport)
        theirs, ours = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        if not self._admits(theirs, ours):
            self.closed = True
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse on."""
        if self.closed or self._transport is None:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.respond(400, {}, b"")
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody will read an answer any more."""
        self.closed = True
        exchange, self._exchange = self._exchange, None
        if exchange is not None and exchange.on_gone:
            exchange.on_gone()

    def respond(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Write a response; the next request may come."""
        self._exchange = None
        if self.closed or self._transport is None:
            return
        phrase = HTTPStatus(status).phrase
        lines = [f"HTTP/1.1 {status} {phrase}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if not self._keep_alive:
            lines.append("Connection: close")
        head = "\r\n".join(lines).encode("utf-8", "replace")
        self._transport.write(b"".join((head, b"\r\n\r\n", body)))
        if not self._keep_alive:
            self._transport.close()

    def abort(self) -> None:
        """Hang up at once."""
        if self._transport is not None and not self.closed:
            self._transport.abort()

    def hold(self, held: bool) -> None:
        """Stop or go on reading."""
        if self._transport is not None and not self.closed:
            if held:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._exchange = Exchange(self)
        self._header_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Its path, whole or in parts."""
        if self._exchange is not None:
            self._exchange.path += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or one trailer."""
        self._header_bytes += len(name) + len(value)
        if self._exchange is not None and self._header_bytes <= HEADER_BYTES_MAX:
            self._exchange.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The head is there."""
        exchange = self._exchange
        if exchange is None:
            return
        exchange.method = self._parser.get_method().decode("latin-1")
        self._keep_alive = self._parser.should_keep_alive()
        if exchange.headers.get("expect", "").lower() == "100-continue" and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._on_head(exchange)

    def on_body(self, data: bytes) -> None:
        """Some of the body."""
        exchange = self._exchange
        if exchange is None:
            return
        exchange.body_bytes += len(data)
        if exchange.sink:
            exchange.sink(data)
        elif len(exchange.body) + len(data) <= exchange.body_bytes_max:
            exchange.body += data
        else:
            exchange.too_large = True

    def on_message_complete(self) -> None:
        """The request is whole."""
        exchange = self._exchange
        if exchange is not None:
            exchange.complete = True
            self._on_request(exchange)


class Listener:
    """An address of its own on this machine."""

    def __init__(self, on_head: Handler, on_request: Handler,
                 admits: Callable[[Address, Address], bool]) -> None:  # fmt: skip
        self._on_head = on_head
        self._on_request = on_request
        self._admits = admits
        self._sock: socket.socket | None = None
        self._loop = asyncio.get_running_loop()
        self._joining: set[asyncio.Task[Any]] = set()
        self._connections: set[Connection] = set()

    def open(self) -> str:
        """Listen; `host:port`."""
        self._sock = socket.create_server(("127.0.0.1", 0), backlog=32)
        self._sock.setblocking(False)
        self._loop.add_reader(self._sock.fileno(), self._accept)
        host, port = self._sock.getsockname()
        return f"{host}:{port}"

    def close(self) -> None:
        """Hang up, all."""
        if self._sock is not None:
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()
            self._sock = None
        for connection in self._connections:
            connection.abort()
        self._connections.clear()

    def _accept(self) -> None:
        if self._sock is None:
            return
        try:
            sock, _ = self._sock.accept()
        except OSError:
            return
        sock.setblocking(False)
        task = self._loop.create_task(
            self._loop.connect_accepted_socket(self._connect, sock)
        )  # fmt: skip
        self._joining.add(task)
        task.add_done_callback(self._joined)

    def _joined(self, task: "asyncio.Task[Any]") -> None:
        self._joining.discard(task)
        if not task.cancelled():
            task.exception()  # whoever has hung up by now is not missed

    def _connect(self) -> Connection:
        self._connections = {each for each in self._connections if not each.closed}
        made = Connection(self._on_head, self._on_request, self._admits)
        self._connections.add(made)
        return made
