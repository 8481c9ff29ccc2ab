"""Cross-origin requests, answered by the gateway itself. Pure.

With a CORS configuration the gateway answers preflight requests and replaces whatever CORS headers
an integration sets: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from collections.abc import Mapping
from typing import Any

from airside.kernel import HttpResponse

Cors = Mapping[str, Any]
"""As in the model: AllowOrigins, AllowMethods, AllowHeaders, ExposeHeaders, MaxAge..."""


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser asks if it may ask."""
    return (
        method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers
    )


def preflight(cors: Cors, headers: Mapping[str, str]) -> HttpResponse:
    """The answer to a preflight: 204; an origin that is not allowed gets no CORS headers."""
    found = _common(cors, headers.get("origin"))
    if found:
        for member, name in (
            ("AllowMethods", "access-control-allow-methods"),
            ("AllowHeaders", "access-control-allow-headers"),
        ):
            if cors.get(member):
                found.append((name, ",".join(cors[member])))
        if cors.get("MaxAge"):
            found.append(("access-control-max-age", str(cors["MaxAge"])))
    return HttpResponse(204, found)


def apply(cors: Cors, headers: Mapping[str, str], response: HttpResponse) -> None:
    """Make the CORS headers of a response the configured ones."""
    response.headers = [
        pair for pair in response.headers if not pair[0].lower().startswith("access-control-")
    ]
    response.headers += _common(cors, headers.get("origin"))


def _common(cors: Cors, origin: str | None) -> list[tuple[str, str]]:
    allowed = cors.get("AllowOrigins") or []
    if origin is None or not any(_covers(pattern, origin) for pattern in allowed):
        return []
    found = [("access-control-allow-origin", "*" if "*" in allowed else origin)]
    if cors.get("AllowCredentials"):
        found.append(("access-control-allow-credentials", "true"))
    if cors.get("ExposeHeaders"):
        found.append(("access-control-expose-headers", ",".join(cors["ExposeHeaders"])))
    return found


def _covers(pattern: str, origin: str) -> bool:
    """`*`, `https://*`, or the origin itself."""
    if pattern.endswith("*"):
        return origin.lower().startswith(pattern[:-1].lower())
    return pattern.lower() == origin.lower()
