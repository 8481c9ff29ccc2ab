"""What a function can see, touch and do outside."""

import json

import pytest
from tests.unit.runtime.conftest import call

from airside.runtime.sandbox import probe

LOOK = """
import os, signal, subprocess

def attempt(what, *arguments):
    try:
        return what(*arguments)
    except BaseException as error:
        return type(error).__name__

def read(path):
    with open(path, "rb") as file:
        return file.read(64).decode("latin-1")

def handler(event, context):
    return {key: attempt(globals()[name], *arguments) for key, (name, *arguments) in event.items()}

def listing(path): return sorted(os.listdir(path))
def write(path): open(path, "w").close()
def kill(pid): os.kill(pid, signal.SIGKILL)
def identity(): return [os.getuid() != 0, os.getpid() < 10]
def capabilities(): return [line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")]
def mount():
    import ctypes
    return ctypes.CDLL(None, use_errno=True).mount(b"none", b"/tmp", b"tmpfs", 0, None)
def unshare():
    import ctypes
    return ctypes.CDLL(None, use_errno=True).unshare(0x10000000)
def shell(): return subprocess.run("echo $((6*7))", shell=True, capture_output=True, text=True).stdout
"""


@pytest.fixture
async def look(runner):
    pool = runner.pool(LOOK)

    async def ask(**questions):
        outcome = await call(pool, json.dumps(questions).encode())
        assert outcome.status == "success", outcome.payload
        return json.loads(outcome.payload)

    return ask


async def test_the_package_is_at_var_task_and_cannot_be_written(look):
    seen = await look(task=["listing", "/var/task"], write=["write", "/var/task/x"])
    assert seen == {"task": ["app.py"], "write": "OSError"}


async def test_the_machine_and_other_functions_are_out_of_sight(runner, look):
    secret = runner.folder / "secret"
    secret.write_text("secret")
    other = runner.pool("")
    seen = await look(
        secret=["read", str(secret)], other=["read", str(other.spec.task / "app.py")],
        home=["listing", "/home"], host=["listing", "/.host"], shadow=["read", "/etc/shadow"],
    )  # fmt: skip
    assert seen == {
        "secret": "FileNotFoundError", "other": "FileNotFoundError", "home": [], "host": [],
        "shadow": "FileNotFoundError",
    }  # fmt: skip


async def test_no_process_outside_can_be_signalled_or_looked_into(runner, look):
    agent = runner.agent.pid
    seen = await look(
        kill=["kill", agent], everybody=["kill", -1], environ=["read", f"/proc/{agent}/environ"],
        keeper=["kill", 1], memory=["read", "/proc/1/mem"],
    )  # fmt: skip
    assert seen == {
        "kill": "ProcessLookupError", "everybody": "ProcessLookupError",
        "environ": "FileNotFoundError", "keeper": "PermissionError", "memory": "PermissionError",
    }  # fmt: skip


async def test_it_has_no_privileges_and_gets_none(look):
    seen = await look(
        identity=["identity"], capabilities=["capabilities"], mount=["mount"], unshare=["unshare"]
    )
    assert seen == {
        "identity": [True, True], "capabilities": ["0000000000000000"], "mount": -1, "unshare": -1,
    }  # fmt: skip


async def test_tmp_is_its_own_and_programs_run(runner, look):
    seen = await look(tmp=["listing", "/tmp"], write=["write", "/tmp/x"], shell=["shell"])
    assert seen == {"tmp": [], "write": None, "shell": "42\n"}
    again = runner.pool(LOOK)
    outcome = await call(again, b'{"tmp": ["listing", "/tmp"]}')
    assert json.loads(outcome.payload) == {"tmp": []}


def test_the_probe_tells_what_is_in_force():
    parts = {part.name: part for part in probe()}
    assert parts["no new privileges"].in_force
    assert all(part.why for part in parts.values())
