"""Environments whose process speaks the Lambda Runtime API over HTTP: Node, `bootstrap`.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import base64
import binascii
import json
import signal
from typing import Any

from airside.runtime.endings import too_large
from airside.runtime.environment import HANGING_SECONDS, Environment
from airside.runtime.exchange import Exchange
from airside.runtime.lifecycle import State
from airside.runtime.spec import RESPONSE_BYTES_MAX, Event, Outcome
from airside.runtime.stream import STREAM_BYTES_MAX, ResponseStream
from airside.runtime.template import Ending

BASE = "/2018-06-01/runtime"
SETTLING_SECONDS = 0.1
"""How long an answer waits for the runtime to ask for the next event, so that REPORT is whole."""

_STATUS_OK = {"status": "OK"}


class ProgramEnvironment(Environment):
    """One process that asks for its events, at an address of its own."""

    _asking: Exchange | None = None
    """The request for the next event, which waits for one."""
    _undelivered: tuple[Event, int] | None = None
    _answer: Outcome | None = None
    """What the function answered, until the runtime asks for more."""
    _streaming: "Streaming | None" = None
    _answered = False

    # What the environment does.

    def _on_hang_up(self) -> None:
        """The socket that a forked runtime would use closes when the program begins."""

    def _deliver(self, event: Event, deadline_ms: int) -> None:
        self._answered = False
        self._answer = None
        asking, self._asking = self._asking, None
        if asking is None or asking.gone:
            self._undelivered = event, deadline_ms
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": event.arn,
        }
        more = {
            "Lambda-Runtime-Trace-Id": event.trace_id,
            "Lambda-Runtime-Client-Context": event.client_context,
            "Lambda-Runtime-Cognito-Identity": event.identity,
        }
        for name, value in more.items():
            if value:
                headers[name] = value.replace("\r", " ").replace("\n", " ")
        asking.answer(200, event.payload, headers)

    def _finish(self, outcome: Outcome) -> None:
        streaming, self._streaming = self._streaming, None
        if streaming is not None:
            streaming.close()
        super()._finish(outcome)

    def _on_exit(self, ending: Ending) -> None:
        if self._answer is not None and self._event is not None:
            self._settle()
        super()._on_exit(ending)

    def _settle(self) -> None:
        """Give the caller the answer; the process may still be at work until its time is up."""
        answer, self._answer = self._answer, None
        if answer is None or self._event is None:
            return
        answer.peak_mb = answer.peak_mb or self.peak_mb()
        self._finish(answer)
        left = max(0.0, self._ends_at - self._clock.now())
        self._deadline_after(left, lambda: self._leave("timeout", signal.SIGKILL))

    def _done(self, outcome: Outcome) -> None:
        self._answered = True
        self._answer = outcome
        self._loop.call_later(SETTLING_SECONDS, self._settle_later, outcome)

    def _settle_later(self, outcome: Outcome) -> None:
        if self._answer is outcome:
            self._settle()

    # The Runtime API.

    def _on_head(self, exchange: Exchange) -> None:
        super()._on_head(exchange)
        mode = exchange.headers.get("lambda-runtime-function-response-mode", "").lower()
        if mode == "streaming" and self._asked_for(exchange, "response"):
            assert self._event is not None
            self._streaming = Streaming(exchange, self._event)

    def _on_request(self, exchange: Exchange) -> None:
        if exchange.path == f"{BASE}/invocation/next" and exchange.method == "GET":
            self._next(exchange)
        elif exchange.path == f"{BASE}/init/error" and exchange.method == "POST":
            self._fail_init(exchange)
        elif exchange.path.startswith(f"{BASE}/invocation/") and exchange.method == "POST":
            self._take_answer(exchange)
        else:
            super()._on_request(exchange)

    def _next(self, exchange: Exchange) -> None:
        busy = self.state is State.BUSY
        if busy and self._undelivered is None and not self._answered:
            _refuse_state(exchange)
            return
        self._asking = exchange
        if self.state is State.STARTING:
            self._on_runtime_ready((self._clock.monotonic() - self._started_at) * 1000)
        elif busy and self._undelivered is not None:
            waiting, self._undelivered = self._undelivered, None
            self._deliver(*waiting)
        elif busy:
            self._settle()
            self._become_idle()

    def _fail_init(self, exchange: Exchange) -> None:
        if self.state is not State.STARTING or self._init_error is not None:
            _refuse_state(exchange)
            return
        self._init_error = _error_of(exchange)
        exchange.answer_json(202, _STATUS_OK)
        self._deadline_after(HANGING_SECONDS, lambda: self.kill(keep=True))

    def _asked_for(self, exchange: Exchange, what: str) -> bool:
        event = self._event
        return (
            event is not None and not self._answered
            and exchange.path == f"{BASE}/invocation/{event.request_id}/{what}"
        )  # fmt: skip

    def _take_answer(self, exchange: Exchange) -> None:
        streaming = self._streaming
        if streaming is not None and streaming.exchange is exchange:
            exchange.answer_json(202, _STATUS_OK)
            self._done(streaming.outcome())
        elif self._asked_for(exchange, "response"):
            self._take_response(exchange)
        elif self._asked_for(exchange, "error"):
            error = _error_of(exchange)
            payload = bytes(exchange.body) or json.dumps(error).encode()
            exchange.answer_json(202, _STATUS_OK)
            self._done(Outcome(payload, "error", error["errorType"]))
        elif self._event is not None and self._event.request_id in exchange.path:
            _refuse_state(exchange)
        else:
            _refuse(exchange, 400, "InvalidRequestID", "Invalid request ID")

    def _take_response(self, exchange: Exchange) -> None:
        if exchange.too_large:
            said = f"Exceeded maximum allowed payload size ({RESPONSE_BYTES_MAX} bytes)."
            _refuse(exchange, 413, "RequestEntityTooLarge", said)
            self._done(too_large(0))
        else:
            exchange.answer_json(202, _STATUS_OK)
            self._done(Outcome(bytes(exchange.body)))


class Streaming:
    """A response that comes in chunks, with an error in its trailers when it does not end well."""

    def __init__(self, exchange: Exchange, event: Event) -> None:
        self.exchange = exchange
        self._collected = bytearray()
        self._count = 0
        self._stream: ResponseStream | None = event.stream
        self._error: Outcome | None = None
        exchange.sink = self._take
        if self._stream is not None:
            kind = exchange.headers.get("content-type") or "application/octet-stream"
            self._stream.begin(kind, exchange.resume)

    def _take(self, data: bytes) -> None:
        self._count += len(data)
        limit = RESPONSE_BYTES_MAX if self._stream is None else STREAM_BYTES_MAX
        if self._count > limit:
            self._error = self._error or too_large(0)
        elif self._stream is None:
            self._collected += data
        elif not self._stream.feed(data):
            self.exchange.pause()

    def close(self) -> None:
        """Tell the reader that there is no more."""
        if self._stream is not None:
            self._stream.end()

    def outcome(self) -> Outcome:
        """What has become of it, at its end."""
        headers = self.exchange.headers
        kind = headers.get("lambda-runtime-function-error-type")
        if kind is None:
            return self._error or Outcome(bytes(self._collected))
        try:
            body = base64.b64decode(headers.get("lambda-runtime-function-error-body", ""))
        except binascii.Error:
            body = b""
        fallback = json.dumps({"errorType": kind, "errorMessage": ""}).encode()
        return Outcome(body or fallback, "error", kind)


def _error_of(exchange: Exchange) -> dict[str, Any]:
    """The error that a runtime reports, with a type and a message whatever it sent."""
    try:
        error = json.loads(exchange.body)
    except ValueError:
        error = {}
    if not isinstance(error, dict):
        error = {}
    kind = exchange.headers.get("lambda-runtime-function-error-type")
    error.setdefault("errorType", kind or "Runtime.Unknown")
    error.setdefault("errorMessage", "")
    return error


def _refuse(exchange: Exchange, status: int, kind: str, message: str) -> None:
    exchange.answer_json(status, {"errorMessage": message, "errorType": kind})


def _refuse_state(exchange: Exchange) -> None:
    _refuse(exchange, 403, "InvalidStateTransition", "State transition is not allowed")
