"""Tumbling windows: which records belong together, and when the state is lost."""

from hypothesis import given
from hypothesis import strategies as st

from airside.services.lambda_.tumbling import (
    STATE_BYTES_MAX,
    Window,
    event_members,
    has_state,
    runs,
)


def record(at):
    return {"dynamodb": {"ApproximateCreationDateTime": at}}


@given(st.lists(st.floats(0, 5000)).map(sorted), st.integers(1, 900))
def test_each_record_is_in_the_window_of_its_time_and_in_order(times, seconds):
    found = list(runs(map(record, times), seconds))
    assert [each for _, run in found for each in run] == [record(at) for at in times]
    starts = [start for start, _ in found]
    assert starts == sorted(set(starts))
    for start, run in found:
        assert start % seconds == 0
        for each in run:
            assert start <= each["dynamodb"]["ApproximateCreationDateTime"] < start + seconds


def test_what_an_event_of_a_window_tells():
    window = Window(1_606_000_020, 20, {"n": 1})
    told = event_members(window, "shard-1", "arn", final=True, early=False)
    assert told == {
        "window": {"start": "2020-11-21T23:07:00Z", "end": "2020-11-21T23:07:20Z"},
        "state": {"n": 1}, "shardId": "shard-1", "eventSourceARN": "arn",
        "isFinalInvokeForWindow": True, "isWindowTerminatedEarly": False,
    }  # fmt: skip


def test_a_state_has_to_come_back_and_has_a_limit():
    assert has_state({"state": {}})
    for answer in (None, {}, [], "state", {"batchItemFailures": []}):
        assert not has_state(answer)
    assert not Window(0, 1, "x" * (STATE_BYTES_MAX - 2)).is_too_large
    assert Window(0, 1, "x" * (STATE_BYTES_MAX - 1)).is_too_large
