"""Fed by the queue: take the stock for an order, or reject it."""

import logging
from typing import Any

from shop import order_queue, orders

logger = logging.getLogger("shop")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Process a batch. Only the messages that failed are delivered again."""
    failures = []
    for record in event["Records"]:
        try:
            process(order_queue.order_id_of(record))
        except Exception:  # one bad message must not hold up its neighbours
            logger.exception("Message %s was not processed", record["messageId"])
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def process(order_id: str) -> None:
    """Settle one order, unless an earlier delivery has."""
    order = orders.find(order_id)
    if order is None:
        raise LookupError(f"Order {order_id} does not exist")
    if order.status == orders.PENDING:
        orders.settle(order)
