"""From an operation of a definition to a method with its integration. Pure."""

from collections.abc import Mapping
from typing import Any

from airside.services.apigateway.api import Members
from airside.services.apigateway.errors import BadRequestException
from airside.services.apigateway.integrations import check, new_integration
from airside.services.apigateway.media import JSON
from airside.services.apigateway.openapi_parts import schemes

VERBS = ("get", "put", "post", "delete", "options", "head", "patch")
_PREFIX = "x-amazon-apigateway-"
ANY = f"{_PREFIX}any-method"
_PLACES = {"path": "path", "query": "querystring", "header": "header"}
_COPIED = (
    "cacheNamespace", "connectionId", "credentials", "httpMethod", "requestParameters",
    "requestTemplates", "tlsConfig", "uri",
)  # fmt: skip
_TYPES = ("AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK")
Document = Mapping[str, Any]


def method_of(
    document: Document, item: Document, verb: str, resource_id: str,
    authorizers: Mapping[str, str], validators: Mapping[str, str],
) -> Members:  # fmt: skip
    """The method that an operation describes. Raises BadRequestException.

    `authorizers` and `validators` are ids by name.
    """
    described = item[verb] or {}
    method: Members = {
        "httpMethod": "ANY" if verb == ANY else verb.upper(),
        "authorizationType": "NONE",
        "apiKeyRequired": False,
    }
    if described.get("operationId"):
        method["operationName"] = described["operationId"]
    parameters = [
        resolved(document, parameter)
        for parameter in [*item.get("parameters", []), *described.get("parameters", [])]
    ]
    _add_parameters(document, method, described, parameters)
    checks: str = described.get(f"{_PREFIX}request-validator") or document.get(
        f"{_PREFIX}request-validator", ""
    )
    if checks in validators:
        method["requestValidatorId"] = validators[checks]
    _secure(document, method, described, authorizers)
    _add_responses(document, method, described)
    integration = _integration(document, item, described, resource_id)
    if integration is not None:
        method["methodIntegration"] = integration
    return method


def resolved(document: Document, value: Any) -> Any:
    """What a `$ref` within the document points to."""
    seen = 0
    while isinstance(value, Mapping) and "$ref" in value and seen < 10:
        target: Any = document
        for part in str(value["$ref"]).removeprefix("#/").split("/"):
            target = target.get(part.replace("~1", "/"), {}) if isinstance(target, Mapping) else {}
        value, seen = target, seen + 1
    return value


def _add_parameters(
    document: Document, method: Members, described: Document, parameters: list[Any]
) -> None:
    names: dict[str, bool] = {}
    models: dict[str, str] = {}
    kinds = described.get("consumes") or document.get("consumes") or [JSON]
    for parameter in parameters:
        place = parameter.get("in")
        if place in _PLACES:
            name = f"method.request.{_PLACES[place]}.{parameter['name']}"
            names[name] = str(parameter.get("required", False)).lower() == "true"
        elif place == "body":
            model = _model(parameter.get("schema"))
            if model:
                models |= dict.fromkeys(kinds, model)
    body = resolved(document, described.get("requestBody") or {})
    for kind, content in (body.get("content") or {}).items():
        model = _model((content or {}).get("schema"))
        if model:
            models[kind] = model
    if names:
        method["requestParameters"] = names
    if models:
        method["requestModels"] = models


def _model(schema: Any) -> str | None:
    if isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str):
        return str(schema["$ref"].rpartition("/")[2])
    return None


def _secure(
    document: Document, method: Members, described: Document, authorizers: Mapping[str, str]
) -> None:
    held = schemes(document)
    kind = str((described.get(f"{_PREFIX}auth") or {}).get("type", "")).upper()
    if kind == "AWS_IAM":
        method["authorizationType"] = "AWS_IAM"
    for requirement in described.get("security", document.get("security") or []):
        for name, scopes in requirement.items():
            scheme = held.get(name, {})
            if name in authorizers:
                described_ = scheme.get(f"{_PREFIX}authorizer", {})
                cognito = str(described_.get("type", "")).lower() == "cognito_user_pools"
                method["authorizationType"] = "COGNITO_USER_POOLS" if cognito else "CUSTOM"
                method["authorizerId"] = authorizers[name]
                if scopes and cognito:
                    method["authorizationScopes"] = list(scopes)
            elif str(scheme.get(f"{_PREFIX}authtype", "")).lower() == "awssigv4":
                method["authorizationType"] = "AWS_IAM"
            elif scheme.get("type") == "apiKey" and str(scheme.get("name")).lower() == "x-api-key":
                method["apiKeyRequired"] = True


def _add_responses(document: Document, method: Members, described: Document) -> None:
    made: dict[str, Members] = {}
    kinds = described.get("produces") or document.get("produces") or [JSON]
    for status, given in (described.get("responses") or {}).items():
        if not str(status).isdigit():
            continue
        response = resolved(document, given or {})
        held: Members = {"statusCode": str(status)}
        headers = response.get("headers") or {}
        if headers:
            held["responseParameters"] = {
                f"method.response.header.{name}": False for name in headers
            }
        models = {}
        model = _model(response.get("schema"))
        if model:
            models = dict.fromkeys(kinds, model)
        for kind, content in (response.get("content") or {}).items():
            model = _model((content or {}).get("schema"))
            if model:
                models[kind] = model
        if models:
            held["responseModels"] = models
        made[str(status)] = held
    if made:
        method["methodResponses"] = made


def _integration(
    document: Document, item: Document, described: Document, resource_id: str
) -> Members | None:
    given = described.get(f"{_PREFIX}integration") or item.get(f"{_PREFIX}integration")
    if isinstance(given, Mapping) and "$ref" in given:
        given = resolved(document, given)
    if not isinstance(given, Mapping) or not given:
        return None
    kind = str(given.get("type", "")).upper()
    if kind not in _TYPES:
        raise BadRequestException(
            f"Unable to put integration on method: invalid integration type '{kind}'"
        )
    made: Members = {"type": kind}
    made |= {name: given[name] for name in _COPIED if given.get(name)}
    for name in ("passthroughBehavior", "contentHandling", "connectionType"):
        if given.get(name):
            made[name] = str(given[name]).upper()
    if given.get("timeoutInMillis") is not None:
        made["timeoutInMillis"] = int(given["timeoutInMillis"])
    if given.get("cacheKeyParameters"):
        made["cacheKeyParameters"] = list(given["cacheKeyParameters"])
    responses = _responses(given.get("responses") or {})
    if responses:
        made["integrationResponses"] = responses
    integration = new_integration(made, resource_id)
    check(integration)
    return integration


def _responses(given: Document) -> dict[str, Members]:
    made: dict[str, Members] = {}
    for pattern, described in given.items():
        held: Members = {"statusCode": str(described.get("statusCode", "200"))}
        if pattern != "default":
            held["selectionPattern"] = pattern
        for name in ("responseParameters", "responseTemplates"):
            if described.get(name):
                held[name] = {key: str(value) for key, value in described[name].items()}
        if described.get("contentHandling"):
            held["contentHandling"] = str(described["contentHandling"]).upper()
        made[held["statusCode"]] = held
    return made
