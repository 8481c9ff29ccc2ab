"""REST XML: members in path, query, headers; the rest in an XML document."""

import binascii
from typing import Any

from airside.kernel import HttpResponse, ServiceError
from airside.protocol.errors import MalformedXML
from airside.protocol.models import OperationModel, ServiceModel
from airside.protocol.rest import Headers, ReadBody, RestCodec, WriteBody, header_place
from airside.protocol.shapes import Member
from airside.protocol.xml_tree import MALFORMED, escape, parse
from airside.protocol.xml_values import Readers, Write, Writers

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


class RestXmlCodec(RestCodec):
    """REST XML, as S3 and CloudFront speak it."""

    protocol = "rest-xml"

    def content_type(self, model: ServiceModel) -> str:
        """S3 says application/xml; CloudFront and Route 53 say text/xml."""
        return "application/xml" if model.overlay.bare_errors else "text/xml"

    def body_reader(self, model: ServiceModel, operation: OperationModel) -> ReadBody:
        """Reads the members that stand in the body, from the whole body."""
        assert operation.input is not None
        members = [m for m in operation.input.members.values() if m.location is None]
        read = _readers(model).structure(members)
        return lambda body: read(parse(body))

    def payload_reader(self, model: ServiceModel, member: Member) -> ReadBody:
        """Reads a structure that is the whole body."""
        read = _readers(model).shape(member.shape)
        root = member.location_name or member.shape.location_name or member.shape.name

        def read_document(body: bytes) -> Any:
            element = parse(body)
            if element.name != root:
                raise MalformedXML(MALFORMED)
            return read(element)

        return read_document

    def body_writer(self, model: ServiceModel, operation: OperationModel) -> WriteBody:
        """Writes the members that stand in the body."""
        shape = operation.output
        assert shape is not None
        members = [m for m in shape.members.values() if m.location is None]
        root = model.overlay.roots.get(operation.name) or shape.location_name or shape.name
        write = _writers(model).structure(shape.name, members)
        text = model.overlay.root_text.get(operation.name)
        if text is not None:
            write = _text_writer(text)
        return _document_writer(model, root, write)

    def payload_writer(self, model: ServiceModel, member: Member) -> WriteBody:
        """Writes a structure that is the whole body."""
        root = member.location_name or member.shape.location_name or member.shape.name
        return _document_writer(model, root, _writers(model).content(member.shape))

    def request_id_headers(self, model: ServiceModel, request_id: str) -> Headers:
        """How a response names its request."""
        if model.overlay.bare_errors:
            return [("x-amz-request-id", request_id), ("x-amz-id-2", host_id(request_id)),
                    ("Server", "AmazonS3")]  # fmt: skip
        return [("x-amzn-RequestId", request_id)]

    def serialize_error(
        self,
        model: ServiceModel,
        operation: OperationModel | None,
        error: ServiceError,
        request_id: str,
        **extra: Any,
    ) -> HttpResponse:
        """The error as a document; HEAD has none. `extra` are more elements of S3's."""
        facts = model.error(error.name, error.status)
        response = HttpResponse(facts.status, self.request_id_headers(model, request_id))
        members = dict(extra)
        bound = facts.shape.members if facts.shape is not None else {}
        for name, value in error.members.items():
            member = bound.get(name)
            if member is not None and member.location is not None:
                header_place(member)(value, response)
            else:
                members[name] = value
        if (operation is not None and operation.method == "HEAD") or facts.status == 304:
            return response
        more = "".join(
            f"<{name}>{escape(str(value))}</{name}>"
            for name, value in members.items() if value is not None and _is_scalar(value)
        )  # fmt: skip
        code, message = escape(facts.code), escape(error.message)
        response.headers.append(("Content-Type", self.content_type(model)))
        if model.overlay.bare_errors:
            document = (
                f"{DECLARATION}<Error><Code>{code}</Code><Message>{message}</Message>{more}"
                f"<RequestId>{escape(request_id)}</RequestId>"
                f"<HostId>{escape(host_id(request_id))}</HostId></Error>"
            )
        else:
            fault = "Sender" if facts.sender_fault else "Receiver"
            document = (
                f"{DECLARATION}<ErrorResponse{_declared(model)}><Error><Type>{fault}</Type>"
                f"<Code>{code}</Code><Message>{message}</Message>{more}</Error>"
                f"<RequestId>{escape(request_id)}</RequestId></ErrorResponse>"
            )
        response.body = document.encode()
        return response


def _document_writer(model: ServiceModel, root: str, write: Write) -> WriteBody:
    opening, closing = f"{DECLARATION}<{root}{_declared(model)}>", f"</{root}>"

    def write_document(value: Any) -> bytes:
        out = [opening]
        write(value, out)
        out.append(closing)
        return "".join(out).encode()

    return write_document


def _text_writer(name: str) -> Write:
    def write(value: Any, out: list[str]) -> None:
        out.append(escape(value.get(name, "")))

    return write


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float)


def host_id(request_id: str) -> str:
    """S3's second request id: opaque, here a longer form of the first."""
    return binascii.b2a_base64(request_id.encode() * 2, newline=False).decode()


def _declared(model: ServiceModel) -> str:
    return f' xmlns="{escape(model.xml_namespace)}"' if model.xml_namespace else ""


def _readers(model: ServiceModel) -> Readers:
    found: Any = model.programs.get("xml.readers")
    if found is None:
        found = model.programs["xml.readers"] = Readers()
    return found  # type: ignore[no-any-return]


def _writers(model: ServiceModel) -> Writers:
    found: Any = model.programs.get("xml.writers")
    if found is None:
        found = model.programs["xml.writers"] = Writers(milliseconds=model.overlay.milliseconds)
    return found  # type: ignore[no-any-return]


REST_XML = RestXmlCodec()
