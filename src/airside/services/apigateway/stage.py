"""One stage: its name, its members, and what may be patched of them. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from airside.services.apigateway.api import Members
from airside.services.apigateway.errors import BadRequestException
from airside.services.apigateway.limits import THROTTLE_BURST, THROTTLE_RATE
from airside.services.apigateway.patches import boolean, number, segments, text, whole

_SCALARS = {
    "cacheClusterEnabled": boolean, "cacheClusterSize": text, "clientCertificateId": text,
    "deploymentId": text, "description": text, "documentationVersion": text,
    "tracingEnabled": boolean,
}  # fmt: skip
_SETTINGS = {
    "metrics/enabled": ("metricsEnabled", boolean),
    "logging/loglevel": ("loggingLevel", text),
    "logging/dataTrace": ("dataTraceEnabled", boolean),
    "throttling/burstLimit": ("throttlingBurstLimit", whole),
    "throttling/rateLimit": ("throttlingRateLimit", number),
    "caching/enabled": ("cachingEnabled", boolean),
    "caching/ttlInSeconds": ("cacheTtlInSeconds", whole),
    "caching/dataEncrypted": ("cacheDataEncrypted", boolean),
    "caching/requireAuthorizationForCacheControl": ("requireAuthorizationForCacheControl", boolean),
    "caching/unauthorizedCacheControlHeaderStrategy": (
        "unauthorizedCacheControlHeaderStrategy", text,
    ),
}  # fmt: skip
_DEFAULTS: Members = {
    "metricsEnabled": False,
    "dataTraceEnabled": False,
    "throttlingBurstLimit": THROTTLE_BURST,
    "throttlingRateLimit": THROTTLE_RATE,
    "cachingEnabled": False,
    "cacheTtlInSeconds": 300,
    "cacheDataEncrypted": False,
    "requireAuthorizationForCacheControl": True,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}


def new_stage(name: str, given: Members, now: float) -> Members:
    """A stage with what AWS fills in."""
    stage: Members = {
        "cacheClusterEnabled": False,
        "methodSettings": {},
        "tracingEnabled": False,
        **given,
    }
    enabled = stage["cacheClusterEnabled"]
    stage["cacheClusterStatus"] = "AVAILABLE" if enabled else "NOT_AVAILABLE"
    if enabled:
        stage.setdefault("cacheClusterSize", "0.5")
    return stage | {"stageName": name, "createdDate": now, "lastUpdatedDate": now}


def check_name(name: str) -> None:
    """Raise BadRequestException for what cannot stand in a path."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", name):
        raise BadRequestException("Stage name only allows a-zA-Z0-9_-")


def patch(stage: Members, operation: Mapping[str, Any]) -> None:
    """Change a stage in place. Raises BadRequestException."""
    path, op = operation.get("path") or "", operation.get("op")
    value = str(operation.get("value", ""))
    parts = segments(path)
    name = parts[0] if parts else ""
    if len(parts) == 1 and name in _SCALARS:
        if op == "remove":
            stage.pop(name, None)
        else:
            stage[name] = _SCALARS[name](value)
        if name == "cacheClusterEnabled":
            enabled = bool(stage.get("cacheClusterEnabled"))
            stage["cacheClusterStatus"] = "AVAILABLE" if enabled else "NOT_AVAILABLE"
    elif name == "variables" and len(parts) == 2:
        _patch_variable(stage, op, parts[1], value)
    elif name == "accessLogSettings":
        _patch_access_log(stage, op, parts, value)
    elif name == "canarySettings":
        raise BadRequestException(_unknown(path))
    elif len(parts) >= 4 or op == "remove":
        _patch_setting(stage, op, path, value)
    else:
        raise BadRequestException(_unknown(path))


def _patch_variable(stage: Members, op: str | None, name: str, value: str) -> None:
    held = stage.setdefault("variables", {})
    if op == "remove":
        held.pop(name, None)
    else:
        check_variables({name: value})
        held[name] = value
    if not held:
        del stage["variables"]


def check_variables(variables: Mapping[str, str]) -> None:
    """Raise BadRequestException for names and values that URLs cannot hold."""
    for name, value in variables.items():
        if not re.fullmatch(r"[A-Za-z0-9_]+", name):
            raise BadRequestException(f"Stage variable name '{name}' is invalid: only a-zA-Z0-9_")
        if not re.fullmatch(r"[A-Za-z0-9\-._~:/?#&=,@ ]*", value):
            raise BadRequestException(
                "Stage variable value contains invalid characters. Please use values with only "
                "alphanumeric characters and -._~:/?#&=,"
            )


def _patch_access_log(stage: Members, op: str | None, parts: list[str], value: str) -> None:
    if op == "remove":
        if len(parts) > 1 and stage.get("accessLogSettings", {}).get(parts[1]) is None:
            raise BadRequestException(
                f"Cannot remove method setting {'/'.join(parts)} because there is no method "
                "setting for this method "
            )
        stage.pop("accessLogSettings", None)
        return
    if len(parts) != 2 or parts[1] not in {"destinationArn", "format"}:
        raise BadRequestException(
            "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, "
            "/accessLogSettings/format]"
        )
    if not value:
        raise BadRequestException("Access Log value must not be empty")
    stage.setdefault("accessLogSettings", {})[parts[1]] = value


def _patch_setting(stage: Members, op: str | None, path: str, value: str) -> None:
    """Settings of methods: `/~1pets~1{id}/GET/throttling/rateLimit`, `/*/*/metrics/enabled`."""
    parts = path.split("/")[1:]
    settings = stage["methodSettings"]
    key = "/".join(parts[:2]).replace("~1", "/").removeprefix("/")
    if op == "remove":
        if len(parts) != 2 and (len(parts) != 4 or key not in settings):
            raise _not_there(path)
        if settings.pop(key, None) is None:
            raise _not_there(path)
        return
    known = _SETTINGS.get("/".join(parts[2:]))
    if known is None or len(parts) != 4:
        raise BadRequestException(_unknown(path))
    member, convert = known
    settings.setdefault(key, dict(_DEFAULTS))[member] = convert(value)


def _not_there(path: str) -> BadRequestException:
    return BadRequestException(
        f"Cannot remove method setting {path[1:]} because there is no method setting for this "
        "method "
    )


def _unknown(path: str) -> str:
    """AWS's sentence, with its slips."""
    one, every = "/{resourcePath}/{httpMethod}/", "/*/*/"
    return (
        f"Invalid method setting path: {path}. Must be one of: [/deploymentId, /description, "
        "/cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, "
        "/accessLogSettings/destinationArn, /accessLogSettings/format, "
        f"{one}metrics/enabled, {one}logging/dataTrace, {one}logging/loglevel, "
        f"{one}throttling/burstLimit{one}throttling/rateLimit{one}caching/ttlInSeconds, "
        f"{one}caching/enabled, {one}caching/dataEncrypted, "
        f"{one}caching/requireAuthorizationForCacheControl, "
        f"{one}caching/unauthorizedCacheControlHeaderStrategy, "
        f"{every}metrics/enabled, {every}logging/dataTrace, {every}logging/loglevel, "
        f"{every}throttling/burstLimit {every}throttling/rateLimit {every}caching/ttlInSeconds, "
        f"{every}caching/enabled, {every}caching/dataEncrypted, "
        f"{every}caching/requireAuthorizationForCacheControl, "
        f"{every}caching/unauthorizedCacheControlHeaderStrategy, "
        "/variables/{variable_name}, /tracingEnabled]"
    )
