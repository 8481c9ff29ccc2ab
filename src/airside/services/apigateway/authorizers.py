"""Authorizers: functions that say who may pass."""

from airside.kernel import Context, OperationNotImplemented, Request, Result, operation
from airside.services.apigateway.api import Members, RestApi
from airside.services.apigateway.control import alter, found, load, members, page, place
from airside.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
    LimitExceededException,
    NotFoundException,
)
from airside.services.apigateway.limits import AUTHORIZER_TTL_SECONDS_MAX, AUTHORIZERS_MAX
from airside.services.apigateway.patches import Patch, text, whole

authorizers_arn = place("restapis", "$restApiId", "authorizers")
authorizer_arn = place("restapis", "$restApiId", "authorizers", "$authorizerId")
_ABSENT = "Invalid Authorizer identifier specified"
_PATCH = Patch(
    scalars={"name": text, "type": text, "authorizerUri": text, "authType": text},
    optional={
        "authorizerCredentials": text, "authorizerResultTtlInSeconds": whole,
        "identitySource": text, "identityValidationExpression": text,
    },
    lists=("providerARNs",),
)  # fmt: skip


def check(authorizer: Members) -> None:
    """Raise BadRequestException for an authorizer that cannot be."""
    kind = authorizer["type"]
    if kind == "COGNITO_USER_POOLS":
        if not authorizer.get("providerARNs"):
            raise BadRequestException("Invalid Cognito User Pool specified: ProviderARNs is empty")
        return
    if not authorizer.get("authorizerUri"):
        raise BadRequestException("Authorizer URI must not be empty")
    ttl = authorizer.get("authorizerResultTtlInSeconds")
    if ttl is not None and not 0 <= ttl <= AUTHORIZER_TTL_SECONDS_MAX:
        raise BadRequestException("Authorizer result TTL must be between 0 and 3600 seconds")
    if kind == "REQUEST" and ttl != 0 and not authorizer.get("identitySource"):
        raise BadRequestException(
            "Identity sources are required if caching is enabled for an authorizer"
        )
    if kind == "TOKEN" and not authorizer.get("identitySource", "").startswith(
        "method.request.header."
    ):
        raise BadRequestException("Invalid mapping expression specified for the identity source")


@operation("CreateAuthorizer", resource=authorizers_arn, action="apigateway:POST")
async def create_authorizer(ctx: Context, request: Request) -> Result:
    """A new authorizer."""
    authorizer: Members = {
        "id": ctx.ids.lower(6),
        "authType": "cognito_user_pools" if request["type"] == "COGNITO_USER_POOLS" else "custom",
        **members(request),
    }
    if request["type"] == "COGNITO_USER_POOLS" and "cognito-idp" not in ctx.cloud.services:
        raise OperationNotImplemented("Airside does not implement Cognito user pools yet.")
    check(authorizer)

    def change(api: RestApi) -> Members:
        held = api.present.authorizers
        if any(other["name"] == authorizer["name"] for other in held.values()):
            raise ConflictException("Authorizer name must be unique")
        if len(held) >= AUTHORIZERS_MAX:
            raise LimitExceededException("Maximum number of Authorizers has been reached.")
        held[authorizer["id"]] = authorizer
        return authorizer

    try:
        return await alter(ctx, request["restApiId"], change)
    except NotFoundException:  # AWS answers otherwise here
        raise ConflictException(
            "Unable to complete operation due to concurrent modification. Please try again later."
        ) from None


@operation("GetAuthorizer", resource=authorizer_arn, action="apigateway:GET")
async def get_authorizer(ctx: Context, request: Request) -> Result:
    """One authorizer."""
    api = await load(ctx, request["restApiId"])
    return found(api.present.authorizers, request["authorizerId"], _ABSENT)


@operation("GetAuthorizers", resource=authorizers_arn, action="apigateway:GET")
async def get_authorizers(ctx: Context, request: Request) -> Result:
    """All authorizers of an API."""
    return page((await load(ctx, request["restApiId"])).present.authorizers.values(), request)


@operation("UpdateAuthorizer", resource=authorizer_arn, action="apigateway:PATCH")
async def update_authorizer(ctx: Context, request: Request) -> Result:
    """Change an authorizer."""

    def change(api: RestApi) -> Members:
        authorizer = found(api.present.authorizers, request["authorizerId"], _ABSENT)
        _PATCH.apply(authorizer, request.get("patchOperations", []))
        check(authorizer)
        return authorizer

    return await alter(ctx, request["restApiId"], change)


@operation("DeleteAuthorizer", resource=authorizer_arn, action="apigateway:DELETE")
async def delete_authorizer(ctx: Context, request: Request) -> Result | None:
    """Remove an authorizer that no method uses."""
    key = request["authorizerId"]

    def change(api: RestApi) -> None:
        found(api.present.authorizers, key, _ABSENT)
        method = api.method_naming("authorizerId", key)
        if method is not None:
            raise ConflictException(
                f"Cannot delete authorizer '{key}', is referenced in method: {method}"
            )
        del api.present.authorizers[key]

    await alter(ctx, request["restApiId"], change)
    return None
