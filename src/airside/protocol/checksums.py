"""The checksums S3 knows: incremental, in base64, and combined from those of parts.

CRC-32 is zlib's, the SHAs are hashlib's; CRC-32C and CRC-64/NVME come from AWS's own `awscrt`,
loaded when first asked for.
"""

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

ALGORITHMS: Final = ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")
"""In the order in which S3 names them."""
WIDTHS: Final = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32}
"""Bytes of a digest."""


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


def _crt() -> Any:
    from awscrt import checksums

    return checksums


def checksum(algorithm: str) -> Checksum:
    """Start a checksum of one of `ALGORITHMS`. Raises KeyError for another."""
    if algorithm == "CRC32":
        return _Crc(zlib.crc32, 4)
    if algorithm == "CRC32C":
        return _Crc(_crt().crc32c, 4)
    if algorithm == "CRC64NVME":
        return _Crc(_crt().crc64nvme, 8)
    if algorithm == "SHA1":
        return hashlib.sha1()
    if algorithm == "SHA256":
        return hashlib.sha256()
    raise KeyError(algorithm)


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
