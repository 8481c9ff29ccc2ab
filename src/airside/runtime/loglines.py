"""A function's log: splitting its output into events, and the lines the platform adds. Pure."""

import math
from collections.abc import Callable

from airside.runtime.guest.frames import LOG_HEAD, LOG_MAGIC
from airside.runtime.platform_events import error_type_of, outcome_status
from airside.runtime.spec import Outcome

LogLines = Callable[[list[tuple[int, str]]], None]
"""Takes log events: (epoch milliseconds, text)."""

EVENT_BYTES_MAX = 256 * 1024
"""A longer line becomes several events, as in CloudWatch Logs."""
TAIL_BYTES = 4096


class Splitter:
    """Turns what comes out of a log pipe into log events.

    Lines are events; a record that begins with LOG_MAGIC is one event however many lines it has.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Events that are complete now."""
        data = self._rest + data if self._rest else data
        events: list[str] = []
        position = 0
        while position < len(data):
            frame = data.find(LOG_MAGIC, position)
            if frame != position:
                end = frame if frame >= 0 else len(data)
                position = self._lines(data, position, end, final=frame >= 0, events=events)
                if position < end:
                    break
                continue
            start = position + LOG_HEAD.size
            if len(data) < start:
                break
            _, _, length, _ = LOG_HEAD.unpack_from(data, position)
            if len(data) < start + length:
                break
            _split_long(data[start : start + length], events)
            position = start + length
        self._rest = data[position:]
        return events

    def finish(self) -> list[str]:
        """What is left, whether or not its line ended."""
        rest, self._rest = self._rest, b""
        events: list[str] = []
        if rest:
            _split_long(rest, events)
        return events

    @staticmethod
    def _lines(data: bytes, start: int, end: int, *, final: bool, events: list[str]) -> int:
        while start < end:
            newline = data.find(b"\n", start, end)
            if newline < 0:
                if not final and end - start < EVENT_BYTES_MAX:
                    return start
                newline = end - 1
            _split_long(data[start : newline + 1], events)
            start = newline + 1
        return start


def _split_long(raw: bytes, events: list[str]) -> None:
    events.extend(
        raw[at : at + EVENT_BYTES_MAX].decode("utf-8", "replace")
        for at in range(0, len(raw), EVENT_BYTES_MAX)
    )


def start_line(request_id: str, version: str) -> str:
    """The first line of every event."""
    return f"START RequestId: {request_id} Version: {version}\n"


def end_line(request_id: str) -> str:
    """The last line but one."""
    return f"END RequestId: {request_id}\n"


def report_line(request_id: str, outcome: Outcome, memory_mb: int) -> str:
    """The REPORT line, as AWS writes it."""
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {outcome.duration_ms:.2f} ms",
        f"Billed Duration: {outcome.billed_ms} ms",
        f"Memory Size: {memory_mb} MB",
        f"Max Memory Used: {outcome.peak_mb} MB",
    ]
    if outcome.init_ms is not None and outcome.restored:
        parts.append(f"Restore Duration: {outcome.init_ms:.2f} ms")
        parts.append(f"Billed Restore Duration: {math.ceil(outcome.init_ms)} ms")
    elif outcome.init_ms is not None:
        parts.append(f"Init Duration: {outcome.init_ms:.2f} ms")
    if outcome.status == "timeout":
        parts.append("Status: timeout")
    elif outcome_status(outcome) == "error":
        parts.extend(("Status: error", f"Error Type: {error_type_of(outcome.error_type)}"))
    return "\t".join(parts) + "\t\n"


def billed_ms(duration_ms: float, init_ms: float | None) -> int:
    """Whole milliseconds charged: INIT and the event together, rounded up once."""
    return max(1, math.ceil(duration_ms + (init_ms or 0.0)))
