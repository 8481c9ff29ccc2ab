"""The shop's site through the edge, in a browser: visits, a deploy, a way back, an API that is gone."""

import re
import shutil
import urllib.request

from playwright.sync_api import expect
from tests.scenarios.conftest import SHOP, eventually, picture

API_GONE = re.compile("cannot be reached just now")


class Visit:
    """One person's browser, with what each answer of the site said of the edge's cache."""

    def __init__(self, browser, shop):
        self.context = browser.new_context(reduced_motion="reduce")
        self.page = self.context.new_page()
        self.site = shop.site
        self.cache = {}
        self.broken = []
        self.page.on("response", self._answered)

    def _answered(self, response):
        path = "/" + response.url.removeprefix(self.site)
        if path.startswith("/api/"):
            return
        self.cache.setdefault(path, response.headers.get("x-cache", ""))
        if response.status >= 400:
            self.broken.append((path, response.status))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def go(self, path=""):
        self.cache.clear()
        self.page.goto(self.site + path)
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()
        self.page.wait_for_load_state("networkidle")
        return self


def test_visits_a_deploy_a_way_back_and_an_api_that_is_gone(new_shop, browser, tmp_path):
    shop = new_shop()
    site = tmp_path / "site"
    shutil.copytree(SHOP / "site", site)
    bucket = shop.outputs["SiteBucketName"]
    title = re.compile("On the shelf")

    with Visit(browser, shop) as first:
        first.go()
        expect(first.page.get_by_test_id("product-card").nth(7)).to_be_visible()
        assert "/styles/page.css" in first.cache
        assert "/js/views/shop.js" in first.cache
        assert set(first.cache.values()) == {"Miss from cloudfront"}

    with Visit(browser, shop) as second:
        second.go()
        assert set(second.cache.values()) == {"Hit from cloudfront"}
        picture(second.page, "site-1-from-the-cache")

        # A deploy while somebody looks: the page goes on, the next visit has the new one.
        view = site / "js" / "views" / "shop.js"
        view.write_text(view.read_text().replace("On the shelf", "Fresh from the belt"))
        shop.run("sync", str(site), bucket, "-m", "a new heading")
        expect(second.page.get_by_role("heading", name=title)).to_be_visible()
        second.go()
        expect(second.page.get_by_role("heading", name="Fresh from the belt")).to_be_visible()
        assert second.cache["/js/views/shop.js"] == "Miss from cloudfront"
        # What did not change is there still: at the edge, or in the browser, which asked.
        assert second.cache["/styles/page.css"] != "Miss from cloudfront"
        picture(second.page, "site-2-deployed")

        shop.run("site", "rollback")
        second.go()
        expect(second.page.get_by_role("heading", name=title)).to_be_visible()
        assert second.broken == []

    stop_the_api(shop)
    with Visit(browser, shop) as third:
        third.go()
        panel = third.page.get_by_test_id("error-panel")
        expect(panel).to_be_visible()
        expect(panel).to_contain_text(API_GONE)
        assert set(third.cache.values()) == {"Hit from cloudfront"}
        picture(third.page, "site-3-api-gone")
        third.go("cart")
        third.go("signin")
        third.page.get_by_test_id("email").fill("somebody@example.com")
        third.page.get_by_test_id("password").fill("a long enough password")
        third.page.get_by_test_id("submit").click()
        expect(third.page.get_by_role("alert").filter(has_text=API_GONE)).to_be_visible()
        picture(third.page, "site-4-api-gone-signing-in")


def stop_the_api(shop):
    """As an outage would: the name of the API leads nowhere any more."""
    gateway = shop.client("apigatewayv2")
    (api,) = gateway.get_apis()["Items"]
    gateway.delete_api(ApiId=api["ApiId"])
    eventually(lambda: not answers(shop.site + "api/products"))


def answers(url):
    with urllib.request.urlopen(url) as answer:
        return answer.headers["content-type"] == "application/json"
