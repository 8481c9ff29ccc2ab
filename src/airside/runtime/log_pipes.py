"""What the processes of one environment write to: a pipe of the function's, one of extensions'."""

import asyncio
import os

from airside.runtime.channel import pipe
from airside.runtime.event_log import EventLog
from airside.runtime.loglines import Splitter

_CHUNK = 65536


class LogPipes:
    """The reading ends, watched by the event loop."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._pipes: dict[int, Splitter | None] = {}
        """Extensions' lines are split apart from the function's."""

    @property
    def open(self) -> bool:
        """Whether anything may still come."""
        return bool(self._pipes)

    def make(self, *, extensions: bool) -> list[int]:
        """Begin to read; the writing ends, to be given away."""
        given = []
        for splitter in (None, Splitter())[: 2 if extensions else 1]:
            ours, theirs = pipe()
            self._pipes[ours] = splitter
            self._loop.add_reader(ours, self._on_readable, ours)
            given.append(theirs)
        return given

    def drain(self) -> None:
        """Everything written before the answer was sent is in the pipe by now."""
        for fd, splitter in self._pipes.items():
            try:
                while data := os.read(fd, _CHUNK):
                    self._log.output(data, splitter)
                    if len(data) < _CHUNK // 16:
                        break
            except BlockingIOError:
                pass

    def close(self) -> None:
        """Take what is left, and let go."""
        self.drain()
        for fd, splitter in self._pipes.items():
            self._loop.remove_reader(fd)
            os.close(fd)
            self._log.rest(splitter)
        self._pipes = {}

    def _on_readable(self, fd: int) -> None:
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return
        if not data:
            self._loop.remove_reader(fd)
            return
        self._log.output(data, self._pipes[fd])
