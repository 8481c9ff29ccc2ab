"""Random values for shapes, drawn from anything with `random.Random`'s interface.

Values are as operations see them (epoch seconds, bytes); `to_botocore` and `from_botocore` carry
them over to the view of botocore, the reference implementation the laws compare with.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from airside.protocol.shapes import FLOATS, INTEGERS, STRINGS, Member, Shape

TEXTS = (
    "", "a", "plain", "two words", "a&b<c>\"d'", "ünï ☃ 𝄞", "1=2&3", "a+b %2F", "line\nbreak\ttab",
    "{}", "[1]", "null", "true", "  padded  ", "comma, comma", "a.b.1",
)  # fmt: skip
TOKENS = ("a", "b-1", "Value", "x/y", "0", "true", "a b", "q;r=1", "é")
DEPTH_MAX = 5


@dataclass(frozen=True)
class Rules:
    """What one protocol can carry."""

    empty_structures: bool = True
    empty_lists: bool = True
    empty_flattened: bool = False
    empty_maps: bool = True
    milliseconds: bool = True
    documents: bool = True


class Values:
    """Draws values."""

    def __init__(self, random: Random, rules: Rules) -> None:
        self._random = random
        self._rules = rules

    def structure(self, shape: Shape, *, skip: frozenset[str] = frozenset()) -> dict[str, Any]:
        """A request or result: bound members take what their place can carry."""
        found = {}
        for name, member in shape.members.items():
            if name in skip or member.shape.event_stream:
                continue
            needed = name in shape.required or member.location == "uri"
            if needed or self._random.random() < 0.6:
                found[name] = self.bound(member, name == shape.payload)
        return found

    def bound(self, member: Member, payload: bool) -> Any:
        """A value for a member in its location."""
        if member.location == "uri":
            return self._label(member)
        if member.location in {"header", "headers"}:
            return self._head(member)
        if member.location == "querystring":
            return self._parameter(member)
        if member.location == "statusCode":
            return self._random.choice((200, 201, 202, 206))
        if payload and member.shape.type in {"blob", *STRINGS}:
            value = self.member(member, 1)
            return value or ("x" if member.shape.type in STRINGS else b"x")
        if payload and member.shape.type == "structure":
            return self.member(member, 1, filled=True)
        return self.member(member, 1)

    def _label(self, member: Member) -> Any:
        if member.shape.type not in STRINGS:
            return self.member(member, 1)
        texts = ["a", "bucket-1", "x y", "é☃", "a+b", "a%2Fb", "a:b", "1", "a?b#c"]
        if member.wire == "Key":
            texts += ["a/b", "a//b", "/a", "a/", "a/../b"]
        return self._random.choice(texts)

    def _parameter(self, member: Member) -> Any:
        """A query string cannot say that a list or map is empty."""
        shape = member.shape
        if shape.type == "list":
            return [self._scalar(shape.element.shape) for _ in range(self._random.randint(1, 2))]
        if shape.type == "map":
            return {name: self.member(shape.value, 1) for name in self._some(("a", "ü", "b c"))}
        if shape.type == "timestamp":
            return self._random.randint(0, 4_000_000_000)
        return self._scalar(shape)

    def _head(self, member: Member) -> Any:
        shape = member.shape
        if shape.type == "map":
            texts = TOKENS[:-1]
            return {name: self._random.choice(texts) for name in self._some(("a", "b-c", "d"))}
        if shape.type == "list":
            return [self._head(shape.element) for _ in range(self._random.randint(1, 3))]
        if member.jsonvalue:
            return {"a": [1, "two"]}
        if shape.type in STRINGS:
            return self._random.choice(shape.enum or TOKENS[:-1])
        if shape.type == "timestamp":
            return self._random.randint(0, 4_000_000_000)
        return self.member(member, 1)

    def _some(self, names: tuple[str, ...]) -> list[str]:
        return self._random.sample(names, self._random.randint(1, len(names)))

    def member(self, member: Member, depth: int, *, filled: bool = False) -> Any:
        """A value for a member in a document."""
        shape = member.shape
        if shape.opaque:
            return self._opaque(shape)
        if shape.type == "structure":
            return self._structure(shape, depth, filled=filled)
        if shape.type == "list":
            return self._list(member, depth)
        if shape.type == "map":
            least = 0 if self._rules.empty_maps and not member.flattened else 1
            keys = shape.key.shape.enum or ("k", "Key.1", "ü", "a b")
            size = self._random.randint(least, min(2, len(keys)))
            names = self._random.sample(list(keys), size)
            return {name: self.member(shape.value, depth + 1, filled=True) for name in names}
        return self._scalar(shape)

    def _list(self, member: Member, depth: int) -> list[Any]:
        least = 0 if self._rules.empty_lists else 1
        if member.flattened and not self._rules.empty_flattened:
            least = 1
        size = self._random.randint(least, max(least, 2 if depth < DEPTH_MAX else 0))
        element = member.shape.element
        return [self.member(element, depth + 1, filled=True) for _ in range(size)]

    def _structure(self, shape: Shape, depth: int, *, filled: bool) -> dict[str, Any]:
        """`filled`: where an empty structure could not be told from nothing."""
        likely = max(0.0, 0.7 - depth * 0.12)
        members = {
            name: member for name, member in shape.members.items()
            if self._rules.empty_structures or not _hollow(member.shape)
        }  # fmt: skip
        names = [
            name for name, member in members.items()
            if (name in shape.required and depth < DEPTH_MAX * 2)
            or (self._random.random() < likely and not _deep(member, depth))
        ]  # fmt: skip
        if shape.union and names:
            names = names[:1]
        needed = filled or shape.union or not self._rules.empty_structures
        if not names and needed and members:
            flat = [name for name, member in members.items() if not _deep(member, DEPTH_MAX)]
            names = [self._random.choice(flat or list(members))]
        return {name: self.member(shape.members[name], depth + 1) for name in names}

    def _scalar(self, shape: Shape) -> Any:
        random = self._random
        if shape.type in STRINGS:
            return random.choice(shape.enum or TEXTS)
        if shape.type == "boolean":
            return random.random() < 0.5
        if shape.type in INTEGERS:
            small = random.choice((0, 1, -1, 7, 2**31 - 1))
            return random.choice((small, 2**53 + 1)) if shape.type == "long" else small
        if shape.type in FLOATS:
            return random.choice((0.0, 1.5, -2.25, 1e10, 0.1))
        if shape.type == "timestamp":
            whole = random.randint(0, 4_000_000_000)
            exact = self._rules.milliseconds and shape.timestamp_format != "rfc822"
            return whole + random.choice((0, 0.123, 0.5)) if exact else whole
        return bytes(random.choice(b"\x00\xffab\n") for _ in range(random.randint(0, 6)))

    def _opaque(self, shape: Shape) -> Any:
        if shape.document:
            return {"any": [1, None, {"thing": True}]} if self._rules.documents else {}
        text = self._random.choice(TEXTS)
        return self._random.choice((
            {"S": text}, {"N": "1.50"}, {"B": base64.b64encode(text.encode()).decode()},
            {"BOOL": True}, {"NULL": True}, {"SS": ["a", text + "b"]}, {"L": [{"S": text}]},
            {"M": {text: {"N": "1"}}},
        ))  # fmt: skip


def _hollow(shape: Shape) -> bool:
    return shape.type == "structure" and not shape.members


def _deep(member: Member, depth: int) -> bool:
    return depth >= DEPTH_MAX and member.shape.type in {"structure", "list", "map"}


def to_botocore(shape: Shape, value: Any) -> Any:
    """A value of ours as botocore wants it in a request."""
    return _walk(shape, value, lambda seconds: datetime.fromtimestamp(seconds, UTC), _native)


def from_botocore(shape: Shape, value: Any) -> Any:
    """What botocore read from a response, as a value of ours."""
    return _walk(shape, value, lambda moment: moment.timestamp(), _wire)


def _walk(shape: Shape, value: Any, moment: Any, opaque: Any) -> Any:
    if shape.opaque:
        return value if shape.document else opaque(value)
    if shape.type == "timestamp":
        return moment(value)
    if shape.type == "structure":
        return {
            name: _walk(shape.members[name].shape, item, moment, opaque)
            for name, item in value.items()
        }
    if shape.type == "list":
        return [_walk(shape.element.shape, item, moment, opaque) for item in value]
    if shape.type == "map":
        return {key: _walk(shape.value.shape, item, moment, opaque) for key, item in value.items()}
    return value


def _native(attribute: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB's wire form -> botocore's."""
    if "B" in attribute:
        return {"B": base64.b64decode(attribute["B"])}
    return attribute


def _wire(attribute: dict[str, Any]) -> dict[str, Any]:
    if "B" in attribute:
        return {"B": base64.b64encode(attribute["B"]).decode()}
    return attribute
