"""A filter that refuses system calls which no function needs and which widen the kernel's surface.

The calls answer EPERM. Everything that AWS's own functions may do stays allowed.
"""

from __future__ import annotations

import ctypes
import struct

from airside.runtime.guest import system

_PR_SET_SECCOMP = 22
_MODE_FILTER = 2

_LOAD_WORD = 0x20
_JUMP_EQUAL = 0x15
_JUMP_GREATER_EQUAL = 0x35
_RETURN = 0x06
_ALLOW = 0x7FFF0000
_EPERM = 0x00050000 | 1
_KILL = 0x80000000
_NUMBER_AT, _ARCH_AT = 0, 4
_X32_BIT = 0x40000000

_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_REFUSED = {
    "x86_64": (
        101,  # ptrace
        155, 163, 165, 166, 167, 168, 169,  # pivot_root acct mount umount2 swapon swapoff reboot
        170, 171, 172, 173,  # sethostname setdomainname iopl ioperm
        175, 176, 313,  # init_module delete_module finit_module
        246, 320,  # kexec_load kexec_file_load
        159, 164, 227, 305,  # adjtimex settimeofday clock_settime clock_adjtime
        179, 180, 134, 156,  # quotactl nfsservctl uselib _sysctl
        212, 303, 304,  # lookup_dcookie name_to_handle_at open_by_handle_at
        248, 249, 250,  # add_key request_key keyctl
        272, 308,  # unshare setns
        298, 321, 323,  # perf_event_open bpf userfaultfd
        310, 311, 312,  # process_vm_readv process_vm_writev kcmp
        425, 426, 427,  # io_uring_setup io_uring_enter io_uring_register
        428, 429, 430, 431, 432, 433, 442,  # open_tree move_mount fsopen fsconfig fsmount fspick
        438,  # pidfd_getfd
    ),
    "aarch64": (
        117, 41, 89, 40, 39, 224, 225, 142, 161, 162, 105, 106, 104, 273, 294, 171, 170, 112, 266,
        60, 42, 18, 264, 265, 217, 218, 219, 97, 268, 241, 280, 282, 270, 271, 272,
        425, 426, 427, 428, 429, 430, 431, 432, 433, 442, 438,
    ),
}  # fmt: skip


def program() -> bytes | None:
    """The filter for this processor, or None when it is not known."""
    machine = system.machine()
    numbers = _REFUSED.get(machine)
    if numbers is None:
        return None
    steps = [(_LOAD_WORD, 0, 0, _ARCH_AT), (_JUMP_EQUAL, 1, 0, _ARCH[machine]),
             (_RETURN, 0, 0, _KILL), (_LOAD_WORD, 0, 0, _NUMBER_AT)]  # fmt: skip
    left = len(numbers)
    if machine == "x86_64":  # the x32 numbering would walk around the list
        steps.append((_JUMP_GREATER_EQUAL, left + 1, 0, _X32_BIT))
    for at, number in enumerate(numbers):
        steps.append((_JUMP_EQUAL, left - at, 0, number))
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _EPERM)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def apply(code: bytes) -> None:
    """Put the filter into force, for good. Needs no_new_privs."""
    buffer = ctypes.create_string_buffer(code, len(code))
    filled = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    system.call("prctl", _PR_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), ctypes.byref(filled),
                ctypes.c_ulong(0), ctypes.c_ulong(0))  # fmt: skip
