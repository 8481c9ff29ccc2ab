"""The shop's functions, called as the HTTP API and the queue call them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

from fake_aws import FakeDynamo, FakeQueue

FUNCTIONS = Path(__file__).parent.parent / "functions"

ENVIRONMENT = {
    "PRODUCTS_TABLE": "products",
    "CARTS_TABLE": "carts",
    "ORDERS_TABLE": "orders",
    "ORDERS_BY_USER_INDEX": "by-user",
    "USERS_TABLE": "users",
    "SESSIONS_TABLE": "sessions",
    "ORDERS_QUEUE_URL": "https://sqs.example/orders",
}

# The functions read their environment and make their clients when they are imported.
with mock.patch.dict(os.environ, ENVIRONMENT), mock.patch("boto3.client"):
    HANDLERS: dict[str, ModuleType] = {
        path.stem: import_module(path.stem) for path in FUNCTIONS.glob("*.py")
    }

from shop import database, order_queue, passwords  # noqa: E402

CHEAP = passwords.Cost(n=2, r=1, p=1)


@dataclass
class Answer:
    """What a caller of the API sees."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


class Shop:
    """The deployed shop, as far as its functions can tell."""

    def __init__(self) -> None:
        self.dynamo = FakeDynamo(
            keys={
                "products": "id",
                "carts": "user_id",
                "orders": "order_id",
                "users": "email",
                "sessions": "token_hash",
            },
            indexes={("orders", "by-user"): ("user_id", "placed_at")},
        )
        self.queue = FakeQueue()

    def call(
        self,
        function: str,
        body: object = None,
        *,
        token: str | None = None,
        path: dict[str, str] | None = None,
    ) -> Answer:
        """Invoke a function with an event of the HTTP API."""
        event: dict[str, Any] = {"version": "2.0", "headers": {}, "isBase64Encoded": False}
        if body is not None:
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        if token:
            event["headers"]["authorization"] = f"Bearer {token}"
        if path:
            event["pathParameters"] = path
        answer = HANDLERS[function].handler(event, None)
        assert answer["headers"]["content-type"] == "application/json"
        return Answer(answer["statusCode"], answer["headers"], json.loads(answer["body"]))

    def sign_up(self, email: str = "ana@example.com") -> str:
        """A new customer's token."""
        answer = self.call("sign_up", {"email": email, "password": "correct horse"})
        assert answer.status == 200, answer
        return str(answer.body["token"])

    def add(self, token: str, product_id: str, quantity: int = 1) -> Answer:
        """Put something in a customer's cart."""
        wanted = {"product_id": product_id, "quantity": quantity}
        return self.call("add_to_cart", wanted, token=token)

    def order(self, token: str, client_token: str = "once") -> Answer:
        """Buy what is in a customer's cart."""
        return self.call("place_order", {"client_token": client_token}, token=token)

    def show_order(self, token: str, order_id: str) -> Answer:
        """Look at an order."""
        return self.call("get_order", token=token, path={"order_id": order_id})

    def deliver(self, bodies: list[str] | None = None) -> list[str]:
        """Give the queue's messages, or these, to ProcessOrder; the answer is which failed."""
        waiting = self.queue.take() if bodies is None else bodies
        records = [{"messageId": str(i), "body": body} for i, body in enumerate(waiting)]
        answer = HANDLERS["process_order"].handler({"Records": records}, None)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def stock(self) -> dict[str, int]:
        """How many of each product are left."""
        return {
            product["id"]: product["stock"]
            for product in self.call("list_products").body["products"]
        }


@contextmanager
def opened() -> Iterator[Shop]:
    """A new shop for as long as the block lasts; property tests open one for each example."""
    shop = Shop()
    with (
        mock.patch.object(database, "dynamodb", shop.dynamo),
        mock.patch.object(database, "BACKOFF_SECONDS", 0.0),
        mock.patch.object(order_queue, "sqs", shop.queue),
        mock.patch.object(passwords, "COST", CHEAP),
    ):
        yield shop
