"""Answers that were written before: only the request's id in their heads is new."""

from collections.abc import Callable
from typing import Any

from airside.kernel import HttpResponse

Headers = list[tuple[str, str]]
Write = Callable[[Any, Headers], HttpResponse]


def written_again(write: Write, result: Any, named: Headers) -> HttpResponse:
    """The response of a result that was kept, with the request's id before what never changes."""
    if result.written is None:
        response = write(result, [])
        result.written = (response, _head(response))
    written, rest = result.written
    response = HttpResponse(written.status, named + written.headers, written.body)
    if rest:
        lines = "".join([f"{name}: {value}\r\n" for name, value in named])
        response.head = f"HTTP/1.1 200 OK\r\n{lines}".encode() + rest
    return response


def _head(response: HttpResponse) -> bytes:
    """The header lines of a plain answer in full; none of one that is to be written with care."""
    body = response.body
    if response.status != 200 or not isinstance(body, bytes):
        return b""
    if response.header("content-length") != str(len(body)):
        return b""
    if not all(value.isascii() and value.isprintable() for _, value in response.headers):
        return b""
    return "".join([f"{name}: {value}\r\n" for name, value in response.headers]).encode()
