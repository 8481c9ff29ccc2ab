"""Receiving and deleting messages. A delete can only be signed once its receipt handle is known, so
the clients sign as they go, as cheaply as that can be done."""

import asyncio
import hashlib
import hmac
import json
import time
from urllib.parse import urlsplit

from benchmarks.harness import Target, cpu_seconds

_SIGNED = "content-type;host;x-amz-date;x-amz-target"
_TYPE = "application/x-amz-json-1.0"


class Signer:
    """Signature version 4 of SQS calls in the JSON protocol."""

    def __init__(self, target: Target) -> None:
        self.host = urlsplit(target.endpoint).netloc
        now = time.gmtime()
        self.moment, day = time.strftime("%Y%m%dT%H%M%SZ", now), time.strftime("%Y%m%d", now)
        self.scope = f"{day}/us-east-1/sqs/aws4_request"
        self.credential = f"{target.key}/{self.scope}"
        key = b"AWS4" + target.secret.encode()
        for part in self.scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        self.key = key

    def request(self, operation: str, members: dict[str, object]) -> bytes:
        """A complete request."""
        body = json.dumps(members).encode()
        name = f"AmazonSQS.{operation}"
        lines = (
            f"content-type:{_TYPE}\nhost:{self.host}\nx-amz-date:{self.moment}\nx-amz-target:{name}"
        )
        digest = hashlib.sha256(body).hexdigest()
        canonical = f"POST\n/\n\n{lines}\n\n{_SIGNED}\n{digest}"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{self.moment}\n{self.scope}\n{hashed}"
        signature = hmac.new(self.key, text.encode(), "sha256").hexdigest()
        return (
            f"POST / HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: {_TYPE}\r\n"
            f"X-Amz-Date: {self.moment}\r\nX-Amz-Target: {name}\r\n"
            f"Authorization: AWS4-HMAC-SHA256 Credential={self.credential}, "
            f"SignedHeaders={_SIGNED}, Signature={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


async def take(target: Target, url: str, connections: int, seconds: float = 2.0) -> str:
    """Receive one message and delete it, round and round, on each connection."""
    signer, address = Signer(target), urlsplit(target.endpoint)
    until = time.perf_counter() + seconds

    async def one() -> int:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)

        async def call(operation: str, **members: object) -> bytes:
            writer.write(signer.request(operation, {"QueueUrl": url, **members}))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert head.startswith(b"http/1.1 200"), head
            at = head.find(b"content-length:")
            return await reader.readexactly(int(head[at + 15 :].split(b"\r\n", 1)[0]))

        done = 0
        while time.perf_counter() < until:
            for message in json.loads(await call("ReceiveMessage")).get("Messages", ()):
                await call("DeleteMessage", ReceiptHandle=message["ReceiptHandle"])
                done += 1
        writer.close()
        return done

    before, start = cpu_seconds(target.pid), time.perf_counter()
    done = sum(await asyncio.gather(*(one() for _ in range(connections))))
    took = time.perf_counter() - start
    cpu = (cpu_seconds(target.pid) - before) / done * 1000
    return f"{done / took:,.0f}/s" + (f", {cpu:.3f} ms CPU" if target.pid else "")
