"""What access logs of HTTP APIs can tell about a request. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
"""

from collections.abc import Mapping
from typing import Any

from airside.gateway import access_log
from airside.gateway.access_log import log_time
from airside.kernel import HttpResponse
from airside.services.apigatewayv2.event import Call


def line(form: str, call: Call, response: HttpResponse, seconds: float) -> str:
    """A request in a stage's format; what has no value is a hyphen."""
    values = _of_response(response, seconds)

    def value(name: str) -> Any:
        return values[name] if name in values else context_value(name, call)

    return access_log.line(form, value)


def context_value(name: str, call: Call) -> Any:
    """What `$context.name` is for a request; None for what it has not."""
    if name.startswith("authorizer."):
        return _authorizer_value(name.removeprefix("authorizer."), call)
    return _of_request(call).get(name)


def _of_response(response: HttpResponse, seconds: float) -> Mapping[str, Any]:
    size = len(response.body) if isinstance(response.body, bytes) else None
    latency = round(seconds * 1000)
    return {
        "integrationLatency": latency,
        "integrationStatus": response.status,
        "responseLatency": latency,
        "responseLength": size,
        "status": response.status,
    }


def _of_request(call: Call) -> Mapping[str, Any]:
    return {
        "accountId": call.account_id,
        "apiId": call.api_id,
        "domainName": call.domain_name,
        "domainPrefix": call.domain_name.partition(".")[0],
        "extendedRequestId": call.request_id,
        "httpMethod": call.method,
        "identity.sourceIp": call.source_ip,
        "identity.userAgent": call.headers.get("user-agent"),
        "path": call.path,
        "protocol": call.protocol,
        "requestId": call.request_id,
        "requestTime": log_time(call.at),
        "requestTimeEpoch": int(call.at * 1000),
        "routeKey": call.route_key,
        "stage": call.stage,
    }


def _authorizer_value(name: str, call: Call) -> Any:
    known = call.authorizer or {}
    if name.startswith("claims."):
        return known.get("jwt", {}).get("claims", {}).get(name.removeprefix("claims."))
    return (known.get("lambda") or {}).get(name)
