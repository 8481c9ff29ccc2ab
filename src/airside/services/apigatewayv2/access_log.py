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
    values = _values(call, response, seconds)

    def value(name: str) -> Any:
        if name.startswith("authorizer."):
            return _authorizer_value(name.removeprefix("authorizer."), call)
        return values.get(name)

    return access_log.line(form, value)


def _values(call: Call, response: HttpResponse, seconds: float) -> Mapping[str, Any]:
    size = len(response.body) if isinstance(response.body, bytes) else None
    latency = round(seconds * 1000)
    return {
        "accountId": call.account_id,
        "apiId": call.api_id,
        "domainName": call.domain_name,
        "domainPrefix": call.domain_name.partition(".")[0],
        "extendedRequestId": call.request_id,
        "httpMethod": call.method,
        "identity.sourceIp": call.source_ip,
        "identity.userAgent": call.headers.get("user-agent"),
        "integrationLatency": latency,
        "integrationStatus": response.status,
        "path": call.path,
        "protocol": call.protocol,
        "requestId": call.request_id,
        "requestTime": log_time(call.at),
        "requestTimeEpoch": int(call.at * 1000),
        "responseLatency": latency,
        "responseLength": size,
        "routeKey": call.route_key,
        "stage": call.stage,
        "status": response.status,
    }


def _authorizer_value(name: str, call: Call) -> Any:
    known = call.authorizer or {}
    if name.startswith("claims."):
        return known.get("jwt", {}).get("claims", {}).get(name.removeprefix("claims."))
    return (known.get("lambda") or {}).get(name)
