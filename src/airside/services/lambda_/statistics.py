"""What each function has been doing lately, for those who watch. In memory. Pure."""

from collections import deque
from typing import Any

from airside.runtime.spec import Outcome

KEPT = 1000
"""Events whose durations are remembered."""


class Statistics:
    """One function's, since the server started."""

    __slots__ = ("_durations", "cold_starts", "errors", "events", "peak_mb", "throttles")

    def __init__(self) -> None:
        self.events = 0
        self.cold_starts = 0
        self.errors = 0
        self.throttles = 0
        self.peak_mb = 0
        self._durations: deque[float] = deque(maxlen=KEPT)

    def ended(self, outcome: Outcome) -> None:
        """One event ended."""
        self.events += 1
        self.cold_starts += outcome.init_ms is not None
        self.errors += outcome.failed
        self.peak_mb = max(self.peak_mb, outcome.peak_mb)
        self._durations.append(outcome.duration_ms)

    def report(self) -> dict[str, Any]:
        """All of it as a document. Times in milliseconds, of the last thousand events."""
        known = sorted(self._durations)
        return {
            "events": self.events, "cold_starts": self.cold_starts, "errors": self.errors,
            "throttles": self.throttles, "peak_mb": self.peak_mb,
            "p50_ms": known[len(known) // 2] if known else None,
            "p99_ms": known[int(len(known) * 0.99)] if known else None,
        }  # fmt: skip
