"""Carts count what is put in and taken out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from storefront import Shop, opened

PRICES = {"cabin-case": 14900, "logbook": 1600, "luggage-tag": 1200}


def test_a_new_cart_is_empty(shop: Shop) -> None:
    assert shop.call("get_cart", token=shop.sign_up()).body == {"items": [], "total_cents": 0}


def test_adding_twice_adds_up(shop: Shop) -> None:
    token = shop.sign_up()
    shop.add(token, "logbook", 2)
    answer = shop.add(token, "logbook", 3)
    (item,) = answer.body["items"]
    assert item == {
        "product_id": "logbook",
        "name": "Logbook",
        "price_cents": 1600,
        "quantity": 5,
    }
    assert answer.body["total_cents"] == 8000


def test_carts_are_private(shop: Shop) -> None:
    ana, ben = shop.sign_up("ana@example.com"), shop.sign_up("ben@example.com")
    shop.add(ana, "logbook")
    assert shop.call("get_cart", token=ben).body["items"] == []


@pytest.mark.parametrize("quantity", [0, -1, 100, 1.5, "1", True, None, [1]])
def test_refuses_quantities_that_are_none(shop: Shop, quantity: object) -> None:
    token = shop.sign_up()
    wanted = {"product_id": "logbook", "quantity": quantity}
    for answer in (
        shop.call("add_to_cart", wanted, token=token),
        shop.call("set_quantity", wanted, token=token, path={"product_id": "logbook"}),
    ):
        assert (answer.status, answer.body["code"]) == (400, "invalid_quantity")


@pytest.mark.parametrize(
    ("product_id", "status", "code"),
    [
        ("no-such-thing", 422, "unknown_product"),
        ("", 400, "invalid_product_id"),
        (None, 400, "invalid_product_id"),
        (7, 400, "invalid_product_id"),
        ("x" * 65, 400, "invalid_product_id"),
    ],
)
def test_refuses_products_that_are_none(
    shop: Shop, product_id: object, status: int, code: str
) -> None:
    wanted = {"product_id": product_id, "quantity": 1}
    answer = shop.call("add_to_cart", wanted, token=shop.sign_up())
    assert (answer.status, answer.body["code"]) == (status, code)


def test_a_line_is_never_longer_than_its_limit(shop: Shop) -> None:
    token = shop.sign_up()
    shop.add(token, "logbook", 98)
    assert shop.add(token, "logbook", 1).status == 200
    answer = shop.add(token, "logbook", 1)
    assert (answer.status, answer.body["code"]) == (409, "cart_full")
    assert shop.call("get_cart", token=token).body["items"][0]["quantity"] == 99


def test_a_withdrawn_product_drops_out(shop: Shop) -> None:
    token = shop.sign_up()
    shop.add(token, "logbook")
    shop.add(token, "cabin-case")
    del shop.dynamo.tables["products"]["logbook"]
    cart = shop.call("get_cart", token=token).body
    assert [item["product_id"] for item in cart["items"]] == ["cabin-case"]
    assert cart["total_cents"] == 14900


steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "set", "remove"]),
        st.sampled_from(sorted(PRICES)),
        st.integers(1, 99),
    ),
    max_size=20,
)


@settings(deadline=None, max_examples=60)
@given(steps)
def test_a_cart_is_the_sum_of_what_was_done(steps: list[tuple[str, str, int]]) -> None:
    with opened() as shop:
        shop.call("list_products")
        token = shop.sign_up()
        expected: dict[str, int] = {}
        for verb, product_id, quantity in steps:
            path = {"product_id": product_id}
            if verb == "add":
                answer = shop.add(token, product_id, quantity)
                if expected.get(product_id, 0) + quantity <= 99:
                    expected[product_id] = expected.get(product_id, 0) + quantity
                else:
                    assert answer.status == 409
            elif verb == "set":
                shop.call("set_quantity", {"quantity": quantity}, token=token, path=path)
                expected[product_id] = quantity
            else:
                shop.call("remove_from_cart", token=token, path=path)
                expected.pop(product_id, None)
        cart = shop.call("get_cart", token=token).body
        assert {item["product_id"]: item["quantity"] for item in cart["items"]} == expected
        assert cart["total_cents"] == sum(
            PRICES[name] * number for name, number in expected.items()
        )
