"""What is kept in memory about queues that are being received from: gauges and waiters.

All of it can be rebuilt from the store. A gauge is exact up to a race at the moment when it is
built, and forgets what happened longer ago than a visibility timeout.
"""

import asyncio
from collections import deque
from heapq import heappop, heappush

from airside.kernel import Cloud, Component, Snapshot
from airside.services.sqs import fifo, standard
from airside.services.sqs.limits import NOISY_IN_FLIGHT_MIN, NOISY_SHARE
from airside.services.sqs.queue import Ledger, Queue

_GAUGED_MAX = 250_000
"""More than can be in flight; delayed messages beyond are not counted as such."""

_JUDGED_FOR_MS = 50
"""How long a judgement of who is noisy stands."""


class Gauge:
    """How many messages are hidden until some instant or other. Pure."""

    def __init__(self) -> None:
        self._at: dict[int, int] = {}
        self._order: list[int] = []
        self._count = 0
        self._past_ms = 0

    def add(self, until_ms: int, amount: int) -> None:
        """Count messages in or out that are hidden until `until_ms`."""
        if until_ms <= self._past_ms:
            return
        if until_ms not in self._at:
            heappush(self._order, until_ms)
        self._at[until_ms] = self._at.get(until_ms, 0) + amount
        self._count += amount

    def count(self, now_ms: int) -> int:
        """How many are hidden now."""
        while self._order and self._order[0] <= now_ms:
            self._count -= self._at.pop(heappop(self._order))
        self._past_ms = max(self._past_ms, now_ms)
        return max(0, self._count)


class LiveQueue:
    """One queue's gauges and its waiting receivers, the longest waiting first."""

    def __init__(self, *, fair: bool) -> None:
        self._fair = fair
        self.in_flight = Gauge()
        self.delayed = Gauge()
        self.tenants: dict[str, Gauge] = {}
        self.flowing = False
        """Whether the last receive got all it wanted, so that there is likely to be more."""
        self._noisy: dict[str, int] = {}
        self._judged_ms = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ms = 0

    def apply(self, ledger: Ledger) -> None:
        """Take over what a committed transition did."""
        for until_ms, amount, group in ledger.in_flight:
            self.in_flight.add(until_ms, amount)
            if self._fair and group is not None:
                self.tenants.setdefault(group, Gauge()).add(until_ms, amount)
        for until_ms, amount in ledger.delayed:
            self.delayed.add(until_ms, amount)

    def noisy(self, now_ms: int) -> dict[str, int]:
        """Tenants that hold more than their share of what is in flight, and how much."""
        if not self.tenants or self.in_flight.count(now_ms) < NOISY_IN_FLIGHT_MIN:
            return {}
        if now_ms < self._judged_ms + _JUDGED_FOR_MS:
            return self._noisy
        counts = {name: gauge.count(now_ms) for name, gauge in self.tenants.items()}
        self.tenants = {name: self.tenants[name] for name, count in counts.items() if count}
        least = max(NOISY_IN_FLIGHT_MIN, NOISY_SHARE * self.in_flight.count(now_ms))
        self._noisy = {name: count for name, count in counts.items() if count >= least}
        self._judged_ms = now_ms
        return self._noisy

    @property
    def waiting(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiters)

    async def wait(
        self, seconds: float, soonest_ms: int | None, now_ms: int, *, again: bool
    ) -> None:
        """Wait for a message to become visible, or for the time to be up.

        `soonest_ms` is when the first message will be, as far as is known. Who waits `again`
        keeps the place in line.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        if again:
            self._waiters.appendleft(waiter)
        else:
            self._waiters.append(waiter)
        self.settle(soonest_ms, now_ms)
        alarm = loop.call_later(seconds, _resolve, waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.wake()
            raise
        finally:
            alarm.cancel()
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def wake(self) -> None:
        """Let the receiver that has waited longest look again."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def wake_all(self) -> None:
        """Let everybody look again: the queue is gone, or the environment closes."""
        while self._waiters:
            _resolve(self._waiters.popleft())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def settle(self, soonest_ms: int | None, now_ms: int) -> None:
        """Wake a receiver when something is visible, else when something will be."""
        if soonest_ms is None or not self._waiters:
            return
        if soonest_ms <= now_ms:
            self.wake()
        elif self._timer is None or soonest_ms < self._timer_ms:
            if self._timer is not None:
                self._timer.cancel()
            loop = asyncio.get_running_loop()
            self._timer_ms = soonest_ms
            self._timer = loop.call_later((soonest_ms - now_ms + 1) / 1000, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self.wake()


def _resolve(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class LiveQueues(Component):
    """The live queues of an environment, by their contents."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._queues: dict[str, LiveQueue] = {}
        self._sequence = 0
        self.stopped = False

    async def stop(self) -> None:
        """Send every waiting receiver away with nothing."""
        self.stopped = True
        for live in self._queues.values():
            live.wake_all()
        self._queues.clear()

    def sequence(self, count: int = 1) -> int:
        """The first of `count` numbers greater than all before, also from before a restart."""
        first = max(self._sequence + 1, int(self.cloud.clock.now() * 1_000_000))
        self._sequence = first + count - 1
        return first

    def find(self, queue: Queue) -> LiveQueue | None:
        """The live queue, when somebody has received from it or asked for its gauges."""
        return self._queues.get(queue.contents)

    async def of(self, queue: Queue) -> LiveQueue:
        """The live queue, built from the store on first use."""
        live = self._queues.get(queue.contents)
        if live is None:
            now_ms = int(self.cloud.clock.now() * 1000)
            built = LiveQueue(fair=not queue.fifo)
            read = fifo.hidden if queue.fifo else standard.hidden

            def body(snapshot: Snapshot) -> None:
                ledger = read(snapshot, queue, now_ms, _GAUGED_MAX)
                built.apply(ledger)

            await self.cloud.store.read(body)
            live = self._queues.setdefault(queue.contents, built)
        return live

    def after(self, queue: Queue, ledger: Ledger) -> None:
        """Take over a committed transition: gauges, and whoever waits for it."""
        live = self._queues.get(queue.contents)
        if live is not None:
            live.apply(ledger)
            live.settle(ledger.soonest, int(self.cloud.clock.now() * 1000))

    def forget(self, queue: Queue) -> None:
        """Drop what is known about contents that are gone; waiting receivers look again."""
        live = self._queues.pop(queue.contents, None)
        if live is not None:
            live.wake_all()
