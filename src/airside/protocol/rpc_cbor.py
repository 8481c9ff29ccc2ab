"""Smithy RPC v2 with CBOR, which CloudWatch's clients prefer.

One POST to `/service/<name>/operation/<name>`; https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

from typing import Any

from airside.kernel import Body, HttpRequest, HttpResponse, ServiceError
from airside.kernel.operation import Request, Result
from airside.protocol import cbor
from airside.protocol.errors import SerializationException
from airside.protocol.json_values import Readers, Writers
from airside.protocol.models import OperationModel, ServiceModel
from airside.protocol.validation import validate

PROTOCOL = "rpc-v2-cbor"


class RpcCborCodec:
    """Smithy RPC v2 CBOR."""

    protocol = "smithy-rpc-v2-cbor"

    def operation_name(self, model: ServiceModel, http: HttpRequest, body: bytes) -> str | None:
        """The last part of the path."""
        parts = http.path.split("/")
        if len(parts) < 5 or parts[-4] != "service" or parts[-2] != "operation":
            return None
        return parts[-1] if parts[-1] in model.operation_names else None

    def parse(
        self, model: ServiceModel, operation: OperationModel, http: HttpRequest, body: Body | bytes
    ) -> Request:
        """The request, validated."""
        read = operation.programs.get("cbor.in")
        if read is None and operation.input is not None:
            readers = model.programs.setdefault("cbor.readers", Readers(renamed=False, binary=True))
            read = operation.programs["cbor.in"] = readers.shape(operation.input)
        request: Request = {}
        if read is not None:
            request = read(_document(body) if body else {})  # type: ignore[arg-type]
        validate(model, operation, request)
        return request

    def serialize(
        self, model: ServiceModel, operation: OperationModel, result: Result | None, request_id: str
    ) -> HttpResponse:
        """The result as a CBOR map; nothing where the operation has no output."""
        if operation.output is None:
            return HttpResponse(200, _headers(request_id))
        write = operation.programs.get("cbor.out")
        if write is None:
            write = operation.programs["cbor.out"] = _writers(model).shape(operation.output)
        headers = [*_headers(request_id), ("Content-Type", "application/cbor")]
        return HttpResponse(200, headers, cbor.encode(write(result or {})))

    def serialize_error(
        self,
        model: ServiceModel,
        operation: OperationModel | None,
        error: ServiceError,
        request_id: str,
        **extra: Any,
    ) -> HttpResponse:
        """The error as `__type`, message and its modelled members."""
        facts = model.error(error.name, error.status)
        content: dict[str, Any] = {"__type": facts.json_type, "message": error.message}
        members = facts.shape.members if facts.shape is not None else {}
        for name, value in error.members.items():
            if name in members and value is not None:
                content[name] = _writers(model).member(members[name])(value)
        headers = [*_headers(request_id), ("Content-Type", "application/cbor")]
        if model.query_compatible:
            fault = "Sender" if facts.sender_fault else "Receiver"
            headers.append(("x-amzn-query-error", f"{facts.query_code};{fault}"))
        return HttpResponse(facts.status, headers, cbor.encode(content))


def _document(body: bytes) -> Any:
    try:
        return cbor.decode(body)
    except cbor.InvalidCbor:
        raise SerializationException("The request body is not valid CBOR") from None


def _headers(request_id: str) -> list[tuple[str, str]]:
    return [("smithy-protocol", PROTOCOL), ("x-amzn-RequestId", request_id)]


def _writers(model: ServiceModel) -> Writers:
    found: Writers = model.programs.setdefault("cbor.writers", Writers(renamed=False, binary=True))
    return found


RPC_CBOR = RpcCborCodec()
