"""What the benchmarks share: a server of their own, signed requests, a closed load loop.

Requests are signed before the clock starts. Figures are medians; CPU per request counts the server
and its children, which is steadier than rates on a noisy machine.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Target:
    """A server under test: ours, or a peer at some address."""

    endpoint: str
    pid: int = 0
    key: str = "test"
    secret: str = "test"

    def client(self, service: str):
        """A boto3 client."""
        return boto3.session.Session().client(
            service, endpoint_url=self.endpoint, region_name="us-east-1",
            aws_access_key_id=self.key, aws_secret_access_key=self.secret,
            config=Config(retries={"max_attempts": 0}, max_pool_connections=64),
        )  # fmt: skip

    def signed(self, service: str, method: str, path: str, body: bytes = b"", **headers) -> bytes:
        """A complete signed HTTP/1.1 request. Underscores in header names become dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = AWSRequest(method, self.endpoint + path, data=body, headers=named)
        signer = S3SigV4Auth if service == "s3" else SigV4Auth
        signer(Credentials(self.key, self.secret), service, "us-east-1").add_auth(request)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(self.endpoint).netloc}"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        lines.append(f"Content-Length: {len(body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


@dataclass
class Figures:
    """What a load run measured. Times in milliseconds."""

    rate: float
    p50: float
    p99: float
    cpu: float
    errors: int

    def __str__(self) -> str:
        cpu = f", {self.cpu:.3f} ms CPU" if self.cpu else ""
        bad = f", {self.errors} ERRORS" if self.errors else ""
        return f"{self.rate:,.0f}/s, p50 {self.p50:.2f} ms, p99 {self.p99:.2f} ms{cpu}{bad}"


@contextmanager
def server(**settings) -> Iterator[Target]:
    """A server of our own, on free ports, in a temporary folder."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        given = {"port": 0, "site_port": 0, "data_dir": folder, **settings}
        with (Path(folder) / "log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "airside.serve", json.dumps(given)],
                stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        try:
            state = json.loads(process.stdout.readline())
            yield Target(state["endpoint"], process.pid)
        finally:
            process.terminate()
            process.wait(30)


def load(
    target: Target,
    requests: list[bytes],
    connections: int,
    seconds: float = 2.0,
    count: int | None = None,
) -> Figures:
    """Send the requests round and round, one outstanding per connection, for some time.

    With `count`, send so many instead, however long it takes.
    """
    before = cpu_seconds(target.pid)
    load = _Load(target, requests, seconds, count)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        took = runner.run(load.run(connections))
    spent = cpu_seconds(target.pid) - before
    times = sorted(load.times)
    return Figures(
        len(times) / took, statistics.median(times) * 1000, times[int(len(times) * 0.99)] * 1000,
        spent / len(times) * 1000 if target.pid else 0.0, load.errors,
    )  # fmt: skip


def _loop_factory():
    try:
        import uvloop  # not on every platform
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


class _Load:
    """A closed loop of requests over keep-alive connections, lean enough not to be the bottleneck:
    the server has to share its cores with it."""

    def __init__(self, target: Target, requests: list[bytes], seconds: float, count) -> None:
        self.address = urlsplit(target.endpoint)
        self.requests = requests
        self.seconds = seconds
        self.sent = 0
        self.count = count
        self.times: list[float] = []
        self.errors = 0
        self.open = 0

    async def run(self, connections: int) -> float:
        """Seconds it took."""
        loop = asyncio.get_running_loop()
        self.finished = loop.create_future()
        start = time.perf_counter()
        self.until = start + self.seconds
        self.open = connections
        for _ in range(connections):
            await loop.create_connection(
                lambda: _Client(self), self.address.hostname, self.address.port
            )
        await self.finished
        return time.perf_counter() - start

    def request(self) -> bytes | None:
        """What to send next, None when the time is over."""
        if time.perf_counter() >= self.until if self.count is None else self.sent >= self.count:
            return None
        self.sent += 1
        return self.requests[(self.sent - 1) % len(self.requests)]

    def ended(self) -> None:
        """One connection is done."""
        self.open -= 1
        if not self.open and not self.finished.done():
            self.finished.set_result(None)


class _Client(asyncio.Protocol):
    def __init__(self, load: _Load) -> None:
        self._load = load
        self._missing = 0
        self._held = b""

    def connection_made(self, transport) -> None:
        self._transport = transport
        self._send()

    def connection_lost(self, _error) -> None:
        self._load.ended()

    def _send(self) -> None:
        request = self._load.request()
        if request is None:
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            data = self._held + data if self._held else data
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._held = data
                return
            self._held = b""
            self._status = int(data[9:12])
            head = data[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            self._missing = end + 4 + length - len(data)
        if self._missing == 0:
            self._load.times.append(time.perf_counter() - self._sent)
            self._load.errors += not 200 <= self._status < 300
            self._send()


def family(pid: int) -> list[int]:
    """A process and all below it."""
    if not pid:
        return []
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    parents = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found = [pid]
    for one in found:
        found += [child for child, parent in parents if parent == one]
    return found


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and all below it, ended children included."""
    total = 0
    for one in family(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(fields[index]) for index in (11, 12, 13, 14))
    return total / TICKS


def memory_mib(pid: int) -> float:
    """Proportional set size of a process and all below it, in MiB."""
    total = 0
    for one in family(pid):
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1024


def say(name: str, text: object) -> None:
    """One line of figures."""
    print(f"{name:<44} {text}", flush=True)
