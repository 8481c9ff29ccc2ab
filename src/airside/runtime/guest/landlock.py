"""Landlock: what a process may touch, decided by itself, without privileges.

Where there is a mount namespace, it only keeps signals and abstract sockets inside. Where there
is none, it is what keeps the function from reading other people's files.
"""

from __future__ import annotations

import ctypes
import os
import struct

from airside.runtime.guest import system

_CREATE, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_TRUNCATE_ABI, _REFER_ABI, _SCOPE_ABI = 3, 2, 6
_ALL_ABI_1 = (1 << 13) - 1
_FILES_ONLY = _EXECUTE | (1 << 1) | _READ_FILE | (1 << 14)
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_SCOPES = 0b11
"""Abstract Unix sockets and signals."""


def version() -> int:
    """The kernel's Landlock version; 0 when there is none."""
    try:
        return _syscall(_CREATE, None, 0, _VERSION)
    except OSError:
        return 0


def _syscall(number: int, *arguments: object) -> int:
    return system.call("syscall", ctypes.c_long(number), *arguments)


def scope(abi: int) -> None:
    """Keep signals and abstract sockets inside. Needs no_new_privs."""
    if abi >= _SCOPE_ABI:
        _restrict(struct.pack("=QQQ", 0, 0, _SCOPES), [], [])


def restrict_files(abi: int, readable: list[str], writable: list[str]) -> None:
    """Allow only these files and folders, and (where known) keep signals inside."""
    handled = _ALL_ABI_1
    if abi >= _REFER_ABI:
        handled |= 1 << 13
    if abi >= _TRUNCATE_ABI:
        handled |= 1 << 14
    attributes = struct.pack("=Q", handled)
    if abi >= _SCOPE_ABI:
        attributes = struct.pack("=QQQ", handled, 0, _SCOPES)
    _restrict(
        attributes, [(path, _READ) for path in readable], [(path, handled) for path in writable]
    )


def _restrict(attributes: bytes, read: list[tuple[str, int]], write: list[tuple[str, int]]) -> None:
    ruleset = _syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    try:
        for path, rights in read + write:
            _allow(ruleset, path, rights)
        _syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112  no pathlib here: every import costs
            rights &= _FILES_ONLY
        _syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, fd), 0)
    finally:
        os.close(fd)
