"""Freezes environments that wait for an event, as AWS does, once they have waited for a moment.

At once would be AWS's way; a moment later costs a busy function nothing, because its next event is
there before.
"""

import asyncio

from airside.kernel.clock import Clock
from airside.runtime.environment import Environment


class Freezer:
    """The idle environments of one pool."""

    def __init__(self, idle: list[Environment], clock: Clock, seconds: float) -> None:
        self._idle = idle
        self._clock = clock
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def watch(self) -> None:
        """An environment has become idle."""
        if self._timer is None and self._seconds > 0:
            self._timer = self._loop.call_later(self._seconds, self._look)

    def _look(self) -> None:
        """Freeze what has waited long enough; come back for the rest."""
        self._timer = None
        least = self._clock.monotonic() - self._seconds + 0.001
        waiting = False
        for environment in self._idle:
            if not environment.frozen:
                ripe = environment.idle_since <= least
                waiting |= not (ripe and environment.freeze())
        if waiting:
            self.watch()
