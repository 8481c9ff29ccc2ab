"""What distinguishes one cached response from another. Pure."""

from collections.abc import Mapping

from airside.services.cloudfront.plan import CacheRule, Names


def chosen_query(query: str, *either: Names) -> str:
    """The parameters of a query string that one of `either` means, in their order."""
    if not query or any(names.behavior == "all" for names in either):
        return query
    return "&".join(
        item for item in query.split("&")
        if any(names.include(item.partition("=")[0]) for names in either)
    )  # fmt: skip


def chosen_cookies(header: str, *either: Names) -> str:
    """The cookies of a Cookie header that one of `either` means, by name, as CloudFront sorts them.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Cookies.html
    """
    named = [(item.partition("=")[0], item) for item in map(str.strip, header.split(";")) if item]
    named.sort(key=lambda one: one[0])
    return "; ".join(
        item for name, item in named if any(names.include(name) for names in either)
    )  # fmt: skip


def codings(rule: CacheRule, accepted: str | None) -> str:
    """The content codings that a viewer can have, in one way of writing: `br,gzip`, `gzip`, ...

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cache-key-understand-cache-policy.html
    """
    if not accepted:
        return ""
    offered = {
        item.partition(";")[0].strip().lower()
        for item in accepted.split(",")
        if item.partition(";")[2].replace(" ", "") not in ("q=0", "q=0.0")
    }
    wanted = (("br", rule.brotli), ("gzip", rule.gzip))
    return ",".join(name for name, kept in wanted if kept and name in offered)


def target_of(path: str, query: str, rule: CacheRule) -> str:
    """Path and the part of the query that is in the key: what invalidations speak about."""
    chosen = chosen_query(query, rule.query)
    return f"{path}?{chosen}" if chosen else path


def cache_key(
    distribution: str, target: str, rule: CacheRule, headers: Mapping[str, str], coded: str
) -> str:
    """The key of a response to a GET."""
    parts = [distribution, target, coded]
    parts += [headers.get(name, "") for name in rule.headers]
    if rule.cookies.behavior != "none":
        parts.append(chosen_cookies(headers.get("cookie", ""), rule.cookies))
    return "\n".join(parts)
