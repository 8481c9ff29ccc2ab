"""SnapStart: environments of a published version are copies of one that has run INIT."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import WaiterError
from tests.services.lambda_.conftest import eventually

SOURCE = """
import os, random, secrets, ssl, time, uuid
secrets.token_hex(), ssl.RAND_bytes(8), random.random()  # states that copies inherit
from snapshot_restore_py import register_after_restore, register_before_snapshot
steps = []
register_before_snapshot(lambda: steps.append('before, first registered'))
register_before_snapshot(lambda: steps.append('before, last registered'))

@register_after_restore
def after():
    steps.append('after')

time.sleep(1)
made = uuid.uuid4().hex
open('/tmp/made', 'w').write(made)

def handler(event, context):
    if isinstance(event, dict):
        time.sleep(event['sleep'])
    if event == 'memory':
        return len(bytearray(400 << 20))
    if event == 'write':
        open('/tmp/mine', 'w').write('x')
    if event == 'exit':
        os._exit(3)
    return {'steps': steps, 'made': made, 'tmp': open('/tmp/made').read(), 'files': sorted(os.listdir('/tmp')),
            'random': random.random(), 'drawn': [secrets.token_hex(), ssl.RAND_bytes(8).hex(),
            os.urandom(8).hex(), uuid.uuid4().hex, random.randbytes(8).hex(), random.choice(range(10**9)),
            random.SystemRandom().random()],
            'type': os.environ['AWS_LAMBDA_INITIALIZATION_TYPE'],
            'stream': context.log_stream_name, 'pids': [p for p in os.listdir('/proc') if p.isdigit()]}
"""


@pytest.fixture
def snap(function, client):
    f = function(SOURCE, SnapStart={"ApplyOn": "PublishedVersions"}, Timeout=10, MemorySize=256)
    version = client.publish_version(FunctionName="function")
    assert version["SnapStart"]["OptimizationStatus"] == "On"
    return lambda event=None: f(event, Qualifier=version["Version"])


def at_once(snap, count, seconds=0.5):
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: snap({"sleep": seconds}), range(count)))


def test_copies_share_what_init_made_and_nothing_else(snap):
    snap()
    answers = at_once(snap, 4)
    found = [answer.payload for answer in answers]
    assert len({each["stream"] for each in found}) == 4
    assert len({each["made"] for each in found} | {each["tmp"] for each in found}) == 1
    assert len({each["random"] for each in found}) == 4
    for drawn in zip(*(each["drawn"] for each in found), strict=True):
        assert len(set(drawn)) == 4
    for each in found:
        assert each["type"] == "snap-start"
        assert each["steps"] == ["before, last registered", "before, first registered", "after"]
        assert len(each["pids"]) == 2


def test_a_copy_is_there_at_once_and_says_how_long_it_took(snap):
    snap()
    began = time.monotonic()
    tails = [answer.tail for answer in at_once(snap, 3, 0.2) if "Restore" in answer.tail]
    assert time.monotonic() - began < 1.5  # INIT takes a second, and was not run again
    assert tails
    assert re.search(
        r"\tRestore Duration: \d+\.\d\d ms\tBilled Restore Duration: \d+ ms\t", tails[0]
    )
    assert "Init Duration" not in tails[0]


def test_each_copy_has_its_own_tmp_memory_and_end(snap):
    assert snap("write").payload["files"] == ["made", "mine"]
    answer = snap("memory")
    assert (answer.error, answer.payload["errorType"]) == ("Unhandled", "Runtime.OutOfMemory")
    assert answer.payload["errorMessage"].endswith("Runtime exited with error: signal: killed")
    assert "\tMax Memory Used: 256 MB\t" in answer.tail
    assert "\tStatus: error\tError Type: Runtime.OutOfMemory\t" in answer.tail
    answer = snap("exit")
    assert answer.payload["errorType"] == "Runtime.ExitError"
    assert answer.payload["errorMessage"].endswith("exit status 3")
    assert snap().payload["files"] == ["made"]  # a new copy: the other's files are its own


def test_what_is_not_published_runs_init_as_ever(function):
    f = function(SOURCE, SnapStart={"ApplyOn": "PublishedVersions"}, Timeout=10)
    answer = f()
    assert answer.payload["type"] == "on-demand"
    assert answer.payload["steps"] == []
    assert "Init Duration" in answer.tail


def test_a_failing_init_says_why(function, client):
    function("1/0", SnapStart={"ApplyOn": "PublishedVersions"})
    published = client.publish_version(FunctionName="function")
    reason = "An error occurred during function initialization."
    assert (published["State"], published["StateReasonCode"], published["StateReason"]) == (
        "Failed", "FunctionError", reason
    )  # fmt: skip
    one = {"FunctionName": "function", "Qualifier": published["Version"]}
    with pytest.raises(WaiterError):
        client.get_waiter("published_version_active").wait(**one)
    for kind in ("RequestResponse", "Event"):
        with pytest.raises(client.exceptions.ResourceConflictException, match="state: Failed"):
            client.invoke(**one, InvocationType=kind)
    with pytest.raises(client.exceptions.ResourceConflictException, match="'FunctionError'"):
        client.create_alias(FunctionName="function", FunctionVersion="1", Name="live")
    assert client.get_function_configuration(FunctionName="function")["State"] == "Active"
    assert [set(each) & {"State", "StateReason"} for each in
            client.list_versions_by_function(FunctionName="function")["Versions"]] == [set()] * 2  # fmt: skip


TICKING = """
import threading, time
ticks = 0

def tick():
    global ticks
    while True:
        time.sleep(0.01)
        ticks += 1

def handler(event, context):
    if event == "start":
        threading.Thread(target=tick, daemon=True).start()
        time.sleep(0.1)
    return ticks
"""


def test_copies_are_frozen_between_events(function, client):
    function(TICKING, Publish=True, SnapStart={"ApplyOn": "PublishedVersions"})

    def call(event):
        answer = client.invoke(FunctionName="function", Qualifier="1", Payload=json.dumps(event))
        return json.load(answer["Payload"])

    before = call("start")
    time.sleep(1)
    assert 0 < before <= call("look") < before + 30


def test_a_hook_before_the_snapshot_that_fails_says_why(function, client, aws):
    source = (
        "import snapshot_restore_py\n"
        "def stop(): raise LookupError('not yet')\n"
        "snapshot_restore_py.register_before_snapshot(stop)\n"
        "def handler(e, c): pass\n"
    )
    function(source, Publish=True, SnapStart={"ApplyOn": "PublishedVersions"})
    one = client.get_function_configuration(FunctionName="function", Qualifier="1")
    assert (one["State"], one["StateReasonCode"]) == ("Failed", "FunctionError")
    logs = aws("logs")

    def told():
        if not logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/function")["logGroups"]:
            return None
        events = logs.filter_log_events(logGroupName="/aws/lambda/function")["events"]
        return "".join(event["message"] for event in events)

    eventually(lambda: "[ERROR] LookupError: not yet" in (told() or ""))
    assert "Phase: init\tStatus: error\tError Type: Runtime.Unknown\n" in told()


def test_the_log_tells_of_init_and_of_each_copy(snap, aws):
    snap()
    logs = aws("logs")

    def streams():
        if not logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/function")["logGroups"]:
            return None
        events = logs.filter_log_events(logGroupName="/aws/lambda/function")["events"]
        found = {}
        for event in events:
            found.setdefault(event["logStreamName"], []).append(event["message"])
        return (
            list(found.values())
            if any("REPORT Req" in each["message"] for each in events)
            else None
        )

    init, copy = sorted(eventually(streams), key=len)
    version = r"Runtime Version: python:3\.11\.v1\tRuntime Version ARN: arn:aws:lambda:\S+\n"
    assert re.fullmatch(
        rf"INIT_START {version}INIT_REPORT Init Duration: [\d.]+ ms\n", "".join(init)
    )
    assert re.match(rf"RESTORE_START {version}RESTORE_REPORT Restore Duration: [\d.]+ ms\nSTART",
                    "".join(copy))  # fmt: skip
