"""Who is at the other end of a TCP connection on this machine.

Functions share the machine's loopback addresses, so that they reach Airside and whatever else a
person runs. What belongs to one environment therefore asks who connects: the kernel knows the user
and the inode of the connecting socket (sock_diag(7), else /proc/net/tcp).
"""

import os
import socket
import struct
import sys
from pathlib import Path
from typing import NamedTuple

from airside.runtime.guest.ports import address_of
from airside.runtime.template import Born

Address = tuple[str, int]

_SOCK_DIAG = 4
_DIAG_BY_FAMILY = 20
_REQUEST = 1
_NO_COOKIE = 0xFFFFFFFF
_ID_AT = 16 + 4
_OWNER_AT = _ID_AT + 48 + 12
_PROC_NET_TCP = Path("/proc/net/tcp")


class Peer(NamedTuple):
    """Whose socket it is."""

    uid: int
    inode: int


def find_peer(theirs: Address, ours: Address) -> Peer | None:
    """The owner of the socket at `theirs` that is connected to `ours`; None when nobody knows."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return _ask_kernel(theirs, ours)
    except OSError:
        return _read_table(theirs, ours)


def connects_from(born: Born, theirs: Address, ours: Address) -> bool:
    """Whether a connection comes from an environment whose process is `born`."""
    if not sys.platform.startswith("linux"):
        return True  # nobody can tell
    peer = find_peer(theirs, ours)
    if peer is None:
        return False
    if born.uid is not None:
        return peer.uid == born.uid
    return peer.uid == os.geteuid() and (not born.rooted or is_within(peer.inode, born.pid))


def hosts_of(born: Born | None) -> list[str]:
    """Where what listens in an environment may be found, likeliest first."""
    own = [address_of(born.uid)] if born is not None and born.uid is not None else []
    return [*own, "127.0.0.1"]


def _ask_kernel(theirs: Address, ours: Address) -> Peer | None:
    def padded(host: str) -> bytes:
        return socket.inet_aton(host) + bytes(12)

    body = struct.pack("=BBBBI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF)
    body += struct.pack(">HH", theirs[1], ours[1]) + padded(theirs[0]) + padded(ours[0])
    body += struct.pack("=III", 0, _NO_COOKIE, _NO_COOKIE)
    header = struct.pack("=IHHII", 16 + len(body), _DIAG_BY_FAMILY, _REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _SOCK_DIAG) as kernel:
        kernel.send(header + body)
        answer = kernel.recv(8192)
    if struct.unpack_from("=H", answer, 4)[0] != _DIAG_BY_FAMILY:
        raise OSError("no such socket, or no such question")
    return Peer(*struct.unpack_from("=II", answer, _OWNER_AT))


def _read_table(theirs: Address, ours: Address) -> Peer | None:
    def text(address: Address) -> str:
        (number,) = struct.unpack("=I", socket.inet_aton(address[0]))
        return f"{number:08X}:{address[1]:04X}"

    wanted = [text(theirs), text(ours)]
    try:
        lines = _PROC_NET_TCP.read_text().splitlines()
    except OSError:
        return None
    for line in lines[1:]:
        fields = line.split()
        if fields[1:3] == wanted:
            return Peer(int(fields[7]), int(fields[9]))
    return None


def is_within(inode: int, pid: int) -> bool:
    """Whether a socket is open in a process of the same process namespace as `pid`."""
    wanted = f"socket:[{inode}]"
    try:
        namespace = _link(f"/proc/{pid}/ns/pid")
    except OSError:
        return False
    for name in os.listdir("/proc"):  # noqa: PTH208
        if not name.isdigit():
            continue
        try:
            if _link(f"/proc/{name}/ns/pid") != namespace:
                continue
            for fd in os.listdir(f"/proc/{name}/fd"):  # noqa: PTH208
                if _link(f"/proc/{name}/fd/{fd}") == wanted:
                    return True
        except OSError:
            continue
    return False


def _link(path: str) -> str:
    return os.readlink(path)  # noqa: PTH115
