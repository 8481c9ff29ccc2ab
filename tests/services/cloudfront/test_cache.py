"""What the edge keeps, for how long, under which key, and what nobody can put there."""

import gzip

import brotli
from tests.services.cloudfront.conftest import Site, behavior, custom_origin, make_site, some


def whitelist(kind: str, names: list[str]) -> dict:
    return {f"{kind}Behavior": "whitelist", f"{kind}s": some(names)}


def test_a_key_has_what_the_policy_says(edge, origin):
    policy = edge.cache_policy(
        "key", headers=whitelist("Header", ["X-Kind"]), cookies=whitelist("Cookie", ["who"]),
        query=whitelist("QueryString", ["page"]),
    )  # fmt: skip
    edge.behave(CachePolicyId=policy)
    assert edge.get("/?page=1&other=1", X_Kind="a", Cookie="who=ann; x=1").cache == "Miss"
    assert edge.get("/?other=2&page=1", X_Kind="a", Cookie="x=2; who=ann").cache == "Hit"
    assert edge.get("/?page=2", X_Kind="a", Cookie="who=ann").cache == "Miss"
    assert edge.get("/?page=1", X_Kind="b", Cookie="who=ann").cache == "Miss"
    assert edge.get("/?page=1", X_Kind="a", Cookie="who=bob").cache == "Miss"
    asked = origin.asked[0]
    assert (asked.path, asked.headers["X-Kind"]) == ("/index.html?page=1", "a")
    assert asked.headers["Cookie"] == "who=ann"


def test_a_legacy_behaviour_has_its_own_key_and_ttls(edge, origin):
    legacy = behavior(
        ForwardedValues={
            "QueryString": True, "QueryStringCacheKeys": some(["a"]),
            "Cookies": {"Forward": "whitelist", "WhitelistedNames": some(["who"])},
            "Headers": some(["X-Kind"]),
        },
        MinTTL=0, DefaultTTL=60, MaxTTL=60, Compress=False,
    )  # fmt: skip
    del legacy["CachePolicyId"]
    edge.change(DefaultCacheBehavior=legacy)
    assert edge.get("/?a=1&b=1", Cookie="who=ann", X_Kind="1").cache == "Miss"
    assert edge.get("/?a=1&b=2", Cookie="who=ann; x=1", X_Kind="1").cache == "Hit"
    assert edge.get("/?a=2", Cookie="who=ann", X_Kind="1").cache == "Miss"
    assert edge.get("/?a=1", Cookie="who=bob", X_Kind="1").cache == "Miss"
    assert edge.get("/?a=1", Cookie="who=ann", X_Kind="2").cache == "Miss"


def test_the_first_pattern_that_fits_counts(edge, origin):
    first = {**edge.config["DefaultCacheBehavior"], "PathPattern": "/a/*.j?g"}
    second = {**first, "PathPattern": "/a/*", "AllowedMethods": {
        **some(["GET", "HEAD", "OPTIONS"]), "CachedMethods": some(["GET", "HEAD"])}}  # fmt: skip
    edge.change(CacheBehaviors=some([first, second]))
    assert edge.get("/a/b/c.jpg", "OPTIONS").status == 403
    assert edge.get("/a/b/c.png", "OPTIONS").status == 200
    assert edge.get("/A/c.png", "OPTIONS").status == 403


def test_what_the_origin_says_about_time_counts_within_bounds(edge, origin):
    for control, kept in (
        ("max-age=100", True), ("no-store", False), ("private", False), ("no-cache", False),
        ("max-age=0", False), ("max-age=0, s-maxage=10", True), ('no-cache="Set-Cookie"', True),
    ):  # fmt: skip
        origin.answers(Cache_Control=control)
        path = f"/{control.replace(' ', '').replace(chr(34), '')}"
        edge.get(path)
        assert (edge.get(path).cache == "Hit") is kept, control
    origin.answers(Expires="Thu, 01 Jan 2099 00:00:00 GMT")
    edge.get("/expires")
    assert edge.get("/expires").cache == "Hit"
    origin.answers(Vary="*")
    edge.get("/vary")
    assert edge.get("/vary").cache == "Miss"
    edge.behave(CachePolicyId=edge.cache_policy("floor", MinTTL=60))
    origin.answers(Cache_Control="no-store")
    edge.get("/floor")
    assert edge.get("/floor").cache == "Hit"


def test_cookies_that_the_origin_keeps_private_are_not_kept(edge, origin):
    origin.answers(Cache_Control='no-cache="Set-Cookie", max-age=60', Set_Cookie="session=1")
    edge.get("/")
    again = edge.get("/")
    assert (again.cache, again.headers["Set-Cookie"]) == ("Hit", None)


def test_what_has_expired_is_asked_for_again(edge, origin):
    edge.behave(CachePolicyId=edge.cache_policy("short", DefaultTTL=0, MaxTTL=60))
    edge.behave(CachePolicyId=edge.cache_policy("again", DefaultTTL=1, MaxTTL=1))
    origin.answers(b"same", ETag='"v1"', Cache_Control="max-age=1")
    assert edge.get("/").cache == "Miss"
    seen = set()
    while "RefreshHit" not in seen:
        reply = edge.get("/")
        assert reply.body == b"same"
        seen.add(reply.cache)
    assert seen <= {"Hit", "RefreshHit"}
    assert origin.asked[-1].headers["If-None-Match"] == '"v1"'


def test_stale_pages_stand_in_while_the_origin_is_down(edge, origin):
    edge.behave(CachePolicyId=edge.cache_policy("stale", DefaultTTL=1, MaxTTL=1))
    origin.answers(b"good")
    edge.get("/")
    origin.answers(b"bad", 500)
    while len(origin.asked) < 2:
        assert (edge.get("/").status, edge.get("/").body) == (200, b"good")
    origin.answers(b"good", Cache_Control="must-revalidate, max-age=1, stale-if-error=0")
    edge.get("/strict")
    origin.answers(b"bad", 503)
    while edge.get("/strict").status == 200:
        pass
    assert edge.get("/strict").status == 503


def test_errors_are_kept_for_a_while(edge, origin):
    rule = {"ErrorCode": 404, "ErrorCachingMinTTL": 300}
    edge.change(CustomErrorResponses=some([rule]))
    origin.answers(b"none", 404)
    first, second = edge.get("/none"), edge.get("/none")
    assert (first.status, first.cache, second.cache) == (404, "Error", "Error")
    assert len(origin.asked) == 1
    origin.answers(b"no", 403)
    edge.get("/forbidden")
    edge.get("/forbidden")
    assert len(origin.asked) == 3


def test_ranges_are_cut_from_what_is_kept(edge, origin):
    origin.answers(bytes(range(100)), Content_Type="application/x", ETag='"v"')
    assert edge.get("/", Range="bytes=0-9").body == bytes(range(10))
    assert edge.get("/", Range="bytes=-5").body == bytes(range(95, 100))
    several = edge.get("/", Range="bytes=0-1,98-")
    assert several.status == 206
    kind, _, boundary = several.headers["Content-Type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    parts = several.body.split(f"--{boundary}".encode())
    assert b"Content-Range: bytes 0-1/100\r\n\r\n\x00\x01\r\n" in parts[1]
    assert b"Content-Type: application/x\r\n" in parts[2]
    assert int(several.headers["Content-Length"]) == len(several.body)
    assert edge.get("/", Range="bytes=0-9", If_Range='"other"').status == 200
    assert edge.get("/", Range="bytes=0-9", If_Range='"v"').status == 206
    assert edge.get("/", Range="lines=0-9").status == 200
    unsatisfied = edge.get("/", Range="bytes=100-")
    assert (unsatisfied.status, unsatisfied.headers["Content-Range"]) == (416, "bytes */100")
    assert edge.get("/").body == bytes(range(100))
    assert len(origin.asked) == 1


def test_brotli_before_gzip_and_neither_for_what_is_small(edge, origin):
    text = b"all work and no play " * 100
    policy = edge.cache_policy("coded", gzip=True, brotli=True)
    edge.behave(CachePolicyId=policy, Compress=True)
    origin.answers(text, Content_Type="text/html; charset=utf-8", ETag='"v"')
    packed = edge.get("/", Accept_Encoding="gzip;q=1.0, br;q=0.5")
    assert packed.headers["Content-Encoding"] == "br"
    assert brotli.decompress(packed.body) == text
    assert packed.headers["ETag"] == 'W/"v"'
    zipped = edge.get("/", Accept_Encoding="gzip, br;q=0")
    assert gzip.decompress(zipped.body) == text
    assert edge.get("/", Accept_Encoding="gzip").cache == "Hit"
    assert edge.get("/", If_None_Match='"v"', Accept_Encoding="br").status == 304
    for path, body, kind in (("/small", text[:900], "text/html"), ("/image", text, "image/png")):
        origin.answers(body, Content_Type=kind)
        assert edge.get(path, Accept_Encoding="br").headers["Content-Encoding"] is None
    origin.answers(text * 1000, Content_Type="text/css")
    large = edge.get("/large", Accept_Encoding="gzip")
    assert gzip.decompress(large.body) == text * 1000


def test_nobody_can_poison_the_cache(edge, origin):
    origin.answers(b"right")
    edge.get("/", "HEAD")
    assert edge.get("/").body == b"right"
    tricks = {
        "X-Forwarded-Host": "evil", "X-Original-URL": "/evil", "X-Rewrite-URL": "/evil",
        "X-HTTP-Method-Override": "DELETE", "CloudFront-Viewer-Country": "XX", "Range": "bytes=0-0",
        "If-None-Match": '"x"', "Cookie": "a=b", "Origin": "https://evil", "Via": "1.1 x",
    }  # fmt: skip
    edge.get("/tricked", **{name.replace("-", "_"): value for name, value in tricks.items()})
    asked = origin.asked[-1]
    assert asked.path == "/tricked"
    for name in tricks:
        assert "evil" not in (asked.headers[name] or "")
    assert asked.headers["Range"] is None
    assert edge.get("/tricked").body == b"right"
    key = edge.cache_policy("country", headers=whitelist("Header", ["CloudFront-Viewer-Country"]))
    edge.behave(CachePolicyId=key)
    assert edge.get("/country", CloudFront_Viewer_Country="XX").cache == "Miss"
    assert origin.asked[-1].headers["CloudFront-Viewer-Country"] == "US"
    assert edge.get("/country", CloudFront_Viewer_Country="YY").cache == "Hit"


def test_policies_of_headers_count_for_what_is_kept(edge, origin):
    origin.answers(Server="own", X_Powered_By="something")
    edge.get("/")
    policy = edge.cloudfront.create_response_headers_policy(
        ResponseHeadersPolicyConfig={
            "Name": edge.bucket,
            "CorsConfig": {
                "AccessControlAllowOrigins": some(["https://*.example.com"]),
                "AccessControlAllowHeaders": some(["X-Own"]),
                "AccessControlAllowMethods": some(["GET", "PUT"]),
                "AccessControlAllowCredentials": False, "AccessControlMaxAgeSec": 60,
                "OriginOverride": True,
            },
            "SecurityHeadersConfig": {
                "FrameOptions": {"Override": True, "FrameOption": "DENY"},
                "ContentTypeOptions": {"Override": True},
            },
            "CustomHeadersConfig": some([{"Header": "X-Own", "Value": "1", "Override": True}]),
            "RemoveHeadersConfig": some([{"Header": "X-Powered-By"}]),
            "ServerTimingHeadersConfig": {"Enabled": True, "SamplingRate": 100.0},
        }
    )["ResponseHeadersPolicy"]["Id"]  # fmt: skip
    edge.behave(ResponseHeadersPolicyId=policy)
    found = edge.get("/", Origin="https://shop.example.com")
    assert found.cache == "Hit"
    assert found.headers["X-Frame-Options"] == "DENY"
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert (found.headers["X-Own"], found.headers["X-Powered-By"]) == ("1", None)
    assert found.headers["Access-Control-Allow-Origin"] == "https://shop.example.com"
    assert "cdn-cache-hit" in found.headers["Server-Timing"]
    assert edge.get("/", Origin="https://evil.test").headers["Access-Control-Allow-Origin"] is None
    assert len(origin.asked) == 1


def test_the_cache_survives_a_crash_and_so_do_invalidations(start, origin):
    server = start()
    cloudfront = server.client("cloudfront", "000000000001")
    site = Site(None, cloudfront, "crash", "", server.endpoint)
    config = {
        "CallerReference": "crash", "Comment": "", "Enabled": True,
        "Origins": some([custom_origin(origin.port)]),
        "DefaultCacheBehavior": behavior(CachePolicyId=site.cache_policy(MaxTTL=9999, DefaultTTL=9999)),
    }  # fmt: skip
    site.id = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
    site.get("/kept")
    site.get("/invalidated")
    site.get("/files/one")
    site.invalidate("/invalidated", "/files/*")
    asked = len(origin.asked)
    server.kill()
    site.endpoint = start().endpoint
    assert site.get("/kept").cache == "Hit"
    assert len(origin.asked) == asked
    assert site.get("/invalidated").cache == "Miss"
    assert site.get("/files/one").cache == "Miss"


def test_a_large_page_stays_on_disk_and_is_sent_from_there(aws, account, server):
    site = make_site(aws, f"large-{account}", server)
    body = bytes(range(256)) * 16_384
    site.put("large.bin", body, ContentType="application/octet-stream")
    assert site.get("/large.bin").body == body
    again = site.get("/large.bin", Range="bytes=256-511")
    assert (again.body, again.cache) == (bytes(range(256)), "Hit")
    several = site.get("/large.bin", Range="bytes=0-0,4194303-")
    assert int(several.headers["Content-Length"]) == len(several.body)
