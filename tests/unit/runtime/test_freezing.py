"""Nothing of a function runs between its events."""

import asyncio
import json
from pathlib import Path

import pytest
from tests.unit.runtime.conftest import Runner, call, descendants, eventually

from airside.runtime.agent import Agent
from airside.settings import Settings

TICKING = """
import subprocess, threading, time
ticks = 0

def tick():
    global ticks
    while True:
        time.sleep(0.01)
        ticks += 1

threading.Thread(target=tick, daemon=True).start()
shell = "while :; do echo >> /tmp/ticks; sleep 0.01; done"
subprocess.Popen(["sh", "-c", shell], start_new_session=True)

def handler(event, context):
    time.sleep(event or 0)
    with open("/tmp/ticks") as file:
        return [ticks, len(file.readlines())]
"""
MOMENT = 0.8
"""Long enough for dozens of ticks, and far longer than it takes until an environment is frozen."""


async def ticks(pool, seconds=0.0):
    return json.loads((await call(pool, json.dumps(seconds).encode())).payload)


async def test_threads_and_children_run_only_while_there_is_an_event(runner):
    pool = runner.pool(TICKING)
    await ticks(pool, 0.1)
    (environment,) = pool._idle
    await eventually(lambda: environment.frozen)
    before = await ticks(pool)
    await asyncio.sleep(MOMENT)
    after = await ticks(pool)
    assert all(late - early < 20 for early, late in zip(before, after, strict=True))
    running = await ticks(pool, MOMENT)
    assert all(late - early > 20 for early, late in zip(after, running, strict=True))


async def test_every_process_of_a_frozen_environment_is_stopped(runner):
    pool = runner.pool(TICKING)
    await ticks(pool, 0.1)
    (environment,) = pool._idle
    await eventually(lambda: environment.frozen)
    born = environment._process.born(environment._process_id)

    def states():
        found = [born.pid, *descendants(born.pid)]
        return {Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
                for pid in found}  # fmt: skip

    await eventually(lambda: states() == {"T"})
    pool.kill()
    await eventually(lambda: not Path(f"/proc/{born.pid}").exists())


async def test_a_busy_environment_is_never_frozen(runner):
    pool = runner.pool("import time\ndef handler(e, c):\n    time.sleep(0.3)\n    return 1")
    for _ in range(3):
        waiting = asyncio.ensure_future(call(pool))
        await asyncio.sleep(0.15)
        assert not any(environment.frozen for environment in pool._all)
        assert (await waiting).payload == b"1"


@pytest.mark.parametrize("seconds", [0.0])
async def test_freezing_can_be_turned_off(tmp_path, seconds):
    agent = Agent.spawn(Settings(data_dir=tmp_path / "data", function_freeze_seconds=seconds))
    try:
        pool = Runner(agent, tmp_path).pool(TICKING)
        before = await ticks(pool, 0.1)
        await asyncio.sleep(MOMENT)
        after = await ticks(pool)
        assert all(late - early > 20 for early, late in zip(before, after, strict=True))
    finally:
        agent.close()


async def test_frozen_environments_go_away_when_they_are_idle(quick_runner):
    pool = quick_runner.pool(TICKING)
    await ticks(pool, 0.1)
    await eventually(lambda: any(environment.frozen for environment in pool._idle))
    await eventually(lambda: pool.size == 0)
    await eventually(lambda: descendants(quick_runner.agent.pid) == [])
