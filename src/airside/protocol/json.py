"""AWS JSON 1.0 and 1.1: one POST to `/`, the operation in `X-Amz-Target`."""

import contextlib
import zlib
from collections.abc import Callable
from typing import Any

import msgspec

from airside.kernel import Body, HttpRequest, HttpResponse, ServiceError
from airside.kernel.operation import Request, Result
from airside.protocol.errors import SerializationException
from airside.protocol.json_values import Readers, Writers
from airside.protocol.json_words import WORDS, JavaWords, Words
from airside.protocol.models import ErrorFacts, OperationModel, ServiceModel
from airside.protocol.validation import validate

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def decode_document(body: bytes) -> Any:
    """A JSON document. Raises SerializationException."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise SerializationException from None


def encode_document(value: Any) -> bytes:
    """A JSON document."""
    return _encode(value)


class JsonCodec:
    """AWS JSON 1.x."""

    protocol = "json"

    def operation_name(self, model: ServiceModel, http: HttpRequest, body: bytes) -> str | None:
        """The part of `X-Amz-Target` after the service's prefix."""
        prefix, _, name = http.headers.get("x-amz-target", "").rpartition(".")
        return name if prefix == model.target_prefix and name in model.operation_names else None

    def parse(
        self, model: ServiceModel, operation: OperationModel, http: HttpRequest, body: Body | bytes
    ) -> Request:
        """The request, validated."""
        read = operation.programs.get("json.in")
        if read is None:
            read = operation.programs["json.in"] = _reader(model, operation)
        try:
            request: Request = read(decode_document(body) if body else {})  # type: ignore[arg-type]
        except RecursionError:
            raise SerializationException("The request body is nested too deeply") from None
        validate(model, operation, request)
        return request

    def serialize(
        self,
        model: ServiceModel,
        operation: OperationModel,
        result: Result | msgspec.Raw | None,
        request_id: str,
    ) -> HttpResponse:
        """The result as a JSON document; nothing where the operation has no output."""
        write = operation.programs.get("json.out")
        if write is None:
            write = operation.programs["json.out"] = _writer(model, operation)
        document = b"" if operation.output is None else _encode(write(result or {}))
        return HttpResponse(200, _headers(model, document, request_id), document)

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
        content: dict[str, Any] = {"__type": facts.json_type}
        content.update(error_members(model, facts, error, renamed=False))
        if error.message:
            content[facts.message_member] = error.message
        document = _encode(content)
        headers = _headers(model, document, request_id)
        if model.query_compatible:
            fault = "Sender" if facts.sender_fault else "Receiver"
            headers.append(("x-amzn-query-error", f"{facts.query_code};{fault}"))
        return HttpResponse(facts.status, headers, document)


def _headers(model: ServiceModel, document: bytes, request_id: str) -> list[tuple[str, str]]:
    headers = [
        ("x-amzn-RequestId", request_id),
        ("Content-Type", f"application/x-amz-json-{model.json_version}"),
    ]
    if model.overlay.server is not None:
        headers.append(("Server", model.overlay.server))
    if model.overlay.crc32:
        headers.append(("x-amz-crc32", str(zlib.crc32(document))))
    return headers


def error_members(
    model: ServiceModel, facts: ErrorFacts, error: ServiceError, *, renamed: bool
) -> dict[str, Any]:
    """The members of an error that its shape has, as they stand in a JSON document."""
    if facts.shape is None or not error.members:
        return {}
    writers = _writers(model, renamed=renamed)
    members = facts.shape.members
    found = {}
    for name, value in error.members.items():
        member = members.get(name)
        if member is not None and value is not None and member.location is None:
            found[member.wire if renamed else name] = writers.member(member)(value)
    return found


def _readers(model: ServiceModel) -> Readers:
    found: Any = model.programs.get("json.readers")
    if found is None:
        found = model.programs["json.readers"] = Readers(renamed=False, words=_words(model))
    return found  # type: ignore[no-any-return]


def _words(model: ServiceModel) -> Words:
    package = model.overlay.java_package
    return JavaWords(package) if package else WORDS


def check_types(model: ServiceModel, operation: OperationModel, request: Request) -> None:
    """Look for values of the wrong type also where the reader does not: in opaque shapes.

    Raises SerializationException.
    """
    read: Any = operation.programs.get("json.whole")
    if read is None:
        assert operation.input is not None
        read = Readers(renamed=False, words=_words(model), whole=True).shape(operation.input)
        operation.programs["json.whole"] = read
    with contextlib.suppress(RecursionError):
        read(request)


def _writers(model: ServiceModel, *, renamed: bool) -> Writers:
    key = f"json.writers.{renamed}"
    found: Any = model.programs.get(key)
    if found is None:
        found = model.programs[key] = Writers(renamed=renamed)
    return found  # type: ignore[no-any-return]


def _reader(model: ServiceModel, operation: OperationModel) -> Callable[[Any], Any]:
    if operation.input is None:
        return lambda _: {}
    return _readers(model).shape(operation.input)


def _writer(model: ServiceModel, operation: OperationModel) -> Callable[[Any], Any]:
    if operation.output is None:
        return lambda _: {}
    return _writers(model, renamed=False).shape(operation.output)


JSON = JsonCodec()
