"""Shapes as codecs see them: the model's references resolved into a graph."""

from collections.abc import Callable, Mapping
from typing import Any

from airside.protocol.schema import MemberDefinition, ShapeDefinition

INTEGERS = frozenset({"integer", "long", "short", "byte", "bigInteger"})
FLOATS = frozenset({"float", "double", "bigDecimal"})
STRINGS = frozenset({"string", "character"})


class Member:
    """A shape in its place: under a name, in a location, perhaps with traits of its own."""

    __slots__ = (
        "event_header", "event_payload", "flattened", "idempotency_token", "jsonvalue", "location",
        "location_name", "name", "query_name", "shape", "streaming", "timestamp_format",
        "xml_attribute", "xml_namespace",
    )  # fmt: skip

    def __init__(self, name: str, definition: MemberDefinition, shape: "Shape") -> None:
        self.name = name
        self.shape = shape
        self.location = definition.location
        self.location_name = definition.location_name
        self.query_name = definition.query_name
        self.streaming = definition.streaming or shape.streaming
        self.flattened = definition.flattened or shape.flattened
        self.xml_attribute = definition.xml_attribute
        self.xml_namespace = namespace(definition.xml_namespace) or shape.xml_namespace
        self.timestamp_format = definition.timestamp_format or shape.timestamp_format
        self.jsonvalue = definition.jsonvalue
        self.idempotency_token = definition.idempotency_token
        self.event_payload = definition.eventpayload
        self.event_header = definition.eventheader

    @property
    def wire(self) -> str:
        """The name on the wire, in protocols that rename."""
        return self.location_name or self.name


class Shape:
    """One shape with its constraints; `members`, `element`, `key` and `value` by its type."""

    __slots__ = (
        "document", "element", "enum", "event_stream", "exception", "flattened", "key",
        "location_name", "max", "members", "min", "name", "opaque", "pattern", "payload",
        "required", "sensitive", "streaming", "timestamp_format", "type", "union", "value",
        "xml_namespace",
    )  # fmt: skip

    members: dict[str, Member]
    element: Member
    key: Member
    value: Member

    def __init__(self, name: str, definition: ShapeDefinition, *, opaque: bool) -> None:
        self.name = name
        self.type = definition.type
        self.members = {}
        self.required = definition.required
        self.enum = definition.enum
        self.min = definition.min
        self.max = definition.max
        self.pattern = definition.pattern
        self.payload = definition.payload
        self.flattened = definition.flattened
        self.streaming = definition.streaming
        self.sensitive = definition.sensitive
        self.union = definition.union
        self.document = definition.document
        self.event_stream = definition.eventstream
        self.exception = definition.exception
        self.timestamp_format = definition.timestamp_format
        self.location_name = definition.location_name
        self.xml_namespace = namespace(definition.xml_namespace)
        self.opaque = opaque or definition.document

    def __repr__(self) -> str:
        return f"Shape({self.name}: {self.type})"


def namespace(trait: Any) -> tuple[str, str] | None:
    """(prefix, uri) of an `xmlNamespace` trait, which is an object or a bare URI."""
    if not trait:
        return None
    if isinstance(trait, str):
        return "", trait
    return trait.get("prefix", ""), trait["uri"]


class ShapeGraph:
    """Resolves shapes by name, each once, following references only as far as asked."""

    def __init__(self, definitions: Mapping[str, ShapeDefinition], opaque: frozenset[str]) -> None:
        self._definitions = definitions
        self._opaque = opaque
        self._shapes: dict[str, Shape] = {}

    def shape(self, name: str) -> Shape:
        """The shape called `name`. Raises KeyError."""
        found = self._shapes.get(name)
        if found is not None:
            return found
        definition = self._definitions[name]
        shape = self._shapes[name] = Shape(name, definition, opaque=name in self._opaque)
        for member_name, member in definition.members.items():
            shape.members[member_name] = self._member(member_name, member)
        if definition.member is not None:
            shape.element = self._member("member", definition.member)
        if definition.key is not None and definition.value is not None:
            shape.key = self._member("key", definition.key)
            shape.value = self._member("value", definition.value)
        return shape

    def _member(self, name: str, definition: MemberDefinition) -> Member:
        return Member(name, definition, self.shape(definition.shape))


def later(made: Mapping[Any, Callable[[Any], Any]], name: Any) -> Callable[[Any], Any]:
    """What stands for the converter called `name` while that is being compiled.

    A recursive shape meets itself below; by the time a value arrives, the converter is there.
    """

    def convert(value: Any) -> Any:
        return made[name](value)

    return convert
