"""Batches of streams: lanes, failures, what destinations are told."""

from hypothesis import given
from hypothesis import strategies as st

from airside.services.lambda_.mapping import Mapping
from airside.services.lambda_.stream_mapping import (
    Failure,
    failure_record,
    first_failed,
    lanes,
    sequence,
)


def record(number, key="a"):
    return {
        "dynamodb": {
            "Keys": {"id": {"S": key}}, "SequenceNumber": str(number),
            "ApproximateCreationDateTime": 1_700_000_000.5 + number,
        }
    }  # fmt: skip


@given(st.lists(st.sampled_from("abcdefgh")), st.integers(1, 10), st.integers(1, 7))
def test_lanes_keep_each_item_in_order_and_lose_nothing(keys, count, size):
    records = [record(number, key) for number, key in enumerate(keys)]
    split = lanes(records, count, size)
    assert len(split) <= count
    flat = [each for lane in split for batch in lane for each in batch]
    assert sorted(flat, key=lambda each: int(sequence(each))) == records
    for lane in split:
        assert all(1 <= len(batch) <= size for batch in lane)
        order = [int(sequence(each)) for batch in lane for each in batch]
        assert order == sorted(order)
    homes: dict[str, set[int]] = {}
    for at, lane in enumerate(split):
        for batch in lane:
            for each in batch:
                homes.setdefault(each["dynamodb"]["Keys"]["id"]["S"], set()).add(at)
    assert all(len(places) == 1 for places in homes.values())


def test_the_first_record_that_failed_decides():
    records = [record(number) for number in (5, 6, 7)]
    failures = lambda *ids: {"batchItemFailures": [{"itemIdentifier": each} for each in ids]}  # noqa: E731
    assert first_failed(None, records) is None
    assert first_failed({}, records) is None
    assert first_failed(failures(), records) is None
    assert first_failed(failures("7", "6"), records) == 1
    for malformed in (failures(""), failures(None), failures("99"), {"batchItemFailures": "7"}):
        assert first_failed(malformed, records) == 0
    assert first_failed({"batchItemFailures": [{"foo": "5"}]}, records) == 0


def test_a_destination_is_told_where_the_records_are():
    mapping = Mapping(
        uuid="u", account_id="0", region="r", source_arn="arn:stream", function_arn="arn:function",
        config={}, enabled=True, modified_at=0,
    )  # fmt: skip
    failure = Failure("shard-1", [record(1), record(3)], "id", "RecordAgeExceeded", 0, "", None)
    told = failure_record(mapping, failure, 1_700_000_100.25)
    assert told == {
        "requestContext": {
            "requestId": "id", "functionArn": "arn:function", "condition": "RecordAgeExceeded",
            "approximateInvokeCount": 0,
        },
        "version": "1.0", "timestamp": "2023-11-14T22:15:00.250Z",
        "DDBStreamBatchInfo": {
            "shardId": "shard-1", "startSequenceNumber": "1", "endSequenceNumber": "3",
            "approximateArrivalOfFirstRecord": "2023-11-14T22:13:21Z",
            "approximateArrivalOfLastRecord": "2023-11-14T22:13:23Z", "batchSize": 2,
            "streamArn": "arn:stream",
        },
    }  # fmt: skip
