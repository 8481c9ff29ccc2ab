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


def load(target: Target, requests: list[bytes], connections: int, seconds: float = 2.0) -> Figures:
    """Send the requests round and round, one outstanding per connection."""
    before = cpu_seconds(target.pid)
    times, errors, took = asyncio.run(_load(target, requests, connections, seconds))
    spent = cpu_seconds(target.pid) - before
    times.sort()
    return Figures(
        len(times) / took, statistics.median(times) * 1000, times[int(len(times) * 0.99)] * 1000,
        spent / len(times) * 1000 if target.pid else 0.0, errors,
    )  # fmt: skip


async def _load(target, requests, connections, seconds):
    address = urlsplit(target.endpoint)
    times: list[float] = []
    errors = 0
    start = time.perf_counter()

    async def one(offset: int) -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        position = offset
        while time.perf_counter() - start < seconds:
            sent = time.perf_counter()
            writer.write(requests[position % len(requests)])
            position += connections
            status = await _answer(reader)
            times.append(time.perf_counter() - sent)
            errors += not 200 <= status < 300
        writer.close()

    await asyncio.gather(*(one(offset) for offset in range(connections)))
    return times, errors, time.perf_counter() - start


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    at = lower.find(b"content-length:")
    if at >= 0:
        await reader.readexactly(int(lower[at + 15 : lower.index(b"\r\n", at)]))
    return int(head[9:12])


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
