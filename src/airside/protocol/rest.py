"""What both REST protocols share: members bound to the path, the query string, headers, status.

A subclass says how the document in the body is read and written.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import msgspec

from airside.kernel import Body, HttpRequest, HttpResponse, ServiceError
from airside.kernel.operation import KeptResult, Request, Result
from airside.protocol import scalars
from airside.protocol.errors import InvalidArgument, Rejected, ResultError, SerializationException
from airside.protocol.event_stream import encode_stream
from airside.protocol.kept import written_again
from airside.protocol.models import OperationModel, ServiceModel
from airside.protocol.routing import Template, parse_query, router
from airside.protocol.shapes import FLOATS, INTEGERS, STRINGS, Member
from airside.protocol.validation import validate

ReadBody = Callable[[bytes], Any]
WriteBody = Callable[[Any], bytes]
Headers = list[tuple[str, str]]

_TEXT_READERS: dict[str, scalars.Reader] = {
    "boolean": scalars.read_boolean,
    "blob": scalars.read_blob,
    **dict.fromkeys(STRINGS, str),
    **scalars.INTEGER_READERS,
    **dict.fromkeys(FLOATS, scalars.read_float),
}
_TEXT_WRITERS: dict[str, scalars.Writer] = {
    "boolean": scalars.write_boolean,
    "blob": scalars.write_blob,
    **dict.fromkeys(INTEGERS, scalars.write_integer),
    **dict.fromkeys(FLOATS, scalars.write_float),
}


class RestCodec(ABC):
    """A REST protocol."""

    protocol: str

    @abstractmethod
    def content_type(self, model: ServiceModel) -> str:
        """The Content-Type of a document."""

    @abstractmethod
    def body_reader(self, model: ServiceModel, operation: OperationModel) -> ReadBody:
        """Reads the members that stand in the body, from the whole body."""

    @abstractmethod
    def payload_reader(self, model: ServiceModel, member: Member) -> ReadBody:
        """Reads a structure that is the whole body."""

    @abstractmethod
    def body_writer(self, model: ServiceModel, operation: OperationModel) -> WriteBody:
        """Writes the members that stand in the body."""

    @abstractmethod
    def payload_writer(self, model: ServiceModel, member: Member) -> WriteBody:
        """Writes a structure that is the whole body."""

    @abstractmethod
    def request_id_headers(self, model: ServiceModel, request_id: str) -> Headers:
        """How a response names its request."""

    @abstractmethod
    def serialize_error(
        self,
        model: ServiceModel,
        operation: OperationModel | None,
        error: ServiceError,
        request_id: str,
        **extra: Any,
    ) -> HttpResponse:
        """The error's response."""

    def operation_name(self, model: ServiceModel, http: HttpRequest, body: bytes) -> str | None:
        """The operation whose route the request takes."""
        route = router(model).find(http.method, http.path, http.query, http.headers)
        return None if route is None else route.operation

    def parse(
        self, model: ServiceModel, operation: OperationModel, http: HttpRequest, body: Body | bytes
    ) -> Request:
        """The request, validated."""
        program: _Input | None = operation.programs.get("rest.in")
        if program is None:
            program = operation.programs["rest.in"] = _Input(self, model, operation)
        request = program.read(http, body)
        validate(model, operation, request)
        return request

    def serialize(
        self, model: ServiceModel, operation: OperationModel, result: Result | None, request_id: str
    ) -> HttpResponse:
        """The result in headers and body as the model binds it."""
        program: _Output | None = operation.programs.get("rest.out")
        if program is None:
            program = operation.programs["rest.out"] = _Output(self, model, operation)
        named = self.request_id_headers(model, request_id)
        if result.__class__ is KeptResult:
            return written_again(program.write, result, named)
        return program.write(result or {}, named)


_SIGNATURES = ("X-Amz-Signature", "Signature")
"""What a signed address has in its query string."""


class _Input:
    """Compiled for one operation: how its request is read."""

    def __init__(self, codec: RestCodec, model: ServiceModel, operation: OperationModel) -> None:
        path, _, query = operation.uri.partition("?")
        self._template = Template(path)
        self._not_mapped = {pair.partition("=")[0] for pair in query.split("&")}
        self._s3_style = model.overlay.bare_errors
        self._labels: dict[str, tuple[str, Callable[[str], Any]]] = {}
        self._query: dict[str, tuple[str, Callable[[list[str]], Any]]] = {}
        self._query_map: Member | None = None
        self._headers: dict[str, tuple[str, Callable[[str], Any]]] = {}
        self._prefixes: list[tuple[str, str]] = []
        self._payload: tuple[str, ReadBody | None] | None = None
        self._body: ReadBody | None = None
        if operation.input is None:
            return
        for member in operation.input.members.values():
            self._bind(member)
        self._not_mapped |= self._query.keys()
        payload = operation.input.payload
        if payload is not None:
            member = operation.input.members[payload]
            self._payload = (payload, self._payload_reader(codec, model, member))
        elif any(member.location is None for member in operation.input.members.values()):
            self._body = codec.body_reader(model, operation)

    def _bind(self, member: Member) -> None:
        if member.location == "uri":
            parse = self._scalar(member, "iso8601")
            self._labels[member.wire] = (member.name, parse)
        elif member.location == "querystring":
            if member.shape.type == "map":
                self._query_map = member
            else:
                self._query[member.wire] = (member.name, self._query_reader(member))
        elif member.location == "header":
            self._headers[member.wire.lower()] = (member.name, self._header_reader(member))
        elif member.location == "headers":
            self._prefixes.append((member.wire.lower(), member.name))

    def _payload_reader(
        self, codec: RestCodec, model: ServiceModel, member: Member
    ) -> ReadBody | None:
        if member.streaming:
            return None
        if member.shape.type == "blob":
            return bytes
        if member.shape.type in STRINGS:
            return _utf8
        return codec.payload_reader(model, member)

    def read(self, http: HttpRequest, body: Body | bytes) -> Request:
        """The request's members."""
        request: Request = {}
        if self._labels:
            try:
                labels = self._template.extract(http.path)
            except ValueError:
                raise self._not_utf8() from None
            for wire, (name, parse) in self._labels.items():
                request[name] = parse(labels[wire])
        if http.query:
            self._read_query(http.query, request)
        if self._headers:
            find = self._headers.get
            for wire, text in http.headers.items():
                known = find(wire)
                if known is not None:
                    request[known[0]] = known[1](text)
        for prefix, name in self._prefixes:
            found = {
                wire[len(prefix):]: _unicode(text)
                for wire, text in http.headers.items() if wire.startswith(prefix)
            }  # fmt: skip
            if found:
                request[name] = {**request.get(name, {}), **found}
        self._read_body(body, request)
        return request

    def _read_query(self, text: str, request: Request) -> None:
        try:
            parameters = parse_query(text)
        except ValueError:
            raise self._not_utf8() from None
        for key, values in parameters.items():
            known = self._query.get(key)
            if known is not None:
                request[known[0]] = known[1](values)
        if self._s3_style and not parameters.keys().isdisjoint(_SIGNATURES):
            self._read_hoisted(parameters, request)
        member = self._query_map
        if member is not None:
            rest = {
                key: values for key, values in parameters.items() if key not in self._not_mapped
            }
            if rest:
                many = member.shape.value.shape.type == "list"
                request[member.name] = rest if many else {k: v[0] for k, v in rest.items()}

    def _read_hoisted(self, parameters: dict[str, list[str]], request: Request) -> None:
        """Headers that a signed address carries in its query string; those sent go before them."""
        for key, values in parameters.items():
            if key in self._query or key == "Expires":  # that is when a signature of version 2 ends
                continue
            wire = key.lower()
            known = self._headers.get(wire)
            if known is not None:
                request[known[0]] = known[1](values[0])
            for prefix, name in self._prefixes:
                if wire.startswith(prefix):
                    request.setdefault(name, {})[wire[len(prefix) :]] = values[0]

    def _not_utf8(self) -> ServiceError:
        if self._s3_style:
            return Rejected("InvalidURI", "Couldn't parse the specified URI.")
        return SerializationException("The request's path and query string must be UTF-8")

    def _read_body(self, body: Body | bytes, request: Request) -> None:
        if self._payload is not None:
            name, read = self._payload
            if read is None:
                request[name] = body
            elif body:
                request[name] = read(body)  # type: ignore[arg-type]
        elif self._body is not None and body:
            request.update(self._body(body))  # type: ignore[arg-type]

    def _scalar(self, member: Member, timestamp: str) -> Callable[[str], Any]:
        """A reader of text for one member, which answers as its service does."""
        shape = member.shape
        parse: Callable[[str], Any]
        if shape.type in STRINGS:
            return str
        if shape.type == "timestamp":
            parse = scalars.TIMESTAMP_READERS[member.timestamp_format or timestamp]
        else:
            parse = _TEXT_READERS[shape.type]

        def read(text: str) -> Any:
            try:
                return parse(text)
            except (ValueError, OverflowError):
                raise self._unreadable(member, text) from None

        return read

    def _unreadable(self, member: Member, text: str) -> ServiceError:
        if self._s3_style:
            kind = "an integer" if member.shape.type in INTEGERS else f"a {member.shape.type}"
            return InvalidArgument(
                f"Provided {member.wire} not {kind} or within {member.shape.type} range",
                ArgumentName=member.wire, ArgumentValue=text,
            )  # fmt: skip
        kind = member.shape.type.capitalize()
        article = "an" if kind[0] in "AIO" else "a"
        return SerializationException(f"STRING_VALUE can not be converted to {article} {kind}")

    def _query_reader(self, member: Member) -> Callable[[list[str]], Any]:
        if member.shape.type == "list":
            parse = self._scalar(member.shape.element, "iso8601")
            return lambda values: [parse(value) for value in values]
        one = self._scalar(member, "iso8601")
        return lambda values: one(values[0])

    def _header_reader(self, member: Member) -> Callable[[str], Any]:
        if member.jsonvalue:
            return self._json_value
        if member.shape.type == "list":
            parse = self._scalar(member.shape.element, "rfc822")
            if member.shape.element.shape.type == "timestamp":
                return lambda text: [parse(item) for item in _dates(text)]
            return lambda text: [parse(item) for item in _items(_unicode(text))]
        if member.shape.type in STRINGS:
            return _unicode
        return self._scalar(member, "rfc822")

    @staticmethod
    def _json_value(text: str) -> Any:
        try:
            return msgspec.json.decode(scalars.read_blob(text))
        except (ValueError, msgspec.DecodeError):
            raise SerializationException("A header is not base64 of JSON") from None


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise SerializationException("The body is not valid UTF-8") from None


def _unicode(text: str) -> str:
    """A header as its sender meant it: UTF-8 if it can be, else Latin-1."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _items(text: str) -> list[str]:
    """The items of a list header; quotes protect commas."""
    items: list[str] = []
    at = 0
    while at < len(text):
        while at < len(text) and text[at] in " \t,":
            at += 1
        if at >= len(text):
            break
        if text[at] == '"':
            item, at = _quoted(text, at + 1)
        else:
            end = text.find(",", at)
            end = len(text) if end < 0 else end
            item, at = text[at:end].rstrip(), end
        items.append(item)
    return items


def _quoted(text: str, at: int) -> tuple[str, int]:
    item = []
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        item.append(text[at])
        at += 1
    return "".join(item), at + 1


def _dates(text: str) -> list[str]:
    """The items of a list of HTTP dates, which have a comma each."""
    parts = [part.strip() for part in text.split(",")]
    return [", ".join(parts[at : at + 2]) for at in range(0, len(parts), 2)]


def _latin1(text: str) -> str:
    """What stands for `text` in a header: its UTF-8 bytes, one character each."""
    if "\r" in text or "\n" in text or "\0" in text:
        text = text.translate({13: " ", 10: " ", 0: " "})
    return text if text.isascii() else text.encode().decode("latin-1")


Place = Callable[[Any, HttpResponse], None]


class _Output:
    """Compiled for one operation: how its result is written."""

    def __init__(self, codec: RestCodec, model: ServiceModel, operation: OperationModel) -> None:
        self._status = operation.status
        self._name = operation.name
        self._places: dict[str, Place] = {}
        self._in_body: frozenset[str] = frozenset()
        self._body: WriteBody | None = None
        self._content_type = codec.content_type(model)
        self._raw_type = model.overlay.content_types.get(operation.name)
        shape = operation.output
        if shape is None:
            return
        members = shape.members.values()
        for member in members:
            if member.location is not None:
                self._places[member.name] = header_place(member)
        if shape.payload is not None:
            member = shape.members[shape.payload]
            self._places[member.name] = self._payload_place(codec, model, member)
        else:
            self._in_body = frozenset(m.name for m in members if m.location is None)
            if self._in_body:
                self._body = codec.body_writer(model, operation)

    def _payload_place(self, codec: RestCodec, model: ServiceModel, member: Member) -> Place:
        if member.shape.event_stream:
            stream = member.shape

            def place_events(value: Any, response: HttpResponse) -> None:
                response.body = encode_stream(stream, value)
                response.headers.append(("Content-Type", "application/vnd.amazon.eventstream"))

            return place_events
        if member.streaming or member.shape.type == "blob":
            return self._raw
        if member.shape.type in STRINGS:
            return lambda value, response: self._raw(value.encode(), response)
        write = codec.payload_writer(model, member)

        def place(value: Any, response: HttpResponse) -> None:
            response.body = write(value)
            response.headers.append(("Content-Type", self._content_type))

        return place

    def _raw(self, value: Any, response: HttpResponse) -> None:
        response.body = value.encode() if isinstance(value, str) else value
        if self._raw_type is not None:
            response.headers.append(("Content-Type", self._raw_type))

    def write(self, result: Result, headers: Headers) -> HttpResponse:
        """The response."""
        response = HttpResponse(self._status, headers)
        find = self._places.get
        in_body = {}
        for name, value in result.items():
            if value is None:
                continue
            place = find(name)
            if place is not None:
                place(value, response)
            elif name in self._in_body:
                in_body[name] = value
            else:
                raise ResultError(f"the result of {self._name} has no member {name}")
        if self._body is not None:
            response.body = self._body(in_body)
            response.headers.append(("Content-Type", self._content_type))
        return response


def header_place(member: Member) -> Place:
    """Where a member bound to the head of a response goes."""
    wire = member.wire
    if member.location == "statusCode":

        def place_status(value: Any, response: HttpResponse) -> None:
            response.status = int(value)

        return place_status
    if member.location == "headers":

        def place_prefixed(value: Any, response: HttpResponse) -> None:
            response.headers.extend((wire + name, _latin1(text)) for name, text in value.items())

        return place_prefixed
    text_of = _header_writer(member)

    def place(value: Any, response: HttpResponse) -> None:
        response.headers.append((wire, text_of(value)))

    return place


def _header_writer(member: Member) -> Callable[[Any], str]:
    shape = member.shape
    if member.jsonvalue:
        return _write_json_value
    if shape.type == "list":
        element = _header_writer(shape.element)
        if shape.element.shape.type in STRINGS:
            return lambda value: ", ".join(_protect(element(item)) for item in value)
        return lambda value: ", ".join(element(item) for item in value)
    if shape.type == "timestamp":
        return scalars.TIMESTAMP_WRITERS[member.timestamp_format or "rfc822"]
    return _TEXT_WRITERS.get(shape.type, _latin1)


def _write_json_value(value: Any) -> str:
    return scalars.write_blob(msgspec.json.encode(value))


def _protect(text: str) -> str:
    if "," in text or '"' in text:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text
