"""What all control-plane operations share: load an API, change it, deploy it, forget its copy."""

from collections.abc import Callable
from typing import Any, TypeVar

from airside.kernel import Context, Request, Transaction
from airside.services.apigatewayv2 import store
from airside.services.apigatewayv2.api import Api, Members
from airside.services.apigatewayv2.errors import BadRequestException, NotFoundException
from airside.services.apigatewayv2.gateway import Gateway

T = TypeVar("T")


def api_arn(ctx: Context, request: Request) -> str:
    """The ARN that policies speak about."""
    return f"arn:aws:apigateway:{ctx.region}::/apis/{request.get('ApiId', '*')}"


def no_such_api(ctx: Context, api_id: str) -> NotFoundException:
    """AWS's sentence."""
    return NotFoundException(f"Invalid API identifier specified {ctx.account_id}:{api_id}")


async def load(ctx: Context, api_id: str) -> Api:
    """An API of the caller's account. Raises NotFoundException."""
    found = await ctx.store.read(lambda view: store.load(view, ctx.account_id, ctx.region, api_id))
    if found is None:
        raise no_such_api(ctx, api_id)
    return found


async def alter(
    ctx: Context, api_id: str, change: Callable[[Api], T], *, deploys: bool = True
) -> T:
    """Change an API in one transaction; stages that deploy by themselves follow at once.

    `change` may be run more than once. Raises NotFoundException.
    """
    deployment_id, stamp, now = ctx.ids.lower(6), ctx.ids.lower(12), ctx.clock.now()

    def body(tx: Transaction) -> T:
        api = store.load(tx, ctx.account_id, ctx.region, api_id)
        if api is None:
            raise no_such_api(ctx, api_id)
        result = change(api)
        api.stamp = stamp
        if deploys:
            deploy(tx, api, deployment_id, now)
        store.save(tx, api)
        return result

    result = await ctx.store.transact(body)
    ctx.component(Gateway).forget(api_id)
    return result


def deploy(tx: Transaction, api: Api, deployment_id: str, now: float) -> None:
    """Let the stages that deploy by themselves serve the present configuration."""
    for stale in api.auto_deploy(deployment_id, now):
        store.delete_snapshot(tx, api, stale)
    if deployment_id in api.deployments:
        store.save_snapshot(tx, api, deployment_id, api.snapshot())


def members(request: Request, *left_out: str) -> Members:
    """What a request sets, besides the members that only address something."""
    return {key: value for key, value in request.items() if key not in {"ApiId", *left_out}}


def found(items: dict[str, Members], key: str, noun: str) -> Members:
    """An item of an API. Raises NotFoundException."""
    if key not in items:
        raise NotFoundException(f"Invalid {noun} identifier specified {key}", ResourceType=noun)
    return items[key]


def page(items: list[Members], request: Request) -> dict[str, Any]:
    """Items and NextToken as Get...s answers them. Raises BadRequestException."""
    token, size = request.get("NextToken", "0"), request.get("MaxResults", "500")
    if not (token.isdigit() and size.isdigit() and int(size) > 0):
        raise BadRequestException("Invalid NextToken or MaxResults")
    start, stop = int(token), int(token) + int(size)
    return {"Items": items[start:stop], "NextToken": str(stop) if stop < len(items) else None}
