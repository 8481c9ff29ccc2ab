"""Carts: what a customer means to buy. Nothing is reserved; stock is settled with the order.

A cart is one item with one number attribute per product (`line:PRODUCT`), so a quantity changes
atomically without being read first. `version` counts every change and is never reset: an order
takes over exactly the cart it was priced from, or none.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from shop import database, products
from shop.web import Body, ShopError

TABLE = os.environ["CARTS_TABLE"]
LINE = "line:"
QUANTITY_MAX = 99  # of one product


@dataclass(frozen=True)
class Cart:
    """Quantities by product id."""

    user_id: str
    version: int = 0
    quantities: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """A product and how many of it, at the price of this moment."""

    product_id: str
    name: str
    price_cents: int
    quantity: int


def check_quantity(quantity: object) -> int:
    """A number of pieces somebody may put in a cart."""
    # JSON's true is Python's True, which is an int.
    if type(quantity) is int and 1 <= quantity <= QUANTITY_MAX:
        return quantity
    message = f"The quantity has to be a whole number from 1 to {QUANTITY_MAX}."
    raise ShopError(400, "invalid_quantity", message)


def read(user_id: str) -> Cart:
    """The cart as it stands now, possibly empty."""
    return _from_item(user_id, database.get(TABLE, {"user_id": user_id}) or {})


def add(user_id: str, product_id: str, quantity: int) -> Cart:
    """Put more of a product in the cart."""
    try:
        return _update(
            user_id,
            product_id,
            "ADD #line :quantity, #version :one",
            {":quantity": quantity, ":room": QUANTITY_MAX - quantity},
            condition="attribute_not_exists(#line) OR #line <= :room",
        )
    except ClientError as error:
        if not database.condition_failed(error):
            raise
        message = f"A cart holds at most {QUANTITY_MAX} of one product."
        raise ShopError(409, "cart_full", message) from error


def set_quantity(user_id: str, product_id: str, quantity: int) -> Cart:
    """Have exactly this many of a product in the cart."""
    expression = "SET #line = :quantity ADD #version :one"
    return _update(user_id, product_id, expression, {":quantity": quantity})


def remove(user_id: str, product_id: str) -> Cart:
    """Take a product out. One that is not there is what was wanted."""
    return _update(user_id, product_id, "REMOVE #line ADD #version :one", {})


def emptying(cart: Cart) -> dict[str, Any]:
    """The transaction's action that empties this cart, if it is still this cart."""
    lines = {f"#line{i}": LINE + product_id for i, product_id in enumerate(cart.quantities)}
    return {
        "TableName": TABLE,
        "Key": {"user_id": {"S": cart.user_id}},
        "UpdateExpression": f"REMOVE {', '.join(lines)} ADD #version :one",
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"} | lines,
        "ExpressionAttributeValues": database.to_item({":version": cart.version, ":one": 1}),
    }


def priced(cart: Cart) -> list[Line]:
    """The cart's lines at today's prices, as on the shelf; a withdrawn product drops out."""
    found = products.find(cart.quantities)
    return [
        Line(product.id, product.name, product.price_cents, cart.quantities[product.id])
        for product in sorted(found.values(), key=lambda product: product.position)
    ]


def total_cents(lines: list[Line]) -> int:
    """What these lines cost together."""
    return sum(line.price_cents * line.quantity for line in lines)


def to_body(cart: Cart) -> Body:
    """The cart as the API shows it."""
    lines = priced(cart)
    return {"items": [asdict(line) for line in lines], "total_cents": total_cents(lines)}


def _update(
    user_id: str,
    product_id: str,
    expression: str,
    values: Mapping[str, int],
    condition: str | None = None,
) -> Cart:
    answer = database.write(
        lambda: database.dynamodb.update_item(
            TableName=TABLE,
            Key={"user_id": {"S": user_id}},
            UpdateExpression=expression,
            ExpressionAttributeNames={"#line": LINE + product_id, "#version": "version"},
            ExpressionAttributeValues=database.to_item({**values, ":one": 1}),
            ReturnValues="ALL_NEW",
            **({"ConditionExpression": condition} if condition else {}),
        )
    )
    return _from_item(user_id, database.from_item(answer["Attributes"]))


def _from_item(user_id: str, item: Mapping[str, Any]) -> Cart:
    quantities = {
        name.removeprefix(LINE): quantity
        for name, quantity in item.items()
        if name.startswith(LINE)
    }
    return Cart(user_id, item.get("version", 0), quantities)
