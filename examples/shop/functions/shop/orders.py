"""Orders: pending when placed, then confirmed or rejected, once."""

import hashlib
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from shop import carts, database, products
from shop.carts import Cart, Line
from shop.web import Body

TABLE = os.environ["ORDERS_TABLE"]
BY_USER_INDEX = os.environ["ORDERS_BY_USER_INDEX"]
HISTORY_LENGTH_MAX = 50

PENDING = "pending"
CONFIRMED = "confirmed"
REJECTED = "rejected"


@dataclass(frozen=True)
class Order:
    """What was bought, at the prices of that moment."""

    order_id: str
    user_id: str
    status: str
    placed_at: str
    lines: list[Line]
    total_cents: int
    reason: dict[str, str] | None = None

    @classmethod
    def from_item(cls, item: dict[str, Any]) -> "Order":
        """Read an item of the table, or of the index, which carries less."""
        lines = [Line(**line) for line in item["lines"]]
        rest = {name: item[name] for name in ("order_id", "user_id", "status", "placed_at")}
        return cls(**rest, lines=lines, total_cents=item["total_cents"], reason=item.get("reason"))

    def to_item(self) -> dict[str, Any]:
        """The order as the table keeps it."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def to_body(self) -> Body:
        """The order as the API shows it."""
        body = self.to_item()
        body["items"] = body.pop("lines")
        del body["user_id"]
        return body


def order_id_for(user_id: str, client_token: str) -> str:
    """The order's id follows from the token, so one token can only ever be one order."""
    return hashlib.sha256(f"{user_id}/{client_token}".encode()).hexdigest()[:32]


def draft(order_id: str, cart: Cart, lines: list[Line]) -> Order:
    """An order for this cart, not yet written."""
    placed_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return Order(order_id, cart.user_id, PENDING, placed_at, lines, carts.total_cents(lines))


def find(order_id: str) -> Order | None:
    """The order with this id as it stands now."""
    item = database.get(TABLE, {"order_id": order_id})
    return Order.from_item(item) if item else None


def newest_of(user_id: str) -> list[Order]:
    """A customer's orders, newest first."""
    answer = database.dynamodb.query(
        TableName=TABLE,
        IndexName=BY_USER_INDEX,
        KeyConditionExpression="#user_id = :user_id",
        ExpressionAttributeNames={"#user_id": "user_id"},
        ExpressionAttributeValues={":user_id": {"S": user_id}},
        ScanIndexForward=False,
        Limit=HISTORY_LENGTH_MAX,
    )
    return [Order.from_item(database.from_item(item)) for item in answer["Items"]]


def place(order: Order, cart: Cart) -> bool:
    """Write the order and empty its cart, both or neither. False if either has changed."""
    new_order = {
        "TableName": TABLE,
        "Item": database.to_item(order.to_item()),
        "ConditionExpression": "attribute_not_exists(#order_id)",
        "ExpressionAttributeNames": {"#order_id": "order_id"},
    }
    actions = [{"Put": new_order}, {"Update": carts.emptying(cart)}]
    try:
        database.write(lambda: database.dynamodb.transact_write_items(TransactItems=actions))
    except ClientError as error:
        if any(database.failed_conditions(error)):
            return False
        raise
    return True


def settle(order: Order) -> None:
    """Take the stock and confirm, both or neither; reject if there is not enough of everything.

    Both outcomes demand that the order is still pending, so however often a message is delivered,
    stock is taken once.
    """
    taking = [{"Update": _taking(line)} for line in order.lines]
    confirming = {"Update": _settling(order, CONFIRMED)}
    actions = [*taking, confirming]
    try:
        database.write(lambda: database.dynamodb.transact_write_items(TransactItems=actions))
    except ClientError as error:
        *short, settled_before = database.failed_conditions(error) or [False]
        if settled_before:
            return
        if not any(short):
            raise
        missing = [line.name for line, is_short in zip(order.lines, short, strict=True) if is_short]
        _reject(order, missing)


def _reject(order: Order, missing: list[str]) -> None:
    message = f"We no longer have enough of: {', '.join(missing)}."
    update = _settling(order, REJECTED, {"code": "insufficient_stock", "message": message})
    try:
        database.write(lambda: database.dynamodb.update_item(**update))
    except ClientError as error:
        if not database.condition_failed(error):  # settled meanwhile by another delivery
            raise


def _taking(line: Line) -> dict[str, Any]:
    return {
        "TableName": products.TABLE,
        "Key": {"id": {"S": line.product_id}},
        "UpdateExpression": "SET #stock = #stock - :quantity",
        "ConditionExpression": "#stock >= :quantity",
        "ExpressionAttributeNames": {"#stock": "stock"},
        "ExpressionAttributeValues": database.to_item({":quantity": line.quantity}),
    }


def _settling(order: Order, status: str, reason: dict[str, str] | None = None) -> dict[str, Any]:
    names = {"#status": "status"}
    values: dict[str, object] = {":status": status, ":pending": PENDING}
    expression = "SET #status = :status"
    if reason:
        expression += ", #reason = :reason"
        names["#reason"] = "reason"
        values[":reason"] = reason
    return {
        "TableName": TABLE,
        "Key": {"order_id": {"S": order.order_id}},
        "UpdateExpression": expression,
        "ConditionExpression": "#status = :pending",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": database.to_item(values),
    }
