"""What viewers send and origins answer, as strange as they may: nobody gets what is not theirs."""

import pytest
from tests.services.cloudfront.conftest import DISABLED, OPTIMIZED, behavior, make_site, some

from airside.services.cloudfront.plan import Matcher, normalized

ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
ALL_VIEWER_AND_CLOUDFRONT = "33f36d7e-f396-46d9-90e0-52428a34d9dc"
CORS_S3 = "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf"
EVERY_METHOD = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]


def seen(origin):
    return {name.lower(): value for name, value in origin.asked[-1].headers.items()}


def caches(reply_to, times=2):
    return [reply_to().cache for _ in range(times)]


def test_what_may_not_be_used_unconfirmed_is_kept_and_confirmed(edge, origin):
    origin.answers(b"hello", ETag='"a"', Cache_Control="max-age=0")
    assert edge.get("/page").cache == "Miss"
    again = edge.get("/page")
    assert (again.cache, again.body) == ("RefreshHit", b"hello")
    assert seen(origin)["if-none-match"] == '"a"'
    origin.answers(b"hello", ETag='"a"', Cache_Control="max-age=0, stale-while-revalidate=60")
    assert caches(lambda: edge.get("/while")) == ["Miss", "Hit"]
    origin.answers(b"hello", ETag='"a"', Cache_Control="no-store")
    assert caches(lambda: edge.get("/never"), 3) == ["Miss"] * 3
    assert "if-none-match" not in seen(origin)


def test_an_origin_that_is_down_after_max_age_0_is_answered_for(edge, origin):
    origin.answers(b"hello", Cache_Control="max-age=0")
    edge.get("/page")
    origin.answers(b"gone", status=503)
    assert edge.get("/page").body == b"hello"
    origin.answers(b"strict", Cache_Control="max-age=0, stale-if-error=0")
    edge.get("/strict")
    origin.answers(b"gone", status=503)
    assert edge.get("/strict").status == 503


def test_heads_are_kept_and_bodies_are_never_missing(edge, origin):
    origin.answers(b"hello")
    heads = [edge.get("/page", "HEAD") for _ in range(2)]
    assert [one.cache for one in heads] == ["Miss", "Hit"]
    assert {one.headers["Content-Length"] for one in heads} == {"5"}
    assert edge.get("/page", "HEAD", Range="bytes=0-1").status == 200
    assert [one.command for one in origin.asked] == ["HEAD"]
    whole = edge.get("/page")
    assert (whole.cache, whole.body) == ("Miss", b"hello")
    assert (edge.get("/page").cache, edge.get("/page").body) == ("Hit", b"hello")
    assert edge.get("/page", "HEAD").headers["Content-Length"] == "5"
    assert len(origin.asked) == 2


def test_one_viewers_conditions_are_not_kept_for_the_next(edge, origin):
    origin.answers(b"hello", ETag='"a"')
    edge.behave(OriginRequestPolicyId=ALL_VIEWER)
    assert edge.get("/page", If_None_Match='"a"').status == 304
    assert "if-none-match" not in seen(origin)
    whole = edge.get("/page")
    assert (whole.status, whole.body, whole.cache) == (200, b"hello", "Hit")
    assert edge.get("/other", Range="bytes=0-1").body == b"he"
    assert edge.get("/other").body == b"hello"
    assert len(origin.asked) == 2


@pytest.mark.parametrize(
    ("viewer", "told"),
    [(None, None), ("gzip", "gzip"), ("gzip, deflate, br", "br,gzip"), ("deflate", "identity"),
     ("br;q=0, gzip;q=0.5", "gzip"), ("br", "br")],
)  # fmt: skip
def test_origins_are_told_of_codings_in_one_way(edge, origin, viewer, told):
    edge.behave(CachePolicyId=edge.cache_policy("both", gzip=True, brotli=True))
    given = {} if viewer is None else {"Accept_Encoding": viewer}
    # urllib asks for `identity` unless it is told otherwise
    edge.get("/page", **(given or {"Accept_Encoding": ""}))
    assert seen(origin).get("accept-encoding") == (told or "identity")


def test_a_coding_that_a_viewer_does_not_know_is_not_served_to_it(edge, origin):
    edge.behave(CachePolicyId=edge.cache_policy("both", gzip=True, brotli=True))
    origin.answers(b"brotli", Content_Encoding="br")
    assert edge.get("/page", Accept_Encoding="br, gzip").body == b"brotli"
    origin.answers(b"zipped", Content_Encoding="gzip")
    assert edge.get("/page", Accept_Encoding="gzip").body == b"zipped"
    origin.answers(b"plain")
    assert edge.get("/page", Accept_Encoding="identity").body == b"plain"
    assert edge.get("/page", Accept_Encoding="gzip").cache == "Hit"


def test_cookies_of_an_origin_reach_viewers_only_where_theirs_reach_it(edge, origin):
    origin.answers(Set_Cookie="session=1", Vary="Cookie, X-Secret, Accept-Encoding, Origin")
    bare = edge.get("/page")
    assert "Set-Cookie" not in bare.headers
    assert bare.headers["Vary"] == "Cookie, Accept-Encoding"
    edge.behave(CachePolicyId=DISABLED)
    assert "Set-Cookie" not in edge.get("/page").headers
    edge.behave(CachePolicyId=DISABLED, OriginRequestPolicyId=ALL_VIEWER)
    shared = edge.get("/page", Cookie="b=2; a=1")
    assert shared.headers["Set-Cookie"] == "session=1"
    assert shared.headers["Vary"] == "Cookie, X-Secret, Accept-Encoding, Origin"
    assert seen(origin)["cookie"] == "a=1; b=2"
    policy = edge.cache_policy(
        "some", cookies={"CookieBehavior": "whitelist", "Cookies": some(["a", "b*"])}
    )
    found = edge.config["DefaultCacheBehavior"]
    del found["OriginRequestPolicyId"]
    edge.change(DefaultCacheBehavior={**found, "CachePolicyId": policy})
    assert edge.get("/page", Cookie="b=2; a=1; c=3").cache == "Miss"
    assert seen(origin)["cookie"] == "a=1; b=2"
    assert edge.get("/page", Cookie="c=4; a=1; b=2").cache == "Hit"
    assert edge.get("/page", Cookie="a=1; b2=2").cache == "Miss"


@pytest.mark.parametrize(
    "path",
    ["/private/a", "/x/../private/a", "//private//a", "/%70rivate/a", "/x/%2e%2e/private/a",
     "/./private/./a"],
)  # fmt: skip
def test_no_detour_leads_around_a_behavior(edge, origin, path):
    guarded = behavior(PathPattern="/private/*", CachePolicyId=DISABLED)
    edge.change(CacheBehaviors=some([guarded]))
    assert caches(lambda: edge.get(path)) == ["Miss", "Miss"]
    assert origin.asked[-1].requestline.split()[1] == path, "the origin sees what was written"
    assert caches(lambda: edge.get("/private%2Fa")) == ["Miss", "Hit"]


@pytest.mark.parametrize(
    ("path", "plain"),
    [("/a/b/../c", "/a/c"), ("/a/..", "/"), ("/../../a", "/a"), ("/a/./b/", "/a/b/"),
     ("//a///b", "/a/b"), ("/%41%7e%2F%zz", "/A~%2F%zz"), ("/a/.", "/a/"), ("/", "/"),
     ("/..a/.b", "/..a/.b")],
)  # fmt: skip
def test_paths_are_normalized_as_the_rfc_says(path, plain):
    assert normalized(path) == plain


def test_an_address_or_a_head_that_is_too_long_is_refused(edge, origin):
    assert edge.get("/" + "a" * 8000).status == 200
    for reply in (edge.get("/" + "a" * 8300), edge.get("/a?" + "b" * 8300)):
        assert reply.status == 413
        assert reply.cache == "Error"
    assert edge.get("/a", X_Large="x" * 40_000).status == 413
    assert len(origin.asked) == 1


def test_options_are_kept_where_the_behavior_says_so(edge, origin):
    allowed = {**some(["GET", "HEAD", "OPTIONS"]), "CachedMethods": some(["GET", "HEAD"])}
    origin.answers(b"", Allow="GET")
    edge.behave(AllowedMethods=allowed)
    assert caches(lambda: edge.get("/page", "OPTIONS")) == ["Miss", "Miss"]
    edge.behave(AllowedMethods={**allowed, "CachedMethods": some(["GET", "HEAD", "OPTIONS"])})
    assert caches(lambda: edge.get("/page", "OPTIONS")) == ["Miss", "Hit"]
    origin.answers(b"the page")
    assert edge.get("/page").body == b"the page"
    assert edge.get("/page", "OPTIONS").headers["Allow"] == "GET"


@pytest.mark.parametrize(
    "control", ["max-age=\u00b2", "max-age=" + "9" * 5000, "s-maxage=-1", "max-age=", ",,=,"]
)
def test_an_origin_may_write_what_it_likes_about_ages(edge, origin, control):
    origin.answers(b"hello", Cache_Control=control.encode().decode("latin-1"),
                   Expires="Mon, 01 Jan 99999 00:00:00 GMT")  # fmt: skip
    assert [edge.get("/page").body for _ in range(2)] == [b"hello"] * 2


def test_dates_that_are_none_are_no_conditions(edge, origin):
    origin.answers(b"hello", Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT")
    edge.get("/page")
    for date, status in (
        ("Mon, 01 Jan 2024 00:00:00 GMT", 304), ("Tue, 01 Jan 2030 00:00:00 GMT", 304),
        ("Sun, 31 Dec 2023 23:59:59 GMT", 200), ("garbage", 200), ("0", 200),
        ("Mon, 01 Jan 99999 00:00:00 GMT", 200), ("Mon, 01 Jan 2030 00:00:00", 200),
    ):  # fmt: skip
        reply = edge.get("/page", If_Modified_Since=date)
        assert (date, reply.status, reply.cache) == (date, status, "Hit")
    late = edge.get("/page", If_Unmodified_Since="Sun, 31 Dec 2023 23:59:59 GMT")
    assert (late.status, late.cache, late.body) == (412, "Error", b"")
    assert edge.get("/page", If_Unmodified_Since="garbage").status == 200


def test_numbers_of_any_length_in_ranges(edge, origin):
    origin.answers(b"hello")
    digits = "9" * 5000
    assert edge.get("/page", Range=f"bytes={digits}-").status == 200
    assert edge.get("/page", Range=f"bytes=0-{digits}").body == b"hello"
    assert edge.get("/page", Range=f"bytes=-{digits}").body == b"hello"
    outside = edge.get("/page", Range="bytes=99999999999999999-")
    assert (outside.status, outside.cache) == (416, "Error")


def test_what_origins_learn_without_being_told_to(edge, origin):
    edge.get("/page", Referer="http://x", Accept_Language="de", X_Own="1", Authorization="Basic x",
             X_Forwarded_Proto="https", X_Edge_Location="me", X_Amz_Cf_Id="mine")  # fmt: skip
    told = seen(origin)
    assert told.keys() == {
        "host", "user-agent", "x-forwarded-for", "via", "x-amz-cf-id", "connection"
    } - ({"connection"} - told.keys())  # fmt: skip
    assert told["user-agent"] == "Amazon CloudFront"
    assert len(told["x-amz-cf-id"]) == 56
    answer = edge.get("/other")
    assert answer.headers["X-Amz-Cf-Id"] == seen(origin)["x-amz-cf-id"]
    edge.behave(AllowedMethods=some(EVERY_METHOD), CachePolicyId=DISABLED)
    edge.get("/form", "POST", b"a=1", Authorization="Basic x", Content_Type="text/plain")
    assert seen(origin)["authorization"] == "Basic x"
    assert seen(origin)["content-type"] == "text/plain"


def test_behaviors_without_policies_let_other_headers_pass(edge, origin):
    found = edge.config["DefaultCacheBehavior"]
    del found["CachePolicyId"]
    forwarded = {"QueryString": False, "Cookies": {"Forward": "none"}}
    edge.change(DefaultCacheBehavior={**found, "ForwardedValues": forwarded, "MinTTL": 0})
    edge.get("/page", X_Own="1", Referer="http://x", Accept="text/html", Authorization="Basic x")
    assert seen(origin)["x-own"] == "1"
    assert not seen(origin).keys() & {"referer", "accept", "authorization"}
    everything = {**forwarded, "Headers": some(["*"])}
    edge.change(DefaultCacheBehavior={**found, "ForwardedValues": everything, "MinTTL": 0})
    edge.get("/page", Referer="http://x")
    assert seen(origin)["referer"] == "http://x"


def test_facts_about_viewers_go_to_origins_that_asked_for_them(edge, origin):
    edge.behave(CachePolicyId=DISABLED, OriginRequestPolicyId=ALL_VIEWER)
    edge.get("/page", CloudFront_Viewer_Country="XX")
    assert "cloudfront-viewer-country" not in seen(origin)
    edge.behave(CachePolicyId=DISABLED, OriginRequestPolicyId=ALL_VIEWER_AND_CLOUDFRONT)
    edge.get("/page", CloudFront_Viewer_Country="XX", X_Own="1")
    assert seen(origin)["cloudfront-viewer-country"] == "US"
    assert seen(origin)["x-own"] == "1"


def test_scripts_elsewhere_read_a_bucket_as_its_rules_say(site):
    site.put("font.woff", b"font")
    site.s3.put_bucket_cors(Bucket=site.bucket, CORSConfiguration={"CORSRules": [{
        "AllowedOrigins": ["https://app.example"], "AllowedMethods": ["GET"],
        "AllowedHeaders": ["x-own"], "MaxAgeSeconds": 60,
    }]})  # fmt: skip
    allowed = {**some(["GET", "HEAD", "OPTIONS"]), "CachedMethods": some(["GET", "HEAD"])}
    policy = site.cache_policy(
        "cors", headers={"HeaderBehavior": "whitelist", "Headers": some(["Origin"])}
    )
    site.behave(CachePolicyId=policy, OriginRequestPolicyId=CORS_S3, AllowedMethods=allowed)
    good = site.get("/font.woff", Origin="https://app.example")
    assert good.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert "Origin" in good.headers["Vary"]
    for reply in (site.get("/font.woff"), site.get("/font.woff", Origin="https://other.example")):
        assert reply.body == b"font"
        assert "Access-Control-Allow-Origin" not in reply.headers
    asked = site.get("/font.woff", "OPTIONS", Origin="https://app.example",
                     Access_Control_Request_Method="GET",
                     Access_Control_Request_Headers="x-own")  # fmt: skip
    assert asked.status == 200
    assert asked.headers["Access-Control-Allow-Methods"] == "GET"
    assert asked.headers["Access-Control-Max-Age"] == "60"
    refused = site.get("/font.woff", "OPTIONS", Origin="https://app.example",
                       Access_Control_Request_Method="PUT")  # fmt: skip
    assert refused.status == 403


def test_an_invalidation_of_the_slash_is_one_of_what_stands_there(site):
    site.put("index.html", b"one")
    assert site.get("/").body == b"one"
    site.put("index.html", b"two")
    assert site.get("/").body == b"one"
    site.invalidate("/")
    assert site.get("/").body == b"two"
    assert Matcher(["/"]).matches("/index.html") is False


def test_a_response_of_unknown_length_is_not_compressed(edge, origin):
    text = b"compress me " * 200
    edge.behave(CachePolicyId=OPTIMIZED, Compress=True)
    origin.answers(text, Content_Type="text/plain")
    assert edge.get("/page", Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip"
    origin.chunked = True
    whole = edge.get("/chunked", Accept_Encoding="gzip")
    assert (whole.body, whole.headers["Content-Encoding"]) == (text, None)


def geography(site, kind: str, *countries: str) -> None:
    site.change(Restrictions={"GeoRestriction": {"RestrictionType": kind, **some(list(countries))}})


def test_viewers_of_countries_that_are_not_served(site):
    site.put("index.html", b"at home")
    site.put("403.html", b"not there")
    for kind, countries, status in (
        ("blacklist", ["US", "DE"], 403), ("blacklist", ["DE"], 200),
        ("whitelist", ["DE"], 403), ("whitelist", ["DE", "US"], 200), ("none", [], 200),
    ):  # fmt: skip
        geography(site, kind, *countries)
        for _ in range(2):
            assert site.get("/").status == status
    geography(site, "blacklist", "US")
    refused = site.get("/")
    assert b"configured to block access from your country" in refused.body
    assert (refused.cache, refused.headers["Server"]) == ("Error", "CloudFront")


def test_where_viewers_are_is_a_setting(start, account):
    abroad = start(viewer_country="DE")
    site = make_site(lambda service: abroad.client(service, account), f"abroad-{account}", abroad)
    site.put("index.html", b"x")
    geography(site, "whitelist", "DE")
    assert site.get("/").status == 200
    geography(site, "blacklist", "DE")
    assert site.get("/").status == 403
