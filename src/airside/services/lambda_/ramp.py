"""How much work that nobody waits for may run at once: more while more gets more done. Pure.

AWS has processors for every environment; this machine has a few. A queue's events may fill them,
but more at once than that only means that each takes longer, and that those who wait, wait longer.
"""

from collections.abc import Callable

WINDOW_SECONDS = 1.0
HOLD_SECONDS = 5.0
GAIN_MIN = 0.3
"""The part of a growth that must show in what gets done, or it is taken back."""


class Ramp:
    """The concurrency of one source of events, from `first` up to what is asked for."""

    def __init__(self, first: int, grow: Callable[[int], int]) -> None:
        self.limit = first
        self._first = first
        self._grow = grow
        self._since: float | None = None
        self._held_until = 0.0
        self._before: tuple[int, float] | None = None
        """The limit before the last growth, and how long an event took then."""
        self._seconds = 0.0
        self._count = 0

    def took(self, seconds: float) -> None:
        """One event ended."""
        self._seconds += seconds
        self._count += 1

    def rest(self) -> None:
        """There is nothing to do: begin small again."""
        self.limit = self._first
        self._since = self._before = None
        self._held_until = 0.0

    def wanted(self, now: float) -> int:
        """How many may run at once, asked while there is work for more than run."""
        if self._since is None:
            self._begin(now)
        elif now - self._since >= WINDOW_SECONDS:
            self._judge(now)
            self._begin(now)
        return self.limit

    def _begin(self, now: float) -> None:
        self._since = now
        self._seconds, self._count = 0.0, 0

    def _judge(self, now: float) -> None:
        if now < self._held_until:
            return
        each = self._seconds / self._count if self._count else 0.0
        if self._before and each:
            limit, took = self._before
            growth = self.limit / limit
            if took and growth / (each / took) < 1 + GAIN_MIN * (growth - 1):
                self.limit, self._before = limit, None
                self._held_until = now + HOLD_SECONDS
                return
        if each or not self._before:
            self._before = (self.limit, each)
        self.limit = max(self.limit + 1, self._grow(self.limit))
