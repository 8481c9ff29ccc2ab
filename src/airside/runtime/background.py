"""How much environments in the background weigh together (docs/adr/0013-callers-go-first.md)."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

from airside.runtime.guest import priority

CALLER_SECONDS = 2.0
"""For so long after a caller's event began, the background yields."""
LOOK_SECONDS = 0.5
SHARES = 1024 * (os.cpu_count() or 1)
"""What all weigh while no caller waits: an ordinary process on each processor."""
SHARES_MIN = 8
STARVED, FED = 0.25, 0.5
"""Below and above how much of a processor the background is given more and less."""


class Background:
    """Watches who waits and what the background gets, and sets what it weighs.

    While callers come it weighs little, and more again as long as it gets next to nothing, beside
    programs that have nothing to do with us: an event must end before its timeout.
    """

    def __init__(self, group: Callable[[], str]) -> None:
        self._group = group
        self._running = 0
        self._shares = 0
        self._caller_at = float("-inf")
        self._looked: tuple[float, float] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def caller(self, loop: asyncio.AbstractEventLoop) -> None:
        """An event begins whose caller waits."""
        self._caller_at = loop.time()
        if self._running and self._shares == SHARES and self._looked is None:
            self._weigh(SHARES_MIN)

    def began(self, future: "asyncio.Future[Any]") -> None:
        """An event begins that nobody waits for; `future` is done when it has ended."""
        self._running += 1
        future.add_done_callback(self._ended)
        if self._timer is None:
            self._look(future.get_loop())

    def _ended(self, _: "asyncio.Future[Any]") -> None:
        self._running -= 1

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        if now - self._caller_at > CALLER_SECONDS:
            self._looked = None
            self._weigh(SHARES)
        else:
            self._weigh(self._fair(now))
        if self._running:
            self._timer = loop.call_later(LOOK_SECONDS, self._look, loop)
        else:
            self._looked = None

    def _fair(self, now: float) -> int:
        used = priority.used_seconds(self._group())
        before, self._looked = self._looked, None if used is None else (now, used)
        if used is None or before is None or now - before[0] < LOOK_SECONDS / 2:
            return SHARES_MIN if before is None else self._shares
        part = (used - before[1]) / (now - before[0])
        if part < STARVED:
            return min(SHARES, 2 * self._shares)
        return max(SHARES_MIN, self._shares // 2) if part > FED else self._shares

    def _weigh(self, shares: int) -> None:
        if shares != self._shares:
            self._shares = shares
            priority.weigh_group(self._group(), shares)
