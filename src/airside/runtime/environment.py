"""The server's side of one execution environment: a process that serves one event at a time."""

import asyncio
import json
import os
import re
import socket
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from airside.kernel.clock import Clock, iso8601
from airside.runtime.channel import pipe, socket_pair
from airside.runtime.guest import frames
from airside.runtime.loglines import (
    TAIL_BYTES,
    Splitter,
    billed_ms,
    end_line,
    report_line,
    start_line,
)  # fmt: skip
from airside.runtime.spec import RESPONSE_BYTES_MAX, Event, FunctionSpec, Outcome
from airside.runtime.template import Born, Ending, describe_exit

LogLines = Callable[[list[tuple[int, str]]], None]
"""Takes log events: (epoch milliseconds, text)."""

HANGING_SECONDS = 0.1
_TAIL_EVENTS = 4096  # of at least one byte each
_CHUNK = 262144
_PIPE_CHUNK = 65536


class Process(Protocol):
    """Whatever runs an environment: a template's fork, or a program of its own."""

    def kill(self, environment_id: int) -> None:
        """Kill it and every process in it."""
        ...

    def born(self, environment_id: int) -> Born | None:
        """Which process it is; None when that is not known yet, or no more."""
        ...


class State(Enum):
    """Where an environment is in its life."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    DEAD = "dead"


class Owner(Protocol):
    """Who is told what becomes of an environment."""

    def on_started(self, environment: "Environment") -> None:
        """The process is there; INIT has begun."""
        ...

    def on_ready(self, environment: "Environment") -> None:
        """It can take an event: after INIT, and after each event."""
        ...

    def on_dead(self, environment: "Environment", failure: Outcome | None) -> None:
        """It is gone; `failure` says why when INIT did not end well."""
        ...


class Environment:
    """One process, its socket and its log."""

    def __init__(self, spec: FunctionSpec, owner: Owner, clock: Clock, log: LogLines) -> None:
        self.spec = spec
        self.state = State.STARTING
        self.born_at = clock.monotonic()
        self.idle_since = 0.0
        self.init_ms: float | None = None
        self.pid_hint = 0
        self._owner = owner
        self._clock = clock
        self._log = log
        self._splitter = Splitter()
        self._tail: str | None = None
        self._loop = asyncio.get_running_loop()
        self._process: Process | None = None
        self._process_id = 0
        self._inbox = bytearray()
        self._outbox = b""
        self._event: Event | None = None
        self._future: asyncio.Future[Outcome] | None = None
        self._began_at = 0.0
        self._started_at = 0.0
        self._deadline: asyncio.TimerHandle | None = None
        self._init_error: dict[str, Any] | None = None
        self._sock: socket.socket
        self._pipe = -1
        self._ending = False

    def launch(self, start: Callable[[list[int], Callable[[Ending], None]], int],
               process: Process) -> None:  # fmt: skip
        """Have `start` make the process, given its two descriptors and whom to tell of its end."""
        self._sock, their_socket = socket_pair()
        self._sock.setblocking(False)
        self._pipe, their_pipe = pipe()
        self._loop.add_reader(self._sock.fileno(), self._on_socket)
        self._loop.add_reader(self._pipe, self._on_pipe)
        self._process = process
        self._process_id = start([their_socket, their_pipe], self._on_exit)

    def limit_init(self, seconds: float) -> None:
        """Kill it unless INIT is over in time."""
        self._deadline_after(seconds, lambda: self._on_init_timeout(seconds))

    def run(self, event: Event, future: "asyncio.Future[Outcome]") -> None:
        """Send an event; `future` gets its outcome, also when the process dies of it."""
        assert self.state is State.IDLE
        self.state = State.BUSY
        self._event = event
        self._future = future
        self._tail = "" if event.tail else None
        now = self._clock.now()
        self._write_log([(int(now * 1000), start_line(event.request_id, self.spec.version))])
        timeout = self.spec.timeout_seconds
        self._began_at = self._clock.monotonic()
        self._deadline = self._loop.call_later(timeout, self._on_timeout)
        self._deliver(event, int((now + timeout) * 1000))

    def _deliver(self, event: Event, deadline_ms: int) -> None:
        """Hand the event to the process."""
        head = "\n".join((
            event.request_id, str(deadline_ms), event.arn, event.trace_id,
            event.client_context.replace("\n", " "), event.identity.replace("\n", " "),
        )).encode()  # fmt: skip
        body = event.payload
        length = frames.LENGTH.size + len(head) + len(body)
        self._send(b"".join((
            frames.HEADER.pack(length, frames.INVOKE), frames.LENGTH.pack(len(head)), head, body,
        )))  # fmt: skip

    def kill(self) -> None:
        """End the process and all its children."""
        if self.state is not State.DEAD and self._process is not None:
            self._process.kill(self._process_id)

    def peak_mb(self) -> int:
        """The most memory that its process has used so far, as far as that can be seen."""
        born = self._process.born(self._process_id) if self._process else None
        return peak_mb(born.pid) if born else 0

    # Writing and reading, never blocking the loop.

    def _send(self, data: bytes) -> None:
        try:
            sent = self._sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # it is dying; _on_socket or _on_exit says so
        if sent < len(data):
            self._outbox = data[sent:]
            self._loop.add_writer(self._sock.fileno(), self._on_writable)

    def _on_writable(self) -> None:
        self._loop.remove_writer(self._sock.fileno())
        data, self._outbox = self._outbox, b""
        self._send(data)

    def _on_socket(self) -> None:
        try:
            data = self._sock.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._sock.fileno())
            self._on_hang_up()
            return
        self._inbox += data
        self._take_frames()

    def _on_hang_up(self) -> None:
        # It has ended, which its template will tell, or has closed what it is reached by.
        self._deadline_after(HANGING_SECONDS, self.kill)

    def _take_frames(self) -> None:
        inbox = self._inbox
        while len(inbox) >= frames.HEADER.size:
            length, kind = frames.HEADER.unpack_from(inbox)
            end = frames.HEADER.size + length
            if len(inbox) < end:
                return
            body = bytes(inbox[frames.HEADER.size : end])
            del inbox[:end]
            self._on_frame(kind, body)

    def _on_frame(self, kind: int, body: bytes) -> None:
        if kind in {frames.RESULT, frames.ERROR} and self.state is State.BUSY:
            (peak_kb,) = frames.LENGTH.unpack_from(body)
            payload = body[frames.LENGTH.size :]
            outcome = Outcome(payload, peak_mb=max(1, peak_kb // 1024))
            if kind == frames.ERROR:
                outcome.status = "error"
                outcome.error_type = json.loads(payload)["errorType"]
            elif len(payload) > RESPONSE_BYTES_MAX:
                outcome = too_large(len(payload), outcome.peak_mb)
            self._finish(outcome)
            self._become_idle()
        elif kind == frames.STARTED:
            self._started_at = self._clock.monotonic()
            self._owner.on_started(self)
        elif kind == frames.READY and self.state is State.STARTING:
            self._cancel_deadline()
            self.init_ms = frames.LENGTH.unpack(body)[0] / 1000
            self._become_idle()
        elif kind == frames.FAILED and self.state is State.STARTING:
            self._init_error = json.loads(body)

    def _become_idle(self) -> None:
        if self._ending:
            return
        self.state = State.IDLE
        self.idle_since = self._clock.monotonic()
        self._owner.on_ready(self)

    # The log.

    def _on_pipe(self) -> None:
        try:
            data = os.read(self._pipe, _PIPE_CHUNK)
        except BlockingIOError:
            return
        if not data:
            self._loop.remove_reader(self._pipe)
            return
        self._take_output(data)

    def _take_output(self, data: bytes) -> None:
        events = self._splitter.feed(data)
        if events:
            now = int(self._clock.now() * 1000)
            self._write_log([(now, text) for text in events])

    def _drain_pipe(self) -> None:
        """Everything written before the answer was sent is in the pipe by now."""
        try:
            while data := os.read(self._pipe, _PIPE_CHUNK):
                self._take_output(data)
                if len(data) < _PIPE_CHUNK // 16:
                    return
        except BlockingIOError:
            pass

    def _write_log(self, events: list[tuple[int, str]]) -> None:
        if self._tail is not None:
            self._tail = "".join((self._tail, *(text for _, text in events[-_TAIL_EVENTS:])))
            self._tail = self._tail[-TAIL_BYTES:]
        self._log(events)

    # Endings.

    def _finish(self, outcome: Outcome) -> None:
        """Give the waiting caller its outcome; write END and REPORT."""
        event, future = self._event, self._future
        if event is None or future is None:
            return
        self._cancel_deadline()
        outcome.duration_ms = (self._clock.monotonic() - self._began_at) * 1000
        outcome.init_ms, self.init_ms = self.init_ms, None
        outcome.billed_ms = billed_ms(outcome.duration_ms, outcome.init_ms)
        self._drain_pipe()
        now = int(self._clock.now() * 1000)
        lines = [(now, text) for text in self._splitter.finish()]
        if outcome.status == "timeout":
            lines.append((now, _timeout_line(now, event.request_id, self.spec.timeout_seconds)))
        elif outcome.error_type in _EXIT_ERRORS:
            said = json.loads(outcome.payload)["errorMessage"]
            lines.append((now, f"{said}\n{outcome.error_type}\n"))
        lines.append((now, end_line(event.request_id)))
        lines.append((now, report_line(event.request_id, outcome, self.spec.memory_mb)))
        self._write_log(lines)
        if self._tail is not None:
            outcome.tail = self._tail.encode()[-TAIL_BYTES:]
        self._event = self._future = self._tail = None
        if not future.done():
            future.set_result(outcome)

    def _on_timeout(self) -> None:
        event = self._event
        if event is None:
            return
        took = f"{self.spec.timeout_seconds:.2f} seconds"
        message = f"RequestId: {event.request_id} Error: Task timed out after {took}"
        payload = {"errorType": "Sandbox.Timedout", "errorMessage": message}
        outcome = Outcome(json.dumps(payload).encode(), "timeout", "Sandbox.Timedout")
        outcome.peak_mb = self.peak_mb()
        self._finish(outcome)
        self.kill()

    def _on_init_timeout(self, seconds: float) -> None:
        message = f"RequestId: {{}} Error: Task timed out after {seconds:.2f} seconds"
        self._init_error = {"errorType": "Sandbox.Timedout", "errorMessage": message}
        self.kill()

    def _on_exit(self, ending: Ending) -> None:
        """The process has ended, of its own will or not."""
        if self.state is State.DEAD:
            return
        self._drain_socket()
        was, self.state = self.state, State.DEAD
        self._cancel_deadline()
        failure = None
        if was is State.STARTING:
            failure = self._init_failure(ending)
        elif self._event is not None:
            kind, said = _exit_error(ending)
            message = f"RequestId: {self._event.request_id} Error: {said}"
            payload = {"errorType": kind, "errorMessage": message}
            outcome = Outcome(json.dumps(payload).encode(), "error", kind)
            outcome.lost = ending.status is None
            outcome.peak_mb = min(self.spec.memory_mb, ending.peak_bytes >> 20)
            if ending.out_of_memory:
                outcome.peak_mb = self.spec.memory_mb
            self._finish(outcome)
        else:
            self._drain_pipe()
        self._release()
        self._owner.on_dead(self, failure)

    def _drain_socket(self) -> None:
        """What was sent just before the end still counts."""
        self._ending = True
        try:
            while data := self._sock.recv(_CHUNK):
                self._inbox += data
        except OSError:
            pass
        self._take_frames()

    def _init_failure(self, ending: Ending) -> Outcome:
        self._drain_pipe()
        error = self._init_error
        if error is None:
            kind, said = _exit_error(ending)
            error = {"errorType": kind, "errorMessage": f"RequestId: {{}} Error: {said}"}
        started = self._started_at or self._clock.monotonic()
        init_ms = (self._clock.monotonic() - started) * 1000
        kind = error.get("errorType", "Runtime.Unknown")
        lost = self._init_error is None and ending.status is None
        return Outcome(json.dumps(error).encode(), "error", kind, init_ms=init_ms, lost=lost)

    def _deadline_after(self, seconds: float, what: Callable[[], None]) -> None:
        self._cancel_deadline()
        self._deadline = self._loop.call_later(seconds, what)

    def _cancel_deadline(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _release(self) -> None:
        for fd in (self._sock.fileno(), self._pipe):
            self._loop.remove_reader(fd)
        self._loop.remove_writer(self._sock.fileno())
        self._sock.close()
        os.close(self._pipe)
        rest = self._splitter.finish()
        if rest:
            now = int(self._clock.now() * 1000)
            self._write_log([(now, text) for text in rest])


def peak_mb(pid: int) -> int:
    """The peak of a living process's memory, in MiB."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+)", status, re.MULTILINE)
    return max(1, int(found.group(1)) // 1024) if found else 0


def too_large(length: int, peak_mb: int) -> Outcome:
    """What becomes of an answer that is larger than an answer may be."""
    message = (
        f"Response payload size ({length} bytes) exceeded maximum allowed payload size "
        f"({RESPONSE_BYTES_MAX} bytes)."
    )
    kind = "Function.ResponseSizeTooLarge"
    payload = json.dumps({"errorType": kind, "errorMessage": message}).encode()
    return Outcome(payload, "error", kind, peak_mb=peak_mb)


_EXIT_ERRORS = ("Runtime.ExitError", "Runtime.OutOfMemory")


def _exit_error(ending: Ending) -> tuple[str, str]:
    """The type and the wording of a process's end."""
    if ending.out_of_memory:
        return "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"
    return "Runtime.ExitError", describe_exit(ending.status)


def _timeout_line(now_ms: int, request_id: str, seconds: int) -> str:
    return f"{iso8601(now_ms / 1000)} {request_id} Task timed out after {seconds:.2f} seconds\n\n"
