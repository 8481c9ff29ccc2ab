"""Environments come, serve, and go; and what happens when processes are killed."""

import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path

from tests.unit.runtime.conftest import call, descendants, eventually

PID = "import os\ndef handler(e, c):\n    return os.getpid()\n"
SLEEP = "import time\ndef handler(e, c):\n    time.sleep(e)\n    return e\n"


async def test_an_environment_is_used_again_and_others_come_when_it_is_busy(runner):
    pool = runner.pool(SLEEP)
    for _ in range(3):
        assert (await call(pool, b"0")).payload == b"0"
    assert pool.size == 1
    outcomes = await asyncio.gather(*(call(pool, b"0.3") for _ in range(5)))
    assert pool.size == 5
    assert all(outcome.status == "success" for outcome in outcomes)


async def test_nothing_is_left_after_the_idle_time(quick_runner):
    pool = quick_runner.pool(PID)
    await call(pool)
    agent = quick_runner.agent.pid
    assert descendants(agent)
    await eventually(lambda: descendants(agent) == [])
    assert pool.size == 0
    assert (await call(pool)).status == "success"  # and it comes back


async def test_a_caller_that_gives_up_costs_no_environment(runner):
    pool = runner.pool(SLEEP)
    await call(pool, b"0")
    waiting = asyncio.ensure_future(call(pool, b"0.3"))
    await asyncio.sleep(0.05)
    waiting.cancel()
    await eventually(lambda: pool.idle == 1)
    assert pool.size == 1
    assert (await call(pool, b"0")).payload == b"0"
    assert pool.size == 1


async def test_draining_lets_the_event_in_flight_end(runner):
    pool = runner.pool(SLEEP)
    await call(pool, b"0")
    running = asyncio.ensure_future(call(pool, b"0.3"))
    await asyncio.sleep(0.05)
    pool.drain()
    assert (await running).payload == b"0.3"
    await eventually(lambda: pool.size == 0)


async def test_killed_environments_answer_with_an_error_and_are_replaced(runner):
    pool = runner.pool(SLEEP)
    await call(pool, b"0")
    calls = [asyncio.ensure_future(call(pool, b"2")) for _ in range(3)]
    await eventually(lambda: pool.size == 3)
    await asyncio.sleep(0.2)
    template = descendants(runner.agent.pid)[0]
    for pid in descendants(template):
        with contextlib.suppress(ProcessLookupError):  # it went with its keeper
            os.kill(pid, signal.SIGKILL)
    for outcome in await asyncio.gather(*calls):
        assert outcome.error_type == "Runtime.ExitError"
        assert json.loads(outcome.payload)["errorMessage"].endswith("signal: killed")
    answers = [(await call(pool, b"0")).payload for _ in range(3)]  # a spare may die late
    assert answers[-2:] == [b"0", b"0"]


async def test_a_killed_template_is_replaced(runner):
    pool = runner.pool(SLEEP)
    await call(pool, b"0")
    running = asyncio.ensure_future(call(pool, b"2"))
    await asyncio.sleep(0.2)
    os.kill(descendants(runner.agent.pid)[0], signal.SIGKILL)
    assert (await running).error_type == "Runtime.ExitError"
    await eventually(lambda: pool.size == 0)
    assert (await call(pool, b"0")).payload == b"0"


async def test_a_killed_agent_is_replaced(runner):
    pool = runner.pool(SLEEP)
    await call(pool, b"0")
    running = asyncio.ensure_future(call(pool, b"2"))
    await asyncio.sleep(0.2)
    before = runner.agent.pid
    below = descendants(before)
    os.kill(before, signal.SIGKILL)
    assert (await running).error_type == "Runtime.ExitError"
    assert (await call(pool, b"0")).payload == b"0"
    assert runner.agent.pid != before
    await eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below))


async def test_an_event_whose_environment_is_lost_while_starting_has_another(runner):
    pool = runner.pool("import time\ntime.sleep(1)\n" + SLEEP)
    running = asyncio.ensure_future(call(pool, b"0"))
    await asyncio.sleep(0.5)
    os.kill(runner.agent.pid, signal.SIGKILL)
    assert (await running).payload == b"0"


async def test_init_is_given_ten_seconds_and_no_more(runner, monkeypatch):
    monkeypatch.setattr("airside.runtime.pool.INIT_SECONDS_MAX", 0.5)
    pool = runner.pool("import time\ntime.sleep(30)\n" + SLEEP)
    outcome = await call(pool, b"0")
    assert outcome.error_type == "Sandbox.Timedout"


async def test_what_is_left_of_a_broken_environment_goes_away_too(quick_runner):
    pool = quick_runner.pool("import os\ndef handler(e, c):\n    if e: os._exit(1)\n    return 1")
    await call(pool, b"1")
    held = [fd for pid in descendants(quick_runner.agent.pid) for fd in namespaces_held(pid)]
    assert held
    assert len(pool._broken) == 1
    await eventually(lambda: not pool._broken)
    await eventually(
        lambda: not any(namespaces_held(pid) for pid in descendants(quick_runner.agent.pid))
    )


def namespaces_held(pid):
    """Descriptors of mount namespaces that a process has."""
    with contextlib.suppress(OSError):
        links = [str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()]
        return [link for link in links if link.startswith("mnt:")]
    return []
