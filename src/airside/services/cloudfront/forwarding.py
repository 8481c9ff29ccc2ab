"""What of a viewer's request an origin gets to see, and what of its answer viewers do. Pure.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
"""

from dataclasses import dataclass, field

from airside.kernel import Body, BytesBody
from airside.services.cloudfront.cache_key import chosen_cookies, chosen_query, codings
from airside.services.cloudfront.headers import HOP_BY_HOP, Headers
from airside.services.cloudfront.plan import Behavior, Origin, Plan

_NEVER_FORWARDED = HOP_BY_HOP | {
    "cookie", "expect", "host", "proxy-connection", "x-forwarded-proto", "x-real-ip",
}  # fmt: skip
_NEVER_BEGINNINGS = ("cloudfront-", "x-edge-", "x-amz-cf-")
_PARTS = frozenset({"range", "if-range", "if-match", "if-none-match", "if-modified-since",
                    "if-unmodified-since"})  # fmt: skip
_WITH_BODIES = frozenset({"authorization", "content-type", "content-encoding", "content-md5"})
"""Of requests that change something: without them the origin could not read it."""
_TAKEN_AWAY = frozenset({"accept", "accept-charset", "accept-language", "authorization", "referer",
                         "user-agent", "x-http-method-override"})  # fmt: skip
"""By behaviours without policies, which let every other header pass."""
_DEVICES = tuple(f"cloudfront-is-{kind}-viewer" for kind in
                 ("desktop", "mobile", "smarttv", "tablet"))  # fmt: skip


@dataclass(slots=True)
class Question:
    """What a viewer wants, as functions may have rewritten it."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    """Lower-case names."""
    body: Body = field(default_factory=BytesBody)
    client: str = "127.0.0.1"
    country: str = "US"
    scheme: str = "http"
    asked: str = ""
    """The path as the viewer wrote it: `path` may be the default root object."""
    prefix: str = ""
    """What stood before it in the path, where the host does not say which distribution."""
    parts: bool = False
    """Whether conditions and ranges are the origin's business, because nothing is kept here."""
    outgoing: bool = False
    """Whether query and headers are those for the origin already, by a function's will."""
    origins: tuple[Origin, ...] | None = None
    """Those that a function has chosen in place of the behaviour's."""
    id: str = ""
    """X-Amz-Cf-Id, once there is one."""


def forwarded_query(behavior: Behavior, query: str) -> str:
    """What of the query string the origin sees: what is in the key, and what is asked besides."""
    return chosen_query(query, behavior.cache.query, behavior.forward.query)


def forwarded_headers(
    plan: Plan, behavior: Behavior, origin: Origin, question: Question
) -> dict[str, str]:
    """What of the viewer's headers the origin sees, and what the edge adds."""
    names = behavior.forward.headers
    found = {
        name: value
        for name, value in question.headers.items()
        if name not in _NEVER_FORWARDED
        and not name.startswith(_NEVER_BEGINNINGS)
        and _passes(behavior, question, name)
    }
    cookies = chosen_cookies(
        question.headers.get("cookie", ""), behavior.cache.cookies, behavior.forward.cookies
    )
    if cookies:
        found["cookie"] = cookies
    whole_host = forwards(behavior, "host")
    found["host"] = question.headers.get("host", origin.domain) if whole_host else origin.domain
    found.setdefault("user-agent", "Amazon CloudFront")
    accepted = question.headers.get("accept-encoding")
    if accepted is not None and (behavior.cache.gzip or behavior.cache.brotli):
        found["accept-encoding"] = codings(behavior.cache, accepted) or "identity"
    earlier = question.headers.get("x-forwarded-for")
    found["x-forwarded-for"] = f"{earlier}, {question.client}" if earlier else question.client
    found["via"] = f"1.1 {plan.domain} (CloudFront)"
    found["x-amz-cf-id"] = question.id
    facts = viewer_facts(question)
    wanted = names.names.union(behavior.cache.headers) if names.behavior != "allExcept" \
        else behavior.cache.headers  # fmt: skip
    found.update({name: facts[name] for name in wanted if name in facts})
    found.update(origin.headers)
    length = question.body.length
    if length is not None and question.method not in ("GET", "HEAD"):
        found["content-length"] = str(length)
    return found


def forwards(behavior: Behavior, name: str) -> bool:
    """Whether a behaviour's settings let a header pass, by its lower-case name."""
    keyed = behavior.cache.headers
    return name in keyed or "*" in keyed or behavior.forward.headers.include(name)


def _passes(behavior: Behavior, question: Question, name: str) -> bool:
    if name in _PARTS and question.method in ("GET", "HEAD"):
        return question.parts  # else they are the edge's business, and its answers are for all
    if name == "accept-encoding" and (behavior.cache.gzip or behavior.cache.brotli):
        return False
    if forwards(behavior, name):
        return True
    if question.method not in ("GET", "HEAD", "OPTIONS") and name in _WITH_BODIES:
        return True
    return behavior.cache.legacy and name not in _TAKEN_AWAY and name != "accept-encoding"


def for_viewers(behavior: Behavior, headers: Headers) -> Headers:
    """An origin's headers without cookies that nobody asked for, and with an honest Vary."""
    kept: Headers = []
    for name, value in headers:
        lowered = name.lower()
        if lowered == "vary":
            items = (item.strip() for item in value.split(","))
            told = ", ".join(item for item in items if _varies(behavior, item.lower()))
            if told:
                kept.append((name, told))
        elif lowered != "set-cookie" or behavior.sees_cookies:
            kept.append((name, value))
    return kept


def _varies(behavior: Behavior, name: str) -> bool:
    """Whether responses can differ by this header at all."""
    if name in ("accept-encoding", "cookie"):
        return True
    if name == "*":
        return behavior.cache.min_ttl == 0
    if name == "user-agent" and any(forwards(behavior, device) for device in _DEVICES):
        return True
    return forwards(behavior, name) or (behavior.cache.legacy and name not in _TAKEN_AWAY)


def viewer_facts(question: Question) -> dict[str, str]:
    """The CloudFront-* headers, as far as a local edge knows its viewers."""
    agent = question.headers.get("user-agent", "").lower()
    tablet = "ipad" in agent or ("android" in agent and "mobile" not in agent)
    mobile = not tablet and ("mobile" in agent or "iphone" in agent)
    television = "smart-tv" in agent or "smarttv" in agent
    return {
        "cloudfront-forwarded-proto": question.scheme,
        "cloudfront-is-desktop-viewer": str(not (mobile or tablet or television)).lower(),
        "cloudfront-is-mobile-viewer": str(mobile).lower(),
        "cloudfront-is-tablet-viewer": str(tablet).lower(),
        "cloudfront-is-smarttv-viewer": str(television).lower(),
        "cloudfront-is-android-viewer": str("android" in agent).lower(),
        "cloudfront-is-ios-viewer": str("iphone" in agent or "ipad" in agent).lower(),
        "cloudfront-viewer-address": f"{question.client}:0",
        "cloudfront-viewer-country": question.country,
        "cloudfront-viewer-http-version": "1.1",
    }
