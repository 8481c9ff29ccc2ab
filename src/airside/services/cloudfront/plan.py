"""A distribution, compiled: which behaviour a path has, what is in its cache key, where it goes.

Made once per configuration and asked for every request. Pure.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

from airside.kernel.wildcards import wildcards
from airside.services.cloudfront import limits
from airside.services.cloudfront.headers import ResponsePolicy, compile_response_policy
from airside.services.cloudfront.managed import CACHING_DISABLED
from airside.services.cloudfront.script import Script
from airside.services.cloudfront.signatures import PublicKey, public_key
from airside.services.cloudfront.store import Entity, Invalidation

Config = Mapping[str, Any]
Find = Callable[[str, str], Config]
"""(kind, id) -> the configuration of a policy."""

_UNUSUAL = re.compile(r"%|//|/\.")
_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
_S3_HOST = re.compile(
    r"(?P<bucket>.+?)\.s3(?:[.-](?:dualstack\.)?(?!website)(?P<region>[a-z0-9-]+))?\.amazonaws\.com(?:\.cn)?"
)


@dataclass(frozen=True, slots=True)
class Names:
    """Which of a request's headers, cookies or query parameters are meant."""

    behavior: str = "none"
    """none, whitelist, allExcept, all"""
    names: frozenset[str] = frozenset()
    patterns: tuple["re.Pattern[str]", ...] = ()
    """Names with wildcards, as cookies may have."""

    def include(self, name: str) -> bool:
        """Whether `name` is meant."""
        if self.behavior == "none":
            return False
        if self.behavior == "all":
            return True
        listed = name in self.names or any(one.fullmatch(name) for one in self.patterns)
        return listed == (self.behavior == "whitelist")


@dataclass(frozen=True, slots=True)
class CacheRule:
    """What makes responses differ, and how many seconds they stay."""

    min_ttl: int
    default_ttl: int
    max_ttl: int
    headers: tuple[str, ...] = ()
    cookies: Names = Names()
    query: Names = Names()
    gzip: bool = False
    brotli: bool = False
    legacy: bool = False
    """ForwardedValues: origins see every header that is not named as taken away."""

    @property
    def enabled(self) -> bool:
        """Whether anything is ever kept."""
        return self.max_ttl > 0

    @property
    def wants_facts(self) -> bool:
        """Whether the key has CloudFront-* headers, which the edge itself writes."""
        return any(name.startswith("cloudfront-") for name in self.headers)


@dataclass(frozen=True, slots=True)
class ForwardRule:
    """What the origin gets to see besides what is in the cache key."""

    headers: Names = Names()
    cookies: Names = Names()
    query: Names = Names()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where responses come from."""

    id: str
    domain: str
    path: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    bucket: str = ""
    """For S3 origins (not their website endpoints, which are ordinary hosts)."""
    region: str = ""
    signed: bool = False
    """Whether an origin access control signs requests."""
    identity: str = ""
    """An origin access identity's id."""
    protocol: str = "match-viewer"
    ports: tuple[int, int] = (80, 443)
    """(HTTP, HTTPS)"""
    attempts: int = 3
    connect_seconds: float = 10.0
    read_seconds: float = 30.0
    idle_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Attached:
    """A Lambda function at one event of a behaviour."""

    arn: str
    body: bool
    """Whether it sees the body of requests."""


@dataclass(frozen=True, slots=True)
class Behavior:
    """How requests for some paths are handled."""

    pattern: "re.Pattern[str] | None"
    origins: tuple[Origin, ...]
    """The second one takes over when the first answers one of `failover`."""
    cache: CacheRule
    forward: ForwardRule
    methods: frozenset[str]
    cached: frozenset[str] = frozenset({"GET", "HEAD"})
    """Methods whose answers are kept."""
    failover: frozenset[int] = frozenset()
    compress: bool = False
    response: ResponsePolicy = ResponsePolicy()
    protocol: str = "allow-all"
    keys: Mapping[str, PublicKey] | None = None
    """By id: whose signatures open it; None when it is open to all."""
    scripts: Mapping[str, Script] = field(default_factory=dict)
    """Event type -> the function's live code."""
    lambdas: Mapping[str, Attached] = field(default_factory=dict)
    """Event type -> the Lambda function."""

    @property
    def sees_cookies(self) -> bool:
        """Whether the origin gets cookies; only then viewers get its own."""
        return {self.cache.cookies.behavior, self.forward.cookies.behavior} != {"none"}

    @property
    def is_plain(self) -> bool:
        """Whether a cached answer depends on nothing but the address and what codings it has."""
        return (
            self.keys is None
            and not self.scripts
            and not self.lambdas
            and not self.cache.headers
            and self.cache.cookies.behavior == "none"
            and self.response.cors is None
            and not self.response.timing_rate
        )


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """What becomes of an origin's error."""

    status: int
    page: str
    seconds: int


class Log(NamedTuple):
    """Where a distribution's log goes."""

    bucket: str
    prefix: str
    cookies: bool


@dataclass(slots=True)
class Plan:
    """One distribution, ready to serve."""

    id: str
    arn: str
    account_id: str
    domain: str
    enabled: bool
    root_object: str
    behaviors: tuple[Behavior, ...]
    default: Behavior
    errors: Mapping[int, ErrorRule]
    invalidations: list[tuple[float, "Matcher"]]
    forgotten_before: float = 0.0
    """Invalidations older than this are not known any more: nothing so old is used."""
    aliases: tuple[str, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """By id, for functions that choose."""
    log: Log | None = None
    geography: tuple[str, frozenset[str]] = ("none", frozenset())
    """`whitelist` or `blacklist`, and the countries."""

    def admits(self, country: str) -> bool:
        """Whether viewers of a country are let in."""
        kind, countries = self.geography
        return kind == "none" or (country in countries) == (kind == "whitelist")

    def behavior(self, path: str) -> Behavior:
        """The behaviour of a path: the first whose pattern fits, else the default.

        Patterns see the path as RFC 3986 normalizes it, so that no detour leads around one;
        origins see it as it was written.
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
        """
        if _UNUSUAL.search(path):
            path = normalized(path)
        for behavior in self.behaviors:
            if behavior.pattern is not None and behavior.pattern.fullmatch(path):
                return behavior
        return self.default

    def is_stale(self, target: str, requested_at: float) -> bool:
        """Whether what was asked of the origin at that moment has been invalidated since."""
        return requested_at < self.forgotten_before or any(
            requested_at <= at and matcher.matches(target) for at, matcher in self.invalidations
        )


class Matcher:
    """The paths of one invalidation; `*` at the end stands for anything.

    `/` means the default root object, too: that is what people see there.
    """

    def __init__(self, paths: list[str], root_object: str = "") -> None:
        whole, heads = set(), []
        for path in paths:
            plain = unquote(path if path.startswith("/") else f"/{path}")
            if plain.endswith("*"):
                heads.append(plain[:-1])
            else:
                whole.add(plain)
        if "/" in whole and root_object:
            whole.add(f"/{root_object}")
        self._whole = frozenset(whole)
        self._heads = tuple(heads)

    def matches(self, target: str) -> bool:
        """Whether a path (with the query that is in its cache key) is among them."""
        plain = unquote(target)
        return plain in self._whole or plain.startswith(self._heads)


def normalized(path: str) -> str:
    """A path without dots, doubled slashes and needless escapes (RFC 3986, 6.2.2)."""
    plain = _ESCAPED.sub(_unescaped, path)
    found: list[str] = []
    pieces = plain.split("/")[1:]
    for piece in pieces:
        if piece == "..":
            found[-1:] = []
        elif piece not in ("", "."):
            found.append(piece)
    folder = "/" if found and pieces[-1] in ("", ".", "..") else ""
    return "/" + "/".join(found) + folder


def _unescaped(match: "re.Match[str]") -> str:
    letter = chr(int(match[1], 16))
    return letter if letter.isascii() and (letter.isalnum() or letter in "-._~") else match[0]


def path_pattern(text: str) -> "re.Pattern[str]":
    """`/images/*.jp?g` as a pattern; a leading slash may be missing."""
    return wildcards(f"/{text.removeprefix('/')}")


def compile_plan(
    entity: Entity, account_id: str, find: Find, invalidations: list[Invalidation]
) -> Plan:
    """The plan of a distribution. `find` raises for policies that do not exist."""
    config = entity.config
    origins = {item["Id"]: _origin(item, find) for item in config["Origins"].get("Items") or []}
    groups = {item["Id"]: item for item in (config.get("OriginGroups") or {}).get("Items") or []}
    special = (config.get("CacheBehaviors") or {}).get("Items") or []
    root_object = (config.get("DefaultRootObject") or "").removeprefix("/")
    return Plan(
        id=entity.id,
        arn=f"arn:aws:cloudfront::{account_id}:distribution/{entity.id}",
        account_id=account_id,
        domain=entity.facts["domain"],
        enabled=config["Enabled"],
        root_object=root_object,
        behaviors=tuple(_behavior(item, origins, groups, find) for item in special),
        default=_behavior(config["DefaultCacheBehavior"], origins, groups, find),
        errors=_errors(config),
        invalidations=[
            (item.created_at, Matcher(item.paths, root_object)) for item in invalidations
        ],
        forgotten_before=invalidations[-1].created_at
        if len(invalidations) >= limits.INVALIDATIONS_KEPT
        else 0.0,
        origins=origins,
        log=_log(config.get("Logging") or {}),
        aliases=tuple((config.get("Aliases") or {}).get("Items") or ()),
        geography=_geography((config.get("Restrictions") or {}).get("GeoRestriction") or {}),
    )


def _geography(restriction: Config) -> tuple[str, frozenset[str]]:
    return restriction.get("RestrictionType", "none"), frozenset(restriction.get("Items") or ())


def _log(config: Config) -> Log | None:
    bucket = bucket_of((config.get("Bucket") or "").lower()) if config.get("Enabled") else ""
    if not bucket:
        return None
    return Log(bucket, config.get("Prefix") or "", bool(config.get("IncludeCookies")))


def bucket_of(domain: str) -> str:
    """The bucket behind an S3 host name (not a website's), or nothing."""
    match = _S3_HOST.fullmatch(domain)
    return match["bucket"] if match else ""


def _origin(item: Config, find: Find) -> Origin:
    domain = item["DomainName"].lower()
    match = _S3_HOST.fullmatch(domain)
    control = item.get("OriginAccessControlId")
    signed = False
    if control:
        signed = find("origin-access-control", control)["SigningBehavior"] != "never"
    identity = (item.get("S3OriginConfig") or {}).get("OriginAccessIdentity") or ""
    custom = item.get("CustomOriginConfig") or {}
    headers = (item.get("CustomHeaders") or {}).get("Items") or []
    return Origin(
        id=item["Id"],
        domain=domain,
        path=(item.get("OriginPath") or "").rstrip("/"),
        headers=tuple((entry["HeaderName"].lower(), entry["HeaderValue"]) for entry in headers),
        bucket=bucket_of(domain),
        region=(match["region"] or "us-east-1") if match else "",
        signed=signed,
        identity=identity.rpartition("/")[2],
        protocol=custom.get("OriginProtocolPolicy", "match-viewer"),
        ports=(custom.get("HTTPPort", 80), custom.get("HTTPSPort", 443)),
        attempts=item.get("ConnectionAttempts", 3),
        connect_seconds=item.get("ConnectionTimeout", 10),
        read_seconds=custom.get("OriginReadTimeout", 30),
        idle_seconds=custom.get("OriginKeepaliveTimeout", 5),
    )


def _behavior(
    item: Config, origins: Mapping[str, Origin], groups: Mapping[str, Config], find: Find
) -> Behavior:
    target = item["TargetOriginId"]
    group = groups.get(target)
    chosen = (origins[target],) if group is None else tuple(
        origins[member["OriginId"]] for member in group["Members"]["Items"]
    )  # fmt: skip
    failover = group["FailoverCriteria"]["StatusCodes"]["Items"] if group is not None else ()
    allowed = item.get("AllowedMethods") or {}
    cached = (allowed.get("CachedMethods") or {}).get("Items") or ()
    policy_id = item.get("ResponseHeadersPolicyId")
    attached = (item.get("FunctionAssociations") or {}).get("Items") or []
    forward_id = item.get("OriginRequestPolicyId")
    return Behavior(
        pattern=path_pattern(item["PathPattern"]) if "PathPattern" in item else None,
        origins=chosen,
        failover=frozenset(failover),
        cache=_cache_rule(item, find),
        forward=_forward_rule(find("origin-request-policy", forward_id)) if forward_id
        else ForwardRule(),
        methods=frozenset(allowed.get("Items") or ("GET", "HEAD")),
        cached=frozenset({"GET", "HEAD", *cached}),
        compress=bool(item.get("Compress")),
        response=compile_response_policy(find("response-headers-policy", policy_id))
        if policy_id else ResponsePolicy(),
        protocol=item.get("ViewerProtocolPolicy", "allow-all"),
        keys=_keys(item, find),
        scripts={entry["EventType"]: _script(entry["FunctionARN"], find) for entry in attached},
        lambdas={
            entry["EventType"]: Attached(
                entry["LambdaFunctionARN"], bool(entry.get("IncludeBody"))
            )
            for entry in (item.get("LambdaFunctionAssociations") or {}).get("Items") or ()
        },
    )  # fmt: skip


def _keys(item: Config, find: Find) -> dict[str, PublicKey] | None:
    groups = item.get("TrustedKeyGroups") or {}
    if not groups.get("Enabled"):
        return {} if (item.get("TrustedSigners") or {}).get("Enabled") else None
    ids = (key for group in groups.get("Items") or () for key in find("key-group", group)["Items"])
    return {key: public_key(find("public-key", key)["EncodedKey"]) for key in ids}


def _script(arn: str, find: Find) -> Script:
    return script_of(find("function", arn.rpartition("/")[2]))


def script_of(stage: Config) -> Script:
    """The code of one stage of a function, with the key value store that it names."""
    config = stage["config"]
    stores = (config.get("KeyValueStoreAssociations") or {}).get("Items") or ()
    name = stores[0]["KeyValueStoreARN"].rpartition("/")[2] if stores else ""
    return Script(stage["code"], config["Runtime"], name)


def _cache_rule(item: Config, find: Find) -> CacheRule:
    identifier = item.get("CachePolicyId")
    if identifier is None:
        if "ForwardedValues" not in item:
            return _policy_rule(find("cache-policy", CACHING_DISABLED))
        return _legacy_rule(item, item["ForwardedValues"])
    return _policy_rule(find("cache-policy", identifier))


def _policy_rule(policy: Config) -> CacheRule:
    keyed = policy.get("ParametersInCacheKeyAndForwardedToOrigin") or {}
    low = policy["MinTTL"]
    default = policy.get("DefaultTTL", max(86_400, low))
    headers = (keyed.get("HeadersConfig") or {}).get("Headers") or {}
    return CacheRule(
        min_ttl=low,
        default_ttl=default,
        max_ttl=policy.get("MaxTTL", max(31_536_000, default)),
        headers=tuple(sorted(name.lower() for name in headers.get("Items") or ())),
        cookies=_names(keyed.get("CookiesConfig"), "Cookie", "Cookies"),
        query=_names(keyed.get("QueryStringsConfig"), "QueryString", "QueryStrings"),
        gzip=bool(keyed.get("EnableAcceptEncodingGzip")),
        brotli=bool(keyed.get("EnableAcceptEncodingBrotli")),
    )


def _legacy_rule(item: Config, forwarded: Config) -> CacheRule:
    """ForwardedValues, as it was before there were policies."""
    cookies = forwarded.get("Cookies") or {}
    listed = frozenset((cookies.get("WhitelistedNames") or {}).get("Items") or ())
    headers = [name.lower() for name in (forwarded.get("Headers") or {}).get("Items") or ()]
    keys = (forwarded.get("QueryStringCacheKeys") or {}).get("Items") or ()
    query = Names()
    if forwarded.get("QueryString"):
        query = Names("whitelist", frozenset(keys)) if keys else Names("all")
    everything = "*" in headers  # forwards every header, and for that keeps nothing
    low = item.get("MinTTL", 0)
    return CacheRule(
        min_ttl=0 if everything else low,
        default_ttl=0 if everything else item.get("DefaultTTL", max(86_400, low)),
        max_ttl=0 if everything else item.get("MaxTTL", 31_536_000),
        headers=tuple(sorted(headers)),
        cookies=Names(cookies.get("Forward", "none"), listed, _patterns(listed)),
        query=query,
        gzip=bool(item.get("Compress")),
        legacy=True,
    )


def _forward_rule(policy: Config) -> ForwardRule:
    headers = policy["HeadersConfig"]
    listed = frozenset(name.lower() for name in (headers.get("Headers") or {}).get("Items") or ())
    behavior = headers["HeaderBehavior"]
    names = {
        "none": Names(),
        "whitelist": Names("whitelist", listed),
        "allViewer": Names("all"),
        "allViewerAndWhitelistCloudFront": Names("all", listed),
        "allExcept": Names("allExcept", listed),
    }[behavior]
    return ForwardRule(
        headers=names,
        cookies=_names(policy["CookiesConfig"], "Cookie", "Cookies"),
        query=_names(policy["QueryStringsConfig"], "QueryString", "QueryStrings"),
    )


def _names(config: Config | None, kind: str, plural: str) -> Names:
    if not config:
        return Names()
    listed = frozenset((config.get(plural) or {}).get("Items") or ())
    return Names(config[f"{kind}Behavior"], listed, _patterns(listed) if kind == "Cookie" else ())


def _patterns(names: Iterable[str]) -> tuple["re.Pattern[str]", ...]:
    return tuple(wildcards(name) for name in sorted(names) if "*" in name or "?" in name)


def _errors(config: Config) -> dict[int, ErrorRule]:
    found = {}
    for item in (config.get("CustomErrorResponses") or {}).get("Items") or []:
        code = item["ErrorCode"]
        seconds = item.get("ErrorCachingMinTTL")
        found[code] = ErrorRule(
            status=int(item.get("ResponseCode") or code),
            page=item.get("ResponsePagePath") or "",
            seconds=limits.ERROR_CACHING_SECONDS if seconds is None else seconds,
        )
    return found
