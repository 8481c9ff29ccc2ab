"""CloudFront Functions: written in DEVELOPMENT, copied to LIVE by publishing, tried by testing."""

import json
import re
from collections.abc import Mapping
from typing import Any

from airside.kernel import (
    Context,
    Request,
    Result,
    Snapshot,
    Transaction,
    operation,
)
from airside.services.cloudfront import entities, errors, limits, store
from airside.services.cloudfront.edge import Edge
from airside.services.cloudfront.entities import behaviors_of, check_version, location, new_etag
from airside.services.cloudfront.key_value_stores import check_associations
from airside.services.cloudfront.plan import script_of
from airside.services.cloudfront.script_event import (
    VIEWER_REQUEST,
    VIEWER_RESPONSE,
    InvalidOutput,
    returned,
)
from airside.services.cloudfront.store import Entity

KIND = "function"
"""In storage an Entity is the DEVELOPMENT stage; `facts` holds the code and the LIVE stage."""
DEVELOPMENT, LIVE = "DEVELOPMENT", "LIVE"
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def function_arn(ctx: Context, request: Request) -> str:
    """The ARN of the request's function."""
    return ctx.arn(f"function/{request.get('Name') or '*'}", "cloudfront", region="")


def _load(view: Snapshot, ctx: Context, name: str) -> Entity:
    found = store.find(view, ctx.account_id, KIND, name)
    if found is None:
        raise errors.NoSuchFunctionExists("The specified function does not exist.")
    return found


def _stage(entity: Entity, stage: str) -> dict[str, Any]:
    """One stage: `config`, `code`, `etag`, `modified_at`. Raises NoSuchFunctionExists."""
    if stage == LIVE:
        live = entity.facts.get("live")
        if live is None:
            raise errors.NoSuchFunctionExists("The specified function does not exist.")
        found: dict[str, Any] = live
        return found
    return {
        "config": entity.config,
        "code": entity.facts["code"],
        "etag": entity.etag,
        "modified_at": entity.modified_at,
    }


def _users(view: Snapshot, ctx: Context, arn: str) -> int:
    """How many distributions call a function."""
    return sum(
        any(
            item["FunctionARN"] == arn
            for behavior in behaviors_of(distribution.config)
            for item in (behavior.get("FunctionAssociations") or {}).get("Items") or ()
        )
        for distribution in store.scan(view, ctx.account_id, "distribution")
    )


def _summary(view: Snapshot, ctx: Context, entity: Entity, stage: str) -> dict[str, Any]:
    arn = function_arn(ctx, {"Name": entity.id})
    found = _stage(entity, stage)
    status = "UNPUBLISHED"
    if stage == LIVE:
        status = "ASSOCIATED" if _users(view, ctx, arn) else "UNASSOCIATED"
    return {
        "Name": entity.id,
        "Status": status,
        "FunctionConfig": found["config"],
        "FunctionMetadata": {
            "FunctionARN": arn,
            "Stage": stage,
            "CreatedTime": entity.created_at,
            "LastModifiedTime": found["modified_at"],
        },
    }


def _check(config: Mapping[str, Any], code: bytes) -> None:
    if config["Runtime"] not in ("cloudfront-js-1.0", "cloudfront-js-2.0"):
        raise errors.InvalidArgument("The parameter Runtime is not valid.")
    if len(code) > limits.FUNCTION_BYTES_MAX:
        raise errors.FunctionSizeLimitExceeded("The function is larger than the maximum size.")
    if not code:
        raise errors.InvalidArgument("The parameter FunctionCode is required.")


@operation("CreateFunction", resource=function_arn)
async def create_function(ctx: Context, request: Request) -> Result:
    """Write a function; it runs nowhere until it is published and attached."""
    name, config, code = request["Name"], request["FunctionConfig"], request["FunctionCode"]
    if _NAME.fullmatch(name) is None:
        raise errors.InvalidArgument("The parameter Name contains invalid characters.")
    _check(config, code)
    now = ctx.clock.now()
    tags = (request.get("Tags") or {}).get("Items") or ()
    entity = Entity(
        id=name, config=config, etag=new_etag(ctx), created_at=now, modified_at=now,
        facts={"code": code}, tags={tag["Key"]: tag.get("Value", "") for tag in tags},
    )  # fmt: skip

    def put(tx: Transaction) -> Result:
        check_associations(tx, ctx, config)
        if store.find(tx, ctx.account_id, KIND, name) is not None:
            raise errors.FunctionAlreadyExists(
                "A function with the same name already exists in this AWS account. To continue, "
                "you must provide a unique name."
            )
        store.save(tx, ctx.account_id, KIND, entity)
        return _summary(tx, ctx, entity, DEVELOPMENT)

    summary = await ctx.store.transact(put)
    return {
        "FunctionSummary": summary,
        "ETag": entity.etag,
        "Location": location(ctx, f"function/{function_arn(ctx, request)}"),
    }


@operation("DescribeFunction", resource=function_arn)
async def describe_function(ctx: Context, request: Request) -> Result:
    """A function without its code."""
    stage = request.get("Stage", DEVELOPMENT)

    def look(view: Snapshot) -> Result:
        entity = _load(view, ctx, request["Name"])
        etag = _stage(entity, stage)["etag"]
        return {"FunctionSummary": _summary(view, ctx, entity, stage), "ETag": etag}

    return await ctx.store.read(look)


@operation("GetFunction", resource=function_arn)
async def get_function(ctx: Context, request: Request) -> Result:
    """A function's code."""
    entity = await ctx.store.read(lambda view: _load(view, ctx, request["Name"]))
    found = _stage(entity, request.get("Stage", DEVELOPMENT))
    return {
        "FunctionCode": found["code"],
        "ETag": found["etag"],
        "ContentType": "application/octet-stream",
    }


@operation("UpdateFunction", resource=function_arn)
async def update_function(ctx: Context, request: Request) -> Result:
    """Change code and configuration of the DEVELOPMENT stage."""
    config, code = request["FunctionConfig"], request["FunctionCode"]
    etag, now = new_etag(ctx), ctx.clock.now()

    def put(tx: Transaction) -> Result:
        entity = _load(tx, ctx, request["Name"])
        check_version(entity.etag, request.get("IfMatch"))
        _check(config, code)
        check_associations(tx, ctx, config)
        entity.config, entity.etag, entity.modified_at = config, etag, now
        entity.facts["code"] = code
        store.save(tx, ctx.account_id, KIND, entity)
        return _summary(tx, ctx, entity, DEVELOPMENT)

    return {"FunctionSummary": await ctx.store.transact(put), "ETag": etag}


@operation("PublishFunction", resource=function_arn)
async def publish_function(ctx: Context, request: Request) -> Result:
    """Copy DEVELOPMENT to LIVE; behaviours that call it call the new code from now on."""
    etag, now = new_etag(ctx), ctx.clock.now()

    def put(tx: Transaction) -> Result:
        entity = _load(tx, ctx, request["Name"])
        check_version(entity.etag, request.get("IfMatch"))
        entity.facts["live"] = {
            "config": entity.config, "code": entity.facts["code"], "etag": etag, "modified_at": now,
        }  # fmt: skip
        store.save(tx, ctx.account_id, KIND, entity)
        return _summary(tx, ctx, entity, LIVE)

    summary = await ctx.store.transact(put)
    ctx.component(Edge).forget()
    return {"FunctionSummary": summary}


@operation("DeleteFunction", resource=function_arn)
async def delete_function(ctx: Context, request: Request) -> Result:
    """Remove a function that no distribution calls."""

    def remove(tx: Transaction) -> None:
        entity = _load(tx, ctx, request["Name"])
        check_version(entity.etag, request.get("IfMatch"))
        users = _users(tx, ctx, function_arn(ctx, request))
        if users:
            raise errors.FunctionInUse(
                f"Cannot delete function, it is in use by {users} distributions."
            )
        store.delete(tx, ctx.account_id, KIND, entity.id)

    await ctx.store.transact(remove)
    return {}


@operation("ListFunctions")
async def list_functions(ctx: Context, request: Request) -> Result:
    """The account's functions, in every stage or in one."""
    wanted = request.get("Stage")
    limit, marker = entities.page_limit(request), request.get("Marker", "")

    def look(view: Snapshot) -> list[tuple[str, dict[str, Any]]]:
        found = []
        for entity in store.scan(view, ctx.account_id, KIND):
            for stage in (DEVELOPMENT, LIVE):
                if wanted in (None, stage) and (stage == DEVELOPMENT or "live" in entity.facts):
                    summary = _summary(view, ctx, entity, stage)
                    found.append((f"{entity.id}/{stage}", summary))
        return [item for item in found if item[0] > marker]

    found = await ctx.store.read(look)
    more = found[limit - 1][0] if len(found) > limit else None
    items = [summary for _, summary in found[:limit]]
    return {"FunctionList": entities.listed_briefly(items, more, limit)}


@operation("TestFunction", resource=function_arn)
async def test_function(ctx: Context, request: Request) -> Result:
    """Run a function on an event, and tell what it said, cost and returned."""
    stage = request.get("Stage", DEVELOPMENT)

    def look(view: Snapshot) -> tuple[dict[str, Any], dict[str, Any]]:
        entity = _load(view, ctx, request["Name"])
        found = _stage(entity, stage)
        check_version(found["etag"], request["IfMatch"])
        return found, _summary(view, ctx, entity, stage)

    found, summary = await ctx.store.read(look)
    event = _event(request["EventObject"])
    script = script_of(found)
    run = script.run(event, await ctx.component(Edge).key_values(ctx.account_id, script.store))
    output, failure = "", run.error
    if not failure:
        try:
            output = _output(run.output, event)
        except InvalidOutput as error:
            failure = str(error)
    return {
        "TestResult": {
            "FunctionSummary": summary,
            "ComputeUtilization": str(run.utilization),
            "FunctionExecutionLogs": run.logs,
            "FunctionErrorMessage": failure,
            "FunctionOutput": output,
        }
    }


def _event(data: bytes) -> dict[str, Any]:
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        raise errors.InvalidArgument("The event object is not valid JSON.") from None
    if not isinstance(event, dict) or not isinstance(event.get("request"), dict):
        raise errors.InvalidArgument("The event object must contain a request.")
    return event


def _output(text: str, event: Mapping[str, Any]) -> str:
    """The handler's value under the name of what it is."""
    kind = (event.get("context") or {}).get("eventType")
    if kind is None:
        kind = VIEWER_RESPONSE if "response" in event else VIEWER_REQUEST
    name, value = returned(text, kind)
    return json.dumps({name: value}, separators=(",", ":"), ensure_ascii=False)
