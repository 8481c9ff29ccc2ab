"""The environment variable that names an event's trace, set without setenv().

The C library keeps every value that setenv() was ever given, because somebody may still hold it:
with one value for each event that is 140 bytes an event, for ever. Here the variable is one buffer
that is written over.
"""

from __future__ import annotations

import ctypes
import os

from airside.runtime.guest import system

NAME = "_X_AMZN_TRACE_ID"
_ROOM = 512


class TraceVariable:
    """`_X_AMZN_TRACE_ID` of this process and of those that it starts."""

    def __init__(self) -> None:
        self._start = f"{NAME}=".encode()
        self._buffer = ctypes.create_string_buffer(_ROOM)
        self._variables: dict[bytes, bytes] | None = None
        self._written: bytes | None = None
        if system.LINUX:
            self._variables = getattr(os.environ, "_data", None)

    def set(self, text: str) -> None:
        """Give it the value for an event; nothing takes it away."""
        if not text:
            os.environ.pop(NAME, None)
            return
        value = text.encode("utf-8", "surrogateescape")
        if self._variables is None or len(value) > _ROOM - len(self._start) - 1:
            os.environ[NAME] = text
            return
        name = self._start[:-1]
        ours = self._variables.get(name) is self._written and self._written is not None
        self._buffer.value = self._start + value
        if not ours:  # the first time, or the function has set it or taken it away
            system.call("putenv", self._buffer)
        self._variables[name] = self._written = value
