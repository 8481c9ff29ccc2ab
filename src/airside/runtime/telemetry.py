"""The Telemetry API's other half: what subscribers are sent.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from airside.kernel.clock import Clock, iso8601

TYPES = ("platform", "function", "extension")
EARLY_EVENTS_MAX = 10_000
_HOSTS = ("sandbox", "sandbox.localdomain", "127.0.0.1", "localhost")
_TRIES = 3
_SECONDS_MAX = 2.0


class SubscriptionError(Exception):
    """What a subscription asks for is not to be had."""


class Subscription:
    """One subscriber: what it wants, where to, and what waits for it."""

    def __init__(self, body: Any) -> None:
        if not isinstance(body, dict) or not isinstance(body.get("destination"), dict):
            raise SubscriptionError("destination is required")
        types = body.get("types")
        if not isinstance(types, list) or not types or not set(types) <= set(TYPES):
            raise SubscriptionError(f"types must be some of {', '.join(TYPES)}")
        self.types: list[str] = types
        destination, buffering = body["destination"], body.get("buffering") or {}
        self.protocol = str(destination.get("protocol", "HTTP")).upper()
        uri = urlsplit(str(destination.get("URI", "")))
        port = destination.get("port") if self.protocol == "TCP" else uri.port or 80
        if self.protocol not in {"HTTP", "TCP"} or not isinstance(port, int):
            raise SubscriptionError(
                "the destination's protocol is HTTP with a URI, or TCP with a port"
            )
        if self.protocol == "HTTP" and uri.hostname not in _HOSTS:
            raise SubscriptionError("the destination must be sandbox.localdomain")
        self.port = port
        self.path = uri.path or "/"
        self.items_max = _between(buffering.get("maxItems"), 1000, 10_000, 10_000)
        self.bytes_max = _between(buffering.get("maxBytes"), 262_144, 1_048_576, 262_144)
        self.timeout_ms = _between(buffering.get("timeoutMs"), 25, 30_000, 1000)
        self.waiting: list[str] = []
        self.waiting_bytes = 0
        self.timer: asyncio.TimerHandle | None = None


def _between(value: Any, least: int, most: int, default: int) -> int:
    if value is None:
        return default
    if not isinstance(value, int) or not least <= value <= most:
        raise SubscriptionError(f"{value} is not between {least} and {most}")
    return value


class Telemetry:
    """The subscriptions of one environment. What came before them is kept until INIT is over."""

    def __init__(self, clock: Clock, hosts: Callable[[], list[str]]) -> None:
        self._clock = clock
        self._hosts = hosts
        """Where the environment's 127.0.0.1 may be found: tried in this order."""
        self._subscriptions: dict[str, Subscription] = {}
        self._early: list[tuple[str, str]] | None = []
        self._sending: set[asyncio.Task[None]] = set()
        self._paused = False
        self._loop = asyncio.get_running_loop()

    @property
    def wanted(self) -> bool:
        """Whether anybody has subscribed."""
        return bool(self._subscriptions)

    def subscribe(self, extension_id: str, body: Any) -> Subscription:
        """Add a subscriber, or change it. Raises SubscriptionError."""
        made = Subscription(body)
        self._subscriptions[extension_id] = made
        for kind, line in self._early or ():
            self._add(made, kind, line)
        return made

    def init_over(self) -> None:
        """Nobody may subscribe any more."""
        self._early = None

    def add(self, kind: str, record: Any) -> None:
        """Send an event to whoever wants its kind."""
        if self._early is None and not self._subscriptions:
            return
        line = json.dumps({"time": iso8601(self._clock.now()), "type": kind, "record": record})
        if self._early is not None and len(self._early) < EARLY_EVENTS_MAX:
            self._early.append((kind, line))
        for subscription in self._subscriptions.values():
            self._add(subscription, kind, line)

    def _add(self, to: Subscription, kind: str, line: str) -> None:
        if kind.partition(".")[0] not in to.types:
            return
        to.waiting.append(line)
        to.waiting_bytes += len(line)
        if len(to.waiting) >= to.items_max or to.waiting_bytes >= to.bytes_max:
            self._flush(to)
        elif to.timer is None:
            to.timer = self._loop.call_later(to.timeout_ms / 1000, self._flush, to)

    def pause(self) -> bool:
        """Send no more, because nobody will listen any more; False while something is left.

        What waits goes out first: a report that came with an environment's last event for an hour
        is of no use after it.
        """
        for subscription in self._subscriptions.values():
            self._flush(subscription)
        self._paused = not self._sending
        return self._paused

    def resume(self) -> None:
        """Send what has waited."""
        self._paused = False
        for subscription in self._subscriptions.values():
            if subscription.waiting and subscription.timer is None:
                self._flush(subscription)

    def _flush(self, to: Subscription) -> None:
        if to.timer:
            to.timer.cancel()
            to.timer = None
        if self._paused:
            return
        lines, to.waiting, to.waiting_bytes = to.waiting, [], 0
        if lines:
            task = self._loop.create_task(_send(to, lines, self._hosts()))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    def flush(self) -> None:
        """Send everything now."""
        self._paused = False
        for subscription in self._subscriptions.values():
            self._flush(subscription)


async def _send(to: Subscription, lines: list[str], hosts: list[str]) -> None:
    for attempt in range(_TRIES):
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_SECONDS_MAX):
                reader, writer = await _connect(hosts, to.port)
                try:
                    if to.protocol == "HTTP":
                        await _post(to, lines, reader, writer)
                    else:
                        await _write(lines, writer)
                finally:
                    writer.close()
            return
        await asyncio.sleep(0.05 * 2**attempt)


async def _connect(
    hosts: list[str], port: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for host in hosts[:-1]:
        with contextlib.suppress(OSError):
            return await asyncio.open_connection(host, port)
    return await asyncio.open_connection(hosts[-1], port)


async def _write(lines: list[str], writer: asyncio.StreamWriter) -> None:
    writer.write("".join(line + "\n" for line in lines).encode())
    await writer.drain()


async def _post(
    to: Subscription, lines: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    body = f"[{','.join(lines)}]".encode()
    head = (
        f"POST {to.path} HTTP/1.1\r\nHost: sandbox.localdomain:{to.port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    await reader.readuntil(b"\r\n")
