"""API keys: who calls, as usage plans see it."""

from collections.abc import Mapping
from typing import Any

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.apigateway import store
from airside.services.apigateway.api import Members
from airside.services.apigateway.control import page, place
from airside.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
    NotFoundException,
)
from airside.services.apigateway.patches import Patch, boolean, text

keys_arn = place("apikeys")
key_arn = place("apikeys", "$apiKey")
_ABSENT = "Invalid API Key identifier specified"
_PATCH = Patch(
    scalars={"description": text, "enabled": boolean, "name": text, "customerId": text},
    strict=True,
)


@operation("CreateApiKey", resource=keys_arn, action="apigateway:POST")
async def create_api_key(ctx: Context, request: Request) -> Result:
    """A new key, of a value given or made."""
    now = ctx.clock.now()
    value = request.get("value") or ctx.ids.lower(40)
    _check_texts(request)
    if len(value) < 20:
        raise BadRequestException("API Key value should be at least 20 characters")
    if len(value) > 128:
        raise BadRequestException("API Key value exceeds maximum size of 128 characters")
    key: Members = {
        "id": ctx.ids.lower(10),
        "enabled": False,
        "createdDate": now,
        "lastUpdatedDate": now,
        **{name: request[name] for name in ("customerId", "description", "enabled", "name", "tags")
           if request.get(name) not in (None, "")},
        "value": value,
        "stageKeys": [
            f"{found['restApiId']}/{found['stageName']}" for found in request.get("stageKeys", [])
        ],
    }  # fmt: skip

    def body(tx: Transaction) -> None:
        where = (ctx.account_id, ctx.region)
        if store.load_document(tx, *where, "value", value) is not None:
            raise ConflictException("API Key already exists")
        for place_ in key["stageKeys"]:
            api_id, _, stage = place_.partition("/")
            api = store.load(tx, *where, api_id)
            if api is None or stage not in api.stages:
                raise BadRequestException("Invalid stage identifier specified")
        store.save_document(tx, *where, "key", key["id"], key)
        store.save_document(tx, *where, "value", value, {"id": key["id"]})

    await ctx.store.transact(body)
    return key


def _check_texts(given: Mapping[str, Any]) -> None:
    if len(given.get("name", "")) > 1024:
        raise BadRequestException("Invalid API Key name, can be at most 1024 characters.")
    if len(given.get("description", "")) > 125_000:
        raise BadRequestException("Invalid API Key description specified.")


def shown(key: Members, include_value: bool) -> Members:
    """A key as it is described: its value only on request."""
    return key if include_value else {name: key[name] for name in key if name != "value"}


async def _load(ctx: Context, key_id: str) -> Members:
    key = await ctx.store.read(
        lambda view: store.load_document(view, ctx.account_id, ctx.region, "key", key_id)
    )
    if key is None:
        raise NotFoundException(_ABSENT)
    return key


@operation("GetApiKey", resource=key_arn, action="apigateway:GET")
async def get_api_key(ctx: Context, request: Request) -> Result:
    """One key."""
    key = await _load(ctx, request["apiKey"])
    return {"tags": {}, **shown(key, request.get("includeValue", False))}


@operation("GetApiKeys", resource=keys_arn, action="apigateway:GET")
async def get_api_keys(ctx: Context, request: Request) -> Result:
    """All keys of the account, newest first; `nameQuery` is how names begin."""
    held = await ctx.store.read(lambda view: store.list_keys(view, ctx.account_id, ctx.region))
    name, customer = request.get("nameQuery", ""), request.get("customerId")
    chosen = [
        key
        for key in sorted(held, key=lambda key: -float(key["createdDate"]))
        if key.get("name", "").startswith(name)
        and (customer is None or key.get("customerId") == customer)
    ]
    include = request.get("includeValues", False)
    return page([shown(key, include) for key in chosen], request)


@operation("UpdateApiKey", resource=key_arn, action="apigateway:PATCH")
async def update_api_key(ctx: Context, request: Request) -> Result:
    """Change a key."""
    now, key_id = ctx.clock.now(), request["apiKey"]

    def body(tx: Transaction) -> Members:
        key = store.load_document(tx, ctx.account_id, ctx.region, "key", key_id)
        if key is None:
            raise NotFoundException(_ABSENT)
        for patch in request.get("patchOperations", []):
            _patch(key, patch)
        key["lastUpdatedDate"] = now
        store.save_document(tx, ctx.account_id, ctx.region, "key", key_id, key)
        return key

    return {"tags": {}, **shown(await ctx.store.transact(body), False)}


def _patch(key: Members, patch: Mapping[str, Any]) -> None:
    if patch.get("path") in {"/stages", "/labels"}:
        value = str(patch.get("value", ""))
        if patch.get("op") == "add" and value not in key["stageKeys"]:
            key["stageKeys"].append(value)
        elif patch.get("op") == "remove" and value in key["stageKeys"]:
            key["stageKeys"].remove(value)
        return
    _PATCH.apply(key, [patch])
    _check_texts(key)


@operation("DeleteApiKey", resource=key_arn, action="apigateway:DELETE")
async def delete_api_key(ctx: Context, request: Request) -> Result | None:
    """Remove a key, also from its plans."""
    key_id = request["apiKey"]

    def body(tx: Transaction) -> None:
        where = (ctx.account_id, ctx.region)
        key = store.load_document(tx, *where, "key", key_id)
        if key is None:
            raise NotFoundException(_ABSENT)
        store.delete_document(tx, *where, "key", key_id)
        store.delete_document(tx, *where, "value", key["value"])
        for plan in store.list_plans(tx, *where):
            if key_id in plan.keys:
                plan.keys.remove(key_id)
                store.save_document(tx, *where, "plan", plan.members["id"], plan)

    await ctx.store.transact(body)
    return None
