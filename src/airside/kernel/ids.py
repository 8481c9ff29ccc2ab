"""Randomness, injected: nothing but this module draws random bytes."""

import os
import random
from typing import Protocol

_ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"


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
        raw = bytearray(self.random_bytes(16))
        raw[6] = raw[6] & 0x0F | 0x40
        raw[8] = raw[8] & 0x3F | 0x80
        text = raw.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

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
