"""The runtime without a server: an agent, a pool, functions in a folder."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from airside.kernel.clock import SystemClock
from airside.runtime.agent import Agent
from airside.runtime.pool import Pool
from airside.runtime.spec import Event, FunctionSpec, Outcome
from airside.settings import Settings


@dataclass
class Host:
    """Stands in for the service."""

    lines: list[str] = field(default_factory=list)

    async def variables(self, spec: FunctionSpec, log_stream: str) -> dict[str, str]:
        return {
            "AWS_LAMBDA_FUNCTION_NAME": spec.name,
            "LAMBDA_TASK_ROOT": "/var/task",
            "TZ": ":UTC",
        }

    def open_log(self, spec: FunctionSpec) -> tuple[str, Callable[[list[tuple[int, str]]], None]]:
        return "stream", lambda events: self.lines.extend(text for _, text in events)

    def interpreter(self, spec: FunctionSpec) -> str:
        return sys.executable


@dataclass
class Runner:
    """Runs functions from source."""

    agent: Agent
    folder: Path
    host: Host = field(default_factory=Host)
    idle_seconds: float = 30
    pools: list[Pool] = field(default_factory=list)

    def pool(self, source: str, **more: Any) -> Pool:
        task = self.folder / f"task{len(self.pools)}"
        task.mkdir()
        (task / "app.py").write_text(source)
        task.chmod(0o755)
        given: dict[str, Any] = {
            "arn": "arn:aws:lambda:us-east-1:123456789012:function:f", "name": "f",
            "version": "$LATEST", "revision": "1", "handler": "app.handler",
            "runtime": "python3.11", "memory_mb": 256, "timeout_seconds": 3, "task": task,
            "uses_boto3": False, **more,
        }  # fmt: skip
        pool = Pool(FunctionSpec(**given), self.host, self.agent, SystemClock(), self.idle_seconds)
        self.pools.append(pool)
        return pool


def event(payload: bytes = b"null") -> Event:
    return Event(
        "request-1", payload, "arn:aws:lambda:us-east-1:123456789012:function:f", tail=True
    )


async def call(pool: Pool, payload: bytes = b"null") -> Outcome:
    return await asyncio.wait_for(asyncio.ensure_future(pool.invoke(event(payload))), 20)


async def eventually(condition: Callable[[], Any], seconds: float = 10) -> Any:
    deadline = asyncio.get_running_loop().time() + seconds
    while not (found := condition()):
        assert asyncio.get_running_loop().time() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)
    return found


def descendants(pid: int) -> list[int]:
    """The living processes below one, nearest first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, queue = [], [pid]
    while queue:
        below = children.get(queue.pop(0), [])
        found += below
        queue += below
    return found


@pytest.fixture
async def runner(tmp_path: Path) -> AsyncIterator[Runner]:
    agent = Agent.spawn(Settings(data_dir=tmp_path / "data", function_idle_seconds=30))
    yield Runner(agent, tmp_path)
    started = [agent.pid, *descendants(agent.pid)] if agent.pid else []
    agent.close()
    await eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started))


@pytest.fixture
async def quick_runner(tmp_path: Path) -> AsyncIterator[Runner]:
    """Everything goes away after 0.3 s without use."""
    agent = Agent.spawn(Settings(data_dir=tmp_path / "data", function_idle_seconds=0.3))
    yield Runner(agent, tmp_path, idle_seconds=0.3)
    agent.close()
