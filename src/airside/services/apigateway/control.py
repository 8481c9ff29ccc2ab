"""What all control-plane operations share: load an API, change it, name it, page through it."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from airside.kernel import Context, Request, Transaction
from airside.services.apigateway import store
from airside.services.apigateway.api import Members, RestApi
from airside.services.apigateway.errors import BadRequestException, NotFoundException
from airside.services.apigateway.limits import PAGE_DEFAULT, PAGE_MAX
from airside.services.apigateway.live import Gateway

T = TypeVar("T")
RESOURCE_ABSENT = "Invalid Resource identifier specified"
INTEGRATION_ABSENT = "Invalid Integration identifier specified"


def place(*parts: str) -> Callable[[Context, Request], str]:
    """The ARN that policies speak about, e.g. of `/restapis/{restApiId}/stages`."""

    def arn(ctx: Context, request: Request) -> str:
        named = (str(request.get(part[1:], "*")) if part[0] == "$" else part for part in parts)
        return f"arn:aws:apigateway:{ctx.region}::/{'/'.join(named)}"

    return arn


api_arn = place("restapis", "$restApiId")


def no_such_api(ctx: Context, api_id: str) -> NotFoundException:
    """AWS's sentence."""
    return NotFoundException(f"Invalid API identifier specified {ctx.account_id}:{api_id}")


async def load(ctx: Context, api_id: str, absent: str = "") -> RestApi:
    """An API of the caller's account.

    Raises NotFoundException with `absent`: who asks for a part of an API that is not there is
    mostly told that the part is not.
    """
    found = await ctx.store.read(lambda view: store.load(view, ctx.account_id, ctx.region, api_id))
    if found is None:
        raise NotFoundException(absent) if absent else no_such_api(ctx, api_id)
    return found


async def alter(ctx: Context, api_id: str, change: Callable[[RestApi], T], absent: str = "") -> T:
    """Change an API in one transaction. `change` may be run more than once.

    Raises NotFoundException, with `absent` as `load` does.
    """
    return await alter_stored(ctx, api_id, lambda _, api: change(api), absent)


async def alter_stored(
    ctx: Context, api_id: str, change: Callable[[Transaction, RestApi], T], absent: str = ""
) -> T:
    """Change an API and what is stored beside it, its snapshots for one."""
    stamp = ctx.ids.lower(12)

    def body(tx: Transaction) -> T:
        api = store.load(tx, ctx.account_id, ctx.region, api_id)
        if api is None:
            raise NotFoundException(absent) if absent else no_such_api(ctx, api_id)
        result = change(tx, api)
        api.stamp = stamp
        store.save(tx, api)
        return result

    result = await ctx.store.transact(body)
    ctx.component(Gateway).forget(api_id)
    return result


def found(items: Mapping[str, T], key: str, sentence: str) -> T:
    """An item of an API. Raises NotFoundException with AWS's sentence."""
    if key not in items:
        raise NotFoundException(sentence)
    return items[key]


def resource_of(api: RestApi, request: Request) -> Members:
    """The resource that a request names. Raises NotFoundException."""
    return found(api.resources, request["resourceId"], RESOURCE_ABSENT)


def method_of(api: RestApi, request: Request) -> Members:
    """The method that a request names. Raises NotFoundException."""
    methods = resource_of(api, request).get("resourceMethods", {})
    method: Members = found(
        methods, request["httpMethod"].upper(), "Invalid Method identifier specified"
    )
    return method


def integration_of(api: RestApi, request: Request) -> Members:
    """The integration of a method. Raises NotFoundException."""
    integration: Members | None = method_of(api, request).get("methodIntegration")
    if integration is None:
        raise NotFoundException(INTEGRATION_ABSENT)
    return integration


def members(request: Request, *left_out: str) -> Members:
    """What a request sets, besides the members that only address something."""
    return {key: value for key, value in request.items() if key not in {"restApiId", *left_out}}


def page(items: Iterable[Members], request: Request, key: str = "id") -> dict[str, Any]:
    """Items and position as Get...s answers them: `position` says after which item to go on.

    Raises BadRequestException.
    """
    limit = request.get("limit", PAGE_DEFAULT)
    limit = min(limit, PAGE_MAX)
    if limit < 1:
        raise BadRequestException("Invalid limit. Must be between 1 and 500")
    ordered = list(items)
    if "position" in request:
        after = _position(request["position"])
        names = [str(item[key]) for item in ordered]
        if after not in names:
            raise BadRequestException("Invalid position parameter")
        ordered = ordered[names.index(after) + 1 :]
    shown = ordered[:limit]
    more = len(ordered) > limit
    token = base64.b64encode(str(shown[-1][key]).encode()).decode() if more else None
    return {"items": shown, "position": token}


def _position(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise BadRequestException("Invalid position parameter") from None
