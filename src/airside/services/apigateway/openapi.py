"""From OpenAPI 3 or Swagger 2 with Amazon's extensions to the configuration of an API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from airside.kernel import Context
from airside.protocol.documents import load_json, load_yaml
from airside.services.apigateway import endpoints
from airside.services.apigateway.api import Configuration, Members, RestApi
from airside.services.apigateway.errors import BadRequestException
from airside.services.apigateway.methods import check
from airside.services.apigateway.models import default_models
from airside.services.apigateway.openapi_methods import ANY, VERBS, method_of
from airside.services.apigateway.openapi_parts import (
    authorizers,
    gateway_responses,
    models,
    validators,
)
from airside.services.apigateway.resource_tree import add

_PREFIX = "x-amazon-apigateway-"
Document = Mapping[str, Any]


def load_document(body: bytes | str) -> Document:
    """JSON or YAML as plain values. Raises BadRequestException."""
    try:
        text = body if isinstance(body, str) else body.decode()
        document = load_json(text) if text.lstrip().startswith("{") else load_yaml(text)
    except ValueError:
        raise BadRequestException("Invalid OpenAPI input.") from None
    if not isinstance(document, Mapping):
        raise BadRequestException("Invalid OpenAPI input.")
    if str(document.get("swagger", "")) != "2.0" and not str(
        document.get("openapi", "")
    ).startswith("3."):
        raise BadRequestException("Invalid OpenAPI input.")
    return document


def overwrite(
    ctx: Context, api: RestApi, document: Document, parameters: Mapping[str, str]
) -> list[str]:
    """Make an API what a definition says; resources that stay keep their ids.

    Returns warnings. Raises BadRequestException.
    """
    old = api.present
    api.present = Configuration(settings=old.settings, models=default_models(ctx))
    for name in ("binaryMediaTypes", "description", "minimumCompressionSize", "version", "policy"):
        api.settings.pop(name, None)
    root_id = api.settings["rootResourceId"]
    api.resources[root_id] = {"id": root_id, "path": "/"}
    ids = {resource["path"]: key for key, resource in old.resources.items()}
    known = {found["name"]: key for key, found in old.authorizers.items()}
    return _checked(ctx, api, document, parameters, ids, known)


def merge(
    ctx: Context, api: RestApi, document: Document, parameters: Mapping[str, str]
) -> list[str]:
    """Add what a definition says to an API; what both have becomes as the definition says."""
    known = {found["name"]: key for key, found in api.present.authorizers.items()}
    return _checked(ctx, api, document, parameters, {}, known)


def _checked(
    ctx: Context, api: RestApi, document: Document, parameters: Mapping[str, str],
    ids: Mapping[str, str], known: Mapping[str, str],
) -> list[str]:  # fmt: skip
    """Parts of a definition that have not the shape they should have are the client's fault."""
    try:
        return _write(ctx, api, document, parameters, ids, known)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise BadRequestException("Invalid OpenAPI input.") from None


def _write(
    ctx: Context, api: RestApi, document: Document, parameters: Mapping[str, str],
    ids: Mapping[str, str], known: Mapping[str, str],
) -> list[str]:  # fmt: skip
    _settings(api.settings, document)
    present = api.present
    for name, found in authorizers(document).items():
        key = known.get(name) or ctx.ids.lower(6)
        present.authorizers[key] = {"id": key, **found}
    for name, found in validators(document).items():
        same = [key for key, held in present.validators.items() if held["name"] == name]
        key = same[0] if same else ctx.ids.lower(6)
        present.validators[key] = {"id": key, **found}
    for name, found in models(document, api.id).items():
        present.models[name] = {"id": ctx.ids.lower(6), **found}
    present.responses.update(gateway_responses(document))
    prefix = _base_path(document, parameters.get("basepath", "ignore"))
    warnings: list[str] = []
    for path, item in document.get("paths", {}).items():
        resource = _resource(ctx, api, prefix + path, ids)
        for verb in (*VERBS, ANY):
            if verb in (item or {}):
                _method(api, document, resource, item, verb, warnings)
    return warnings


def _settings(settings: Members, document: Document) -> None:
    info = document.get("info") or {}
    if info.get("title"):
        settings["name"] = str(info["title"])
    for name in ("version", "description"):
        if info.get(name) is not None:
            settings[name] = str(info[name])
    kinds = document.get(f"{_PREFIX}binary-media-types")
    if kinds:
        settings["binaryMediaTypes"] = [str(kind).replace("~1", "/") for kind in kinds]
    source = document.get(f"{_PREFIX}api-key-source")
    if source:
        settings["apiKeySource"] = str(source).upper()
    size = document.get(f"{_PREFIX}minimum-compression-size")
    if size is not None:
        settings["minimumCompressionSize"] = int(size)
    policy = document.get(f"{_PREFIX}policy")
    if policy:
        settings["policy"] = policy if isinstance(policy, str) else json.dumps(policy)
    configured = document.get(f"{_PREFIX}endpoint-configuration") or {}
    if "disableExecuteApiEndpoint" in configured:
        flag = str(configured["disableExecuteApiEndpoint"]).lower()
        settings["disableExecuteApiEndpoint"] = flag == "true"
    if "types" in configured:
        settings["endpointConfiguration"] = endpoints.configuration(configured)


def _base_path(document: Document, mode: str) -> str:
    """With `prepend`, the base path goes before every path; with `split`, less its first part."""
    if mode not in {"prepend", "split"}:
        return ""
    base = str(document.get("basePath") or "")
    for server in document.get("servers", [])[:1]:
        url = str(server.get("url", ""))
        for name, variable in (server.get("variables") or {}).items():
            url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
        base = urlsplit(url).path
    base = base.rstrip("/")
    if mode == "split":
        base = "/" + base.lstrip("/").partition("/")[2]
    return base.rstrip("/")


def _resource(ctx: Context, api: RestApi, path: str, ids: Mapping[str, str]) -> Members:
    """The resource of a path, made with those above it where they are missing."""
    by_path = {resource["path"]: resource for resource in api.resources.values()}
    resource = by_path["/"]
    for part in filter(None, path.split("/")):
        below = f"{resource['path'].rstrip('/')}/{part}"
        found = by_path.get(below)
        resource = found or add(api, ids.get(below) or ctx.ids.lower(6), resource, part)
    return resource


def _method(
    api: RestApi, document: Document, resource: Members, item: Document, verb: str,
    warnings: list[str],
) -> None:  # fmt: skip
    present = api.present
    names = {found["name"]: key for key, found in present.authorizers.items()}
    checks = {found["name"]: key for key, found in present.validators.items()}
    method = method_of(document, item, verb, resource["id"], names, checks)
    for name in list((method.get("requestModels") or {}).values()):
        if name not in present.models:
            warnings.append(f"Unable to find model '{name}' for {resource['path']}")
            method["requestModels"] = {
                kind: model for kind, model in method["requestModels"].items() if model != name
            }
    check(api, method)
    resource.setdefault("resourceMethods", {})[method["httpMethod"]] = method
