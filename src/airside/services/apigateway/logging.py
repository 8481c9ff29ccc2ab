"""Access logs of REST APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
"""

from typing import Any

from airside.gateway import access_log
from airside.gateway.access_log import AccessLogs
from airside.kernel import Context, HttpResponse
from airside.services.apigateway.call import Call


def log_access(ctx: Context, call: Call, response: HttpResponse, seconds: float) -> None:
    """Write the line of a request, where the stage has access logs."""
    settings = call.stage.members.get("accessLogSettings") or {}
    if not settings.get("destinationArn") or not settings.get("format"):
        return
    text = line(str(settings["format"]), call, response, seconds)
    ctx.component(AccessLogs).add(ctx, settings["destinationArn"], call.live.id, call.at, text)


def line(form: str, call: Call, response: HttpResponse, seconds: float) -> str:
    """A request in a stage's format."""
    size = len(response.body) if isinstance(response.body, bytes) else None
    values = call.context() | {
        "status": response.status,
        "responseLength": size,
        "responseLatency": round(seconds * 1000),
        "integrationLatency": round(seconds * 1000),
        "integration.latency": round(seconds * 1000),
        "integrationStatus": response.status,
        "integration.status": response.status,
        "xrayTraceId": call.trace_id.removeprefix("Root=").partition(";")[0],
    }
    error = response.header("x-amzn-ErrorType")

    def value(name: str) -> Any:
        if name in values:
            return values[name]
        if name == "error.responseType":
            return error
        held: Any = values
        for part in name.split("."):
            held = held.get(part) if isinstance(held, dict) else None
        return held

    return access_log.line(form, value)
