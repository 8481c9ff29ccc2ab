"""Values inside a JSON document: compiled readers and writers, one per shape.

A reader takes what msgspec decoded and returns what an operation sees; it raises
SerializationException on a value of the wrong type. A writer takes what an operation returned and
gives what msgspec encodes. `msgspec.Raw` passes writers unchanged. `None` members are left out.
"""

import math
from collections.abc import Callable
from typing import Any

from msgspec import Raw

from airside.protocol import scalars
from airside.protocol.cbor import Moment
from airside.protocol.errors import SerializationException
from airside.protocol.shapes import FLOATS, INTEGERS, Member, Shape, later

Convert = Callable[[Any], Any]

_KINDS = {
    str: "STRING_VALUE",
    int: "NUMBER_VALUE",
    float: "NUMBER_VALUE",
    bytes: "BINARY_VALUE",
    type(None): "NULL_VALUE",
}


class ResultError(TypeError):
    """An operation returned something its model does not have: a bug of ours, not of the client."""


def wrong_type(value: Any, expected: str) -> SerializationException:
    """AWS's words for a value of another type; `expected` as in `String`."""
    if isinstance(value, dict):
        return SerializationException("Start of structure or map found where not expected.")
    if isinstance(value, list):
        return SerializationException("Start of list found where not expected")
    kind = f"{value}".upper() + "_VALUE" if isinstance(value, bool) else _KINDS[type(value)]
    article = "an" if expected[0] in "AIO" else "a"
    return SerializationException(f"{kind} can not be converted to {article} {expected}")


def _same(value: Any) -> Any:
    return value


def _read_string(value: Any) -> str:
    if value.__class__ is str:
        return value
    raise wrong_type(value, "String")


def _integer_reader(kind: str) -> Convert:
    limit = scalars.INTEGER_LIMITS[kind]

    def read(value: Any) -> int:
        if value.__class__ is float and math.isfinite(value):
            value = int(value)  # AWS truncates
        if value.__class__ is int and -limit <= value < limit:
            return value
        raise wrong_type(value, kind.capitalize())

    return read


def _read_float(value: Any) -> float:
    if value.__class__ is float:
        return value
    if value.__class__ is int:
        try:
            return float(value)
        except OverflowError:
            raise wrong_type(value, "Double") from None
    if value.__class__ is str and value in {"NaN", "Infinity", "-Infinity"}:
        return scalars.read_float(value)
    raise wrong_type(value, "Double")


def _read_boolean(value: Any) -> bool:
    if value is True or value is False:
        return value
    raise wrong_type(value, "Boolean")


def _read_blob(value: Any) -> bytes:
    if value.__class__ is not str:
        raise wrong_type(value, "Blob")
    try:
        return scalars.read_blob(value)
    except ValueError:
        raise SerializationException("Value is not valid base64") from None


def _read_bytes(value: Any) -> bytes:
    if value.__class__ is bytes:
        return value
    raise wrong_type(value, "Blob")


def _timestamp_reader(style: str) -> Convert:
    parse = scalars.TIMESTAMP_READERS[style]

    def read(value: Any) -> float:
        if value.__class__ is int or value.__class__ is float:
            if math.isfinite(value) and abs(value) < 1e15:
                return value
            raise wrong_type(value, "Timestamp")
        if value.__class__ is not str:
            raise wrong_type(value, "Timestamp")
        try:
            return parse(value)
        except ValueError:
            raise wrong_type(value, "Timestamp") from None

    return read


_SCALAR_READERS: dict[str, Convert] = {
    "string": _read_string,
    "character": _read_string,
    "boolean": _read_boolean,
    "blob": _read_blob,
    **{kind: _integer_reader(kind) for kind in INTEGERS},
    **dict.fromkeys(FLOATS, _read_float),
}


class Readers:
    """Compiles readers.

    `renamed`: whether `locationName` counts (REST) or not (RPC). `binary`: whether the format has
    byte strings and timestamps of its own (CBOR) or writes them as text and numbers (JSON).
    """

    def __init__(self, *, renamed: bool, binary: bool = False) -> None:
        self._renamed = renamed
        self._binary = binary
        self._made: dict[str, Convert] = {}

    def member(self, member: Member) -> Convert:
        """A reader for a shape in its place."""
        shape = member.shape
        if shape.type == "timestamp" and not shape.opaque:
            return self._timestamp(member.timestamp_format)
        return self.shape(shape)

    def _timestamp(self, style: str | None) -> Convert:
        return _timestamp_reader("unixTimestamp" if self._binary else style or "unixTimestamp")

    def shape(self, shape: Shape) -> Convert:
        """A reader for a shape."""
        if shape.opaque:
            return _same
        if shape.type == "blob" and self._binary:
            return _read_bytes
        scalar = _SCALAR_READERS.get(shape.type)
        if scalar is not None:
            return scalar
        made = self._made.get(shape.name)
        if made is not None:
            return made
        # A recursive shape meets itself while it is being compiled: look it up when called.
        self._made[shape.name] = later(self._made, shape.name)
        made = self._made[shape.name] = self._compile(shape)
        return made

    def _compile(self, shape: Shape) -> Convert:
        if shape.type == "structure":
            return self.structure(list(shape.members.values()))
        if shape.type == "list":
            return self._list(shape)
        if shape.type == "map":
            return self._map(shape)
        return self._timestamp(shape.timestamp_format)

    def structure(self, members: list[Member]) -> Convert:
        """A reader for an object with these members; unknown ones are ignored."""
        names = {m.wire if self._renamed else m.name: (m.name, self.member(m)) for m in members}
        find = names.get

        def read(value: Any) -> dict[str, Any]:
            if value.__class__ is not dict:
                raise _not_an_object(value)
            found = {}
            for key, item in value.items():
                known = find(key)
                if known is not None and item is not None:
                    found[known[0]] = known[1](item)
            return found

        return read

    def _list(self, shape: Shape) -> Convert:
        convert = self.member(shape.element)

        def read(value: Any) -> list[Any]:
            if value.__class__ is not list:
                raise _not_a_list(value)
            return [convert(item) for item in value if item is not None]

        return read

    def _map(self, shape: Shape) -> Convert:
        convert = self.member(shape.value)

        def read(value: Any) -> dict[str, Any]:
            if value.__class__ is not dict:
                raise _not_an_object(value)
            if convert is _same:
                return value
            return {key: convert(item) for key, item in value.items() if item is not None}

        return read


def _not_an_object(value: Any) -> SerializationException:
    if isinstance(value, list):
        return SerializationException("Start of list found where not expected")
    return SerializationException("Unexpected field type")


def _not_a_list(value: Any) -> SerializationException:
    if isinstance(value, dict):
        return SerializationException("Start of structure or map found where not expected.")
    return SerializationException("Unexpected field type")


def _write_string(value: Any) -> Any:
    if isinstance(value, str | Raw):
        return value
    raise ResultError(f"a string, not {value!r}")


def _write_integer(value: Any) -> Any:
    return value if value.__class__ is int or value.__class__ is Raw else int(value)


def _write_float(value: Any) -> Any:
    if value.__class__ is Raw:
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return scalars.write_float(value)
    return value


def _write_boolean(value: Any) -> Any:
    return value if value.__class__ is Raw else bool(value)


def _write_blob(value: Any) -> Any:
    return value if value.__class__ is Raw else scalars.write_blob(value)


def _timestamp_writer(style: str) -> Convert:
    if style == "unixTimestamp":
        return lambda value: value if value.__class__ is Raw else scalars.epoch_number(value)
    write = scalars.TIMESTAMP_WRITERS[style]
    return lambda value: value if value.__class__ is Raw else write(value)


_SCALAR_WRITERS: dict[str, Convert] = {
    "string": _write_string,
    "character": _write_string,
    "boolean": _write_boolean,
    "blob": _write_blob,
    **dict.fromkeys(INTEGERS, _write_integer),
    **dict.fromkeys(FLOATS, _write_float),
}


_BINARY_WRITERS: dict[str, Convert] = {
    "blob": _same,
    "timestamp": Moment,
    **dict.fromkeys(FLOATS, float),
}
"""What CBOR has of its own."""


class Writers:
    """Compiles writers; the mirror of `Readers`."""

    def __init__(self, *, renamed: bool, binary: bool = False) -> None:
        self._renamed = renamed
        self._scalars = {**_SCALAR_WRITERS, **_BINARY_WRITERS} if binary else _SCALAR_WRITERS
        self._made: dict[str, Convert] = {}

    def member(self, member: Member) -> Convert:
        """A writer for a shape in its place."""
        shape = member.shape
        if shape.type == "timestamp" and "timestamp" not in self._scalars and not shape.opaque:
            return _timestamp_writer(member.timestamp_format or "unixTimestamp")
        return self.shape(shape)

    def shape(self, shape: Shape) -> Convert:
        """A writer for a shape."""
        if shape.opaque:
            return _same
        scalar = self._scalars.get(shape.type)
        if scalar is not None:
            return scalar
        made = self._made.get(shape.name)
        if made is not None:
            return made
        self._made[shape.name] = later(self._made, shape.name)
        made = self._made[shape.name] = self._compile(shape)
        return made

    def _compile(self, shape: Shape) -> Convert:
        if shape.type == "structure":
            return self.structure(shape.name, list(shape.members.values()))
        if shape.type == "list":
            return self._list(shape)
        if shape.type == "map":
            return self._map(shape)
        return _timestamp_writer(shape.timestamp_format or "unixTimestamp")

    def structure(self, name: str, members: list[Member]) -> Convert:
        """A writer for an object with these members. An unknown one is a ResultError."""
        names = {m.name: (m.wire if self._renamed else m.name, self.member(m)) for m in members}
        find = names.get

        def write(value: Any) -> Any:
            if value.__class__ is Raw:
                return value
            written = {}
            for key, item in value.items():
                if item is not None:
                    known = find(key)
                    if known is None:
                        raise ResultError(f"{name} has no member {key}")
                    written[known[0]] = known[1](item)
            return written

        return write

    def _list(self, shape: Shape) -> Convert:
        convert = self.member(shape.element)

        def write(value: Any) -> Any:
            return value if value.__class__ is Raw else [convert(item) for item in value]

        return write if convert is not _same else _same

    def _map(self, shape: Shape) -> Convert:
        convert = self.member(shape.value)

        def write(value: Any) -> Any:
            if value.__class__ is Raw:
                return value
            return {key: convert(item) for key, item in value.items() if item is not None}

        return write if convert is not _same else _same
