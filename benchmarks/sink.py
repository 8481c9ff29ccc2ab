"""A server that takes S3 uploads and keeps nothing: how fast a client could be at best.

python -m benchmarks.sink      prints its port
"""

import asyncio
import sys

BEGUN = b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
DONE = b'<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>'


class Sink(asyncio.Protocol):
    """One connection: bodies are counted and thrown away."""

    def connection_made(self, transport) -> None:
        """Remember the other end."""
        self._transport = transport
        self._held = b""
        self._missing = 0

    def data_received(self, data: bytes) -> None:
        """Heads are read, bodies are not."""
        if self._missing:
            self._missing -= len(data)
        else:
            self._held += data
            end = self._held.find(b"\r\n\r\n")
            if end < 0:
                return
            self._request, *lines = self._held[:end].decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines)
            if "expect" in headers:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._missing = int(headers.get("content-length", 0)) - (len(self._held) - end - 4)
            self._held = b""
        if self._missing <= 0:
            self._missing = 0
            self._answer()

    def _answer(self) -> None:
        body = b""
        if self._request.startswith("POST"):
            body = BEGUN if "uploads" in self._request else DONE
        self._transport.write(
            b'HTTP/1.1 200 OK\r\nETag: "%032x"\r\nContent-Length: %d\r\n\r\n%b'
            % (0, len(body), body)
        )


async def main() -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        import uvloop  # not on every platform
    except ImportError:
        asyncio.run(main())
    else:
        uvloop.run(main())
