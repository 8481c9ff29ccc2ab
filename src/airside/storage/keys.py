"""Keys from tuples, such that packed keys sort as the tuples do.

Elements are text, bytes, integers, floats, booleans, None and tuples of these. Elements of
different types sort by type, in this order: None, bytes, text, tuples, integers, floats, booleans;
note that 1, 1.0 and True are three different keys. A tuple sorts before its extensions.

Layout: one byte for the type, then the content. Bytes, text (as UTF-8) and tuples end with a zero
byte; a zero byte inside bytes and text is followed by FF, which no type starts with. An integer's
type byte tells sign and width, so that wider ones sort outside.
"""

import struct
from math import isnan
from typing import Any, TypeAlias

Part: TypeAlias = "str | bytes | int | float | tuple[Part, ...] | None"
Key: TypeAlias = tuple[Part, ...]

_NONE, _BYTES, _TEXT, _TUPLE = 0x01, 0x02, 0x03, 0x04
_ZERO = 0x20
"""The integer 0. Positive integers of n bytes have 0x20 + n, negative ones 0x20 - n, n <= 8."""
_WIDE_NEGATIVE, _WIDE_POSITIVE = 0x17, 0x29
"""Integers of 9 to 255 bytes, with the width after the type byte."""
_FLOAT, _FALSE, _TRUE = 0x30, 0x32, 0x33

_WIDTH_MAX = 255
_SIGN = 1 << 63
_ALL = (1 << 64) - 1

_POSITIVE = tuple(bytes([_ZERO + width]) for width in range(9))
_NEGATIVE = tuple(bytes([_ZERO - width]) for width in range(9))
_SMALL = (_POSITIVE[0], *(_POSITIVE[1] + bytes([number]) for number in range(1, 256)))
_DOUBLE = struct.Struct(">d")


def pack(parts: Key) -> bytes:
    """The key for a tuple.

    Raises TypeError for other types of elements and ValueError for integers of more than 255
    bytes, for NaN and for text that has no UTF-8 form.
    """
    out = b""
    part: Any
    for part in parts:
        kind = type(part)
        if kind is str:
            raw = part.encode()
            if b"\0" in raw:
                raw = raw.replace(b"\0", b"\0\xff")
            out += b"\x03%b\0" % raw
        elif kind is bytes:
            raw = part.replace(b"\0", b"\0\xff") if b"\0" in part else part
            out += b"\x02%b\0" % raw
        elif kind is int:
            if 0 <= part < 256:
                out += _SMALL[part]
            else:
                out += _pack_integer(part)
        else:
            out += _pack_other(part)
    return out


def unpack(key: bytes) -> tuple[Any, ...]:
    """The tuple that `key` was made from. Raises ValueError when it was not made by `pack`."""
    parts, position = _unpack_until(key, 0, len(key))
    if position != len(key):
        raise ValueError(f"not a packed key: {key!r}")
    return parts


def prefix_range(parts: Key) -> tuple[bytes, bytes]:
    """The range `(start, end)` of all keys that begin with `parts` and go on."""
    prefix = pack(parts)
    return prefix + b"\x01", prefix + b"\xff"


def starting_with(parts: Key, text: str | bytes) -> tuple[bytes, bytes]:
    """The range of all keys that have `parts` first and then text (or bytes) starting with `text`.

    For listings below a prefix and conditions like `begins_with`.
    """
    start = pack((*parts, text))[:-1]
    return start, _after_prefix(start)


def after(key: bytes) -> bytes:
    """The smallest key greater than `key`: where the next page of a scan starts."""
    return key + b"\0"


def _after_prefix(prefix: bytes) -> bytes:
    """The smallest byte string greater than everything that starts with `prefix`."""
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1])


def _pack_integer(number: int) -> bytes:
    magnitude = number if number >= 0 else -number
    width = (magnitude.bit_length() + 7) >> 3
    if width > _WIDTH_MAX:
        raise ValueError(f"an integer of {width} bytes is too wide for a key")
    if number >= 0:
        head = _POSITIVE[width] if width <= 8 else bytes([_WIDE_POSITIVE, width])
        return head + number.to_bytes(width, "big")
    head = _NEGATIVE[width] if width <= 8 else bytes([_WIDE_NEGATIVE, _WIDTH_MAX - width])
    return head + ((1 << 8 * width) - 1 - magnitude).to_bytes(width, "big")


def _pack_other(part: Part) -> bytes:
    """None, booleans, floats, tuples, and instances of subclasses (members of a StrEnum, say)."""
    match part:
        case None:
            return b"\x01"
        case False:
            return b"\x32"
        case True:
            return b"\x33"
        case str():
            return pack((str.__str__(part),))
        case bytes():
            return pack((bytes(part),))
        case int():
            return _pack_integer(int(part))
        case float():
            return _pack_float(part)
        case tuple():
            return b"\x04" + pack(part) + b"\0"
    raise TypeError(f"a key cannot hold a {type(part).__name__}")


def _pack_float(number: float) -> bytes:
    if isnan(number):
        raise ValueError("NaN has no place in an order")
    bits = int.from_bytes(_DOUBLE.pack(number), "big")
    bits = bits ^ _ALL if bits & _SIGN else bits | _SIGN
    return b"\x30" + bits.to_bytes(8, "big")


def _unpack_until(key: bytes, position: int, end: int) -> tuple[tuple[Any, ...], int]:
    """Elements from `position` up to the end of the key or of the tuple, and where that is."""
    parts: list[Any] = []
    while position < end:
        kind = key[position]
        if kind in (_TEXT, _BYTES):
            stop = key.find(b"\0", position)
            if stop < 0:
                raise ValueError(f"not a packed key: {key!r}")
            raw = key[position + 1 : stop]
            position = stop + 1
            if position < end and key[position] == 0xFF:
                raw, position = _unpack_escaped(key, raw, position)
            parts.append(raw.decode() if kind == _TEXT else raw)
        elif _WIDE_NEGATIVE <= kind <= _WIDE_POSITIVE:
            number, position = _unpack_integer(key, position)
            parts.append(number)
        elif kind == 0:
            break
        else:
            other, position = _unpack_other(key, position)
            parts.append(other)
    return tuple(parts), position


def _unpack_escaped(key: bytes, raw: bytes, position: int) -> tuple[bytes, int]:
    """Go on with bytes that hold a zero byte; `position` is at the FF after the first one."""
    pieces = [raw]
    while key[position : position + 1] == b"\xff":
        stop = key.find(b"\0", position)
        if stop < 0:
            raise ValueError(f"not a packed key: {key!r}")
        pieces.append(key[position + 1 : stop])
        position = stop + 1
    return b"\0".join(pieces), position


def _unpack_integer(key: bytes, position: int) -> tuple[int, int]:
    kind = key[position]
    start = position + 1
    if kind == _WIDE_POSITIVE:
        width, start = key[start], start + 1
    elif kind == _WIDE_NEGATIVE:
        width, start = _WIDTH_MAX - key[start], start + 1
    else:
        width = abs(kind - _ZERO)
    number = int.from_bytes(key[start : start + width], "big")
    return number if kind >= _ZERO else number - (1 << 8 * width) + 1, start + width


def _unpack_other(key: bytes, position: int) -> tuple[Any, int]:
    kind = key[position]
    if kind == _NONE:
        return None, position + 1
    if kind in (_FALSE, _TRUE):
        return kind == _TRUE, position + 1
    if kind == _FLOAT:
        bits = int.from_bytes(key[position + 1 : position + 9], "big")
        bits = bits & ~_SIGN if bits & _SIGN else bits ^ _ALL
        return _DOUBLE.unpack(bits.to_bytes(8, "big"))[0], position + 9
    if kind == _TUPLE:
        parts, stop = _unpack_until(key, position + 1, len(key))
        if stop < len(key):
            return parts, stop + 1
    raise ValueError(f"not a packed key: {key!r}")
