"""Event streams: `application/vnd.amazon.eventstream` frames, encoded and decoded.

A frame is: total length, headers length, CRC-32 of those; headers; payload; CRC-32 of all of it.
"""

import struct
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import Any, NamedTuple

import msgspec

from airside.protocol.json_values import Writers
from airside.protocol.shapes import Member, Shape

FRAME_MAX = 24 * 1024 * 1024


class Frame(NamedTuple):
    """One message of an event stream."""

    headers: dict[str, Any]
    payload: bytes


class InvalidFrame(ValueError):
    """Bytes that are not an event-stream message."""


def encode_frame(headers: dict[str, Any], payload: bytes = b"") -> bytes:
    """One frame. Header values: str, bool, int, bytes."""
    block = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(block) + len(payload), len(block))
    head = prelude + struct.pack(">I", zlib.crc32(prelude)) + block + payload
    return head + struct.pack(">I", zlib.crc32(head))


def _header(name: str, value: Any) -> bytes:
    encoded = name.encode()
    head = bytes((len(encoded),)) + encoded
    if value is True or value is False:
        return head + (b"\x00" if value else b"\x01")
    if isinstance(value, int):
        return head + b"\x05" + struct.pack(">q", value)
    if isinstance(value, bytes):
        return head + b"\x06" + struct.pack(">H", len(value)) + value
    text = str(value).encode()
    return head + b"\x07" + struct.pack(">H", len(text)) + text


class FrameDecoder:
    """Frames out of bytes as they come."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that `data` completes. Raises InvalidFrame."""
        self._buffer += data
        while len(self._buffer) >= 12:
            total, head, check = struct.unpack_from(">III", self._buffer)
            if zlib.crc32(self._buffer[:8]) != check or not 16 + head <= total <= FRAME_MAX:
                raise InvalidFrame("prelude")
            if len(self._buffer) < total:
                return
            frame = bytes(self._buffer[:total])
            del self._buffer[:total]
            if zlib.crc32(frame[:-4]) != struct.unpack(">I", frame[-4:])[0]:
                raise InvalidFrame("checksum")
            yield Frame(_decode_headers(frame[12 : 12 + head]), frame[12 + head : -4])

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not complete yet."""
        return len(self._buffer)


_FIXED = {2: ">b", 3: ">h", 4: ">i", 5: ">q", 8: ">q", 9: "16s"}


def _decode_headers(block: bytes) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    at = 0
    try:
        while at < len(block):
            size = block[at]
            name = block[at + 1 : at + 1 + size].decode()
            kind = block[at + 1 + size]
            at += 2 + size
            if kind in {0, 1}:
                headers[name] = kind == 0
            elif kind in {6, 7}:
                (length,) = struct.unpack_from(">H", block, at)
                value = block[at + 2 : at + 2 + length]
                if len(value) != length:
                    raise InvalidFrame("headers")
                headers[name] = value.decode() if kind == 7 else value
                at += 2 + length
            else:
                (headers[name],) = struct.unpack_from(_FIXED[kind], block, at)
                at += struct.calcsize(_FIXED[kind])
    except (IndexError, KeyError, struct.error, UnicodeDecodeError) as error:
        raise InvalidFrame("headers") from error
    return headers


async def encode_stream(
    shape: Shape, events: AsyncIterable[dict[str, Any]]
) -> AsyncIterator[bytes]:
    """Events such as `{"PayloadChunk": {"Payload": b"..."}}` as the frames of `shape`."""
    writers = Writers(renamed=True)
    async for event in events:
        for name, content in event.items():
            yield encode_event(writers, shape.members[name], content or {})


def encode_event(writers: Writers, member: Member, content: dict[str, Any]) -> bytes:
    """One event: its members in headers, in a raw payload or in a JSON document."""
    kind = "exception" if member.shape.exception else "event"
    headers: dict[str, Any] = {f":{kind}-type": member.name}
    payload, document = b"", {}
    for name, value in content.items():
        below = member.shape.members[name]
        if value is None:
            continue
        if below.event_header:
            headers[below.wire] = value
        elif below.event_payload and below.shape.type in {"blob", "string"}:
            payload = value if isinstance(value, bytes) else value.encode()
            blob = below.shape.type == "blob"
            headers[":content-type"] = "application/octet-stream" if blob else "text/plain"
        elif below.event_payload:
            payload = msgspec.json.encode(writers.member(below)(value))
            headers[":content-type"] = "application/json"
        else:
            document[below.wire] = writers.member(below)(value)
    if document:
        payload = msgspec.json.encode(document)
        headers[":content-type"] = "application/json"
    headers[":message-type"] = kind
    return encode_frame(headers, payload)
