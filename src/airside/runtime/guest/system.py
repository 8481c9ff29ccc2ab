"""System calls that Python does not offer, through ctypes. Safe to import on any system."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

LINUX = sys.platform.startswith("linux")

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38

CLONE_NEWNS = 0x00020000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
_MS_NOATIME, _MS_NODIRATIME = 1024, 2048
MNT_DETACH = 2

_OPEN_TREE, _MOVE_MOUNT = 428, 429
_OPEN_TREE_CLONE, _MOVE_MOUNT_EMPTY_PATH, _AT_CWD = 1, 4, -100
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

_libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: object) -> int:
    """Call a libc function; OSError named after it when it returns -1."""
    result: int = getattr(_libc, name)(*arguments)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process (Linux)."""
    call(
        "prctl",
        option,
        ctypes.c_ulong(value),
        ctypes.c_ulong(0),
        ctypes.c_ulong(0),
        ctypes.c_ulong(0),
    )


def machine() -> str:
    """The processor's architecture, e.g. `x86_64`."""
    return os.uname().machine


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Mount a filesystem, or change how one is mounted."""
    texts = [text.encode() or None for text in (source, target, kind)]
    call("mount", *texts, ctypes.c_ulong(flags), data.encode() or None)


def bind(source: str, target: str, *, writable: bool = False) -> None:
    """Show a file or a folder with all below it at another place."""
    mount(source, target, "", MS_BIND | MS_REC)
    if not writable:
        kept = os.statvfs(target).f_flag & (MS_NOEXEC | _MS_NOATIME | _MS_NODIRATIME)
        flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV
        mount("", target, "", flags | kept)


def unmount(target: str) -> None:
    """Take a mount and all below it out of sight."""
    call("umount2", target.encode(), MNT_DETACH)


def unshare(flags: int) -> None:
    """Leave namespaces that are shared with others."""
    call("unshare", flags)


def enter(fd: int, kind: int) -> None:
    """Enter a namespace (for process ids: have children born there)."""
    call("setns", fd, kind)


def take_mount(namespace: int, path: str, host: str) -> int:
    """A copy of a mount in another mount namespace, detached: a descriptor.

    `host` is where the machine's root stands here, which tells the way back.
    """
    own = os.open(f"{host}/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    try:
        enter(namespace, CLONE_NEWNS)
        flags = ctypes.c_uint(_OPEN_TREE_CLONE | os.O_CLOEXEC)
        return call("syscall", ctypes.c_long(_OPEN_TREE), _AT_CWD, path.encode(), flags)
    finally:
        enter(own, CLONE_NEWNS)
        os.close(own)


def put_mount(tree: int, path: str) -> None:
    """Mount at `path` what `take_mount` has taken."""
    flags = ctypes.c_uint(_MOVE_MOUNT_EMPTY_PATH)
    call("syscall", ctypes.c_long(_MOVE_MOUNT), tree, b"", _AT_CWD, path.encode(), flags)


def pivot_root(new_root: str, old_root: str) -> None:
    """Make `new_root` the root; what was the root stands at `old_root`."""
    number = _PIVOT_ROOT[machine()]
    call("syscall", ctypes.c_long(number), new_root.encode(), old_root.encode())


def die_with_parent(parent: int = 0, by: int = signal.SIGKILL) -> None:
    """Have the kernel kill this process when its parent ends; exit when it already has."""
    if LINUX:
        prctl(PR_SET_PDEATHSIG, by)
    if parent and os.getppid() != parent:
        os._exit(1)


def default_signals() -> None:
    """Undo what the interpreter and our loops did to signal handling."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def drop_capabilities() -> None:
    """Give up what root of a user namespace may do."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    call("capset", ctypes.byref(header), ctypes.byref(data))
