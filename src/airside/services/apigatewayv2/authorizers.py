"""Authorizers: who may pass, asked of a function or read from a token."""

from airside.kernel import Context, Request, Result, operation
from airside.services.apigatewayv2.api import Api, Members
from airside.services.apigatewayv2.control import alter, api_arn, found, load, members, page
from airside.services.apigatewayv2.errors import BadRequestException, ConflictException


def _check(authorizer: Members) -> None:
    if authorizer["AuthorizerType"] == "JWT":
        configuration = authorizer.get("JwtConfiguration", {})
        if not configuration.get("Issuer"):
            raise BadRequestException("JwtConfiguration must be specified with an Issuer")
        if len(authorizer.get("IdentitySource", [])) != 1:
            raise BadRequestException("JWT authorizers need exactly one identity source")
        return
    if not authorizer.get("AuthorizerUri"):
        raise BadRequestException("AuthorizerUri must be specified")
    version = authorizer.get("AuthorizerPayloadFormatVersion")
    if version not in {"1.0", "2.0"}:
        raise BadRequestException(
            "AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer"
        )
    if version == "1.0" and authorizer.get("EnableSimpleResponses"):
        raise BadRequestException("EnableSimpleResponses requires payload format version 2.0")


@operation("CreateAuthorizer", resource=api_arn)
async def create_authorizer(ctx: Context, request: Request) -> Result:
    """A new authorizer."""
    authorizer_id = ctx.ids.lower(6)
    authorizer = {**members(request), "AuthorizerId": authorizer_id}
    _check(authorizer)

    def change(api: Api) -> Members:
        if any(other["Name"] == authorizer["Name"] for other in api.authorizers.values()):
            raise ConflictException("Authorizer name must be unique")
        api.authorizers[authorizer_id] = authorizer
        return authorizer

    return await alter(ctx, request["ApiId"], change)


@operation("GetAuthorizer", resource=api_arn)
async def get_authorizer(ctx: Context, request: Request) -> Result:
    """One authorizer."""
    api = await load(ctx, request["ApiId"])
    return found(api.authorizers, request["AuthorizerId"], "Authorizer")


@operation("GetAuthorizers", resource=api_arn)
async def get_authorizers(ctx: Context, request: Request) -> Result:
    """All authorizers of an API."""
    return page(list((await load(ctx, request["ApiId"])).authorizers.values()), request)


@operation("UpdateAuthorizer", resource=api_arn)
async def update_authorizer(ctx: Context, request: Request) -> Result:
    """Change an authorizer; members that are not given stay."""
    key = request["AuthorizerId"]

    def change(api: Api) -> Members:
        authorizer = found(api.authorizers, key, "Authorizer") | members(request, "AuthorizerId")
        _check(authorizer)
        api.authorizers[key] = authorizer
        return authorizer

    return await alter(ctx, request["ApiId"], change)


@operation("DeleteAuthorizer", resource=api_arn)
async def delete_authorizer(ctx: Context, request: Request) -> Result | None:
    """Remove an authorizer that no route uses."""
    key = request["AuthorizerId"]

    def change(api: Api) -> None:
        found(api.authorizers, key, "Authorizer")
        users = [r["RouteId"] for r in api.routes.values() if r.get("AuthorizerId") == key]
        if users:
            raise ConflictException(
                f"Cannot delete authorizer '{key}', it is referenced by route '{users[0]}'"
            )
        del api.authorizers[key]

    await alter(ctx, request["ApiId"], change)
    return None
