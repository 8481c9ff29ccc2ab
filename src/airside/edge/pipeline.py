"""The life of a request, in one list.

Each stage takes the server's parts and the exchange, fills in what it found out, or raises the
ServiceError that the client is to see.
"""

import logging
import zlib
from collections.abc import Awaitable, Callable
from typing import Final

from airside.edge import compression, cors
from airside.edge.authentication import authenticate, checked_body
from airside.edge.authorization import authorize, decide
from airside.edge.body import ClientGone
from airside.edge.errors import (
    InsufficientStorage,
    InternalServerError,
    too_large,
    unknown_operation,
    unspoken_refusal,
)
from airside.edge.exchange import Exchange
from airside.edge.hosts import front_by_host, front_by_path
from airside.edge.parts import Parts
from airside.edge.route import answer_front, at_hand, front_of, route
from airside.kernel import (
    Body,
    BytesBody,
    Context,
    HttpRequest,
    HttpResponse,
    Operation,
    OperationNotImplemented,
    Request,
    Result,
    ServiceError,
)
from airside.kernel.http import BodyTooLarge
from airside.protocol.coercion import as_modelled
from airside.protocol.errors import (
    InternalFailure,
    SerializationException,
)
from airside.protocol.json import check_types
from airside.protocol.models import load
from airside.protocol.validation import validate
from airside.storage.errors import DiskFull

log = logging.getLogger("airside.edge")

_UNLIMITED: Final = 1 << 62
_ABOUT_THE_REQUEST: Final = frozenset({"ValidationException", "SerializationException"})
COVERAGE: Final = "See docs/reference/coverage.md for what is."


def read_body(parts: Parts, x: Exchange) -> Awaitable[None] | None:
    """Wait for the whole body, unless the operation takes it as a stream."""
    if isinstance(x.http.body, BytesBody):
        x.body = x.http.body.data
        if x.shape is None:
            _name_operation(x)
        return None
    if x.shape is not None and x.shape.streaming_input:
        x.body = x.http.body
        return None
    return _await_body(parts, x)


async def _await_body(parts: Parts, x: Exchange) -> None:
    assert x.model is not None
    limit = min(x.model.overlay.request_bytes_max or _UNLIMITED, parts.settings.body_bytes_max)
    try:
        x.body = await x.http.body.read(limit)
    except BodyTooLarge:
        raise too_large(x.model, x.shape, limit) from None
    _name_operation(x)


def _name_operation(x: Exchange) -> None:
    """The query protocol names its operation in the body."""
    assert x.codec is not None
    assert x.model is not None
    assert isinstance(x.body, bytes)
    if x.shape is None:
        found = x.codec.operation_name(x.model, x.http, x.body)
        x.shape = x.model.operation(found) if found else None


def parse(parts: Parts, x: Exchange) -> Awaitable[None] | None:
    """Wire -> request, validated against the model."""
    assert x.model is not None
    assert x.codec is not None
    assert x.ctx is not None
    if x.shape is None:
        raise unknown_operation(x.http, x.model, x.codec.protocol, x.body)
    x.ctx.operation = x.shape.name
    x.operation = _declared(x.ctx, x.shape.name)
    body = checked_body(x)
    if body is None:
        return _parse_whole(parts, x)
    _parse(parts, x, body)
    return None


async def _parse_whole(parts: Parts, x: Exchange) -> None:
    """A body that came in pieces, for an operation that wants it in one."""
    assert not isinstance(x.body, bytes)
    _parse(parts, x, await x.body.read())


def _parse(parts: Parts, x: Exchange, body: bytes | Body) -> None:
    assert x.model is not None
    assert x.codec is not None
    assert x.shape is not None
    if x.model.overlay.compression and "content-encoding" in x.http.headers:
        body = _expanded(parts, x, body)
    x.request = x.codec.parse(x.model, x.shape, x.http, body)


def _expanded(parts: Parts, x: Exchange, body: bytes | Body) -> bytes:
    """A compressed body as it was before. AWS answers what it cannot decompress with 500."""
    assert isinstance(body, bytes)
    assert x.model is not None
    limit = x.model.overlay.request_bytes_max or parts.settings.body_bytes_max
    try:
        return compression.expand(body, x.http.headers["content-encoding"], limit)
    except compression.Undecodable:
        raise InternalServerError from None


async def dispatch(parts: Parts, x: Exchange) -> None:
    """The operation itself."""
    assert x.operation is not None
    assert x.ctx is not None
    x.result = await _traced(x.ctx, x.operation, x.request)


async def _traced(ctx: Context, operation: Operation, request: Request) -> Result | None:
    """The operation; what belongs to a function's event is noted in the journal."""
    began = ctx.clock.monotonic()
    try:
        result = await operation.function(ctx, request)
    except ServiceError as error:
        if ctx.trace_id:
            where = operation.resource(ctx, request) if operation.resource else ""
            ctx.cloud.journal.record(ctx, began, resource=where, error=error.name)
        raise
    if ctx.trace_id:
        where = operation.resource(ctx, request) if operation.resource else ""
        ctx.cloud.journal.record(ctx, began, resource=where)
    return result


def meter(parts: Parts, x: Exchange) -> None:
    """Count the call; operations record their own billed usage as they go."""
    if x.ctx is not None:
        x.ctx.cloud.meter.count(x.ctx)


def serialize(parts: Parts, x: Exchange) -> None:
    """Result -> wire."""
    assert x.codec is not None
    assert x.model is not None
    assert x.shape is not None
    x.response = x.codec.serialize(x.model, x.shape, x.result, x.request_id)
    if x.model.overlay.compression:
        _compress(x.http, x.response)


def _compress(http: HttpRequest, response: HttpResponse) -> None:
    """Make a long answer smaller for a client that accepts it; the checksum is of what is sent."""
    document = response.body
    if document.__class__ is not bytes or len(document) < compression.COMPRESSED_BYTES_MIN:
        return
    accepted = http.headers.get("accept-encoding", "")
    if "," in accepted:  # of several headers the first counts
        lines = (value for name, value in http.lines if name.lower() == b"accept-encoding")
        accepted = next(lines, accepted.encode("latin-1")).decode("latin-1")
    encoding = compression.choose(accepted)
    if encoding is not None:
        response.body = body = compression.compress(document, encoding)
        response.headers = [
            (name, str(zlib.crc32(body)) if name == "x-amz-crc32" else value)
            for name, value in response.headers
        ]
        response.headers.append(("Content-Encoding", encoding))


Stage = Callable[[Parts, Exchange], Awaitable[None] | None]
"""A stage that may have to wait gives what to wait for; one that need not is done."""

PIPELINE: Final[tuple[Stage, ...]] = (
    route,         # host, path, headers    -> service, protocol, operation; or a front door
    read_body,     # the whole body         -> or a stream, for the operations that take one
    authenticate,  # SigV4                  -> principal and environment
    parse,         # codec                  -> request, validated against the model
    authorize,     # policies               -> or AccessDenied, with the reason
    dispatch,      # the operation          -> result or ServiceError
    meter,         # calls counted; billed usage is recorded by the operations
    serialize,     # codec                  -> HTTP response
)  # fmt: skip


async def handle(parts: Parts, http: HttpRequest) -> HttpResponse:
    """Answer one request. Never raises for anything a client can cause."""
    front = front_of(parts, http)
    found = at_hand(parts, http, front)
    if found is not None:
        return found
    x = Exchange(http, parts.ids.uuid())
    x.front = front
    try:
        for stage in PIPELINE:
            waiting = stage(parts, x)
            if waiting is not None:
                await waiting
            if x.response is not None:
                break
        response = x.response
        assert response is not None
    except ServiceError as error:
        meter(parts, x)
        response = _refusal(x, error)
    except DiskFull:
        log.error("no space left on the disk: %s %s", http.method, http.path)  # noqa: TRY400
        return _refusal(x, InsufficientStorage("There is no space left on the server's disk."))
    except ClientGone:
        return HttpResponse(400)  # nobody is there to read it
    except Exception:  # the one place where a bug becomes a 500
        where = f"{x.ctx.service}:{x.ctx.operation}" if x.ctx else f"{http.method} {http.path}"
        log.exception("%s failed, request %s", where, x.request_id)
        return _refusal(x, InternalFailure("An internal error occurred. The server's log has it."))
    if "origin" in http.headers:
        cors.allow(x, response)
    finishing = _finish(x, response)
    if finishing is not None:
        await finishing
    return response


def _finish(x: Exchange, response: HttpResponse) -> Awaitable[None] | None:
    """What the service adds to all its responses."""
    if x.service is None or x.service.finish is None or x.ctx is None:
        return None
    return x.service.finish(x.ctx, x.http, response)


def _refusal(x: Exchange, error: ServiceError) -> HttpResponse:
    if x.codec is None or x.model is None:
        return unspoken_refusal(x.http, error, x.request_id)
    if x.request and x.model.overlay.java_package and error.name in _ABOUT_THE_REQUEST:
        error = _of_types(x, error)
    return x.codec.serialize_error(x.model, x.shape, error, x.request_id)


def _of_types(x: Exchange, error: ServiceError) -> ServiceError:
    """A value of the wrong type comes before any other problem of a request."""
    assert x.model is not None
    assert x.shape is not None
    try:
        check_types(x.model, x.shape, x.request)
    except SerializationException as found:
        return found
    return error


async def fetch(parts: Parts, ctx: Context, http: HttpRequest) -> HttpResponse:
    """A request from inside to a front door of the same environment, found by its Host header."""
    front = front_by_host(http.host, http.path, parts.zones) or front_by_path(
        http.path, parts.zones
    )
    if front is None:
        return HttpResponse(502, [("Content-Type", "text/plain")], b"No such host in this cloud\n")
    x = Exchange(http, ctx.request_id)
    await answer_front(parts, x, front._replace(environment=ctx.cloud.name))
    assert x.response is not None
    return x.response


async def invoke(ctx: Context, request: Request) -> Result:
    """What `ctx.call` does: the same declared operation, policy check and meter, no socket."""
    operation = _declared(ctx, ctx.operation)
    model = load(ctx.service)
    described = model.operation(operation.name)
    if ctx.from_template and described.input is not None:
        ctx.from_template = False  # what the operation itself calls is typed
        request = as_modelled(described.input, request)
    validate(model, described, request)
    waiting = decide(ctx, operation, request)
    if waiting is not None:
        await waiting
    ctx.cloud.meter.count(ctx)
    return await _traced(ctx, operation, request) or {}


def _declared(ctx: Context, name: str) -> Operation:
    service = ctx.cloud.services.get(ctx.service)
    operation = service.operations.get(name) if service else None
    if operation is None:
        raise OperationNotImplemented(f"{ctx.service}:{name} is not implemented yet. {COVERAGE}")
    return operation
