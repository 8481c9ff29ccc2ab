"""Receiving a body: counted, hashed, checked, and put where it belongs. Nothing bad is kept."""

import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any

from airside.kernel import Body, Context, Transaction
from airside.kernel.http import SealedBody
from airside.services.s3 import errors, limits, store
from airside.services.s3.checksum import ALGORITHMS, MEMBERS, Hasher, decode, header_of, member_of
from airside.services.s3.encryption import NONCE_BYTES, CustomerKey
from airside.services.s3.object import BLOB, DEFAULT_CHECKSUM, EMPTY, INLINE, Segment, Version

_DEFAULT = DEFAULT_CHECKSUM.removeprefix("Checksum")
_MEMBERS = tuple((name, member_of(name)) for name in ALGORITHMS)


@dataclass(slots=True)
class Received:
    """A body that arrived whole and right. Large ones are committed blobs by now."""

    size: int
    md5: bytes
    data: bytes = b""
    blob_id: str = ""
    checksums: dict[str, str] = field(default_factory=dict)
    nonce: bytes = b""
    """What the cipher began with, for SSE-C."""

    key_md5: str = ""
    """Of the customer's key, for SSE-C."""

    @property
    def etag(self) -> str:
        """The MD5 of the body; with SSE-C something that tells nothing about it."""
        if self.nonce:
            return md5(self.key_md5.encode() + self.md5).hexdigest()
        return self.md5.hex()

    @property
    def place(self) -> int:
        """Where the body is."""
        if self.blob_id:
            return BLOB
        return INLINE if self.size else EMPTY

    @property
    def segments(self) -> list[Segment]:
        """The body as pieces of blobs; only for large ones."""
        return [Segment(self.blob_id, 0, self.size)] if self.blob_id else []


@dataclass(slots=True)
class Expectation:
    """What the sender says about the body."""

    md5: bytes | None = None
    algorithm: str = ""
    checksum: str | None = None
    """The value of a checksum header; a trailer's comes after the body."""
    nothing_asked: bool = False
    """Whether the algorithm is S3's own choice; told once the body was received."""
    default: bool = False
    """Whether S3's own checksum is computed besides, for the whole that parts will make."""


def expectation(request: Mapping[str, Any], default_algorithm: str = "") -> Expectation:
    """What the headers of a PutObject or UploadPart promise. Raises for what can't be met."""
    found = Expectation(algorithm=(request.get("ChecksumAlgorithm") or default_algorithm).upper())
    promised = request.get("ContentMD5")
    if promised is not None:
        try:
            found.md5 = decode("MD5", promised)
        except ValueError:
            raise errors.InvalidDigest(
                "The Content-MD5 you specified was invalid.", **{"Content-MD5": promised}
            ) from None
    given = (
        []
        if request.keys().isdisjoint(MEMBERS)
        else [name for name, member in _MEMBERS if member in request]
    )
    if len(given) > 1:
        raise errors.InvalidRequest(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    if given:
        found.algorithm = given[0]
        found.checksum = request[member_of(given[0])]
        try:
            decode(given[0], request[member_of(given[0])])
        except ValueError:
            raise errors.InvalidRequest(
                f"Value for {header_of(given[0])} header is invalid."
            ) from None
    if found.algorithm and found.algorithm not in ALGORITHMS:
        raise errors.InvalidRequest(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid "
            f"types: [{', '.join(ALGORITHMS)}]"
        )
    return found


async def receive(
    ctx: Context,
    body: Body | bytes,
    expected: Expectation,
    *,
    secret: CustomerKey | None = None,
    inline: bool = True,
    bytes_max: int = limits.PUT_BYTES_MAX,
) -> Received:
    """Take in a body. Raises BadDigest, IncompleteBody, EntityTooLarge; then nothing is kept."""
    if not expected.algorithm:
        expected.algorithm = _announced(body)
    if not expected.algorithm:
        expected.nothing_asked = True
        expected.algorithm = _DEFAULT if secret is None else ""
    length = len(body) if isinstance(body, bytes) else body.length
    if length is not None and length > bytes_max:
        raise errors.EntityTooLarge(
            "Your proposed upload exceeds the maximum allowed size",
            ProposedSize=str(length),
            MaxSizeAllowed=str(bytes_max),
        )
    if length is not None and length <= limits.INLINE_BYTES_MAX and inline:
        data = body if isinstance(body, bytes) else await body.read(limits.INLINE_BYTES_MAX)
        hasher = Hasher(expected.algorithm)
        hasher.update(data)
        received = Received(len(data), md5(data).digest(), data)
        _check(received, expected, hasher, body)
        if secret is not None:
            received.nonce, received.key_md5 = ctx.ids.random_bytes(NONCE_BYTES), secret.key_md5
            received.data = secret.cipher(received.nonce).update(data)
        return received
    return await _stream(ctx, body, expected, secret, inline=inline, bytes_max=bytes_max)


async def _stream(
    ctx: Context,
    body: Body | bytes,
    expected: Expectation,
    secret: CustomerKey | None,
    *,
    inline: bool,
    bytes_max: int,
) -> Received:
    hashes = _Hashes(ctx, body, expected, secret)
    waiting: list[bytes] = []
    length = len(body) if isinstance(body, bytes) else body.length
    if inline and (length or 0) <= limits.READ_SOON_BYTES_MAX:
        length = None  # the page cache gets it: reads are half as fast from what it read itself
    writer = None if inline else ctx.blobs.create(hashes.take, length=length)
    size = 0
    try:
        async for chunk in _chunks(hashes.source):
            size += len(chunk)
            if size > bytes_max:
                raise errors.EntityTooLarge("Your proposed upload exceeds the maximum allowed size")
            if writer is None and size <= limits.INLINE_BYTES_MAX:
                waiting.append(chunk)
                continue
            if writer is None:
                writer = ctx.blobs.create(hashes.take, length=length)
                for earlier in waiting:
                    await writer.write(earlier)
                waiting.clear()
            await writer.write(chunk)
        if writer is not None:
            await writer.flush()
        data = b"".join(map(hashes.take, waiting))
        received = Received(size, hashes.md5.digest(), data, nonce=hashes.nonce)
        received.key_md5 = secret.key_md5 if secret is not None else ""
        hashes.check()
        _check(received, expected, hashes.hasher, body)
        if hashes.other.works:
            received.checksums[DEFAULT_CHECKSUM] = hashes.other.base64()
        if writer is not None:
            received.blob_id = await writer.commit()
            writer = None
        return received
    finally:
        if writer is not None:
            await writer.abort()


def _announced(body: Body | bytes) -> str:
    """The algorithm of the checksum that a trailer will bring."""
    names = getattr(body, "announced", None)
    if not names:
        return ""
    return next((name for name in ALGORITHMS if header_of(name) in names), "")


class _Hashes:
    """All that is computed from a body on its way to the disk, in the thread that writes it."""

    def __init__(
        self,
        ctx: Context,
        body: Body | bytes,
        expected: Expectation,
        secret: CustomerKey | None,
    ) -> None:
        self.md5, self.hasher = md5(), Hasher(expected.algorithm)
        also = expected.default and expected.algorithm != _DEFAULT
        self.other = Hasher(_DEFAULT if also else "")
        self.nonce = ctx.ids.random_bytes(NONCE_BYTES) if secret is not None else b""
        self._cipher = secret.cipher(self.nonce) if secret is not None else None
        self._seal = body if isinstance(body, SealedBody) else None
        self.source: Body | bytes = body if self._seal is None else self._seal.inner

    def take(self, chunk: bytes) -> bytes:
        """See a chunk; what is to be written for it."""
        self.md5.update(chunk)
        self.hasher.update(chunk)
        self.other.update(chunk)
        if self._seal is not None:
            self._seal.update(chunk)
        return chunk if self._cipher is None else self._cipher.update(chunk)

    def check(self) -> None:
        """Raise unless the whole is what was signed."""
        if self._seal is not None:
            self._seal.check()


async def _chunks(body: Body | bytes) -> AsyncIterator[bytes]:
    if isinstance(body, bytes):
        yield body
        return
    async for chunk in body:
        yield chunk


def _check(received: Received, expected: Expectation, hasher: Hasher, body: Body | bytes) -> None:
    """Compare with what was promised, in headers and in the trailer."""
    announced = None if isinstance(body, bytes) else body.length
    if announced is not None and announced != received.size:
        raise errors.IncompleteBody(
            "You did not provide the number of bytes specified by the Content-Length HTTP header"
        )
    if expected.md5 is not None and expected.md5 != received.md5:
        raise errors.BadDigest(
            "The Content-MD5 you specified did not match what we received.",
            ExpectedDigest=expected.md5.hex(),
            CalculatedDigest=base64.b64encode(received.md5).decode(),
        )
    if not expected.algorithm:
        return
    actual = hasher.base64()
    trailers: Mapping[str, str] = getattr(body, "trailers", None) or {}
    promised = expected.checksum or trailers.get(header_of(expected.algorithm))
    if promised is not None and promised != actual:
        raise errors.BadDigest(
            f"The {expected.algorithm} you specified did not match the calculated checksum."
        )
    received.checksums[member_of(expected.algorithm)] = actual


def keep(
    tx: Transaction, ctx: Context, bucket: str, key: str, version: Version, data: bytes
) -> None:
    """Store the body of a new version: in a row, or by holding its blob."""
    if version.place == INLINE:
        store.save_inline_body(tx, bucket, key, version.number, data)
    elif version.place == BLOB:
        store.hold_blob(tx, ctx.blobs, bucket, key, version)
