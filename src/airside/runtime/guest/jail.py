"""The sandbox of templates and environments, as far as the kernel allows it.

A template stands in a root of its own: the system's programs and libraries, its interpreter, the
runtime, nothing else. Each environment, forked from it, adds its package at /var/task, its layers
at /opt, a /tmp and a /proc of its own; it cannot see, signal or trace any other process.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
from typing import Any

from airside.runtime.guest import landlock, seccomp, system
from airside.runtime.guest.ports import UID_COUNT, UID_FIRST

HOST = "/.host"
"""Where the machine's root stands in a template; environments take it away."""

INSIDE_UID = 993

TMP_MB = 512
"""What /tmp is made with; other sizes are set when the function is known."""
PROCESSES_MAX = 1024
FILES_MAX = 1024

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC_FOLDERS = ("ssl", "pki", "ca-certificates", "alternatives", "fonts", "crypto-policies")
_ETC_FILES = (
    "hosts", "resolv.conf", "nsswitch.conf", "host.conf", "ld.so.cache", "ld.so.conf", "localtime",
    "protocols", "services", "mime.types", "gai.conf", "os-release",
)  # fmt: skip
_DEVICES = ("null", "zero", "full", "random", "urandom")
_PASSWD = (
    "root:x:0:0:root:/root:/sbin/nologin\n"
    "sbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n"
)
_GROUP = "root:x:0:\nsbx:x:990:\n"
_HOSTS = "127.0.0.1 sandbox.localdomain sandbox\n"


class Jail:
    """What of the sandbox is in force for one template, and how to apply it to environments."""

    def __init__(self) -> None:
        self.rooted = False
        """Whether there is a root and a process namespace of its own."""
        self.why_not = ""
        self.privileged = os.geteuid() == 0
        self.landlock = landlock.version() if system.LINUX else 0
        self.filter = seccomp.program() if system.LINUX else None
        self._pid_namespace = -1

    def build(self, scratch: str, folders: dict[str, str]) -> None:
        """Enter a root of one's own, with `folders` (inside -> outside). Never raises."""
        if not system.LINUX:
            self.why_not = "not Linux"
            return
        try:
            self._pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
            if self.privileged:
                system.unshare(system.CLONE_NEWNS)
            else:
                _become_a_user_of_ones_own()
            system.mount("", "/", "", system.MS_REC | system.MS_PRIVATE)
            _build_root(scratch, folders)
        except OSError as error:
            self.why_not = str(error)
            return
        self.rooted = True

    def before_fork(self) -> None:
        """Have the next child be the first process of a namespace of its own."""
        if self.rooted:
            system.unshare(system.CLONE_NEWPID)

    def after_fork(self) -> None:
        """Have children be born in the template's own namespace again."""
        if self.rooted:
            system.enter(self._pid_namespace, system.CLONE_NEWPID)

    def unshare(self, uid: int, inherits: int = -1) -> None:
        """In an environment's first process: namespaces, /proc and /tmp of its own.

        `inherits` is a mount namespace, whose /tmp it gets.
        """
        if not self.rooted:
            return
        tree = system.take_mount(inherits, "/tmp", HOST) if inherits >= 0 else -1  # noqa: S108
        system.unshare(system.CLONE_NEWNS | system.CLONE_NEWIPC)
        flags = system.MS_NOSUID | system.MS_NODEV
        system.mount("proc", "/proc", "proc", flags | system.MS_NOEXEC)
        if tree >= 0:
            system.put_mount(tree, "/tmp")  # noqa: S108
            os.close(tree)
            os.close(inherits)
            return
        system.mount("tmpfs", "/tmp", "tmpfs", flags, self._tmp_options(TMP_MB, uid))  # noqa: S108

    def _tmp_options(self, size_mb: int, uid: int) -> str:
        owner = uid if self.privileged else INSIDE_UID
        return f"size={size_mb}m,nr_inodes=200k,mode=700,uid={owner},gid={owner}"

    def furnish(self, config: dict[str, Any], name: str, uid: int) -> None:
        """Put the function's files in place. Turns outside paths into inside ones."""
        if not self.rooted:
            config["tmp"] = f"{config['tmp_base']}/{name}"
            os.makedirs(config["tmp"], mode=0o700)  # noqa: PTH103
            return
        system.bind(HOST + config["task"], "/var/task")
        if config.get("opt"):
            system.bind(HOST + config["opt"], "/opt")
        if config["tmp_mb"] != TMP_MB:
            flags = system.MS_REMOUNT | system.MS_NOSUID | system.MS_NODEV
            options = self._tmp_options(config["tmp_mb"], uid)
            system.mount("tmpfs", "/tmp", "tmpfs", flags, options)  # noqa: S108
        system.unmount(HOST)
        config["task"], config["opt"], config["tmp"] = "/var/task", "/opt", "/tmp"  # noqa: S108

    def confine(self, config: dict[str, Any], uid: int) -> None:
        """In the function's process: give up every privilege, for good."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_MAX, FILES_MAX))
        if config.get("memory_rlimit"):
            limit = int(config["memory_rlimit"])
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        if not system.LINUX:
            return
        if self.privileged and self.rooted:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            system.prctl(system.PR_SET_DUMPABLE, 1)
        if self.rooted:
            resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES_MAX, PROCESSES_MAX))
            if not self.privileged:
                system.drop_capabilities()
        system.prctl(system.PR_SET_NO_NEW_PRIVS, 1)
        if self.landlock and self.rooted:
            landlock.scope(self.landlock)
        elif self.landlock and config["sandbox"]:
            self._restrict_files(config)
        if self.filter:
            snapshot = bool(config.get("snapshot"))  # its copies apply the whole
            seccomp.apply(seccomp.program(namespaces=True) or b"" if snapshot else self.filter)
        system.die_with_parent()

    def _restrict_files(self, config: dict[str, Any]) -> None:
        own = (sys.base_prefix, sys.base_exec_prefix, *sys.path, config["task"], config["opt"])
        readable = [*_SYSTEM, "/etc", "/proc", *own]
        writable = [config["tmp"], *(f"/dev/{name}" for name in _DEVICES)]
        landlock.restrict_files(self.landlock, [path for path in readable if path], writable)


def uid_of(environment_id: int) -> int:
    """The user id of an environment."""
    return UID_FIRST + (os.getpid() * 131_071 + environment_id) % UID_COUNT


def _become_a_user_of_ones_own() -> None:
    """Enter a user namespace, in which an ordinary user may mount and more."""
    uid, gid = os.geteuid(), os.getegid()
    system.unshare(system.CLONE_NEWUSER | system.CLONE_NEWNS)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{INSIDE_UID} {uid} 1"),
                       ("gid_map", f"{INSIDE_UID} {gid} 1")):  # fmt: skip
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123
            file.write(text)


def _build_root(scratch: str, folders: dict[str, str]) -> None:
    os.makedirs(scratch, mode=0o755, exist_ok=True)  # noqa: PTH103
    system.mount("tmpfs", scratch, "tmpfs", system.MS_NOSUID, "size=16m,mode=755")
    for folder in ("dev", "etc", "opt", "proc", "tmp", "root", "home", "var/task", "var/tmp",
                   "var/runtime", "var/lang", ".host", "run", "sys"):  # fmt: skip
        os.makedirs(f"{scratch}/{folder}")  # noqa: PTH103
    for path in _SYSTEM:
        _show(path, scratch + path)
    for name in _ETC_FOLDERS:
        _show(f"/etc/{name}", f"{scratch}/etc/{name}")
    for name in _ETC_FILES:
        if os.path.isfile(f"/etc/{name}"):  # noqa: PTH113
            shutil.copyfile(f"/etc/{name}", f"{scratch}/etc/{name}")
    for name, text in (("passwd", _PASSWD), ("group", _GROUP), ("hosts", _HOSTS)):
        with open(f"{scratch}/etc/{name}", "a") as file:  # noqa: PTH123
            file.write(text)
    for name in _DEVICES:
        with open(f"{scratch}/dev/{name}", "w"):  # noqa: PTH123
            pass
        system.mount(f"/dev/{name}", f"{scratch}/dev/{name}", "", system.MS_BIND)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"),
                         ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2")):  # fmt: skip
        os.symlink(target, f"{scratch}/dev/{name}")  # noqa: PTH211
    for inside, outside in folders.items():
        _show(os.path.realpath(outside), scratch + inside, follow=True)
    system.pivot_root(scratch, scratch + HOST)
    os.chdir("/")
    remount = system.MS_REMOUNT | system.MS_BIND | system.MS_RDONLY | system.MS_NOSUID
    system.mount("", "/", "", remount)


def _show(path: str, target: str, *, follow: bool = False) -> None:
    """Bind a file or folder, or repeat a link, if there is one."""
    if os.path.islink(path) and not follow:  # noqa: PTH114
        os.symlink(os.readlink(path), target)  # noqa: PTH115, PTH211
    elif os.path.isdir(path):  # noqa: PTH112
        os.makedirs(target, exist_ok=True)  # noqa: PTH103
        system.bind(path, target)
    elif os.path.isfile(path):  # noqa: PTH113
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
        with open(target, "w"):  # noqa: PTH123
            pass
        system.bind(path, target)
