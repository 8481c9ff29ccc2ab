"""AWS query: a form in, `Action` names the operation; an XML document out."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from airside.kernel import Body, HttpRequest, HttpResponse, ServiceError
from airside.kernel.operation import Request, Result
from airside.protocol.errors import MalformedInput
from airside.protocol.models import OperationModel, ServiceModel, common_errors
from airside.protocol.query_values import Node, Readers
from airside.protocol.validation import validate
from airside.protocol.xml_tree import escape
from airside.protocol.xml_values import Writers

PARAMETERS_MAX = 10_000
"""More parameters than any operation can take."""
DEPTH_MAX = 32
"""More parts than any parameter's name has."""


def parse_form(text: bytes) -> dict[str, str]:
    """A form's fields; the first of a name counts. Raises MalformedInput."""
    found: dict[str, str] = {}
    pairs = text.split(b"&")
    if len(pairs) > PARAMETERS_MAX:
        raise MalformedInput("Too many parameters")
    for pair in pairs:
        if pair:
            key, _, value = pair.partition(b"=")
            found.setdefault(_decode(key), _decode(value))
    return found


def _decode(text: bytes) -> str:
    if b"+" in text:
        text = text.replace(b"+", b" ")
    if b"%" in text:
        text = unquote_to_bytes(text)
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise MalformedInput("A parameter is not valid UTF-8") from None


def _fields(http: HttpRequest, body: Body | bytes) -> dict[str, str]:
    fields = parse_form(http.query.encode("latin-1", "replace")) if http.query else {}
    if isinstance(body, bytes) and body:
        fields.update(parse_form(body))
    return fields


class QueryCodec:
    """AWS query."""

    protocol = "query"

    def operation_name(self, model: ServiceModel, http: HttpRequest, body: bytes) -> str | None:
        """The value of `Action`, in the body or the query string. Raises MalformedInput.

        None when the service has no such operation, or not at the URL of one of its resources.
        """
        name = _fields(http, body).get("Action")
        found = model.operation(name) if name in model.operation_names else None
        if found is None:
            return None
        url = model.overlay.query_url_member
        if not url or http.path == "/" or name in model.overlay.query_url_operations:
            return name
        return name if found.input is not None and url in found.input.members else None

    def parse(
        self, model: ServiceModel, operation: OperationModel, http: HttpRequest, body: Body | bytes
    ) -> Request:
        """The request, validated."""
        fields = _fields(http, body)
        read = operation.programs.get("query.in")
        if read is None:
            read = operation.programs["query.in"] = _reader(model, operation)
        request: Request = read(_tree(fields))
        url = model.overlay.query_url_member
        known = operation.input.members if operation.input is not None else {}
        if url in known and url not in request and http.path != "/":
            host = http.headers.get("host", "")
            request[url] = f"{http.scheme}://{host}{http.path}"
        validate(model, operation, request)
        return request

    def serialize(
        self, model: ServiceModel, operation: OperationModel, result: Result | None, request_id: str
    ) -> HttpResponse:
        """The result between the operation's two wrappers."""
        write = operation.programs.get("query.out")
        if write is None:
            write = operation.programs["query.out"] = _writer(model, operation)
        document = write(result or {}, request_id)
        return HttpResponse(200, _headers(request_id), document)

    def serialize_error(
        self,
        model: ServiceModel,
        operation: OperationModel | None,
        error: ServiceError,
        request_id: str,
        **extra: Any,
    ) -> HttpResponse:
        """The error's document; without an action there is nothing to tell of but that."""
        if error.name == "UnknownOperationException" and not error.message:
            return HttpResponse(404, _headers(request_id), b"<UnknownOperationException/>\n")
        facts = model.error(error.name, error.status)
        fault = "Sender" if facts.sender_fault else "Receiver"
        message = model.overlay.query_messages.get(error.name, error.message)
        document = (
            f'<ErrorResponse xmlns="{escape(model.xml_namespace)}">\n  <Error>\n'
            f"    <Type>{fault}</Type>\n    <Code>{escape(facts.query_code)}</Code>\n"
            f"    <Message>{escape(message)}</Message>\n  </Error>\n"
            f"  <RequestId>{escape(request_id)}</RequestId>\n</ErrorResponse>\n"
        )
        common = common_errors("query").get(facts.query_code)
        status = common.http_status_code if common is not None else None
        return HttpResponse(status or facts.status, _headers(request_id), document.encode())


def action_of(http: HttpRequest, body: bytes) -> str:
    """What a request wants, whether there is such an operation or not."""
    return _fields(http, body).get("Action", "")


def _headers(request_id: str) -> list[tuple[str, str]]:
    return [("x-amzn-RequestId", request_id), ("Content-Type", "text/xml")]


def _tree(fields: dict[str, str]) -> dict[str, Node]:
    """Dotted names as a tree: `A.member.1` -> {"A": {"member": {"1": ...}}}."""
    root: dict[str, Node] = {}
    for name, value in fields.items():
        node = root
        *parts, last = name.split(".", DEPTH_MAX)
        for part in parts:
            below = node.get(part)
            if not isinstance(below, dict):
                below = node[part] = {}
            node = below
        if not isinstance(node.get(last), dict):
            node[last] = value
    return root


def _reader(model: ServiceModel, operation: OperationModel) -> Callable[[Node], Request]:
    if operation.input is None:
        return lambda _: {}
    found: Any = model.programs.get("query.readers")
    if found is None:
        found = model.programs["query.readers"] = Readers()
    return found.structure(operation.input)  # type: ignore[no-any-return]


def _writer(model: ServiceModel, operation: OperationModel) -> Callable[[Result, str], bytes]:
    found: Any = model.programs.get("xml.writers")
    if found is None:
        found = model.programs["xml.writers"] = Writers(milliseconds=model.overlay.milliseconds)
    name, shape = operation.wire_name, operation.output
    opening = f'<{name}Response xmlns="{escape(model.xml_namespace)}">'
    before, after = opening, ""
    content = None
    if shape is not None:
        wrapper = operation.result_wrapper or f"{name}Result"
        before, after = f"{opening}<{wrapper}>", f"</{wrapper}>"
        content = found.content(shape)

    def write(result: Result, request_id: str) -> bytes:
        out = [before]
        if content is not None:
            content(result, out)
        out.append(
            f"{after}<ResponseMetadata><RequestId>{escape(request_id)}</RequestId>"
            f"</ResponseMetadata></{name}Response>"
        )
        return "".join(out).encode()

    return write


QUERY = QueryCodec()
