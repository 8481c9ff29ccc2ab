"""Usage plans: how much of which stages the holders of keys may use."""

from collections.abc import Callable, Mapping
from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.apigateway import store
from airside.services.apigateway.api import Members
from airside.services.apigateway.control import page, place
from airside.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
    NotFoundException,
)
from airside.services.apigateway.key_use import UsageCounts
from airside.services.apigateway.patches import number, segments, whole
from airside.services.apigateway.store import UsagePlan

plans_arn = place("usageplans")
plan_arn = place("usageplans", "$usagePlanId")
plan_keys_arn = place("usageplans", "$usagePlanId", "keys")
plan_key_arn = place("usageplans", "$usagePlanId", "keys", "$keyId")
_ABSENT = "Invalid Usage Plan ID specified"
_KEY_ABSENT = "Invalid API Key identifier specified"
_LIMITS: Mapping[str, Callable[[str], Any]] = {
    "rateLimit": number, "burstLimit": whole, "limit": whole, "offset": whole, "period": str,
}  # fmt: skip


def _check_stage(view: Snapshot, ctx: Context, stage: Members, plan_id: str) -> None:
    api = store.load(view, ctx.account_id, ctx.region, str(stage.get("apiId", "")))
    if api is None or stage.get("stage") not in api.stages:
        raise NotFoundException(
            f"Invalid API Stage {{api: {stage.get('apiId')}, stage: {stage.get('stage')}}} "
            f"specified for usageplan {plan_id}"
        )


def _check_limits(members: Members) -> None:
    quota = members.get("quota")
    if quota is not None and quota.get("period") not in {"DAY", "WEEK", "MONTH"}:
        raise BadRequestException("Usage Plan quota period must be DAY, WEEK or MONTH")


@operation("CreateUsagePlan", resource=plans_arn, action="apigateway:POST")
async def create_usage_plan(ctx: Context, request: Request) -> Result:
    """A new plan."""
    if not request["name"]:
        raise BadRequestException("Usage Plan name cannot be blank")
    members: Members = {"apiStages": [], **request, "id": ctx.ids.lower(6)}
    for stage in members["apiStages"]:
        if not stage.get("throttle"):
            stage.pop("throttle", None)
    if "quota" in members:
        members["quota"] = {"offset": 0, **members["quota"]}
    _check_limits(members)

    def body(tx: Transaction) -> None:
        for stage in members["apiStages"]:
            _check_stage(tx, ctx, stage, members["id"])
        _save(tx, ctx, UsagePlan(members))

    await ctx.store.transact(body)
    return members


def _save(tx: Transaction, ctx: Context, plan: UsagePlan) -> None:
    store.save_document(tx, ctx.account_id, ctx.region, "plan", plan.members["id"], plan)


def _plan_of(view: Snapshot, ctx: Context, request: Request) -> UsagePlan:
    plan = store.load_plan(view, ctx.account_id, ctx.region, request["usagePlanId"])
    if plan is None:
        raise NotFoundException(_ABSENT)
    return plan


@operation("GetUsagePlan", resource=plan_arn, action="apigateway:GET")
async def get_usage_plan(ctx: Context, request: Request) -> Result:
    """One plan."""
    plan = await ctx.store.read(lambda view: _plan_of(view, ctx, request))
    return {"tags": {}, **plan.members}


@operation("GetUsagePlans", resource=plans_arn, action="apigateway:GET")
async def get_usage_plans(ctx: Context, request: Request) -> Result:
    """All plans of the account, or those of one key."""
    held = await ctx.store.read(lambda view: store.list_plans(view, ctx.account_id, ctx.region))
    key = request.get("keyId")
    return page([plan.members for plan in held if key is None or key in plan.keys], request)


@operation("UpdateUsagePlan", resource=plan_arn, action="apigateway:PATCH")
async def update_usage_plan(ctx: Context, request: Request) -> Result:
    """Change a plan."""

    def body(tx: Transaction) -> Members:
        plan = _plan_of(tx, ctx, request)
        for patch in request.get("patchOperations", []):
            _patch(tx, ctx, plan.members, patch)
        _check_limits(plan.members)
        _save(tx, ctx, plan)
        return plan.members

    return {"tags": {}, **await ctx.store.transact(body)}


def _patch(tx: Transaction, ctx: Context, plan: Members, patch: Mapping[str, Any]) -> None:
    path, op, value = patch.get("path") or "", patch.get("op"), str(patch.get("value", ""))
    match segments(path):
        case ["name" | "description" | "productCode" as name] if op == "replace":
            plan[name] = value
        case ["throttle" | "quota" as name] if op == "remove":
            plan.pop(name, None)
        case ["throttle" | "quota" as name, limit] if limit in _LIMITS:
            held = plan.setdefault(name, {"offset": 0} if name == "quota" else {})
            if op == "remove":
                held.pop(limit, None)
            else:
                held[limit] = _LIMITS[limit](value)
        case ["apiStages"]:
            _patch_stage(tx, ctx, plan, op, value)
        case ["apiStages", stage, "throttle", *rest]:
            _patch_throttle(plan, op, stage, rest, value)
        case _:
            raise BadRequestException(f"Invalid patch path {path}")


def _patch_stage(tx: Transaction, ctx: Context, plan: Members, op: str | None, value: str) -> None:
    api_id, colon, name = value.partition(":")
    if not colon:
        raise BadRequestException("Invalid API Stage specified")
    stage = {"apiId": api_id, "stage": name}
    held = [found for found in plan["apiStages"] if (found["apiId"], found["stage"])
            == (api_id, name)]  # fmt: skip
    if op == "remove":
        if not held:
            raise NotFoundException(
                f"Invalid API Stage {{api: {api_id}, stage: {name}}} specified for usageplan "
                f"{plan['id']}"
            )
        plan["apiStages"] = [found for found in plan["apiStages"] if found not in held]
        return
    _check_stage(tx, ctx, stage, plan["id"])
    if not held:
        plan["apiStages"].append(stage)


def _patch_throttle(
    plan: Members, op: str | None, place_: str, rest: list[str], value: str
) -> None:
    """`/apiStages/API:STAGE/throttle/~1path~1METHOD/rateLimit`."""
    for stage in plan["apiStages"]:
        if f"{stage['apiId']}:{stage['stage']}" != place_:
            continue
        held = stage.setdefault("throttle", {})
        if op == "remove":
            for name in rest[:1] or list(held):
                held.pop(name, None)
        elif len(rest) == 2 and rest[1] in _LIMITS:
            held.setdefault(rest[0], {})[rest[1]] = _LIMITS[rest[1]](value)
        if not held:
            del stage["throttle"]
        return
    raise BadRequestException("Invalid API Stage specified")


@operation("DeleteUsagePlan", resource=plan_arn, action="apigateway:DELETE")
async def delete_usage_plan(ctx: Context, request: Request) -> Result | None:
    """Remove a plan."""

    def body(tx: Transaction) -> None:
        plan = _plan_of(tx, ctx, request)
        store.delete_document(tx, ctx.account_id, ctx.region, "plan", plan.members["id"])

    await ctx.store.transact(body)
    return None


def _plan_key(key: Members) -> Members:
    return {"id": key["id"], "type": "API_KEY", "value": key["value"], "name": key.get("name")}


@operation("CreateUsagePlanKey", resource=plan_keys_arn, action="apigateway:POST")
async def create_usage_plan_key(ctx: Context, request: Request) -> Result:
    """Put a key into a plan."""
    key_id = request["keyId"]
    if request["keyType"] != "API_KEY":
        raise BadRequestException(f"Invalid key type specified: {request['keyType']}")

    def body(tx: Transaction) -> Members:
        plan = _plan_of(tx, ctx, request)
        key = store.load_document(tx, ctx.account_id, ctx.region, "key", key_id)
        if key is None:
            raise NotFoundException(_KEY_ABSENT)
        if key_id in plan.keys:
            raise ConflictException(
                f"Usage Plan {plan.members['id']} already has API Key {key_id} associated"
            )
        plan.keys.append(key_id)
        _save(tx, ctx, plan)
        return key

    return _plan_key(await ctx.store.transact(body))


@operation("GetUsagePlanKey", resource=plan_key_arn, action="apigateway:GET")
async def get_usage_plan_key(ctx: Context, request: Request) -> Result:
    """A key of a plan."""

    def find(view: Snapshot) -> Members:
        key_id = request["keyId"]
        key = store.load_document(view, ctx.account_id, ctx.region, "key", key_id)
        if key is None or key_id not in _plan_of(view, ctx, request).keys:
            raise NotFoundException("Invalid Usage Plan Key identifier specified")
        return key

    return _plan_key(await ctx.store.read(find))


@operation("GetUsagePlanKeys", resource=plan_keys_arn, action="apigateway:GET")
async def get_usage_plan_keys(ctx: Context, request: Request) -> Result:
    """The keys of a plan; none for a plan that is not there."""
    name = request.get("nameQuery", "")

    def find(view: Snapshot) -> list[Members]:
        plan = store.load_plan(view, ctx.account_id, ctx.region, request["usagePlanId"])
        held = [
            store.load_document(view, ctx.account_id, ctx.region, "key", key_id)
            for key_id in reversed(plan.keys if plan is not None else [])
        ]
        return [_plan_key(key) for key in held if key and (key.get("name") or "").startswith(name)]

    return page(await ctx.store.read(find), request)


@operation("DeleteUsagePlanKey", resource=plan_key_arn, action="apigateway:DELETE")
async def delete_usage_plan_key(ctx: Context, request: Request) -> Result | None:
    """Take a key out of a plan."""

    def body(tx: Transaction) -> None:
        plan = _plan_of(tx, ctx, request)
        if request["keyId"] not in plan.keys:
            raise NotFoundException("Invalid Usage Plan Key identifier specified")
        plan.keys.remove(request["keyId"])
        _save(tx, ctx, plan)

    await ctx.store.transact(body)
    return None


@operation("GetUsage", resource=plan_arn, action="apigateway:GET")
async def get_usage(ctx: Context, request: Request) -> Result:
    """Requests and what was left of the quota, day by day, for each key of a plan."""
    plan = await ctx.store.read(lambda view: _plan_of(view, ctx, request))
    wanted = [key for key in plan.keys if request.get("keyId") in {None, key}]
    counts = ctx.component(UsageCounts)
    items = {
        key: await counts.by_day(ctx, plan, key, request["startDate"], request["endDate"])
        for key in wanted
    }
    return {
        "usagePlanId": plan.members["id"],
        "startDate": request["startDate"],
        "endDate": request["endDate"],
        "items": items,
    }
