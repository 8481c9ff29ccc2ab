"""The checksums S3 knows, by the names its model gives them, and those of uploads in parts."""

from collections.abc import Sequence

from airside.protocol.checksums import (
    ALGORITHMS,
    COMBINABLE,
    Checksum,
    checksum,
    combine,
    composite,
    decode,
    encode,
)

MEMBERS = tuple(f"Checksum{name}" for name in ALGORITHMS)

__all__ = ["ALGORITHMS", "COMBINABLE", "MEMBERS", "Hasher", "decode", "header_of", "member_of"]


def member_of(algorithm: str) -> str:
    """`ChecksumCRC32` for CRC32."""
    return f"Checksum{algorithm}"


def header_of(algorithm: str) -> str:
    """`x-amz-checksum-crc32` for CRC32."""
    return f"x-amz-checksum-{algorithm.lower()}"


class Hasher:
    """Hashes with one algorithm, or (named "") with none."""

    __slots__ = ("_checksum",)

    def __init__(self, algorithm: str) -> None:
        self._checksum: Checksum | None = checksum(algorithm) if algorithm else None

    @property
    def works(self) -> bool:
        """Whether it hashes at all."""
        return self._checksum is not None

    def update(self, data: bytes) -> None:
        """Go on."""
        if self._checksum is not None:
            self._checksum.update(data)

    def base64(self) -> str:
        """As headers carry it."""
        assert self._checksum is not None
        return encode(self._checksum.digest())


def of_parts(algorithm: str, kind: str, parts: Sequence[tuple[str, int]]) -> str:
    """The checksum of the whole, from (checksum, size) of its parts.

    FULL_OBJECT is as if the whole had been hashed; COMPOSITE is of the parts' checksums, with
    their count behind it.
    """
    digests = [(decode(algorithm, text), size) for text, size in parts]
    if kind == "FULL_OBJECT":
        return encode(combine(algorithm, digests))
    return f"{encode(composite(algorithm, [digest for digest, _ in digests]))}-{len(parts)}"
