"""The smallest program there is: it waits, for ever.

As process 1 of an environment it keeps the namespace; when it is killed, the kernel kills every
process in there. It is a program of its own, and not Python, because there is one per environment
and it should cost next to nothing. Children that it inherits are reaped by the kernel, because it
ignores SIGCHLD.
"""

from __future__ import annotations

import os
import signal
import struct

from airside.runtime.guest import system

_BASE = 0x400000
_HEADERS = 64 + 56

_CODE = {
    # pause(): mov eax, 34; syscall; jmp back
    "x86_64": (62, bytes.fromhex("b822000000 0f05 ebf7")),
    # ppoll(0, 0, 0, 0): mov x0..x3, #0; mov w8, #73; svc 0; b back
    "aarch64": (
        183,
        bytes.fromhex("000080d2 010080d2 020080d2 030080d2 28098052 010000d4 faffff17"),
    ),
}


def program() -> bytes | None:
    """The program as an ELF file, or None on a processor that it is not written for."""
    found = _CODE.get(system.machine())
    if found is None:
        return None
    machine, code = found
    size = _HEADERS + len(code)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = ident + struct.pack(
        "<HHIQQQIHHHHHH", 2, machine, 1, _BASE + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return header + segment + code


def file() -> int:
    """A descriptor of the program; -1 where there is none."""
    code = program()
    if code is None or not hasattr(os, "memfd_create"):
        return -1
    fd = os.memfd_create("keeper", os.MFD_CLOEXEC)
    os.write(fd, code)
    return fd


def become(fd: int) -> None:
    """Turn this process into the keeper. Never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    if fd >= 0:
        os.execve(fd, ["keeper"], {})
    while True:
        signal.pause()
