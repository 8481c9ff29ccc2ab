"""Integrations of methods, and how their responses become the method's."""

import re
from typing import Any

from airside.kernel import Context, Request, Result, operation
from airside.services.apigateway.api import Members, RestApi
from airside.services.apigateway.control import (
    INTEGRATION_ABSENT,
    RESOURCE_ABSENT,
    alter,
    found,
    integration_of,
    load,
    members,
    method_of,
    place,
    resource_of,
)
from airside.services.apigateway.errors import BadRequestException, NotFoundException
from airside.services.apigateway.limits import (
    INTEGRATION_TIMEOUT_MS_MAX,
    INTEGRATION_TIMEOUT_MS_MIN,
)
from airside.services.apigateway.patches import Patch, text, whole

_METHOD = ("restapis", "$restApiId", "resources", "$resourceId", "methods", "$httpMethod")
integration_arn = place(*_METHOD, "integration")
response_arn = place(*_METHOD, "integration", "responses", "$statusCode")
_ARN = re.compile(r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:([A-Za-z0-9.-]+):(path|action)/(.+)")
_FUNCTION = re.compile(r"2015-03-31/functions/\S+/invocations")
_PATCH = Patch(
    scalars={
        "httpMethod": text, "uri": text, "passthroughBehavior": text, "timeoutInMillis": whole,
        "connectionType": text,
    },
    optional={
        "credentials": text, "contentHandling": text, "cacheNamespace": text,
        "connectionId": text,
    },
    maps={"requestParameters": text, "requestTemplates": text},
    lists=("cacheKeyParameters",),
)  # fmt: skip
_RESPONSE_PATCH = Patch(
    optional={"selectionPattern": text, "contentHandling": text},
    maps={"responseParameters": text, "responseTemplates": text},
)


@operation("PutIntegration", resource=integration_arn, action="apigateway:PUT")
async def put_integration(ctx: Context, request: Request) -> Result:
    """Say what stands behind a method."""
    given = members(request, "resourceId", "httpMethod", "integrationHttpMethod")
    if "integrationHttpMethod" in request:
        given["httpMethod"] = request["integrationHttpMethod"]
    integration = new_integration(given, request["resourceId"])

    def change(api: RestApi) -> Members:
        method_of(api, request)["methodIntegration"] = integration
        return integration

    check(integration)
    return await alter(ctx, request["restApiId"], change, RESOURCE_ABSENT)


def new_integration(given: Members, resource_id: str) -> Members:
    """An integration with what AWS fills in."""
    integration: Members = {
        "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": INTEGRATION_TIMEOUT_MS_MAX,
        "cacheNamespace": resource_id,
        "cacheKeyParameters": [],
        **given,
    }
    if integration["type"] == "MOCK":
        integration.pop("uri", None)
        integration.pop("httpMethod", None)
    if integration["type"] in {"HTTP", "HTTP_PROXY"}:
        integration.setdefault("connectionType", "INTERNET")
    return integration


def check(integration: Members) -> None:
    """Raise BadRequestException for an integration that cannot be."""
    kind, uri = integration["type"], integration.get("uri") or ""
    if kind == "MOCK":
        return
    if not integration.get("httpMethod"):
        raise BadRequestException("Enumeration value for HttpMethod must be non-empty")
    if kind in {"HTTP", "HTTP_PROXY"}:
        if not re.match(r"https?://\S+|\$\{stageVariables\.", uri):
            raise BadRequestException("Invalid HTTP endpoint specified for URI")
    else:
        _check_arn(kind, uri)
    _check_timeout(integration["timeoutInMillis"])


def _check_arn(kind: str, uri: str) -> None:
    if not uri.startswith("arn:"):
        raise BadRequestException("Invalid ARN specified in the request")
    parts = _ARN.fullmatch(uri)
    if parts is None:
        raise BadRequestException("AWS ARN for integration must contain path or action")
    if kind == "AWS_PROXY" and not (parts[1] == "lambda" and _FUNCTION.fullmatch(parts[3])):
        raise BadRequestException(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and "
            "Firehose stream invocations."
        )


def _check_timeout(milliseconds: int) -> None:
    if not INTEGRATION_TIMEOUT_MS_MIN <= milliseconds <= INTEGRATION_TIMEOUT_MS_MAX:
        raise BadRequestException("Timeout should be between 50 ms and 29000 ms")


@operation("GetIntegration", resource=integration_arn, action="apigateway:GET")
async def get_integration(ctx: Context, request: Request) -> Result:
    """What stands behind a method."""
    return integration_of(await load(ctx, request["restApiId"], RESOURCE_ABSENT), request)


@operation("UpdateIntegration", resource=integration_arn, action="apigateway:PATCH")
async def update_integration(ctx: Context, request: Request) -> Result:
    """Change an integration."""

    def change(api: RestApi) -> Members:
        integration = integration_of(api, request)
        _PATCH.apply(integration, request.get("patchOperations", []))
        check(integration)
        return integration

    return await alter(ctx, request["restApiId"], change, RESOURCE_ABSENT)


@operation("DeleteIntegration", resource=integration_arn, action="apigateway:DELETE")
async def delete_integration(ctx: Context, request: Request) -> Result | None:
    """Let nothing stand behind a method."""

    def change(api: RestApi) -> None:
        integration_of(api, request)
        del method_of(api, request)["methodIntegration"]

    await alter(ctx, request["restApiId"], change, RESOURCE_ABSENT)
    return None


@operation("PutIntegrationResponse", resource=response_arn, action="apigateway:PUT")
async def put_integration_response(ctx: Context, request: Request) -> Result:
    """Say how a response of the integration becomes the method's."""
    response = new_response(members(request, "resourceId", "httpMethod"))

    def change(api: RestApi) -> Members:
        integration = integration_of(api, request)
        integration.setdefault("integrationResponses", {})[request["statusCode"]] = response
        return response

    return await alter(ctx, request["restApiId"], change, RESOURCE_ABSENT)


def new_response(given: Members) -> Members:
    """An integration response as it is kept. Raises BadRequestException."""
    for content_type in given.get("responseTemplates") or {}:
        if "/" not in content_type:
            raise BadRequestException(
                "Validation Result: warnings : [], errors : "
                f"[Invalid content type specified: {content_type}]"
            )
    return {**given}


def _response_of(api: RestApi, request: Request) -> Members:
    held: dict[str, Any] = integration_of(api, request).get("integrationResponses", {})
    response: Members = found(held, request["statusCode"], "Invalid Response status code specified")
    return response


@operation("GetIntegrationResponse", resource=response_arn, action="apigateway:GET")
async def get_integration_response(ctx: Context, request: Request) -> Result:
    """How a response of the integration becomes the method's."""
    return _response_of(await load(ctx, request["restApiId"], RESOURCE_ABSENT), request)


@operation("UpdateIntegrationResponse", resource=response_arn, action="apigateway:PATCH")
async def update_integration_response(ctx: Context, request: Request) -> Result:
    """Change that."""

    def change(api: RestApi) -> Members:
        response = _response_of(api, request)
        _RESPONSE_PATCH.apply(response, request.get("patchOperations", []))
        return response

    return await alter(ctx, request["restApiId"], change, RESOURCE_ABSENT)


@operation("DeleteIntegrationResponse", resource=response_arn, action="apigateway:DELETE")
async def delete_integration_response(ctx: Context, request: Request) -> Result | None:
    """Remove it."""

    def change(api: RestApi) -> None:
        methods = resource_of(api, request).get("resourceMethods", {})
        if request["httpMethod"].upper() not in methods:
            raise NotFoundException(INTEGRATION_ABSENT)
        _response_of(api, request)
        integration = integration_of(api, request)
        del integration["integrationResponses"][request["statusCode"]]
        if not integration["integrationResponses"]:
            del integration["integrationResponses"]

    await alter(ctx, request["restApiId"], change, RESOURCE_ABSENT)
    return None
