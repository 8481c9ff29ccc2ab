"""Sending files without passing them through this process's memory.

uvloop has no sendfile, so the response's file goes out by os.sendfile on a duplicate of the
connection's descriptor, once everything written before has left the transport's buffer.
"""

import asyncio
import os
import sys

from airside.kernel import FileSlice

_INLINE_BYTES_MAX = 256 * 1024
_CHUNK_BYTES = 4 << 20


async def send_file(
    loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, part: FileSlice
) -> None:
    """Send part of a file on a connection whose head was already written.

    Small parts and TLS connections go through the transport, which buffers.
    """
    with part.path.open("rb") as file:
        plain = transport.get_extra_info("sslcontext") is None
        if part.length <= _INLINE_BYTES_MAX or not plain or sys.platform != "linux":
            file.seek(part.offset)
            await _copy(transport, file, part.length)
            return
        await _flushed(loop, transport)
        duplicate = os.dup(transport.get_extra_info("socket").fileno())
        try:
            await _send(loop, transport, duplicate, file.fileno(), part)
        finally:
            os.close(duplicate)


async def _copy(transport: asyncio.Transport, file: "object", length: int) -> None:
    read = file.read  # type: ignore[attr-defined]
    while length > 0 and not transport.is_closing():
        chunk = read(min(length, 1 << 18))
        if not chunk:
            transport.abort()  # the file is shorter than announced
            return
        transport.write(chunk)
        length -= len(chunk)
        while transport.get_write_buffer_size() > 1 << 20 and not transport.is_closing():
            await asyncio.sleep(0.001)


async def _flushed(loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> None:
    while transport.get_write_buffer_size() and not transport.is_closing():
        await asyncio.sleep(0.0005)


async def _send(
    loop: asyncio.AbstractEventLoop,
    transport: asyncio.Transport,
    socket: int,
    file: int,
    part: FileSlice,
) -> None:
    offset, end = part.offset, part.offset + part.length
    while offset < end and not transport.is_closing():
        try:
            sent = os.sendfile(socket, file, offset, min(_CHUNK_BYTES, end - offset))
        except BlockingIOError:
            await _writable(loop, socket)
            continue
        except OSError:
            transport.abort()
            return
        if sent == 0:
            transport.abort()  # the file is shorter than announced
            return
        offset += sent
        if sent == _CHUNK_BYTES:
            await asyncio.sleep(0)


async def _writable(loop: asyncio.AbstractEventLoop, socket: int) -> None:
    waiter = loop.create_future()

    def ready() -> None:
        if not waiter.done():
            waiter.set_result(None)

    loop.add_writer(socket, ready)
    try:
        await waiter
    finally:
        loop.remove_writer(socket)
