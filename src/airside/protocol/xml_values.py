"""Values inside an XML document: compiled readers (rest-xml) and writers (rest-xml, query).

A reader takes an `Element` and returns what an operation sees. A writer appends text to a list.
"""

from collections.abc import Callable, Mapping
from typing import Any

from airside.protocol import scalars
from airside.protocol.errors import MalformedXML, ResultError
from airside.protocol.shapes import FLOATS, INTEGERS, STRINGS, Member, Shape, later
from airside.protocol.xml_tree import MALFORMED, SPECIAL, Element, escape

ReadElement = Callable[[Element], Any]
ReadElements = Callable[[list[Element]], Any]
Write = Callable[[Any, list[str]], None]
Convert = Callable[[Any], str]
_Step = tuple[str, list[tuple[str, Convert]], str, Write | None]
"""Scalars in one piece of text with gaps, then perhaps a member with more below it."""
PLANS_MAX = 256
"""Sets of members of one structure whose plans are remembered."""

_TEXT_READERS: dict[str, scalars.Reader] = {
    "boolean": lambda text: scalars.read_boolean(text.strip()),
    "blob": lambda text: scalars.read_blob("".join(text.split())),
    **scalars.INTEGER_READERS,
    **dict.fromkeys(FLOATS, lambda text: scalars.read_float(text.strip())),
}


class Readers:
    """Compiles readers."""

    def __init__(self) -> None:
        self._made: dict[str, ReadElement] = {}

    def member(self, member: Member) -> ReadElements:
        """A reader for all elements that carry one member's name."""
        shape = member.shape
        if shape.type == "list" and member.flattened:
            element = self._one(shape.element)
            return lambda found: [element(item) for item in found]
        if shape.type == "map" and member.flattened:
            return self._entries(shape)
        one = self._one(member)

        def read(found: list[Element]) -> Any:
            if len(found) != 1:
                raise MalformedXML(MALFORMED)
            return one(found[0])

        return read

    def _one(self, member: Member) -> ReadElement:
        if member.shape.type == "timestamp":
            return _text(scalars.TIMESTAMP_READERS[member.timestamp_format or "iso8601"])
        return self.shape(member.shape)

    def shape(self, shape: Shape) -> ReadElement:
        """A reader for one element of this shape."""
        made = self._made.get(shape.name)
        if made is not None:
            return made
        self._made[shape.name] = later(self._made, shape.name)
        made = self._made[shape.name] = self._compile(shape)
        return made

    def _compile(self, shape: Shape) -> ReadElement:
        if shape.type in STRINGS:
            return _read_string
        if shape.type == "structure":
            return self.structure(list(shape.members.values()))
        if shape.type == "list":
            return self._list(shape)
        if shape.type == "map":
            entries = self._entries(shape)
            return lambda element: entries([e for e in element.children if e.name == "entry"])
        if shape.type == "timestamp":
            return _text(scalars.TIMESTAMP_READERS[shape.timestamp_format or "iso8601"])
        return _text(_TEXT_READERS[shape.type])

    def structure(self, members: list[Member]) -> ReadElement:
        """A reader for an element with these members below it; unknown ones are ignored."""
        attributes = [(m.wire, m.name, _attribute(m)) for m in members if m.xml_attribute]
        below = {m.wire: (m.name, self.member(m)) for m in members if not m.xml_attribute}

        def read(element: Element) -> dict[str, Any]:
            grouped: dict[str, list[Element]] = {}
            for child in element.children:
                grouped.setdefault(child.name, []).append(child)
            found = {}
            for wire, children in grouped.items():
                known = below.get(wire)
                if known is not None:
                    found[known[0]] = known[1](children)
            for wire, name, parse in attributes:
                text = element.attributes.get(wire)
                if text is not None:
                    found[name] = parse(text)
            return found

        return read

    def _list(self, shape: Shape) -> ReadElement:
        wire = shape.element.location_name or "member"
        convert = self._one(shape.element)
        return lambda element: [convert(item) for item in element.children if item.name == wire]

    def _entries(self, shape: Shape) -> ReadElements:
        key_wire = shape.key.location_name or "key"
        value_wire = shape.value.location_name or "value"
        convert = self.member(shape.value)

        def read(found: list[Element]) -> dict[str, Any]:
            entries = {}
            for entry in found:
                keys = [child.text for child in entry.children if child.name == key_wire]
                values = [child for child in entry.children if child.name == value_wire]
                if len(keys) != 1 or not values:
                    raise MalformedXML(MALFORMED)
                entries[keys[0]] = convert(values)
            return entries

        return read


def _wire(member: Member) -> str:
    """The element's name in a response: a flattened list may take it from its element."""
    if member.flattened and member.shape.type == "list":
        return member.shape.element.location_name or member.wire
    return member.wire


def _read_string(element: Element) -> str:
    if element.children:
        raise MalformedXML(MALFORMED)
    return element.text


def _text(parse: Callable[[str], Any]) -> ReadElement:
    def read(element: Element) -> Any:
        try:
            return parse(element.text)
        except (ValueError, OverflowError):
            raise MalformedXML(MALFORMED) from None

    return read


def _attribute(member: Member) -> Callable[[str], Any]:
    if member.shape.type in STRINGS:
        return str
    parse = _text(_TEXT_READERS[member.shape.type])

    def read(text: str) -> Any:
        element = Element("", {})
        element.text = text
        return parse(element)

    return read


def _text_of_string(value: Any) -> str:
    if not isinstance(value, str):
        raise ResultError(f"a string, not {value!r}")
    return value if SPECIAL.search(value) is None else escape(value)


_TEXT_WRITERS: dict[str, Convert] = {
    "boolean": scalars.write_boolean,
    "blob": scalars.write_blob,
    **dict.fromkeys(STRINGS, _text_of_string),
    **dict.fromkeys(INTEGERS, scalars.write_integer),
    **dict.fromkeys(FLOATS, scalars.write_float),
}


class Writers:
    """Compiles writers. `milliseconds`: whether ISO timestamps always carry them."""

    def __init__(self, *, milliseconds: bool) -> None:
        self._iso8601 = (
            scalars.write_iso8601_milliseconds if milliseconds else scalars.write_iso8601
        )
        self._made: dict[str, Write] = {}

    def member(self, member: Member, wire: str | None = None) -> Write:
        """A writer for a member under its name: the element, or the elements, whole."""
        shape = member.shape
        wire = wire or _wire(member)
        if shape.type == "list" and member.flattened:
            return self._flat_list(shape, wire)
        if shape.type == "map" and member.flattened:
            return self._flat_map(shape, wire)
        return self.element(member, wire)

    def element(self, member: Member, wire: str) -> Write:
        """A writer for one element called `wire`."""
        shape = member.shape
        opening, closing = f"<{wire}{_namespace(member.xml_namespace)}>", f"</{wire}>"
        scalar = self.scalar(member)
        if scalar is not None:

            def write_scalar(value: Any, out: list[str]) -> None:
                out.append(f"{opening}{scalar(value)}{closing}")

            return write_scalar
        content = self.content(shape)
        attributes = [m for m in shape.members.values() if m.xml_attribute]
        if attributes:
            return _with_attributes(attributes, opening, closing, content)

        def write(value: Any, out: list[str]) -> None:
            out.append(opening)
            content(value, out)
            out.append(closing)

        return write

    def scalar(self, member: Member) -> Convert | None:
        """How a scalar member becomes text; None for aggregates."""
        if member.shape.type == "timestamp":
            style = member.timestamp_format or "iso8601"
            return self._iso8601 if style == "iso8601" else scalars.TIMESTAMP_WRITERS[style]
        return _TEXT_WRITERS.get(member.shape.type)

    def content(self, shape: Shape) -> Write:
        """A writer for what stands inside an element of an aggregate shape."""
        made = self._made.get(shape.name)
        if made is not None:
            return made
        self._made[shape.name] = _later(self._made, shape.name)
        if shape.type == "structure":
            members = [m for m in shape.members.values() if not m.xml_attribute]
            write = self.structure(shape.name, members, [
                m.name for m in shape.members.values() if m.xml_attribute
            ])  # fmt: skip
        elif shape.type == "list":
            write = self._flat_list(shape, shape.element.location_name or "member")
        else:
            write = self._flat_map(shape, "entry")
        self._made[shape.name] = write
        return write

    def structure(self, name: str, members: list[Member], skip: list[str] | None = None) -> Write:
        """A writer for members in the model's order. An unknown one is a ResultError.

        How the members of one set are written is worked out once for each set that comes.
        """
        writers = [(m.name, self.member(m)) for m in members]
        scalars_of = {m.name: self._line(m) for m in members}
        known = {m.name for m in members} | set(skip or ())
        plans: dict[tuple[str, ...], list[_Step]] = {}

        def write(value: Any, out: list[str]) -> None:
            if None in value.values():
                value = {key: item for key, item in value.items() if item is not None}
            names = tuple(value)
            plan = plans.get(names)
            if plan is None:
                if not value.keys() <= known:
                    raise ResultError(f"{name} has no member {sorted(value.keys() - known)}")
                plan = _planned([one for one in writers if one[0] in value], scalars_of)
                if len(plans) < PLANS_MAX:
                    plans[names] = plan
            for text, lines, member_name, write_member in plan:
                if lines:
                    out.append(text % tuple([convert(value[key]) for key, convert in lines]))
                if write_member is not None:
                    write_member(value[member_name], out)

        return write

    def _line(self, member: Member) -> tuple[str, Convert] | None:
        """How a scalar member is written, with a gap for its text; None for aggregates."""
        convert = self.scalar(member)
        if convert is None:
            return None
        wire = _wire(member)
        opening = f"<{wire}{_namespace(member.xml_namespace)}>".replace("%", "%%")
        return f"{opening}%s</{wire}>", convert

    def _flat_list(self, shape: Shape, wire: str) -> Write:
        write_element = self.element(shape.element, wire)

        def write(value: Any, out: list[str]) -> None:
            for item in value:
                write_element(item, out)

        return write

    def _flat_map(self, shape: Shape, wire: str) -> Write:
        key = shape.key.location_name or "key"
        write_value = self.member(shape.value, shape.value.location_name or "value")

        def write(value: Any, out: list[str]) -> None:
            for name, item in value.items():
                if item is not None:
                    out.append(f"<{wire}><{key}>{escape(name)}</{key}>")
                    write_value(item, out)
                    out.append(f"</{wire}>")

        return write


def _planned(
    members: list[tuple[str, Write]], scalars_of: Mapping[str, tuple[str, Convert] | None]
) -> list[_Step]:
    """Members to write one after the other, scalars that follow each other in one piece."""
    steps: list[_Step] = []
    text: list[str] = []
    lines: list[tuple[str, Convert]] = []
    for name, write in members:
        scalar = scalars_of[name]
        if scalar is None:
            steps.append(("".join(text), lines, name, write))
            text, lines = [], []
        else:
            text.append(scalar[0])
            lines.append((name, scalar[1]))
    steps.append(("".join(text), lines, "", None))
    return steps


def _namespace(declared: tuple[str, str] | None) -> str:
    if declared is None:
        return ""
    prefix, uri = declared
    return f' xmlns:{prefix}="{escape(uri)}"' if prefix else f' xmlns="{escape(uri)}"'


def _with_attributes(attributes: list[Member], opening: str, closing: str, content: Write) -> Write:
    """An element whose shape keeps some members as attributes (S3's Grantee and its xsi:type)."""
    head = opening[:-1]

    def write(value: Any, out: list[str]) -> None:
        out.append(head)
        for member in attributes:
            item = value.get(member.name)
            if item is not None:
                out.append(f' {member.wire}="{escape(str(item))}"')
        out.append(">")
        content(value, out)
        out.append(closing)

    return write


def _later(made: Mapping[str, Write], name: str) -> Write:
    """`shapes.later`, for writers."""

    def write(value: Any, out: list[str]) -> None:
        made[name](value, out)

    return write
