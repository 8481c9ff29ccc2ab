"""Origins that functions choose or change for one request. Pure.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/helper-functions-origin-modification.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-event-structure.html
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airside.services.cloudfront.plan import Behavior, Origin, Plan, bucket_of
from airside.services.cloudfront.script_event import InvalidOutput

Value = Mapping[str, Any]


def chosen(plan: Plan, behavior: Behavior, said: Value) -> tuple[Origin, ...]:
    """What a CloudFront function wants instead of the behaviour's origins. Raises InvalidOutput."""
    if "group" in said:
        members = _of(said["group"]).get("originIds") or ()
        if len(members) != 2:
            raise InvalidOutput("An origin group has exactly two origins.")
        return tuple(_named(plan, _of(item).get("originId")) for item in members)
    if "id" in said:
        return (_changed(_named(plan, said["id"]), _of(said.get("options") or {})),)
    return (_changed(behavior.origins[0], _of(said.get("update"))),)


def _named(plan: Plan, identifier: Any) -> Origin:
    found = plan.origins.get(identifier) if isinstance(identifier, str) else None
    if found is None:
        raise InvalidOutput(f"There is no origin {identifier}.")
    return found


def _changed(origin: Origin, said: Value) -> Origin:
    custom, times = _of(said.get("customOriginConfig") or {}), _of(said.get("timeouts") or {})
    headers = _of(said.get("customHeaders") or {})
    domain = _text(said.get("domainName", origin.domain)).lower()
    port = custom.get("port")
    protocol = custom.get("protocol")
    control = _of(said.get("originAccessControlConfig") or {})
    return replace(
        origin,
        domain=domain,
        bucket=bucket_of(domain),
        path=_text(said.get("originPath", origin.path)).rstrip("/"),
        headers=_headers(headers) if "customHeaders" in said else origin.headers,
        signed=bool(control.get("enabled", origin.signed)),
        protocol=f"{protocol}-only" if protocol in ("http", "https") else origin.protocol,
        ports=(int(port), int(port)) if isinstance(port, int | float) else origin.ports,
        read_seconds=_seconds(times.get("readTimeout"), origin.read_seconds),
        idle_seconds=_seconds(times.get("keepAliveTimeout"), origin.idle_seconds),
        connect_seconds=_seconds(times.get("connectionTimeout"), origin.connect_seconds),
    )


def told(origin: Origin) -> dict[str, Any]:
    """An origin as Lambda functions see it."""
    headers = {
        name: [{"key": name.title(), "value": value}] for name, value in origin.headers
    }  # fmt: skip
    common = {"customHeaders": headers, "domainName": origin.domain, "path": origin.path}
    if origin.bucket:
        method = "origin-access-identity" if origin.identity else "none"
        return {"s3": {**common, "authMethod": method, "region": origin.region}}
    secure = origin.protocol != "http-only"
    return {"custom": {
        **common,
        "keepaliveTimeout": int(origin.idle_seconds),
        "port": origin.ports[secure],
        "protocol": "https" if secure else "http",
        "readTimeout": int(origin.read_seconds),
        "sslProtocols": ["TLSv1.2"],
    }}  # fmt: skip


def taken(origin: Origin, said: Value) -> Origin:
    """An origin as a Lambda function left it. Raises InvalidOutput."""
    if len(said) != 1 or not said.keys() <= {"s3", "custom"}:
        raise InvalidOutput("The origin must be either an s3 or a custom one.")
    (kind,) = said
    value = _of(said[kind])
    domain = _text(value.get("domainName")).lower()
    if not domain or ":" in domain or "/" in domain:
        raise InvalidOutput("The origin's domainName is not valid.")
    headers = [
        (name.lower(), _text(item.get("value")))
        for name, items in _of(value.get("customHeaders") or {}).items()
        for item in map(_of, items)
    ]
    found = replace(
        origin, domain=domain, bucket=bucket_of(domain) if kind == "s3" else "",
        path=_text(value.get("path", "")).rstrip("/"), headers=tuple(headers),
    )  # fmt: skip
    if kind == "s3":
        return found
    port = value.get("port", origin.ports[1])
    if not isinstance(port, int) or value.get("protocol") not in ("http", "https"):
        raise InvalidOutput("The origin's port or protocol is not valid.")
    return replace(
        found, protocol=f"{value['protocol']}-only", ports=(port, port), signed=False, identity="",
        read_seconds=_seconds(value.get("readTimeout"), origin.read_seconds),
        idle_seconds=_seconds(value.get("keepaliveTimeout"), origin.idle_seconds),
    )  # fmt: skip


def _of(value: Any) -> Value:
    if not isinstance(value, dict):
        raise InvalidOutput("The origin must be an object.")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or any(ord(letter) <= 0x20 for letter in value):
        raise InvalidOutput("The origin's members must be text.")
    return value


def _headers(said: Value) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), _text(value)) for name, value in said.items())


def _seconds(value: Any, former: float) -> float:
    return float(value) if isinstance(value, int | float) and value > 0 else former
