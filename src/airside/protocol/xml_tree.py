"""XML in and out, safely: no document types, no entities but the five, bounded depth.

Reading makes a small tree of `Element`s; writing is plain text, with what must be escaped escaped.
"""

import re
from xml.parsers import expat

from airside.protocol.errors import MalformedXML

DEPTH_MAX = 64
ELEMENTS_MAX = 200_000
"""A few times what the largest document needs, the 10,000 parts of an upload."""
MALFORMED = (
    "The XML you provided was not well-formed or did not validate against our published schema"
)


class Element:
    """One element. `name` has lost its namespace prefix."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Element] = []
        self.text = ""


class _Builder:
    """Collects a tree from expat's events."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._count = 0
        self._open: list[Element] = []
        self._texts: list[list[str]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        element = Element(name.rpartition(":")[2], attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._count += 1
        if len(self._open) >= DEPTH_MAX or self._count > ELEMENTS_MAX:
            raise MalformedXML(MALFORMED)
        self._open.append(element)
        self._texts.append([])

    def end(self, _name: str) -> None:
        element = self._open.pop()
        element.text = "".join(self._texts.pop())

    def text(self, data: str) -> None:
        if self._texts:
            self._texts[-1].append(data)

    def refuse(self, *_: object) -> None:
        raise MalformedXML(MALFORMED)


def parse(document: bytes) -> Element:
    """The root element. Raises MalformedXML."""
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.EntityDeclHandler = builder.refuse
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError, LookupError):
        raise MalformedXML(MALFORMED) from None
    if builder.root is None:
        raise MalformedXML(MALFORMED)
    return builder.root


SPECIAL = re.compile('[&<>"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\ufffe\uffff]')
"""What a document must not have as it is."""
"""What cannot stand in a document as it is."""
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def _escaped(found: re.Match[str]) -> str:
    character = found.group()
    return _NAMED.get(character) or f"&#x{ord(character):x};"


def escape(text: str) -> str:
    """Text or an attribute's value, control characters as references, as AWS writes them."""
    if SPECIAL.search(text) is None:
        return text
    if not text.isprintable():
        return SPECIAL.sub(_escaped, text)
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return text.replace(">", "&gt;").replace('"', "&quot;")
