"""Orders are placed once, settled once, and never sell what is not there."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import pytest
from fake_aws import refusal
from hypothesis import given, settings
from hypothesis import strategies as st
from shop import database
from storefront import Shop, opened


def test_an_order_takes_the_cart_and_then_the_stock(shop: Shop) -> None:
    token = shop.sign_up()
    shop.add(token, "logbook", 2)
    shop.add(token, "cabin-case")
    before = shop.stock()
    placed = shop.order(token)
    assert placed.status == 202
    order_id = placed.body["order_id"]
    pending = shop.show_order(token, order_id).body
    assert pending.pop("placed_at")
    line = {"product_id": "logbook", "name": "Logbook", "price_cents": 1600, "quantity": 2}
    case = {"product_id": "cabin-case", "name": "Cabin Case", "price_cents": 14900, "quantity": 1}
    assert pending == {
        "order_id": order_id,
        "status": "pending",
        "items": [case, line],
        "total_cents": 18100,
    }
    assert shop.call("get_cart", token=token).body["items"] == []
    assert shop.stock() == before

    assert shop.deliver() == []
    confirmed = shop.show_order(token, order_id).body
    assert confirmed.items() >= {**pending, "status": "confirmed"}.items()
    after = shop.stock()
    taken = {name: before[name] - after[name] for name in before if before[name] != after[name]}
    assert taken == {"logbook": 2, "cabin-case": 1}


def test_one_token_is_one_order(shop: Shop) -> None:
    token = shop.sign_up()
    shop.add(token, "logbook")
    first = shop.order(token, "a")
    shop.add(token, "cabin-case")
    assert shop.order(token, "a").body["order_id"] == first.body["order_id"]
    assert len(shop.call("get_cart", token=token).body["items"]) == 1
    assert shop.order(token, "b").body["order_id"] != first.body["order_id"]


def test_tokens_of_two_customers_do_not_meet(shop: Shop) -> None:
    ana, ben = shop.sign_up("ana@example.com"), shop.sign_up("ben@example.com")
    for token in (ana, ben):
        shop.add(token, "logbook")
    order_id = shop.order(ana, "a").body["order_id"]
    assert shop.order(ben, "a").body["order_id"] != order_id
    answer = shop.show_order(ben, order_id)
    assert (answer.status, answer.body["code"]) == (410, "unknown_order")


def test_an_empty_cart_is_no_order(shop: Shop) -> None:
    answer = shop.order(shop.sign_up())
    assert (answer.status, answer.body["code"]) == (409, "cart_empty")


@pytest.mark.parametrize("client_token", ["", None, 7, "x" * 129])
def test_refuses_tokens_that_are_none(shop: Shop, client_token: object) -> None:
    answer = shop.call("place_order", {"client_token": client_token}, token=shop.sign_up())
    assert (answer.status, answer.body["code"]) == (400, "invalid_client_token")


def test_an_order_that_was_not_queued_is_queued_by_the_next_try(shop: Shop) -> None:
    token = shop.sign_up()
    shop.add(token, "logbook")
    shop.queue.is_down = True
    failed = shop.order(token, "a")
    assert (failed.status, failed.body["code"]) == (503, "order_not_queued")
    shop.queue.is_down = False
    order_id = shop.order(token, "a").body["order_id"]
    shop.deliver()
    assert shop.show_order(token, order_id).body["status"] == "confirmed"
    shop.order(token, "a")
    assert shop.queue.bodies == []  # a settled order is not queued again


def test_many_tries_at_once_are_one_order(shop: Shop) -> None:
    token = shop.sign_up()
    shop.add(token, "brass-plane")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: shop.order(token, "a"), range(16)))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.body["order_id"] for answer in answers}) == 1
    shop.deliver()
    assert shop.stock()["brass-plane"] == 2


def test_a_cart_changed_meanwhile_is_read_again(shop: Shop) -> None:
    token = shop.sign_up()
    shop.add(token, "logbook")
    shop.dynamo.before_write.append(lambda: void(shop.add(token, "logbook", 4)))
    order_id = shop.order(token).body["order_id"]
    (item,) = shop.show_order(token, order_id).body["items"]
    assert item["quantity"] == 5


def test_a_cart_refilled_meanwhile_is_not_mistaken_for_the_old_one(shop: Shop) -> None:
    """Ordered away and filled again in between: the same number of changes would not do."""
    token = shop.sign_up()
    shop.add(token, "cabin-case")

    def meanwhile() -> None:
        shop.order(token, "other")
        shop.add(token, "logbook")

    shop.dynamo.before_write.append(meanwhile)
    order_id = shop.order(token, "mine").body["order_id"]
    (item,) = shop.show_order(token, order_id).body["items"]
    assert item["product_id"] == "logbook"


def test_a_cart_that_never_rests_is_given_back(shop: Shop) -> None:
    token = shop.sign_up()
    shop.add(token, "logbook")
    for _ in range(4):  # each addition is a write itself, and not to be interrupted
        shop.dynamo.before_write += [lambda: void(shop.add(token, "logbook")), lambda: None]
    answer = shop.order(token)
    assert (answer.status, answer.body["code"]) == (409, "cart_changed")
    assert shop.call("get_cart", token=token).body["items"][0]["quantity"] == 5


def test_prices_are_those_of_the_order(shop: Shop) -> None:
    token = shop.sign_up()
    shop.add(token, "logbook")
    order_id = shop.order(token).body["order_id"]
    shop.dynamo.tables["products"]["logbook"]["price_cents"] = {"N": "9999"}
    assert shop.show_order(token, order_id).body["total_cents"] == 1600


def test_delivering_a_message_again_changes_nothing(shop: Shop) -> None:
    token = shop.sign_up()
    shop.add(token, "brass-plane")
    shop.order(token)
    (message,) = shop.queue.take()
    assert shop.deliver([message, message]) == []
    assert shop.deliver([message]) == []
    assert shop.stock()["brass-plane"] == 2


@pytest.mark.parametrize("quantity", [1, 4])
def test_two_workers_with_the_same_message_settle_it_once(shop: Shop, quantity: int) -> None:
    token = shop.sign_up()
    shop.add(token, "brass-plane", quantity)
    order_id = shop.order(token).body["order_id"]
    (message,) = shop.queue.take()
    shop.dynamo.before_write.append(lambda: void(shop.deliver([message])))
    assert shop.deliver([message]) == []
    assert shop.stock()["brass-plane"] == (2 if quantity == 1 else 3)
    assert shop.show_order(token, order_id).body["status"] != "pending"


def test_too_little_stock_rejects_the_whole_order(shop: Shop) -> None:
    token = shop.sign_up()
    shop.add(token, "brass-plane", 4)
    shop.add(token, "logbook")
    before = shop.stock()
    order_id = shop.order(token).body["order_id"]
    assert shop.deliver() == []
    order = shop.show_order(token, order_id).body
    assert order["status"] == "rejected"
    assert order["reason"]["code"] == "insufficient_stock"
    assert "Paper Plane in Brass" in order["reason"]["message"]
    assert "Logbook" not in order["reason"]["message"]
    assert shop.stock() == before


def test_a_rejected_order_stays_rejected(shop: Shop) -> None:
    token = shop.sign_up()
    shop.add(token, "brass-plane", 4)
    order_id = shop.order(token).body["order_id"]
    (message,) = shop.queue.take()
    shop.deliver([message])
    shop.dynamo.tables["products"]["brass-plane"]["stock"] = {"N": "10"}
    shop.deliver([message])
    assert shop.show_order(token, order_id).body["status"] == "rejected"
    assert shop.stock()["brass-plane"] == 10


def test_one_bad_message_does_not_hold_up_the_others(shop: Shop) -> None:
    token = shop.sign_up()
    shop.add(token, "logbook")
    order_id = shop.order(token).body["order_id"]
    (good,) = shop.queue.take()
    messages = ["not json", good, json.dumps({"order_id": "unknown"}), "{}"]
    assert shop.deliver(messages) == ["0", "2", "3"]
    assert shop.show_order(token, order_id).body["status"] == "confirmed"


def test_a_collision_waits_its_turn(shop: Shop) -> None:
    token = shop.sign_up()
    shop.add(token, "logbook")
    order_id = shop.order(token).body["order_id"]
    shop.dynamo.before_write += [collide, collide, collide]
    assert shop.deliver() == []
    assert shop.show_order(token, order_id).body["status"] == "confirmed"


def test_a_collision_without_end_leaves_the_message_to_the_queue(shop: Shop) -> None:
    token = shop.sign_up()
    shop.add(token, "logbook")
    order_id = shop.order(token).body["order_id"]
    shop.dynamo.before_write += [collide] * database.WRITE_ATTEMPTS
    assert shop.deliver() == ["0"]
    assert shop.show_order(token, order_id).body["status"] == "pending"


def test_history_is_newest_first(shop: Shop) -> None:
    token = shop.sign_up()
    placed = []
    for number in range(3):
        shop.add(token, "logbook", number + 1)
        placed.append(shop.order(token, f"order {number}").body["order_id"])
        for order in shop.dynamo.tables["orders"].values():  # a second apart
            if order["order_id"]["S"] == placed[-1]:
                order["placed_at"] = {"S": f"2031-01-01T00:00:0{number}.000+00:00"}
    listed = shop.call("list_orders", token=token).body["orders"]
    assert [order["order_id"] for order in listed] == placed[::-1]
    assert listed[0]["items"][0]["quantity"] == 3


def test_a_failure_of_the_database_is_told_politely(shop: Shop) -> None:
    token = shop.sign_up()
    with mock.patch.object(shop.dynamo, "get_item", side_effect=RuntimeError("secret")):
        answer = shop.call("get_cart", token=token)
    assert (answer.status, answer.body["code"]) == (500, "internal_error")
    assert "secret" not in str(answer)


@settings(deadline=None, max_examples=50)
@given(
    wanted=st.lists(
        st.dictionaries(
            st.sampled_from(["brass-plane", "two-zone-watch", "logbook"]),
            st.integers(1, 6),
            min_size=1,
        ),
        min_size=1,
        max_size=8,
    ),
    copies=st.lists(st.integers(1, 3), min_size=8, max_size=8),
    random=st.randoms(use_true_random=False),
)
def test_what_is_confirmed_is_what_left_the_shelf(
    wanted: list[dict[str, int]], copies: list[int], random: object
) -> None:
    """Whatever is ordered, and however often and in whatever order messages arrive."""
    with opened() as shop:
        before = shop.stock()
        tokens = []
        for number, lines in enumerate(wanted):
            token = shop.sign_up(f"customer{number}@example.com")
            for product_id, quantity in lines.items():
                shop.add(token, product_id, quantity)
            tokens.append((token, shop.order(token).body["order_id"]))
        messages = [
            message
            for message, number in zip(shop.queue.take(), copies, strict=False)
            for _ in range(number)
        ]
        random.shuffle(messages)  # type: ignore[attr-defined]
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda message: shop.deliver([message]), messages)) == [[]] * len(
                messages
            )
        after = shop.stock()
        sold = dict.fromkeys(before, 0)
        for (token, order_id), lines in zip(tokens, wanted, strict=True):
            order = shop.show_order(token, order_id).body
            assert order["status"] in {"confirmed", "rejected"}
            if order["status"] == "confirmed":
                for product_id, quantity in lines.items():
                    sold[product_id] += quantity
        assert {name: before[name] - after[name] for name in before} == sold
        assert min(after.values()) >= 0


def void(_: object) -> None:
    """Only what it did matters."""


def collide() -> None:
    """Another transaction holds the item."""
    reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}]
    raise refusal("TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons)
