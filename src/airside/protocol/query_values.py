"""Values inside a form: compiled readers over the tree that dotted names make."""

from collections.abc import Callable, Mapping
from typing import Any, Union

from airside.protocol import scalars
from airside.protocol.errors import MalformedInput
from airside.protocol.shapes import FLOATS, STRINGS, Member, Shape, later

Node = Union[str, "dict[str, Node]"]
Read = Callable[[Any], Any]

_TEXT_READERS: dict[str, scalars.Reader] = {
    "boolean": scalars.read_boolean,
    "blob": scalars.read_blob,
    **scalars.INTEGER_READERS,
    **dict.fromkeys(FLOATS, scalars.read_float),
}


class Readers:
    """Compiles readers."""

    def __init__(self) -> None:
        self._made: dict[str, Read] = {}

    def structure(self, shape: Shape) -> Read:
        """A reader for a structure."""
        made = self._made.get(shape.name)
        if made is not None:
            return made
        self._made[shape.name] = later(self._made, shape.name)
        members = {self._wire(m): (m.name, self.member(m)) for m in shape.members.values()}
        find = members.get

        def read(node: Any) -> dict[str, Any]:
            if node == "":
                return {}
            found = {}
            for wire, below in _below(node).items():
                known = find(wire)
                if known is not None:
                    found[known[0]] = known[1](below)
            return found

        self._made[shape.name] = read
        return read

    @staticmethod
    def _wire(member: Member) -> str:
        """The parameter's name: a flattened list takes it from its element."""
        if member.flattened and member.shape.type == "list":
            return member.shape.element.location_name or member.wire
        return member.wire

    def member(self, member: Member) -> Read:
        """A reader for a shape in its place."""
        shape = member.shape
        if shape.type == "structure":
            return self.structure(shape)
        if shape.type == "list":
            return self._list(member)
        if shape.type == "map":
            return self._map(member)
        if shape.type in STRINGS:
            return _string
        if shape.type == "timestamp":
            return _text(scalars.TIMESTAMP_READERS[member.timestamp_format or "iso8601"])
        return _text(_TEXT_READERS[shape.type])

    def _list(self, member: Member) -> Read:
        element = member.shape.element
        convert = self.member(element)
        wire = None if member.flattened else element.location_name or "member"

        def read(node: Any) -> list[Any]:
            return [convert(item) for item in _numbered(node, wire)]

        return read

    def _map(self, member: Member) -> Read:
        shape = member.shape
        key_wire = shape.key.location_name or "key"
        value_wire = shape.value.location_name or "value"
        convert = self.member(shape.value)
        wire = None if member.flattened else "entry"

        def read(node: Any) -> dict[str, Any]:
            found = {}
            for entry in _numbered(node, wire):
                parts = _below(entry)
                key = _string(parts.get(key_wire, {}))
                found[key] = convert(parts.get(value_wire, ""))
            return found

        return read


def _below(node: Any) -> Mapping[str, Any]:
    if not isinstance(node, dict):
        raise MalformedInput("Unexpected value where parameters with a longer name are expected")
    return node


def _numbered(node: Any, wire: str | None) -> list[Any]:
    """The items below a node, in the order of their numbers. `Name=` is an empty list."""
    if node == "":
        return []
    items = _below(node)
    if wire is not None and wire in items:
        if items[wire] == "":
            return []
        items = _below(items[wire])
    try:
        ordered = sorted((scalars.read_integer(number), number) for number in items)
    except ValueError:
        raise MalformedInput("A list's items must be numbered") from None
    return [items[number] for _, number in ordered]


def _string(node: Any) -> str:
    if not isinstance(node, str):
        raise MalformedInput("Unexpected complex element termination")
    return node


def _text(parse: Callable[[str], Any]) -> Read:
    def read(node: Any) -> Any:
        try:
            return parse(_string(node))
        except (ValueError, OverflowError):
            raise MalformedInput("A parameter does not have the type it should have") from None

    return read
