"""The record of an asynchronous event. Pure."""

from msgspec import Struct


class AsyncEvent(Struct, kw_only=True):
    """An event that was accepted and has not ended. Instants in epoch seconds."""

    event_id: str
    request_id: str
    function: str
    qualifier: str
    payload: bytes
    accepted_at: float
    next_at: float
    attempts: int = 0
    throttles: int = 0
    trace_id: str = ""
    client_context: str = ""


def throttle_wait_seconds(throttles: int) -> float:
    """How long a throttled event waits: one second, growing to five minutes."""
    return float(min(300, 2 ** min(throttles - 1, 9)))
