"""The environments that a template is still to fork: callers' first, and functions in turn."""

from __future__ import annotations

from collections import deque
from typing import Any

Start = tuple[dict[str, Any], list[int]]
"""A message and the descriptors that came with it."""


class Starts:
    """A queue in which no function waits for another's burst, nor a caller for the background."""

    def __init__(self) -> None:
        self._callers: dict[str, deque[Start]] = {}
        """By function; whose turn is next stands first."""
        self._background: dict[str, deque[Start]] = {}

    def __len__(self) -> int:
        return sum(map(len, (*self._callers.values(), *self._background.values())))

    def put(self, start: Start) -> None:
        """One more."""
        config = start[0]["config"]
        queues = self._background if config["background"] else self._callers
        queues.setdefault(config["function"], deque()).append(start)

    def take(self) -> Start:
        """The next one; there is one."""
        queues = self._callers or self._background
        function = next(iter(queues))
        queue = queues.pop(function)
        start = queue.popleft()
        if queue:
            queues[function] = queue
        return start

    def remove(self, environment_id: int) -> list[Start]:
        """Take out an environment that is not wanted any more."""
        removed = []
        for queues in (self._callers, self._background):
            for function, queue in list(queues.items()):
                found = [start for start in queue if start[0]["id"] == environment_id]
                for start in found:
                    queue.remove(start)
                if not queue:
                    del queues[function]
                removed += found
        return removed
