"""Answers that are ready in the same turn of the loop, and leave in one go at its end.

Every write wakes the client that waits for it, and to wake a program that sleeps costs the kernel
a third of what a point read costs us. A client with several connections is awake from the first
answer on when the others follow at once, and asleep again each time when they come one by one.
"""

import asyncio

GATHERED_MAX = 32
"""So many answers are worth no more waiting."""


class Answers:
    """What the connections of one port have to send."""

    __slots__ = ("_gathered", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._gathered: list[tuple[asyncio.Transport, bytes]] = []

    def add(self, transport: asyncio.Transport, data: bytes) -> None:
        """Send this at the end of the turn. Whoever writes to the transport calls `send` before."""
        gathered = self._gathered
        if not gathered:
            self._loop.call_soon(self.send)
        gathered.append((transport, data))
        if len(gathered) == GATHERED_MAX:
            self.send()

    def send(self) -> None:
        """Send what was gathered, now."""
        if self._gathered:
            gathered, self._gathered = self._gathered, []
            for transport, data in gathered:
                if not transport.is_closing():
                    transport.write(data)
