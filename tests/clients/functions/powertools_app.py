"""A function as the guide of Powertools writes it: logger, metrics, parser, idempotency, batch."""

import os

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent,
)
from aws_lambda_powertools.utilities.parser import BaseModel, event_parser

logger, tracer, metrics = Logger(), Tracer(), Metrics()
processor = BatchProcessor(event_type=EventType.SQS)
layer = DynamoDBPersistenceLayer(table_name=os.environ.get("TABLE", "none"))
config = IdempotencyConfig(event_key_jmespath="order_id")


class Order(BaseModel):
    order_id: str
    quantity: int


@logger.inject_lambda_context(log_event=True)
@metrics.log_metrics(capture_cold_start_metric=True)
@tracer.capture_lambda_handler
def observed(event, context):
    metrics.add_metric(name="Orders", unit=MetricUnit.Count, value=2)
    logger.info("ordered", extra={"order": event["order_id"]})
    return {"request": context.aws_request_id}


@event_parser(model=Order)
def parsed(event, context):
    return event.model_dump()


@idempotent(persistence_store=layer, config=config)
def once(event, context):
    config.register_lambda_context(context)
    return {"ran": os.urandom(8).hex()}


def one(record):
    if record.body == "bad":
        raise ValueError("bad")


def batch(event, context):
    return process_partial_response(event, one, processor, context)
