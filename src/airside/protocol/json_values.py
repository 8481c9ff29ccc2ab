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
from airside.protocol.errors import ResultError
from airside.protocol.json_words import WORDS, Words
from airside.protocol.shapes import FLOATS, INTEGERS, Member, Shape, later

Convert = Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _string_reader(words: Words) -> Convert:
    def read(value: Any) -> str:
        if value.__class__ is str:
            return value
        raise words.scalar(value, "String")

    return read


def _integer_reader(kind: str, words: Words) -> Convert:
    limit = scalars.INTEGER_LIMITS[kind]

    def read(value: Any) -> int:
        if value.__class__ is float and math.isfinite(value):
            value = int(value)  # AWS truncates
        if value.__class__ is int and -limit <= value < limit:
            return value
        raise words.scalar(value, kind.capitalize())

    return read


def _float_reader(words: Words) -> Convert:
    def read(value: Any) -> float:
        if value.__class__ is float:
            return value
        if value.__class__ is int:
            try:
                return float(value)
            except OverflowError:
                raise words.scalar(value, "Double") from None
        if value.__class__ is str and value in {"NaN", "Infinity", "-Infinity"}:
            return scalars.read_float(value)
        raise words.scalar(value, "Double")

    return read


def _boolean_reader(words: Words) -> Convert:
    def read(value: Any) -> bool:
        if value is True or value is False:
            return value
        return words.boolean(value)

    return read


def _bytes_reader(words: Words) -> Convert:
    def read(value: Any) -> bytes:
        if value.__class__ is bytes:
            return value
        raise words.scalar(value, "Blob")

    return read


def _timestamp_reader(style: str, words: Words) -> Convert:
    parse = scalars.TIMESTAMP_READERS[style]

    def read(value: Any) -> float:
        if value.__class__ is int or value.__class__ is float:
            if math.isfinite(value) and abs(value) < 1e15:
                return value
            raise words.scalar(value, "Timestamp")
        if value.__class__ is not str:
            raise words.scalar(value, "Timestamp")
        try:
            return parse(value)
        except ValueError:
            raise words.scalar(value, "Timestamp") from None

    return read


def _scalar_readers(words: Words) -> dict[str, Convert]:
    return {
        "string": _string_reader(words),
        "character": _string_reader(words),
        "boolean": _boolean_reader(words),
        "blob": words.blob,
        **{kind: _integer_reader(kind, words) for kind in INTEGERS},
        **dict.fromkeys(FLOATS, _float_reader(words)),
    }


class Readers:
    """Compiles readers.

    `renamed`: whether `locationName` counts (REST) or not (RPC). `binary`: whether the format has
    byte strings and timestamps of its own (CBOR) or writes them as text and numbers (JSON).
    `words`: how values of the wrong type are told. `whole`: whether to look into opaque shapes.
    """

    def __init__(
        self, *, renamed: bool, binary: bool = False, words: Words = WORDS, whole: bool = False
    ) -> None:
        self._renamed = renamed
        self._whole = whole
        self._binary = binary
        self._words = words
        self._scalars = _scalar_readers(words)
        if binary:
            self._scalars["blob"] = _bytes_reader(words)
        self._made: dict[tuple[str, bool], Convert] = {}

    def member(self, member: Member, *, element: bool = False) -> Convert:
        """A reader for a shape in its place."""
        shape = member.shape
        if shape.type == "timestamp" and (self._whole or not shape.opaque):
            return self._timestamp(member.timestamp_format)
        return self.shape(shape, element=element)

    def _timestamp(self, style: str | None) -> Convert:
        style = "unixTimestamp" if self._binary else style or "unixTimestamp"
        return _timestamp_reader(style, self._words)

    def shape(self, shape: Shape, *, element: bool = False) -> Convert:
        """A reader for a shape; `element` when it stands in a list or map."""
        if shape.opaque and not self._whole:
            return _same
        scalar = self._scalars.get(shape.type)
        if scalar is not None:
            return scalar
        key = shape.name, element
        made = self._made.get(key)
        if made is not None:
            return made
        # A recursive shape meets itself while it is being compiled: look it up when called.
        self._made[key] = later(self._made, key)
        made = self._made[key] = self._compile(shape, element)
        return made

    def _compile(self, shape: Shape, element: bool) -> Convert:
        if shape.type == "structure":
            return self.structure(shape, list(shape.members.values()), element=element)
        if shape.type == "list":
            return self._list(shape, element)
        if shape.type == "map":
            return self._map(shape, element)
        return self._timestamp(shape.timestamp_format)

    def structure(self, shape: Shape, members: list[Member], *, element: bool = False) -> Convert:
        """A reader for an object with these members of a shape; unknown ones are ignored."""
        names = {m.wire if self._renamed else m.name: (m.name, self.member(m)) for m in members}
        find = names.get
        words = self._words

        def read(value: Any) -> dict[str, Any]:
            if value.__class__ is not dict:
                raise words.collection(value, shape, element=element)
            found = {}
            for key, item in value.items():
                known = find(key)
                if known is not None and item is not None:
                    found[known[0]] = known[1](item)
            return found

        return read

    def _list(self, shape: Shape, element: bool) -> Convert:
        convert = self.member(shape.element, element=True)
        words = self._words

        def read(value: Any) -> list[Any]:
            if value.__class__ is not list:
                raise words.collection(value, shape, element=element)
            return [convert(item) for item in value if item is not None]

        return read

    def _map(self, shape: Shape, element: bool) -> Convert:
        convert = self.member(shape.value, element=True)
        words = self._words

        def read(value: Any) -> dict[str, Any]:
            if value.__class__ is not dict:
                raise words.collection(value, shape, element=element)
            if convert is _same:
                return value
            return {key: convert(item) for key, item in value.items() if item is not None}

        return read


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
