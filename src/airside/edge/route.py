"""The first stage: who is meant."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from airside.edge import cors
from airside.edge.exchange import Exchange
from airside.edge.hosts import Front, bucket_of, front_by_host, front_by_path
from airside.edge.parts import Destination, Parts
from airside.identity import sigv2, sigv4
from airside.identity.errors import AuthenticationError, Family
from airside.identity.keys import MAIN
from airside.kernel import Context, HttpRequest, HttpResponse, OperationNotImplemented
from airside.kernel.principal import ANONYMOUS
from airside.protocol import routing
from airside.protocol.codec import codec_for
from airside.protocol.models import ServiceModel, load
from airside.protocol.query import QUERY


def family(parts: Parts, signing_name: str) -> Family:
    """How refusals are worded for the services behind a signing name."""
    if signing_name in {"s3", ""}:
        return "s3"
    names = parts.by_signing_name.get(signing_name)
    return family_of(load(names[0])) if names else "json"


def _family(parts: Parts, http: HttpRequest, signing_name: str) -> Family:
    """How refusals are worded for who asks; a target says so where the signature does not."""
    prefix = http.headers.get("x-amz-target", "").rpartition(".")[0]
    name = parts.by_target_prefix.get(prefix)
    return family_of(load(name)) if name is not None else family(parts, signing_name)


def family_of(model: ServiceModel) -> Family:
    """How refusals of this service are worded."""
    if model.name == "s3":
        return "s3"
    protocol = model.protocols[0]
    return protocol if protocol in {"json", "rest-json", "query", "rest-xml"} else "json"  # type: ignore[return-value]


def route(parts: Parts, x: Exchange) -> Awaitable[None] | None:
    """Host, path and headers -> a front door's answer, or the service, codec and operation."""
    http = x.http
    if http.path.startswith("/_"):
        handler = parts.internal.get(http.path)
        if handler is not None:
            return _answer_internal(handler, x)
    if x.front is not None:
        return answer_front(parts, x, x.front)
    if http.method == "OPTIONS":
        x.response = cors.preflight(http, x.request_id)
        if x.response is not None:
            return None
    target = http.headers.get("x-amz-target")
    try:
        signature = sigv4.find(http, lambda name: _family(parts, http, name)) or sigv2.find(http)
    except AuthenticationError:
        if target is not None:
            _find_service(parts, x, None)  # which words the refusal
        raise
    known = parts.targets.get(target) if target is not None else None
    if known is not None and "smithy-protocol" not in http.headers:
        x.signature = signature
        x.service, x.model, x.codec, x.shape = known
        return None
    _find_service(parts, x, signature)
    if target is not None and x.shape is not None and "smithy-protocol" not in http.headers:
        assert x.service is not None
        assert x.model is not None
        assert x.codec is not None
        parts.targets[target] = Destination(x.service, x.model, x.codec, x.shape)
    return None


def _find_service(
    parts: Parts, x: Exchange, signature: sigv4.Signature | sigv2.Signature | None
) -> None:
    http = x.http
    name = _service(parts, http, signature.service if signature else "")
    if name != "s3" or http.method != "OPTIONS":  # browsers ask before they know a signature
        x.signature = signature
    x.model = load(name)
    x.service = parts.services[name]
    if name == "s3":
        x.http = _path_style(http)
        x.signed_http = http
    x.codec = codec_for(x.model, x.http)
    if x.codec is not QUERY:
        found = x.codec.operation_name(x.model, x.http, b"")
        x.shape = x.model.operation(found) if found else None


async def _answer_internal(
    handler: Callable[[HttpRequest], Awaitable[HttpResponse]], x: Exchange
) -> None:
    x.response = await handler(x.http)


def front_of(parts: Parts, http: HttpRequest) -> Front | None:
    """The front door that a request's port, path or host names."""
    site = parts.sites.get(http.port)
    if site is not None:
        return Front(site.zone, site.label, site.environment, http.path)
    if http.path.startswith(("/_aws/", "/_env/")):
        return front_by_path(http.path, parts.zones)
    host = http.host
    if "." not in host or host[-1].isdigit():  # `localhost` and IP addresses, the common case
        return None
    if parts.names:
        named = parts.names.get(host) or parts.names.get(f"*.{host.partition('.')[2]}")
        if named is not None:
            return named._replace(path=http.path)
    return front_by_host(host, http.path, parts.zones)


def at_hand(parts: Parts, http: HttpRequest, front: Front | None) -> HttpResponse | None:
    """What a front door has ready for a request; None when it has to look."""
    if front is None:
        return None
    find = parts.services[parts.zones[front.zone][-1]].at_hand.get(front.zone)
    cloud = parts.clouds.find(front.environment or MAIN)
    return (
        find(cloud, http, front.label, front.path)
        if find is not None and cloud is not None
        else None
    )


async def answer_front(parts: Parts, x: Exchange, front: Front) -> None:
    """Let the front door of an API, a site or a function URL answer."""
    try:
        cloud = await parts.clouds.open(front.environment or MAIN)
    except KeyError:
        x.response = HttpResponse(404, [("Content-Type", "text/plain")], b"No such environment\n")
        return
    request = x.http
    if front.path != request.path:
        request = HttpRequest(
            request.method, front.path, request.query, request.headers, request.body,
            request.client, request.scheme, request.port, request.path.removesuffix(front.path),
            request.lines,
        )  # fmt: skip
    began = cloud.clock.monotonic()
    for service in parts.zones[front.zone]:
        ctx = x.ctx = Context(cloud, ANONYMOUS, cloud.region, x.request_id, service, front.zone)
        ctx.trace_id = x.http.headers.get("x-amzn-trace-id", "")
        x.response = await parts.services[service].fronts[front.zone](ctx, request, front.label)
        if x.response is not None:
            break
    assert x.ctx is not None
    assert x.response is not None, "the last service of a zone answers whatever is asked"
    if x.ctx.trace_id:
        name = f"{request.method} {request.path}"
        error = str(x.response.status) if x.response.status >= 400 else ""
        cloud.journal.record(x.ctx, began, resource=front.label, operation=name, error=error)


def _service(parts: Parts, http: HttpRequest, signing_name: str) -> str:
    target = http.headers.get("x-amz-target")
    if target is not None:
        prefix = target.rpartition(".")[0]
        found = parts.by_target_prefix.get(prefix)
        if found is not None:
            return found
    if signing_name:
        names = parts.by_signing_name.get(signing_name, ())
        if len(names) == 1 and target is None:
            return names[0]
        for name in names:
            if routing.match(load(name), http.method, http.path, http.query, http.headers):
                return name
        if names and target is None:
            return names[0]
        raise OperationNotImplemented(
            f"Airside does not implement the service '{signing_name}' yet. "
            "See docs/reference/coverage.md for what it does."
        )
    if target is not None:
        raise OperationNotImplemented(f"Airside does not implement '{target}' yet.")
    return _unsigned_service(parts, http)


def _unsigned_service(parts: Parts, http: HttpRequest) -> str:
    """Nothing is signed: a query service when `Version` names one, else S3 (public objects)."""
    version = dict(parse_qsl(http.query)).get("Version")
    form = http.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    if version or (form and http.method == "POST" and http.path == "/"):
        for name in parts.services:
            model = load(name)
            if "query" in model.protocols and (version is None or model.api_version == version):
                return name
    return "s3"


def _path_style(http: HttpRequest) -> HttpRequest:
    host = http.host
    if "." not in host or host[-1].isdigit():
        return http
    bucket = bucket_of(host)
    if bucket is None:
        return http
    path = f"/{bucket}{http.path}" if http.path != "/" else f"/{bucket}"
    return HttpRequest(
        http.method, path, http.query, http.headers, http.body, http.client, http.scheme, http.port
    )
