"""The HTTP/1.1 server: a lean protocol on uvloop and llhttp.

Keep-alive, pipelining, streaming both ways with back-pressure, `100-continue`, limits, large
files by sendfile. A handler is `HttpRequest -> coroutine of HttpResponse`; it is started at once,
in the parser's own call, and only becomes a task when it first has to wait, because a task per
request costs more than all our own work on a point read.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
from typing import Any, Protocol, cast

import httptools

from airside.edge.answers import Answers
from airside.edge.body import StreamBody
from airside.edge.resumed import Resumed
from airside.edge.sendfile import send_file
from airside.kernel import BytesBody, Clock, FileSlice, HttpRequest, HttpResponse, Wait

Working = Coroutine[Any, Any, HttpResponse]
Handler = Callable[[HttpRequest], Working]

HEADER_BYTES_MAX = 64 * 1024
PIPELINED_MAX = 64
BUFFERED_BODY_BYTES_MAX = 64 * 1024
KEEP_ALIVE_SECONDS = 120.0
HEADER_SECONDS_MAX = 60.0
LINGER_SECONDS = 1.0
DISCARD_SECONDS_MAX = 5.0
"""How long the sender of a body that nobody wants may be silent."""
_BODILESS = frozenset({204, 304})
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_STATUS_LINES = {status: f"HTTP/1.1 {status} {phrase}" for status, phrase in _REASONS.items()}
_USUAL_NAMES = (
    "Accept Accept-Encoding Amz-Sdk-Invocation-Id Amz-Sdk-Request Authorization Cache-Control "
    "Connection Content-Encoding Content-Length Content-MD5 Content-Type Cookie Date Expect Host "
    "If-Match If-Modified-Since If-None-Match Origin Range Referer Transfer-Encoding User-Agent "
    "X-Amz-Content-SHA256 X-Amz-Date X-Amz-Security-Token X-Amz-Target X-Amz-User-Agent "
    "X-Amzn-Query-Mode X-Amzn-Trace-Id"
)
_NAMES = {
    spelt.encode(): name.lower()
    for name in _USUAL_NAMES.split()
    for spelt in (name, name.lower(), name.title())
}
"""Header names as they come, to what they are called: decoded once and not in every request."""


class Open(Protocol):
    """A client connection, whichever HTTP it speaks."""

    def expire(self, now: float) -> None:
        """Close when idle for long."""

    def abort(self) -> None:
        """Cut the connection."""


class Listener:
    """What all connections of one listening port share."""

    def __init__(self, handler: Handler, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self.handler = handler
        self.clock = clock
        self.loop = loop
        self.connections: set[Open] = set()
        self.answers = Answers(loop)
        self.date = b""
        self.refresh()

    def refresh(self) -> None:
        """Once a second: renew the Date header, close connections that idle or dawdle."""
        self.date = f"Date: {formatdate(self.clock.now(), usegmt=True)}\r\n".encode()
        now = self.loop.time()
        for connection in list(self.connections):
            connection.expire(now)

    def connection(self) -> "Connection":
        """A protocol for one accepted connection."""
        return Connection(self)


class Connection(asyncio.Protocol):
    """One client connection."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._loop = listener.loop
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._queue: deque[tuple[HttpRequest, bool]] = deque()
        self._busy = False
        self._sending = False
        self._task: asyncio.Task[None] | None = None
        self._closing = self._discarding = False
        self._writable: asyncio.Future[None] | None = None
        self._paused = False
        self._since = self._loop.time()
        self._data_bytes = 0
        self._reset()

    def _reset(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._lines: list[tuple[bytes, bytes]] = []
        self._head_bytes = 0
        """Bytes that came while the head was incomplete: at least as many as it has."""
        self._in_message = self._in_head = False
        self._chunks: list[bytes] = []
        self._stream: StreamBody | None = None
        self._expects = False
        self._missing = 0
        """Bytes of a streamed body that are still to come."""

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember both ends."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        here = transport.get_extra_info("sockname")
        self._client = peer[0] if isinstance(peer, tuple) else "127.0.0.1"
        self._port = here[1] if isinstance(here, tuple) else 0
        self._scheme = "https" if transport.get_extra_info("sslcontext") else "http"
        self._listener.connections.add(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Whoever still works for this client is told."""
        self._listener.connections.discard(self)
        self._closing = True
        self._abandon()

    def eof_received(self) -> bool:
        """A client may close its sending side and still wait for the answer."""
        return self._busy and self._stream is None

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        self._paused = True

    def resume_writing(self) -> None:
        """The client caught up."""
        self._paused = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what is malformed is answered with 400 and the connection closed."""
        if self._closing:
            return
        if self._missing:
            data = self._pass_on(data)
            if not data or self._closing:
                return
        self._data_bytes = len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(400)
        except httptools.HttpParserError as error:
            self._refuse(431 if isinstance(error.__context__, _HeadTooLarge) else 400)
        else:
            if self._in_head:  # llhttp keeps an unfinished header to itself, however long
                self._head_bytes += len(data)
                if self._head_bytes > 2 * HEADER_BYTES_MAX:
                    self._refuse(431)

    def _pass_on(self, data: bytes) -> bytes:
        """Take the bytes of a long body past the parser, which would copy them; what is left."""
        rest = data[self._missing :]
        self.on_body(data[: self._missing])
        if not self._missing:
            self._parser = httptools.HttpRequestParser(self)  # the old one waits for the body
            self.on_message_complete()
        return rest

    def expire(self, now: float) -> None:
        """Close when idle for long, or when a request head does not get finished."""
        if self._discarding:
            if now - self._since > DISCARD_SECONDS_MAX:
                self._transport.close()
        elif self._busy:
            self._since = now
        elif now - self._since > (HEADER_SECONDS_MAX if self._in_message else KEEP_ALIVE_SECONDS):
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    # -- httptools callbacks

    def on_message_begin(self) -> None:
        """A request starts."""
        self._reset()
        self._in_message = self._in_head = True

    def on_url(self, url: bytes) -> None:
        """(Part of) the request target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; repeated ones are joined."""
        self._lines.append((name, value))
        key = _NAMES.get(name) or name.decode("latin-1").lower()
        text = value.decode("latin-1")
        headers = self._headers
        if key in headers:
            text = f"{headers[key]}; {text}" if key == "cookie" else f"{headers[key]},{text}"
        headers[key] = text
        if not self._in_head:  # a trailer
            self._head_bytes += len(name) + len(value) + 4
            if self._head_bytes > HEADER_BYTES_MAX:
                raise _HeadTooLarge

    def on_headers_complete(self) -> None:
        """The head is here; decide whether the body is awaited or streamed."""
        self._in_head = False
        headers = self._headers
        if self._head_bytes + self._data_bytes > HEADER_BYTES_MAX:
            self._check_size()
        self._expects = headers.get("expect", "").lower() == "100-continue"
        length = headers.get("content-length")
        chunked = "transfer-encoding" in headers
        if self._expects or chunked or (length and int(length) > BUFFERED_BODY_BYTES_MAX):
            announced = int(length) if length and not chunked else None
            self._missing = announced or 0
            self._stream = StreamBody(announced, self._continue, self._pause_reading)
            self._enqueue(self._stream)

    def _check_size(self) -> None:
        """Raise _HeadTooLarge when the head is too large."""
        lines = sum(len(name) + len(value) + 4 for name, value in self._headers.items())
        if len(self._url) + lines > HEADER_BYTES_MAX:
            raise _HeadTooLarge

    def on_body(self, body: bytes) -> None:
        """(Part of) the body."""
        if self._missing:
            self._missing -= len(body)
        if self._discarding:
            self._since = self._loop.time()
        elif self._stream is not None:
            self._stream.feed(body)
        else:
            self._chunks.append(body)

    def on_message_complete(self) -> None:
        """The whole request is here."""
        self._in_message = False
        if self._discarding:
            self._closing = True
            self._transport.close()
        elif self._stream is not None:
            self._stream.end()
        else:
            chunks = self._chunks
            self._enqueue(BytesBody(chunks[0] if len(chunks) == 1 else b"".join(chunks)))

    # -- requests

    def _enqueue(self, body: BytesBody | StreamBody) -> None:
        if self._closing:
            return
        if self._url == b"/":
            path, query = "/", ""
        else:
            target = self._url.decode("latin-1")
            if not target.startswith("/"):
                target = _origin_form(target)
            path, _, query = target.partition("?")
        request = HttpRequest(
            self._parser.get_method().decode("latin-1"), path, query, self._headers, body,
            self._client, self._scheme, self._port, "", self._lines,
        )  # fmt: skip
        keep_alive = self._parser.should_keep_alive()
        if self._busy:
            self._queue.append((request, keep_alive))
            if len(self._queue) > PIPELINED_MAX:
                self._refuse(503)
            return
        self._run(request, keep_alive)

    def _run(self, request: HttpRequest, keep_alive: bool) -> None:
        self._busy = True
        self._advance(self._listener.handler(request), request, keep_alive)

    def _advance(
        self, working: Working, request: HttpRequest, keep_alive: bool, _ended: object = None
    ) -> None:
        """Work on a request until it is answered, or has to wait for what may need cancelling."""
        try:
            waiting_for = working.send(None)
        except StopIteration as stop:
            if not self._closing:
                self._answer_now(request, stop.value, keep_alive)
            return
        if isinstance(waiting_for, Wait):
            waiting_for._asyncio_future_blocking = False  # as a task says that it took it
            waiting_for.add_done_callback(partial(self._advance, working, request, keep_alive))
            return
        resumed = Resumed(working, waiting_for)
        self._task = self._loop.create_task(self._finish(request, resumed, keep_alive))
        if self._closing:
            self._loop.call_soon(self._task.cancel)

    async def _finish(self, request: HttpRequest, resumed: Resumed, keep_alive: bool) -> None:
        response = await resumed
        if self._closing:
            return
        self._answer_now(request, response, keep_alive)

    def _answer_now(self, request: HttpRequest, response: HttpResponse, keep_alive: bool) -> None:
        body = response.body
        self._sending = True
        if isinstance(request.body, StreamBody) and not request.body.ended:
            keep_alive = False  # the rest of the body is unread: the connection can't be reused
        if isinstance(body, bytes):
            head = self._head(response, len(body), keep_alive)
            data = head if request.method == "HEAD" else head + body
            if keep_alive and len(self._listener.connections) > 1:
                self._listener.answers.add(self._transport, data)
            else:
                self._write(data)
            self._done(keep_alive)
        else:
            self._task = self._loop.create_task(self._send(request, response, keep_alive))

    def _write(self, data: bytes) -> None:
        """Send at once, after what was answered before."""
        self._listener.answers.send()
        self._transport.write(data)

    async def _send(self, request: HttpRequest, response: HttpResponse, keep_alive: bool) -> None:
        body = response.body
        assert not isinstance(body, bytes)
        if isinstance(body, FileSlice):
            self._write(self._head(response, body.length, keep_alive))
            if request.method != "HEAD" and body.length:
                await send_file(self._loop, self._transport, body)
        else:
            keep_alive = await self._send_stream(request, response, body, keep_alive)
        if not self._closing:
            self._done(keep_alive)

    async def _send_stream(
        self,
        request: HttpRequest,
        response: HttpResponse,
        body: AsyncIterator[bytes],
        keep_alive: bool,
    ) -> bool:
        announced = response.header("content-length") is not None
        self._write(self._head(response, None, keep_alive))
        if request.method == "HEAD":
            return keep_alive
        try:
            async for chunk in body:
                if self._closing:
                    return False
                if chunk:
                    self._transport.write(
                        chunk if announced else b"%x\r\n%b\r\n" % (len(chunk), chunk)
                    )
                    await self._drain()
        except Exception:
            # The status is already on its way: cutting the connection is how HTTP says "failed".
            self._transport.abort()
            raise
        if not announced:
            self._transport.write(b"0\r\n\r\n")
        return keep_alive

    async def _drain(self) -> None:
        if self._paused and not self._closing:
            self._writable = self._loop.create_future()
            await self._writable

    def _done(self, keep_alive: bool) -> None:
        self._busy = self._sending = False
        self._task = None
        self._since = self._loop.time()
        if not keep_alive or self._closing:
            self._close()
        elif self._queue:
            self._run(*self._queue.popleft())

    def _close(self) -> None:
        """Close, but not while the client still sends a body: that would reset the connection.

        A client that sends first and reads then would never see the answer, so the rest of the
        body is thrown away as it comes, until its end or until the client stops.
        """
        stream = self._stream
        if stream is None or stream.ended or self._closing:
            self._transport.close()
            return
        self._discarding = True
        if self._expects and not stream.wanted:  # it was not asked for, and hardly comes
            self._since -= DISCARD_SECONDS_MAX - LINGER_SECONDS
        stream.discard()

    def _head(self, response: HttpResponse, length: int | None, keep_alive: bool) -> bytes:
        if response.head:
            end = b"\r\n" if keep_alive else b"Connection: close\r\n\r\n"
            return b"".join((response.head, self._listener.date, end))
        status = response.status
        lines = [_STATUS_LINES.get(status) or f"HTTP/1.1 {status} "]
        announced = False
        for name, value in response.headers:
            lines.append(f"{name}: {value}")
            if len(name) == 14 and name.lower() == "content-length":
                announced = True
        text = "\r\n".join(lines)
        if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
            text = "\r\n".join(line.replace("\r", " ").replace("\n", " ") for line in lines)
        if length is None:
            framing = b"\r\n" if announced else b"\r\nTransfer-Encoding: chunked\r\n"
        elif announced or status in _BODILESS:
            framing = b"\r\n"
        else:
            framing = b"\r\nContent-Length: %d\r\n" % length
        end = b"\r\n" if keep_alive else b"Connection: close\r\n\r\n"
        return b"".join((_encoded(text), framing, self._listener.date, end))

    def _continue(self) -> None:
        if self._expects and not self._closing:
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _pause_reading(self, paused: bool) -> None:
        if self._closing:
            return
        if paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _refuse(self, status: int) -> None:
        """Answer what cannot be understood, and close without cutting the answer off.

        Closing with unread data resets the connection, and the client never sees the answer; so
        only our side is closed, and what still comes is thrown away for a moment.
        """
        if self._closing:
            return
        if not self._sending:
            self._write(
                b"HTTP/1.1 %d %b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                % (status, _REASONS[status].encode())
            )
        self._closing = True
        self._abandon()
        if self._transport.can_write_eof():
            self._transport.write_eof()
            self._loop.call_later(LINGER_SECONDS, self._transport.close)
        else:
            self._transport.close()

    def _abandon(self) -> None:
        """Tell whoever works for this client that it is gone."""
        if self._stream is not None:
            self._stream.lose()
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        if self._task is not None:
            # Not at once: a task cancelled before its first step drops what it was to resume.
            self._loop.call_soon(self._task.cancel)


def _encoded(text: str) -> bytes:
    """A head as on the wire; codecs write what is not ASCII as UTF-8 read as Latin-1."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return b"\r\n".join(map(_encoded_line, text.split("\r\n")))


def _encoded_line(line: str) -> bytes:
    try:
        return line.encode("latin-1")
    except UnicodeEncodeError:
        return line.encode()


class _HeadTooLarge(Exception):
    """Raised inside a parser callback."""


def _origin_form(target: str) -> str:
    """`http://host/path?query` (absolute form, as proxies get it) to `/path?query`."""
    _, found, rest = target.partition("://")
    if not found:
        return "/" + target.lstrip("/")
    slash = rest.find("/")
    return rest[slash:] if slash >= 0 else "/"
