"""Mappings of DynamoDB Streams: their configuration, events, and what a failed batch becomes. Pure.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

import zlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from airside.kernel import Arn, Request
from airside.kernel.clock import iso8601
from airside.services.lambda_ import errors
from airside.services.lambda_.mapping import Mapping

BATCH_DEFAULT = 100
BATCH_MAX = 10_000
RECORD_AGE_SECONDS_MIN = 60
FOREVER = -1
EXHAUSTED = "RetryAttemptsExhausted"
TOO_OLD = "RecordAgeExceeded"
MEMBERS = (
    "StartingPosition", "ParallelizationFactor", "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError", "MaximumRetryAttempts", "TumblingWindowInSeconds",
    "DestinationConfig",
)  # fmt: skip
"""Those that queues do not have."""

Record = dict[str, Any]


def configure(old: dict[str, Any], request: Request, arn: str) -> dict[str, Any]:
    """The configuration after a change. Raises InvalidParameterValueException."""
    config = dict(old) or {
        "BatchSize": BATCH_DEFAULT, "MaximumBatchingWindowInSeconds": 0,
        "FunctionResponseTypes": [], "ParallelizationFactor": 1,
        "MaximumRecordAgeInSeconds": FOREVER, "BisectBatchOnFunctionError": False,
        "MaximumRetryAttempts": FOREVER, "TumblingWindowInSeconds": 0,
        "DestinationConfig": {"OnFailure": {}}, "StartingPosition": _start(request, arn),
    }  # fmt: skip
    for member in (*config, "FilterCriteria", "KMSKeyArn", "MetricsConfig"):
        if member in request:
            config[member] = request[member]
    if not (config.get("FilterCriteria") or {}).get("Filters"):
        config.pop("FilterCriteria", None)
    if config["TumblingWindowInSeconds"] and config["ParallelizationFactor"] != 1:
        raise _invalid("Tumbling windows can only be used with a parallelization factor of 1.")
    if not 1 <= config["BatchSize"] <= BATCH_MAX:
        raise _invalid(f"Batch size must be between 1 and {BATCH_MAX} for DynamoDB streams.")
    age = config["MaximumRecordAgeInSeconds"]
    if age != FOREVER and age < RECORD_AGE_SECONDS_MIN:
        raise _invalid(
            f"1 validation error detected: Value '{age}' at 'maximumRecordAgeInSeconds' failed to "
            "satisfy constraint: Member must be -1 or greater than or equal to "
            f"{RECORD_AGE_SECONDS_MIN}"
        )
    config["DestinationConfig"] = {
        "OnFailure": (config["DestinationConfig"] or {}).get("OnFailure") or {}
    }
    _check_destination(config["DestinationConfig"]["OnFailure"].get("Destination"))
    return config


def _start(request: Request, arn: str) -> str:
    start: str | None = request.get("StartingPosition")
    if start is None:
        raise _invalid(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy "
            "constraint: Member must not be null."
        )
    if start == "AT_TIMESTAMP":
        raise _invalid(f"Unsupported starting position for arn type: {arn}")
    return start


def _check_destination(arn: str | None) -> None:
    if arn and Arn.parse(arn).service not in {"sqs", "sns", "s3"}:
        raise _invalid(f"The destination ARN {arn} is invalid.")


def event(mapping: Mapping, records: list[Record]) -> dict[str, Any]:
    """The event that a batch of records becomes."""
    return {"Records": [event_record(mapping, record) for record in records]}


def event_record(mapping: Mapping, record: Record) -> dict[str, Any]:
    """One record as functions and filters see it."""
    change = dict(record["dynamodb"])
    # Whole seconds, and yet written with a point.
    change["ApproximateCreationDateTime"] = float(int(change["ApproximateCreationDateTime"]))
    shown = {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": record["eventVersion"],
        "eventSource": record["eventSource"],
        "awsRegion": record["awsRegion"],
        "dynamodb": change,
        "eventSourceARN": mapping.source_arn,
    }
    if identity := record.get("userIdentity"):
        shown["userIdentity"] = {"principalId": identity["PrincipalId"], "type": identity["Type"]}
    return shown


def sequence(record: Record) -> str:
    """A record's place in its shard."""
    number: str = record["dynamodb"]["SequenceNumber"]
    return number


def lanes(records: Iterable[Record], count: int, size: int) -> list[list[list[Record]]]:
    """Batches that may run at once, lane by lane: an item's changes stay in one lane, in order."""
    if count == 1:
        split = [list(records)]
    else:
        split = [[] for _ in range(count)]
        for record in records:
            keys = msgspec.json.encode(record["dynamodb"]["Keys"], order="sorted")
            split[zlib.crc32(keys) % count].append(record)
    return [
        [lane[at : at + size] for at in range(0, len(lane), size)] for lane in split if lane
    ]  # fmt: skip


def first_failed(payload: Any, records: list[Record]) -> int | None:
    """Where a function says its batch failed first: an index, or None when all is well.

    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """
    failures = payload.get("batchItemFailures") if isinstance(payload, dict) else None
    if not failures:
        return None
    if not isinstance(failures, list):
        return 0
    places = {sequence(record): at for at, record in enumerate(records)}
    found = []
    for failure in failures:
        item = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if not isinstance(item, str) or item not in places:
            return 0
        found.append(places[item])
    return min(found)


class Failure(NamedTuple):
    """A batch that is given up."""

    shard_id: str
    records: list[Record]
    request_id: str
    condition: str
    attempts: int
    version: str
    function_error: bool | None
    """Whether the function itself failed; None when it was not called."""


def failure_record(mapping: Mapping, failure: Failure, now: float) -> dict[str, Any]:
    """What the on-failure destination gets: where the records are, not the records."""
    first, last = failure.records[0], failure.records[-1]
    told: dict[str, Any] = {
        "requestContext": {
            "requestId": failure.request_id,
            "functionArn": mapping.function_arn,
            "condition": failure.condition,
            "approximateInvokeCount": failure.attempts,
        },
    }
    if failure.function_error is not None:
        told["responseContext"] = {
            "statusCode": 200,
            "executedVersion": failure.version,
            "functionError": "Unhandled" if failure.function_error else None,
        }
    return {
        **told,
        "version": "1.0",
        "timestamp": iso8601(now),
        "DDBStreamBatchInfo": {
            "shardId": failure.shard_id,
            "startSequenceNumber": sequence(first),
            "endSequenceNumber": sequence(last),
            "approximateArrivalOfFirstRecord": _moment(first),
            "approximateArrivalOfLastRecord": _moment(last),
            "batchSize": len(failure.records),
            "streamArn": mapping.source_arn,
        },
    }


def _moment(record: Record) -> str:
    at = int(record["dynamodb"]["ApproximateCreationDateTime"])
    return iso8601(at).partition(".")[0].rstrip("Z") + "Z"


def _invalid(message: str) -> errors.InvalidParameterValueException:
    return errors.InvalidParameterValueException(message, Type="User")
