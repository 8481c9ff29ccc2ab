"""Which distributions use a policy, a key group, a web ACL."""

from collections.abc import Callable, Mapping
from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, operation
from airside.services.cloudfront import entities, errors, policies, signers, store
from airside.services.cloudfront.distributions import KIND, summary
from airside.services.cloudfront.entities import Kind, listed
from airside.services.cloudfront.store import Entity

Uses = Callable[[Mapping[str, Any]], bool]


async def _using(ctx: Context, request: Request, uses: Uses) -> tuple[list[Entity], str | None]:
    """(distributions whose configuration `uses` it, next marker)."""
    limit, marker = entities.page_limit(request), request.get("Marker", "")

    def look(view: Snapshot) -> list[Entity]:
        found = store.scan(view, ctx.account_id, KIND, marker)
        return [entity for entity in found if uses(entity.config)]

    found = await ctx.store.read(look)
    return found[:limit], found[limit - 1].id if len(found) > limit else None


async def _ids(ctx: Context, request: Request, kind: Kind, identifier: str) -> Result:
    await ctx.store.read(lambda view: entities.load(view, ctx.account_id, kind, identifier))
    found, more = await _using(ctx, request, lambda config: kind.used_by(config, identifier))
    limit = entities.page_limit(request)
    items = [entity.id for entity in found]
    return {"DistributionIdList": listed(items, request.get("Marker", ""), more, limit)}


async def _summaries(ctx: Context, request: Request, uses: Uses) -> Result:
    found, more = await _using(ctx, request, uses)
    items = [summary(ctx, entity) for entity in found]
    limit = entities.page_limit(request)
    return {"DistributionList": listed(items, request.get("Marker", ""), more, limit)}


@operation("ListDistributionsByCachePolicyId")
async def list_distributions_by_cache_policy_id(ctx: Context, request: Request) -> Result:
    """Distributions with a behaviour under a cache policy."""
    return await _ids(ctx, request, policies.CACHE, request["CachePolicyId"])


@operation("ListDistributionsByOriginRequestPolicyId")
async def list_distributions_by_origin_request_policy_id(ctx: Context, request: Request) -> Result:
    """Distributions with a behaviour under an origin request policy."""
    return await _ids(ctx, request, policies.ORIGIN_REQUEST, request["OriginRequestPolicyId"])


@operation("ListDistributionsByResponseHeadersPolicyId")
async def list_distributions_by_response_headers_policy_id(
    ctx: Context, request: Request
) -> Result:
    """Distributions with a behaviour under a response headers policy."""
    return await _ids(ctx, request, policies.RESPONSE_HEADERS, request["ResponseHeadersPolicyId"])


@operation("ListDistributionsByKeyGroup")
async def list_distributions_by_key_group(ctx: Context, request: Request) -> Result:
    """Distributions with a behaviour that trusts a key group."""
    return await _ids(ctx, request, signers.KEY_GROUP, request["KeyGroupId"])


@operation("ListDistributionsByWebACLId")
async def list_distributions_by_web_acl_id(ctx: Context, request: Request) -> Result:
    """Distributions under a web ACL; `null` asks for those under none."""
    wanted = request["WebACLId"]
    wanted = "" if wanted == "null" else wanted
    return await _summaries(ctx, request, lambda config: config.get("WebACLId", "") == wanted)


@operation("ListDistributionsByConnectionMode")
async def list_distributions_by_connection_mode(ctx: Context, request: Request) -> Result:
    """Distributions that serve viewers themselves (`direct`); tenants do not exist here."""
    if request["ConnectionMode"] not in ("direct", "tenant-only"):
        raise errors.InvalidArgument("The parameter ConnectionMode is not valid.")
    direct = request["ConnectionMode"] == "direct"
    return await _summaries(ctx, request, lambda _config: direct)
