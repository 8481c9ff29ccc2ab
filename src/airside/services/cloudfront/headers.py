"""Headers that the edge adds, drops and replaces for viewers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Headers = list[tuple[str, str]]

HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
     "transfer-encoding", "upgrade", "content-length", "date"}
)  # fmt: skip
"""Of one connection, not of the response; Content-Length and Date are written anew."""
_OF_ANOTHER_EDGE = frozenset({"age", "x-cache", "x-amz-cf-id", "x-amz-cf-pop"})


def kept_of(headers: Headers) -> Headers:
    """What of an origin's headers a viewer may see."""
    kept = [
        item
        for item in headers
        if item[0].lower() not in HOP_BY_HOP and item[0].lower() not in _OF_ANOTHER_EDGE
    ]
    if not any(name.lower() == "server" for name, _ in kept):
        kept.append(("Server", "CloudFront"))
    return kept


@dataclass(frozen=True, slots=True)
class Cors:
    """The CORS part of a response headers policy."""

    origins: tuple[str, ...]
    override: bool
    headers: tuple[tuple[str, str], ...]
    preflight: tuple[tuple[str, str], ...]

    def allowed(self, origin: str) -> str | None:
        """What `Access-Control-Allow-Origin` says to an origin."""
        if "*" in self.origins:
            return "*"
        for pattern in self.origins:
            if pattern == origin or _wild(pattern, origin):
                return origin
        return None


def _wild(pattern: str, origin: str) -> bool:
    """`https://*.example.com` names every host below example.com."""
    head, star, tail = pattern.partition("*")
    if not star:
        return origin.partition("://")[2] == pattern
    return origin.startswith(head) and origin.endswith(tail) and len(origin) >= len(pattern)


@dataclass(frozen=True, slots=True)
class ResponsePolicy:
    """A response headers policy, compiled."""

    headers: tuple[tuple[str, str, bool], ...] = ()
    """(name, value, whether it replaces the origin's)"""
    removed: frozenset[str] = frozenset()
    cors: Cors | None = None
    timing_rate: float = 0.0
    """Percent of responses that tell in Server-Timing how they came about."""

    def applied(self, headers: Headers) -> Headers:
        """What does not depend on who asks."""
        if not self.headers and not self.removed:
            return headers
        replaced = {name.lower() for name, _, override in self.headers if override}
        kept = [
            (name, value)
            for name, value in headers
            if name.lower() not in replaced and name.lower() not in self.removed
        ]
        present = {name.lower() for name, _ in kept}
        kept += [
            (name, value)
            for name, value, override in self.headers
            if override or name.lower() not in present
        ]
        return kept

    def with_cors(self, headers: Headers, origin: str, *, preflight: bool) -> Headers:
        """What a script of `origin` needs to be told."""
        if self.cors is None:
            return headers
        present = any(name.lower() == "access-control-allow-origin" for name, _ in headers)
        if present and not self.cors.override:
            return headers
        allowed = self.cors.allowed(origin)
        kept = [item for item in headers if not item[0].lower().startswith("access-control-")]
        if allowed is None:
            return kept
        kept.append(("Access-Control-Allow-Origin", allowed))
        if allowed != "*":
            kept.append(("Vary", "Origin"))
        kept += self.cors.headers
        if preflight:
            kept += self.cors.preflight
        return kept


def compile_response_policy(config: Mapping[str, Any]) -> ResponsePolicy:
    """A policy from its configuration."""
    headers = _security(config.get("SecurityHeadersConfig") or {})
    for item in (config.get("CustomHeadersConfig") or {}).get("Items") or []:
        headers.append((item["Header"], item.get("Value", ""), bool(item["Override"])))
    removed = (config.get("RemoveHeadersConfig") or {}).get("Items") or []
    cors = config.get("CorsConfig")
    timing = config.get("ServerTimingHeadersConfig") or {}
    return ResponsePolicy(
        headers=tuple(headers),
        removed=frozenset(item["Header"].lower() for item in removed),
        cors=_cors(cors) if cors else None,
        timing_rate=timing.get("SamplingRate", 0.0) if timing.get("Enabled") else 0.0,
    )


def _security(config: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    found: list[tuple[str, str, bool]] = []
    xss = config.get("XSSProtection")
    if xss:
        value = "1" if xss["Protection"] else "0"
        value += "; mode=block" if xss.get("ModeBlock") else ""
        value += f"; report={xss['ReportUri']}" if xss.get("ReportUri") else ""
        found.append(("X-XSS-Protection", value, xss["Override"]))
    frame = config.get("FrameOptions")
    if frame:
        found.append(("X-Frame-Options", frame["FrameOption"], frame["Override"]))
    referrer = config.get("ReferrerPolicy")
    if referrer:
        found.append(("Referrer-Policy", referrer["ReferrerPolicy"], referrer["Override"]))
    content = config.get("ContentSecurityPolicy")
    if content:
        value = content["ContentSecurityPolicy"]
        found.append(("Content-Security-Policy", value, content["Override"]))
    if config.get("ContentTypeOptions"):
        override = config["ContentTypeOptions"]["Override"]
        found.append(("X-Content-Type-Options", "nosniff", override))
    strict = config.get("StrictTransportSecurity")
    if strict:
        value = f"max-age={strict['AccessControlMaxAgeSec']}"
        value += "; includeSubDomains" if strict.get("IncludeSubdomains") else ""
        value += "; preload" if strict.get("Preload") else ""
        found.append(("Strict-Transport-Security", value, strict["Override"]))
    return found


def _cors(config: Mapping[str, Any]) -> Cors:
    def joined(member: str) -> str:
        return ", ".join((config.get(member) or {}).get("Items") or ())

    always: list[tuple[str, str]] = []
    if config["AccessControlAllowCredentials"]:
        always.append(("Access-Control-Allow-Credentials", "true"))
    if joined("AccessControlExposeHeaders"):
        always.append(("Access-Control-Expose-Headers", joined("AccessControlExposeHeaders")))
    preflight = [("Access-Control-Allow-Methods", joined("AccessControlAllowMethods"))]
    if joined("AccessControlAllowHeaders"):
        preflight.append(("Access-Control-Allow-Headers", joined("AccessControlAllowHeaders")))
    if config.get("AccessControlMaxAgeSec") is not None:
        preflight.append(("Access-Control-Max-Age", str(config["AccessControlMaxAgeSec"])))
    return Cors(
        origins=tuple(config["AccessControlAllowOrigins"].get("Items") or ()),
        override=bool(config["OriginOverride"]),
        headers=tuple(always),
        preflight=tuple(preflight),
    )
