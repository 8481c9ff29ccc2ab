"""Request validators: what a method looks at before it passes a request on."""

from airside.kernel import Context, Request, Result, operation
from airside.services.apigateway.api import Members, RestApi
from airside.services.apigateway.control import alter, found, load, members, page, place
from airside.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
    NotFoundException,
)
from airside.services.apigateway.patches import Patch, boolean, text

validators_arn = place("restapis", "$restApiId", "requestvalidators")
validator_arn = place("restapis", "$restApiId", "requestvalidators", "$requestValidatorId")
_ABSENT = "Invalid Request Validator identifier specified"
_PATCH = Patch(
    scalars={"name": text, "validateRequestParameters": boolean, "validateRequestBody": boolean},
    strict=True,
)


@operation("CreateRequestValidator", resource=validators_arn, action="apigateway:POST")
async def create_request_validator(ctx: Context, request: Request) -> Result:
    """A new validator."""
    validator: Members = {
        "id": ctx.ids.lower(6),
        "validateRequestBody": False,
        "validateRequestParameters": False,
        **members(request),
    }

    def change(api: RestApi) -> Members:
        api.present.validators[validator["id"]] = validator
        return validator

    try:
        return await alter(ctx, request["restApiId"], change)
    except NotFoundException:  # AWS answers otherwise here
        raise BadRequestException("Invalid REST API identifier specified") from None


@operation("GetRequestValidator", resource=validator_arn, action="apigateway:GET")
async def get_request_validator(ctx: Context, request: Request) -> Result:
    """One validator."""
    api = await load(ctx, request["restApiId"], _ABSENT)
    return found(api.present.validators, request["requestValidatorId"], _ABSENT)


@operation("GetRequestValidators", resource=validators_arn, action="apigateway:GET")
async def get_request_validators(ctx: Context, request: Request) -> Result:
    """All validators of an API."""
    return page((await load(ctx, request["restApiId"])).present.validators.values(), request)


@operation("UpdateRequestValidator", resource=validator_arn, action="apigateway:PATCH")
async def update_request_validator(ctx: Context, request: Request) -> Result:
    """Change a validator."""

    def change(api: RestApi) -> Members:
        validator = found(api.present.validators, request["requestValidatorId"], _ABSENT)
        _PATCH.apply(validator, request.get("patchOperations", []))
        if not validator["name"]:
            raise BadRequestException("Request Validator name cannot be blank")
        return validator

    return await alter(ctx, request["restApiId"], change, _ABSENT)


@operation("DeleteRequestValidator", resource=validator_arn, action="apigateway:DELETE")
async def delete_request_validator(ctx: Context, request: Request) -> Result | None:
    """Remove a validator that no method names."""
    key = request["requestValidatorId"]

    def change(api: RestApi) -> None:
        found(api.present.validators, key, _ABSENT)
        method = api.method_naming("requestValidatorId", key)
        if method is not None:
            raise ConflictException(
                f"Cannot delete validator '{key}', is referenced in method: {method}"
            )
        del api.present.validators[key]

    await alter(ctx, request["restApiId"], change, _ABSENT)
    return None
