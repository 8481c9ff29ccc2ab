"""AWS integrations with services other than Lambda: DynamoDB's actions, SQS's queues, S3's objects.

`arn:aws:apigateway:REGION:SERVICE:action/NAME` is an operation by its name;
`arn:aws:apigateway:REGION:SERVICE:path/PATH` is a request to the service's address.
https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html
"""

import re
from urllib.parse import quote, urlencode

from airside.gateway.calls import Calls, TimedOut
from airside.gateway.uris import substitute
from airside.kernel import BytesBody, Context, HttpRequest, HttpResponse, ServiceError
from airside.kernel.http import whole
from airside.protocol.codec import codec_for
from airside.protocol.models import ServiceModel, load
from airside.services.apigateway import acting
from airside.services.apigateway.call import Call
from airside.services.apigateway.live import LiveMethod
from airside.services.apigateway.refusals import Refusal, broken
from airside.services.apigateway.transform import Incoming, Outgoing

_URI = re.compile(r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:([a-z0-9.-]+):(action|path)/(.*)")
_VARIABLE = re.compile(r"\{([A-Za-z0-9._\-:]+)\+?\}")
_FORM = "application/x-www-form-urlencoded"


async def call_service(ctx: Context, call: Call, method: LiveMethod, request: Outgoing) -> Incoming:
    """What a service answers. Raises Refusal."""
    uri = substitute(method.integration.get("uri", ""), call.stage.variables)
    match = _URI.fullmatch(uri)
    service = match[1] if match is not None else ""
    if match is None or service not in ctx.cloud.services:
        raise Refusal(
            "DEFAULT_5XX", f"Airside does not implement integrations with {uri} yet.", 501
        )
    credentials = method.integration.get("credentials")
    if not credentials:  # AWS asks services in the name of a role only
        raise broken()
    who = acting.principal(call, method, credentials, method.arn)
    own = Context(ctx.cloud, who, call.live.region, ctx.request_id, service, "", ctx.trace_id)
    model = load(service)
    if match[2] == "action":
        http = _action(model, request, match[3])
    else:
        http = _path(model, call, method, request, match[3])
    try:
        response = await _respond(own, model, http, request.body, method.timeout_seconds)
    except TimedOut:
        raise Refusal("INTEGRATION_TIMEOUT") from None
    return Incoming(
        await whole(response.body), response.headers, str(response.status), response.status
    )


def _headers(request: Outgoing, default: str) -> dict[str, str]:
    given = {
        name.lower(): ",".join(value) if isinstance(value, list) else str(value)
        for name, value in request.headers.items()
    }
    return {"content-type": default, **given, "host": "localhost"}


def _action(model: ServiceModel, request: Outgoing, name: str) -> HttpRequest:
    if "json" not in model.protocols:
        form = urlencode({"Action": name, "Version": model.api_version, **request.query}, True)
        request.body = b"&".join(filter(None, (form.encode(), request.body)))
        return HttpRequest("POST", "/", "", _headers(request, _FORM), BytesBody(request.body))
    headers = _headers(request, "application/x-amz-json-1.0")
    headers["content-type"] = "application/x-amz-json-1.0"
    headers["x-amz-target"] = f"{model.target_prefix}.{name}"
    return HttpRequest("POST", "/", "", headers, BytesBody(request.body))


def _path(
    model: ServiceModel, call: Call, method: LiveMethod, request: Outgoing, path: str
) -> HttpRequest:
    filled = _VARIABLE.sub(
        lambda match: quote(str(request.path.get(match[1], "")), safe="/%"), path
    )
    headers = _headers(request, "application/json")
    if model.name == "sqs" and headers["content-type"].startswith(_FORM):
        address = urlencode({"QueueUrl": f"http://localhost/{filled}"})
        if b"QueueUrl=" not in request.body:
            request.body = b"&".join(filter(None, (request.body, address.encode())))
    verb = method.integration.get("httpMethod", "GET")
    verb = call.http.method if verb == "ANY" else verb
    query = urlencode(request.query, True)
    return HttpRequest(verb, f"/{filled}", query, headers, BytesBody(request.body))


async def _respond(
    ctx: Context, model: ServiceModel, http: HttpRequest, body: bytes, seconds: float
) -> HttpResponse:
    """The service's response on the wire, to a request as it would come by the wire."""
    codec, operation = codec_for(model, http), None
    try:
        name = codec.operation_name(model, http, body)
        if name is None:
            raise broken(502)
        operation = model.operation(name)
        payload = BytesBody(body) if operation.streaming_input else body
        request = codec.parse(model, operation, http, payload)
        work = ctx.call(model.name, name, request)
        result = await ctx.component(Calls).within(work, seconds)
        return codec.serialize(model, operation, result, ctx.request_id)
    except ServiceError as error:
        return codec.serialize_error(model, operation, error, ctx.request_id)
