"""Requests and answers on the wire."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from storefront import FUNCTIONS, HANDLERS, Shop


def test_a_body_may_come_in_base64(shop: Shop) -> None:
    text = '{"email": "ana@example.com", "password": "correct horse"}'
    event = {"body": base64.b64encode(text.encode()).decode(), "isBase64Encoded": True}
    assert HANDLERS["sign_up"].handler(event, None)["statusCode"] == 200


def test_base64_that_is_none_is_refused(shop: Shop) -> None:
    event = {"body": "a", "isBase64Encoded": True}
    assert HANDLERS["sign_up"].handler(event, None)["statusCode"] == 400


def test_nothing_may_keep_an_answer(shop: Shop) -> None:
    assert shop.call("list_products").headers["cache-control"] == "no-store"


def test_no_answer_is_one_the_distribution_replaces() -> None:
    """Its rules for 403 and 404 would make a page of it (see template.yaml)."""
    sources = "".join(path.read_text() for path in Path(FUNCTIONS).rglob("*.py"))
    statuses = set(re.findall(r"ShopError\(\s*(\d+)", sources))
    assert statuses == {"400", "401", "409", "410", "422", "503"}
