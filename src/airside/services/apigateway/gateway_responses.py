"""Gateway responses: how an API words what the gateway itself has to say."""

from airside.kernel import Context, Request, Result, operation
from airside.services.apigateway.api import Members, RestApi
from airside.services.apigateway.control import alter, load, members, place
from airside.services.apigateway.errors import BadRequestException, NotFoundException
from airside.services.apigateway.openapi_parts import new_response
from airside.services.apigateway.patches import Patch, segments, text
from airside.services.apigateway.refusals import DEFAULT_TEMPLATE, KINDS

responses_arn = place("restapis", "$restApiId", "gatewayresponses")
response_arn = place("restapis", "$restApiId", "gatewayresponses", "$responseType")
_PATCH = Patch(scalars={"statusCode": text}, maps={"responseParameters": text,
                                                   "responseTemplates": text})  # fmt: skip
_FAMILIES = {"4": "DEFAULT_4XX", "5": "DEFAULT_5XX"}


def _default(api: RestApi, kind: str) -> Members:
    """What AWS answers: its own wording, or what the API says for the whole family."""
    made: Members = {
        "responseType": kind,
        "responseParameters": {},
        "responseTemplates": {"application/json": DEFAULT_TEMPLATE},
        "defaultResponse": True,
    }
    if not kind.startswith("DEFAULT_"):
        made["statusCode"] = str(KINDS[kind].status)
        family = api.present.responses.get(_FAMILIES[made["statusCode"][0]])
        if family is not None:
            made |= {key: family[key] for key in ("responseParameters", "responseTemplates")}
            made["statusCode"] = family.get("statusCode", made["statusCode"])
    return made


@operation("GetGatewayResponse", resource=response_arn, action="apigateway:GET")
async def get_gateway_response(ctx: Context, request: Request) -> Result:
    """One gateway response, set or default."""
    api = await load(ctx, request["restApiId"])
    kind = request["responseType"]
    return api.present.responses.get(kind) or _default(api, kind)


@operation("GetGatewayResponses", resource=responses_arn, action="apigateway:GET")
async def get_gateway_responses(ctx: Context, request: Request) -> Result:
    """All of them."""
    api = await load(ctx, request["restApiId"])
    held = api.present.responses
    return {"items": [held.get(kind) or _default(api, kind) for kind in sorted(KINDS)]}


@operation("PutGatewayResponse", resource=response_arn, action="apigateway:PUT")
async def put_gateway_response(ctx: Context, request: Request) -> Result:
    """Set one."""
    kind = request["responseType"]
    response = new_response(kind, members(request))

    def change(api: RestApi) -> Members:
        api.present.responses[kind] = response
        return response

    return await alter(ctx, request["restApiId"], change)


@operation("UpdateGatewayResponse", resource=response_arn, action="apigateway:PATCH")
async def update_gateway_response(ctx: Context, request: Request) -> Result:
    """Change one."""
    kind = request["responseType"]

    def change(api: RestApi) -> Members:
        held = api.present.responses.get(kind)
        response = held or _default(api, kind) | {"defaultResponse": False}
        for patch in request.get("patchOperations", []):
            path = patch.get("path")
            if path == "/statusCode" and patch.get("op") != "replace":
                raise BadRequestException(f"Invalid patch path {path}")
            parts = segments(path or "")
            entry = len(parts) == 2 and parts[0] in {"responseParameters", "responseTemplates"}
            op, value = patch.get("op"), patch.get("value")
            if entry and op in {"add", "replace"} and not value:
                raise BadRequestException(f"Invalid null or empty value in {parts[0]}")
            if entry and op in {"remove", "replace"} and parts[1] not in response[parts[0]]:
                raise NotFoundException("Invalid parameter name specified")
            _PATCH.apply(response, [patch])
        response.setdefault("responseParameters", {})
        response.setdefault("responseTemplates", {})
        api.present.responses[kind] = response
        return response

    return await alter(ctx, request["restApiId"], change)


@operation("DeleteGatewayResponse", resource=response_arn, action="apigateway:DELETE")
async def delete_gateway_response(ctx: Context, request: Request) -> Result | None:
    """Let the default answer again."""

    def change(api: RestApi) -> None:
        if api.present.responses.pop(request["responseType"], None) is None:
            raise NotFoundException("Gateway response type not defined on api")

    await alter(ctx, request["restApiId"], change)
    return None
