"""Who is at the other end of a connection."""

import os
import socket
import sys

import pytest

from airside.runtime import peers

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only")


@pytest.fixture
def connection():
    server = socket.create_server(("127.0.0.1", 0))
    ours = socket.create_connection(server.getsockname())
    theirs, _ = server.accept()
    with server, ours, theirs:
        yield ours


@pytest.mark.parametrize("how", [peers._ask_kernel, peers._read_table])
def test_the_owner_is_found(connection, how):
    found = how(connection.getsockname(), connection.getpeername())
    assert found == (os.geteuid(), os.fstat(connection.fileno()).st_ino)


def test_a_socket_is_found_among_those_of_a_namespace(connection):
    assert peers.is_within(os.fstat(connection.fileno()).st_ino, os.getpid())
    assert not peers.is_within(1, os.getpid())


def test_nobody_is_at_a_connection_that_is_not_there():
    assert peers.find_peer(("127.0.0.1", 1), ("127.0.0.1", 2)) is None
