"""The shop in a real browser, as a person uses it."""

import re
import uuid

import pytest
from playwright.sync_api import expect
from tests.scenarios.conftest import picture


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 390)], ids=["light-wide", "dark-narrow"]
)
def test_a_person_buys_two_things(shop, browser, scheme, width):
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 860}, reduced_motion="reduce"
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    name = f"{scheme}-{width}"

    page.goto(shop.site)
    cards = page.get_by_test_id("product-card")
    expect(cards.nth(7)).to_be_visible()
    picture(page, f"{name}-1-shop")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    page.get_by_test_id("nav-signin").click()
    page.get_by_test_id("auth-other").click()
    page.get_by_test_id("email").fill(f"{uuid.uuid4()}@example.com")
    page.get_by_test_id("password").fill("a long enough password")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("nav-signout")).to_be_visible()

    page.goto(shop.site)
    for nth in (0, 1):
        page.get_by_test_id("add-to-cart").nth(nth).click()
        expect(
            page.get_by_role("link", name=re.compile(rf"cart.*{nth + 1}", re.IGNORECASE))
        ).to_be_visible()
    page.goto(shop.site + "cart")
    expect(page.get_by_test_id("cart-line")).to_have_count(2)
    picture(page, f"{name}-2-cart")
    page.get_by_test_id("checkout").click()
    page.get_by_test_id("place-order").click()
    expect(page.get_by_test_id("order-status")).to_have_text(
        re.compile("confirmed", re.IGNORECASE), timeout=20_000
    )
    picture(page, f"{name}-3-order")

    page.reload()
    expect(page.get_by_test_id("nav-signout")).to_be_visible()
    expect(page.get_by_test_id("order-status")).to_have_text(re.compile("confirmed", re.IGNORECASE))
    page.goto(shop.site + "cart")
    expect(page.get_by_test_id("empty-cart")).to_be_visible()
    assert problems == []
    context.close()
