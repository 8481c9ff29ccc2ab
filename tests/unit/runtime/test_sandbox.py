"""What a function can see, touch and do outside."""

import json
from platform import machine

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
def system_call(number, *arguments):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    if libc.syscall(ctypes.c_long(number), *(ctypes.c_long(each) for each in arguments)) >= 0:
        return "allowed"
    import errno
    return errno.errorcode[ctypes.get_errno()]
def open_socket(*kind):
    import socket
    socket.socket(*kind).close()
def segments(): return len(open("/proc/sysvipc/shm").readlines()) - 1
def segment():
    import ctypes
    return ctypes.CDLL(None).shmget(4711, 4096, 0o1666)
def queue(name):
    import ctypes
    return ctypes.CDLL(None).mq_open(name.encode(), 0o102, 0o666, None) >= 0
def listen():
    import socket
    server = globals()["server"] = socket.socket(socket.AF_UNIX)
    server.bind(chr(0) + "airside-attack")
    server.listen()
def connect():
    import socket
    socket.socket(socket.AF_UNIX).connect(chr(0) + "airside-attack")
def descriptors():
    found = (attempt(os.readlink, f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd"))
    return sorted({link.split(":")[0] for link in found})
def with_privileges():
    found = []
    for folder in ("/usr/bin", "/usr/sbin"):
        for name in os.listdir(folder):
            if os.lstat(f"{folder}/{name}").st_mode & 0o6000: found.append(f"{folder}/{name}")
    return found and [attempt(lambda: subprocess.run(["su", "-c", "id -u"], capture_output=True,
                      stdin=subprocess.DEVNULL, timeout=3).stdout.decode())]
def find_in_memory(*parts):
    what, found = "".join(parts).encode(), 0
    for line in open("/proc/self/maps"):
        fields = line.split()
        if "r" in fields[1] and not fields[-1].startswith("[v"):
            start, end = (int(each, 16) for each in fields[0].split("-"))
            with open("/proc/self/mem", "rb") as memory:
                memory.seek(start)
                found += attempt(memory.read, end - start).count(what) if end > start else 0
    return found
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


@pytest.mark.skipif(machine() != "x86_64", reason="the numbers are those of x86-64")
async def test_no_system_call_leads_outside(look):
    calls = {
        "ptrace": (101, 16, 1), "process_vm_readv": (310, 1), "process_vm_writev": (311, 1),
        "perf_event_open": (298, 0, 0, -1, -1), "bpf": (321, 0, 0, 64), "userfaultfd": (323,),
        "io_uring_setup": (425, 4), "fanotify_init": (300,), "keyctl": (250, 0, -3),
        "add_key": (248,), "setns": (308,), "unshare": (272, 0x10000000),
        "open_by_handle_at": (304,), "open_tree": (428,), "pidfd_getfd": (438, 0, 0),
        "clone of a user namespace": (56, 0x10000011), "kcmp": (312, 1, 1),
        "kill of the keeper": (62, 1, 9), "tgkill": (234, 1, 1, 9), "x32": (0x40000000 + 39,),
    }  # fmt: skip
    seen = await look(**{name: ["system_call", *call] for name, call in calls.items()})
    assert set(seen.values()) == {"EPERM"}, seen
    assert (await look(clone3=["system_call", 435, 0, 0])) == {"clone3": "ENOSYS"}


async def test_no_socket_descriptor_or_program_leads_outside(look):
    families = {"unix": 1, "internet": 2, "version 6": 10, "addresses": 16}
    seen = await look(**{name: ["open_socket", number, 2] for name, number in families.items()})
    assert set(seen.values()) <= {None, "OSError"} and seen["unix"] is None, seen  # no IPv6 here?
    others = {
        "raw": [2, 3, 1], "packets": [17, 3, 768], "hypervisor": [40, 1], "audit": [16, 3, 9],
        "other sockets": [16, 3, 4], "crypto": [38, 5], "devices": [16, 3, 15], "xdp": [44, 3],
    }  # fmt: skip
    seen = await look(**{name: ["open_socket", *kind] for name, kind in others.items()})
    assert set(seen.values()) <= {"PermissionError", "OSError"}, seen
    seen = await look(descriptors=["descriptors"], programs=["with_privileges"])
    assert set(seen["descriptors"]) <= {"/dev/null", "pipe", "socket", "FileNotFoundError"}
    assert seen["programs"] in ([], [""], ["FileNotFoundError"])


async def test_nothing_is_shared_with_other_functions(runner, look):
    source = f"{LOOK}\nSECRET = 'secret-' + str(4711 * 3)"
    other = runner.pool(source)
    questions = {
        "segment": ["segment"], "queue": ["queue", "/attack"], "listen": ["listen"],
    }  # fmt: skip
    mine = await look(**questions)
    assert mine["segment"] >= 0 and mine["listen"] is None, mine
    theirs = {
        "segments": ["segments"], "connect": ["connect"], "shared": ["listing", "/dev/shm"],
        "event-7755": ["listing", "/"],
    }  # fmt: skip
    seen = json.loads((await call(other, json.dumps(theirs).encode())).payload)
    assert seen["segments"] == 0, seen
    assert seen["connect"] in {"PermissionError", "ConnectionRefusedError"}, seen
    assert seen["shared"] == "FileNotFoundError", seen
    seen = await look(code=["find_in_memory", "secret-", "14133"],
                      event=["find_in_memory", "event-", "7755"],
                      nothing=["find_in_memory", "never-", "1771"])  # fmt: skip
    assert seen["code"] == seen["event"] == seen["nothing"]  # which is what was searched for


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
