"""Models: JSON schemas of bodies."""

import json
import re

from airside.kernel import Context, Request, Result, operation
from airside.services.apigateway.api import Members, RestApi
from airside.services.apigateway.control import (
    alter,
    found,
    load,
    members,
    page,
    place,
)
from airside.services.apigateway.errors import BadRequestException, ConflictException
from airside.services.apigateway.patches import Patch, text

models_arn = place("restapis", "$restApiId", "models")
model_arn = place("restapis", "$restApiId", "models", "$modelName")
_DRAFT = "http://json-schema.org/draft-04/schema#"
_PATCH = Patch(scalars={"description": text, "schema": text}, strict=True)


def default_models(ctx: Context) -> dict[str, Members]:
    """The models that every new API has."""
    error = {"message": {"type": "string"}}
    made = {}
    for name, described, extra in (
        ("Empty", "This is a default empty schema model", {}),
        ("Error", "This is a default error schema model", {"properties": error}),
    ):
        schema = {"$schema": _DRAFT, "title": f"{name} Schema", "type": "object", **extra}
        made[name] = {
            "id": ctx.ids.lower(6),
            "name": name,
            "description": described,
            "schema": json.dumps(schema, indent=2),
            "contentType": "application/json",
        }
    return made


@operation("CreateModel", resource=models_arn, action="apigateway:POST")
async def create_model(ctx: Context, request: Request) -> Result:
    """A new model."""
    name = request["name"]
    if not re.fullmatch(r"[A-Za-z0-9]+", name):
        raise BadRequestException(
            "Model name must be non-empty"
            if not name
            else f"Model name must be alphanumeric: {name}"
        )
    schema = request.get("schema")
    if schema is None or not schema.strip():
        raise BadRequestException(
            "Model schema must have at least 1 property or array items defined"
        )
    check_schema(schema)
    model = {"id": ctx.ids.lower(6), **members(request)}
    if not model.get("description"):
        model.pop("description", None)

    def change(api: RestApi) -> Members:
        if name in api.present.models:
            raise ConflictException("Model name already exists for this REST API")
        api.present.models[name] = model
        return model

    return await alter(ctx, request["restApiId"], change)


def check_schema(schema: str) -> None:
    """Raise BadRequestException for what is no JSON document."""
    try:
        json.loads(schema)
    except ValueError:
        raise BadRequestException(
            "Model schema must have at least 1 property or array items defined"
        ) from None


def _model_of(api: RestApi, request: Request) -> Members:
    return found(api.present.models, request["modelName"], _absent(request))


def _absent(request: Request) -> str:
    return f"Invalid model name specified: {request['modelName']}"


@operation("GetModel", resource=model_arn, action="apigateway:GET")
async def get_model(ctx: Context, request: Request) -> Result:
    """One model; `flatten` would put in what it refers to."""
    return _model_of(await load(ctx, request["restApiId"], _absent(request)), request)


@operation("GetModels", resource=models_arn, action="apigateway:GET")
async def get_models(ctx: Context, request: Request) -> Result:
    """All models of an API, by name."""
    held = (await load(ctx, request["restApiId"])).present.models
    return page([held[name] for name in sorted(held)], request)


@operation("UpdateModel", resource=model_arn, action="apigateway:PATCH")
async def update_model(ctx: Context, request: Request) -> Result:
    """Change a model."""

    def change(api: RestApi) -> Members:
        model = _model_of(api, request)
        _PATCH.apply(model, request.get("patchOperations", []))
        if "schema" in model:
            check_schema(model["schema"])
        if not model.get("description"):
            model.pop("description", None)
        return model

    return await alter(ctx, request["restApiId"], change, _absent(request))


@operation("DeleteModel", resource=model_arn, action="apigateway:DELETE")
async def delete_model(ctx: Context, request: Request) -> Result | None:
    """Remove a model that no method names."""
    name = request["modelName"]

    def change(api: RestApi) -> None:
        _model_of(api, request)
        for resource in api.resources.values():
            for verb, method in resource.get("resourceMethods", {}).items():
                if name in (method.get("requestModels") or {}).values():
                    raise ConflictException(
                        f"Cannot delete model '{name}', is referenced in method request: "
                        f"{'/' if resource['path'] == '/' else resource['path']}/{verb}"
                    )
        del api.present.models[name]

    await alter(ctx, request["restApiId"], change, _absent(request))
    return None
