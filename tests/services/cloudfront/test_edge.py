"""A site behind the edge: cached, invalidated, private in its bucket, its API beside it."""

import gzip
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from tests.services.cloudfront.conftest import DISABLED, behavior


def test_a_page_is_a_miss_once_and_a_hit_after(site):
    site.put("index.html", b"<h1>one</h1>")
    first = site.get("/")
    assert (first.status, first.body, first.cache) == (200, b"<h1>one</h1>", "Miss")
    assert first.headers["Age"] is None
    assert first.headers["Content-Type"] == "text/html"
    second = site.get("/")
    assert (second.body, second.cache) == (b"<h1>one</h1>", "Hit")
    assert int(second.headers["Age"]) >= 0
    assert second.headers["Via"].endswith("(CloudFront)")
    assert second.headers["X-Amz-Cf-Id"] != first.headers["X-Amz-Cf-Id"]
    assert second.headers["Server"] == "AmazonS3"
    assert site.get("/index.html").cache == "Hit"


def test_the_old_page_stays_until_it_is_invalidated(site):
    site.put("index.html", b"old")
    site.put("about.html", b"old")
    site.get("/")
    site.get("/about.html")
    site.put("index.html", b"new")
    site.put("about.html", b"new")
    assert site.get("/").body == b"old"
    answer = site.invalidate("/index.html")
    assert answer["Invalidation"]["Status"] == "InProgress"
    waiter = site.cloudfront.get_waiter("invalidation_completed")
    waiter.wait(DistributionId=site.id, Id=answer["Invalidation"]["Id"])
    again = site.get("/")
    assert (again.body, again.cache) == (b"new", "Miss")
    assert site.get("/about.html").body == b"old"
    site.invalidate("/*")
    assert site.get("/about.html").body == b"new"


def test_the_bucket_itself_stays_closed(site):
    site.put("index.html", b"secret")
    assert site.get("/").body == b"secret"
    url = f"{site.endpoint}/{site.bucket}/index.html"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url)
    assert caught.value.code == 403


def test_a_missing_page_is_a_403_that_may_become_the_index(site):
    site.put("index.html", b"app")
    missing = site.get("/no/such/page")
    assert (missing.status, missing.cache) == (403, "Error")
    assert b"<Code>AccessDenied</Code>" in missing.body
    rule = {
        "ErrorCode": 403, "ResponsePagePath": "/index.html", "ResponseCode": "200",
        "ErrorCachingMinTTL": 10,
    }  # fmt: skip
    site.change(CustomErrorResponses={"Quantity": 1, "Items": [rule]})
    found = site.get("/another/page")
    assert (found.status, found.body, found.cache) == (200, b"app", "Error")


def test_conditions_and_ranges_are_answered_from_the_cache(site):
    site.put("index.html", bytes(range(256)), ContentType="application/octet-stream")
    etag = site.get("/").headers["ETag"]
    unchanged = site.get("/", If_None_Match=etag)
    assert (unchanged.status, unchanged.body, unchanged.cache) == (304, b"", "Hit")
    part = site.get("/", Range="bytes=10-19")
    assert (part.status, part.body) == (206, bytes(range(10, 20)))
    assert part.headers["Content-Range"] == "bytes 10-19/256"
    assert site.get("/", Range="bytes=300-").status == 416
    head = site.get("/", method="HEAD")
    assert (head.status, head.headers["Content-Length"], head.body) == (200, "256", b"")


def test_what_compresses_is_compressed_for_those_who_accept_it(site):
    text = b"all work and no play " * 200
    site.put("index.html", text)
    packed = site.get("/", Accept_Encoding="gzip, deflate")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == text
    assert packed.headers["ETag"].startswith('W/"')
    assert site.get("/", Accept_Encoding="gzip").cache == "Hit"
    plain = site.get("/")
    assert (plain.body, plain.headers["Content-Encoding"], plain.cache) == (text, None, "Miss")


def test_other_methods_are_refused(site):
    refused = site.get("/", method="POST")
    assert refused.status == 403
    assert b"not configured to allow the HTTP request method" in refused.body


def test_caching_can_be_switched_off_for_some_paths(site):
    site.put("live/clock.html", b"1")
    live = {**behavior(CachePolicyId=DISABLED), "PathPattern": "/live/*"}
    site.change(CacheBehaviors={"Quantity": 1, "Items": [live]})
    assert site.get("/live/clock.html").cache == "Miss"
    site.put("live/clock.html", b"2")
    again = site.get("/live/clock.html")
    assert (again.body, again.cache) == (b"2", "Miss")


def test_an_expired_page_is_asked_for_again(site):
    site.put("index.html", b"x", CacheControl="max-age=0")
    site.change(
        DefaultCacheBehavior=site.cloudfront.get_distribution_config(Id=site.id)[
            "DistributionConfig"
        ]["DefaultCacheBehavior"]
    )
    policy = site.cloudfront.create_cache_policy(
        CachePolicyConfig={
            "Name": site.bucket, "MinTTL": 0, "DefaultTTL": 60, "MaxTTL": 60,
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": False,
                "HeadersConfig": {"HeaderBehavior": "none"},
                "CookiesConfig": {"CookieBehavior": "none"},
                "QueryStringsConfig": {"QueryStringBehavior": "none"},
            },
        }
    )["CachePolicy"]["Id"]  # fmt: skip
    site.change(DefaultCacheBehavior=behavior(CachePolicyId=policy))
    assert site.get("/").cache == "Miss"
    site.put("index.html", b"y", CacheControl="max-age=0")
    assert site.get("/").body == b"y"


def test_updates_need_the_present_etag(site):
    found = site.cloudfront.get_distribution_config(Id=site.id)
    site.change(Comment="first")
    with pytest.raises(ClientError) as caught:
        site.cloudfront.update_distribution(
            Id=site.id, IfMatch=found["ETag"], DistributionConfig=found["DistributionConfig"]
        )
    assert caught.value.response["Error"]["Code"] == "PreconditionFailed"
    with pytest.raises(ClientError) as caught:
        site.cloudfront.delete_distribution(
            Id=site.id, IfMatch=site.cloudfront.get_distribution(Id=site.id)["ETag"]
        )
    assert caught.value.response["Error"]["Code"] == "DistributionNotDisabled"
    site.change(Enabled=False)
    assert site.get("/").status == 403
    etag = site.cloudfront.get_distribution(Id=site.id)["ETag"]
    site.cloudfront.delete_distribution(Id=site.id, IfMatch=etag)
    with pytest.raises(ClientError) as caught:
        site.cloudfront.get_distribution(Id=site.id)
    assert caught.value.response["Error"]["Code"] == "NoSuchDistribution"
    assert site.cloudfront.list_distributions()["DistributionList"]["Quantity"] == 0
