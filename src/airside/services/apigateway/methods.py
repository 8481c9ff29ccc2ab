"""Methods of resources, and the responses that they declare."""

from collections.abc import Iterable
from typing import Any

from airside.kernel import Context, Request, Result, operation
from airside.services.apigateway.api import Members, RestApi
from airside.services.apigateway.control import (
    RESOURCE_ABSENT,
    alter,
    found,
    load,
    members,
    method_of,
    place,
    resource_of,
)
from airside.services.apigateway.errors import BadRequestException, ConflictException
from airside.services.apigateway.patches import Patch, boolean, segments, text

VERBS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
AUTHORIZATIONS = ("NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS")
method_arn = place("restapis", "$restApiId", "resources", "$resourceId", "methods", "$httpMethod")
response_arn = place(
    "restapis", "$restApiId", "resources", "$resourceId", "methods", "$httpMethod",
    "responses", "$statusCode",
)  # fmt: skip
_PATCH = Patch(
    scalars={
        "authorizationType": text, "apiKeyRequired": boolean, "authorizerId": text,
        "operationName": text, "requestValidatorId": text,
    },
    maps={"requestParameters": boolean, "requestModels": text},
    lists=("authorizationScopes",),
)  # fmt: skip
_RESPONSE_PATCH = Patch(maps={"responseParameters": boolean, "responseModels": text})


@operation("PutMethod", resource=method_arn, action="apigateway:PUT")
async def put_method(ctx: Context, request: Request) -> Result:
    """A new method of a resource."""
    verb = request["httpMethod"].upper()
    method: Members = {
        "apiKeyRequired": False,
        **members(request, "resourceId"),
        "httpMethod": verb,
    }

    def change(api: RestApi) -> Members:
        resource = resource_of(api, request)
        check(api, method)
        methods = resource.setdefault("resourceMethods", {})
        if verb in methods:
            raise ConflictException("Method already exists for this resource")
        methods[verb] = method
        return method

    return await alter(ctx, request["restApiId"], change, RESOURCE_ABSENT)


def check(api: RestApi, method: Members) -> None:
    """Raise BadRequestException for a method that cannot be."""
    if method["httpMethod"] not in VERBS:
        raise BadRequestException(
            f"Invalid HttpMethod specified. Valid options are {','.join(VERBS)}"
        )
    kind = method["authorizationType"] = str(method.get("authorizationType")).upper()
    if kind not in AUTHORIZATIONS:
        raise BadRequestException(
            f"Invalid Authorization type specified. Valid options are [{', '.join(AUTHORIZATIONS)}]"
        )
    if (
        kind in {"CUSTOM", "COGNITO_USER_POOLS"}
        and method.get("authorizerId") not in api.present.authorizers
    ):
        raise BadRequestException(
            "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or "
            "COGNITO_USER_POOLS requires a valid authorizer."
        )
    validator = method.get("requestValidatorId")
    if validator and validator not in api.present.validators:
        raise BadRequestException("Invalid Request Validator identifier specified")
    for model in (method.get("requestModels") or {}).values():
        if model not in api.present.models:
            raise BadRequestException(f"Invalid model identifier specified: {model}")
    _check_parameters(method.get("requestParameters") or {})


def _check_parameters(names: Iterable[str]) -> None:
    plain = []
    for name in names:
        parts = name.split(".", 3)
        if (
            len(parts) != 4
            or parts[:2] != ["method", "request"]
            or parts[2] not in {"header", "querystring", "path"}
            or not parts[3]
        ):
            raise BadRequestException(
                f"Invalid mapping expression specified: Validation Result: warnings : [], "
                f"errors : [Invalid mapping expression specified: {name}]"
            )
        plain.append(parts[3])
    if len(set(plain)) != len(plain):
        raise BadRequestException(
            "Parameter names must be unique across querystring, header and path"
        )


@operation("GetMethod", resource=method_arn, action="apigateway:GET")
async def get_method(ctx: Context, request: Request) -> Result:
    """One method with its integration."""
    return method_of(await load(ctx, request["restApiId"], RESOURCE_ABSENT), request)


@operation("UpdateMethod", resource=method_arn, action="apigateway:PATCH")
async def update_method(ctx: Context, request: Request) -> Result:
    """Change a method."""

    def change(api: RestApi) -> Members:
        method = method_of(api, request)
        for patch in request.get("patchOperations", []):
            _refuse_unknown(method, patch)
            _PATCH.apply(method, [patch])
        for name in ("requestValidatorId", "operationName", "authorizerId"):
            if method.get(name) == "":
                del method[name]
        check(api, method)
        if method["authorizationType"] not in {"CUSTOM", "COGNITO_USER_POOLS"}:
            method.pop("authorizerId", None)
        return method

    return await alter(ctx, request["restApiId"], change, RESOURCE_ABSENT)


def _refuse_unknown(method: Members, patch: Any) -> None:
    """Entries that are not there can only be added."""
    parts = segments(patch.get("path") or "/")
    entry = len(parts) == 2 and parts[0] in {"requestParameters", "requestModels"}
    if entry and patch.get("op") == "replace" and parts[1] not in method.get(parts[0], {}):
        raise BadRequestException(f"Invalid patch path {patch['path']}")


@operation("DeleteMethod", resource=method_arn, action="apigateway:DELETE")
async def delete_method(ctx: Context, request: Request) -> Result | None:
    """Remove a method."""

    def change(api: RestApi) -> None:
        method_of(api, request)
        del resource_of(api, request)["resourceMethods"][request["httpMethod"].upper()]

    await alter(ctx, request["restApiId"], change, RESOURCE_ABSENT)
    return None


@operation("PutMethodResponse", resource=response_arn, action="apigateway:PUT")
async def put_method_response(ctx: Context, request: Request) -> Result:
    """Declare a response of a method."""
    status = request["statusCode"]
    response = members(request, "resourceId", "httpMethod")

    def change(api: RestApi) -> Members:
        held = method_of(api, request).setdefault("methodResponses", {})
        for model in (response.get("responseModels") or {}).values():
            if model not in api.present.models:
                raise BadRequestException(f"Invalid model identifier specified: {model}")
        if status in held:
            raise ConflictException("Response already exists for this resource")
        held[status] = response
        return response

    return await alter(ctx, request["restApiId"], change, RESOURCE_ABSENT)


def _response_of(api: RestApi, request: Request) -> Members:
    held = method_of(api, request).get("methodResponses", {})
    response: Members = found(held, request["statusCode"], "Invalid Response status code specified")
    return response


@operation("GetMethodResponse", resource=response_arn, action="apigateway:GET")
async def get_method_response(ctx: Context, request: Request) -> Result:
    """A declared response."""
    return _response_of(await load(ctx, request["restApiId"], RESOURCE_ABSENT), request)


@operation("UpdateMethodResponse", resource=response_arn, action="apigateway:PATCH")
async def update_method_response(ctx: Context, request: Request) -> Result:
    """Change a declared response."""

    def change(api: RestApi) -> Members:
        response = _response_of(api, request)
        _RESPONSE_PATCH.apply(response, request.get("patchOperations", []))
        return response

    return await alter(ctx, request["restApiId"], change, RESOURCE_ABSENT)


@operation("DeleteMethodResponse", resource=response_arn, action="apigateway:DELETE")
async def delete_method_response(ctx: Context, request: Request) -> Result | None:
    """Remove a declared response."""

    def change(api: RestApi) -> None:
        _response_of(api, request)
        method = method_of(api, request)
        del method["methodResponses"][request["statusCode"]]
        if not method["methodResponses"]:
            del method["methodResponses"]

    await alter(ctx, request["restApiId"], change, RESOURCE_ABSENT)
    return None
