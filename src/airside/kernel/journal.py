"""What requests touched: the last few thousand steps of those that functions take part in."""

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from airside.kernel.clock import Clock

if TYPE_CHECKING:
    from airside.kernel.context import Context

SPANS_MAX = 20_000


class Span(NamedTuple):
    """One step of a request."""

    trace: str
    """The root that all steps of one request share."""
    request_id: str
    service: str
    operation: str
    resource: str
    began_at: float
    seconds: float
    error: str
    init_seconds: float


def root_of(trace_id: str) -> str:
    """The root that a tracing header names: `Root=1-...;Parent=...;Sampled=0`."""
    for part in trace_id.split(";"):
        name, _, value = part.partition("=")
        if name.strip() == "Root":
            return value
    return ""


class Journal:
    """The steps of one environment's requests."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._spans: deque[Span] = deque(maxlen=SPANS_MAX)

    def record(
        self, ctx: "Context", began: float, *, resource: str = "", error: str = "",
        operation: str = "", request_id: str = "", init_seconds: float = 0.0,
    ) -> None:  # fmt: skip
        """Note a step that ends now and began at an instant of the monotonic clock."""
        seconds = self._clock.monotonic() - began
        self._spans.append(Span(
            ctx.trace_id, request_id or ctx.request_id, ctx.service, operation or ctx.operation,
            resource, self._clock.now() - seconds, seconds, error, init_seconds,
        ))  # fmt: skip

    def find(self, name: str) -> list[Span]:
        """All steps of the request that has this request id or trace root, as they began."""
        named = root_of(name) or name
        roots = {
            root_of(span.trace)
            for span in self._spans
            if span.request_id == name or root_of(span.trace) == named
        }
        found = [span for span in self._spans if root_of(span.trace) in roots]
        return sorted(found, key=lambda span: span.began_at)
