"""Cache, origin request and response headers policies."""

from typing import Any

from airside.kernel import Context, Request, Result, operation
from airside.services.cloudfront import entities, errors, managed, store
from airside.services.cloudfront.edge import Edge
from airside.services.cloudfront.entities import Kind, used_in_behavior
from airside.services.cloudfront.store import Entity


def _show(member: str) -> entities.Show:
    def show(entity: Entity) -> dict[str, Any]:
        return {
            "Id": entity.id,
            "LastModifiedTime": entity.modified_at,
            f"{member}Config": entity.config,
        }

    return show


CACHE = Kind(
    name="cache-policy",
    member="CachePolicy",
    missing=errors.NoSuchCachePolicy,
    taken=errors.CachePolicyAlreadyExists,
    in_use=errors.CachePolicyInUse,
    used_by=used_in_behavior("CachePolicyId"),
    show=_show("CachePolicy"),
    message="The cache policy does not exist.",
    managed=managed.CACHE_POLICIES,
)
ORIGIN_REQUEST = Kind(
    name="origin-request-policy",
    member="OriginRequestPolicy",
    missing=errors.NoSuchOriginRequestPolicy,
    taken=errors.OriginRequestPolicyAlreadyExists,
    in_use=errors.OriginRequestPolicyInUse,
    used_by=used_in_behavior("OriginRequestPolicyId"),
    show=_show("OriginRequestPolicy"),
    message="The origin request policy does not exist.",
    managed=managed.ORIGIN_REQUEST_POLICIES,
)
RESPONSE_HEADERS = Kind(
    name="response-headers-policy",
    member="ResponseHeadersPolicy",
    missing=errors.NoSuchResponseHeadersPolicy,
    taken=errors.ResponseHeadersPolicyAlreadyExists,
    in_use=errors.ResponseHeadersPolicyInUse,
    used_by=used_in_behavior("ResponseHeadersPolicyId"),
    show=_show("ResponseHeadersPolicy"),
    message="The response headers policy does not exist.",
    managed=managed.RESPONSE_HEADERS_POLICIES,
)


async def _list(ctx: Context, kind: Kind, request: Request) -> Result:
    """AWS's policies (`managed`), the account's (`custom`), or both."""
    wanted, marker = request.get("Type"), request.get("Marker", "")
    if wanted not in (None, "managed", "custom"):
        raise errors.InvalidArgument("The parameter Type is not valid.")
    limit = entities.page_limit(request)
    own = await ctx.store.read(lambda view: store.scan(view, ctx.account_id, kind.name))
    everything = [("managed", entities.managed(key, kind)) for key in sorted(kind.managed)]
    everything += [("custom", entity) for entity in own]
    ids = [entity.id for _, entity in everything]
    if marker in ids:
        everything = everything[ids.index(marker) + 1 :]
    chosen = [item for item in everything if wanted in (None, item[0])]
    more = chosen[limit - 1][1].id if len(chosen) > limit else None
    items = [{"Type": kind_of, kind.member: kind.show(one)} for kind_of, one in chosen[:limit]]
    return {f"{kind.member}List": entities.listed_briefly(items, more, limit)}


def _check_ttls(config: dict[str, Any]) -> None:
    low, high = config["MinTTL"], config.get("MaxTTL", 31_536_000)
    default = config.get("DefaultTTL", max(86_400, low))
    if not low <= default <= max(high, default if "MaxTTL" not in config else high):
        raise errors.InvalidArgument(
            "The parameter MinTTL, DefaultTTL, MaxTTL must be in ascending order."
        )


@operation("CreateCachePolicy")
async def create_cache_policy(ctx: Context, request: Request) -> Result:
    """Say what makes responses differ and how long they stay."""
    _check_ttls(request["CachePolicyConfig"])
    return await entities.create(ctx, CACHE, request, ctx.ids.uuid())


@operation("GetCachePolicy")
async def get_cache_policy(ctx: Context, request: Request) -> Result:
    """A cache policy."""
    return await entities.get(ctx, CACHE, request)


@operation("GetCachePolicyConfig")
async def get_cache_policy_config(ctx: Context, request: Request) -> Result:
    """A cache policy's configuration."""
    return await entities.get_config(ctx, CACHE, request)


@operation("UpdateCachePolicy")
async def update_cache_policy(ctx: Context, request: Request) -> Result:
    """Replace a cache policy's configuration."""
    _check_ttls(request["CachePolicyConfig"])
    result = await entities.update(ctx, CACHE, request)
    ctx.component(Edge).forget()
    return result


@operation("DeleteCachePolicy")
async def delete_cache_policy(ctx: Context, request: Request) -> Result:
    """Remove a cache policy that is not in use."""
    return await entities.delete(ctx, CACHE, request)


@operation("ListCachePolicies")
async def list_cache_policies(ctx: Context, request: Request) -> Result:
    """Cache policies, AWS's and the account's."""
    return await _list(ctx, CACHE, request)


@operation("CreateOriginRequestPolicy")
async def create_origin_request_policy(ctx: Context, request: Request) -> Result:
    """Say what the origin gets to see."""
    return await entities.create(ctx, ORIGIN_REQUEST, request, ctx.ids.uuid())


@operation("GetOriginRequestPolicy")
async def get_origin_request_policy(ctx: Context, request: Request) -> Result:
    """An origin request policy."""
    return await entities.get(ctx, ORIGIN_REQUEST, request)


@operation("GetOriginRequestPolicyConfig")
async def get_origin_request_policy_config(ctx: Context, request: Request) -> Result:
    """An origin request policy's configuration."""
    return await entities.get_config(ctx, ORIGIN_REQUEST, request)


@operation("UpdateOriginRequestPolicy")
async def update_origin_request_policy(ctx: Context, request: Request) -> Result:
    """Replace an origin request policy's configuration."""
    result = await entities.update(ctx, ORIGIN_REQUEST, request)
    ctx.component(Edge).forget()
    return result


@operation("DeleteOriginRequestPolicy")
async def delete_origin_request_policy(ctx: Context, request: Request) -> Result:
    """Remove an origin request policy that is not in use."""
    return await entities.delete(ctx, ORIGIN_REQUEST, request)


@operation("ListOriginRequestPolicies")
async def list_origin_request_policies(ctx: Context, request: Request) -> Result:
    """Origin request policies, AWS's and the account's."""
    return await _list(ctx, ORIGIN_REQUEST, request)


@operation("CreateResponseHeadersPolicy")
async def create_response_headers_policy(ctx: Context, request: Request) -> Result:
    """Say which headers viewers get besides the origin's."""
    return await entities.create(ctx, RESPONSE_HEADERS, request, ctx.ids.uuid())


@operation("GetResponseHeadersPolicy")
async def get_response_headers_policy(ctx: Context, request: Request) -> Result:
    """A response headers policy."""
    return await entities.get(ctx, RESPONSE_HEADERS, request)


@operation("GetResponseHeadersPolicyConfig")
async def get_response_headers_policy_config(ctx: Context, request: Request) -> Result:
    """A response headers policy's configuration."""
    return await entities.get_config(ctx, RESPONSE_HEADERS, request)


@operation("UpdateResponseHeadersPolicy")
async def update_response_headers_policy(ctx: Context, request: Request) -> Result:
    """Replace a response headers policy's configuration."""
    result = await entities.update(ctx, RESPONSE_HEADERS, request)
    ctx.component(Edge).forget()
    return result


@operation("DeleteResponseHeadersPolicy")
async def delete_response_headers_policy(ctx: Context, request: Request) -> Result:
    """Remove a response headers policy that is not in use."""
    return await entities.delete(ctx, RESPONSE_HEADERS, request)


@operation("ListResponseHeadersPolicies")
async def list_response_headers_policies(ctx: Context, request: Request) -> Result:
    """Response headers policies, AWS's and the account's."""
    return await _list(ctx, RESPONSE_HEADERS, request)
