"""The aws-chunked encoding, in whatever pieces it arrives."""

import hashlib
import hmac
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airside.kernel import ServiceError
from airside.kernel.http import BodyTooLarge, BytesBody
from airside.protocol.aws_chunked import decode


class Pieces:
    """A body that arrives in pieces of the given sizes."""

    def __init__(self, data: bytes, seed: int) -> None:
        self.length = None
        self._data = data
        self._random = random.Random(seed)
        self.largest = 0

    async def __aiter__(self):
        at = 0
        while at < len(self._data):
            size = self._random.choice((1, 2, 3, 7, 100, 8192, 65536))
            yield self._data[at : at + size]
            at += size

    async def read(self, limit=None):
        return self._data


class Chain:
    """A signer and verifier that chains signatures as SigV4 does, with a key of its own."""

    def __init__(self) -> None:
        self._previous = "seed"
        self.trailer_seen = False

    def sign(self, kind: str, digest: str) -> str:
        text = f"{kind}{self._previous}{digest}".encode()
        self._previous = hmac.digest(b"key", text, "sha256").hex()
        return self._previous

    def chunk(self, signature: str, sha256_hex: str) -> None:
        if signature != self.sign("chunk", sha256_hex):
            raise WrongSignature

    def trailer(self, signature: str, sha256_hex: str) -> None:
        self.trailer_seen = True
        if signature != self.sign("trailer", sha256_hex):
            raise WrongSignature


class WrongSignature(ServiceError):
    pass


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def encode(data: bytes, size: int, trailers: dict[str, str], signer: Chain | None) -> bytes:
    out = []
    pieces = [data[at : at + size] for at in range(0, len(data), size)] + [b""]
    for piece in pieces:
        signature = f";chunk-signature={signer.sign('chunk', sha(piece))}" if signer else ""
        out.append(f"{len(piece):x}{signature}\r\n".encode() + piece)
        out.append(b"\r\n" if piece else b"")
    lines = "".join(f"{name}:{value}\n" for name, value in trailers.items())
    out.append(lines.replace("\n", "\r\n").encode())
    if trailers and signer:
        out.append(f"x-amz-trailer-signature:{signer.sign('trailer', sha(lines.encode()))}\r\n"
                   .encode())  # fmt: skip
    return b"".join(out) + b"\r\n"


def headers(data: bytes, trailers: dict[str, str]) -> dict[str, str]:
    found = {"x-amz-decoded-content-length": str(len(data))}
    if trailers:
        found["x-amz-trailer"] = ", ".join(trailers)
    return found


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 40_000), st.sampled_from([8192, 10_000, 65_536]), st.booleans(), st.booleans(),
    st.integers(0, 1000),
)  # fmt: skip
async def test_what_went_in_comes_out(length, size, signed, trailed, seed):
    data = random.Random(length).randbytes(length)
    trailers = {"x-amz-checksum-crc32": "AAAAAA=="} if trailed else {}
    wire = encode(data, size, trailers, Chain() if signed else None)
    verifier = Chain() if signed else None
    body = decode(Pieces(wire, seed), headers(data, trailers), verifier)
    assert body.length == length
    assert b"".join([chunk async for chunk in body]) == data
    assert body.trailers == trailers
    if verifier is not None:
        assert verifier.trailer_seen is trailed


async def test_memory_is_constant():
    block = b"x" * 65536

    class Large:
        length = None

        async def __aiter__(self):
            for _ in range(64):
                yield b"10000\r\n" + block + b"\r\n"
            yield b"0\r\n\r\n"

    body = decode(Large(), {"x-amz-decoded-content-length": str(64 * 65536)}, None)
    total = 0
    async for chunk in body:
        assert len(chunk) <= 65536
        total += len(chunk)
    assert total == 64 * 65536


async def test_the_last_crlf_may_be_missing():
    """Some clients end with the last chunk's header line."""
    body = decode(BytesBody(b"1\r\na\r\n0\r\n"), {"x-amz-decoded-content-length": "1"}, None)
    assert await body.read() == b"a"


DATA = bytes(range(256)) * 64
LENGTH = {"x-amz-decoded-content-length": str(len(DATA))}


@pytest.mark.parametrize(
    ("wire", "more", "error"),
    [
        (b"", {}, "IncompleteBody"),
        (b"4000\r\n" + DATA[:100], {}, "IncompleteBody"),
        (b"4000\r\n" + DATA, {}, "IncompleteBody"),
        (b"4000\r\n" + DATA + b"\r\n", {}, "IncompleteBody"),
        (b"4000\r\n" + DATA + b"x\r\n0\r\n\r\n", {}, "InvalidRequest"),
        (b"4001\r\n" + DATA + b"x\r\n0\r\n\r\n", {}, "IncompleteBody"),
        (b"2000\r\n" + DATA[:8192] + b"\r\n0\r\n\r\n", {}, "IncompleteBody"),
        (b"zz\r\n", {}, "InvalidRequest"),
        (b"-1\r\n", {}, "InvalidRequest"),
        (b"\r\n", {}, "InvalidRequest"),
        (b"0x10\r\n", {}, "InvalidRequest"),
        (b"1" * 5000, {}, "InvalidRequest"),
        (b"1;" + b"a" * 5000 + b"\r\n", {}, "InvalidRequest"),
        (b"ffffffffffffffffff\r\n", {}, "InvalidRequest"),
        (b"4000\r\n" + DATA + b"\r\n0\r\n\r\nmore", {}, "InvalidRequest"),
        (b"1\r\na\r\n3fff\r\n" + DATA[1:] + b"\r\n0\r\n\r\n", {}, "InvalidChunkSizeError"),
        (b"4000\r\n" + DATA + b"\r\n0\r\nnonsense\r\n\r\n", {}, "MalformedTrailerError"),
        (b"4000\r\n" + DATA + b"\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", {},
         "MalformedTrailerError"),
        (b"4000\r\n" + DATA + b"\r\n0\r\n\r\n", {"x-amz-trailer": "x-amz-checksum-crc32"},
         "MalformedTrailerError"),
        (b"4000\r\n" + DATA + b"\r\n0\r\nx-amz-checksum-crc32:AAAAAA==",
         {"x-amz-trailer": "x-amz-checksum-crc32"}, "IncompleteBody"),
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else "",
)  # fmt: skip
async def test_what_is_refused(wire, more, error):
    with pytest.raises(ServiceError) as caught:
        await decode(BytesBody(wire), LENGTH | more, None).read()
    assert caught.value.name == error


async def test_changed_data_is_refused():
    wire = bytearray(encode(DATA, 8192, {}, Chain()))
    wire[2000] ^= 1
    with pytest.raises(WrongSignature):
        await decode(BytesBody(bytes(wire)), LENGTH, Chain()).read()


async def test_a_changed_trailer_is_refused():
    trailers = {"x-amz-checksum-crc32": "AAAAAA=="}
    wire = encode(DATA, 8192, trailers, Chain()).replace(b"AAAAAA==", b"BAAAAA==")
    with pytest.raises(WrongSignature):
        await decode(BytesBody(wire), LENGTH | {"x-amz-trailer": "x-amz-checksum-crc32"},
                     Chain()).read()  # fmt: skip


async def test_an_unsigned_chunk_or_trailer_is_refused_where_signatures_are_due():
    with pytest.raises(ServiceError) as caught:
        await decode(BytesBody(encode(DATA, 8192, {}, None)), LENGTH, Chain()).read()
    assert caught.value.name == "InvalidRequest"
    trailers = {"x-amz-checksum-crc32": "AAAAAA=="}
    wire = encode(DATA, 8192, trailers, Chain())
    at = wire.index(b"x-amz-trailer-signature")
    announced = LENGTH | {"x-amz-trailer": "x-amz-checksum-crc32"}
    with pytest.raises(ServiceError) as caught:
        await decode(BytesBody(wire[:at] + b"\r\n"), announced, Chain()).read()
    assert caught.value.name == "MalformedTrailerError"


def test_the_length_must_be_announced():
    with pytest.raises(ServiceError) as caught:
        decode(BytesBody(), {}, None)
    assert caught.value.name == "MissingContentLength"
    with pytest.raises(ServiceError) as caught:
        decode(BytesBody(), {"x-amz-decoded-content-length": "-1"}, None)
    assert caught.value.name == "InvalidRequest"


async def test_a_limit_holds_before_anything_is_read():
    with pytest.raises(BodyTooLarge):
        await decode(BytesBody(), {"x-amz-decoded-content-length": "100"}, None).read(10)
