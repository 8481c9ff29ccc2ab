"""Handlers that mean harm, or do it: each gets AWS's answer, harms nobody, leaves no process."""

import asyncio
import json

import pytest
from tests.unit.runtime.conftest import call, descendants, eventually

HANDLERS = """
import os, signal, subprocess, sys, threading, time

def spin():
    while True: pass

def ignore():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)

def allocate():
    kept = []
    while True: kept.append(bytearray(1 << 20))

def crash():
    import ctypes
    ctypes.string_at(0)

def abort():
    os.abort()

def not_a_number():
    return float("nan")

def base():
    raise BaseException("out")

def leave():
    sys.exit(3)

def leave_quietly():
    os._exit(0)

def kill_itself():
    os.kill(os.getpid(), signal.SIGKILL)

def close_everything():
    os.closerange(0, 256)
    time.sleep(60)

def bomb():
    while True:
        try: os.fork()
        except OSError: pass

def close_output():
    os.close(1); os.close(2); sys.stdout = None
    return "fine"

def print_much():
    for _ in range(100): os.write(1, (b"x" * 1023 + b"\\n") * 1024)
    return "done"

def leave_threads_and_children():
    threading.Thread(target=time.sleep, args=(60,)).start()
    subprocess.Popen(["sleep", "60"], start_new_session=True)
    return "left"

def fill_tmp():
    written = 0
    try:
        with open("/tmp/full", "wb") as file:
            while True: written += file.write(b"x" * (1 << 20))
    except OSError as error:
        return [written >> 20, error.strerror]

def threads():
    count = 0
    try:
        while True:
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start(); count += 1
    except RuntimeError:
        return count

def files():
    kept = []
    try:
        while True: kept.append(open("/dev/null"))
    except OSError as error:
        return [len(kept), error.strerror]

def handler(event, context):
    return globals()[event]()
"""

ENDS = {
    "crash": "signal: segmentation fault", "abort": "signal: aborted", "base": "exit status 1",
    "leave": "exit status 3", "kill_itself": "signal: killed", "close_everything": "signal: killed",
}  # fmt: skip


@pytest.fixture
async def hostile(runner):
    return runner.pool(HANDLERS)


async def only_the_template_is_left(runner, pool):
    pool.kill()
    await eventually(lambda: pool.size == 0)
    # The template, its watcher and its spare environment (a keeper and a process).
    await eventually(lambda: len(descendants(runner.agent.pid)) <= 4)


@pytest.mark.parametrize("name", ENDS)
async def test_a_process_that_ends_is_an_exit_error(runner, hostile, name):
    outcome = await call(hostile, json.dumps(name).encode())
    assert json.loads(outcome.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: request-1 Error: Runtime exited with error: {ENDS[name]}",
    }
    assert b"Status: error\tError Type: Runtime.ExitError" in outcome.tail
    await only_the_template_is_left(runner, hostile)


async def test_an_exit_without_an_error_is_one_all_the_same(hostile):
    outcome = await call(hostile, b'"leave_quietly"')
    assert json.loads(outcome.payload)["errorMessage"].endswith(
        "Error: Runtime exited without providing a reason"
    )


@pytest.mark.parametrize("name", ["spin", "ignore"])
async def test_what_does_not_end_is_ended(runner, hostile, name):
    outcome = await call(hostile, json.dumps(name).encode())
    assert outcome.error_type == "Sandbox.Timedout"
    assert 3000 <= outcome.duration_ms < 4500
    await only_the_template_is_left(runner, hostile)


async def test_memory_is_limited(runner, hostile):
    outcome = await call(hostile, b'"allocate"')
    assert outcome.error_type == "Runtime.OutOfMemory"
    assert json.loads(outcome.payload)["errorMessage"].endswith("signal: killed")
    assert outcome.peak_mb == 256
    await only_the_template_is_left(runner, hostile)


async def test_a_fork_bomb_goes_off_inside(runner, hostile):
    other = runner.pool("def handler(e, c):\n    return 'well'\n")
    await call(other)
    bombing = asyncio.ensure_future(call(hostile, b'"bomb"'))
    await asyncio.sleep(1)
    assert (await call(other)).payload == b'"well"'
    assert (await bombing).status in {"timeout", "error"}
    other.kill()
    await only_the_template_is_left(runner, hostile)


async def test_closing_the_output_harms_nobody(hostile):
    assert (await call(hostile, b'"close_output"')).payload == b'"fine"'


async def test_much_output_comes_through_without_filling_the_memory(runner):
    outcome = await call(runner.pool(HANDLERS, timeout_seconds=20), b'"print_much"')
    assert outcome.payload == b'"done"'
    assert len(outcome.tail) <= 4096
    assert sum(line == "x" * 1023 + "\n" for line in runner.host.lines) == 100 * 1024


async def test_threads_and_children_end_with_the_environment(runner, hostile):
    assert (await call(hostile, b'"leave_threads_and_children"')).payload == b'"left"'
    await only_the_template_is_left(runner, hostile)


async def test_what_is_not_a_number_goes_out_as_python_writes_it(hostile):
    assert (await call(hostile, b'"not_a_number"')).payload == b"NaN"


async def test_tmp_has_a_size_of_its_own(hostile):
    outcome = await call(hostile, b'"fill_tmp"')
    assert json.loads(outcome.payload) == [512, "No space left on device"]


async def test_threads_and_files_are_limited(hostile):
    assert 900 < json.loads((await call(hostile, b'"threads"')).payload) < 1024
    count, why = json.loads((await call(hostile, b'"files"')).payload)
    assert count < 1024
    assert why == "Too many open files"
