"""CBOR (RFC 8949), as far as AWS's RPC protocol uses it.

Decoded: integers, floats, text, bytes, lists, maps, booleans, null; tag 1 becomes its number.
Encoded: the same; `Moment` is written with tag 1.
"""

import struct
from typing import Any

DEPTH_MAX = 64


class InvalidCbor(ValueError):
    """Bytes that are not one CBOR item."""


class Moment(float):
    """Seconds since the epoch, to be written as a timestamp."""


def encode(value: Any) -> bytes:
    """One item."""
    out = bytearray()
    _encode(value, out)
    return bytes(out)


def _head(major: int, count: int, out: bytearray) -> None:
    if count < 24:
        out.append(major << 5 | count)
    elif count < 1 << 8:
        out += struct.pack(">BB", major << 5 | 24, count)
    elif count < 1 << 16:
        out += struct.pack(">BH", major << 5 | 25, count)
    elif count < 1 << 32:
        out += struct.pack(">BI", major << 5 | 26, count)
    else:
        out += struct.pack(">BQ", major << 5 | 27, count)


def _encode(value: Any, out: bytearray) -> None:
    if value is None or value is True or value is False:
        out.append({None: 0xF6, True: 0xF5, False: 0xF4}[value])
    elif isinstance(value, str):
        data = value.encode()
        _head(3, len(data), out)
        out += data
    elif isinstance(value, int):
        _head(0, value, out) if value >= 0 else _head(1, -1 - value, out)
    elif isinstance(value, float):
        if isinstance(value, Moment):
            out.append(0xC1)
        out += struct.pack(">Bd", 0xFB, value)
    elif isinstance(value, bytes):
        _head(2, len(value), out)
        out += value
    elif isinstance(value, dict):
        _head(5, len(value), out)
        for key, item in value.items():
            _encode(key, out)
            _encode(item, out)
    else:
        _head(4, len(value), out)
        for item in value:
            _encode(item, out)


_BREAK = object()


def decode(data: bytes) -> Any:
    """The one item in `data`. Raises InvalidCbor."""
    reader = _Reader(data)
    try:
        value = reader.item(0)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise InvalidCbor("truncated or not text") from error
    if value is _BREAK or reader.at != len(data):
        raise InvalidCbor("more or less than one item")
    return value


class _Reader:
    """A place in a document."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def item(self, depth: int) -> Any:
        if depth > DEPTH_MAX:
            raise InvalidCbor("nested too deeply")
        initial = self._data[self.at]
        self.at += 1
        major, info = initial >> 5, initial & 31
        if major == 7:
            return self._simple(info)
        if info == 31:
            return self._indefinite(major, depth)
        count = self._count(info)
        if major == 0:
            return count
        if major == 1:
            return -1 - count
        if major in {2, 3}:
            return self._string(major, count)
        if major == 6:
            return self.item(depth + 1)
        if count > len(self._data) - self.at:
            raise InvalidCbor("truncated")
        if major == 4:
            return [self._value(depth + 1) for _ in range(count)]
        return {self._key(depth + 1): self._value(depth + 1) for _ in range(count)}

    def _count(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise InvalidCbor("reserved length")
        size = 1 << (info - 24)
        self.at += size
        if self.at > len(self._data):
            raise InvalidCbor("truncated")
        return int.from_bytes(self._data[self.at - size : self.at], "big")

    def _string(self, major: int, count: int) -> str | bytes:
        data = self._data[self.at : self.at + count]
        if len(data) != count:
            raise InvalidCbor("truncated")
        self.at += count
        return data if major == 2 else data.decode()

    def _simple(self, info: int) -> Any:
        if info in {20, 21}:
            return info == 21
        if info in {22, 23}:
            return None
        if info == 31:
            return _BREAK
        if info not in {25, 26, 27}:
            raise InvalidCbor("unknown simple value")
        style, size = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}[info]
        (value,) = struct.unpack_from(style, self._data, self.at)
        self.at += size
        return value

    def _value(self, depth: int) -> Any:
        value = self.item(depth)
        if value is _BREAK:
            raise InvalidCbor("unexpected break")
        return value

    def _key(self, depth: int) -> str:
        key = self.item(depth)
        if not isinstance(key, str):
            raise InvalidCbor("a key is not text")
        return key

    def _indefinite(self, major: int, depth: int) -> Any:
        if major not in {2, 3, 4, 5}:
            raise InvalidCbor("reserved length")
        if major == 5:
            found = {}
            while self._data[self.at] != 0xFF:
                key = self._key(depth + 1)
                found[key] = self._value(depth + 1)
            self.at += 1
            return found
        items = []
        while (value := self.item(depth + 1)) is not _BREAK:
            items.append(value)
        if major == 4:
            return items
        kind: type = bytes if major == 2 else str
        if not all(isinstance(item, kind) for item in items):
            raise InvalidCbor("mixed strings")
        return kind().join(items)
