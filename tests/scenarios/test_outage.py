"""The shop's edge stays up while everything behind it, S3 and API, is killed; in a browser."""

import os
import re
import signal
import time
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from tests.scenarios.conftest import airside, eventually, picture
from tests.scenarios.test_site import API_GONE, Visit

from airside.cli.connection import Connection, is_alive

DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
FRESH_SECONDS = 1


class Edge:
    """A server of its own, with nothing but a distribution in front of the shop elsewhere."""

    def __init__(self, home):
        self.home, self.data_dir = home, home / "edge"

    def run(self, *words, **more):
        return airside(*words, "--data-dir", str(self.data_dir), home=self.home, **more)

    def up(self, shop):
        self.run("up", "--detach", "--json", "--port", "0", "--site-port", "0")
        self.server = Connection.find(self.data_dir)
        cloudfront = self.server.client("cloudfront")
        policy = cloudfront.create_cache_policy(CachePolicyConfig={
            "Name": "short", "MinTTL": 0, "DefaultTTL": FRESH_SECONDS, "MaxTTL": FRESH_SECONDS,
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": True, "EnableAcceptEncodingBrotli": True,
                "HeadersConfig": {"HeaderBehavior": "none"},
                "CookiesConfig": {"CookieBehavior": "none"},
                "QueryStringsConfig": {"QueryStringBehavior": "none"},
            },
        })["CachePolicy"]["Id"]  # fmt: skip
        made = cloudfront.create_distribution(DistributionConfig=configuration(
            urlsplit(shop.site).port, policy
        ))["Distribution"]  # fmt: skip
        self.site = eventually(lambda: self.server.site_addresses().get(made["Id"]))


def configuration(port, policy):
    methods = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    behavior = {"TargetOriginId": "shop", "ViewerProtocolPolicy": "allow-all", "Compress": True}
    api = {"PathPattern": "/api/*", "CachePolicyId": DISABLED,
           "OriginRequestPolicyId": ALL_BUT_HOST,
           "AllowedMethods": {"Quantity": len(methods), "Items": methods}}  # fmt: skip
    return {
        "CallerReference": "edge", "Comment": "", "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [{
            "Id": "shop", "DomainName": "localhost", "ConnectionAttempts": 1,
            "CustomOriginConfig": {"HTTPPort": port, "HTTPSPort": 443,
                                   "OriginProtocolPolicy": "http-only"},
        }]},
        "DefaultCacheBehavior": {**behavior, "CachePolicyId": policy},
        "CacheBehaviors": {"Quantity": 1, "Items": [{**behavior, **api}]},
    }  # fmt: skip


@pytest.fixture
def edge(tmp_path):
    made = Edge(tmp_path)
    yield made
    made.run("down", check=False)


def test_pages_stay_while_s3_and_the_api_are_killed(new_shop, edge, browser):
    shop = new_shop()
    edge.up(shop)
    with Visit(browser, edge) as first:
        first.go()
        expect(first.page.get_by_test_id("product-card").nth(7)).to_be_visible()
        first.go("signin")
        begun = time.monotonic()

    shop.kill()
    eventually(lambda: time.monotonic() > begun + FRESH_SECONDS + 0.1)  # all of it is stale
    with Visit(browser, edge) as second:
        second.go()
        expect(second.page.get_by_test_id("error-panel")).to_contain_text(API_GONE)
        assert set(second.cache.values()) == {"Hit from cloudfront"}
        assert second.broken == []
        picture(second.page, "outage-1-stale-pages")
        second.go("signin")
        assert second.broken == []

        # The edge itself is killed, too, and comes back with what it had.
        os.kill(edge.server.state["pid"], signal.SIGKILL)
        eventually(lambda: not is_alive(edge.server.state["pid"]))
        edge.run("up", "--detach", "--json", "--port", "0", "--site-port",
                 str(urlsplit(edge.site).port))  # fmt: skip
        second.go()
        expect(second.page.get_by_test_id("error-panel")).to_contain_text(API_GONE)
        assert second.broken == []

    shop.up("--site-port", str(urlsplit(shop.site).port))
    with Visit(browser, edge) as third:
        eventually(lambda: recovered(third))
        assert "RefreshHit from cloudfront" in set(third.cache.values())
        picture(third.page, "outage-2-all-is-well")


def recovered(visit):
    """Whether the products are there again: the edge remembers for a while who did not answer."""
    visit.go()
    return visit.page.get_by_test_id("product-card").nth(7).is_visible() \
        and any(re.match("RefreshHit", said) for said in visit.cache.values())  # fmt: skip
