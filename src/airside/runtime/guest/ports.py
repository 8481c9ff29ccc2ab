"""Ports of its own for each environment, without a network namespace.

A namespace for each would take milliseconds of every cold start and a way out of it to Airside.
Instead the kernel is told (BPF on `bind`, `connect` and their kin, attached to a control group of
version 2) that an environment's 127.0.0.1 is an address of its own: 127.64.0.0/10 and the low bits
of its user id. What listens there is found there, and by nobody else; whatever nobody in there
listens on is the machine's, so that Airside and databases are reached as ever. It costs a cold
start nothing. Needs root, as user ids of their own do.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct

from airside.runtime.guest import system

UID_FIRST = 1_879_048_192
UID_COUNT = 100_000_000
"""User ids that no system gives out. Each environment has one, so that limits are its own."""

_BPF = {"x86_64": 321, "aarch64": 280}
_PROG_LOAD, _LINK_CREATE = 5, 28
_SOCK_ADDR, _SOCKOPT = 18, 25

_UID_BITS = 0x3FFFFF
_NETWORK = 0x7F400000
_LOOPBACK = 0x0100007F
"""127.0.0.1 as the kernel keeps it."""
_NETWORK_MASK, _NETWORK_BITS = 0xC0FF, 0x407F
_MAPPED = 0xFFFF0000
_ONE = 0x01000000
_ONLY_V6 = 0x4149
"""The priority that marks a socket which must not be used for IPv4."""

_GET_UID, _SETSOCKOPT, _LOOKUP_TCP, _LOOKUP_UDP, _RELEASE = 15, 49, 84, 85, 86
_IP4, _IP6, _PORT, _PROTOCOL, _SOCK = 4, (8, 12, 16, 20), 24, 36, 64
_SOCK_PRIORITY = 20
_LEVEL, _OPTION = 24, 28

# Operations of the machine that BPF is, as far as they are used here.
_MOV, _MOV_IMM, _MOV32, _MOV32_IMM, _ADD_IMM = 0xBF, 0xB7, 0xBC, 0xB4, 0x07
_AND_IMM, _OR_IMM, _OR, _TO_BIG = 0x57, 0x47, 0x4F, 0xDC
_LOAD, _LOAD_LONG, _STORE, _STORE_SHORT, _STORE_IMM = 0x61, 0x79, 0x63, 0x6B, 0x62
_GOTO, _IF_EQUAL, _IF_SAME, _UNLESS_EQUAL, _UNLESS_SAME = 0x05, 0x15, 0x1D, 0x55, 0x5D
_IF_BELOW, _IF_NOT_BELOW, _IF_ABOVE_REGISTER = 0xA5, 0x35, 0x2D
_CALL, _EXIT = 0x85, 0x95


class Code:
    """A program being written: steps and the places that they jump to."""

    def __init__(self) -> None:
        self._steps: list[tuple[int, int, int, int | str, int]] = []
        self._places: dict[str, int] = {}
        self.op(_MOV, 6, 1)
        self.op(_CALL, imm=_GET_UID)
        self.op(_MOV32, 7, 0)
        self.op(_IF_BELOW, 7, off="allow", imm=UID_FIRST)
        self.op(_IF_NOT_BELOW, 7, off="allow", imm=UID_FIRST + UID_COUNT)
        self.op(_AND_IMM, 7, imm=_UID_BITS)
        self.op(_OR_IMM, 7, imm=_NETWORK)
        self.op(_TO_BIG, 7, imm=32)

    def op(self, code: int, to: int = 0, source: int = 0, off: int | str = 0, imm: int = 0) -> None:
        """One step."""
        self._steps.append((code, to, source, off, imm))

    def place(self, name: str) -> None:
        """What comes next has this name."""
        self._places[name] = len(self._steps)

    def load(self, register: int, at: int) -> None:
        """Read a word of what the program is asked about."""
        self.op(_LOAD, register, 6, at)

    def store(self, at: int, register: int) -> None:
        """Change one."""
        self.op(_STORE, 6, register, at)

    def finish(self, *, may_deny: bool = True) -> bytes:
        """End the program: with `allow`, and with `deny` where that is possible."""
        self.place("allow")
        self.op(_MOV_IMM, 0, imm=1)
        self.op(_EXIT)
        if may_deny:
            self.place("deny")
            self.op(_MOV_IMM, 0, imm=0)
            self.op(_EXIT)
        packed = []
        for at, (code, to, source, off, imm) in enumerate(self._steps):
            distance = self._places[off] - at - 1 if isinstance(off, str) else off
            signed = imm - (1 << 32) if imm >= 1 << 31 else imm
            packed.append(struct.pack("<BBhi", code, to | source << 4, distance, signed))
        return b"".join(packed)

    def refuse_others(self) -> None:
        """Deny when the address in register 8 is another environment's; else allow."""
        self.op(_MOV, 9, 8)
        self.op(_AND_IMM, 9, imm=_NETWORK_MASK)
        self.op(_UNLESS_EQUAL, 9, off="allow", imm=_NETWORK_BITS)
        self.op(_IF_SAME, 8, 7, off="allow")
        self.op(_GOTO, off="deny")

    def map_to_own(self) -> None:
        """Make the IPv6 address stand for the environment's own."""
        self.op(_MOV_IMM, 9, imm=0)
        self.store(_IP6[0], 9)
        self.store(_IP6[1], 9)
        self.op(_MOV32_IMM, 9, imm=_MAPPED)
        self.store(_IP6[2], 9)
        self.store(_IP6[3], 7)

    def sort_v6(self, any_address: str, loopback: str) -> None:
        """Go on where the IPv6 address in question leads; `mapped` when it stands for IPv4."""
        self.load(8, _IP6[0])
        self.load(9, _IP6[1])
        self.op(_OR, 8, 9)
        self.op(_UNLESS_EQUAL, 8, off="allow")
        self.load(8, _IP6[2])
        self.op(_MOV32_IMM, 9, imm=_MAPPED)
        self.op(_IF_SAME, 8, 9, off="mapped")
        self.op(_UNLESS_EQUAL, 8, off="allow")
        self.load(8, _IP6[3])
        self.op(_IF_EQUAL, 8, off=any_address)
        self.op(_IF_EQUAL, 8, off=loopback, imm=_ONE)
        self.op(_GOTO, off="allow")

    def look_for_listener(self) -> None:
        """Allow as it is unless the environment itself listens on that port."""
        self.load(9, _PORT)
        self.op(_STORE_IMM, 10, off=-16, imm=_LOOPBACK)
        self.op(_STORE, 10, 7, -12)
        self.op(_STORE_IMM, 10, off=-8)
        self.op(_STORE_SHORT, 10, 9, -6)
        self.load(8, _PROTOCOL)
        self.op(_MOV, 1, 6)
        self.op(_MOV, 2, 10)
        self.op(_ADD_IMM, 2, imm=-16)
        self.op(_MOV_IMM, 3, imm=12)
        self.op(_MOV_IMM, 4, imm=-1)
        self.op(_MOV_IMM, 5)
        self.op(_IF_EQUAL, 8, off="datagram", imm=socket.IPPROTO_UDP)
        self.op(_CALL, imm=_LOOKUP_TCP)
        self.op(_GOTO, off="looked")
        self.place("datagram")
        self.op(_CALL, imm=_LOOKUP_UDP)
        self.place("looked")
        self.op(_IF_EQUAL, off="allow")
        self.op(_MOV, 1, 0)
        self.op(_CALL, imm=_RELEASE)


def _bind4() -> bytes:
    code = Code()
    code.load(8, _IP4)
    code.op(_IF_EQUAL, 8, off="own", imm=_LOOPBACK)
    code.op(_UNLESS_EQUAL, 8, off="other")
    code.load(9, _PORT)
    code.op(_IF_EQUAL, 9, off="allow")  # any address, any port: it may be on its way out
    code.place("own")
    code.store(_IP4, 7)
    code.op(_GOTO, off="allow")
    code.place("other")
    code.refuse_others()
    return code.finish()


def _connect4() -> bytes:
    code = Code()
    code.load(8, _IP4)
    code.op(_IF_EQUAL, 8, off="local", imm=_LOOPBACK)
    code.op(_IF_EQUAL, 8, off="local")
    code.refuse_others()
    code.place("local")
    code.look_for_listener()
    code.store(_IP4, 7)
    return code.finish()


def _unmask4() -> bytes:
    code = Code()
    code.load(8, _IP4)
    code.op(_UNLESS_SAME, 8, 7, off="allow")
    code.op(_MOV_IMM, 9, imm=_LOOPBACK)
    code.store(_IP4, 9)
    return code.finish(may_deny=False)


def _bind6() -> bytes:
    code = Code()
    code.sort_v6("any", "loopback")
    code.place("any")
    code.load(9, _PORT)
    code.op(_IF_EQUAL, 9, off="allow")
    code.place("loopback")
    code.op(_LOAD_LONG, 9, 6, _SOCK)
    code.op(_LOAD, 9, 9, _SOCK_PRIORITY)
    code.op(_IF_EQUAL, 9, off="apart", imm=_ONLY_V6)
    code.map_to_own()
    code.op(_GOTO, off="allow")
    code.place("apart")  # it cannot be mapped: some port that nobody has
    code.op(_MOV_IMM, 9)
    code.store(_PORT, 9)
    code.op(_GOTO, off="allow")
    code.place("mapped")
    code.load(8, _IP6[3])
    code.op(_IF_EQUAL, 8, off="own", imm=_LOOPBACK)
    code.op(_UNLESS_EQUAL, 8, off="other")
    code.load(9, _PORT)
    code.op(_IF_EQUAL, 9, off="allow")
    code.place("own")
    code.store(_IP6[3], 7)
    code.op(_GOTO, off="allow")
    code.place("other")
    code.refuse_others()
    return code.finish()


def _connect6() -> bytes:
    code = Code()
    code.sort_v6("local", "local")
    code.place("mapped")
    code.load(8, _IP6[3])
    code.op(_IF_EQUAL, 8, off="local", imm=_LOOPBACK)
    code.refuse_others()
    code.place("local")
    code.look_for_listener()
    code.map_to_own()
    return code.finish()


def _unmask6() -> bytes:
    code = Code()
    code.load(8, _IP6[2])
    code.op(_MOV32_IMM, 9, imm=_MAPPED)
    code.op(_UNLESS_SAME, 8, 9, off="allow")
    code.load(8, _IP6[3])
    code.op(_UNLESS_SAME, 8, 7, off="allow")
    code.op(_MOV_IMM, 9, imm=_LOOPBACK)
    code.store(_IP6[3], 9)
    return code.finish(may_deny=False)


def _mark_v6_only() -> bytes:
    code = Code()
    code.load(8, _LEVEL)
    code.op(_UNLESS_EQUAL, 8, off="allow", imm=socket.IPPROTO_IPV6)
    code.load(8, _OPTION)
    code.op(_UNLESS_EQUAL, 8, off="allow", imm=26)  # IPV6_V6ONLY
    code.op(_LOAD_LONG, 2, 6, 8)
    code.op(_LOAD_LONG, 3, 6, 16)
    code.op(_MOV, 4, 2)
    code.op(_ADD_IMM, 4, imm=4)
    code.op(_IF_ABOVE_REGISTER, 4, 3, off="allow")
    code.op(_LOAD, 8, 2)
    code.op(_IF_EQUAL, 8, off="allow")
    code.op(_STORE_IMM, 10, off=-8, imm=_ONLY_V6)
    code.op(_LOAD_LONG, 1, 6)
    code.op(_MOV_IMM, 2, imm=1)  # SOL_SOCKET
    code.op(_MOV_IMM, 3, imm=12)  # SO_PRIORITY
    code.op(_MOV, 4, 10)
    code.op(_ADD_IMM, 4, imm=-8)
    code.op(_MOV_IMM, 5, imm=4)
    code.op(_CALL, imm=_SETSOCKOPT)
    return code.finish(may_deny=False)


def _programs() -> list[tuple[int, int, bytes]]:
    """Each program's type, where it is attached, and its code."""
    connect4, connect6, unmask4, unmask6 = _connect4(), _connect6(), _unmask4(), _unmask6()
    at = [(8, _bind4()), (10, connect4), (14, connect4), (19, unmask4), (29, unmask4),
          (31, unmask4), (9, _bind6()), (11, connect6), (15, connect6), (20, unmask6),
          (30, unmask6), (32, unmask6)]  # fmt: skip
    return [(_SOCKOPT, 22, _mark_v6_only()), *((_SOCK_ADDR, place, code) for place, code in at)]


def _bpf(command: int, attributes: bytes) -> int:
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    number = ctypes.c_long(_BPF[system.machine()])
    return system.call("syscall", number, command, buffer, len(attributes))


def _load(kind: int, place: int, code: bytes) -> int:
    steps = ctypes.create_string_buffer(code, len(code))
    licence = ctypes.create_string_buffer(b"Apache-2.0")
    return _bpf(_PROG_LOAD, struct.pack(
        "<IIQQIIQII16sII", kind, len(code) // 8, ctypes.addressof(steps),
        ctypes.addressof(licence), 0, 0, 0, 0, 0, b"airside", 0, place,
    ))  # fmt: skip


def _own_group() -> str:
    """The folder of this process's own control group of version 2."""
    with open("/proc/self/cgroup") as file:  # noqa: PTH123
        paths = [line.rstrip("\n").split(":", 2)[2] for line in file if line.startswith("0::")]
    for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        if paths and os.path.exists(f"{root}/cgroup.procs"):  # noqa: PTH110
            own = root + paths[0].rstrip("/")
            return own if os.path.isdir(own) else root  # noqa: PTH112
    raise OSError("no control groups of version 2")


def separate() -> list[int]:
    """Have ports be each environment's own while the descriptors are open. Raises OSError."""
    if os.geteuid() != 0:
        raise OSError("only root may")
    if system.machine() not in _BPF:
        raise OSError(f"not written for {system.machine()}")
    group = os.open(_own_group(), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    links: list[int] = []
    try:
        for kind, place, code in _programs():
            program = _load(kind, place, code)
            try:
                links.append(_bpf(_LINK_CREATE, struct.pack("<IIII", program, group, place, 0)))
            finally:
                os.close(program)
    except OSError:
        for link in links:
            with contextlib.suppress(OSError):
                os.close(link)
        raise
    finally:
        os.close(group)
    return links


def address_of(uid: int) -> str:
    """Where an environment's 127.0.0.1 is for those outside."""
    return socket.inet_ntoa(struct.pack(">I", _NETWORK | (uid & _UID_BITS)))
