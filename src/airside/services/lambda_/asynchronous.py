"""Asynchronous events: durable once accepted, retried, then given to whoever should know.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import asyncio
import heapq
import logging
from collections import deque
from typing import Any

from airside.kernel import Cloud, Component, Context, ServiceError, Transaction
from airside.runtime.spec import Event, Outcome
from airside.services.lambda_ import event_invoke, limits, store
from airside.services.lambda_.async_event import AsyncEvent, throttle_wait_seconds
from airside.services.lambda_.destinations import Verdict, deliver
from airside.services.lambda_.errors import RecursiveInvocationException
from airside.services.lambda_.executor import Executor, Target, execution_principal
from airside.services.lambda_.names import FunctionName
from airside.services.lambda_.ramp import WINDOW_SECONDS, Ramp

log = logging.getLogger("airside.lambda")

RETRY_WAIT_SECONDS = (60.0, 120.0)
AT_ONCE_FIRST = 10
AT_ONCE_MAX = 1000

Waiting = tuple[float, str, store.AsyncKey, str]
"""When it is due, its id, where it lies, its function."""


class Backlog:
    """What is due of one function. None waits for another's."""

    def __init__(self) -> None:
        self.due: deque[store.AsyncKey] = deque()
        self.running = 0
        self.ramp = Ramp(AT_ONCE_FIRST, lambda limit: min(2 * limit, AT_ONCE_MAX))

    def takes(self, now: float) -> bool:
        """Whether one more may begin."""
        if not self.due:
            return False
        return self.running < self.ramp.limit or self.running < self.ramp.wanted(now)


class AsyncEvents(Component):
    """The queue between Invoke(Event) and functions. Holds keys in memory, events in the store."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._later_on: list[Waiting] = []
        self._backlogs: dict[tuple[str, str, str], Backlog] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = False

    async def start(self) -> None:
        """Take up what was accepted before."""
        for key, event in await self.cloud.store.read(store.async_events):
            self._wait(event.next_at, key, event.function)
        self._pump()

    async def stop(self) -> None:
        """Leave what is not done to the next start."""
        self._stopping = True
        if self._timer:
            self._timer.cancel()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def accept(self, target: Target, event: Event) -> None:
        """Make an event durable and see that it runs."""
        now = self.cloud.clock.now()
        name = target.name
        record = AsyncEvent(
            event_id=self.cloud.ids.uuid(), request_id=event.request_id, function=name.name,
            qualifier=name.qualifier or "", payload=event.payload, accepted_at=now, next_at=now,
            trace_id=event.trace_id, client_context=event.client_context,
        )  # fmt: skip
        key = store.AsyncKey(name.account_id, name.region, record.event_id)
        await self.cloud.store.transact(lambda tx: store.save_async_event(tx, key, record))
        self._backlog(key, name.name).due.append(key)
        self._fill((key.account_id, key.region, name.name))

    def _wait(self, at: float, key: store.AsyncKey, function: str) -> None:
        heapq.heappush(self._later_on, (at, key.event_id, key, function))

    def _backlog(self, key: store.AsyncKey, function: str) -> Backlog:
        return self._backlogs.setdefault((key.account_id, key.region, function), Backlog())

    def _pump(self) -> None:
        """Start what is due; look again when the next one is."""
        now = self.cloud.clock.now()
        touched = set()
        while self._later_on and self._later_on[0][0] <= now:
            _, _, key, function = heapq.heappop(self._later_on)
            self._backlog(key, function).due.append(key)
            touched.add((key.account_id, key.region, function))
        for function_id in touched:
            self._fill(function_id)
        self._look_later()

    def _look_later(self) -> None:
        """Have `_pump` called when the next event is due."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._later_on and not self._stopping:
            wait = max(0.0, self._later_on[0][0] - self.cloud.clock.now())
            self._timer = asyncio.get_running_loop().call_later(wait, self._pump)

    def _fill(self, function_id: tuple[str, str, str]) -> None:
        """Begin as many events of a function as may run at once."""
        backlog = self._backlogs.get(function_id)
        if backlog is None or self._stopping:
            return
        loop = asyncio.get_running_loop()
        now = self.cloud.clock.monotonic()
        while backlog.takes(now):
            key = backlog.due.popleft()
            task = loop.create_task(self._run(key, backlog))
            backlog.running += 1
            self._running.add(task)
            task.add_done_callback(lambda task: self._ended(task, function_id, backlog))
        if backlog.due:
            loop.call_later(WINDOW_SECONDS, self._fill, function_id)
        elif not backlog.running:
            del self._backlogs[function_id]

    def _ended(
        self, task: asyncio.Task[None], function_id: tuple[str, str, str], backlog: Backlog
    ) -> None:
        self._running.discard(task)
        backlog.running -= 1
        if not task.cancelled() and task.exception():
            log.error("an asynchronous event was left", exc_info=task.exception())
        self._fill(function_id)

    async def _run(self, key: store.AsyncKey, backlog: Backlog) -> None:
        record = await self.cloud.store.read(lambda view: store.find_async_event(view, key))
        if record is None:
            return
        name = FunctionName(key.account_id, key.region, record.function, record.qualifier or None)
        executor = self.cloud.component(Executor)
        try:
            target = await executor.target(name)
        except ServiceError:  # the function is gone, and its events with it
            await self._forget(key)
            return
        principal = execution_principal(target.version.config["Role"], name.name)
        ctx = self.cloud.context(principal, "lambda", record.trace_id)
        ctx.region, ctx.operation = key.region, "Invoke"
        settings = await self.cloud.store.read(lambda view: event_invoke.find(view, name))
        age_max = settings.get("MaximumEventAgeInSeconds", limits.EVENT_AGE_SECONDS_MAX)
        now = self.cloud.clock.now()
        if now - record.accepted_at > age_max:
            await self._finish(ctx, target, key, record, settings, "EventAgeExceeded", None)
            return
        event = Event(
            record.request_id, record.payload, name.qualified_arn, record.trace_id,
            record.client_context, background=True,
        )  # fmt: skip
        try:
            outcome = await executor.invoke(ctx, target, event)
        except RecursiveInvocationException:
            await self._finish(ctx, target, key, record, settings, "RetriesExhausted", None)
            return
        except ServiceError as error:
            if error.name != "TooManyRequestsException":
                log.warning("an event of %s could not start: %s", name.arn, error.message)
            record.throttles += 1
            await self._later(key, record, throttle_wait_seconds(record.throttles))
            return
        backlog.ramp.took(outcome.duration_ms / 1000)
        if outcome.lost:  # no fault of the function's: not one of its attempts
            record.throttles += 1
            await self._later(key, record, throttle_wait_seconds(record.throttles))
            return
        record.attempts += 1
        if not outcome.failed:
            await self._finish(ctx, target, key, record, settings, "Success", outcome)
        elif record.attempts > settings.get("MaximumRetryAttempts", limits.RETRIES_MAX):
            await self._finish(ctx, target, key, record, settings, "RetriesExhausted", outcome)
        else:
            await self._later(key, record, RETRY_WAIT_SECONDS[min(record.attempts, 2) - 1])

    async def _later(self, key: store.AsyncKey, record: AsyncEvent, seconds: float) -> None:
        record.next_at = self.cloud.clock.now() + seconds
        await self.cloud.store.transact(lambda tx: store.save_async_event(tx, key, record))
        self._wait(record.next_at, key, record.function)
        self._look_later()

    async def _finish(
        self, ctx: Context, target: Target, key: store.AsyncKey, record: AsyncEvent,
        settings: dict[str, Any], condition: str, outcome: Outcome | None,
    ) -> None:  # fmt: skip
        """Tell whoever wants to know, then forget: told twice rather than never."""
        verdict = Verdict(target, record, condition, outcome, settings)
        await deliver(ctx, verdict)
        await self._forget(key)

    async def _forget(self, key: store.AsyncKey) -> None:
        def forget(tx: Transaction) -> None:
            store.delete_async_event(tx, key)

        await self.cloud.store.transact(forget)
