"""The variable that names an event's trace."""

import asyncio
import json
import subprocess
import sys

from tests.unit.runtime.conftest import event

from airside.runtime.spec import Event

SEEN = """import os, subprocess
def handler(event, context):
    if event == "changed":
        os.environ["_X_AMZN_TRACE_ID"] = "changed"
    if event == "cleared":
        os.environ.clear()
    child = subprocess.run(["/bin/sh", "-c", "echo $_X_AMZN_TRACE_ID"], capture_output=True)
    return os.environ.get("_X_AMZN_TRACE_ID"), child.stdout.decode().strip()
"""
MANY = """import os, sys
from airside.runtime.guest.tracing import TraceVariable
def used(): return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
trace = TraceVariable()
trace.set("Root=1")
before = used()
for number in range(30_000):
    trace.set(f"Root=1-{number:08x}-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0")
sys.exit(used() - before > 1 << 20)
"""


def traced(payload: object, trace_id: str) -> Event:
    made = event(json.dumps(payload).encode())
    made.trace_id = trace_id
    return made


async def test_each_event_and_its_children_see_the_trace_of_that_event(runner):
    pool = runner.pool(SEEN)

    async def seen(payload: object, trace_id: str) -> list[str | None]:
        outcome = await asyncio.wait_for(pool.invoke(traced(payload, trace_id)), 20)
        return json.loads(outcome.payload)

    long = "Root=" + "1" * 2000
    assert await seen("", "Root=1") == ["Root=1", "Root=1"]
    assert await seen("", "Root=2;Lineage=é") == ["Root=2;Lineage=é", "Root=2;Lineage=é"]
    assert await seen("changed", "Root=3") == ["changed", "changed"]
    assert await seen("", "Root=4") == ["Root=4", "Root=4"]
    assert await seen("", "") == [None, ""]
    assert await seen("", long) == [long, long]
    assert await seen("", "Root=5") == ["Root=5", "Root=5"]
    assert await seen("cleared", "Root=6") == [None, ""]
    assert await seen("", "Root=7") == ["Root=7", "Root=7"]
    assert pool.size == 1


def test_a_long_life_costs_no_memory():
    assert subprocess.run([sys.executable, "-c", MANY], check=False).returncode == 0
