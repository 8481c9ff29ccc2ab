"""Environments whose callers wait have the processors first."""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.runtime.conftest import call, descendants, event, eventually

from airside.runtime.guest import priority
from airside.runtime.guest.starts import Starts

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may raise a priority")

THREADED = """
import threading, time
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()

def handler(event, context):
    time.sleep(event or 0)
    return event
"""


async def call_in_background(pool, payload=b"null"):
    waiting = pool.invoke(replace(event(payload), background=True))
    return await asyncio.wait_for(asyncio.ensure_future(waiting), 20)


def places(pool, runner) -> set[tuple[int, int, bool]]:
    """Nice value, policy and whether in the group of the background, of all threads."""
    (environment,) = pool._all
    pid = environment._process.born(environment._process_id).pid
    group = f"{runner.agent.pid}{priority.SUFFIX}"
    return {
        (
            os.getpriority(os.PRIO_PROCESS, int(task.name)),
            os.sched_getscheduler(int(task.name)),
            group in (task / "cgroup").read_text(),
        )
        for task in Path(f"/proc/{pid}/task").iterdir()
    }


def expected(*, background: bool) -> set[tuple[int, int, bool]]:
    grouped = os.geteuid() == 0 and Path("/sys/fs/cgroup/cpu/cpu.shares").exists()
    if background:
        return {(priority.NICE, os.SCHED_BATCH, grouped)}
    return {(os.getpriority(os.PRIO_PROCESS, 0), os.SCHED_OTHER, False)}


async def test_events_that_nobody_waits_for_run_at_the_lowest_priority(runner):
    waited_for, background = runner.pool(THREADED), runner.pool(THREADED)
    await call(waited_for)
    await call_in_background(background)
    assert places(waited_for, runner) == expected(background=False)
    assert places(background, runner) == expected(background=True)


@as_root
async def test_an_environment_has_the_priority_of_the_event_it_serves(runner):
    pool = runner.pool(THREADED)
    await call_in_background(pool)
    assert places(pool, runner) == expected(background=True)
    for waiting, background in ((call, False), (call_in_background, True), (call, False)):
        await waiting(pool)
        await eventually(lambda wanted=background: places(pool, runner) == expected(
            background=wanted))  # fmt: skip
    assert pool.size == 1


async def test_an_environment_of_the_events_own_priority_is_taken_first(runner):
    pool = runner.pool(THREADED)
    await asyncio.gather(call(pool, b"0.2"), call_in_background(pool, b"0.2"))
    assert pool.size == 2
    first = {environment: environment.background for environment in pool._all}
    for waiting in (call, call_in_background, call_in_background, call):
        await waiting(pool)
    assert {environment: environment.background for environment in pool._all} == first
    assert sorted(first.values()) == [False, True]


async def test_copies_of_a_snapshot_are_not_behind_because_the_first_was(runner):
    pool = runner.pool(THREADED, snap_start=True)
    await call_in_background(pool)
    snapshot = pool._snapshot.result()
    assert snapshot is not None
    (copy,) = pool._all
    assert copy.background
    niceness = {os.getpriority(os.PRIO_PROCESS, pid) for pid in descendants(runner.agent.pid)}
    assert niceness == {os.getpriority(os.PRIO_PROCESS, 0), priority.NICE}
    waiting = asyncio.ensure_future(call_in_background(pool, b"0.3"))
    await asyncio.sleep(0.05)
    await call(pool)
    assert sorted(environment.background for environment in pool._all) == [False, True]
    await waiting


def start(number: int, function: str, *, background: bool = False):
    return {"id": number, "config": {"function": function, "background": background}}, []


def test_callers_are_served_first_and_functions_in_turn():
    starts = Starts()
    for number in range(3):
        starts.put(start(number, "orders", background=True))
    for number in range(10, 14):
        starts.put(start(number, "burst"))
    starts.put(start(20, "cart"))
    starts.put(start(30, "mail", background=True))
    assert len(starts) == 9
    assert [found[0]["id"] for found in starts.remove(12)] == [12]
    assert starts.remove(99) == []
    taken = []
    while len(starts):
        taken.append(starts.take()[0]["id"])
    assert taken == [10, 20, 11, 13, 0, 30, 1, 2]
