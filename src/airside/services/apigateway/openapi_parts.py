"""What a definition says besides its paths: authorizers, validators, models, gateway responses.

Pure. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

import json
from collections.abc import Mapping
from typing import Any

from airside.services.apigateway.api import Members
from airside.services.apigateway.errors import BadRequestException
from airside.services.apigateway.refusals import DEFAULT_TEMPLATE, KINDS

_PREFIX = "x-amazon-apigateway-"
Document = Mapping[str, Any]


def schemes(document: Document) -> Mapping[str, Any]:
    """Security schemes by name."""
    found: Mapping[str, Any] = (
        document.get("securityDefinitions")
        or (document.get("components") or {}).get("securitySchemes")
        or {}
    )
    return found


def authorizers(document: Document) -> dict[str, Members]:
    """Authorizers by name."""
    return {
        name: _authorizer(name, scheme, scheme[f"{_PREFIX}authorizer"])
        for name, scheme in schemes(document).items()
        if isinstance(scheme.get(f"{_PREFIX}authorizer"), Mapping)
    }


def _authorizer(name: str, scheme: Document, described: Document) -> Members:
    kind = str(described.get("type", "token")).upper()
    header = f"method.request.header.{scheme.get('name', 'Authorization')}"
    made: Members = {
        "name": name,
        "type": kind,
        "authType": scheme.get(f"{_PREFIX}authtype", "custom"),
    }
    if kind == "COGNITO_USER_POOLS":
        made["providerARNs"] = list(described.get("providerARNs") or [])
    source = described.get("identitySource")
    if kind != "REQUEST":
        source = source or header
    if source:
        made["identitySource"] = source
    for theirs in ("authorizerUri", "authorizerCredentials", "identityValidationExpression"):
        if described.get(theirs):
            made[theirs] = described[theirs]
    if described.get("authorizerResultTtlInSeconds") is not None:
        made["authorizerResultTtlInSeconds"] = int(described["authorizerResultTtlInSeconds"])
    return made


def validators(document: Document) -> dict[str, Members]:
    """Request validators by name."""
    return {
        name: {
            "name": name,
            "validateRequestBody": truth(described.get("validateRequestBody")),
            "validateRequestParameters": truth(described.get("validateRequestParameters")),
        }
        for name, described in (document.get(f"{_PREFIX}request-validators") or {}).items()
    }


def truth(value: Any) -> bool:
    """Templates write truth values as strings, too."""
    return str(value).lower() == "true"


def models(document: Document, api_id: str) -> dict[str, Members]:
    """Models by name, which speak of each other by the addresses that models have."""
    held = document.get("definitions") or (document.get("components") or {}).get("schemas") or {}
    return {
        name: {
            "name": name,
            "schema": json.dumps(_addressed(schema, api_id)),
            "contentType": "application/json",
        }
        for name, schema in held.items()
    }


def model_address(api_id: str, name: str) -> str:
    """How one model speaks of another one."""
    return f"https://apigateway.amazonaws.com/restapis/{api_id}/models/{name}"


def _addressed(value: Any, api_id: str) -> Any:
    if isinstance(value, Mapping):
        return {
            key: model_address(api_id, item.rpartition("/")[2])
            if key == "$ref" and isinstance(item, str) and item.startswith("#/")
            else _addressed(item, api_id)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_addressed(item, api_id) for item in value]
    return value


def gateway_responses(document: Document) -> dict[str, Members]:
    """Gateway responses by type."""
    found = {}
    for kind, described in (document.get(f"{_PREFIX}gateway-responses") or {}).items():
        if kind not in KINDS:
            raise BadRequestException(f"Invalid gateway response type specified: {kind}")
        found[kind] = new_response(kind, described or {})
    return found


def new_response(kind: str, given: Document) -> Members:
    """A gateway response as it is kept."""
    made: Members = {
        "responseType": kind,
        "responseParameters": dict(given.get("responseParameters") or {}),
        "responseTemplates": dict(
            given.get("responseTemplates") or {"application/json": DEFAULT_TEMPLATE}
        ),
        "defaultResponse": False,
    }
    status = given.get("statusCode")
    if status is None and not kind.startswith("DEFAULT_"):
        status = KINDS[kind].status
    if status is not None:
        made["statusCode"] = str(status)
    return made
