"""The queue between the counter and the store room."""

import json
import os
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shop.web import ShopError, logger

QUEUE_URL = os.environ["ORDERS_QUEUE_URL"]

sqs: Any = boto3.client(
    "sqs",
    config=Config(
        connect_timeout=1,
        read_timeout=2,
        retries={"mode": "standard", "total_max_attempts": 2},
    ),
)


def send(order_id: str) -> None:
    """Ask for an order to be processed. Asking twice does no harm."""
    try:
        sqs.send_message(QueueUrl=QUEUE_URL, MessageBody=json.dumps({"order_id": order_id}))
    except (BotoCoreError, ClientError) as error:
        logger.exception("Order %s is written but not queued", order_id)
        message = "We have your order but could not start on it yet. Please send it again."
        raise ShopError(503, "order_not_queued", message) from error


def order_id_of(record: dict[str, Any]) -> str:
    """Which order a delivered message is about."""
    return str(json.loads(record["body"])["order_id"])
