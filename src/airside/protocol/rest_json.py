"""REST JSON: members in path, query, headers; the rest in a JSON document."""

from typing import Any

from airside.kernel import HttpResponse, ServiceError
from airside.protocol.json import decode_document, encode_document, error_members
from airside.protocol.json_values import Readers, Writers
from airside.protocol.models import OperationModel, ServiceModel
from airside.protocol.rest import Headers, ReadBody, RestCodec, WriteBody, header_place
from airside.protocol.shapes import Member


class RestJsonCodec(RestCodec):
    """REST JSON, as Lambda and API Gateway speak it."""

    protocol = "rest-json"

    def content_type(self, model: ServiceModel) -> str:
        """Of a JSON document."""
        return "application/json"

    def body_reader(self, model: ServiceModel, operation: OperationModel) -> ReadBody:
        """Reads the members that stand in the body, from the whole body."""
        assert operation.input is not None
        members = [m for m in operation.input.members.values() if m.location is None]
        read = _readers(model).structure(operation.input, members)
        return lambda body: read(decode_document(body))

    def payload_reader(self, model: ServiceModel, member: Member) -> ReadBody:
        """Reads a structure that is the whole body."""
        read = _readers(model).member(member)
        return lambda body: read(decode_document(body))

    def body_writer(self, model: ServiceModel, operation: OperationModel) -> WriteBody:
        """Writes the members that stand in the body."""
        assert operation.output is not None
        members = [m for m in operation.output.members.values() if m.location is None]
        write = _writers(model).structure(operation.output.name, members)
        return lambda value: encode_document(write(value))

    def payload_writer(self, model: ServiceModel, member: Member) -> WriteBody:
        """Writes a structure that is the whole body."""
        write = _writers(model).member(member)
        return lambda value: encode_document(write(value))

    def request_id_headers(self, model: ServiceModel, request_id: str) -> Headers:
        """How a response names its request."""
        return [("x-amzn-RequestId", request_id)]

    def serialize_error(
        self,
        model: ServiceModel,
        operation: OperationModel | None,
        error: ServiceError,
        request_id: str,
        **extra: Any,
    ) -> HttpResponse:
        """The error's code in `x-amzn-ErrorType`, its members in body and headers."""
        facts = model.error(error.name, error.status)
        headers = [("x-amzn-RequestId", request_id), ("x-amzn-ErrorType", facts.code)]
        response = HttpResponse(facts.status, headers)
        content: dict[str, Any] = {}
        members = facts.shape.members if facts.shape is not None else {}
        type_member = members.get("Type")
        if type_member is not None and type_member.location is None:
            content["Type"] = "User" if facts.sender_fault else "Service"
        content.update(error_members(model, facts, error, renamed=True))
        if error.message:
            message = members.get(facts.message_member)
            content[message.wire if message else facts.message_member] = error.message
        for name, value in error.members.items():
            member = members.get(name)
            if member is not None and member.location is not None and value is not None:
                header_place(member)(value, response)
        headers.append(("Content-Type", self.content_type(model)))
        response.body = encode_document(content)
        return response


def _readers(model: ServiceModel) -> Readers:
    found: Any = model.programs.get("rest-json.readers")
    if found is None:
        found = model.programs["rest-json.readers"] = Readers(renamed=True)
    return found  # type: ignore[no-any-return]


def _writers(model: ServiceModel) -> Writers:
    found: Any = model.programs.get("rest-json.writers")
    if found is None:
        found = model.programs["rest-json.writers"] = Writers(renamed=True)
    return found  # type: ignore[no-any-return]


REST_JSON = RestJsonCodec()
