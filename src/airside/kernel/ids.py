"""Randomness, injected: nothing but this module draws random bytes."""

import os
import random
from typing import Protocol

_ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"
_DRAWN_BYTES = 4096
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class Ids(Protocol):
    """Where identifiers come from."""

    def random_bytes(self, count: int) -> bytes:
        """Unpredictable bytes."""
        ...

    def uuid(self) -> str:
        """A version 4 UUID in lower-case text."""
        ...

    def lower(self, length: int) -> str:
        """Letters a-z and digits."""
        ...

    def upper(self, length: int) -> str:
        """Letters A-Z and digits."""
        ...


class SystemIds:
    """Identifiers from the operating system's random source, which is asked for a page at a time.

    Not to be used on both sides of a fork.
    """

    def __init__(self) -> None:
        self._drawn = b""
        self._position = 0

    def random_bytes(self, count: int) -> bytes:
        """Unpredictable bytes."""
        start, end = self._position, self._position + count
        if end > len(self._drawn):
            self._drawn = os.urandom(max(_DRAWN_BYTES, count))
            start, end = 0, count
        self._position = end
        return self._drawn[start:end]

    def uuid(self) -> str:
        """A version 4 UUID in lower-case text."""
        text = self.random_bytes(16).hex()
        variant = _VARIANTS[text[16]]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"

    def lower(self, length: int) -> str:
        """Letters a-z and digits."""
        return "".join(_LOWER[byte % 36] for byte in self.random_bytes(length))

    def upper(self, length: int) -> str:
        """Letters A-Z and digits."""
        return "".join(_ALPHANUMERIC[byte % 36] for byte in self.random_bytes(length))


class SeededIds(SystemIds):
    """The same identifiers for the same seed, for tests and simulation."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)

    def random_bytes(self, count: int) -> bytes:
        """Predictable bytes."""
        return self._random.randbytes(count)
