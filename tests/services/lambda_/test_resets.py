"""An environment that an event ends comes back with the next one: its /tmp and log, a new process."""

import re

import pytest
from tests.services.lambda_.conftest import eventually

SOURCE = """
import os, sys, time
time.sleep(0.3)
calls = 0

def handler(event, context):
    global calls
    calls += 1
    what = event or ""
    open("/tmp/log", "a").write(what + ",")
    if what == "sleep":
        time.sleep(60)
    if what == "exit":
        os._exit(3)
    if what == "memory":
        return len(bytearray(600 << 20))
    return [calls, open("/tmp/log").read(), context.log_stream_name]
"""


@pytest.mark.parametrize(
    ("end", "kind"),
    [("sleep", "Sandbox.Timedout"), ("exit", "Runtime.ExitError"),
     ("memory", "Runtime.OutOfMemory")],
)  # fmt: skip
def test_what_an_event_ends_comes_back_with_its_tmp(function, end, kind):
    f = function(SOURCE, Timeout=2, MemorySize=256)
    calls, written, stream = f("one").payload
    assert (calls, written) == (1, "one,")
    assert f(end).payload["errorType"] == kind
    again = f("two")
    assert again.payload == [1, f"one,{end},two,", stream]
    report = again.tail.splitlines()[-1]
    assert "Init Duration" not in report
    assert float(re.search(r"\tDuration: ([\d.]+) ms", report)[1]) >= 300
    assert f("three").payload[0] == 2


def test_the_log_says_so(function, aws):
    f = function(SOURCE, Timeout=2)
    stream = f("one").payload[2]
    f("exit")
    f("two")
    logs = aws("logs")

    def lines():
        if not logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/function")["logGroups"]:
            return None
        events = logs.filter_log_events(logGroupName="/aws/lambda/function")["events"]
        assert {event["logStreamName"] for event in events} <= {stream}
        texts = [event["message"].split()[0] for event in events]
        return texts if texts.count("REPORT") == 3 else None

    whole = ["START", "END", "REPORT"]
    ended = ["START", "RequestId:", "END", "REPORT"]
    assert eventually(lines) == ["INIT_START", *whole, *ended, "INIT_START", *whole]


def test_an_init_that_fails_keeps_its_tmp_for_the_second_try(function):
    source = (
        "import os\n"
        "tried = os.path.exists('/tmp/tried')\n"
        "open('/tmp/tried', 'w').close()\n"
        "if not tried: raise ValueError('not yet')\n"
        "def handler(e, c): return 'second'"
    )
    answer = function(source)()
    assert answer.payload == "second"
    assert "Init Duration" not in answer.tail.splitlines()[-1]
    assert answer.tail.startswith("[ERROR] ValueError: not yet\n")
    assert answer.tail.count("INIT_REPORT") == 1
    assert re.search(r"Error Type: Runtime.Unknown\nSTART .*\nEND .*\nREPORT ", answer.tail)


def test_init_in_an_event_has_the_time_of_the_event(function):
    source = (
        "import os, time\n"
        "if os.path.exists('/tmp/slow'): time.sleep(60)\n"
        "def handler(e, c):\n"
        "    open('/tmp/slow', 'w').close()\n"
        "    os._exit(1)"
    )
    f = function(source, Timeout=1)
    assert f().payload["errorType"] == "Runtime.ExitError"
    answer = f()
    assert answer.payload["errorType"] == "Sandbox.Timedout"
    shape = [line.split()[0] for line in answer.tail.splitlines() if line]
    assert shape[:2] == ["INIT_REPORT", "START"]
    assert re.search(r"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: invoke\tStatus: timeout\n",
                     answer.tail)  # fmt: skip
    assert "\tDuration: 1000.00 ms\t" in answer.tail
