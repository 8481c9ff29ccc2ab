"""The server's side of one execution environment: a process that serves one event at a time."""

import asyncio
import json
import signal
import socket
from collections.abc import Callable
from typing import Any

from airside.kernel.clock import Clock
from airside.runtime.channel import socket_pair
from airside.runtime.endings import exit_error, failed, for_event, of_init, peak_mb, too_large
from airside.runtime.event_log import EventLog
from airside.runtime.exchange import Exchange, Listener
from airside.runtime.extensions import Extensions
from airside.runtime.guest import frames
from airside.runtime.lifecycle import Owner, Process, State
from airside.runtime.log_pipes import LogPipes
from airside.runtime.loglines import LogLines, billed_ms
from airside.runtime.peers import Address, connects_from, hosts_of
from airside.runtime.platform_events import Init
from airside.runtime.spec import RESPONSE_BYTES_MAX, Event, FunctionSpec, Outcome
from airside.runtime.telemetry import Telemetry
from airside.runtime.template import Born, Ending, Forker

HANGING_SECONDS = 0.1
SHUTDOWN_SECONDS_MAX = 2.0
"""https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""
ENDING_SECONDS_MAX = 0.5
"""How long a caller waits for a process that was killed to be gone."""
TERMINATION_SECONDS = 0.3
"""How long a runtime may take to end when asked to."""
_CHUNK = 65536


class Environment:
    """One process, its socket and its log."""

    broke = False  # by an event: the next one runs INIT again, in what is left of it
    keeps_tmp = False  # whether, now that it is dead, its /tmp is kept
    frozen = False
    background = False  # whether others go first, because nobody waits for its event
    initialization = "on-demand"  # or provisioned-concurrency, snap-start

    def __init__(
        self, spec: FunctionSpec, owner: Owner, clock: Clock, log: LogLines,
        external: list[str] | None = None,
    ) -> None:  # fmt: skip
        self.spec = spec
        self.state = State.STARTING
        self.born_at = clock.monotonic()
        self.idle_since = 0.0
        self.init_ms: float | None = None
        self.restored = False  # whether it is a copy of a snapshot
        self.external = external or []  # extensions that are programs of their own
        self.stream: tuple[str, LogLines] = ("", log)
        """The log stream's name, and what writes to it."""
        self._owner = owner
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._log = EventLog(spec, clock, log)
        self._log.telemetry = Telemetry(clock, lambda: hosts_of(self._find_born()))
        self.extensions = Extensions(spec, self._log, self.external, self._on_extensions)
        self._listener = Listener(self._on_head, self._on_request, self._admits)
        self._process: Process | None = None
        self._born: Born | None = None
        self._process_id = 0
        self._inbox = bytearray()
        self._outbox = b""
        self._event: Event | None = None
        self._future: asyncio.Future[Outcome] | None = None
        self._began_at = self._started_at = self._ends_at = 0.0
        self._deadline: asyncio.TimerHandle | None = None
        self._verdict: Outcome | None = None  # for the caller, once the process has ended
        self._init_error: dict[str, Any] | None = None
        self._init_timed_out = False
        self._sock: socket.socket
        self._pipes = LogPipes(self._log)
        self._adopted = self._ending = self._runtime_ready = self._going = False
        self._reason = "failure"

    def listen(self) -> str:
        """Open the Runtime and Extensions API; the value of AWS_LAMBDA_RUNTIME_API."""
        return self._listener.open()

    def launch(self, start: Callable[[list[int], Callable[[Ending], None]], int],
               process: Process) -> None:  # fmt: skip
        """Have `start` make the process, given its descriptors and whom to tell of its end."""
        self._sock, their_socket = socket_pair()
        self._sock.setblocking(False)
        self._loop.add_reader(self._sock.fileno(), self._on_socket)
        given = [their_socket, *self._pipes.make(extensions=bool(self.external))]
        self._process = process
        self._process_id = start(given, self._on_exit)

    def limit_init(self, seconds: float) -> None:
        """Kill it unless INIT is over in time; one that has an event has the event's time."""
        if self._event is None:
            self._deadline_after(seconds, lambda: self._on_init_timeout(seconds))

    @property
    def process_id(self) -> int:
        """What its forker knows it by."""
        return self._process_id

    @property
    def tmp_keeper(self) -> Forker | None:
        """Who, now that it is dead, keeps its /tmp; None when nobody does."""
        process = self._process
        return process if self.keeps_tmp and isinstance(process, Forker) else None

    @property
    def tail(self) -> str:
        """What was logged for the caller of the event that is still to come."""
        return self._log.tail

    def adopt(
        self, event: Event, future: "asyncio.Future[Outcome]", tail: str, *, announced: bool
    ) -> None:
        """Run INIT as part of an event, because it failed before, or the environment broke.

        `tail` is what was said for the caller before, `announced` whether INIT_START was.
        """
        assert self.state is State.STARTING
        self._log.tail, self._log.announced = tail, announced
        self._adopted = True
        self._accept(event, future)

    def run(self, event: Event, future: "asyncio.Future[Outcome]") -> None:
        """Send an event; `future` gets its outcome, also when the process dies of it."""
        assert self.state is State.IDLE
        assert self._process is not None
        if event.background is not self.background and self._process.prioritize(
            self._process_id, background=event.background
        ):
            self.background = event.background
        self._accept(event, future)
        self._log.begin(event)
        self._hand_over(event)
        if self.frozen:  # it wakes to find its event there
            self._thaw()

    def _accept(self, event: Event, future: "asyncio.Future[Outcome]") -> None:
        self._event = event
        self._future = future
        self._began_at = self._clock.monotonic()
        self._ends_at = self._clock.now() + self.spec.timeout_seconds
        self._deadline_after(self.spec.timeout_seconds, self._on_timeout)

    def _hand_over(self, event: Event) -> None:
        self.state = State.BUSY
        deadline_ms = int(self._ends_at * 1000)
        self.extensions.invoke(event, deadline_ms)
        self._deliver(event, deadline_ms)

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

    def retire(self) -> None:
        """End it as AWS ends what is no longer needed: extensions may finish their work."""
        if self.state is State.IDLE and self.extensions.want_shutdown:
            self._leave("spindown", signal.SIGTERM)
        else:
            self.kill()

    def freeze(self) -> bool:
        """Stop all that runs in it until the next event; False when it is not the moment."""
        telemetry = self._log.telemetry
        if self.state is not State.IDLE or self._process is None:
            return False
        if telemetry is not None and not telemetry.pause():
            return False
        self.frozen = True
        self._process.freeze(self._process_id)
        return True

    def _thaw(self) -> None:
        if self.frozen and self._process is not None:
            self.frozen = False
            self._process.thaw(self._process_id)
            if self._log.telemetry is not None:
                self._log.telemetry.resume()

    def kill(self, *, keep: bool = False) -> None:
        """End the process and all its children; `keep` its /tmp for whoever comes after."""
        if self.state is not State.DEAD and self._process is not None:
            self._process.kill(self._process_id, keep=keep)

    def _leave(self, reason: str, number: int) -> None:
        """End the runtime; when it is gone, extensions are told and have their time."""
        self._thaw()
        self._reason = reason
        if not (self.external and self.extensions.want_shutdown) or self._process is None:
            self.kill(keep=reason != "spindown")
            return
        self.state = State.LEAVING
        self._process.signal(self._process_id, number)
        send = self._process.signal
        self._deadline_after(TERMINATION_SECONDS, lambda: send(self._process_id, signal.SIGKILL))

    def peak_mb(self) -> int:
        """The most memory that its process has used so far."""
        found = self._process.born(self._process_id) if self._process else None
        return peak_mb(found.pid) if found else 0

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
        if self.state not in {State.LEAVING, State.DEAD}:
            self._deadline_after(HANGING_SECONDS, lambda: self.kill(keep=True))

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
                outcome = too_large(outcome.peak_mb)
            self._finish(outcome)
            self._become_idle()
        elif kind == frames.STARTED:
            self._started_at = self._clock.monotonic()
            phase = "invoke" if self._adopted else "init"
            self._log.init, self._log.instance = Init(self.initialization, phase), self.stream[0]
            self._log.init_begins(restored=self.restored)
            self._owner.on_started(self)
            self._on_extensions()
        elif kind == frames.READY and self.state is State.STARTING:
            self._on_runtime_ready(frames.LENGTH.unpack(body)[0] / 1000)
        elif kind == frames.FAILED:
            self._init_error = json.loads(body)

    # Where it is in its life.

    def _on_runtime_ready(self, init_ms: float) -> None:
        self.init_ms = init_ms
        self._runtime_ready = True
        self._become_ready()

    def _become_ready(self) -> None:
        """INIT is over when the runtime and all extensions are ready."""
        if not self.extensions.settled:
            return
        if self.external and self.init_ms is not None:
            whole = (self._clock.monotonic() - self._started_at) * 1000
            self.init_ms = max(self.init_ms, whole)
        self._pipes.drain()
        self.extensions.init_over()
        self._log.init_over(self.init_ms or 0.0, restored=self.restored)
        if self._event is not None:
            self.init_ms = None
            self._log.begin(self._event)
            self._hand_over(self._event)
            return
        self._cancel_deadline()
        self._become_idle()

    def _become_idle(self) -> None:
        if self._ending or not self.extensions.settled:
            return
        self._cancel_deadline()
        self.state = State.IDLE
        self.idle_since = self._clock.monotonic()
        self._owner.on_ready(self)

    def _on_extensions(self) -> None:
        """An extension has registered, asked for its next event, or failed."""
        failure = self.extensions.failure
        if self.state is State.DEAD:
            if self.extensions.settled:
                self._release()
        elif failure is not None:
            self.extensions.failure = None
            self._fail_with(*failure)
        elif self.state is State.STARTING:
            if self.external and not self._going and self.extensions.all_registered:
                self._going = True
                self._send(frames.HEADER.pack(0, frames.GO))
            if self._runtime_ready:
                self._become_ready()
        elif self.state is State.BUSY and self._event is None:
            self._become_idle()

    def _fail_with(self, kind: str, said: str) -> None:
        if self.state is State.STARTING:
            message = f"RequestId: {{}} Error: {said}"
            self._init_error = {"errorType": kind, "errorMessage": message}
        elif self._event is not None:
            outcome = failed(kind, self._event.request_id, said)
            outcome.peak_mb = self.peak_mb()
            self._finish(outcome)
        self._leave("failure", signal.SIGKILL)

    # The APIs over HTTP.

    def _admits(self, theirs: Address, ours: Address) -> bool:
        """Whether a connection comes from within this environment."""
        born = self._find_born()
        return born is not None and connects_from(born, theirs, ours)

    def _find_born(self) -> Born | None:
        if self._born is None and self._process is not None:
            self._born = self._process.born(self._process_id)
        return self._born

    def _on_head(self, exchange: Exchange) -> None:
        """Before a request's body is read."""
        exchange.body_bytes_max = RESPONSE_BYTES_MAX

    def _on_request(self, exchange: Exchange) -> None:
        if not self.extensions.handle(exchange):
            exchange.answer(404, b"404 page not found\n", content_type="text/plain")

    # Endings.

    def _finish(self, outcome: Outcome) -> None:
        """Give the waiting caller its outcome; write END and REPORT."""
        event, future = self._event, self._future
        if event is None or future is None:
            return
        self._cancel_deadline()
        outcome.duration_ms = (self._clock.monotonic() - self._began_at) * 1000
        if outcome.status == "timeout":
            outcome.duration_ms = self.spec.timeout_seconds * 1000.0
        outcome.init_ms, self.init_ms, outcome.restored = self.init_ms, None, self.restored
        outcome.billed_ms = billed_ms(outcome.duration_ms, outcome.init_ms)
        self._pipes.drain()
        outcome.tail = self._log.end(event, outcome)
        self._event = self._future = None
        if self._going:  # extensions have what is left of the time
            left = max(0.0, self._ends_at - self._clock.now())
            self._deadline_after(left, lambda: self._leave("timeout", signal.SIGKILL))
        if not future.done():
            future.set_result(outcome)

    def _on_timeout(self) -> None:
        event = self._event
        if event is None:
            return
        said = f"Task timed out after {self.spec.timeout_seconds:.2f} seconds"
        outcome = failed("Sandbox.Timedout", event.request_id, said, "timeout")
        outcome.peak_mb = self.peak_mb()
        if self.state is State.STARTING:
            self._log_init_failure("timeout", "Sandbox.Timedout")
            self._log.begin(event)
        self.broke = True
        self.state = State.LEAVING
        self._verdict = outcome
        self._leave("timeout", signal.SIGKILL)
        self._loop.call_later(ENDING_SECONDS_MAX, self._give_verdict)

    def _give_verdict(self) -> None:
        if self._verdict is not None:
            self._finish(self._verdict)

    def _on_init_timeout(self, seconds: float) -> None:
        message = f"RequestId: {{}} Error: Task timed out after {seconds:.2f} seconds"
        self._init_error = {"errorType": "Sandbox.Timedout", "errorMessage": message}
        self._init_timed_out = True
        self._leave("timeout", signal.SIGKILL)

    def _on_exit(self, ending: Ending) -> None:
        """The process has ended, of its own will or not."""
        if self.state is State.DEAD:
            return
        self._drain_socket()
        was, self.state = self.state, State.DEAD
        self.broke |= self._event is not None and ending.status is not None
        self.keeps_tmp = ending.kept
        self._cancel_deadline()
        self._pipes.drain()
        failure = None
        if self._event is not None:
            if was is State.STARTING:
                _ = self._init_failure(ending)
                self._log.begin(self._event)
            self._finish(self._verdict or self._outcome_of(ending))
            self._cancel_deadline()
        elif not self._adopted and (was is State.STARTING or self._init_error is not None):
            failure = self._init_failure(ending)
        self._listener_off()
        self._owner.on_dead(self, failure)

    def _listener_off(self) -> None:
        """Let go of everything; extensions are told first, when they want to know."""
        if not (self.external and self.extensions.want_shutdown):
            self._release()
            return
        until = int((self._clock.now() + SHUTDOWN_SECONDS_MAX) * 1000)
        self._deadline_after(SHUTDOWN_SECONDS_MAX, self._release)
        self.extensions.shut_down(self._reason, until)

    def _outcome_of(self, ending: Ending) -> Outcome:
        """What becomes of an event whose process has ended."""
        assert self._event is not None
        if self._init_error is not None:
            outcome = for_event(self._init_error, self._event.request_id)
        else:
            outcome = failed(exit_error(ending)[0], self._event.request_id, exit_error(ending)[1])
            outcome.lost = ending.status is None
        outcome.peak_mb = min(self.spec.memory_mb, ending.peak_bytes >> 20)
        if outcome.error_type == "Runtime.OutOfMemory":
            outcome.peak_mb = self.spec.memory_mb
        return outcome

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
        outcome = of_init(self._init_error, ending)
        status = "timeout" if self._init_timed_out else "error"
        outcome.init_ms = self._log_init_failure(status, outcome.error_type)
        return outcome

    def _log_init_failure(self, status: str, kind: str) -> float:
        started = self._started_at or self._clock.monotonic()
        init_ms = (self._clock.monotonic() - started) * 1000
        self._log.init_failed(status, kind, init_ms, restored=self.restored)
        return init_ms

    def _deadline_after(self, seconds: float, what: Callable[[], None]) -> None:
        self._cancel_deadline()
        self._deadline = self._loop.call_later(seconds, what)

    def _cancel_deadline(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _release(self) -> None:
        if not self._pipes.open:
            return
        self._cancel_deadline()
        if self.external and self._process is not None:
            self._process.kill(self._process_id)
        self._listener.close()
        self._loop.remove_reader(self._sock.fileno())
        self._loop.remove_writer(self._sock.fileno())
        self._sock.close()
        self._pipes.close()
        self._log.close()
