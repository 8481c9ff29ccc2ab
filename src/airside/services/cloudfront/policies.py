"""Cache, origin request and response headers policies."""

from collections.abc import Mapping
from typing import Any

from airside.kernel import Context, Request, Result, Snapshot
from airside.services.cloudfront import entities, errors, managed, store
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


def _check_ttls(
    view: Snapshot, ctx: Context, config: Mapping[str, Any], former: Entity | None
) -> None:
    low, high = config["MinTTL"], config.get("MaxTTL", 31_536_000)
    default = config.get("DefaultTTL", max(86_400, low))
    if not low <= default <= max(high, default if "MaxTTL" not in config else high):
        raise errors.InvalidArgument(
            "The parameter MinTTL, DefaultTTL, MaxTTL must be in ascending order."
        )


CACHE = Kind(
    name="cache-policy",
    member="CachePolicy",
    missing=errors.NoSuchCachePolicy,
    taken=errors.CachePolicyAlreadyExists,
    in_use=errors.CachePolicyInUse,
    used_by=used_in_behavior("CachePolicyId"),
    show=_show("CachePolicy"),
    message="The cache policy does not exist.",
    listed=_list,
    plural="CachePolicies",
    check=_check_ttls,
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
    listed=_list,
    plural="OriginRequestPolicies",
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
    listed=_list,
    plural="ResponseHeadersPolicies",
    managed=managed.RESPONSE_HEADERS_POLICIES,
)
