"""Resources: the tree of paths of an API."""

import re
from collections.abc import Mapping
from typing import Any

from airside.kernel import Context, Request, Result, operation
from airside.services.apigateway.api import Members, RestApi, join
from airside.services.apigateway.control import (
    alter,
    api_arn,
    found,
    load,
    page,
    place,
    resource_of,
)
from airside.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
    LimitExceededException,
    NotFoundException,
)
from airside.services.apigateway.limits import RESOURCES_MAX

resource_arn = place("restapis", "$restApiId", "resources", "$resourceId")
_PART = re.compile(r"\{[A-Za-z0-9._\-:]+\+?\}|[A-Za-z0-9._\-:$~!@,]+")


@operation(
    "CreateResource", resource=place("restapis", "$restApiId", "resources", "$parentId"),
    action="apigateway:POST",
)  # fmt: skip
async def create_resource(ctx: Context, request: Request) -> Result:
    """A new resource below another one."""
    resource_id = ctx.ids.lower(6)

    def change(api: RestApi) -> Members:
        parent = found(api.resources, request["parentId"], "Invalid Resource identifier specified")
        return add(api, resource_id, parent, request["pathPart"])

    return shown(await alter(ctx, request["restApiId"], change))


def add(api: RestApi, resource_id: str, parent: Members, part: str) -> Members:
    """Put a resource into the tree. Raises BadRequestException and ConflictException."""
    check_part(part)
    if len(api.resources) >= RESOURCES_MAX:
        raise LimitExceededException("Maximum number of Resources for this API has been reached.")
    if parent.get("pathPart", "").endswith("+}"):
        raise BadRequestException(
            f"Cannot create a child of a resource with a greedy path variable: {parent['pathPart']}"
        )
    _check_siblings(api, parent["id"], part)
    made: Members = {
        "id": resource_id,
        "parentId": parent["id"],
        "pathPart": part,
        "path": join(parent["path"], part),
    }
    api.resources[resource_id] = made
    return made


def check_part(part: str) -> None:
    """Raise BadRequestException for what cannot stand between two slashes."""
    if not _PART.fullmatch(part):
        raise BadRequestException(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and "
            "curly braces at the beginning and the end."
        )


def _check_siblings(api: RestApi, parent_id: str, part: str, own: str = "") -> None:
    for sibling in api.children(parent_id):
        if sibling["id"] == own:
            continue
        if sibling["pathPart"] == part:
            raise ConflictException(
                f"Another resource with the same parent already has this name: {part}"
            )
        if part.startswith("{") and sibling["pathPart"].startswith("{"):
            raise BadRequestException(
                f"A sibling ({sibling['pathPart']}) of this resource already has a variable path "
                "part -- only one is allowed"
            )


def shown(resource: Members, embed: bool = False) -> Members:
    """A resource as it is described: its methods by name only, unless they are asked for."""
    methods = resource.get("resourceMethods")
    if not methods or embed:
        return {key: value for key, value in resource.items() if value != {}}
    return resource | {"resourceMethods": {verb: {} for verb in methods}}


@operation("GetResource", resource=resource_arn, action="apigateway:GET")
async def get_resource(ctx: Context, request: Request) -> Result:
    """One resource."""
    resource = resource_of(await load(ctx, request["restApiId"]), request)
    return shown(resource, "methods" in request.get("embed", []))


@operation("GetResources", resource=api_arn, action="apigateway:GET")
async def get_resources(ctx: Context, request: Request) -> Result:
    """All resources of an API, by path."""
    api = await load(ctx, request["restApiId"])
    embed = "methods" in request.get("embed", [])
    ordered = sorted(api.resources.values(), key=lambda resource: resource["path"])
    return page([shown(resource, embed) for resource in ordered], request)


@operation("UpdateResource", resource=resource_arn, action="apigateway:PATCH")
async def update_resource(ctx: Context, request: Request) -> Result:
    """Rename a resource, or put it elsewhere in the tree."""

    def change(api: RestApi) -> Members:
        resource = resource_of(api, request)
        for patch in request.get("patchOperations", []):
            _patch(api, resource, patch)
        _respell(api, resource)
        return resource

    return shown(await alter(ctx, request["restApiId"], change))


def _patch(api: RestApi, resource: Members, patch: Mapping[str, Any]) -> None:
    path, op, value = patch.get("path"), patch.get("op"), str(patch.get("value", ""))
    if path not in {"/pathPart", "/parentId"}:
        raise BadRequestException(
            f"Invalid patch path  '{path}' specified for op '{op}'. "
            "Must be one of: [/parentId, /pathPart]"
        )
    if op != "replace":
        raise BadRequestException(
            f"Invalid patch path  '{path}' specified for op '{op}'. "
            "Please choose supported operations"
        )
    if "parentId" not in resource:
        raise BadRequestException(f"Root resource cannot update its {path[1:]}.")
    if path == "/pathPart":
        check_part(value)
        _check_siblings(api, resource["parentId"], value, resource["id"])
        resource["pathPart"] = value
        return
    if value not in api.resources:
        raise NotFoundException("Invalid Resource identifier specified")
    above: str | None = value
    while above is not None:
        if above == resource["id"]:
            raise BadRequestException("Resources cannot be cyclical.")
        above = api.resources[above].get("parentId")
    if api.resources[value].get("pathPart", "").endswith("+}"):
        raise BadRequestException(
            "Cannot create a child of a resource with a greedy path variable: "
            + api.resources[value]["pathPart"]
        )
    _check_siblings(api, value, resource["pathPart"], resource["id"])
    resource["parentId"] = value


def _respell(api: RestApi, resource: Members) -> None:
    """Give a resource and all below it the paths that follow from their places."""
    if "parentId" in resource:
        resource["path"] = join(api.resources[resource["parentId"]]["path"], resource["pathPart"])
    for child in api.children(resource["id"]):
        _respell(api, child)


@operation("DeleteResource", resource=resource_arn, action="apigateway:DELETE")
async def delete_resource(ctx: Context, request: Request) -> Result | None:
    """Remove a resource with all below it."""

    def change(api: RestApi) -> None:
        resource = resource_of(api, request)
        if "parentId" not in resource:
            raise BadRequestException("Root resource cannot be deleted")
        _remove(api, resource["id"])

    await alter(ctx, request["restApiId"], change)
    return None


def _remove(api: RestApi, resource_id: str) -> None:
    for child in api.children(resource_id):
        _remove(api, child["id"])
    del api.resources[resource_id]
