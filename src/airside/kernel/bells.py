"""Bells: how one part of an environment tells others at once that something happened.

Services share nothing but the operation table, and reading again and again costs time when there
is nothing to read. A bell carries no data: who hears it reads, through operations, what there is.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Bells:
    """An environment's bells, named by ARNs. Ringing one that nobody hears costs a look-up."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def listening(self, name: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the bell `name` rings; clear it before reading."""
        event = asyncio.Event()
        self._listeners.setdefault(name, set()).add(event)
        try:
            yield event
        finally:
            listeners = self._listeners[name]
            listeners.discard(event)
            if not listeners:
                del self._listeners[name]

    def is_heard(self, name: str) -> bool:
        """Whether anybody listens."""
        return name in self._listeners

    def ring(self, name: str) -> None:
        """Wake those who listen. Ring when what they would read is committed."""
        for event in self._listeners.get(name, ()):
            event.set()
