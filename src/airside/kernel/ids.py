"""Randomness, injected: nothing but this module draws random bytes."""

import os
import random
from typing import Protocol

_ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"
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
    """Identifiers from the operating system's random source."""

    def random_bytes(self, count: int) -> bytes:
        """Unpredictable bytes."""
        return os.urandom(count)

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
        self._random = random.Random(seed)

    def random_bytes(self, count: int) -> bytes:
        """Predictable bytes."""
        return self._random.randbytes(count)
