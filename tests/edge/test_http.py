"""The HTTP server, spoken to byte by byte."""

import re
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

HEALTH = b"GET /_airside/health HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def talk(server) -> Callable[..., bytes]:
    def send(data: bytes, *more: bytes, until: bytes | None = None) -> bytes:
        """Send, then read until the server closes, or until `until` was seen."""
        with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
            connection.sendall(data)
            received = b""
            for part in more:
                connection.sendall(part)
            while True:
                chunk = connection.recv(65536)
                if not chunk:
                    return received
                received += chunk
                if until is not None and until in received:
                    return received

    return send


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", received)]


def test_a_connection_serves_one_request_after_the_other(talk):
    received = talk(HEALTH + b"\r\n", HEALTH + b"Connection: close\r\n\r\n")
    assert statuses(received) == [200, 200]


def test_pipelined_requests_are_answered_in_order(talk):
    unknown = b"GET /_airside/state HTTP/1.1\r\nHost: x\r\n\r\n"
    close = HEALTH + b"Connection: close\r\n\r\n"
    assert statuses(talk((HEALTH + b"\r\n" + unknown) * 3 + close)) == [200, 403] * 3 + [200]


@pytest.fixture
def another(server):
    """With more than one connection there, answers leave together at the end of a turn."""
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        yield connection


def test_answers_that_leave_together_stay_in_order(talk, another):
    unknown = b"GET /_airside/state HTTP/1.1\r\nHost: x\r\n\r\n"
    pairs = (HEALTH + b"\r\n" + unknown) * 30  # more than leave in one go
    assert statuses(talk(pairs + b"NONSENSE\r\n\r\n")) == [200, 403] * 30 + [400]
    refused = b"PUT /none/key HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n"
    assert statuses(talk(pairs + refused + bytes(90_000))) == [200, 403] * 30 + [404]


def test_100_continue_comes_after_the_answers_before_it(talk, another, server, aws):
    s3 = aws("s3")
    s3.create_bucket(Bucket="continued")
    parameters = {"Bucket": "continued", "Key": "key"}
    url = urlsplit(s3.generate_presigned_url("put_object", parameters))
    put = (
        f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: 2\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    received = talk(HEALTH + b"\r\n" + put.encode(), until=b" 100 Continue\r\n")
    assert statuses(received) == [200, 100]


def test_answers_reach_every_connection_of_a_turn(server):
    connections = [socket.create_connection(("127.0.0.1", server.port), 10) for _ in range(50)]
    try:
        for _ in range(3):
            for connection in connections:
                connection.sendall(HEALTH + b"\r\n")
            assert [statuses(each.recv(65536)) for each in connections] == [[200]] * 50
    finally:
        for connection in connections:
            connection.close()


def test_http_1_0_closes(talk):
    assert statuses(talk(b"GET /_airside/health HTTP/1.0\r\n\r\n")) == [200]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"NONSENSE\r\n\r\n",
        b"GET /_airside/health HTTP/1.1\r\nHost x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_malformed_requests_are_refused_and_the_connection_closed(talk, request_bytes):
    received = talk(request_bytes)
    assert statuses(received) == [400]


def test_an_endless_header_is_refused(talk):
    received = talk(HEALTH + b"X-Long: " + b"x" * 300_000)
    assert statuses(received) == [431]


def test_too_many_headers_are_refused(talk):
    received = talk(HEALTH + b"".join(b"X-%d: y\r\n" % n for n in range(20_000)) + b"\r\n")
    assert statuses(received) == [431]


def test_head_has_the_length_and_no_body(talk):
    received = talk(
        b"HEAD /_airside/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    head, _, body = received.partition(b"\r\n\r\n")
    assert statuses(received) == [200]
    assert b"Content-Length: " in head
    assert body == b""


def test_expect_100_continue_is_answered_when_the_body_is_wanted(talk):
    received = talk(
        b"POST /_airside/health HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        b"Expect: 100-continue\r\nConnection: close\r\n\r\n",
        b"{}",
    )
    assert 200 in statuses(received)


def test_a_client_that_closes_its_sending_side_still_gets_its_answer(server):
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        connection.sendall(HEALTH + b"\r\n")
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    assert statuses(received) == [200]


def test_the_absolute_form_is_understood(talk):
    received = talk(
        b"GET http://x/_airside/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    assert statuses(received) == [200]


def test_a_refused_body_is_read_to_its_end_and_the_answer_arrives(server):
    """A client that sends everything before it reads must not be cut off."""
    head = b"PUT /no-such-bucket/key HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    size = 64 << 20
    with socket.create_connection(("127.0.0.1", server.port), 20) as connection:
        connection.sendall(head % size)
        piece = bytes(1 << 20)
        for _ in range(size // len(piece)):
            connection.sendall(piece)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    assert statuses(received)[0] in (403, 404)
    assert b"</Error>" in received


def test_a_refused_body_that_never_comes_does_not_keep_the_connection(server):
    with socket.create_connection(("127.0.0.1", server.port), 20) as connection:
        connection.sendall(
            b"PUT /no-such-bucket/key HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    assert statuses(received)[0] in (403, 404)
    assert 100 not in statuses(received)


def test_a_long_body_can_be_followed_on_the_same_connection(server, aws, account):
    s3 = aws("s3")
    s3.create_bucket(Bucket=f"long-{account}")
    url = s3.generate_presigned_url("put_object", Params={"Bucket": f"long-{account}", "Key": "k"})
    target = url.partition(f":{server.port}")[2].encode()
    body = bytes(range(256)) * 1024
    put = b"PUT %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: %d\r\n\r\n"
    request = put % (target, server.port, len(body)) + body
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        connection.sendall(request * 3 + HEALTH + b"Connection: close\r\n\r\n")
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    assert statuses(received) == [200, 200, 200, 200]
    assert s3.get_object(Bucket=f"long-{account}", Key="k")["Body"].read() == body
