"""Groups, streams and events through boto3."""

import time

import pytest


def now_ms() -> int:
    return int(time.time() * 1000)


@pytest.fixture
def logs(aws):
    client = aws("logs")
    client.create_log_group(logGroupName="app")
    client.create_log_stream(logGroupName="app", logStreamName="one")
    client.create_log_stream(logGroupName="app", logStreamName="two")
    return client


def put(logs, stream, *messages, at=None):
    at = at or now_ms()
    return logs.put_log_events(
        logGroupName="app",
        logStreamName=stream,
        logEvents=[{"timestamp": at + n, "message": text} for n, text in enumerate(messages)],
    )


def test_a_stream_is_read_from_its_head_page_by_page(logs):
    put(logs, "one", *[f"event {n}" for n in range(25)])
    found, token = [], None
    while True:
        more = {"nextToken": token} if token else {"startFromHead": True}
        page = logs.get_log_events(logGroupName="app", logStreamName="one", limit=10, **more)
        if token == page["nextForwardToken"]:
            break
        token = page["nextForwardToken"]
        found += [event["message"] for event in page["events"]]
    assert found == [f"event {n}" for n in range(25)]


def test_without_a_start_the_latest_events_come(logs):
    put(logs, "one", *"abcdef")
    page = logs.get_log_events(logGroupName="app", logStreamName="one", limit=2)
    assert [event["message"] for event in page["events"]] == ["e", "f"]
    earlier = logs.get_log_events(
        logGroupName="app", logStreamName="one", limit=2, nextToken=page["nextBackwardToken"]
    )
    assert [event["message"] for event in earlier["events"]] == ["c", "d"]


def test_filter_interleaves_streams_in_time(logs):
    start = now_ms() - 1000
    put(logs, "one", "a1", at=start)
    put(logs, "two", "b", at=start + 5)
    put(logs, "one", "a2", at=start + 9)
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="app", PaginationConfig={"PageSize": 2}
    )
    events = [event for page in pages for event in page["events"]]
    assert [event["message"] for event in events] == ["a1", "b", "a2"]
    assert len({event["eventId"] for event in events}) == 3
    only = logs.filter_log_events(logGroupName="app", logStreamNames=["two"])
    assert [event["message"] for event in only["events"]] == ["b"]
    some = logs.filter_log_events(
        logGroupName="app", startTime=start + 5, endTime=start + 8, filterPattern="b"
    )
    assert [event["message"] for event in some["events"]] == ["b"]


def test_events_too_old_or_too_new_are_reported_not_kept(logs):
    answer = logs.put_log_events(
        logGroupName="app",
        logStreamName="one",
        logEvents=[{"timestamp": now_ms() - 15 * 86400_000, "message": "old"}],
    )
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    assert logs.filter_log_events(logGroupName="app")["events"] == []


def test_a_batch_out_of_order_is_refused(logs):
    at = now_ms()
    with pytest.raises(logs.exceptions.InvalidParameterException, match="chronological order"):
        logs.put_log_events(
            logGroupName="app",
            logStreamName="one",
            logEvents=[{"timestamp": at, "message": "b"}, {"timestamp": at - 1, "message": "a"}],
        )


def test_names_that_are_taken_or_missing(logs):
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException) as taken:
        logs.create_log_group(logGroupName="app")
    assert "The specified log group already exists" in str(taken.value)
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName="app", logStreamName="one")
    with pytest.raises(logs.exceptions.ResourceNotFoundException) as missing:
        logs.filter_log_events(logGroupName="nowhere")
    assert "The specified log group does not exist." in str(missing.value)
    with pytest.raises(logs.exceptions.ResourceNotFoundException) as missing:
        put(logs, "three", "x")
    assert "The specified log stream does not exist." in str(missing.value)


def test_a_deleted_group_that_comes_back_is_empty(logs):
    put(logs, "one", "before")
    logs.delete_log_group(logGroupName="app")
    logs.create_log_group(logGroupName="app")
    assert logs.describe_log_streams(logGroupName="app")["logStreams"] == []
    assert logs.filter_log_events(logGroupName="app")["events"] == []


def test_groups_are_listed_by_prefix_and_pages(logs):
    for n in range(3):
        logs.create_log_group(logGroupName=f"/aws/lambda/f{n}", tags={"n": str(n)})
    pages = logs.get_paginator("describe_log_groups").paginate(
        logGroupNamePrefix="/aws/lambda/", PaginationConfig={"PageSize": 2}
    )
    groups = [group for page in pages for group in page["logGroups"]]
    assert [group["logGroupName"] for group in groups] == [f"/aws/lambda/f{n}" for n in range(3)]
    assert groups[0]["arn"].endswith(":log-group:/aws/lambda/f0:*")
    assert logs.list_tags_for_resource(resourceArn=groups[1]["logGroupArn"])["tags"] == {"n": "1"}


def test_retention(logs):
    logs.put_retention_policy(logGroupName="app", retentionInDays=7)
    (group,) = logs.describe_log_groups()["logGroups"]
    assert group["retentionInDays"] == 7
    logs.delete_retention_policy(logGroupName="app")
    (group,) = logs.describe_log_groups()["logGroups"]
    assert "retentionInDays" not in group


def test_streams_by_their_last_event(logs):
    put(logs, "two", "later", at=now_ms())
    put(logs, "one", "earlier", at=now_ms() - 5000)
    streams = logs.describe_log_streams(
        logGroupName="app", orderBy="LastEventTime", descending=True
    )["logStreams"]
    assert [stream["logStreamName"] for stream in streams] == ["two", "one"]
    assert streams[0]["lastEventTimestamp"] > streams[1]["lastEventTimestamp"]
