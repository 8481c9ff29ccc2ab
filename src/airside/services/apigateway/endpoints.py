"""How an API can be reached: edge-optimized, regional, private. Pure."""

from collections.abc import Mapping
from typing import Any

from airside.services.apigateway.api import Members
from airside.services.apigateway.errors import BadRequestException

TYPES = ("EDGE", "REGIONAL", "PRIVATE")


def configuration(given: Mapping[str, Any] | None) -> Members:
    """What is kept of what was asked for. Raises BadRequestException."""
    found = dict(given or {})
    if "types" not in found:
        found["types"] = ["EDGE"]
    types = found["types"]
    if not types:
        raise BadRequestException(
            "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED."
        )
    if len(types) > 1:
        raise BadRequestException("Cannot create an api with multiple Endpoint Types.")
    _check_type(types[0])
    private = types[0] == "PRIVATE"
    if private and found.get("ipAddressType", "dualstack") != "dualstack":
        raise BadRequestException("Only dualstack ipAddressType is supported for Private APIs.")
    found.setdefault("ipAddressType", "dualstack" if private else "ipv4")
    return found


def _check_type(name: str) -> None:
    if name not in TYPES:
        raise BadRequestException(
            "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE"
        )


def patch(settings: Members, operation: Mapping[str, Any]) -> None:
    """Change the configuration of an API. Raises BadRequestException."""
    path, op = str(operation["path"]), operation.get("op")
    value = str(operation.get("value", ""))
    held = settings["endpointConfiguration"]
    match path.split("/")[2:]:
        case ["ipAddressType"]:
            if op != "replace":
                raise BadRequestException(
                    "Invalid patch operation specified. Must be one of: [replace]"
                )
            if value not in {"ipv4", "dualstack"}:
                raise BadRequestException("ipAddressType must be either ipv4 or dualstack.")
            if held["types"] == ["PRIVATE"] and value == "ipv4":
                raise BadRequestException(
                    "Only dualstack ipAddressType is supported for Private APIs."
                )
            held["ipAddressType"] = value
        case ["types", *_]:
            if op != "replace":
                raise BadRequestException(
                    "Invalid patch operation specified. Must be 'add'|'remove'|'replace'"
                )
            _check_type(value)
            held["types"] = [value]
            if value == "PRIVATE":
                held["ipAddressType"] = "dualstack"
        case ["vpcEndpointIds", *rest]:
            ids = held.setdefault("vpcEndpointIds", [])
            endpoint = value or (rest[0] if rest else "")
            if op == "add" and endpoint not in ids:
                ids.append(endpoint)
            elif op == "remove" and endpoint in ids:
                ids.remove(endpoint)
        case _:
            raise BadRequestException(f"Invalid patch path {path}")
