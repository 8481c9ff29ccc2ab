"""Processor time in proportion to memory."""

import asyncio
import json
import sys

import pytest
from tests.unit.runtime.conftest import Runner, call

from airside.runtime.agent import Agent
from airside.runtime.guest.cpu import niceness, quota_us
from airside.settings import Settings

SPIN = """
import os, time

def handler(event, context):
    began, used = time.monotonic(), time.process_time()
    while time.monotonic() < began + event:
        pass
    return [time.process_time() - used, os.nice(0)]
"""


def test_one_processor_is_1769_mb():
    assert [quota_us(memory) for memory in (128, 1769, 3538)] == [7235, 100_000, 200_000]
    assert [niceness(memory) for memory in (128, 512, 1769, 10240)] == [12, 6, 0, 0]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")
async def test_a_small_function_gets_a_small_part(tmp_path):
    agent = Agent.spawn(Settings(data_dir=tmp_path / "data", function_cpu=True))
    try:
        runner = Runner(agent, tmp_path)
        small, large = (runner.pool(SPIN, memory_mb=memory) for memory in (177, 3538))
        await call(small, b"0")
        await call(large, b"0")
        outcomes = await asyncio.gather(call(small, b"1.0"), call(large, b"1.0"))
        (little, nice), (much, _) = (json.loads(outcome.payload) for outcome in outcomes)
        if nice == 0:
            assert little < 0.3
        assert little < much
    finally:
        agent.close()
