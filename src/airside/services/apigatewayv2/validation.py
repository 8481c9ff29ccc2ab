"""Rules of HTTP APIs that the model does not state. Pure."""

import re
from typing import Any

from airside.services.apigatewayv2 import mapping, service_call
from airside.services.apigatewayv2.api import Members
from airside.services.apigatewayv2.errors import BadRequestException
from airside.services.apigatewayv2.limits import INTEGRATION_TIMEOUT_MS_MAX

_METHODS = frozenset({"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_VARIABLE = re.compile(r"\{[A-Za-z0-9._\-:]+\+?\}")


def check_route_key(key: str) -> None:
    """`$default`, or a method and a path whose variables fill whole segments."""
    if key == "$default":
        return
    method, space, path = key.partition(" ")
    segments = path.split("/")[1:]
    if not space or method not in _METHODS or not path.startswith("/"):
        raise BadRequestException(
            "The provided route key is not formatted properly for HTTP protocol. Format should be "
            f'"<HTTP METHOD> /<RESOURCE PATH>" or "$default". Route key: {key}'
        )
    for position, segment in enumerate(segments):
        if ("{" in segment or "}" in segment) and not _VARIABLE.fullmatch(segment):
            raise BadRequestException(f"Path parameters must fill whole segments: {key}")
        if segment.endswith("+}") and position + 1 < len(segments):
            raise BadRequestException(
                f"Greedy path parameters must be at the end of the path: {key}"
            )


def check_cors(cors: Members | None) -> None:
    """Credentials and a wildcard origin exclude each other; origins are origins."""
    if not cors:
        return
    origins = cors.get("AllowOrigins") or []
    if cors.get("AllowCredentials") and "*" in origins:
        raise BadRequestException(
            "Invalid CORS configuration. AllowCredentials cannot be set to true when AllowOrigins "
            "contains '*'"
        )
    for origin in origins:
        if origin != "*" and "://" not in origin:
            raise BadRequestException(
                f"Invalid format for origin {origin}. Origin should have a http:// or https:// "
                "scheme"
            )


def check_integration(integration: Members) -> None:
    """Types, payload formats and time limits of HTTP APIs."""
    kind = integration.get("IntegrationType")
    if kind not in {"AWS_PROXY", "HTTP_PROXY"}:
        raise BadRequestException(
            "Only AWS_PROXY and HTTP_PROXY integrations are supported for APIs with protocol type "
            "HTTP"
        )
    version = integration.get("PayloadFormatVersion", "1.0")
    if version not in {"1.0", "2.0"}:
        raise BadRequestException(f"Invalid PayloadFormatVersion {version}. Supported: 1.0, 2.0")
    if kind == "HTTP_PROXY" and version == "2.0":
        raise BadRequestException("HTTP_PROXY integrations support payload format version 1.0 only")
    if not integration.get("IntegrationUri") and not integration.get("IntegrationSubtype"):
        raise BadRequestException("IntegrationUri must be specified")
    if integration.get("IntegrationSubtype"):
        service_call.check(integration)
    else:
        mapping.check(integration.get("RequestParameters") or {})
    for changes in (integration.get("ResponseParameters") or {}).values():
        mapping.check(changes, of_response=True)
    timeout = integration.get("TimeoutInMillis", INTEGRATION_TIMEOUT_MS_MAX)
    if not 50 <= timeout <= INTEGRATION_TIMEOUT_MS_MAX:
        raise BadRequestException("Timeout should be between 50 ms and 30000 ms")


def default_stage(name: str, given: Members, now: float) -> Members:
    """A stage with what AWS fills in."""
    stage: dict[str, Any] = {
        "AutoDeploy": False,
        "DefaultRouteSettings": {"DetailedMetricsEnabled": False},
        "RouteSettings": {},
        "StageVariables": {},
        "Tags": {},
        **given,
    }
    return stage | {"StageName": name, "CreatedDate": now, "LastUpdatedDate": now}


def check_stage_name(name: str) -> None:
    """`$default`, or letters, digits, hyphens and underscores."""
    if name != "$default" and not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", name):
        raise BadRequestException(
            "Stage name should only contain alphanumeric characters, hyphens, and underscores, or "
            "be $default"
        )
