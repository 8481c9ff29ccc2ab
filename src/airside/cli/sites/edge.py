"""The distributions in front of a bucket, and what they have to forget after a deploy."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

PATHS_MAX = 15
"""More paths than these are gathered by folder: AWS takes 15 with a wildcard at once, and counts
one with a wildcard as one."""

_WEBSITE = re.compile(r"\.s3-website[.-]")


@dataclass(frozen=True)
class Distribution:
    """One way to see the site."""

    id: str
    domain: str
    aliases: tuple[str, ...]
    origin_path: str
    """What it puts before the path to make the key, such as `/web`."""
    root_object: str
    is_website: bool
    """Whether its origin is the bucket's website, which has an index page per folder."""
    error_pages: frozenset[str]
    """Paths of pages that stand for others for a while, such as a single-page fallback."""
    varies_by_query: bool

    def paths(self, keys: Iterable[str]) -> list[str]:
        """What to invalidate when these keys have changed."""
        found: dict[str, None] = {}
        before = self.origin_path.strip("/") + "/" if self.origin_path.strip("/") else ""
        for key in keys:
            if not key.startswith(before):
                continue
            name = key[len(before) :]
            path = "/" + quote(name, safe="/-_.~!$&'()+,;=:@")
            if path in self.error_pages:
                return ["/*"]
            if name == self.root_object:
                found["/"] = None
            if self.is_website and (name == "index.html" or name.endswith("/index.html")):
                found[path.removesuffix("index.html")] = None
            found[path + "*" if self.varies_by_query else path] = None
        return gathered(list(found))


def gathered(paths: list[str]) -> list[str]:
    """Few enough paths: folders in place of their files, or everything."""
    if len(paths) <= PATHS_MAX:
        return paths
    top = [path for path in paths if path.count("/") == 1]
    folders = {path[: path.index("/", 1)] + "/*" for path in paths if path.count("/") > 1}
    found = [*top, *sorted(folders)]
    return found if len(found) <= PATHS_MAX else ["/*"]


def find(cloudfront: Any, bucket: str | None = None) -> list[tuple[Distribution, str]]:
    """Distributions with a bucket as origin, each with that bucket; those of `bucket`, or all."""
    found = []
    for page in cloudfront.get_paginator("list_distributions").paginate():
        for summary in page["DistributionList"].get("Items", []):
            for origin in summary["Origins"]["Items"]:
                name = _bucket_of(origin["DomainName"])
                if name is not None and bucket in {None, name}:
                    found.append((_distribution(cloudfront, summary, origin), name))
                    break
    return found


def invalidate(cloudfront: Any, distribution: Distribution, paths: list[str]) -> str:
    """Start an invalidation; its id."""
    made = cloudfront.create_invalidation(
        DistributionId=distribution.id,
        InvalidationBatch={
            "Paths": {"Quantity": len(paths), "Items": paths},
            "CallerReference": f"airside-{secrets.token_hex(12)}",
        },
    )  # fmt: skip
    return str(made["Invalidation"]["Id"])


def wait(cloudfront: Any, distribution: Distribution, invalidation: str) -> None:
    """Wait until no edge has the old state any more: at once on Airside, a minute on AWS."""
    cloudfront.get_waiter("invalidation_completed").wait(
        DistributionId=distribution.id, Id=invalidation,
        WaiterConfig={"Delay": 5, "MaxAttempts": 120},
    )  # fmt: skip


def _bucket_of(domain: str) -> str | None:
    found = re.match(r"(.+)\.s3(?:[.-][a-z0-9.-]+)?\.(?:amazonaws\.com|localhost)", domain)
    return found[1] if found else None


def _distribution(cloudfront: Any, summary: dict[str, Any], origin: dict[str, Any]) -> Distribution:
    full = cloudfront.get_distribution(Id=summary["Id"])["Distribution"]["DistributionConfig"]
    behaviour = full["DefaultCacheBehavior"]
    rules = full.get("CustomErrorResponses", {}).get("Items", [])
    held = {
        rule["ResponsePagePath"] for rule in rules
        if rule.get("ResponsePagePath") and rule.get("ErrorCachingMinTTL", 10) > 0
    }  # fmt: skip
    return Distribution(
        id=summary["Id"],
        domain=summary["DomainName"],
        aliases=tuple(summary.get("Aliases", {}).get("Items", [])),
        origin_path=origin.get("OriginPath", ""),
        root_object=full.get("DefaultRootObject", ""),
        is_website=bool(_WEBSITE.search(origin["DomainName"])),
        error_pages=frozenset(held),
        varies_by_query=_varies_by_query(cloudfront, behaviour),
    )


def _varies_by_query(cloudfront: Any, behaviour: dict[str, Any]) -> bool:
    if "CachePolicyId" not in behaviour:
        return bool(behaviour.get("ForwardedValues", {}).get("QueryString"))
    policy = cloudfront.get_cache_policy(Id=behaviour["CachePolicyId"])["CachePolicy"]
    given = policy["CachePolicyConfig"].get("ParametersInCacheKeyAndForwardedToOrigin", {})
    return str(given.get("QueryStringsConfig", {}).get("QueryStringBehavior", "none")) != "none"
