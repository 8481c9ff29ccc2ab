"""Event source mappings: the record, its checks, and the events made of messages. Pure."""

import base64
from typing import Any

import msgspec
from msgspec import Struct

from airside.kernel import Arn, OperationNotImplemented, Request
from airside.services.lambda_ import errors

STORED = (
    "BatchSize", "MaximumBatchingWindowInSeconds", "FilterCriteria", "ScalingConfig",
    "FunctionResponseTypes", "KMSKeyArn", "MetricsConfig", "LoggingConfig",
    "ProvisionedPollerConfig",
)  # fmt: skip
STREAMS_ONLY = (
    "StartingPosition", "DestinationConfig", "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError", "MaximumRetryAttempts", "TumblingWindowInSeconds",
    "ParallelizationFactor",
)  # fmt: skip
QUEUE_BATCH_DEFAULT = 10
QUEUE_BATCH_MAX = 10_000
FIFO_BATCH_MAX = 10
RECEIVE_MAX = 10
"""Messages in one ReceiveMessage."""


class Mapping(Struct, kw_only=True):
    """What one poller does."""

    uuid: str
    account_id: str
    region: str
    source_arn: str
    function_arn: str
    """As it was named: with its qualifier, if any."""
    config: dict[str, Any]
    enabled: bool
    modified_at: float
    created_at: float = 0.0
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    last_result: str = ""

    @property
    def arn(self) -> str:
        """Its own ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:event-source-mapping:{self.uuid}"

    @property
    def reports_failures(self) -> bool:
        """Whether the function says which items of a batch failed."""
        return "ReportBatchItemFailures" in self.config.get("FunctionResponseTypes", ())

    @property
    def source(self) -> Arn:
        """The source's ARN, taken apart."""
        return Arn.parse(self.source_arn)


def describe(mapping: Mapping, state: str = "", last_result: str = "") -> dict[str, Any]:
    """EventSourceMappingConfiguration."""
    stream = mapping.source.service == "dynamodb"
    last = last_result or mapping.last_result or ("No records processed" if stream else None)
    return {
        "UUID": mapping.uuid,
        **mapping.config,
        "EventSourceArn": mapping.source_arn,
        "FunctionArn": mapping.function_arn,
        "LastModified": mapping.modified_at,
        "LastProcessingResult": last,
        "State": state or ("Enabled" if mapping.enabled else "Disabled"),
        "StateTransitionReason": "User action" if stream else "USER_INITIATED",
        "EventSourceMappingArn": mapping.arn,
    }


def check_source(arn: str) -> Arn:
    """Take apart a source's ARN. Raises what AWS, or what is not implemented, calls for."""
    try:
        source = Arn.parse(arn)
    except ValueError:
        raise _invalid("Unrecognized event source.") from None
    if source.service in {"kinesis", "kafka", "mq", "rds"}:
        raise OperationNotImplemented(
            f"Event source mappings for {source.service} are not implemented; those for sqs and "
            "dynamodb are."
        )
    if source.service not in {"sqs", "dynamodb"} or (
        source.service == "dynamodb" and "/stream/" not in source.resource
    ):
        raise _invalid("Unrecognized event source.")
    return source


def configure(old: dict[str, Any], request: Request, *, fifo: bool) -> dict[str, Any]:
    """The configuration after a change. Raises InvalidParameterValueException."""
    config = dict(old) or {
        "BatchSize": QUEUE_BATCH_DEFAULT,
        "MaximumBatchingWindowInSeconds": 0,
        "FunctionResponseTypes": [],
    }
    for member in STREAMS_ONLY:
        if request.get(member):
            raise _invalid(f"Unsupported {member} parameter for given event source mapping type.")
    for member in STORED:
        if member in request:
            config[member] = request[member]
    batch, window = config["BatchSize"], config["MaximumBatchingWindowInSeconds"]
    limit = FIFO_BATCH_MAX if fifo else QUEUE_BATCH_MAX
    if not 1 <= batch <= limit:
        raise _invalid(
            f"Batch size must be between 1 and {limit} for {'FIFO' if fifo else 'standard'} queues."
        )
    if fifo and window:
        raise _invalid("Batching window is not supported for FIFO queues")
    if batch > RECEIVE_MAX and not window:
        raise _invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
            "greater than 10"
        )
    for member in ("ScalingConfig", "FilterCriteria"):
        if not any((config.get(member) or {}).values()):
            config.pop(member, None)
    return config


def queue_event(mapping: Mapping, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The event that a batch of messages becomes."""
    return {"Records": [_record(mapping, message) for message in messages]}


def _record(mapping: Mapping, message: dict[str, Any]) -> dict[str, Any]:
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes") or {},
        "messageAttributes": {
            name: _attribute(value)
            for name, value in (message.get("MessageAttributes") or {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": mapping.source_arn,
        "awsRegion": mapping.region,
    }
    if message.get("MD5OfMessageAttributes"):
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if value.get("StringValue") is not None:
        result["stringValue"] = value["StringValue"]
    if value.get("BinaryValue") is not None:
        result["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return {**result, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}


def failed_items(payload: Any, ids: list[str]) -> set[str]:
    """Which messages a function's answer says have failed; all when it is malformed.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    if payload in (None, "") or payload == {}:
        return set()
    if not isinstance(payload, dict):
        return set()
    failures = payload.get("batchItemFailures")
    if not failures:
        return set()
    everything = set(ids)
    failed = set()
    if not isinstance(failures, list):
        return everything
    for failure in failures:
        item = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if not item or item not in everything:
            return everything
        failed.add(item)
    return failed


def _invalid(message: str) -> errors.InvalidParameterValueException:
    return errors.InvalidParameterValueException(message, Type="User")
