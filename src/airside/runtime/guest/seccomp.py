"""A filter that refuses system calls which no function needs and which widen the kernel's surface.

The calls answer EPERM. Everything that AWS's own functions may do stays allowed. Two are judged by
what they are asked: namespaces are not made with `clone` either (`clone3`, whose flags a filter
cannot see, is unknown here, so that libraries use `clone`), and sockets are those of the network,
of files and of the table of addresses: none that speaks with the hypervisor or the kernel.
"""

from __future__ import annotations

import ctypes
import struct

from airside.runtime.guest import system

_PR_SET_SECCOMP = 22
_MODE_FILTER = 2

_LOAD_WORD = 0x20
_JUMP_EQUAL = 0x15
_JUMP_ANY_BIT = 0x45
_JUMP_GREATER_EQUAL = 0x35
_RETURN = 0x06
_ALLOW = 0x7FFF0000
_ERROR = 0x00050000
_EPERM, _UNKNOWN_CALL, _UNKNOWN_FAMILY = _ERROR | 1, _ERROR | 38, _ERROR | 97
_KILL = 0x80000000
_NUMBER_AT, _ARCH_AT, _FIRST_AT, _THIRD_AT = 0, 4, 16, 32
_X32_BIT = 0x40000000

_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_CLONE = {"x86_64": 56, "aarch64": 220}
_SOCKET = {"x86_64": 41, "aarch64": 198}
_CLONE3 = 435
_NEW_NAMESPACES = 0x7E020000
_FAMILIES = (1, 2, 10)
"""AF_UNIX, AF_INET, AF_INET6."""
_NETLINK, _ROUTE = 16, 0

_NAMESPACES = {"x86_64": (155, 165, 166, 272), "aarch64": (41, 40, 39, 97)}
"""pivot_root mount umount2 unshare: what a snapshot needs to give its copies namespaces."""

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


def program(*, namespaces: bool = False) -> bytes | None:
    """The filter for this processor, or None when it is not known.

    With `namespaces` they can be made: for a snapshot, whose copies apply the whole filter.
    """
    machine = system.machine()
    if machine not in _REFUSED:
        return None
    allowed = _NAMESPACES[machine] if namespaces else ()
    steps = [(_LOAD_WORD, 0, 0, _ARCH_AT), (_JUMP_EQUAL, 1, 0, _ARCH[machine]),
             (_RETURN, 0, 0, _KILL), (_LOAD_WORD, 0, 0, _NUMBER_AT)]  # fmt: skip
    if machine == "x86_64":  # the x32 numbering would walk around the list
        steps += [(_JUMP_GREATER_EQUAL, 0, 1, _X32_BIT), (_RETURN, 0, 0, _EPERM)]
    for number in set(_REFUSED[machine]).difference(allowed):
        steps += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _EPERM)]
    steps += [(_JUMP_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _UNKNOWN_CALL)]
    steps += [(_JUMP_EQUAL, 0, 4, _CLONE[machine]), (_LOAD_WORD, 0, 0, _FIRST_AT),
              (_JUMP_ANY_BIT, 0, 1, _NEW_NAMESPACES), (_RETURN, 0, 0, _EPERM),
              (_RETURN, 0, 0, _ALLOW)]  # fmt: skip
    steps += [(_JUMP_EQUAL, 1, 0, _SOCKET[machine]), (_RETURN, 0, 0, _ALLOW),
              (_LOAD_WORD, 0, 0, _FIRST_AT)]  # fmt: skip
    for family in _FAMILIES:
        steps += [(_JUMP_EQUAL, 0, 1, family), (_RETURN, 0, 0, _ALLOW)]
    steps += [(_JUMP_EQUAL, 0, 2, _NETLINK), (_LOAD_WORD, 0, 0, _THIRD_AT),
              (_JUMP_EQUAL, 1, 0, _ROUTE), (_RETURN, 0, 0, _UNKNOWN_FAMILY),
              (_RETURN, 0, 0, _ALLOW)]  # fmt: skip
    return b"".join(struct.pack("HBBI", *step) for step in steps)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def apply(code: bytes) -> None:
    """Put the filter into force, for good. Needs no_new_privs."""
    buffer = ctypes.create_string_buffer(code, len(code))
    filled = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    system.call("prctl", _PR_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), ctypes.byref(filled),
                ctypes.c_ulong(0), ctypes.c_ulong(0))  # fmt: skip
