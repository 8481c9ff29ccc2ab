"""What environments in the background weigh: less while callers come, never next to nothing."""

import asyncio
from typing import Any

import pytest

from airside.runtime import background
from airside.runtime.background import SHARES, SHARES_MIN, STARVED, Background
from airside.runtime.guest import priority


class Group:
    """A group that gets `part` of a processor."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.part: float | None = 1.0
        self.used = 0.0
        self.weights: list[int] = []
        monkeypatch.setattr(background, "LOOK_SECONDS", 0.02)
        monkeypatch.setattr(priority, "used_seconds", self._used)
        monkeypatch.setattr(priority, "weigh_group", lambda _, shares: self.weights.append(shares))
        self._looked = 0.0

    def _used(self, _: str) -> float | None:
        now = asyncio.get_running_loop().time()
        if self.part is None:
            return None
        self.used += self.part * (now - self._looked)
        self._looked = now
        return self.used

    async def weighs(self, shares: int) -> None:
        async with asyncio.timeout(5):
            while self.weights[-1:] != [shares]:
                await asyncio.sleep(0.005)


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> Group:
    return Group(monkeypatch)


def begin(watch: Background) -> "asyncio.Future[Any]":
    event: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    watch.began(event)
    return event


async def test_it_weighs_little_from_a_callers_event_on(group: Group) -> None:
    watch = Background(lambda: "group")
    event = begin(watch)
    assert group.weights == [SHARES]
    watch.caller(asyncio.get_running_loop())
    assert group.weights == [SHARES, SHARES_MIN]
    event.set_result(None)


async def test_what_gets_next_to_nothing_weighs_more_until_it_gets_its_part(group: Group) -> None:
    watch, loop = Background(lambda: "group"), asyncio.get_running_loop()
    watch.caller(loop)
    event = begin(watch)
    assert group.weights == [SHARES_MIN]
    group.part = STARVED / 2
    await group.weighs(SHARES)
    assert sorted(set(group.weights)) == group.weights  # it doubles
    group.part = 1.0
    await group.weighs(SHARES_MIN)
    event.set_result(None)


async def test_it_has_its_weight_back_when_no_caller_comes(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "CALLER_SECONDS", 0.05)
    watch = Background(lambda: "group")
    watch.caller(asyncio.get_running_loop())
    event = begin(watch)
    assert group.weights == [SHARES_MIN]
    await group.weighs(SHARES)
    event.set_result(None)


async def test_where_nobody_counts_it_only_yields(group: Group) -> None:
    group.part = None
    watch = Background(lambda: "group")
    watch.caller(asyncio.get_running_loop())
    event = begin(watch)
    await asyncio.sleep(0.1)
    assert group.weights == [SHARES_MIN]
    event.set_result(None)
