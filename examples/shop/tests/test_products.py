"""The shelves fill themselves, once, whoever comes first."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shop import products
from storefront import Shop, opened

SITE = Path(__file__).parent.parent / "site"


def test_a_new_deployment_has_the_catalogue(shop: Shop) -> None:
    listed = shop.call("list_products").body["products"]
    assert [product["id"] for product in listed] == [entry.id for entry in products.catalogue()]
    assert {"id", "name", "price_cents", "stock"} <= set(listed[0])


def test_every_one_of_many_first_visitors_sees_everything() -> None:
    with opened() as shop, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: shop.call("list_products"), range(24)))
        assert all(len(answer.body["products"]) == 12 for answer in answers)


def test_shelves_half_filled_are_filled() -> None:
    with opened() as shop:
        products.put_on_shelf(products.catalogue()[:5])
        assert len(shop.call("list_products").body["products"]) == 12


def test_filling_never_restocks_what_is_there(shop: Shop) -> None:
    shop.dynamo.tables["products"]["brass-plane"]["stock"] = {"N": "1"}
    del shop.dynamo.tables["products"]["logbook"]
    assert shop.stock()["brass-plane"] == 1
    products.put_on_shelf(products.catalogue())
    assert shop.stock()["brass-plane"] == 1


def test_stocked_shelves_are_only_read(shop: Shop) -> None:
    shop.dynamo.calls.clear()
    shop.call("list_products")
    assert shop.dynamo.calls == [("Scan", "products")]


def test_the_catalogue_has_something_scarce_and_plenty_of_the_rest() -> None:
    stocks = sorted(product.stock for product in products.catalogue())
    assert stocks[0] < 5
    assert stocks[len(stocks) // 2] > 1000


def test_every_product_has_a_picture() -> None:
    tints = (SITE / "js" / "parts" / "picture.js").read_text()
    for product in products.catalogue():
        assert (SITE / "pictures" / f"{product.id}.svg").is_file()
        assert re.search(rf'^  "?{product.id}"?: "\w+",$', tints, re.MULTILINE)
