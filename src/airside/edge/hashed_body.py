"""A body that is checked against the digest in its signature as it is read."""

import hashlib
from collections.abc import AsyncIterator

from airside.identity import errors
from airside.kernel import Body


class HashedBody:
    """A body whose last chunk comes only when the whole is what was signed."""

    def __init__(self, body: Body, expected: str) -> None:
        self.length = body.length
        self.inner = body
        self._expected = expected
        self._digest = hashlib.sha256()
        self.update = self._digest.update

    def check(self) -> None:
        """Raise XAmzContentSHA256Mismatch unless what was seen is what was signed."""
        if self._digest.hexdigest() != self._expected:
            raise mismatch()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        held: bytes | None = None
        async for chunk in self.inner:
            self.update(chunk)
            if held is not None:
                yield held
            held = chunk
        self.check()
        if held is not None:
            yield held

    async def read(self, limit: int | None = None) -> bytes:
        """The whole body. Raises XAmzContentSHA256Mismatch when it is not the signed one."""
        data = await self.inner.read(limit)
        if hashlib.sha256(data).hexdigest() != self._expected:
            raise mismatch()
        return data


def mismatch() -> errors.XAmzContentSHA256Mismatch:
    """S3's refusal of other bytes than the signed ones."""
    return errors.XAmzContentSHA256Mismatch(
        "The provided 'x-amz-content-sha256' header does not match what was computed."
    )
