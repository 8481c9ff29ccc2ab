"""The checksums S3 knows: incremental, in base64, and combined from those of parts.

CRC-32 is zlib's, MD5 and the SHAs are hashlib's; the others come from AWS's own `awscrt`, loaded
when first asked for.
"""

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final, Protocol

WIDTHS: Final = {
    "CRC32": 4,
    "CRC32C": 4,
    "CRC64NVME": 8,
    "SHA1": 20,
    "SHA256": 32,
    "SHA512": 64,
    "MD5": 16,
    "XXHASH64": 8,
    "XXHASH3": 8,
    "XXHASH128": 16,
}
"""Bytes of a digest."""
ALGORITHMS: Final = tuple(WIDTHS)
COMBINABLE: Final = frozenset({"CRC32", "CRC32C", "CRC64NVME"})
"""Those whose checksum of a whole can be had from those of its parts (`FULL_OBJECT`)."""


class Checksum(Protocol):
    """A checksum being computed."""

    def update(self, data: bytes) -> None:
        """Take more data in."""
        ...

    def digest(self) -> bytes:
        """Its value so far, big-endian."""
        ...


class _Crc:
    """A cyclic redundancy check."""

    __slots__ = ("_function", "_value", "_width")

    def __init__(self, function: Callable[[bytes, int], int], width: int) -> None:
        self._function = function
        self._width = width
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._width, "big")


class _XxHash:
    """One of the XXHash family."""

    __slots__ = ("_parts",)

    def __init__(self, start: Callable[[], Any]) -> None:
        self._parts = start()

    def update(self, data: bytes) -> None:
        self._parts.update(data)

    def digest(self) -> bytes:
        return bytes(self._parts.finalize())


@cache
def _crt() -> Any:
    from awscrt import checksums

    return checksums


_STARTS: Final[dict[str, Callable[[], Checksum]]] = {
    "CRC32": lambda: _Crc(zlib.crc32, 4),
    "CRC32C": lambda: _Crc(_crt().crc32c, 4),
    "CRC64NVME": lambda: _Crc(_crt().crc64nvme, 8),
    "SHA1": hashlib.sha1,
    "SHA256": hashlib.sha256,
    "SHA512": hashlib.sha512,
    "MD5": hashlib.md5,
    "XXHASH64": lambda: _XxHash(_crt().XXHash.new_xxhash64),
    "XXHASH3": lambda: _XxHash(_crt().XXHash.new_xxhash3_64),
    "XXHASH128": lambda: _XxHash(_crt().XXHash.new_xxhash3_128),
}


def checksum(algorithm: str) -> Checksum:
    """Start a checksum of one of `ALGORITHMS`. Raises KeyError for another."""
    return _STARTS[algorithm]()


def encode(digest: bytes) -> str:
    """As it stands in `x-amz-checksum-*`."""
    return base64.b64encode(digest).decode("ascii")


def decode(algorithm: str, text: str) -> bytes:
    """Out of `x-amz-checksum-*`. Raises ValueError unless it is a digest of that algorithm."""
    digest = base64.b64decode(text.encode("ascii"), validate=True)
    if len(digest) != WIDTHS[algorithm]:
        raise ValueError(text)
    return digest


def combine(algorithm: str, parts: Iterable[tuple[bytes, int]]) -> bytes:
    """The CRC of data from the CRCs and lengths of its consecutive parts (`FULL_OBJECT`).

    Raises KeyError for the SHAs, which cannot be combined.
    """
    crt = _crt()
    join: Callable[[int, int, int], int] = {
        "CRC32": crt.combine_crc32,
        "CRC32C": crt.combine_crc32c,
        "CRC64NVME": crt.combine_crc64nvme,
    }[algorithm]
    value = 0
    for digest, length in parts:
        value = join(value, int.from_bytes(digest, "big"), length)
    return value.to_bytes(WIDTHS[algorithm], "big")


def composite(algorithm: str, digests: Iterable[bytes]) -> bytes:
    """The checksum of the parts' checksums (`COMPOSITE`); S3 writes `-<count>` behind it."""
    outer = checksum(algorithm)
    for digest in digests:
        outer.update(digest)
    return outer.digest()
