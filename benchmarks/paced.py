"""Requests at a fixed rate, whatever the answers take: an open loop, which a slow server cannot slow."""

import asyncio
import statistics
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from benchmarks.harness import Figures, Target, cpu_seconds

CHECK_SECONDS = 0.5


async def paced(
    target: Target, request: bytes, rate: float, *, seconds: float = 0.0,
    until: Callable[[], bool] | None = None,
) -> Figures:  # fmt: skip
    """Send `rate` requests a second for some time, or until something has come true."""
    loop = asyncio.get_running_loop()
    address = urlsplit(target.endpoint)
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    times: list[float] = []
    errors = 0

    async def one(due: float) -> None:
        nonlocal errors
        reader, writer = (
            idle.pop() if idle else await asyncio.open_connection(address.hostname, address.port)
        )
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        at = head.find(b"content-length:")
        await reader.readexactly(int(head[at + 15 :].split(b"\r\n", 1)[0]))
        times.append(time.perf_counter() - due)
        errors += not head.startswith((b"http/1.1 2", b"http/1.0 2"))
        idle.append((reader, writer))

    before, start = cpu_seconds(target.pid), time.perf_counter()
    tasks = set()
    checked = start
    check: asyncio.Future[bool] | None = None
    due = start
    while True:
        now = time.perf_counter()
        if until is None:
            if now - start >= seconds:
                break
        elif check is None and now - checked >= CHECK_SECONDS:
            check = loop.run_in_executor(None, until)
        elif check is not None and check.done():
            if check.result():
                break
            check, checked = None, now
        task = asyncio.create_task(one(due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        due += 1 / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    await asyncio.gather(*tasks)
    took = time.perf_counter() - start
    for _, writer in idle:
        writer.close()
    times.sort()
    cpu = (cpu_seconds(target.pid) - before) / len(times) * 1000 if target.pid else 0.0
    p99 = times[int(len(times) * 0.99)] * 1000
    return Figures(len(times) / took, statistics.median(times) * 1000, p99, cpu, errors)
