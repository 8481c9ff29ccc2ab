"""Workers go on after a failure, when they are woken, and by themselves after a time."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from airside.kernel import Cloud
from airside.storage import CommitFailed, StoreClosed, Worker


class Counting(Worker):
    """Notes its rounds; `failure` is what a round raises."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.rounds: asyncio.Queue[int] = asyncio.Queue()
        self.failure: Exception | None = None
        self.period: float | None = None
        self._count = 0

    @property
    def period_seconds(self) -> float | None:
        return self.period

    async def work(self) -> None:
        self._count += 1
        self.rounds.put_nowait(self._count)
        if self.failure is not None:
            raise self.failure

    async def reaches(self, round_number: int) -> None:
        async with asyncio.timeout(5):
            while await self.rounds.get() < round_number:
                pass


@pytest.fixture
async def worker() -> AsyncIterator[Counting]:
    worker = Counting(cast("Cloud", SimpleNamespace()))
    yield worker
    await worker.stop()


async def test_it_works_at_its_start_and_when_woken(worker: Counting) -> None:
    await worker.start()
    await worker.reaches(1)
    worker.wake()
    await worker.reaches(2)
    await asyncio.sleep(0)
    assert worker.rounds.empty()


async def test_it_works_again_after_its_period(worker: Counting) -> None:
    worker.period = 0.001
    await worker.start()
    await worker.reaches(3)


@pytest.mark.parametrize("failure", [CommitFailed("full"), KeyError("a bug")])
async def test_a_failure_ends_a_round_and_not_the_worker(
    worker: Counting, failure: Exception, caplog: Any
) -> None:
    worker.failure = failure
    await worker.start()
    await worker.reaches(1)
    worker.wake()
    await worker.reaches(2)
    assert "Counting: what is left is done at the next occasion" in caplog.text


async def test_it_ends_with_its_store(worker: Counting) -> None:
    worker.failure = StoreClosed("closed")
    worker.period = 0.001
    await worker.start()
    await worker.reaches(1)
    await asyncio.sleep(0.05)
    assert worker.rounds.empty()
