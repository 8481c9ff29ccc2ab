"""The log of one environment: its output and the platform's lines, as text or JSON."""

import json

from airside.kernel.clock import Clock, iso8601
from airside.runtime import platform_events
from airside.runtime.loglines import (
    TAIL_BYTES,
    LogLines,
    Splitter,
    end_line,
    report_line,
    start_line,
)
from airside.runtime.platform_events import PlatformEvent
from airside.runtime.spec import Event, FunctionSpec, Outcome
from airside.runtime.telemetry import Telemetry

_TAIL_EVENTS = 4096  # of at least one byte each
_EXIT_ERRORS = ("Runtime.ExitError", "Runtime.OutOfMemory", "Extension.Crash")


class EventLog:
    """Where everything goes that an environment and its platform say."""

    def __init__(self, spec: FunctionSpec, clock: Clock, lines: LogLines) -> None:
        self.telemetry: Telemetry | None = None
        self._spec = spec
        self._clock = clock
        self._lines = lines
        self._json = spec.log_format == "JSON"
        self._splitter = Splitter()
        self.tail = ""
        """The end of what the caller of an event sees, also of what INIT says."""
        self._keeps_tail = True
        self.init = platform_events.Init()
        self.announced = False
        """Whether INIT_START has been written."""
        self.instance = ""
        """The environment's name: its log stream's."""

    def begin(self, event: Event) -> None:
        """An event begins."""
        self._keeps_tail = event.tail
        if not self._json:
            self.write([start_line(event.request_id, self._spec.version)])
        if self._json or self.telemetry:
            version = self._spec.version
            self.emit(platform_events.start(event.request_id, version, event.trace_id))

    def output(self, data: bytes, splitter: Splitter | None = None) -> None:
        """What came out of the process, or of an extension, which has a splitter of its own."""
        texts = (splitter or self._splitter).feed(data)
        if texts:
            self._say(texts, "extension" if splitter else "function")

    def rest(self, splitter: Splitter | None = None) -> None:
        """There will be no more: the last line counts even without its end."""
        texts = (splitter or self._splitter).finish()
        if texts:
            self._say(texts, "extension" if splitter else "function")

    def end(self, event: Event, outcome: Outcome) -> bytes:
        """An event has ended; the tail, for the caller who asked."""
        texts = self._splitter.finish()
        if texts:
            self._say(texts, "function")
        memory_mb = self._spec.memory_mb
        if not self._json:
            lines = self._ending_lines(event, outcome)
            lines += [end_line(event.request_id), report_line(event.request_id, outcome, memory_mb)]
            self.write(lines)
        if self._json or self.telemetry:
            self.emit(platform_events.runtime_done(event.request_id, outcome))
            self.emit(platform_events.report(event.request_id, outcome, memory_mb))
        tail, self.tail = self.tail if self._keeps_tail else "", ""
        self._keeps_tail = False
        return tail.encode()[-TAIL_BYTES:]

    def _ending_lines(self, event: Event, outcome: Outcome) -> list[str]:
        if outcome.status == "timeout":
            took = f"Task timed out after {self._spec.timeout_seconds:.2f} seconds"
            return [f"{iso8601(self._clock.now())} {event.request_id} {took}\n\n"]
        if outcome.error_type in _EXIT_ERRORS:
            said = json.loads(outcome.payload)["errorMessage"]
            return [f"{said}\n{outcome.error_type}\n"]
        return []

    def emit(self, event: PlatformEvent, text: str = "") -> None:
        """Tell what the platform does; `text` is the line that text logs have of it."""
        if self.telemetry:
            self.telemetry.add(event.kind, event.record)
        if not self._json:
            if text:
                self.write([text])
        elif platform_events.at_least(event.level, self._spec.system_log_level):
            record = {
                "time": iso8601(self._clock.now()),
                "type": event.kind,
                "record": event.record,
            }
            self.write([json.dumps(record, separators=(",", ":")) + "\n"])

    def init_begins(self, *, restored: bool) -> None:
        """The process is there."""
        spec, init = self._spec, self.init
        if self.announced:
            return  # when it was tried first
        text = (
            f"{'RESTORE' if restored else 'INIT'}_START Runtime Version: {spec.runtime_version}"
            f"\tRuntime Version ARN: {spec.runtime_version_arn}\n"
        )
        tail = self.tail
        if restored:
            self.emit(platform_events.restore_start(spec, self.instance), text)
        else:
            self.emit(platform_events.init_start(spec, init, self.instance), text)
        self.tail = tail

    def init_over(self, init_ms: float, *, restored: bool) -> None:
        """INIT has ended well, or a snapshot was copied."""
        if restored:
            text = f"RESTORE_REPORT Restore Duration: {init_ms:.2f} ms\n"
            self.emit(platform_events.restore_done("success"))
            tail = self.tail
            self.emit(platform_events.restore_report(init_ms, "success"), text)
            self.tail = tail
        elif self.telemetry or self._json or self.init.kind == "snap-start":
            self.emit(platform_events.init_done(self.init, "success"))
            text = f"INIT_REPORT Init Duration: {init_ms:.2f} ms\n"
            event = platform_events.init_report(self.init, "success", init_ms)
            self.emit(event, text if self.init.kind == "snap-start" else "")
        if self.telemetry:
            self.telemetry.init_over()
            if not self.telemetry.wanted:
                self.telemetry = None

    def init_failed(self, status: str, error_type: str, init_ms: float, *, restored: bool) -> None:
        """INIT, or copying a snapshot, has ended badly, or not at all."""
        kind = platform_events.error_type_of(error_type) if status == "error" else ""
        text = f"\tStatus: {status}" + (f"\tError Type: {kind}" if kind else "") + "\n"
        if restored:
            self.emit(platform_events.restore_done(status, kind))
            text = f"RESTORE_REPORT Restore Duration: {init_ms:.2f} ms{text}"
            self.emit(platform_events.restore_report(init_ms, status, kind), text)
        else:
            self.emit(platform_events.init_done(self.init, status, kind))
            text = f"INIT_REPORT Init Duration: {init_ms:.2f} ms\tPhase: {self.init.phase}{text}"
            self.emit(platform_events.init_report(self.init, status, init_ms, kind), text)

    def close(self) -> None:
        """There will be no more."""
        if self.telemetry:
            self.telemetry.flush()

    def write(self, texts: list[str]) -> None:
        """Write log events."""
        if self._keeps_tail:
            self.tail = "".join((self.tail, *texts[-_TAIL_EVENTS:]))[-TAIL_BYTES:]
        now = int(self._clock.now() * 1000)
        self._lines([(now, text) for text in texts])

    def _say(self, texts: list[str], kind: str) -> None:
        self.write(texts)
        if self.telemetry:
            for text in texts:
                self.telemetry.add(kind, text.removesuffix("\n"))
