"""What distinguishes one cached response from another. Pure."""

from collections.abc import Mapping

from airside.services.cloudfront.plan import CacheRule, Names


def chosen_query(query: str, names: Names) -> str:
    """The parameters of a query string that `names` means, in their order."""
    if not query or names.behavior == "none":
        return ""
    if names.behavior == "all":
        return query
    return "&".join(item for item in query.split("&") if names.include(item.partition("=")[0]))


def chosen_cookies(header: str, names: Names) -> str:
    """The cookies of a Cookie header that `names` means, in their order."""
    if not header or names.behavior == "none":
        return ""
    if names.behavior == "all":
        return header
    found = (item.strip() for item in header.split(";"))
    return "; ".join(item for item in found if names.include(item.partition("=")[0]))


def coding(rule: CacheRule, accepted: str | None) -> str:
    """The content coding that a viewer gets: `br`, `gzip` or none."""
    if not accepted:
        return ""
    offered = {
        item.partition(";")[0].strip().lower()
        for item in accepted.split(",")
        if item.partition(";")[2].replace(" ", "") not in ("q=0", "q=0.0")
    }
    if rule.brotli and "br" in offered:
        return "br"
    return "gzip" if rule.gzip and "gzip" in offered else ""


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
