"""From OpenAPI 3 with Amazon's extensions to an API. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airside.protocol.documents import load_json, load_yaml
from airside.services.apigatewayv2.api import Members
from airside.services.apigatewayv2.errors import BadRequestException
from airside.services.apigatewayv2.validation import check_cors, check_integration, check_route_key

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
TAG_VALUE = "x-amazon-apigateway-tag-value"
_CORS = {
    "allowOrigins": "AllowOrigins",
    "allowMethods": "AllowMethods",
    "allowHeaders": "AllowHeaders",
    "exposeHeaders": "ExposeHeaders",
    "maxAge": "MaxAge",
    "allowCredentials": "AllowCredentials",
}
_INTEGRATION = {
    "connectionId": "ConnectionId",
    "connectionType": "ConnectionType",
    "credentials": "CredentialsArn",
    "description": "Description",
    "httpMethod": "IntegrationMethod",
    "integrationSubtype": "IntegrationSubtype",
    "payloadFormatVersion": "PayloadFormatVersion",
    "requestParameters": "RequestParameters",
    "responseParameters": "ResponseParameters",
    "timeoutInMillis": "TimeoutInMillis",
    "tlsConfig": "TlsConfig",
    "uri": "IntegrationUri",
}


@dataclass(slots=True)
class Described:
    """One operation of a definition."""

    route: Members
    integration: Members | None
    authorizer: str | None


@dataclass(slots=True)
class Definition:
    """What a definition says about an API."""

    settings: Members
    routes: list[Described] = field(default_factory=list)
    authorizers: list[Members] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def parse(body: str | Mapping[str, Any], basepath: str | None = None) -> Definition:
    """Raise BadRequestException for what is no OpenAPI 3 definition of an HTTP API."""
    document = load_document(body) if isinstance(body, str) else body
    if not isinstance(document, Mapping) or not str(document.get("openapi", "")).startswith("3."):
        raise BadRequestException("Unable to import API: the definition must be OpenAPI 3.0")
    definition = Definition(_settings(document))
    schemes = document.get("components", {}).get("securitySchemes", {})
    definition.authorizers = [
        found
        for name, scheme in schemes.items()
        if (found := _authorizer(name, scheme)) is not None
    ]
    prefix = _prefix(document, basepath)
    shared = document.get("components", {}).get("x-amazon-apigateway-integrations", {})
    for path, item in document.get("paths", {}).items():
        _add_path(definition, document, shared, prefix, path, item or {})
    return definition


def load_document(body: str) -> Any:
    """JSON or YAML as plain values. Raises BadRequestException."""
    try:
        return load_json(body) if body.lstrip().startswith("{") else load_yaml(body)
    except ValueError as error:
        raise BadRequestException(f"Unable to import API: {error}") from None


def _settings(document: Mapping[str, Any]) -> Members:
    info = document.get("info", {})
    settings: Members = {"Name": info.get("title") or "imported"}
    if "version" in info:
        settings["Version"] = str(info["version"])
    if "description" in info:
        settings["Description"] = info["description"]
    cors = document.get("x-amazon-apigateway-cors")
    if cors is not None:
        settings["CorsConfiguration"] = cors_of(cors)
    for tag in document.get("tags", []):
        if TAG_VALUE in tag:
            settings.setdefault("Tags", {})[tag["name"]] = tag[TAG_VALUE]
    return settings


def cors_of(cors: Any) -> Members:
    """A CORS configuration in the extension's spelling. `true`-like values mean: allow nothing."""
    if not isinstance(cors, Mapping):
        return {}
    found: Members = {}
    for theirs, ours in _CORS.items():
        value = cors.get(theirs, cors.get(ours))
        if value is None:
            continue
        if ours == "MaxAge":
            value = int(value)
        elif ours == "AllowCredentials":
            value = str(value).lower() == "true"
        else:
            value = [value] if isinstance(value, str) else list(value)
        found[ours] = value
    check_cors(found)
    return found


def _prefix(document: Mapping[str, Any], basepath: str | None) -> str:
    """With `prepend`, the base path of the first server goes before every path."""
    if basepath != "prepend":
        return ""
    for server in document.get("servers", []):
        path = str(server.get("url", ""))
        for name, variable in server.get("variables", {}).items():
            path = path.replace(f"{{{name}}}", str(variable.get("default", "")))
        found = "/" + path.partition("://")[2].partition("/")[2]
        return found.rstrip("/")
    return ""


def _authorizer(name: str, scheme: Mapping[str, Any]) -> Members | None:
    described = scheme.get("x-amazon-apigateway-authorizer")
    if not isinstance(described, Mapping):
        return None
    source = described.get("identitySource", "$request.header.Authorization")
    sources = [part.strip() for part in source.split(",")] if isinstance(source, str) else source
    if described.get("type", "").lower() == "jwt":
        configuration = described.get("jwtConfiguration", {})
        audience = configuration.get("audience", [])
        return {
            "Name": name,
            "AuthorizerType": "JWT",
            "IdentitySource": sources,
            "JwtConfiguration": {
                "Issuer": configuration.get("issuer"),
                "Audience": [audience] if isinstance(audience, str) else list(audience),
            },
        }
    ttl = described.get("authorizerResultTtlInSeconds")
    return {
        "Name": name,
        "AuthorizerType": "REQUEST",
        "IdentitySource": sources,
        "AuthorizerUri": described.get("authorizerUri"),
        "AuthorizerCredentialsArn": described.get("authorizerCredentials"),
        "AuthorizerPayloadFormatVersion": str(
            described.get("authorizerPayloadFormatVersion", "1.0")
        ),
        "AuthorizerResultTtlInSeconds": int(ttl) if ttl is not None else None,
        "EnableSimpleResponses": str(described.get("enableSimpleResponses", False)).lower()
        == "true",
    }


def _add_path(
    definition: Definition,
    document: Mapping[str, Any],
    shared: Mapping[str, Any],
    prefix: str,
    path: str,
    item: Mapping[str, Any],
) -> None:
    for method in (*_METHODS, ANY):
        if method not in item:
            continue
        described = item[method] or {}
        verb = "ANY" if method == ANY else method.upper()
        key = "$default" if path in {"$default", "/$default"} else f"{verb} {prefix}{path}"
        check_route_key(key)
        route: Members = {
            "ApiKeyRequired": False,
            "AuthorizationType": "NONE",
            "RouteKey": key,
        }
        if "operationId" in described:
            route["OperationName"] = described["operationId"]
        authorizer = _secure(definition, document, route, described)
        integration = _integration(shared, described, verb)
        if integration is None:
            definition.warnings.append(f"No integration for route {key}")
        definition.routes.append(Described(route, integration, authorizer))


def _secure(
    definition: Definition,
    document: Mapping[str, Any],
    route: Members,
    described: Mapping[str, Any],
) -> str | None:
    """Set the authorization of a route; the name of its authorizer."""
    if described.get("x-amazon-apigateway-auth", {}).get("type", "").upper() == "AWS_IAM":
        route["AuthorizationType"] = "AWS_IAM"
        return None
    schemes = document.get("components", {}).get("securitySchemes", {})
    by_name = {found["Name"]: found for found in definition.authorizers}
    for requirement in described.get("security", document.get("security", [])):
        for name, scopes in requirement.items():
            if name in by_name:
                kind = by_name[name]["AuthorizerType"]
                route["AuthorizationType"] = "JWT" if kind == "JWT" else "CUSTOM"
                if scopes and kind == "JWT":
                    route["AuthorizationScopes"] = list(scopes)
                return str(name)
            scheme = schemes.get(name, {})
            if scheme.get("x-amazon-apigateway-authtype", "").lower() == "awssigv4":
                route["AuthorizationType"] = "AWS_IAM"
                return None
    return None


def _integration(
    shared: Mapping[str, Any], described: Mapping[str, Any], verb: str
) -> Members | None:
    given = described.get(INTEGRATION)
    if not isinstance(given, Mapping):
        return None
    if "$ref" in given:
        given = shared.get(str(given["$ref"]).rpartition("/")[2], {})
    integration: Members = {
        "ConnectionType": "INTERNET",
        "IntegrationType": str(given.get("type", "")).upper(),
        "PayloadFormatVersion": "1.0",
        "TimeoutInMillis": 30000,
        **{ours: given[theirs] for theirs, ours in _INTEGRATION.items() if theirs in given},
    }
    integration["PayloadFormatVersion"] = str(integration["PayloadFormatVersion"])
    integration["TimeoutInMillis"] = int(integration["TimeoutInMillis"])
    is_function = integration["IntegrationType"] == "AWS_PROXY"
    integration.setdefault("IntegrationMethod", "POST" if is_function else verb)
    check_integration(integration)
    return integration
