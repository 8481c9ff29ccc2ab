"""What is written behind is written together, later, and before the end."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from airside.kernel import Cloud
from airside.kernel.written_behind import WrittenBehind


class Notes(WrittenBehind):
    def __init__(self, delay_seconds: float) -> None:
        super().__init__(cast("Cloud", SimpleNamespace()))
        self.delay = delay_seconds
        self.waiting: list[int] = []
        self.written: asyncio.Queue[list[int]] = asyncio.Queue()
        self.writable = asyncio.Event()
        self.writable.set()

    @property
    def delay_seconds(self) -> float:
        return self.delay

    def add(self, number: int) -> None:
        self.waiting.append(number)
        self.soon()

    async def write(self) -> None:
        notes, self.waiting = self.waiting, []
        await self.writable.wait()
        if notes:
            self.written.put_nowait(notes)

    async def next(self) -> list[int]:
        async with asyncio.timeout(5):
            return await self.written.get()


async def test_what_comes_together_is_written_together() -> None:
    notes = Notes(0.001)
    notes.add(1)
    notes.add(2)
    assert await notes.next() == [1, 2]
    notes.add(3)
    assert await notes.next() == [3]


async def test_enough_is_written_at_once() -> None:
    notes = Notes(3600)
    notes.add(1)
    notes.now()
    assert await notes.next() == [1]


@pytest.mark.parametrize("delay_seconds", [0.001, 3600])
async def test_what_comes_while_it_writes_is_not_forgotten(delay_seconds: Any) -> None:
    notes = Notes(delay_seconds)
    notes.writable.clear()
    notes.add(1)
    notes.now()
    async with asyncio.timeout(5):
        while notes.waiting:
            await asyncio.sleep(0)
    notes.add(2)
    notes.writable.set()
    assert await notes.next() == [1]
    if delay_seconds > 1:
        await notes.stop()
    assert await notes.next() == [2]


async def test_the_end_waits_for_what_is_being_written_and_for_the_rest() -> None:
    notes = Notes(3600)
    notes.writable.clear()
    notes.add(1)
    end = asyncio.create_task(notes.stop())
    async with asyncio.timeout(5):
        while notes.waiting:
            await asyncio.sleep(0)
    notes.add(2)
    notes.writable.set()
    await end
    assert await notes.next() == [1]
    assert await notes.next() == [2]
