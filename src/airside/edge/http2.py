"""HTTP/2, agreed on over TLS: frames by `h2`, requests answered by the same handler.

Every stream is a task. What a client may cost is bounded: streams at once, headers, streams given
up before they were answered, bytes that wait for a slow reader.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any, Final, cast

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from airside.edge.body import StreamBody
from airside.edge.http import Listener
from airside.kernel import BytesBody, FileSlice, HttpRequest, HttpResponse
from airside.protocol.scalars import is_size, read_size

_STREAMS_MAX: Final = 128
_HEADER_BYTES_MAX: Final = 64 * 1024
_STREAM_WINDOW: Final = 1 << 20
_CONNECTION_WINDOW: Final = 16 << 20
_RESETS_MAX: Final = 200
_IDLE_SECONDS: Final = 120.0
_CHUNK_BYTES: Final = 1 << 18
_OF_CONNECTION = frozenset({"connection", "keep-alive", "proxy-connection", "transfer-encoding",
                            "upgrade"})  # fmt: skip


_NOT_IN_TARGETS = re.compile(r"[\x00-\x20\x7f]")
_NOT_IN_VALUES = re.compile(r"[\x00\r\n]")


class _Gone(Exception):
    """The stream or its connection is closed."""


class _Stream:
    """One request and the task that answers it."""

    __slots__ = ("body", "task", "unacknowledged")

    def __init__(self) -> None:
        self.body: StreamBody | None = None
        self.task: asyncio.Task[None] | None = None
        self.unacknowledged: int | None = None
        """Bytes whose window the client gets back once the reader catches up; None: at once."""


class Http2Connection(asyncio.Protocol):
    """One client connection."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._loop = listener.loop
        config = h2.config.H2Configuration(client_side=False, header_encoding="latin-1")
        self._h2 = h2.connection.H2Connection(config)
        codes = h2.settings.SettingCodes
        self._h2.local_settings = h2.settings.Settings(client=False, initial_values={
            codes.MAX_CONCURRENT_STREAMS: _STREAMS_MAX,
            codes.MAX_HEADER_LIST_SIZE: _HEADER_BYTES_MAX,
            codes.INITIAL_WINDOW_SIZE: _STREAM_WINDOW,
        })  # fmt: skip
        self._streams: dict[int, _Stream] = {}
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._since = self._loop.time()
        self._resets = 0
        self._open = True
        self._paused = False
        self._moved: asyncio.Future[None] | None = None
        """Done when windows grew or the transport drained."""

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say how much we take."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        here = transport.get_extra_info("sockname")
        self._client = peer[0] if isinstance(peer, tuple) else "127.0.0.1"
        self._port = here[1] if isinstance(here, tuple) else 0
        self._listener.connections.add(self)
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(_CONNECTION_WINDOW)
        self._flush()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Whoever still works for this client is told."""
        self._listener.connections.discard(self)
        self._open = False
        for identifier in list(self._streams):
            self._give_up(identifier)
        self._wake()

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        self._paused = True

    def resume_writing(self) -> None:
        """The client caught up."""
        self._paused = False
        self._wake()

    def data_received(self, data: bytes) -> None:
        """Feed the frames; a client that breaks the protocol is told so and cut off."""
        if not self._open:
            return
        try:
            for event in self._h2.receive_data(data):
                self._on(event)
        except h2.exceptions.ProtocolError:
            self._flush()
            self._end()
            return
        self._flush()

    def expire(self, now: float) -> None:
        """Close when idle for long."""
        if self._streams:
            self._since = now
        elif now - self._since > _IDLE_SECONDS:
            self._h2.close_connection()
            self._flush()
            self._end()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def _end(self) -> None:
        self._open = False
        self._transport.close()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)

    def _wake(self) -> None:
        if self._moved is not None and not self._moved.done():
            self._moved.set_result(None)

    # -- events

    def _on(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            self._begin(event)
        elif isinstance(event, h2.events.DataReceived):
            self._feed(event)
        elif isinstance(event, h2.events.StreamEnded):
            stream = self._streams.get(event.stream_id)
            if stream is not None and stream.body is not None:
                stream.body.end()
        elif isinstance(event, h2.events.StreamReset):
            self._reset(event.stream_id)
        elif isinstance(event, h2.events.WindowUpdated | h2.events.RemoteSettingsChanged):
            self._wake()
        elif isinstance(event, h2.events.ConnectionTerminated):
            self._end()

    def _reset(self, identifier: int) -> None:
        """A client may change its mind, but not make a living of it."""
        if identifier in self._streams:
            self._resets += 1
            self._give_up(identifier)
        if self._resets > _RESETS_MAX:
            self._h2.close_connection(h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)
            self._flush()
            self._end()

    def _give_up(self, identifier: int) -> None:
        stream = self._streams.pop(identifier, None)
        if stream is None:
            return
        if stream.body is not None:
            stream.body.lose()
        if stream.task is not None:
            stream.task.cancel()

    def _begin(self, event: h2.events.RequestReceived) -> None:
        headers: dict[str, str] = {}
        pseudo: dict[str, str] = {}
        for name, value in cast("list[tuple[str, str]]", event.headers or []):
            if name.startswith(":"):
                pseudo[name] = value
            elif name in headers:
                joint = "; " if name == "cookie" else ","
                headers[name] = f"{headers[name]}{joint}{value}"
            else:
                headers[name] = value
        if ":authority" in pseudo:
            headers["host"] = pseudo[":authority"]
        identifier = event.stream_id
        target = pseudo.get(":path", "/")
        if _NOT_IN_TARGETS.search(target) or any(
            _NOT_IN_VALUES.search(value) for value in headers.values()
        ):  # HTTP/1.1 has no way to write them, and origins must not be told it has
            self._abort_stream(identifier, h2.errors.ErrorCodes.PROTOCOL_ERROR)
            return
        path, _, query = target.partition("?")
        stream = self._streams[identifier] = _Stream()
        body: BytesBody | StreamBody = BytesBody()
        if event.stream_ended is None:
            body = stream.body = self._body(identifier, stream, headers)
        request = HttpRequest(
            pseudo.get(":method", "GET"), path if path.startswith("/") else f"/{path}", query,
            headers, body, self._client, "https", self._port,
        )  # fmt: skip
        stream.task = self._loop.create_task(self._answer(identifier, request))

    def _body(self, identifier: int, stream: _Stream, headers: dict[str, str]) -> StreamBody:
        length = headers.get("content-length", "")

        def pause(waiting: bool) -> None:
            held, stream.unacknowledged = stream.unacknowledged, 0 if waiting else None
            if held and not waiting and self._open:
                self._acknowledge(identifier, held)
                self._flush()

        return StreamBody(read_size(length) if is_size(length) else None, lambda: None, pause)

    def _feed(self, event: h2.events.DataReceived) -> None:
        identifier, size = event.stream_id, event.flow_controlled_length or 0
        stream = self._streams.get(identifier)
        if stream is not None and stream.body is not None:
            stream.body.feed(event.data or b"")
            if stream.unacknowledged is not None:
                stream.unacknowledged += size
                return
        self._acknowledge(identifier, size)

    def _acknowledge(self, identifier: int, size: int) -> None:
        if size:
            try:
                self._h2.acknowledge_received_data(size, identifier)
            except h2.exceptions.StreamClosedError:
                return

    # -- answers

    async def _answer(self, identifier: int, request: HttpRequest) -> None:
        try:
            response = await self._listener.handler(request)
            await self._send(identifier, request, response)
        except (_Gone, h2.exceptions.ProtocolError):
            pass
        except Exception:
            self._abort_stream(identifier)  # how HTTP/2 says "failed"
            raise
        finally:
            self._streams.pop(identifier, None)
            self._since = self._loop.time()

    async def _send(self, identifier: int, request: HttpRequest, response: HttpResponse) -> None:
        body = response.body
        size = len(body) if isinstance(body, bytes) else (
            body.length if isinstance(body, FileSlice) else None
        )  # fmt: skip
        bare = request.method == "HEAD" or response.status in (204, 304) or size == 0
        if not self._open or identifier not in self._streams:
            raise _Gone
        self._h2.send_headers(identifier, self._headers(response, size), end_stream=bare)
        self._flush()
        if not bare:
            async for chunk in _chunks(body):
                await self._send_data(identifier, chunk)
            self._h2.end_stream(identifier)
            self._flush()
        waiting = self._streams.get(identifier)
        if waiting is not None and waiting.body is not None and not waiting.body.ended:
            self._abort_stream(identifier, h2.errors.ErrorCodes.NO_ERROR)  # nobody reads the rest

    def _headers(self, response: HttpResponse, size: int | None) -> list[tuple[str, str]]:
        date = self._listener.date[6:-2].decode()
        headers = [(":status", str(response.status)), ("date", date)]
        announced = False
        for name, value in response.headers:
            lowered = name.lower()
            if lowered in _OF_CONNECTION:
                continue
            announced = announced or lowered == "content-length"
            headers.append((lowered, value.replace("\r", " ").replace("\n", " ").strip()))
        if size is not None and not announced and response.status not in (204, 304):
            headers.append(("content-length", str(size)))
        return headers

    async def _send_data(self, identifier: int, data: bytes) -> None:
        view, at = memoryview(data), 0
        while at < len(view):
            if not self._open or identifier not in self._streams:
                raise _Gone
            window = self._h2.local_flow_control_window(identifier)
            size = min(window, self._h2.max_outbound_frame_size, len(view) - at)
            if size <= 0 or self._paused:
                await self._movement()
                continue
            self._h2.send_data(identifier, bytes(view[at : at + size]))
            self._flush()
            at += size

    async def _movement(self) -> None:
        if self._moved is None or self._moved.done():
            self._moved = self._loop.create_future()
        await asyncio.shield(self._moved)

    def _abort_stream(
        self, identifier: int, code: Any = h2.errors.ErrorCodes.INTERNAL_ERROR
    ) -> None:
        try:
            self._h2.reset_stream(identifier, code)
        except h2.exceptions.ProtocolError:
            return
        self._flush()


async def _chunks(body: bytes | FileSlice | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(body, bytes):
        yield body
    elif isinstance(body, FileSlice):
        with body.path.open("rb") as file:
            file.seek(body.offset)
            left = body.length
            while left > 0:
                chunk = await asyncio.to_thread(file.read, min(left, _CHUNK_BYTES))
                if not chunk:
                    raise OSError("The file is shorter than announced.")
                left -= len(chunk)
                yield chunk
    else:
        async for chunk in body:
            yield chunk
